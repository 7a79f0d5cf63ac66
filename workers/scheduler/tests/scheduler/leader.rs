//! Several schedulers: one leads, and another follows it.

use std::time::Duration;

use clerkwork_core::{Lane, WorkerId};
use clerkwork_rig::{
    LedgerKind, Process, assert_book_agrees, assert_trail_is_whole, submit_pending, until_ended,
};

use crate::{
    LIMIT, on_both_ledgers,
    stage::{self, accept, job, stopped_clock, until_queued},
};

async fn two_whole_processes_do_everything_once(ledger: LedgerKind) {
    const ITEMS: usize = 300;
    let rig = stage::rig_with(ledger, ITEMS, &[("redis.window.standard", "40")]).await;
    let (one, other) = (rig.services().await, rig.services().await);
    let batch = submit_pending(&one, "two").await;
    let processes = [Process::start(&one), Process::start(&other)];
    until_ended(&one, batch, ITEMS as u64, LIMIT).await;
    for process in processes {
        process.stop().await;
    }
    assert_book_agrees(&rig, &one, batch).await;
    assert_trail_is_whole(&one, batch).await;
}

async fn a_follower_takes_over_when_the_lease_has_run_out(ledger: LedgerKind) {
    let rig = stage::rig(ledger, &[]).await;
    let (one, clock) = stopped_clock(&rig).await;
    let other = rig.services_at(clock.clone()).await;
    let leader = Process::scheduler_only(&one);
    let first = accept(&one.ledger, vec![job("first")]).await;
    until_queued(&rig, Lane::Standard, &first).await;
    let follower = Process::scheduler_only(&other);
    let ttl = Duration::from_secs(6);
    let third = other.ledger.lead("scheduler", WorkerId::new(), ttl).await;
    assert!(!third.unwrap(), "the lease is taken");

    leader.abort();
    let second = accept(&other.ledger, vec![job("second")]).await;
    clock.advance(ttl);
    until_queued(&rig, Lane::Standard, &second).await;
    let third = other.ledger.lead("scheduler", WorkerId::new(), ttl).await;
    assert!(!third.unwrap(), "the lease is taken again");
    follower.stop().await;
}

on_both_ledgers!(
    two_whole_processes_do_everything_once,
    a_follower_takes_over_when_the_lease_has_run_out,
);
