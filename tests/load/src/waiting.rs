//! What jobs cost that wait for another party: CPU and Redis while nothing happens, against the same
//! fleet with nothing to do, and the price of one look at all of them.

use std::time::{Duration, Instant};

use clerkwork_core::{BatchId, State};
use clerkwork_rig::{Process, RED_LETTERS, Rig, RigOptions, submit_pending_of};
use clerkwork_runtime::Services;

use crate::{LIMIT, cpu};

/// What a stretch of time cost.
struct Cost {
    cpu_millis: f64,
    redis_commands: u64,
    redis_bytes: u64,
}

pub(crate) async fn measure(options: RigOptions, seconds: u64) {
    let total = options.red_letters;
    let idle = RigOptions {
        red_letters: 0,
        ..options.clone()
    };
    let rig = Rig::start(idle).await;
    let services = rig.services().await;
    let process = Process::start(&services);
    let nothing = rest(&rig, seconds).await;
    process.stop().await;
    show("nothing to do", &nothing, seconds);

    let rig = Rig::start(options).await;
    let services = rig.services().await;
    let batch = submit_pending_of(&services, RED_LETTERS, "load").await;
    let process = Process::start(&services);
    until_waiting(&services, batch, total).await;
    // A day on, pauses have grown to their longest; everybody looks once.
    let looks = calls(&rig);
    let (start, before) = (Instant::now(), cpu());
    rig.clock.advance(Duration::from_secs(24 * 3_600));
    until_looked(&rig, &services, batch, total, looks).await;
    let (taken, spent) = (start.elapsed().as_secs_f64(), cpu() - before);
    println!(
        "one look at all {total}:           {:>9.0} jobs/s, {:.3} ms CPU each, {} calls upstream",
        total as f64 / taken,
        spent * 1e3 / total as f64,
        calls(&rig) - looks,
    );
    let waiting = rest(&rig, seconds).await;
    process.stop().await;
    show(&format!("{total} waiting"), &waiting, seconds);
    println!(
        "more than nothing:               {:>9.1} ms CPU/s, {:.1} Redis commands/s",
        (waiting.cpu_millis - nothing.cpu_millis) / seconds as f64,
        (waiting.redis_commands as f64 - nothing.redis_commands as f64) / seconds as f64,
    );
}

fn show(what: &str, cost: &Cost, seconds: u64) {
    println!(
        "{what:<32} {:>9.1} ms CPU/s, {:.1} Redis commands/s, {} bytes in Redis",
        cost.cpu_millis / seconds as f64,
        cost.redis_commands as f64 / seconds as f64,
        cost.redis_bytes,
    );
}

/// Lets time go by and tells what it cost.
async fn rest(rig: &Rig, seconds: u64) -> Cost {
    // What went before comes to rest first.
    tokio::time::sleep(Duration::from_secs(3)).await;
    let (before, commands) = (cpu(), info(rig, "total_commands_processed").await);
    tokio::time::sleep(Duration::from_secs(seconds)).await;
    Cost {
        cpu_millis: (cpu() - before) * 1e3,
        redis_commands: info(rig, "total_commands_processed").await - commands,
        redis_bytes: info(rig, "used_memory").await,
    }
}

/// A figure of the rig's Redis.
async fn info(rig: &Rig, name: &str) -> u64 {
    let mut connection = rig.redis_connection().await;
    let all: String = redis::cmd("INFO")
        .query_async(&mut connection)
        .await
        .expect("figures of redis");
    let prefix = format!("{name}:");
    let line = all.lines().find_map(|line| line.strip_prefix(&prefix));
    line.and_then(|value| value.trim().parse().ok())
        .expect("the figure")
}

/// Looks at forms so far.
fn calls(rig: &Rig) -> u64 {
    let calls = rig.sandbox.state().counts().calls;
    calls.get("cxhzqrd").copied().unwrap_or(0)
}

async fn waiting(services: &Services, batch: BatchId) -> usize {
    let counts = services.ledger.counts(Some(batch)).await.expect("counts");
    counts.get(&State::Waiting).map_or(0, |n| *n as usize)
}

async fn until_waiting(services: &Services, batch: BatchId, total: usize) {
    let start = Instant::now();
    while waiting(services, batch).await < total {
        assert!(start.elapsed() < LIMIT, "not all came to wait");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Until everybody has looked again and waits again.
async fn until_looked(rig: &Rig, services: &Services, batch: BatchId, total: usize, before: u64) {
    let start = Instant::now();
    loop {
        assert!(start.elapsed() < LIMIT, "not all looked");
        let due = services.ledger.next_due().await.expect("the next one");
        let all_rest = due.is_none_or(|due| due > services.clock.now());
        if all_rest && calls(rig) > before && waiting(services, batch).await == total {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
