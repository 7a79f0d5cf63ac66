//! A process is told to stop in the middle of its work.

use std::time::{Duration, Instant};

use clerkwork_core::{BatchId, State};
use clerkwork_rig::{
    LedgerKind, Process, RigOptions, assert_book_agrees, assert_trail_is_whole, submit_pending,
    until_ended, until_some,
};
use clerkwork_sandbox::{Fault, FaultKind};
use clerkwork_testkit::eventually;

use crate::{
    LIMIT,
    kinds::{Twist, twisted},
    stage::{ISSUE, RETURN, Stage},
};

const ITEMS: usize = 300;

fn late(milliseconds: u64) -> Fault {
    let late = FaultKind::Latency {
        milliseconds,
        jitter_milliseconds: 0,
    };
    Fault::always(late).on(ISSUE).on(RETURN)
}

async fn stage(ledger: LedgerKind, drain: &str) -> (Stage, BatchId) {
    let stage = Stage::with(RigOptions {
        ledger,
        applications: ITEMS,
        settings: vec![
            ("fleet.concurrency", "16".into()),
            ("fleet.drain_seconds", drain.into()),
        ],
        ..RigOptions::default()
    })
    .await;
    let batch = submit_pending(&stage.services, "drain").await;
    (stage, batch)
}

/// A second process ends what the first one left.
async fn finish(stage: &Stage, batch: BatchId) {
    stage.faults([]);
    let second = stage.rig.services().await;
    let process = Process::start(&second);
    until_ended(&second, batch, ITEMS as u64, LIMIT).await;
    process.stop().await;
    assert_book_agrees(&stage.rig, &second, batch).await;
    assert_trail_is_whole(&second, batch).await;
}

async fn in_the_middle(ledger: LedgerKind) {
    let (stage, batch) = stage(ledger, "20").await;
    stage.faults([late(30)]);
    let process = Process::start(&stage.services);
    until_some(&stage.services, batch, ITEMS as u64 / 6, LIMIT).await;
    let asked = Instant::now();
    process.stop().await;
    let took = asked.elapsed();
    assert!(
        took < Duration::from_secs(10),
        "only short calls ran: {took:?}"
    );
    let counts = stage.services.ledger.counts(Some(batch)).await.unwrap();
    assert_eq!(counts.get(&State::Running), None, "{counts:?}");
    let left = counts.get(&State::Available).copied().unwrap_or(0);
    assert!(left > 0, "nothing was left to do: {counts:?}");
    println!("{ledger:?}: drained in {took:?}, {left} of {ITEMS} left");
    finish(&stage, batch).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_process_that_stops_ends_what_runs_and_leaves_the_rest_on_sqlite() {
    in_the_middle(LedgerKind::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_process_that_stops_ends_what_runs_and_leaves_the_rest_on_postgres() {
    in_the_middle(LedgerKind::Postgres).await;
}

/// What hangs is given back, and does not go on in secret.
#[tokio::test(flavor = "multi_thread")]
async fn what_does_not_end_within_the_drain_time_is_given_back() {
    let (stage, batch) = stage(LedgerKind::Sqlite, "0.5").await;
    let (services, hanging) = twisted(&stage.services, Twist::HangsAfterTheAct);
    let process = Process::start(&services);
    eventually(LIMIT, async || hanging.count() == 16).await;
    let asked = Instant::now();
    process.stop().await;
    let took = asked.elapsed();
    assert!(took < Duration::from_secs(5), "{took:?}");
    eventually(LIMIT, async || hanging.count() == 0).await;
    let counts = stage.services.ledger.counts(Some(batch)).await.unwrap();
    assert_eq!(counts.get(&State::Running), None, "{counts:?}");
    println!("given back after {took:?}");
    finish(&stage, batch).await;
}
