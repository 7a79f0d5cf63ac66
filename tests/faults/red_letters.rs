//! Red-letter invoices while answers are lost, processes are killed and Redis is wiped.

use clerkwork_rig::{
    LedgerKind, Process, RED_LETTERS, Rig, RigOptions, assert_red_book_agrees, settle_by_clock,
    submit_pending_of, until_some,
};
use clerkwork_sandbox::{Fault, FaultKind, Faults};

use crate::{LIMIT, fleet_killed::Worker};

/// Every case several times.
const RED_LETTERS_IN_ALL: usize = 400;

async fn everything_at_once(ledger: LedgerKind) {
    let lost = Fault::always(FaultKind::LostAnswer).with_probability(0.05);
    let saving = FaultKind::Saving { milliseconds: 300 };
    let saving = Fault::always(saving).with_probability(0.05).on("bchzqrd");
    let rig = Rig::start(RigOptions {
        ledger,
        applications: 0,
        red_letters: RED_LETTERS_IN_ALL,
        faults: Faults(vec![lost.on_acts(), saving]),
        ..RigOptions::default()
    })
    .await;
    let services = rig.services().await;
    let batch = submit_pending_of(&services, RED_LETTERS, "storm").await;
    let scheduler = services.clone();
    let scheduling = tokio::spawn(async move { clerkwork_scheduler::run(scheduler).await });
    let total = RED_LETTERS_IN_ALL as u64;
    let mut first = Worker::start(&rig);
    until_some(&services, batch, total / 5, LIMIT).await;
    first.kill9();
    rig.flush_redis().await;
    let mut second = Worker::start(&rig);
    until_some(&services, batch, total / 2, LIMIT).await;
    second.kill9();
    // The third one finishes, in this process, whose clock can be moved.
    let last = rig.services().await;
    let process = Process::start(&last);
    settle_by_clock(&rig, &last, batch, LIMIT).await;
    process.stop().await;
    services.draining.cancel();
    scheduling
        .await
        .expect("a scheduler that ends well")
        .expect("a scheduler without error");
    let struck = rig.sandbox.state().counts().faults;
    let often = |name: &str| struck.get(name).copied().unwrap_or(0);
    assert!(
        often("lost_answer") > 20 && often("saving") > 5,
        "{struck:?}"
    );
    assert_red_book_agrees(&rig, &last, batch).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn lost_answers_kill_9_and_a_flush_reverse_nothing_twice_on_sqlite() {
    everything_at_once(LedgerKind::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn lost_answers_kill_9_and_a_flush_reverse_nothing_twice_on_postgres() {
    everything_at_once(LedgerKind::Postgres).await;
}
