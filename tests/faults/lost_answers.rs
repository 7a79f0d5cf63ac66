//! The upstream acts and its answer is lost.

use clerkwork_core::State;
use clerkwork_rig::{
    LedgerKind, Process, Rig, RigOptions, assert_book_agrees, assert_trail_is_whole,
    submit_pending, until_ended,
};
use clerkwork_sandbox::{Fault, FaultKind, Faults};

use crate::{ITEMS, LIMIT};

async fn five_percent(ledger: LedgerKind) {
    let lost = Fault::always(FaultKind::LostAnswer).with_probability(0.05);
    let options = RigOptions {
        ledger,
        applications: ITEMS,
        faults: Faults(vec![lost.on_acts()]),
        ..RigOptions::default()
    };
    let rig = Rig::start(options).await;
    let services = rig.services().await;
    let batch = submit_pending(&services, "lost-answers").await;
    let process = Process::start(&services);
    let counts = until_ended(&services, batch, ITEMS as u64, LIMIT).await;
    process.stop().await;
    let struck = rig
        .sandbox
        .state()
        .counts()
        .faults
        .get("lost_answer")
        .copied()
        .unwrap_or(0);
    assert!(
        struck > 20,
        "the fault must strike to prove anything: {struck}"
    );
    assert_eq!(
        counts.get(&State::Failed),
        None,
        "a lost answer fails no item: {counts:?}"
    );
    assert_book_agrees(&rig, &services, batch).await;
    assert_trail_is_whole(&services, batch).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn five_percent_of_answers_lost_after_the_act_issue_nothing_twice_on_sqlite() {
    five_percent(LedgerKind::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn five_percent_of_answers_lost_after_the_act_issue_nothing_twice_on_postgres() {
    five_percent(LedgerKind::Postgres).await;
}
