//! What the tests of this folder share.
#![allow(
    dead_code,
    clippy::unwrap_used,
    reason = "every test file uses its own part; a failed set-up fails the test"
)]

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
    time::Duration,
};

use apalis::prelude::*;
use clerkwork_core::{Entry, JobId};
use clerkwork_queue::{Drain, Queue, QueueOptions};
use clerkwork_testkit::Redis;
use tokio::task::JoinHandle;

/// Long enough for a busy machine, short enough to notice a hang.
pub const DEADLINE: Duration = Duration::from_secs(60);

/// A short lease, so that take-overs are seen.
pub fn options() -> QueueOptions {
    QueueOptions {
        lease: Duration::from_secs(1),
        ..QueueOptions::default()
    }
}

pub async fn queue(redis: &Redis) -> Queue {
    Queue::connect(&redis.url(), options()).await.unwrap()
}

pub fn entries(count: usize) -> Vec<Entry> {
    (0..count)
        .map(|_| Entry {
            job: JobId::new(),
            attempt: 1,
            traceparent: None,
        })
        .collect()
}

pub async fn raw(redis: &Redis) -> redis::aio::MultiplexedConnection {
    let client = redis::Client::open(redis.url()).unwrap();
    client.get_multiplexed_async_connection().await.unwrap()
}

/// What handlers have seen, in order.
#[derive(Debug, Clone, Default)]
pub struct Seen(Arc<Mutex<Vec<Entry>>>);

impl Seen {
    pub fn note(&self, entry: Entry) {
        self.0.lock().unwrap().push(entry);
    }

    pub fn all(&self) -> Vec<Entry> {
        self.0.lock().unwrap().clone()
    }

    pub fn count(&self) -> usize {
        self.0.lock().unwrap().len()
    }

    /// How often each job was seen.
    pub fn times(&self) -> HashMap<JobId, usize> {
        let mut times = HashMap::new();
        for entry in self.all() {
            *times.entry(entry.job).or_default() += 1;
        }
        times
    }

    /// Whether each of `entries` was seen at least once.
    pub fn has(&self, entries: &[Entry]) -> bool {
        let times = self.times();
        entries.iter().all(|entry| times.contains_key(&entry.job))
    }
}

/// A worker in the background.
pub struct Running {
    pub drain: Drain,
    stop: tokio::sync::oneshot::Sender<()>,
    task: JoinHandle<Result<(), WorkerError>>,
}

impl Running {
    /// The graceful end.
    pub async fn stop(self) {
        self.stop.send(()).unwrap();
        tokio::time::timeout(DEADLINE, self.task)
            .await
            .unwrap()
            .unwrap()
            .unwrap();
    }

    /// As a crash: the future is dropped where it stands.
    pub async fn drop_it(self) {
        self.task.abort();
        assert!(self.task.await.unwrap_err().is_cancelled());
    }

    pub fn is_alive(&self) -> bool {
        !self.task.is_finished()
    }
}

/// Runs `handler` in a worker with the layers that the fleet uses.
pub fn run<F, Fut>(queue: &Queue, name: &str, concurrency: usize, handler: F) -> Running
where
    F: FnMut(Entry) -> Fut + Clone + Send + Sync + 'static,
    Fut: Future<Output = Result<(), BoxDynError>> + Send + 'static,
{
    use apalis::layers::WorkerBuilderExt;
    let backend = queue.backend(name);
    let drain = backend.drain();
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let worker = WorkerBuilder::new(name)
        .backend(backend)
        .concurrency(concurrency)
        .catch_panic()
        .timeout(Duration::from_secs(30))
        .enable_tracing()
        .build(handler);
    let signal = async move {
        let _ = stopped.await;
        Ok::<(), std::io::Error>(())
    };
    let task = tokio::spawn(worker.run_until(signal));
    Running { drain, stop, task }
}
