//! Jobs that rest: for something outside, or because another job works on the same matter.

use clerkwork_core::{Actor, EffectState, JobId, State};
use clerkwork_rig::LedgerKind;
use clerkwork_sandbox::{Case, Fault, FaultKind};

use crate::{
    kinds::{BELL, Twist, twisted},
    stage::{ISSUE, STATUS, Stage},
};

async fn stage(ledger: LedgerKind, twist: Twist) -> Stage {
    let mut stage = Stage::new(ledger, 60).await;
    (stage.services, _) = twisted(&stage.services, twist);
    stage
}

/// What the ledger says the job waits for.
async fn topic(stage: &Stage, id: JobId) -> Option<String> {
    let wait = stage.services.ledger.wait_of(id).await.unwrap();
    wait.map(|wait| wait.topic)
}

async fn clean(stage: &Stage, n: usize) -> Vec<JobId> {
    let mut ids = Vec::new();
    for i in stage.cases(|case| case == Case::Clean).take(n) {
        ids.push(stage.submit(i).await);
    }
    ids
}

async fn until_its_time(ledger: LedgerKind) {
    let stage = stage(ledger, Twist::WaitsFirst).await;
    let id = clean(&stage, 1).await[0];
    let before = stage.services.clock.now();
    let job = stage.attempt(&stage.services, id).await;
    stage.assert_end(&job, State::Waiting, (0, 0)).await;
    let wait = stage.services.ledger.wait_of(id).await.unwrap().unwrap();
    assert_eq!((&*wait.topic, &*wait.why.zh), (BELL, "等铃响"));
    assert_eq!(
        (wait.deadline, wait.next_look),
        (Some(job.run_at), job.run_at)
    );
    assert!(job.run_at > before);
    let early = clerkwork_core::Timestamp(job.run_at.0 - 1);
    let promoted = stage.services.ledger.promote_due(early, 10).await;
    assert_eq!(promoted.unwrap(), 0);
    let job = stage.lead(&stage.services, id).await;
    stage.assert_end(&job, State::Completed, (1, 0)).await;
    assert_eq!(topic(&stage, id).await, None);
}

#[tokio::test]
async fn a_job_waits_until_its_time_on_sqlite() {
    until_its_time(LedgerKind::Sqlite).await;
}

#[tokio::test]
async fn a_job_waits_until_its_time_on_postgres() {
    until_its_time(LedgerKind::Postgres).await;
}

#[tokio::test]
async fn a_waiting_job_is_woken_by_the_name_of_what_it_waits_for() {
    let stage = stage(LedgerKind::Sqlite, Twist::WaitsFirst).await;
    let id = clean(&stage, 1).await[0];
    stage.attempt(&stage.services, id).await;
    let ring = async |topic: &str| {
        let ledger = &stage.services.ledger;
        ledger
            .wake(topic, Actor::System("bell".into()))
            .await
            .unwrap()
    };
    assert_eq!(ring("test.other").await, 0);
    assert_eq!(ring(BELL).await, 1);
    assert_eq!(ring(BELL).await, 0, "it waits no longer");
    let job = stage.attempt(&stage.services, id).await;
    stage.assert_end(&job, State::Completed, (1, 0)).await;
}

#[tokio::test]
async fn failures_before_a_wait_do_not_count_after_it() {
    let stage = stage(LedgerKind::Sqlite, Twist::WaitsFirst).await;
    let id = clean(&stage, 1).await[0];
    stage.faults([Fault::always(FaultKind::Reset).times(3)]);
    let job = stage.attempt(&stage.services, id).await;
    assert_eq!((job.state, job.failures), (State::Retryable, 1));
    stage.skip_pause(&job).await;
    let job = stage.attempt(&stage.services, id).await;
    assert_eq!((job.state, job.failures), (State::Waiting, 0));
}

async fn one_at_a_time(ledger: LedgerKind) {
    let stage = stage(ledger, Twist::OneMatter).await;
    let ids = clean(&stage, 2).await;
    let (first, second) = (ids[0], ids[1]);
    // The first does not know whether it acted.
    let lost = Fault::always(FaultKind::LostAnswer).on(ISSUE).times(1);
    let silent = Fault::always(FaultKind::Reset).on(STATUS).times(3);
    stage.faults([lost, silent]);
    let job = stage.attempt(&stage.services, first).await;
    assert_eq!(job.state, State::Retryable);
    assert_eq!(stage.effects(first).await, [EffectState::Unknown]);
    let job = stage.attempt(&stage.services, second).await;
    stage.assert_end(&job, State::Waiting, (0, 0)).await;
    assert_eq!(topic(&stage, second).await.as_deref(), Some("test.one"));
    // Its time comes again and again, and it is not its turn.
    stage.skip_pause(&job).await;
    let job = stage.attempt(&stage.services, second).await;
    assert_eq!(job.state, State::Waiting);
    let job = stage.lead(&stage.services, first).await;
    stage.assert_end(&job, State::Completed, (1, 0)).await;
    // Who gives the matter back wakes those who wait for it.
    assert_eq!(stage.job(second).await.state, State::Available);
    let job = stage.attempt(&stage.services, second).await;
    stage.assert_end(&job, State::Completed, (1, 0)).await;
}

#[tokio::test]
async fn a_matter_is_worked_on_by_one_job_at_a_time_on_sqlite() {
    one_at_a_time(LedgerKind::Sqlite).await;
}

#[tokio::test]
async fn a_matter_is_worked_on_by_one_job_at_a_time_on_postgres() {
    one_at_a_time(LedgerKind::Postgres).await;
}

#[tokio::test]
async fn a_job_that_rests_with_nothing_done_lets_others_have_its_matter() {
    let stage = stage(LedgerKind::Sqlite, Twist::OneMatter).await;
    let risky = stage.cases(|case| matches!(case, Case::Risk(_))).next();
    let blocked = stage.submit(risky.unwrap()).await;
    let job = stage.attempt(&stage.services, blocked).await;
    assert_eq!(job.state, State::Blocked);
    let id = clean(&stage, 1).await[0];
    let job = stage.attempt(&stage.services, id).await;
    stage.assert_end(&job, State::Completed, (1, 0)).await;
}

#[tokio::test]
async fn a_dead_job_keeps_its_matter_until_it_is_taken_over() {
    let stage = stage(LedgerKind::Sqlite, Twist::OneMatter).await;
    let ids = clean(&stage, 2).await;
    let doomed = stage.process().await;
    let ledger = &stage.services.ledger;
    let claim = clerkwork_ledger::Claim {
        job: ids[0],
        attempt: 1,
        worker: doomed.worker,
        actor: doomed.robot(),
    };
    ledger.claim(claim).await.unwrap();
    assert!(ledger.hold(ids[0], "test.one").await.unwrap());
    stage.rescue(doomed.worker).await;
    let job = stage.attempt(&stage.services, ids[1]).await;
    assert_eq!(job.state, State::Waiting);
    for id in ids {
        let job = stage.lead(&stage.services, id).await;
        stage.assert_end(&job, State::Completed, (1, 0)).await;
    }
}

#[tokio::test]
async fn an_item_that_asks_to_be_decided_again_and_again_goes_to_a_person() {
    let stage = stage(LedgerKind::Sqlite, Twist::NeverContent).await;
    let id = clean(&stage, 1).await[0];
    let job = stage.attempt(&stage.services, id).await;
    stage.assert_end(&job, State::Blocked, (0, 0)).await;
    assert_eq!(stage.blocked_by(id).await, ["fleet.gate_closed"]);
}
