//! Many single questions, few batch calls.
//!
//! Workers ask one question each. A [`Coalescer`] puts those that come while the upstream is busy
//! into one batch call: with a free slot a question leaves at once, otherwise it waits until a
//! slot is free and leaves together with whatever has gathered, up to the batch limit. So batches
//! grow with the load, and nobody waits for a timer.
//!
//! Invariants:
//! * at most `in_flight` batch calls at a time, at most `per_batch` questions in each, in the order
//!   in which they were asked;
//! * every question gets its own answer, or the error of its batch;
//! * a batch runs on its own: a caller that goes away harms nobody, and a question whose caller has
//!   gone before its batch left is not asked at all;
//! * only for reads: the caller cannot know whether a question it gave up was asked.

use std::{
    collections::VecDeque,
    fmt,
    panic::AssertUnwindSafe,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use futures::{FutureExt, future::BoxFuture};
use tokio::sync::oneshot;

use crate::{ConnectorError, ErrorKind};

/// What a batch call gives: one answer for each question, in the same order.
pub type BatchResult<A> = Result<Vec<A>, ConnectorError>;

type Run<Q, A> = dyn Fn(Vec<Q>) -> BoxFuture<'static, BatchResult<A>> + Send + Sync;

/// Whose questions they are and how many go together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CoalescerSettings {
    /// Name of the connector, for errors.
    pub connector: &'static str,
    /// The operation, for errors.
    pub operation: &'static str,
    /// Most questions in one batch, at least 1.
    pub per_batch: usize,
    /// Most batches at a time, at least 1.
    pub in_flight: usize,
}

/// Turns single questions `Q` into batch calls that give an `A` for each.
pub struct Coalescer<Q, A> {
    shared: Arc<Shared<Q, A>>,
}

struct Shared<Q, A> {
    settings: CoalescerSettings,
    run: Box<Run<Q, A>>,
    state: Mutex<State<Q, A>>,
}

struct State<Q, A> {
    waiting: VecDeque<Waiting<Q, A>>,
    in_flight: usize,
}

struct Waiting<Q, A> {
    question: Q,
    answer: Answer<A>,
}

type Answer<A> = oneshot::Sender<Result<A, ConnectorError>>;

impl<Q: Send + 'static, A: Send + 'static> Coalescer<Q, A> {
    /// A coalescer over the batch call `run`.
    pub fn new<F>(
        settings: CoalescerSettings,
        run: impl Fn(Vec<Q>) -> F + Send + Sync + 'static,
    ) -> Self
    where
        F: Future<Output = BatchResult<A>> + Send + 'static,
    {
        let shared = Shared {
            settings,
            run: Box::new(move |batch| run(batch).boxed()),
            state: Mutex::new(State {
                waiting: VecDeque::new(),
                in_flight: 0,
            }),
        };
        Self {
            shared: Arc::new(shared),
        }
    }

    /// Asks one question. Must be called within a tokio runtime.
    ///
    /// # Errors
    /// What the batch ended with.
    pub async fn ask(&self, question: Q) -> Result<A, ConnectorError> {
        let (answer, answered) = oneshot::channel();
        let free_slot = {
            let mut state = self.shared.lock();
            state.waiting.push_back(Waiting { question, answer });
            let free = state.in_flight < self.shared.settings.in_flight.max(1);
            state.in_flight += usize::from(free);
            free
        };
        if free_slot {
            tokio::spawn(Arc::clone(&self.shared).fill_slot());
        }
        match answered.await {
            Ok(result) => result,
            // Only when the runtime shuts down under a batch.
            Err(_) => Err(self.shared.error("the batch call was given up; ask again")),
        }
    }
}

impl<Q: Send + 'static, A: Send + 'static> Shared<Q, A> {
    /// Sends batches until nobody waits, then leaves the slot.
    async fn fill_slot(self: Arc<Self>) {
        // One turn of the scheduler, so that callers which are ready now share the first batch.
        tokio::task::yield_now().await;
        while let Some((questions, answers)) = self.next_batch() {
            let asked = questions.len();
            // A panic must not take the slot along; the callers get an error instead.
            let result = AssertUnwindSafe((self.run)(questions)).catch_unwind().await;
            match result {
                Ok(Ok(results)) if results.len() == asked => {
                    for (answer, result) in answers.into_iter().zip(results) {
                        // The caller may be gone.
                        let _ = answer.send(Ok(result));
                    }
                }
                Ok(Ok(results)) => tell_all(
                    answers,
                    &ConnectorError {
                        kind: ErrorKind::Misconfigured,
                        ..self.error(&format!(
                            "{} answers came for {asked} questions; check the upstream's contract",
                            results.len()
                        ))
                    },
                ),
                Ok(Err(error)) => tell_all(answers, &error),
                Err(_) => tell_all(answers, &self.error("the batch call panicked; see the log")),
            }
        }
    }

    /// The next batch, or nothing, and then the slot is free.
    fn next_batch(&self) -> Option<(Vec<Q>, Vec<Answer<A>>)> {
        let mut state = self.lock();
        let limit = self.settings.per_batch.max(1);
        let mut questions = Vec::new();
        let mut answers = Vec::new();
        while questions.len() < limit
            && let Some(next) = state.waiting.pop_front()
        {
            if !next.answer.is_closed() {
                questions.push(next.question);
                answers.push(next.answer);
            }
        }
        if questions.is_empty() {
            state.in_flight -= 1;
            return None;
        }
        Some((questions, answers))
    }

    fn error(&self, message: &str) -> ConnectorError {
        ConnectorError {
            connector: self.settings.connector,
            operation: self.settings.operation,
            kind: ErrorKind::Transient,
            code: None,
            message: message.into(),
            page: None,
            source: None,
        }
    }

    fn lock(&self) -> MutexGuard<'_, State<Q, A>> {
        // No code under the lock can leave it half changed.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn tell_all<A>(answers: Vec<Answer<A>>, error: &ConnectorError) {
    for answer in answers {
        let _ = answer.send(Err(error.clone()));
    }
}

impl<Q, A> fmt::Debug for Coalescer<Q, A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Coalescer")
            .field("settings", &self.shared.settings)
            .finish_non_exhaustive()
    }
}
