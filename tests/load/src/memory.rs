//! Memory of Redis with a small and a large backlog: the window keeps it flat.

use std::time::{Duration, Instant};

use clerkwork_core::{KindName, Lane, Office};
use clerkwork_ledger::NewJob;
use clerkwork_rig::{Rig, RigOptions};
use clerkwork_runtime::Services;
use serde_json::json;

pub(crate) async fn measure(options: RigOptions, small: usize, large: usize) {
    let rig = Rig::start(options).await;
    let services = rig.services().await;
    let scheduler = tokio::spawn(clerkwork_scheduler::run(services.clone()));
    let empty = used(&services).await;
    println!("empty:               {empty:>12} bytes");
    accept(&services, 0, small).await;
    let with_small = settled(&services).await;
    println!("{small:>9} waiting:   {with_small:>12} bytes");
    let start = Instant::now();
    accept(&services, small, large).await;
    println!(
        "   (accepted at {:.0}/s)",
        (large - small) as f64 / start.elapsed().as_secs_f64()
    );
    let with_large = settled(&services).await;
    println!("{large:>9} waiting:   {with_large:>12} bytes");
    println!(
        "ratio:               {:>12.3}",
        with_large as f64 / with_small as f64
    );
    services.draining.cancel();
    scheduler
        .await
        .expect("a scheduler that ends well")
        .expect("no error");
}

async fn used(services: &Services) -> u64 {
    services
        .queue
        .server_info()
        .await
        .expect("redis")
        .used_memory_bytes
}

/// Waits until the window is full, and takes the memory then.
async fn settled(services: &Services) -> u64 {
    let window = services.config.redis.window.of(Lane::Standard) as u64;
    let start = Instant::now();
    while services.queue.len(Lane::Standard).await.expect("redis") < window {
        assert!(
            start.elapsed() < Duration::from_secs(30),
            "the window does not fill"
        );
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    used(services).await
}

async fn accept(services: &Services, from: usize, to: usize) {
    for start in (from..to).step_by(1_000) {
        let jobs = (start..to.min(start + 1_000)).map(|i| NewJob {
            kind: KindName::new("invoice_quota"),
            reference: format!("load-{i}"),
            office: Office::default(),
            batch: None,
            lane: Lane::Standard,
            deadline: None,
            run_at: None,
            submitter: "load".into(),
            payload: json!({"n": i}),
            subject_id: format!("person-{}", i % 1_000),
            subject_name: "load".into(),
            traceparent: None,
        });
        services
            .ledger
            .accept(jobs.collect())
            .await
            .expect("accepted");
    }
}
