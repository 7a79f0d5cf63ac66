//! Conditional requests.

use axum::{
    http::{Method, StatusCode},
    response::{IntoResponse, Response},
};
use clerkwork_connectors_api::http::{HttpSettings, HttpStack, Outgoing};

use crate::upstream::{Upstream, json};

async fn get(stack: &HttpStack, path: &str, change: impl Fn(&mut Outgoing)) -> (u16, String) {
    let endpoint = stack.read("look", path).unwrap();
    let mut outgoing = Outgoing::new(Method::GET, endpoint.url().clone());
    outgoing.revalidate = true;
    change(&mut outgoing);
    let reply = stack.send(&endpoint, &outgoing).await.unwrap();
    (reply.status().as_u16(), reply.text().into_owned())
}

fn tagged(header: &'static str, value: &'static str) -> Response {
    ([(header, value)], json(r#"{"n":1}"#)).into_response()
}

#[tokio::test]
async fn what_has_not_changed_is_answered_from_what_was_kept() {
    for (told, asked, value) in [
        ("etag", "if-none-match", "\"v1\""),
        (
            "last-modified",
            "if-modified-since",
            "Sun, 01 Mar 2026 07:59:00 GMT",
        ),
    ] {
        let upstream = Upstream::start(move |_, call| match call.header(asked) == value {
            true => StatusCode::NOT_MODIFIED.into_response(),
            false => tagged(told, value),
        })
        .await;
        let stack = HttpStack::new(upstream.settings()).unwrap();
        for _ in 0..3 {
            let answer = get(&stack, "x", |_| {}).await;
            assert_eq!(answer, (200, r#"{"n":1}"#.into()));
        }
        let questions: Vec<_> = upstream
            .asked()
            .iter()
            .map(|call| call.header(asked).to_owned())
            .collect();
        assert_eq!(questions, ["", value, value]);
    }
}

#[tokio::test]
async fn what_has_changed_takes_the_place_of_what_was_kept() {
    let upstream = Upstream::start(|call, _| match call {
        0 => tagged("etag", "\"v1\""),
        1 => ([("etag", "\"v2\"")], json(r#"{"n":2}"#)).into_response(),
        _ => StatusCode::NOT_MODIFIED.into_response(),
    })
    .await;
    let stack = HttpStack::new(upstream.settings()).unwrap();
    let mut answers = Vec::new();
    for _ in 0..3 {
        answers.push(get(&stack, "x", |_| {}).await.1);
    }
    assert_eq!(answers, [r#"{"n":1}"#, r#"{"n":2}"#, r#"{"n":2}"#]);
    assert_eq!(upstream.asked()[2].header("if-none-match"), "\"v2\"");
}

#[tokio::test]
async fn nothing_is_kept_unasked_or_against_the_upstreams_will_or_for_another_call() {
    let upstream = Upstream::start(|_, call| match call.uri.path() {
        "/private" => (
            [("etag", "\"v1\""), ("cache-control", "private, no-store")],
            json("{}"),
        )
            .into_response(),
        _ => tagged("etag", "\"v1\""),
    })
    .await;
    let stack = HttpStack::new(upstream.settings()).unwrap();
    for _ in 0..2 {
        get(&stack, "unasked", |outgoing| outgoing.revalidate = false).await;
        get(&stack, "private", |_| {}).await;
        get(&stack, "posted", |outgoing| outgoing.method = Method::POST).await;
    }
    for language in ["zh", "en"] {
        get(&stack, "x", |outgoing| {
            let value = language.parse().unwrap();
            outgoing.headers.insert("accept-language", value);
        })
        .await;
    }
    let asked = upstream.asked();
    assert_eq!(asked.len(), 8);
    assert!(
        asked
            .iter()
            .all(|call| call.header("if-none-match").is_empty())
    );
}

#[tokio::test]
async fn what_was_used_longest_ago_makes_room() {
    let upstream = Upstream::start(|_, _| tagged("etag", "\"v1\"")).await;
    let settings = HttpSettings {
        // Room for four answers of seven bytes.
        revalidate_bytes: 28,
        ..upstream.settings()
    };
    let stack = HttpStack::new(settings).unwrap();
    for path in ["a", "b", "c", "d", "a", "e"] {
        get(&stack, path, |_| {}).await;
    }
    for (path, kept) in [("a", true), ("b", false)] {
        get(&stack, path, |_| {}).await;
        let asked = upstream.asked();
        let is_kept = !asked.last().unwrap().header("if-none-match").is_empty();
        assert_eq!(is_kept, kept, "{path}");
    }
}
