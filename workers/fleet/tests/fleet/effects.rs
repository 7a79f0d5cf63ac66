//! What the upstream can do to an effect, and how the item ends all the same.

use std::time::Duration;

use clerkwork_core::{EffectState, IdempotencyKey, Job, JobId, State, Verdict};
use clerkwork_rig::{LedgerKind, RigOptions};
use clerkwork_sandbox::{Case, Fault, FaultKind, Faults};

use crate::{
    onlooker::{Call, JustBefore, watched},
    stage::{DOSSIER, ISSUE, RETURN, STATUS, Stage},
};

const UNAVAILABLE: FaultKind = FaultKind::ServerError {
    status: 503,
    after_act: false,
};

/// Two failures are the end, so that an upstream that is down is given up soon.
async fn stage(ledger: LedgerKind) -> Stage {
    Stage::with(RigOptions {
        ledger,
        settings: vec![("fleet.max_attempts", "2".into())],
        ..RigOptions::default()
    })
    .await
}

/// An item that is to be returned.
fn defective(stage: &Stage) -> usize {
    let mut found = stage.cases(|case| case.expected() == Verdict::Return);
    found.next().unwrap()
}

/// One clean item goes through one attempt under these faults.
async fn attempted<const N: usize>(stage: &Stage, faults: [Fault; N]) -> Job {
    stage.faults(faults);
    let id = stage.submit(stage.clean()).await;
    stage.attempt(&stage.services, id).await
}

/// The item ends as if nothing had been the matter, with one act upstream.
async fn assert_issued_once(stage: &Stage, id: JobId) {
    let job = stage.lead(&stage.services, id).await;
    stage.assert_end(&job, State::Completed, (1, 0)).await;
    assert_eq!(stage.effects(id).await, [EffectState::Confirmed]);
}

#[track_caller]
fn assert_struck(stage: &Stage, fault: &str, times: u64) {
    let struck = stage.rig.sandbox.state().counts().faults;
    assert_eq!(struck.get(fault), Some(&times), "{struck:?}");
}

async fn lost_answer(ledger: LedgerKind) {
    let stage = stage(ledger).await;
    let lost = Fault::always(FaultKind::LostAnswer).times(2);
    stage.faults([lost.on(ISSUE).on(RETURN)]);
    let issue = stage.submit(stage.clean()).await;
    let job = stage.attempt(&stage.services, issue).await;
    stage.assert_end(&job, State::Completed, (1, 0)).await;
    let told = stage.story(issue).await;
    let looked_up = [
        "job.decided",
        "effect.intended",
        "effect.unknown",
        "effect.confirmed",
    ];
    assert_eq!(told[..4], looked_up);
    let give_back = stage.submit(defective(&stage)).await;
    let job = stage.attempt(&stage.services, give_back).await;
    stage.assert_end(&job, State::Returned, (0, 1)).await;
    assert_eq!(stage.story(give_back).await[..4], looked_up);
    assert_struck(&stage, "lost_answer", 2);
}

#[tokio::test]
async fn an_answer_lost_after_the_act_is_looked_up_on_sqlite() {
    lost_answer(LedgerKind::Sqlite).await;
}

#[tokio::test]
async fn an_answer_lost_after_the_act_is_looked_up_on_postgres() {
    lost_answer(LedgerKind::Postgres).await;
}

/// Both the answer and the first questions for it are lost: the next attempt finds it out.
#[tokio::test]
async fn an_answer_lost_for_longer_is_looked_up_by_the_next_attempt() {
    let stage = stage(LedgerKind::Sqlite).await;
    let lost = Fault::always(FaultKind::LostAnswer).on(ISSUE).times(1);
    let silent = Fault::always(FaultKind::Reset).on(STATUS).times(3);
    let job = attempted(&stage, [lost, silent]).await;
    assert_eq!((job.state, job.failures), (State::Retryable, 1));
    assert_eq!(stage.effects(job.id).await, [EffectState::Unknown]);
    assert_issued_once(&stage, job.id).await;
    let intended = stage.events(job.id).await;
    let intended = intended.iter().filter(|kind| *kind == "effect.intended");
    assert_eq!(intended.count(), 1, "it was found, not tried again");
}

#[tokio::test]
async fn a_refusal_as_a_duplicate_is_looked_up_in_each_of_its_wordings() {
    let stage = stage(LedgerKind::Sqlite).await;
    let wordings = 3;
    for i in stage.cases(|case| case == Case::Clean).take(wordings) {
        let id = stage.submit(i).await;
        let number = stage.job(id).await.reference;
        let api = stage.services.upstreams.agent_invoices.clone();
        let twin = JustBefore::new(Call::Issue, || async move {
            let key = IdempotencyKey("another".into());
            api.approve_and_issue(&key, &number).await.unwrap();
        });
        let job = stage.attempt(&watched(&stage.services, twin), id).await;
        stage.assert_end(&job, State::Completed, (1, 0)).await;
    }
    let returns = stage.cases(|case| case.expected() == Verdict::Return);
    for i in returns.take(wordings) {
        let id = stage.submit(i).await;
        let number = stage.job(id).await.reference;
        let api = stage.services.upstreams.agent_invoices.clone();
        let twin = JustBefore::new(Call::Return, || async move {
            let key = IdempotencyKey("another".into());
            let reasons = ["重复办理".to_owned()];
            let made = api.return_to_applicant(&key, &number, &reasons);
            made.await.unwrap();
        });
        let job = stage.attempt(&watched(&stage.services, twin), id).await;
        stage.assert_end(&job, State::Returned, (0, 1)).await;
    }
    let refused = stage.rig.sandbox.state().counts().refused;
    assert_eq!(refused, 2 * wordings as u64);
}

#[tokio::test]
async fn a_withdrawal_before_the_decision_and_one_before_the_act_go_to_a_person() {
    let stage = stage(LedgerKind::Sqlite).await;
    let clean: Vec<_> = stage.cases(|case| case == Case::Clean).take(2).collect();
    let asked = [
        (Call::Dossier, "agent_invoice."),
        (Call::Issue, "fleet.outcome_unclear"),
    ];
    for (i, (call, rule)) in clean.into_iter().zip(asked) {
        let id = stage.submit(i).await;
        let number = stage.job(id).await.reference;
        let upstream = stage.rig.sandbox.state().clone();
        let withdrawal = JustBefore::new(call, || async move {
            assert!(upstream.withdraw(&number));
        });
        let job = stage
            .attempt(&watched(&stage.services, withdrawal), id)
            .await;
        stage.assert_end(&job, State::Blocked, (0, 0)).await;
        let rules = stage.blocked_by(id).await;
        assert!(rules.iter().all(|id| id.starts_with(rule)), "{rules:?}");
    }
}

#[tokio::test]
async fn a_reset_before_the_act_is_looked_up_and_tried_again() {
    let stage = stage(LedgerKind::Sqlite).await;
    let reset = Fault::always(FaultKind::Reset).on(ISSUE).times(1);
    let job = attempted(&stage, [reset]).await;
    assert_eq!((job.state, job.failures), (State::Retryable, 1));
    assert_eq!(stage.effects(job.id).await, [EffectState::Unknown]);
    assert_eq!(stage.acts(&job), (0, 0));
    assert!(job.last_error.is_some());
    assert_issued_once(&stage, job.id).await;
}

#[tokio::test]
async fn too_many_requests_are_no_failure_and_the_wish_to_wait_is_honoured() {
    let stage = stage(LedgerKind::Sqlite).await;
    let asked = Duration::from_secs(7);
    for method in [DOSSIER, ISSUE] {
        let busy = FaultKind::TooManyRequests {
            retry_after_seconds: Some(7),
        };
        stage.faults([Fault::always(busy).on(method).times(1)]);
        let id = stage.submit(stage.unsubmitted_clean().await).await;
        let before = stage.services.clock.now();
        let job = stage.attempt(&stage.services, id).await;
        assert_eq!((job.state, job.failures), (State::Retryable, 0), "{method}");
        assert!(job.run_at >= before.after(asked), "{method}");
        let early = before.after(asked).before(Duration::from_micros(1));
        let promoted = stage.services.ledger.promote_due(early, 10).await;
        assert_eq!(promoted.unwrap(), 0, "{method}");
        assert_issued_once(&stage, id).await;
    }
}

#[tokio::test]
async fn a_server_error_on_a_write_is_looked_up_whether_it_acted_or_not() {
    let stage = stage(LedgerKind::Sqlite).await;
    let clean: Vec<_> = stage.cases(|case| case == Case::Clean).take(2).collect();
    let ends = [(true, State::Completed), (false, State::Retryable)];
    for (i, (after_act, state)) in clean.into_iter().zip(ends) {
        let error = FaultKind::ServerError {
            status: 502,
            after_act,
        };
        stage.faults([Fault::always(error).on(ISSUE).times(1)]);
        let id = stage.submit(i).await;
        let job = stage.attempt(&stage.services, id).await;
        assert_eq!(job.state, state);
        let unknown = "effect.unknown".to_owned();
        assert!(stage.events(id).await.contains(&unknown));
        assert_issued_once(&stage, id).await;
    }
}

#[tokio::test]
async fn a_maintenance_page_in_place_of_json_is_waited_out() {
    let stage = stage(LedgerKind::Sqlite).await;
    let clean: Vec<_> = stage.cases(|case| case == Case::Clean).take(4).collect();
    // A read is tried three times within one attempt, a write once.
    let pages = [
        (200, DOSSIER, 3),
        (503, DOSSIER, 3),
        (200, ISSUE, 1),
        (503, ISSUE, 1),
    ];
    for (i, (status, method, times)) in clean.into_iter().zip(pages) {
        let page = Fault::always(FaultKind::Maintenance { status });
        stage.faults([page.on(method).times(times)]);
        let id = stage.submit(i).await;
        let job = stage.attempt(&stage.services, id).await;
        assert_eq!((job.state, job.failures), (State::Retryable, 1), "{status}");
        assert_issued_once(&stage, id).await;
    }
}

#[tokio::test]
async fn a_malformed_answer_to_a_write_is_looked_up_and_one_to_a_read_goes_to_the_exceptions() {
    let stage = stage(LedgerKind::Sqlite).await;
    let malformed = Fault::always(FaultKind::MalformedAnswer).times(1);
    let job = attempted(&stage, [malformed.clone().on(ISSUE)]).await;
    assert_eq!(job.state, State::Completed);
    assert_issued_once(&stage, job.id).await;

    stage.faults([malformed.on(DOSSIER)]);
    let next = stage.cases(|case| case == Case::Clean).nth(1).unwrap();
    let id = stage.submit(next).await;
    let job = stage.attempt(&stage.services, id).await;
    stage.assert_end(&job, State::Failed, (0, 0)).await;
    redrive(&stage, id).await;
    assert_issued_once(&stage, id).await;
}

async fn redrive(stage: &Stage, id: JobId) {
    let by = clerkwork_core::Actor::User("eva".into());
    let ledger = &stage.services.ledger;
    let changed = ledger.redrive(id, by, "upstream is back").await.unwrap();
    assert_eq!(changed, clerkwork_ledger::Changed::Yes);
}

#[tokio::test]
async fn an_upstream_that_stays_down_ends_at_the_exceptions_and_a_redrive_completes() {
    let stage = stage(LedgerKind::Sqlite).await;
    stage.faults([Fault::always(UNAVAILABLE)]);
    let id = stage.submit(stage.clean()).await;
    let job = stage.lead(&stage.services, id).await;
    stage.assert_end(&job, State::Failed, (0, 0)).await;
    assert_eq!(job.failures, 2);
    assert_eq!(stage.effects(id).await, []);
    stage.faults([]);
    redrive(&stage, id).await;
    assert_eq!(stage.job(id).await.failures, 0);
    assert_issued_once(&stage, id).await;
}

/// The upstream goes down between the announcement and the answer, for good.
async fn down_with_an_open_effect(ledger: LedgerKind, acted: bool) {
    let stage = stage(ledger).await;
    let lost = match acted {
        true => FaultKind::LostAnswer,
        false => FaultKind::Reset,
    };
    let silent = Fault::always(UNAVAILABLE).on(STATUS);
    stage.faults([Fault::always(lost).on(ISSUE), silent]);
    let id = stage.submit(stage.clean()).await;
    let job = stage.lead(&stage.services, id).await;
    let acts = (usize::from(acted), 0);
    stage.assert_end(&job, State::Blocked, acts).await;
    assert_eq!(stage.blocked_by(id).await, ["fleet.outcome_unclear"]);
    assert_eq!(stage.effects(id).await, [EffectState::Unknown]);
    stage.faults([]);
    stage.decide(id, true).await;
    assert_issued_once(&stage, id).await;
}

#[tokio::test]
async fn an_open_effect_is_never_given_up_silently_on_sqlite() {
    down_with_an_open_effect(LedgerKind::Sqlite, true).await;
    down_with_an_open_effect(LedgerKind::Sqlite, false).await;
}

#[tokio::test]
async fn an_open_effect_is_never_given_up_silently_on_postgres() {
    down_with_an_open_effect(LedgerKind::Postgres, true).await;
}

/// Nothing at all listens where the upstream should be.
#[tokio::test]
async fn an_upstream_that_refuses_connections_ends_at_the_exceptions() {
    let mut stage = stage(LedgerKind::Sqlite).await;
    let id = stage.submit(stage.clean()).await;
    let mut config = stage.rig.config();
    config.etax.base_url = Some("http://127.0.0.1:9".into());
    let nowhere =
        clerkwork_runtime::connect_upstreams(&config, clerkwork_runtime::Surroundings::default())
            .unwrap();
    let real = std::mem::replace(&mut stage.services.upstreams, nowhere);
    let job = stage.lead(&stage.services, id).await;
    stage.assert_end(&job, State::Failed, (0, 0)).await;
    stage.services.upstreams = real;
    redrive(&stage, id).await;
    assert_issued_once(&stage, id).await;
}

/// Faults of every sort at once, on many items: each ends once.
#[tokio::test]
async fn a_stormy_upstream_makes_no_item_end_twice() {
    let stage = Stage::new(LedgerKind::Sqlite, 60).await;
    let kinds = [
        FaultKind::LostAnswer,
        FaultKind::Reset,
        FaultKind::MalformedAnswer,
        FaultKind::Busy,
    ];
    let often = |kind| Fault::always(kind).with_probability(0.1);
    let faults = kinds.map(|kind| often(kind).on(ISSUE).on(RETURN));
    stage
        .rig
        .sandbox
        .state()
        .set_faults(Faults(faults.into()))
        .unwrap();

    for i in stage.cases(|_| true) {
        let id = stage.submit(i).await;
        let job = stage.lead(&stage.services, id).await;
        let acts = match job.state {
            State::Completed => (1, 0),
            State::Returned => (0, 1),
            State::Blocked => (0, 0),
            other => panic!("{other}: {:?}", job.last_error),
        };
        stage.assert_end(&job, job.state, acts).await;
    }
    let struck = stage.rig.sandbox.state().counts().faults;
    assert!(struck.len() == kinds.len(), "{struck:?}");
}
