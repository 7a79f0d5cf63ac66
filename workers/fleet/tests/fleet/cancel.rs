//! A person calls an item off while it is being worked on.

use clerkwork_core::{Actor, EffectState, JobId, State};
use clerkwork_ledger::CancelOutcome;
use clerkwork_rig::LedgerKind;
use clerkwork_sandbox::{Fault, FaultKind};

use crate::{
    onlooker::{Call, JustBefore, watched},
    stage::{ISSUE, Stage},
};

async fn ask(services: &clerkwork_runtime::Services, id: JobId) -> CancelOutcome {
    let by = Actor::User("eva".into());
    let asked = services.ledger.request_cancel(id, by, "submitted twice");
    asked.await.unwrap()
}

/// Asks just before this call leaves, in the first attempt.
async fn asked_before(stage: &Stage, call: Call) -> JobId {
    let id = stage.submit(stage.clean()).await;
    let services = stage.services.clone();
    let wish = JustBefore::new(call, move || async move {
        assert_eq!(ask(&services, id).await, CancelOutcome::Requested);
    });
    stage.attempt(&watched(&stage.services, wish), id).await;
    id
}

async fn before_the_announcement(ledger: LedgerKind) {
    let stage = Stage::new(ledger, 50).await;
    let id = asked_before(&stage, Call::Dossier).await;
    let job = stage.job(id).await;
    stage.assert_end(&job, State::Cancelled, (0, 0)).await;
    assert_eq!(stage.effects(id).await, []);
}

#[tokio::test]
async fn a_wish_before_the_announcement_stops_the_act_on_sqlite() {
    before_the_announcement(LedgerKind::Sqlite).await;
}

#[tokio::test]
async fn a_wish_before_the_announcement_stops_the_act_on_postgres() {
    before_the_announcement(LedgerKind::Postgres).await;
}

#[tokio::test]
async fn a_wish_after_the_announcement_comes_too_late() {
    let stage = Stage::new(LedgerKind::Sqlite, 50).await;
    let id = asked_before(&stage, Call::Issue).await;
    let job = stage.job(id).await;
    stage.assert_end(&job, State::Completed, (1, 0)).await;
}

/// The process dies after the wish: who takes over heeds it as well.
#[tokio::test]
async fn a_wish_outlives_the_process_that_it_was_told_to() {
    let stage = Stage::new(LedgerKind::Sqlite, 50).await;
    let id = stage.submit(stage.clean()).await;
    let dead = stage.process().await;
    crate::claims::claim(&dead, &stage.entry(id).await).await;
    assert_eq!(ask(&stage.services, id).await, CancelOutcome::Requested);
    let job = stage.lead(&stage.services, id).await;
    stage.assert_end(&job, State::Cancelled, (0, 0)).await;
}

/// The act was tried and its outcome is open when the wish comes: what happened is found out
/// first, and only what did not happen is called off.
#[tokio::test]
async fn a_wish_while_an_effect_is_open_is_heeded_only_if_nothing_happened() {
    let stage = Stage::new(LedgerKind::Sqlite, 50).await;
    for (fault, state, acts, effect) in [
        (
            FaultKind::Reset,
            State::Cancelled,
            (0, 0),
            EffectState::Unknown,
        ),
        (
            FaultKind::LostAnswer,
            State::Completed,
            (1, 0),
            EffectState::Confirmed,
        ),
    ] {
        let silent = Fault::always(FaultKind::Reset)
            .on(crate::stage::STATUS)
            .times(3);
        stage.faults([Fault::always(fault).on(ISSUE).times(1), silent]);
        let id = stage.submit(stage.unsubmitted_clean().await).await;
        let job = stage.attempt(&stage.services, id).await;
        assert_eq!(job.state, State::Retryable);
        stage.skip_pause(&job).await;
        let services = stage.services.clone();
        let wish = JustBefore::new(Call::Status, move || async move {
            ask(&services, id).await;
        });
        let job = stage.attempt(&watched(&stage.services, wish), id).await;
        stage.assert_end(&job, state, acts).await;
        assert_eq!(stage.effects(id).await, [effect]);
    }
}
