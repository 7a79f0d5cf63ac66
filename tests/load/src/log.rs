//! Events a second that are durable and numbered in the Merkle log, and how fast it is verified.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use clerkwork_audit::{
    EventDraft, EventType,
    log::{Edge, leaf_hash},
};
use clerkwork_core::{Actor, Office};
use clerkwork_ledger::{Ledger, LogKeeper};
use clerkwork_rig::{Rig, RigOptions};
use futures::future::join_all;
use serde_json::json;
use tokio::time::{Instant, sleep};

/// How often the keeper passes, as by default.
const EVERY: Duration = Duration::from_secs(1);

pub(crate) async fn measure(options: RigOptions, events: usize, writers: usize, at_once: usize) {
    let rig = Rig::start(options).await;
    let services = rig.services().await;
    let ledger = services.ledger.clone();
    let mut keeper = LogKeeper::open(&ledger, "load.example/log")
        .await
        .expect("a log");
    keeper.pass().await.expect("a pass");

    let done = Arc::new(AtomicBool::new(false));
    let passes = tokio::spawn({
        let done = done.clone();
        async move {
            let mut lags = Vec::new();
            loop {
                let last = done.load(Ordering::SeqCst);
                lags.push(keeper.pass().await.expect("a pass").lag);
                if last {
                    return lags;
                }
                sleep(EVERY).await;
            }
        }
    });
    let left = Arc::new(AtomicUsize::new(events));
    let start = Instant::now();
    let writers: Vec<_> = (0..writers)
        .map(|writer| {
            let (ledger, left) = (ledger.clone(), left.clone());
            tokio::spawn(async move { write(&ledger, &left, writer, at_once).await })
        })
        .collect();
    for writer in writers {
        writer.await.expect("a writer");
    }
    let durable = start.elapsed();
    done.store(true, Ordering::SeqCst);
    let mut lags = passes.await.expect("the keeper");
    let numbered = start.elapsed();
    lags.sort_unstable();
    let lag = lags[(lags.len() - 1) * 99 / 100];
    println!(
        "{events} events: durable after {:.2} s ({:.0}/s), numbered after {:.2} s ({:.0}/s)",
        durable.as_secs_f64(),
        events as f64 / durable.as_secs_f64(),
        numbered.as_secs_f64(),
        events as f64 / numbered.as_secs_f64(),
    );
    println!(
        "  lag of a pass: p99 {:.2} s over {} passes",
        lag.as_secs_f64(),
        lags.len()
    );

    let state = ledger.log_state().await.expect("a state").expect("a log");
    let head = ledger
        .checkpoint(None)
        .await
        .expect("a head")
        .expect("a head");
    let start = Instant::now();
    let (mut edge, mut place, mut tiles) = (Edge::default(), None, Vec::new());
    while edge.size() < state.size {
        let page = ledger
            .entries(edge.size(), place, 8_192)
            .await
            .expect("entries");
        place = page.last().map(|entry| entry.place);
        page.iter()
            .for_each(|entry| edge.append(leaf_hash(&entry.bytes), &mut tiles));
        tiles.clear();
    }
    assert_eq!(edge.root(), head.root, "the log verifies");
    let taken = start.elapsed().as_secs_f64();
    println!(
        "  verified {} entries in {taken:.2} s ({:.0}/s)",
        state.size,
        state.size as f64 / taken
    );
}

/// Records events, so many at once, until none is left.
async fn write(ledger: &Ledger, left: &AtomicUsize, writer: usize, at_once: usize) {
    let take = |n: usize| n.checked_sub(at_once).or((n > 0).then_some(0));
    while let Ok(before) = left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, take) {
        let some = (0..before.min(at_once)).map(|i| {
            let data = json!({
                "what": "load", "writer": writer, "i": i,
                "rules": ["agent_invoice.day_split", "agent_invoice.month_burst"],
                "facts": "a".repeat(64),
            });
            let event = EventDraft::new(EventType::AuditRead, Actor::User("load".into()), data);
            ledger.record(Office::default(), event)
        });
        for recorded in join_all(some).await {
            recorded.expect("recorded");
        }
    }
}
