//! Where calls may go.

use axum::{
    http::{Method, StatusCode},
    response::IntoResponse,
};
use clerkwork_connectors_api::{
    ErrorKind,
    http::{Accept, HttpSettings, HttpStack, Outgoing},
};

use crate::upstream::{Upstream, get, json};

#[tokio::test]
async fn a_call_goes_home_or_to_a_named_host_and_only_home_with_credentials() {
    let home = Upstream::start(|_, _| json("{}")).await;
    let files = Upstream::start(|_, _| json("{}")).await;
    let elsewhere = Outgoing::new(Method::GET, format!("{}/a", files.base).parse().unwrap());
    let host = files.base.trim_start_matches("http://").to_owned();

    let stack = HttpStack::new(home.settings()).unwrap();
    let endpoint = stack.read("look", "x").unwrap();
    let error = stack.send(&endpoint, &elsewhere).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Misconfigured);
    assert!(error.message.contains(&host), "{error}");
    assert_eq!(files.asked().len(), 0, "nothing was sent");

    let settings = HttpSettings {
        hosts: vec![host],
        ..home.settings()
    };
    let stack = HttpStack::new(settings).unwrap();
    stack.send(&endpoint, &elsewhere).await.unwrap();
    get(&stack, "x").await.unwrap();
    assert_eq!(files.asked()[0].header("authorization"), "");
    assert_eq!(home.asked()[0].header("authorization"), "Bearer geheim");
}

#[tokio::test]
async fn a_redirect_to_another_host_is_named_by_its_host_alone() {
    let location = |to: &'static str| (StatusCode::FOUND, [("location", to)]).into_response();
    let upstream = Upstream::start(move |call, _| match call {
        0 => location("https://sso.example:8443/login?ticket=geheim"),
        _ => location("/login?ticket=geheim"),
    })
    .await;
    let stack = HttpStack::new(upstream.settings()).unwrap();
    let error = get(&stack, "x").await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "test.look: upstream answered with a redirect to another host, `sso.example`, which is not followed; check `base_url` and the credentials"
    );
    let error = get(&stack, "x").await.unwrap_err();
    assert!(error.message.contains("302"), "{error}");
    assert!(!error.message.contains("geheim"), "{error}");
}

#[tokio::test]
async fn a_redirect_that_the_connector_takes_is_an_answer() {
    let upstream = Upstream::start(|_, _| (StatusCode::FOUND, [("location", "/login")])).await;
    let stack = HttpStack::new(upstream.settings()).unwrap();
    let endpoint = stack.read("look", "x").unwrap();
    let mut outgoing = Outgoing::new(Method::GET, endpoint.url().clone());
    outgoing.accept = Accept {
        redirects: true,
        ..Accept::default()
    };
    let reply = stack.send(&endpoint, &outgoing).await.unwrap();
    assert_eq!(reply.headers()["location"], "/login");
}
