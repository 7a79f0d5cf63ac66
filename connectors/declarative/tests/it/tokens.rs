//! Basic credentials, bearer tokens and tokens that are renewed.

use std::{fs, time::Duration};

use clerkwork_connectors_api::{ErrorKind, contract::Connector};
use clerkwork_core::IdempotencyKey;
use futures::future::join_all;
use serde_json::json;

use crate::upstream::{Call, Counter, Upstream, html, json, status};

const OPERATIONS: &str = r#"
    [operations.state]
    idempotency = "read"
    input = {}
    output = { n = "integer" }
    request = { method = "GET", path = "state" }
    response = { result = { fields = { n = "n" } } }

    [operations.act]
    idempotency = "native_key"
    input = {}
    output = {}
    request = { method = "POST", path = "act", headers = { X-Key = "{key}" } }
    response = {}
"#;

const OAUTH: &str = r#"
    [auth]
    kind = "oauth2_client_credentials"
    token_url = "token"
    client_id = { env = "USER_NAME" }
    client_secret = { env = "PASSWORD" }
    scope = "read write"
"#;

fn oauth() -> String {
    format!("{OAUTH}{OPERATIONS}")
}

/// Gives tokens `t1`, `t2` and so on; takes only the newest, from number `from` on.
async fn renewing(from: usize) -> (Upstream, Counter) {
    let given = Counter::default();
    let counter = given.clone();
    let upstream = Upstream::start(move |call: &Call| {
        if call.path() == "/gate/token" {
            let token = format!("t{}", counter.next());
            return json(
                json!({"access_token": token, "token_type": "Bearer", "expires_in": 3600}),
            );
        }
        let newest = counter.now();
        match newest >= from && call.header("authorization") == format!("Bearer t{newest}") {
            true => json(json!({"n": newest})),
            // As many gateways do, with a page.
            false => {
                let mut refused = html("<title>401</title>");
                *refused.status_mut() = axum::http::StatusCode::UNAUTHORIZED;
                refused
            }
        }
    })
    .await;
    (upstream, given)
}

#[tokio::test]
async fn one_token_serves_all_callers_until_it_ends() {
    let (upstream, given) = renewing(1).await;
    let connector = upstream.connector(&oauth());
    let no_input = json!({});
    let ask = || connector.call("state", None, &no_input);
    for answer in join_all((0..20).map(|_| ask())).await {
        assert_eq!(answer.unwrap().output, json!({"n": 1}));
    }
    assert_eq!(given.now(), 1);
    let asked = upstream
        .calls()
        .into_iter()
        .find(|call| call.path() == "/gate/token")
        .unwrap();
    assert_eq!(asked.body, "grant_type=client_credentials&scope=read+write");
    // clerk%26co:geheim%3D1
    assert_eq!(
        asked.header("authorization"),
        "Basic Y2xlcmslMjZjbzpnZWhlaW0lM0Qx"
    );

    upstream.clock.advance(Duration::from_secs(3_569));
    ask().await.unwrap();
    assert_eq!(given.now(), 1);
    upstream.clock.advance(Duration::from_secs(2));
    for answer in join_all((0..20).map(|_| ask())).await {
        assert_eq!(answer.unwrap().output, json!({"n": 2}));
    }
    assert_eq!(given.now(), 2);
}

#[tokio::test]
async fn a_token_that_ends_early_is_renewed_once_for_all_and_the_call_is_sent_again() {
    let (upstream, given) = renewing(2).await;
    let connector = upstream.connector(&oauth());
    let (no_input, key) = (json!({}), IdempotencyKey("k-1".into()));
    connector.call("act", Some(&key), &no_input).await.unwrap();
    assert_eq!((given.now(), upstream.count("act")), (2, 2));
    assert!(
        upstream
            .calls()
            .iter()
            .filter(|c| c.path() == "/gate/act")
            .all(|c| c.header("x-key") == "k-1")
    );

    // The token is ended behind the connector's back.
    given.next();
    for answer in join_all((0..20).map(|_| connector.call("state", None, &no_input))).await {
        answer.unwrap();
    }
    assert_eq!(upstream.count("token"), 3, "one renewal for all");

    let (upstream, _) = renewing(usize::MAX).await;
    let connector = upstream.connector(&oauth());
    let error = connector
        .call("act", Some(&key), &no_input)
        .await
        .unwrap_err();
    assert_eq!(error.kind, ErrorKind::Unauthorized);
    assert_eq!(
        (upstream.count("token"), upstream.count("act")),
        (2, 2),
        "once more and no further"
    );
}

#[tokio::test]
async fn refused_client_credentials_are_not_tried_again_until_they_change() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("secret");
    fs::write(&path, "wrong\n").unwrap();
    let upstream = Upstream::start(|call: &Call| match call.path() {
        "/gate/token" if call.body.contains("client_secret=right-one") => {
            json(json!({"access_token": "t"}))
        }
        "/gate/token" => status(400),
        _ => json(json!({"n": 1})),
    })
    .await;
    let secret = format!(
        "client_secret = {{ file = \"{}\" }}\nclient_in = \"body\"",
        path.display()
    );
    let file = oauth().replace("client_secret = { env = \"PASSWORD\" }", &secret);
    let connector = upstream.connector(&file);
    let no_input = json!({});
    for _ in 0..3 {
        let error = connector.call("state", None, &no_input).await.unwrap_err();
        assert_eq!(
            (error.kind, error.operation),
            (ErrorKind::Unauthorized, "state"),
            "{error}"
        );
    }
    assert_eq!(upstream.count("token"), 1);
    fs::write(&path, "right-one\n").unwrap();
    connector.call("state", None, &no_input).await.unwrap();
    assert_eq!((upstream.count("token"), upstream.count("state")), (2, 1));
}

#[tokio::test]
async fn credentials_that_need_no_sign_in_go_out_as_they_are_now() {
    let upstream = Upstream::start(|_: &Call| json(json!({"n": 1}))).await;
    let basic = format!(
        "[auth]\nkind = \"basic\"\nusername = {{ env = \"USER_NAME\" }}\npassword = {{ env = \"PASSWORD\" }}\n{OPERATIONS}"
    );
    upstream.connector(&basic).health().await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("token");
    let bearer = format!(
        "[auth]\nkind = \"bearer\"\ntoken = {{ file = \"{}\" }}\n{OPERATIONS}",
        path.display()
    );
    let connector = upstream.connector(&bearer);
    let error = connector.call("state", None, &json!({})).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Misconfigured);
    for token in ["first", "rotated"] {
        fs::write(&path, token).unwrap();
        connector.call("state", None, &json!({})).await.unwrap();
    }
    let sent: Vec<_> = upstream
        .calls()
        .iter()
        .map(|call| call.header("authorization").to_owned())
        .collect();
    assert_eq!(
        sent,
        [
            "Basic Y2xlcmsmY286Z2VoZWltPTE=",
            "Bearer first",
            "Bearer rotated"
        ]
    );
    let without = upstream.connector(OPERATIONS);
    without.call("state", None, &json!({})).await.unwrap();
    assert_eq!(upstream.calls().last().unwrap().header("authorization"), "");
    assert!(!format!("{connector:?}").contains("rotated"));
}
