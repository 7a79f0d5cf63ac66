//! The window in Redis is bounded, however much waits in the ledger.

use clerkwork_core::Lane;
use clerkwork_rig::{LedgerKind, Process, assert_book_agrees, ended, submit_pending, until_ended};
use clerkwork_testkit::eventually;

use crate::{
    LIMIT, on_both_ledgers,
    stage::{self, accept, after_a_look, jobs, until_waiting},
};

async fn a_growing_backlog_does_not_grow_the_window(ledger: LedgerKind) {
    let rig = stage::rig(ledger, &[("redis.window.standard", "40")]).await;
    let services = rig.services().await;
    let process = Process::scheduler_only(&services);
    for round in 0..10 {
        let prefix = format!("backlog-{round}");
        accept(&services.ledger, jobs(&prefix, 100, |_| {})).await;
        until_waiting(&services, Lane::Standard, 40).await;
        after_a_look(&rig, &services).await;
        assert_eq!(services.queue.len(Lane::Standard).await.unwrap(), 40);
    }
    process.stop().await;
}

async fn a_small_window_lets_everything_through_and_is_never_exceeded(ledger: LedgerKind) {
    const ITEMS: usize = 1_000;
    let rig = stage::rig_with(ledger, ITEMS, &[("redis.window.standard", "50")]).await;
    let services = rig.services().await;
    let batch = submit_pending(&services, "window").await;
    let process = Process::start(&services);
    let mut most = 0;
    eventually(LIMIT, async || {
        most = most.max(services.queue.len(Lane::Standard).await.unwrap());
        let counts = services.ledger.counts(Some(batch)).await.unwrap();
        ended(&counts) == ITEMS as u64
    })
    .await;
    assert!((1..=50).contains(&most), "{most}");
    process.stop().await;
    assert_book_agrees(&rig, &services, batch).await;
}

async fn a_window_of_one_is_a_window(ledger: LedgerKind) {
    let settings = [
        ("redis.window.standard", "1"),
        ("scheduler.tick_ms", "60000"),
    ];
    let rig = stage::rig_with(ledger, 50, &settings).await;
    let services = rig.services().await;
    let batch = submit_pending(&services, "one").await;
    let process = Process::start(&services);
    until_ended(&services, batch, 50, LIMIT).await;
    process.stop().await;
    assert_book_agrees(&rig, &services, batch).await;
}

on_both_ledgers!(
    a_growing_backlog_does_not_grow_the_window,
    a_small_window_lets_everything_through_and_is_never_exceeded,
    a_window_of_one_is_a_window,
);
