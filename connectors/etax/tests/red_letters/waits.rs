//! Forms that wait for the other side.

use std::time::Duration;

use clerkwork_connectors_api::{
    ErrorKind,
    red_letter::{ConfirmationForm, FormAnswer, FormState, RedLetters, Side},
};
use clerkwork_etax::wire::{codes::business, method};
use clerkwork_sandbox::RedCase;
use futures::future::join_all;

use crate::{Office, draft, hours, key};

/// Enters the form that an application asks for.
async fn enter(office: &Office, case: RedCase) -> ConfirmationForm {
    let draft = draft(&office.application(case));
    let form = office.etax.create_form(&key("form"), &draft).await.unwrap();
    assert_eq!(form.state.waits_for(), Some(draft.started_by.other()));
    form
}

#[tokio::test]
async fn the_other_side_confirms_and_only_then_the_red_invoice_may_be_issued() {
    let office = Office::open().await;
    for case in [RedCase::BuyerConfirms, RedCase::SellerConfirms] {
        let form = enter(&office, case).await;
        let early = office.etax.issue_red(&key("red"), &form.number).await;
        let early = early.unwrap_err();
        assert_eq!(early.code.as_deref(), Some(business::FORM_STATE_FORBIDS));
        assert_eq!(early.kind, ErrorKind::OutcomeUnknown);
        assert_eq!(office.form(&form.number).await, form);

        office.wait(hours(31));
        let confirmed = office.form(&form.number).await;
        assert_eq!(confirmed.state, FormState::Confirmed);
        assert!(confirmed.answered_at.unwrap() > form.entered_at);
        let red = office.etax.issue_red(&key("red"), &form.number).await;
        let red_number = office.form(&form.number).await.red_number;
        assert_eq!(red_number, Some(red.unwrap().number));
    }
    office.sandbox.shutdown().await;
}

#[tokio::test]
async fn each_way_in_which_a_form_can_end_is_read() {
    let office = Office::open().await;
    for (case, state) in [
        (RedCase::BuyerRefuses, FormState::RefusedByBuyer),
        (RedCase::SellerRefuses, FormState::RefusedBySeller),
        (RedCase::Withdrawn, FormState::Withdrawn),
        (
            RedCase::WithdrawnAfterConfirmation,
            FormState::WithdrawnAfterConfirmation,
        ),
        (RedCase::Abnormal, FormState::Abnormal),
    ] {
        let form = enter(&office, case).await;
        office.wait(hours(31));
        let ended = office.form(&form.number).await;
        assert_eq!(ended.state, state);
        assert!(ended.state.is_void() && ended.red_number.is_none());
    }
    office.sandbox.shutdown().await;
}

#[tokio::test]
async fn a_form_lapses_72_hours_after_it_was_entered_to_the_second() {
    let office = Office::open().await;
    let form = enter(&office, RedCase::Silent).await;
    let second = Duration::from_secs(1);
    office.wait(hours(72) - second);
    assert_eq!(office.form(&form.number).await, form);
    office.wait(second);
    assert_eq!(office.form(&form.number).await.state, FormState::Lapsed);
    office.sandbox.shutdown().await;
}

#[tokio::test]
async fn a_form_of_the_other_side_is_found_and_answered() {
    let office = Office::open().await;
    for (case, side) in [
        (RedCase::BuyersFormWaits, Side::Seller),
        (RedCase::SellersFormWaits, Side::Buyer),
    ] {
        let application = office.application(case);
        let traces = office.etax.traces(&application.blue).await.unwrap();
        let form = &traces.forms[0];
        assert_eq!(form.state.waits_for(), Some(side));
        assert_eq!(form.draft.started_by, side.other());
        assert_eq!(form.draft.lines, application.lines);

        let key = key("answer");
        let say = |side, answer| office.etax.answer_form(&key, form, side, answer);
        let wrong = say(side.other(), FormAnswer::Agree).await.unwrap_err();
        assert_eq!(wrong.kind, ErrorKind::Rejected);
        assert_eq!(wrong.code.as_deref(), Some(business::WRONG_SIDE));
        say(side, FormAnswer::Agree).await.unwrap();
        let answered = office.form(&form.number).await;
        assert_eq!(answered.state, FormState::Confirmed);
        for _ in 0..3 {
            let again = say(side, FormAnswer::Agree).await.unwrap_err();
            assert_eq!(again.kind, ErrorKind::OutcomeUnknown);
        }
        say(side.other(), FormAnswer::Withdraw).await.unwrap();
        let withdrawn = office.form(&form.number).await.state;
        assert_eq!(withdrawn, FormState::WithdrawnAfterConfirmation);
    }
    office.sandbox.shutdown().await;
}

#[tokio::test]
async fn confirming_is_forbidden_to_a_risky_taxpayer_with_a_code_that_is_kept() {
    let office = Office::open().await;
    for (case, code) in [
        (RedCase::ConfirmingForbiddenHighRisk, business::HIGH_RISK),
        (
            RedCase::ConfirmingForbiddenRedWarning,
            business::RED_WARNING,
        ),
    ] {
        let application = office.application(case);
        let traces = office.etax.traces(&application.blue).await.unwrap();
        let form = &traces.forms[0];
        let side = form.state.waits_for().unwrap();
        let etax = &office.etax;
        let error = etax
            .answer_form(&key("answer"), form, side, FormAnswer::Agree)
            .await
            .unwrap_err();
        assert_eq!(error.kind, ErrorKind::Rejected);
        assert_eq!(error.code.as_deref(), Some(code));
        assert_eq!(&office.form(&form.number).await, form);
    }
    office.sandbox.shutdown().await;
}

#[tokio::test]
async fn a_hundred_waiting_jobs_ask_for_their_forms_in_two_calls() {
    let office = Office::open().await;
    let form = enter(&office, RedCase::BuyerConfirms).await;
    let nobodys = "44000026030000000001".to_owned();
    let numbers = [&form.number, &nobodys].repeat(50);
    let forms = join_all(numbers.iter().map(|number| office.etax.form(number))).await;
    for (number, found) in numbers.iter().zip(forms) {
        let expected = (*number == &form.number).then(|| form.clone());
        assert_eq!(found.unwrap(), expected);
    }
    let calls = office.sandbox.state().counts().calls;
    assert!(calls[method::FORMS] <= 2, "{calls:?}");
    office.sandbox.shutdown().await;
}
