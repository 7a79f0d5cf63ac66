//! What a person is shown who has to say how an effect ended.

use clerkwork_connectors_api::{
    ErrorKind,
    red_letter::{FormState, RedLetterStatus, Side},
};
use clerkwork_core::EffectState;
use clerkwork_kinds::{Inquiry, Lookup};
use serde_json::json;

use super::world::{Desk, FORM, RED, State, example, form, item, record};

fn desk() -> Desk {
    let application = example();
    let state = State::of(&application, 2);
    Desk::new(application, state)
}

async fn ask(desk: &Desk, name: &str, before: Option<serde_json::Value>) -> Option<Inquiry> {
    let effect = record(name, EffectState::Unknown, before, None);
    item(&desk.application)
        .inquire(&effect, &desk.world.upstreams())
        .await
        .unwrap()
}

#[tokio::test]
async fn the_forms_that_were_not_there_before_are_shown_with_whether_they_fit() {
    let desk = desk();
    let old = "26442099000000000007";
    let mut other = form(
        &desk.application,
        "26442099000000000008",
        Side::Seller,
        FormState::Lapsed,
    );
    other.draft.lines.pop();
    let forms = [
        form(&desk.application, old, Side::Seller, FormState::Withdrawn),
        other,
        form(&desk.application, FORM, Side::Seller, FormState::NotNeeded),
    ];
    desk.world.with(|s| s.forms.extend(forms));
    let inquiry = ask(&desk, "create_form", Some(json!([old]))).await.unwrap();
    let shown: Vec<_> = inquiry
        .candidates
        .iter()
        .map(|candidate| (candidate.number.as_str(), candidate.fits))
        .collect();
    assert_eq!(shown, [("26442099000000000008", false), (FORM, true)]);
    let fitting = &inquiry.candidates[1];
    assert_eq!(inquiry.lookup, Lookup::Happened(fitting.result.clone()));
    assert_eq!(fitting.result["form_number"], FORM);
}

#[tokio::test]
async fn a_chosen_candidate_is_what_the_call_would_have_given() {
    let mut called = desk();
    called.proceed().await.unwrap();
    for effect in called.records.clone() {
        if effect.name == "write_back" {
            continue;
        }
        let inquiry = item(&called.application)
            .inquire(&effect, &called.world.upstreams())
            .await
            .unwrap()
            .unwrap();
        let [candidate] = inquiry.candidates.as_slice() else {
            panic!("{}: {inquiry:?}", effect.name);
        };
        assert!(candidate.fits);
        assert_eq!(Some(&candidate.result), effect.result.as_ref());
    }
    let report = ask(&called, "write_back", Some(json!({ "red_number": RED })));
    let report = report.await.unwrap();
    assert_eq!(report.candidates[0].result, json!({ "written_back": true }));
}

#[tokio::test]
async fn nothing_there_and_something_else_there_are_told_apart() {
    let desk = desk();
    let none = ask(&desk, "create_form", Some(json!([]))).await.unwrap();
    assert_eq!(none.lookup, Lookup::DidNotHappen);
    assert!(none.candidates.is_empty());

    let before = Some(json!({ "form_number": FORM }));
    let gone = ask(&desk, "issue_red", before.clone()).await.unwrap();
    assert!(matches!(gone.lookup, Lookup::Unclear(_)));
    let waits = form(
        &desk.application,
        FORM,
        Side::Buyer,
        FormState::WaitsForSeller,
    );
    desk.world.with(|s| s.forms.push(waits));
    let open = ask(&desk, "confirm_form", before.clone()).await.unwrap();
    assert_eq!(open.lookup, Lookup::DidNotHappen);
    assert!(!open.candidates[0].fits);
    let open = ask(&desk, "issue_red", before).await.unwrap();
    assert_eq!(open.lookup, Lookup::DidNotHappen);

    let before = Some(json!({ "red_number": RED }));
    let open = ask(&desk, "settle_tax", before.clone()).await.unwrap();
    assert_eq!(open.lookup, Lookup::DidNotHappen);
    desk.world
        .with(|s| s.status = Some(RedLetterStatus::Withdrawn));
    for name in ["write_back", "return_to_applicant"] {
        let other = ask(&desk, name, before.clone()).await.unwrap();
        assert!(matches!(other.lookup, Lookup::Unclear(_)), "{name}");
        assert!(other.candidates.is_empty());
    }
    assert!(ask(&desk, "something_else", None).await.is_none());
}

#[tokio::test]
async fn while_the_upstream_is_saving_a_form_it_cannot_tell_whatever_it_shows() {
    let desk = desk();
    desk.world.with(|s| s.saving = true);
    let effect = record("create_form", EffectState::Unknown, Some(json!([])), None);
    for shown in [false, true] {
        if shown {
            let one = form(&desk.application, FORM, Side::Seller, FormState::NotNeeded);
            desk.world.with(|s| s.forms.push(one));
        }
        let asked = item(&desk.application)
            .inquire(&effect, &desk.world.upstreams())
            .await;
        let error = asked.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Transient);
        assert!(error.message.contains("still saving"), "{error:?}");
    }
    desk.world.with(|s| s.saving = false);
    let inquiry = ask(&desk, "create_form", Some(json!([]))).await.unwrap();
    assert!(matches!(inquiry.lookup, Lookup::Happened(_)));
}

#[tokio::test]
async fn what_cannot_be_told_from_the_record_is_unclear() {
    let desk = desk();
    let one = form(&desk.application, FORM, Side::Seller, FormState::NotNeeded);
    desk.world.with(|s| s.forms.push(one));
    let inquiry = ask(&desk, "create_form", None).await.unwrap();
    assert!(matches!(inquiry.lookup, Lookup::Unclear(_)));
    let inquiry = ask(&desk, "confirm_form", None).await.unwrap();
    assert!(matches!(inquiry.lookup, Lookup::Unclear(_)));
    let mut failing = self::desk();
    failing
        .world
        .with(|s| s.refuse = Some(("create_form", ErrorKind::Transient, None)));
    assert!(failing.proceed().await.is_err());
}
