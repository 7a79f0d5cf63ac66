//! Every fault shows at the client, and only what the fault allows was done.

#![allow(clippy::unwrap_used, reason = "a failed set-up fails the test")]

mod platform;

use std::time::{Duration, Instant};

use clerkwork_sandbox::{Fault, FaultKind, Faults};
use platform::Platform;
use reqwest::StatusCode;
use serde_json::json;

async fn approve(platform: &Platform) -> reqwest::Result<reqwest::Response> {
    platform
        .send("dkfpspkj", "sandbox", &json!({"sqbh": platform.number(0)}))
        .await
}

#[tokio::test]
async fn a_reset_breaks_the_connection_and_nothing_is_done() {
    let platform = Platform::start(Fault::always(FaultKind::Reset)).await;
    let error = approve(&platform).await.unwrap_err();
    assert!(
        !error.is_connect(),
        "the connection stood before: {error:?}"
    );
    assert!(reset(&error), "{error:?}");
    assert!(platform.running.state().book().is_empty());
    // The platform itself is unharmed.
    platform.running.state().set_faults(Faults::none()).unwrap();
    assert_eq!(approve(&platform).await.unwrap().status(), StatusCode::OK);
}

#[tokio::test]
async fn a_lost_answer_breaks_the_connection_after_the_act_was_done() {
    let platform = Platform::start(Fault::always(FaultKind::LostAnswer).times(1)).await;
    let error = approve(&platform).await.unwrap_err();
    assert!(reset(&error), "{error:?}");
    let book = platform.running.state().book();
    assert_eq!(book[&platform.number(0)].len(), 1);
    let status = platform
        .status(&platform.number(0))
        .await
        .unwrap()
        .data
        .unwrap();
    assert_eq!(
        status.fphm.as_ref(),
        Some(&book[&platform.number(0)][0].invoice_number)
    );
}

#[tokio::test]
async fn a_lost_return_is_on_record() {
    let platform = Platform::start(Fault::always(FaultKind::LostAnswer).on("dkfpth")).await;
    let number = platform.number(5);
    assert!(platform.give_back(&number).await.is_err());
    assert_eq!(platform.running.state().returned()[&number].len(), 1);
    assert_eq!(
        platform.status(&number).await.unwrap().data.unwrap().sqzt,
        "02"
    );
}

/// Whether a reset by the peer is at the bottom of the error.
fn reset(error: &(dyn std::error::Error + 'static)) -> bool {
    std::iter::successors(Some(error), |error| error.source()).any(|error| {
        error
            .downcast_ref::<std::io::Error>()
            .is_some_and(|error| error.kind() == std::io::ErrorKind::ConnectionReset)
    })
}

#[tokio::test]
async fn a_malformed_answer_is_no_json_and_the_act_was_done() {
    let platform = Platform::start(Fault::always(FaultKind::MalformedAnswer)).await;
    let answer = approve(&platform).await.unwrap();
    assert_eq!(answer.status(), StatusCode::OK);
    let body = answer.bytes().await.unwrap();
    assert!(!body.is_empty());
    assert!(serde_json::from_slice::<serde_json::Value>(&body).is_err());
    assert_eq!(platform.running.state().counts().issued, 1);
}

#[tokio::test]
async fn a_server_error_comes_before_the_act_or_after_it() {
    for after_act in [false, true] {
        let fault = FaultKind::ServerError {
            status: 504,
            after_act,
        };
        let platform = Platform::start(Fault::always(fault)).await;
        let answer = approve(&platform).await.unwrap();
        assert_eq!(answer.status(), StatusCode::GATEWAY_TIMEOUT);
        assert_eq!(
            platform.running.state().counts().issued,
            u64::from(after_act)
        );
    }
}

#[tokio::test]
async fn too_many_requests_says_when_to_come_again() {
    let fault = FaultKind::TooManyRequests {
        retry_after_seconds: Some(7),
    };
    let platform = Platform::start(Fault::always(fault)).await;
    let answer = approve(&platform).await.unwrap();
    assert_eq!(answer.status(), StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(answer.headers()["retry-after"], "7");
    assert!(platform.running.state().book().is_empty());
}

#[tokio::test]
async fn the_maintenance_page_is_html_in_gbk_with_either_status() {
    for status in [200, 503] {
        let platform = Platform::start(Fault::always(FaultKind::Maintenance { status })).await;
        let answer = approve(&platform).await.unwrap();
        assert_eq!(answer.status().as_u16(), status);
        assert_eq!(answer.headers()["content-type"], "text/html; charset=GBK");
        let page = answer.bytes().await.unwrap();
        assert!(std::str::from_utf8(&page).is_err(), "GBK is no UTF-8");
        // 系统维护 in GBK.
        let title = [0xCF, 0xB5, 0xCD, 0xB3, 0xCE, 0xAC, 0xBB, 0xA4];
        assert!(page.windows(title.len()).any(|window| window == title));
        assert!(platform.running.state().book().is_empty());
    }
}

#[tokio::test]
async fn a_busy_platform_says_so_in_the_envelope() {
    let platform = Platform::start(Fault::always(FaultKind::Busy)).await;
    let envelope = platform.issue(&platform.number(0)).await.unwrap();
    assert_eq!(envelope.code, "99999");
    assert!(platform.running.state().book().is_empty());
}

#[tokio::test]
async fn latency_delays_the_answer_of_the_methods_it_names_only() {
    let late = FaultKind::Latency {
        milliseconds: 300,
        jitter_milliseconds: 20,
    };
    let platform = Platform::start(Fault::always(late).on("dkfpspkj")).await;
    let began = Instant::now();
    platform.status(&platform.number(0)).await.unwrap();
    let quick = began.elapsed();
    let began = Instant::now();
    assert_eq!(platform.issue(&platform.number(0)).await.unwrap().code, "0");
    assert!(began.elapsed() >= Duration::from_millis(300));
    assert!(quick < began.elapsed(), "the other method is not delayed");
    assert_eq!(platform.running.state().counts().faults["latency"], 1);
}

#[tokio::test]
async fn faults_with_a_probability_strike_about_so_often() {
    let fault = Fault::always(FaultKind::Busy).with_probability(0.3);
    let platform = Platform::start(fault).await;
    for _ in 0..200 {
        platform.status(&platform.number(0)).await.unwrap();
    }
    let struck = platform.running.state().counts().faults["busy"];
    assert!((35..=90).contains(&struck), "{struck} of 200");
}

#[tokio::test]
async fn the_admin_api_sets_faults_and_refuses_wrong_ones() {
    let platform = Platform::start(Faults::none()).await;
    let post = |token: &'static str, body: serde_json::Value| {
        platform
            .client
            .post(format!("{}/admin/faults", platform.running.url()))
            .bearer_auth(token)
            .json(&body)
            .send()
    };
    let reset = json!([{"type": "reset", "methods": ["dkfpspkj"]}]);
    assert_eq!(
        post("sandbox", reset.clone()).await.unwrap().status(),
        StatusCode::UNAUTHORIZED
    );
    assert_eq!(
        post("sandbox-admin", reset).await.unwrap().status(),
        StatusCode::OK
    );
    assert!(approve(&platform).await.is_err());
    for wrong in [
        json!([{"type": "earthquake"}]),
        json!([{"type": "reset", "probability": 2.0}]),
        json!({"type": "reset"}),
    ] {
        let answer = post("sandbox-admin", wrong).await.unwrap();
        assert_eq!(answer.status(), StatusCode::BAD_REQUEST);
    }
    assert_eq!(
        platform.running.state().faults().0.len(),
        1,
        "wrong faults change nothing"
    );
    assert_eq!(
        post("sandbox-admin", json!([])).await.unwrap().status(),
        StatusCode::OK
    );
    assert!(approve(&platform).await.is_ok());
}
