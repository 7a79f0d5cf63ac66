//! The coalescer under many callers.

#![expect(clippy::unwrap_used, reason = "helpers of tests")]

use std::sync::{Arc, Mutex};

use clerkwork_connectors_api::{
    ConnectorError, ErrorKind,
    coalesce::{BatchResult, Coalescer, CoalescerSettings},
};
use futures::future::join_all;
use tokio::sync::Semaphore;

fn settings(per_batch: usize, in_flight: usize) -> CoalescerSettings {
    CoalescerSettings {
        connector: "test",
        operation: "look",
        per_batch,
        in_flight,
    }
}

/// An upstream that answers a batch when it is let, and keeps the batches it saw.
#[derive(Clone)]
struct Upstream {
    batches: Arc<Mutex<Vec<Vec<u32>>>>,
    lets: Arc<Semaphore>,
}

impl Upstream {
    fn new() -> Self {
        Self {
            batches: Arc::default(),
            lets: Arc::new(Semaphore::new(0)),
        }
    }

    fn coalescer(&self, per_batch: usize, in_flight: usize) -> Arc<Coalescer<u32, u32>> {
        let upstream = self.clone();
        Arc::new(Coalescer::new(
            settings(per_batch, in_flight),
            move |batch| upstream.clone().answer(batch),
        ))
    }

    async fn answer(self, batch: Vec<u32>) -> BatchResult<u32> {
        self.batches.lock().unwrap().push(batch.clone());
        self.lets.acquire().await.unwrap().forget();
        Ok(batch.iter().map(|q| q * 10).collect())
    }

    fn sizes(&self) -> Vec<usize> {
        self.batches.lock().unwrap().iter().map(Vec::len).collect()
    }

    /// Waits until so many batches were seen.
    async fn seen(&self, batches: usize) {
        tokio::time::timeout(std::time::Duration::from_secs(10), async {
            while self.sizes().len() < batches {
                tokio::task::yield_now().await;
            }
        })
        .await
        .unwrap();
    }
}

/// Asks in a task of its own, and returns when the question is in line.
async fn ask(
    coalescer: &Arc<Coalescer<u32, u32>>,
    question: u32,
) -> tokio::task::JoinHandle<Result<u32, ConnectorError>> {
    let coalescer = Arc::clone(coalescer);
    let asked = Arc::new(tokio::sync::Notify::new());
    let in_line = Arc::clone(&asked);
    let task = tokio::spawn(async move {
        let answer = coalescer.ask(question);
        tokio::pin!(answer);
        let early = futures::poll!(answer.as_mut());
        in_line.notify_one();
        match early {
            std::task::Poll::Ready(result) => result,
            std::task::Poll::Pending => answer.await,
        }
    });
    asked.notified().await;
    task
}

#[tokio::test]
async fn a_lone_question_leaves_at_once() {
    let upstream = Upstream::new();
    let coalescer = upstream.coalescer(200, 1);
    upstream.lets.add_permits(1);
    assert_eq!(coalescer.ask(7).await.unwrap(), 70);
    assert_eq!(upstream.sizes(), [1]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hundred_callers_make_few_calls_and_each_gets_its_own_answer() {
    let upstream = Upstream::new();
    let coalescer = upstream.coalescer(40, 1);
    let first = ask(&coalescer, 0).await;
    upstream.seen(1).await;
    let mut others = Vec::new();
    for question in 1..=100 {
        others.push(ask(&coalescer, question).await);
    }
    assert_eq!(upstream.sizes(), [1], "the others wait for the slot");
    upstream.lets.add_permits(10);
    assert_eq!(first.await.unwrap().unwrap(), 0);
    for (answer, question) in join_all(others).await.into_iter().zip(1..) {
        assert_eq!(answer.unwrap().unwrap(), question * 10);
    }
    assert_eq!(upstream.sizes(), [1, 40, 40, 20]);
    let batches = upstream.batches.lock().unwrap().concat();
    assert_eq!(batches, (0..=100).collect::<Vec<_>>(), "in order");
}

#[tokio::test]
async fn callers_that_are_ready_together_share_the_first_call() {
    let upstream = Upstream::new();
    let coalescer = upstream.coalescer(200, 1);
    upstream.lets.add_permits(1);
    let answers = join_all((0..100).map(|question| coalescer.ask(question))).await;
    assert!(answers.into_iter().all(|answer| answer.is_ok()));
    assert_eq!(upstream.sizes(), [100]);
}

#[tokio::test]
async fn no_more_calls_are_under_way_than_allowed() {
    let upstream = Upstream::new();
    let coalescer = upstream.coalescer(10, 2);
    let first = ask(&coalescer, 1).await;
    upstream.seen(1).await;
    let second = ask(&coalescer, 2).await;
    upstream.seen(2).await;
    let third = ask(&coalescer, 3).await;
    let fourth = ask(&coalescer, 4).await;
    upstream.lets.add_permits(1);
    upstream.seen(3).await;
    assert_eq!(upstream.sizes(), [1, 1, 2]);
    upstream.lets.add_permits(2);
    for task in [first, second, third, fourth] {
        task.await.unwrap().unwrap();
    }
}

#[tokio::test]
async fn a_caller_that_goes_away_harms_nobody_and_is_not_asked_for() {
    let upstream = Upstream::new();
    let coalescer = upstream.coalescer(10, 1);
    let first = ask(&coalescer, 1).await;
    upstream.seen(1).await;
    let second = ask(&coalescer, 2).await;
    let third = ask(&coalescer, 3).await;
    // One of them in the call that is under way, one in line.
    for gone in [first, second] {
        gone.abort();
        assert!(gone.await.unwrap_err().is_cancelled());
    }
    upstream.lets.add_permits(2);
    assert_eq!(third.await.unwrap().unwrap(), 30);
    assert_eq!(*upstream.batches.lock().unwrap(), [vec![1], vec![3]]);
    upstream.lets.add_permits(1);
    assert_eq!(coalescer.ask(4).await.unwrap(), 40, "the slot was left");
}

#[tokio::test]
async fn an_error_reaches_every_caller_of_the_batch() {
    let coalescer = Coalescer::<u32, u32>::new(settings(200, 1), |_| async {
        Err(ConnectorError {
            connector: "test",
            operation: "look",
            kind: ErrorKind::Unauthorized,
            code: Some("7".into()),
            message: "no".into(),
            page: None,
            source: None,
        })
    });
    for answer in join_all((0..50).map(|question| coalescer.ask(question))).await {
        let error = answer.unwrap_err();
        assert_eq!(error.kind, ErrorKind::Unauthorized);
        assert_eq!(error.code.as_deref(), Some("7"));
    }
}

#[tokio::test]
async fn answers_that_do_not_match_the_questions_are_nobodys_answers() {
    let coalescer =
        Coalescer::<u32, u32>::new(
            settings(200, 1),
            |batch| async move { Ok(batch[1..].into()) },
        );
    for answer in join_all((0..5).map(|question| coalescer.ask(question))).await {
        assert_eq!(answer.unwrap_err().kind, ErrorKind::Misconfigured);
    }
}

#[tokio::test]
async fn a_panic_ends_as_an_error_and_the_slot_is_left() {
    let coalescer = Coalescer::<u32, u32>::new(settings(1, 1), |batch| async move {
        assert_ne!(batch[0], 13, "unlucky");
        Ok(batch)
    });
    let unlucky = coalescer.ask(13).await.unwrap_err();
    assert_eq!(unlucky.kind, ErrorKind::Transient);
    assert_eq!(coalescer.ask(14).await.unwrap(), 14);
}
