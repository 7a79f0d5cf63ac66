//! The rate of a file, and what a call costs of it.

use clerkwork_connectors_api::{ErrorKind, contract::Connector};
use clerkwork_declarative::Declarative;
use serde_json::json;

use crate::upstream::{Call, Upstream, json};

/// A file whose upstream bears `rate`.
fn file(rate: &str) -> String {
    format!(
        r#"
        name = "land"
        title = {{ zh = "不动产", en = "land" }}
        version = "1"
        upstream = {{ base_url = "http://localhost:1", rate = {{ {rate} }} }}

        [auth]
        kind = "oauth2_client_credentials"
        token_url = "token"
        client_id = {{ env = "USER_NAME" }}
        client_secret = {{ env = "PASSWORD" }}

        [operations.search]
        idempotency = "read"
        input = {{}}
        output = {{}}
        cost = 5
        request = {{ method = "GET", path = "search" }}
        response = {{}}
        "#
    )
}

async fn upstream() -> Upstream {
    Upstream::start(|call: &Call| match call.path() {
        "/gate/token" => json(json!({"access_token": "t", "expires_in": 3600})),
        _ => json(json!({"items": []})),
    })
    .await
}

fn connector(upstream: &Upstream, rate: &str) -> Declarative {
    let mut settings = upstream.settings.clone();
    settings.retry.retries = 0;
    Declarative::parse(&file(rate), "land.toml", &settings).unwrap()
}

/// Five turns a second apart are worth five seconds, so however slow the machine is, there are none for the second.
#[tokio::test]
async fn a_dear_call_is_refused_until_all_its_turns_are_there() {
    let upstream = upstream().await;
    let rate = "per_second = 1, burst = 6, max_wait_seconds = 0.1";
    let connector = connector(&upstream, rate);
    let input = json!({});
    // With its sign-in it takes them all.
    connector.call("search", None, &input).await.unwrap();
    let error = connector.call("search", None, &input).await.unwrap_err();
    let ErrorKind::RateLimited { .. } = error.kind else {
        panic!("{error}");
    };
    assert_eq!(upstream.count("search"), 1);
}
