//! Red-letter applications of every case, led by a whole process while its clock is moved; and what
//! must hold between the two writes.

use std::time::Duration;

use clerkwork_connectors_api::red_letter::{ConfirmationForm, ReversalDraft};
use clerkwork_core::{Actor, EffectState, IdempotencyKey, JobId, State, Timestamp};
use clerkwork_kinds::Lookup;
use clerkwork_ledger::JobWait;
use clerkwork_rig::{
    LedgerKind, Process, RED_LETTERS, assert_red_book_agrees, assert_trail_of, settle_by_clock,
    submit_pending_of,
};
use clerkwork_sandbox::{Fault, FaultKind, Play, RedCase};

use crate::{
    LIMIT,
    red_onlooker::{Deed, Loss, Record, watched_red},
    stage::{REASON, Stage},
};

/// Every case, more than once.
const ALL: usize = 500;

async fn every_case(ledger: LedgerKind) {
    let stage = Stage::red(ledger, ALL, &[]).await;
    let services = &stage.services;
    let batch = submit_pending_of(services, RED_LETTERS, "all").await;
    let process = Process::start(services);
    settle_by_clock(&stage.rig, services, batch, LIMIT).await;
    process.stop().await;
    assert_red_book_agrees(&stage.rig, services, batch).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_case_ends_as_it_was_made_to_on_sqlite() {
    every_case(LedgerKind::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_case_ends_as_it_was_made_to_on_postgres() {
    every_case(LedgerKind::Postgres).await;
}

async fn red(case: RedCase) -> Stage {
    Stage::red(LedgerKind::Sqlite, 12, &[case]).await
}

/// The form that the job entered, and the ledger's word on what it waits for.
async fn form_of(stage: &Stage, id: JobId) -> (ConfirmationForm, JobWait) {
    let wait = stage.services.ledger.wait_of(id).await.unwrap().unwrap();
    let number = wait.topic.strip_prefix("etax.form:").unwrap();
    (stage.rig.sandbox.state().form(number).unwrap(), wait)
}

#[tokio::test]
async fn the_deadline_is_72_hours_from_the_form_to_the_second_and_held_in_the_ledger() {
    let stage = red(RedCase::Silent).await;
    let id = stage.submit_red(0).await;
    let job = stage.attempt(&stage.services, id).await;
    assert_eq!(job.state, State::Waiting);
    let (form, wait) = form_of(&stage, id).await;
    let hours = Duration::from_secs(72 * 3_600);
    let deadline = form.entered_at.after(hours);
    assert_eq!(wait.deadline, Some(deadline));
    // A second before, the other side may still confirm, and the job looks again at the deadline.
    let until = |time: Timestamp| time.since(stage.services.clock.now());
    stage
        .rig
        .clock
        .advance(until(deadline.before(Duration::from_secs(1))));
    let now = stage.services.clock.now();
    assert_eq!(stage.services.ledger.promote_due(now, 10).await.unwrap(), 1);
    let job = stage.attempt(&stage.services, id).await;
    assert_eq!((job.state, job.run_at), (State::Waiting, deadline));
    stage.rig.clock.advance(until(deadline));
    let now = stage.services.clock.now();
    assert_eq!(stage.services.ledger.promote_due(now, 10).await.unwrap(), 1);
    let job = stage.attempt(&stage.services, id).await;
    assert_eq!(job.state, State::Returned, "{:?}", job.last_error);
    let returned = stage.rig.sandbox.state().red_book().returned;
    let reasons = &returned[&job.reference][0].reasons;
    assert!(reasons[0].contains("RLI-FORM-003"), "{reasons:?}");
}

#[tokio::test]
async fn a_waiting_job_goes_on_when_it_is_told_that_the_other_side_confirmed() {
    let stage = red(RedCase::Silent).await;
    let id = stage.submit_red(0).await;
    stage.attempt(&stage.services, id).await;
    let (form, wait) = form_of(&stage, id).await;
    // A lie costs a look and no more.
    let ring = || {
        stage
            .services
            .ledger
            .wake(&wait.topic, Actor::System("callback".into()))
    };
    assert_eq!(ring().await.unwrap(), 1);
    assert_eq!(
        stage.attempt(&stage.services, id).await.state,
        State::Waiting
    );
    assert!(
        stage
            .rig
            .sandbox
            .state()
            .play_form(&form.number, Play::Agree)
    );
    assert_eq!(ring().await.unwrap(), 1);
    let job = stage.attempt(&stage.services, id).await;
    assert_eq!(job.state, State::Completed, "{:?}", job.last_error);
    assert_trail_of(&stage.services, job).await;
}

#[tokio::test]
async fn a_form_found_being_saved_is_looked_up_and_not_entered_again() {
    let stage = red(RedCase::ReturnInPart).await;
    let saving = FaultKind::Saving {
        milliseconds: 60_000,
    };
    stage.faults([Fault::always(saving).on("bchzqrd").times(1)]);
    let id = stage.submit_red(0).await;
    let job = stage.attempt(&stage.services, id).await;
    assert_eq!(job.state, State::Retryable, "neither there nor absent");
    assert_eq!(stage.effects(id).await, [EffectState::Unknown]);
    // Still being saved: asked again, not entered.
    stage.skip_pause(&job).await;
    let job = stage.attempt(&stage.services, id).await;
    assert_eq!(job.state, State::Retryable);
    stage.rig.clock.advance(Duration::from_secs(61));
    let job = stage.lead_red(&stage.services, id).await;
    assert_eq!(job.state, State::Completed, "{:?}", job.last_error);
    let acts = stage.red_acts(&job);
    assert_eq!((acts.forms, acts.reds, acts.reports), (1, 1, 1));
    let calls = stage.rig.sandbox.state().counts().calls["bchzqrd"];
    assert_eq!(calls, 1, "the form was entered by one call");
}

/// What a person let pass holds over the wait, since the job's own acts do not change it.
#[tokio::test]
async fn an_approval_holds_over_the_wait_if_nothing_but_the_form_has_changed() {
    let stage = red(RedCase::CrossYearDeducted).await;
    let id = stage.submit_red(0).await;
    let job = stage.lead_red(&stage.services, id).await;
    assert_eq!(job.state, State::Blocked);
    stage.decide(id, true).await;
    let job = stage.attempt(&stage.services, id).await;
    assert_eq!(job.state, State::Waiting, "{:?}", stage.events(id).await);
    let (form, _) = form_of(&stage, id).await;
    stage
        .rig
        .sandbox
        .state()
        .play_form(&form.number, Play::Agree);
    let job = stage.lead_red(&stage.services, id).await;
    assert_eq!(job.state, State::Completed, "{:?}", stage.events(id).await);
    assert_eq!(stage.reviews(id).await.len(), 1, "asked once");
}

/// The other side refuses what a person had let pass; the person sends it back.
#[tokio::test]
async fn a_refusal_after_an_approval_comes_back_to_a_person_who_can_return_it() {
    let stage = red(RedCase::CrossYearDeducted).await;
    let id = stage.submit_red(0).await;
    stage.lead_red(&stage.services, id).await;
    stage.decide(id, true).await;
    stage.attempt(&stage.services, id).await;
    let (form, _) = form_of(&stage, id).await;
    stage
        .rig
        .sandbox
        .state()
        .play_form(&form.number, Play::Refuse);
    let job = stage.lead_red(&stage.services, id).await;
    assert_eq!(job.state, State::Blocked);
    let rules = stage.blocked_by(id).await;
    assert!(
        rules.iter().any(|id| id == "fleet.approval_lapsed"),
        "{rules:?}"
    );
    stage.decide(id, false).await;
    let job = stage.lead_red(&stage.services, id).await;
    assert_eq!(job.state, State::Returned, "{:?}", stage.events(id).await);
    let returned = stage.rig.sandbox.state().red_book().returned;
    let reasons = returned[&job.reference][0].reasons.join(" ");
    assert!(
        reasons.contains(REASON) && reasons.contains("RLI-FORM-001"),
        "{reasons}"
    );
}

/// What the job's form says.
fn draft(stage: &Stage, i: usize) -> ReversalDraft {
    let state = stage.rig.sandbox.state();
    let application = state.red_world().application(i).unwrap();
    ReversalDraft {
        started_by: application.started_by,
        blue: application.blue,
        seller: application.seller,
        buyer: application.buyer,
        reason: application.reason,
        lines: application.lines,
        net: application.total_net,
        tax: application.total_tax,
    }
}

/// Enters the form that the job is to enter, as somebody else or as a request that comes late.
fn enters(stage: &Stage, i: usize) -> Deed {
    let (draft, real) = (
        draft(stage, i),
        stage.services.upstreams.red_letters.clone(),
    );
    Box::new(move || {
        Box::pin(async move {
            let key = IdempotencyKey("another".into());
            real.create_form(&key, &draft).await.unwrap();
        })
    })
}

/// The first attempt loses `create_form` like this, and cannot ask for it.
async fn loses_the_form(stage: &Stage, id: JobId, loss: Loss) {
    let record = Record::default();
    record.lock().unwrap().loses = Some(("create_form", loss));
    stage.faults([Fault::always(FaultKind::Reset).on("cxlzfphzqrd").times(3)]);
    let services = watched_red(&stage.services, &record);
    let job = stage.attempt(&services, id).await;
    assert_eq!(job.state, State::Retryable);
    assert_eq!(stage.effects(id).await, [EffectState::Unknown]);
    stage.skip_pause(&job).await;
}

/// The request lands after the next attempt has looked for it and before it would make another.
#[tokio::test]
async fn a_form_that_lands_between_the_look_and_the_gate_is_found_and_not_entered_again() {
    let stage = red(RedCase::ReturnInPart).await;
    let id = stage.submit_red(0).await;
    loses_the_form(&stage, id, Loss::Request).await;
    let record = Record::default();
    record.lock().unwrap().before_call = Some(("dossier", enters(&stage, 0)));
    let services = watched_red(&stage.services, &record);
    let job = stage.attempt(&services, id).await;
    assert_eq!(job.state, State::Completed, "{:?}", stage.events(id).await);
    assert_eq!(record.lock().unwrap().writes, ["issue_red", "write_back"]);
    let acts = stage.red_acts(&job);
    assert_eq!((acts.forms, acts.reds), (1, 1));
}

#[tokio::test]
async fn that_an_act_is_not_there_is_believed_only_when_it_can_land_no_more() {
    let mut stage = red(RedCase::ReturnInPart).await;
    let id = stage.submit_red(0).await;
    let mut config = stage.rig.config();
    config.fleet.landing = Duration::from_secs(30);
    stage.services.config = std::sync::Arc::new(config);
    loses_the_form(&stage, id, Loss::Request).await;
    let job = stage.attempt(&stage.services, id).await;
    assert_eq!((job.state, job.failures), (State::Retryable, 1), "not yet");
    let effects = stage.services.ledger.effects(id).await.unwrap();
    let lands = effects[0].intended_at.after(Duration::from_secs(30));
    assert!(job.run_at >= lands, "asked again when it can land no more");
    let job = stage.lead_red(&stage.services, id).await;
    assert_eq!(job.state, State::Completed);
    assert_eq!(stage.red_acts(&job).forms, 1);
}

/// What was done is on record when the wish to cancel stops what was to follow.
#[tokio::test]
async fn a_cancel_between_two_acts_keeps_the_first_on_record() {
    let stage = red(RedCase::ReturnInPart).await;
    let id = stage.submit_red(0).await;
    let record = Record::default();
    let ledger = stage.services.ledger.clone();
    record.lock().unwrap().before_call = Some((
        "create_form",
        Box::new(move || {
            Box::pin(async move {
                let by = Actor::User("eva".into());
                ledger.request_cancel(id, by, "withdrawn").await.unwrap();
            })
        }),
    ));
    let services = watched_red(&stage.services, &record);
    let job = stage.attempt(&services, id).await;
    assert_eq!(job.state, State::Cancelled);
    assert_eq!(stage.effects(id).await, [EffectState::Confirmed]);
    assert_trail_of(&stage.services, job).await;
}

#[tokio::test]
async fn a_wish_to_cancel_is_heard_before_a_wait() {
    let stage = red(RedCase::Silent).await;
    let id = stage.submit_red(0).await;
    let record = Record::default();
    let ledger = stage.services.ledger.clone();
    record.lock().unwrap().before_call = Some((
        "create_form",
        Box::new(move || {
            Box::pin(async move {
                let by = Actor::User("eva".into());
                ledger.request_cancel(id, by, "withdrawn").await.unwrap();
            })
        }),
    ));
    let services = watched_red(&stage.services, &record);
    let job = stage.attempt(&services, id).await;
    assert_eq!(job.state, State::Cancelled);
    assert_eq!(stage.effects(id).await, [EffectState::Confirmed]);
}

/// A job with a form out there is never parked where nobody is asked.
#[tokio::test]
async fn a_job_that_fails_after_its_form_was_entered_goes_to_a_person_and_goes_on_from_there() {
    let stage = red(RedCase::Silent).await;
    let id = stage.submit_red(0).await;
    stage.attempt(&stage.services, id).await;
    let (form, _) = form_of(&stage, id).await;
    stage.faults([Fault::always(FaultKind::Reset).on("cxhzqrd")]);
    let job = stage.lead_red(&stage.services, id).await;
    assert_eq!(job.state, State::Blocked, "{:?}", job.last_error);
    assert_eq!(stage.blocked_by(id).await, ["fleet.stuck_midway"]);
    stage.faults([]);
    assert!(
        stage
            .rig
            .sandbox
            .state()
            .play_form(&form.number, Play::Agree)
    );
    stage.decide(id, true).await;
    let job = stage.lead_red(&stage.services, id).await;
    assert_eq!(job.state, State::Completed, "{:?}", stage.events(id).await);
}

/// Two forms that say the same stand there: nobody guesses. The person who says which is shown what
/// the policy objects to as well.
#[tokio::test]
async fn of_two_forms_that_fit_a_person_chooses() {
    let stage = red(RedCase::ReturnInPart).await;
    let id = stage.submit_red(0).await;
    loses_the_form(&stage, id, Loss::Answer).await;
    enters(&stage, 0)().await;
    let job = stage.attempt(&stage.services, id).await;
    assert_eq!(job.state, State::Blocked, "{:?}", stage.events(id).await);
    let rules = stage.blocked_by(id).await;
    assert_eq!(rules[0], "fleet.outcome_unclear");
    assert!(
        rules
            .iter()
            .any(|rule| rule == "red_letter.other_form_open"),
        "{rules:?}"
    );
    let kind = stage.services.kinds.get(RED_LETTERS).unwrap();
    let item = kind
        .parse(&serde_json::from_str(&job.payload).unwrap())
        .unwrap();
    let effect = stage
        .services
        .ledger
        .effects(id)
        .await
        .unwrap()
        .pop()
        .unwrap();
    let said = item
        .inquire(&effect, &stage.services.upstreams)
        .await
        .unwrap()
        .unwrap();
    assert!(matches!(said.lookup, Lookup::Unclear(_)));
    let fitting = said.candidates.iter().filter(|one| one.fits).count();
    assert_eq!(fitting, 2, "{:?}", said.candidates);
}
