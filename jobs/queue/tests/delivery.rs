//! Push, priority, acknowledgement, memory, dead letters.
#![allow(clippy::unwrap_used, reason = "a failed set-up fails the test")]

mod support;

use std::time::{Duration, Instant};

use clerkwork_core::{Entry, JobId, Lane};
use clerkwork_queue::{Queue, QueueError, QueueOptions};
use clerkwork_testkit::{Redis, eventually};
use support::{DEADLINE, Seen, entries, queue, raw, run};
use tokio::sync::Semaphore;

#[tokio::test]
async fn what_is_pushed_is_handled_once_and_leaves_nothing() {
    let redis = Redis::start().await;
    let queue = queue(&redis).await;
    let mut pushed = entries(1_500);
    pushed[7].attempt = 3;
    pushed[7].traceparent =
        Some("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01".to_owned());
    for (lane, part) in Lane::ALL.into_iter().zip(pushed.chunks(500)) {
        queue.push(lane, part).await.unwrap();
        assert_eq!(queue.len(lane).await.unwrap(), 500);
    }
    let seen = Seen::default();
    let noted = seen.clone();
    let worker = run(&queue, "w-1", 16, move |entry| {
        noted.note(entry);
        async { Ok(()) }
    });
    eventually(DEADLINE, async || seen.count() >= pushed.len()).await;
    worker.stop().await;
    for lane in Lane::ALL {
        assert_eq!(queue.len(lane).await.unwrap(), 0);
    }
    let mut all = seen.all();
    all.sort_by_key(|entry| entry.job);
    pushed.sort_by_key(|entry| entry.job);
    assert_eq!(all, pushed);
}

#[tokio::test]
async fn express_overtakes_standard_and_standard_overtakes_bulk() {
    let redis = Redis::start().await;
    let queue = queue(&redis).await;
    let (express, standard, bulk) = (entries(20), entries(20), entries(20));
    let seen = Seen::default();
    let gate = std::sync::Arc::new(Semaphore::new(0));
    let (noted, held) = (seen.clone(), gate.clone());
    let worker = run(&queue, "w-1", 1, move |entry| {
        noted.note(entry);
        let held = held.clone();
        async move {
            held.acquire().await?.forget();
            Ok(())
        }
    });
    let connection = &mut raw(&redis).await;
    // The handler holds the first bulk entry while the others come, the least urgent first.
    for (lane, part) in [
        (Lane::Bulk, &bulk),
        (Lane::Standard, &standard),
        (Lane::Express, &express),
    ] {
        queue.push(lane, part).await.unwrap();
        eventually(DEADLINE, async || pending(connection, lane).await == 20).await;
    }
    eventually(DEADLINE, async || seen.count() == 1).await;
    gate.add_permits(60);
    eventually(DEADLINE, async || seen.count() == 60).await;
    let expected: Vec<Entry> = [&bulk[..1], &express, &standard, &bulk[1..]].concat();
    assert_eq!(seen.all(), expected);
    worker.stop().await;
}

async fn pending(connection: &mut redis::aio::MultiplexedConnection, lane: Lane) -> u64 {
    let summary: Vec<redis::Value> = redis::cmd("XPENDING")
        .arg(format!("{{cw:{lane}}}:s"))
        .arg("fleet")
        .query_async(connection)
        .await
        .unwrap();
    redis::from_redis_value(summary[0].clone()).unwrap()
}

#[tokio::test]
async fn an_idle_worker_picks_up_at_once() {
    let redis = Redis::start().await;
    let queue = queue(&redis).await;
    let (sender, mut receiver) = tokio::sync::mpsc::unbounded_channel();
    let worker = run(&queue, "w-1", 4, move |_| {
        let _ = sender.send(Instant::now());
        async { Ok(()) }
    });
    let mut times = Vec::new();
    for _ in 0..51 {
        let pushed = Instant::now();
        queue.push(Lane::Standard, &entries(1)).await.unwrap();
        let picked_up = receiver.recv().await.unwrap();
        times.push(picked_up.duration_since(pushed));
    }
    times.sort_unstable();
    // No timer of any kind lies between push and handler; the bound leaves room for a busy
    // machine. `examples/throughput.rs` measures.
    assert!(
        times[25] < Duration::from_millis(20),
        "median {:?}",
        times[25]
    );
    worker.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn memory_is_given_back_after_a_hundred_thousand() {
    let redis = Redis::forgetful().await;
    let queue = queue(&redis).await;
    let empty = queue.server_info().await.unwrap().used_memory_bytes;
    for _ in 0..20 {
        queue.push(Lane::Bulk, &entries(5_000)).await.unwrap();
    }
    let full = queue.server_info().await.unwrap().used_memory_bytes;
    assert!(full > empty + 2_000_000, "{empty} → {full}");
    let seen = std::sync::Arc::new(std::sync::atomic::AtomicUsize::new(0));
    let counter = seen.clone();
    let worker = run(&queue, "w-1", 64, move |_| {
        counter.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        async { Ok(()) }
    });
    eventually(DEADLINE, async || queue.len(Lane::Bulk).await.unwrap() == 0).await;
    assert_eq!(seen.load(std::sync::atomic::Ordering::Relaxed), 100_000);
    worker.stop().await;
    // Buffers of connections shrink a little later.
    eventually(DEADLINE, async || {
        queue.server_info().await.unwrap().used_memory_bytes < empty + 1_000_000
    })
    .await;
    let connection = &mut raw(&redis).await;
    let keys: u64 = redis::cmd("DBSIZE").query_async(connection).await.unwrap();
    assert_eq!(keys, 3, "the three empty lanes");
}

#[tokio::test]
async fn malformed_entries_become_dead_letters_and_the_worker_lives() {
    let redis = Redis::start().await;
    let queue = queue(&redis).await;
    let connection = &mut raw(&redis).await;
    let job = JobId::new().to_string();
    let strange: [(&str, Vec<(&str, &str)>); 3] = [
        ("standard", vec![("hello", "world")]),
        ("express", vec![("j", "17"), ("a", "1")]),
        ("standard", vec![("j", &job), ("a", "many")]),
    ];
    for (lane, fields) in &strange {
        let mut command = redis::cmd("XADD");
        command.arg(format!("{{cw:{lane}}}:s")).arg("*").arg(fields);
        command.query_async::<String>(connection).await.unwrap();
    }
    let pushed = entries(3);
    queue.push(Lane::Standard, &pushed).await.unwrap();
    let seen = Seen::default();
    let noted = seen.clone();
    let worker = run(&queue, "w-1", 4, move |entry| {
        noted.note(entry);
        async { Ok(()) }
    });
    eventually(DEADLINE, async || {
        seen.has(&pushed)
            && queue.dead_letter_count().await.unwrap() == 3
            && queue.len(Lane::Standard).await.unwrap() == 0
            && queue.len(Lane::Express).await.unwrap() == 0
    })
    .await;
    assert!(worker.is_alive());
    let letters = queue.dead_letters(None, 10).await.unwrap();
    let hello = letters
        .iter()
        .find(|letter| letter.fields == [("hello".to_owned(), "world".to_owned())])
        .unwrap();
    assert_eq!(hello.lane, Lane::Standard);
    assert_eq!(hello.reason, "field `j` (job id) is missing");
    assert!(hello.at.0 > 1_700_000_000_000_000);
    // Page by page, one at a time.
    let mut paged = Vec::new();
    while let [letter] = queue
        .dead_letters(
            paged
                .last()
                .map(|l: &clerkwork_queue::DeadLetter| l.id.as_str()),
            1,
        )
        .await
        .unwrap()
        .as_slice()
    {
        paged.push(letter.clone());
    }
    assert_eq!(paged, letters);
    let invalid = queue.dead_letters(Some("17"), 1).await;
    assert!(matches!(invalid, Err(QueueError::InvalidCursor(_))));
    worker.stop().await;
}

#[tokio::test]
async fn an_unreachable_redis_and_bad_settings_are_told_clearly() {
    let connect = async |url: &str, options| Queue::connect(url, options).await.unwrap_err();
    let error = connect("unix:///nowhere/redis.sock", QueueOptions::default()).await;
    assert!(
        error.to_string().contains("`/nowhere/redis.sock`"),
        "{error}"
    );
    assert!(error.is_transient());
    let error = connect("http://user:secret@host", QueueOptions::default()).await;
    assert!(matches!(error, QueueError::InvalidAddress { .. }));
    assert!(!error.to_string().contains("secret"));
    let options = QueueOptions {
        prefix: "a{b".into(),
        ..QueueOptions::default()
    };
    let error = connect("redis://localhost", options).await;
    assert!(matches!(error, QueueError::InvalidOption(_)));
}
