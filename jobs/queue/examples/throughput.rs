//! Measures the queue by itself: push, consume without work, and the time from push to handler.
//!
//! `cargo run --release -p clerkwork-queue --example throughput [jobs] [prefetch] [concurrency]`
#![expect(clippy::unwrap_used, reason = "a measurement that fails has no result")]

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use apalis::{layers::WorkerBuilderExt, prelude::*};
use clerkwork_core::{Entry, JobId, Lane};
use clerkwork_queue::{Queue, QueueOptions};
use clerkwork_testkit::Redis;

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() {
    let mut args = std::env::args().skip(1).map(|arg| arg.parse().unwrap());
    let jobs: usize = args.next().unwrap_or(200_000);
    let prefetch: usize = args.next().unwrap_or(QueueOptions::default().prefetch);
    let concurrency: usize = args.next().unwrap_or(64);
    let redis = Redis::start().await;
    let options = QueueOptions {
        prefetch,
        ..QueueOptions::default()
    };
    let queue = Queue::connect(&redis.url(), options).await.unwrap();
    let entries: Vec<Entry> = (0..jobs)
        .map(|_| Entry {
            job: JobId::new(),
            attempt: 1,
            traceparent: None,
        })
        .collect();

    let start = Instant::now();
    queue.push(Lane::Standard, &entries).await.unwrap();
    rate("push", jobs, start.elapsed());

    let done = Arc::new(AtomicUsize::new(0));
    let counter = done.clone();
    let (sender, mut handled) = tokio::sync::mpsc::unbounded_channel();
    let backend = queue.backend("throughput");
    let drain = backend.drain();
    let worker = WorkerBuilder::new("throughput")
        .backend(backend)
        .concurrency(concurrency)
        .catch_panic()
        .build(move |_: Entry| {
            if counter.fetch_add(1, Ordering::Relaxed) + 1 >= jobs {
                let _ = sender.send(Instant::now());
            }
            async { Ok::<(), BoxDynError>(()) }
        });
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let start = Instant::now();
    let running = tokio::spawn(worker.run_until(async move {
        let _ = stopped.await;
        Ok::<(), std::io::Error>(())
    }));
    let last = handled.recv().await.unwrap();
    rate("consume", jobs, last.duration_since(start));
    while queue.len(Lane::Standard).await.unwrap() > 0 {}
    rate("consume and delete", jobs, start.elapsed());

    let mut waits = Vec::new();
    for entry in entries.iter().take(2_000) {
        let pushed = Instant::now();
        queue
            .push(Lane::Standard, std::slice::from_ref(entry))
            .await
            .unwrap();
        waits.push(handled.recv().await.unwrap().duration_since(pushed));
    }
    waits.sort_unstable();
    let at = |part: usize| waits[waits.len() * part / 1000];
    println!(
        "idle pick-up   p50 {:?}  p99 {:?}  max {:?}",
        at(500),
        at(990),
        at(999)
    );

    let start = Instant::now();
    stop.send(()).unwrap();
    running.await.unwrap().unwrap();
    println!(
        "graceful end   {:?}, handlers left {}",
        start.elapsed(),
        drain.running()
    );
    let memory = queue.server_info().await.unwrap().used_memory_bytes;
    println!("redis memory   {:.1} MB", memory as f64 / 1e6);
}

fn rate(what: &str, jobs: usize, time: Duration) {
    println!("{what:<19} {:>9.0}/s", jobs as f64 / time.as_secs_f64());
}
