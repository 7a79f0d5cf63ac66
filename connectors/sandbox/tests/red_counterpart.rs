//! What the other side does, and when: by the platform's clock, which only moves when told.

#![allow(clippy::unwrap_used, reason = "a failed set-up fails the test")]

mod red_platform;

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use axum::{Router, body::Bytes, extract::State as Shared, http::HeaderMap, routing::post};
use base64::{Engine, engine::general_purpose::STANDARD};
use clerkwork_connectors_api::red_letter::{FormAnswer, FormState, Side};
use clerkwork_core::Timestamp;
use clerkwork_sandbox::{Callback, Play, RedCase};
use hmac::{Hmac, KeyInit, Mac};
use red_platform::{NOON, Platform, draft, hours, options};
use reqwest::StatusCode;
use serde_json::{Value, json};
use sha2::Sha256;

#[tokio::test]
async fn every_case_of_the_other_side_ends_in_its_state() {
    let platform = Platform::start().await;
    let mut forms = Vec::new();
    for (case, waits, ends) in [
        (
            RedCase::BuyerConfirms,
            FormState::WaitsForBuyer,
            FormState::Confirmed,
        ),
        (
            RedCase::SellerConfirms,
            FormState::WaitsForSeller,
            FormState::Confirmed,
        ),
        (
            RedCase::BuyerRefuses,
            FormState::WaitsForBuyer,
            FormState::RefusedByBuyer,
        ),
        (
            RedCase::SellerRefuses,
            FormState::WaitsForSeller,
            FormState::RefusedBySeller,
        ),
        (
            RedCase::Silent,
            FormState::WaitsForBuyer,
            FormState::WaitsForBuyer,
        ),
        (
            RedCase::Withdrawn,
            FormState::WaitsForBuyer,
            FormState::Withdrawn,
        ),
        (
            RedCase::WithdrawnAfterConfirmation,
            FormState::WaitsForBuyer,
            FormState::WithdrawnAfterConfirmation,
        ),
        (
            RedCase::Abnormal,
            FormState::WaitsForBuyer,
            FormState::Abnormal,
        ),
    ] {
        let form = platform.entered(&draft(&platform.first(case))).await;
        assert_eq!(form.state, waits, "{case:?}");
        assert_eq!(platform.issue(&form.number).await.code, "31405", "{case:?}");
        forms.push((case, form.number, ends));
    }
    platform.advance(hours(2) - Duration::from_secs(1));
    assert!(
        platform.state().changed_forms().is_empty(),
        "nobody is that quick"
    );
    platform.advance(hours(28) + Duration::from_secs(1));
    for (case, number, ends) in &forms {
        assert_eq!(platform.state_of(number).await, *ends, "{case:?}");
        let issued = platform.issue(number).await.code == "0";
        assert_eq!(issued, *ends == FormState::Confirmed, "{case:?}");
    }
    let changes = platform.state().changed_forms();
    assert_eq!(changes.len(), 7, "all but the silent one: {changes:?}");
    platform.advance(hours(42));
    for (case, number, ends) in &forms {
        let ends = if *case == RedCase::Silent {
            FormState::Lapsed
        } else {
            *ends
        };
        assert_eq!(platform.state_of(number).await, ends, "{case:?}");
    }
    assert_eq!(platform.state().changed_forms().len(), 8);
    // What is void keeps nothing: the same can be entered again.
    let again = platform
        .entered(&draft(&platform.first(RedCase::Silent)))
        .await;
    assert_eq!(again.state, FormState::WaitsForBuyer);
}

#[tokio::test]
async fn a_form_lapses_after_72_hours_to_the_second() {
    let platform = Platform::start().await;
    platform.advance(Duration::from_millis(300));
    let application = platform.first(RedCase::Silent);
    let form = platform.entered(&draft(&application)).await;
    assert_eq!(form.entered_at, NOON, "whole seconds");
    platform.advance(hours(72) - Duration::from_millis(301));
    assert_eq!(
        platform.state_of(&form.number).await,
        FormState::WaitsForBuyer
    );
    assert_eq!(platform.enter(&draft(&application)).await.code, "31402");
    platform.advance(Duration::from_millis(1));
    assert_eq!(platform.state_of(&form.number).await, FormState::Lapsed);
    let late = platform.answer(&form, Side::Buyer, FormAnswer::Agree).await;
    assert_eq!(late.code, "31405");
    assert_eq!(platform.enter(&draft(&application)).await.code, "0");
}

#[tokio::test]
async fn the_other_sides_form_is_there_when_somebody_looks_and_can_be_confirmed() {
    let platform = Platform::start().await;
    for (case, side) in [
        (RedCase::BuyersFormWaits, Side::Seller),
        (RedCase::SellersFormWaits, Side::Buyer),
    ] {
        let application = platform.first(case);
        assert_eq!(application.started_by, side);
        let dossier = platform.dossier(&application).await;
        let [form] = &dossier.traces.forms[..] else {
            panic!("one form");
        };
        assert_eq!(form.state.waits_for(), Some(side));
        assert_eq!(form.draft.lines, application.lines);
        assert_eq!(form.draft.started_by, side.other());
        assert!(form.entered_at < NOON && form.entered_at > NOON.before(hours(21)));
        assert_eq!(platform.dossier(&application).await.traces, dossier.traces);
        for answer in [FormAnswer::Agree, FormAnswer::Refuse] {
            let wrong = platform.answer(form, side.other(), answer).await;
            assert_eq!(wrong.code, "31407");
        }
        let wrong = platform.answer(form, side, FormAnswer::Withdraw).await;
        assert_eq!(wrong.code, "31407");
        let agreed = platform.answer(form, side, FormAnswer::Agree).await;
        assert_eq!(agreed.data.unwrap().qrrq, "2026-03-19 12:00:00");
        let again = platform.answer(form, side, FormAnswer::Agree).await;
        assert_eq!(again.code, "31405");
        let held = platform.form(&form.number).await.unwrap();
        assert_eq!(
            (held.state, held.answered_at),
            (FormState::Confirmed, Some(NOON))
        );
        assert_eq!(platform.issue(&form.number).await.code, "0");
        let book = platform.state().red_book();
        assert_eq!(book.answered[&form.number].len(), 1);
        assert_eq!(book.answered[&form.number][0].answer, "agree");
    }
}

#[tokio::test]
async fn confirming_is_forbidden_where_the_platform_knows_more_than_it_tells() {
    let platform = Platform::start().await;
    for (case, code) in [
        (RedCase::ConfirmingForbiddenHighRisk, "31120"),
        (RedCase::ConfirmingForbiddenRedWarning, "31121"),
    ] {
        let application = platform.first(case);
        let dossier = platform.dossier(&application).await;
        let form = &dossier.traces.forms[0];
        let side = application.started_by;
        for _ in 0..2 {
            let refused = platform.answer(form, side, FormAnswer::Agree).await;
            assert_eq!(refused.code, code);
        }
        assert!(platform.state_of(&form.number).await.waits_for().is_some());
        let refused = platform.answer(form, side, FormAnswer::Refuse).await;
        assert_eq!(refused.code, "0", "only agreeing is forbidden");
    }
}

#[tokio::test]
async fn another_open_form_is_on_the_blue_invoice_and_says_something_else() {
    let platform = Platform::start().await;
    let application = platform.first(RedCase::OtherFormOpen);
    let dossier = platform.dossier(&application).await;
    assert_eq!(dossier.traces.forms.len(), 1);
    assert_ne!(dossier.traces.forms[0].draft.lines, application.lines);
    platform.advance(hours(72));
    let traces = platform.traces(&application.blue).await;
    assert_eq!(traces.forms[0].state, FormState::Lapsed);
    assert_eq!(traces.forms.len(), 1, "it is found once");
}

#[tokio::test]
async fn every_answer_can_be_played_by_hand() {
    let platform = Platform::start().await;
    for (answer, ends) in [
        ("agree", FormState::Confirmed),
        ("refuse", FormState::RefusedByBuyer),
        ("withdraw", FormState::Withdrawn),
        ("abnormal", FormState::Abnormal),
    ] {
        let application = platform.first(RedCase::Silent);
        let form = platform.entered(&draft(&application)).await;
        let path = format!("admin/forms/{}", form.number);
        let body = json!({"answer": answer});
        let played = platform.send(&path, "sandbox-admin", &body).await;
        assert_eq!(played.status(), StatusCode::NO_CONTENT);
        assert_eq!(platform.state_of(&form.number).await, ends);
        let again = platform.send(&path, "sandbox-admin", &body).await;
        assert_eq!(again.status(), StatusCode::CONFLICT, "{answer}");
        let wrong = platform
            .send(&path, "sandbox-admin", &json!({"answer": "yes"}))
            .await;
        assert_eq!(wrong.status(), StatusCode::BAD_REQUEST);
        let stranger = platform.send(&path, "sandbox", &body).await;
        assert_eq!(stranger.status(), StatusCode::UNAUTHORIZED);
        // Leaves the invoice free for the next answer.
        platform.state().play_form(&form.number, Play::Withdraw);
    }
    assert!(
        !platform
            .state()
            .play_form("44032603000000000099", Play::Agree)
    );
}

#[tokio::test]
async fn the_clock_moves_when_told_and_shows_where_it_is() {
    let platform = Platform::start().await;
    let body = json!({"advance_seconds": 3600});
    let moved = platform.send("admin/clock", "sandbox-admin", &body).await;
    let moved: Value = moved.json().await.unwrap();
    assert_eq!(moved["now"], "2026-03-19T05:00:00.000000Z");
    assert_eq!(moved["advanced_seconds"], 3600);
    assert_eq!(platform.state().now(), NOON.after(hours(1)));
    let url = format!("{}/admin/clock", platform.running.url());
    let shown = platform.client.get(url).bearer_auth("sandbox-admin").send();
    let shown: Value = shown.await.unwrap().json().await.unwrap();
    assert_eq!(shown, moved);
    for wrong in [json!({"advance_seconds": -1}), json!({})] {
        let answer = platform.send("admin/clock", "sandbox-admin", &wrong).await;
        assert_eq!(answer.status(), StatusCode::BAD_REQUEST);
    }
    let application = platform.first(RedCase::MistakeInFull);
    let form = platform.entered(&draft(&application)).await;
    assert_eq!(form.entered_at, NOON.after(hours(1)));
    let dossier = platform.dossier(&application).await;
    assert_eq!(dossier.as_of, NOON.after(hours(1)));
}

/// What was posted.
type Received = Arc<Mutex<Vec<(HeaderMap, String)>>>;

async fn receiver(refuse_first: bool) -> (String, Received) {
    let received = Received::default();
    let take = move |Shared(received): Shared<Received>, headers: HeaderMap, body: Bytes| async move {
        let mut received = received.lock().unwrap();
        received.push((headers, String::from_utf8(body.to_vec()).unwrap()));
        if refuse_first && received.len() == 1 {
            axum::http::StatusCode::SERVICE_UNAVAILABLE
        } else {
            axum::http::StatusCode::NO_CONTENT
        }
    };
    let router = Router::new()
        .route("/hook", post(take))
        .with_state(received.clone());
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/hook", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, router).await });
    (url, received)
}

#[tokio::test]
async fn a_change_is_posted_with_a_right_signature_and_tried_again() {
    let (url, received) = receiver(true).await;
    let mut options = options();
    options.callback = Some(Callback {
        url,
        secret: "a secret of the fleet".into(),
    });
    let platform = Platform::with(options).await;
    let form = platform
        .entered(&draft(&platform.first(RedCase::BuyerRefuses)))
        .await;
    platform.advance(hours(31));
    let deadline = tokio::time::Instant::now() + Duration::from_secs(20);
    while received.lock().unwrap().len() < 2 {
        assert!(tokio::time::Instant::now() < deadline, "no callback came");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let received = received.lock().unwrap();
    assert_eq!(received[0].0["webhook-id"], received[1].0["webhook-id"]);
    for (headers, body) in received.iter() {
        let message: Value = serde_json::from_str(body).unwrap();
        let expected = json!({"event": "hzqrd", "hzqrdbh": form.number, "hzqrxxztDm": "05"});
        assert_eq!(message, expected);
        let text = |name: &str| headers[name].to_str().unwrap();
        let (id, at) = (text("webhook-id"), text("webhook-timestamp"));
        let Timestamp(now) = NOON.after(hours(31));
        assert_eq!(at, (now / 1_000_000).to_string(), "the platform's clock");
        let mut mac = Hmac::<Sha256>::new_from_slice(b"a secret of the fleet").unwrap();
        mac.update(format!("{id}.{at}.{body}").as_bytes());
        let signature = format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()));
        assert_eq!(text("webhook-signature"), signature);
    }
}
