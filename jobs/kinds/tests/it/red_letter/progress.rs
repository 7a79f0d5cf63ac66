//! What the job itself did changes no fact but those of progress, and raises no finding.

use clerkwork_connectors_api::{
    ErrorKind,
    red_letter::{FormState, RedLetterApplication, SettlementKind, Side, VatUse},
};
use clerkwork_core::{EffectState, Facts};
use clerkwork_kinds::{Done, Found, Order, Past};
use serde_json::json;

use super::world::{Desk, FORM, State, entered, example, form, item, record};

/// The example, issued by the bureau, deducted by the buyer: every step is needed.
fn desk(times: i64) -> Desk {
    let mut application = example();
    application.settlement = Some(SettlementKind::Refund);
    let mut state = State::of(&application, times);
    state.agent_issued();
    state.blue().vat_use = VatUse::Confirmed;
    Desk::new(application, state)
}

fn stage(facts: &Facts) -> (String, String) {
    let word = |name| match facts.value(name) {
        Some(clerkwork_core::FactValue::Text(word)) => word.clone(),
        other => panic!("{name}: {other:?}"),
    };
    (word("stage"), word("form_state"))
}

/// The facts now: as at the beginning, without findings, at this stage.
async fn unchanged(desk: &Desk, first: &Facts, at: (&str, &str)) {
    let (findings, facts) = desk.review().await;
    assert_eq!(findings, [], "{at:?}");
    let shown = stage(&facts);
    assert_eq!((shown.0.as_str(), shown.1.as_str()), at);
    for (name, fact) in &first.0 {
        if !fact.progress {
            assert_eq!(facts.value(name), Some(&fact.value), "{name} at {at:?}");
        }
    }
    assert_eq!(facts.digest(), first.digest(), "{at:?}");
}

/// Lets every write be done and its answer be lost, then asks both before and after it is found.
async fn every_stage(times: i64) {
    let mut desk = desk(times);
    let (_, first) = desk.review().await;
    unchanged(&desk, &first, ("fresh", "none")).await;

    assert!(matches!(desk.proceed().await, Ok(Done::Waiting(_))));
    let waits = ("form_entered", "waits_for_buyer");
    unchanged(&desk, &first, waits).await;
    for state in [EffectState::Intended, EffectState::Unknown] {
        (desk.records[0].state, desk.records[0].result) = (state, None);
        unchanged(&desk, &first, waits).await;
    }
    desk.world.with(|s| s.forms[0].state = FormState::Confirmed);
    unchanged(&desk, &first, ("form_entered", "confirmed")).await;

    // Each write stops the attempt for a technical reason; the next attempt finds what stands.
    for (next, name) in [
        ("open_settlement", "issue_red"),
        ("write_back", "settle_tax"),
    ] {
        desk.world
            .with(|s| s.refuse = Some((next, ErrorKind::Transient, None)));
        assert!(desk.proceed().await.is_err());
        let stage = if name == "issue_red" {
            "issued"
        } else {
            "settled"
        };
        unchanged(&desk, &first, (stage, "confirmed")).await;
        let at = desk.records.iter().position(|r| r.name == name).unwrap();
        let kept = desk.records[at].clone();
        for state in [EffectState::Intended, EffectState::Unknown] {
            (desk.records[at].state, desk.records[at].result) = (state, None);
            // The form tells that the red invoice is out; a settlement is asked for.
            unchanged(&desk, &first, ("issued", "confirmed")).await;
        }
        desk.records[at] = kept;
    }
    assert!(matches!(desk.proceed().await, Ok(Done::Completed { .. })));
    unchanged(&desk, &first, ("settled", "confirmed")).await;
}

#[tokio::test]
async fn facts_stay_the_same_over_every_stage_of_a_partial_reversal() {
    every_stage(2).await;
}

#[tokio::test]
async fn facts_stay_the_same_over_every_stage_of_a_full_reversal() {
    every_stage(1).await;
}

#[tokio::test]
async fn facts_stay_the_same_when_the_other_sides_form_is_answered() {
    let mut desk = desk(2);
    let theirs = |application: &RedLetterApplication| {
        form(application, FORM, Side::Buyer, FormState::WaitsForSeller)
    };
    let theirs = theirs(&desk.application);
    desk.world.with(|s| s.forms.push(theirs));
    let (_, first) = desk.review().await;
    unchanged(&desk, &first, ("fresh", "none")).await;
    desk.world
        .with(|s| s.refuse = Some(("issue_red", ErrorKind::Transient, None)));
    assert!(desk.proceed().await.is_err());
    unchanged(&desk, &first, ("form_entered", "confirmed")).await;
    for state in [EffectState::Intended, EffectState::Unknown] {
        (desk.records[0].state, desk.records[0].result) = (state, None);
        unchanged(&desk, &first, ("form_entered", "confirmed")).await;
    }
    // Announced and not yet answered: nothing has come of it.
    desk.world
        .with(|s| s.forms[0].state = FormState::WaitsForSeller);
    unchanged(&desk, &first, ("fresh", "none")).await;
    assert!(matches!(desk.proceed().await, Ok(Done::Completed { .. })));
    unchanged(&desk, &first, ("settled", "confirmed")).await;
}

#[tokio::test]
async fn facts_stay_the_same_over_a_return() {
    let mut desk = desk(2);
    let (_, first) = desk.review().await;
    let order = Order::Return {
        reasons: vec!["资料不全".into()],
    };
    let done = desk.attempt(&order, true).await.unwrap();
    assert_eq!(done, Done::Returned);
    unchanged(&desk, &first, ("fresh", "none")).await;
}

#[tokio::test]
async fn what_others_do_meanwhile_does_change_the_facts() {
    let mut desk = desk(2);
    let (_, first) = desk.review().await;
    assert!(matches!(desk.proceed().await, Ok(Done::Waiting(_))));
    desk.world.with(|s| s.forms[0].state = FormState::Lapsed);
    let (findings, facts) = desk.review().await;
    assert_eq!(findings.len(), 1);
    assert_ne!(facts.digest(), first.digest());
}

/// A form that somebody is entering at this moment may hold what this one would reverse, or say
/// the same.
#[tokio::test]
async fn while_somebody_elses_form_is_being_saved_nothing_is_judged() {
    let gathered = async |desk: &Desk| {
        item(&desk.application)
            .gather(
                &desk.world.upstreams(),
                &desk.clock,
                Past(&desk.records),
                &mut Found::default(),
            )
            .await
    };
    let mut desk = desk(2);
    desk.world.with(|s| s.saving = true);
    let create = |state| record("create_form", state, Some(json!([])), None);
    for (state, judged) in [
        (None, false),
        (Some(EffectState::Refused), false),
        (Some(EffectState::Intended), true),
        (Some(EffectState::Unknown), true),
    ] {
        desk.records = state.map(create).into_iter().collect();
        match gathered(&desk).await {
            Ok(_) => assert!(judged, "{state:?}"),
            Err(error) => {
                assert!(!judged, "{state:?}");
                assert_eq!(error.kind(), ErrorKind::Transient);
                assert!(error.message.contains("saving another form"), "{error:?}");
            }
        }
    }
    // The job's own form stands: what is being saved is another.
    desk.records = vec![entered(FORM, FormState::WaitsForBuyer)];
    assert!(gathered(&desk).await.is_err());
    desk.world.with(|s| s.saving = false);
    assert!(gathered(&desk).await.is_ok());
}
