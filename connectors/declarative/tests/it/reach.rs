//! How an upstream is reached: other hosts, a proxy, files of certificates.

use clerkwork_connectors_api::{ErrorKind, contract::Connector};
use clerkwork_declarative::{Declarative, Fault, Level, Settings, lint};
use serde_json::json;

use crate::upstream::{Call, Upstream, json};

/// A file with these keys of `[upstream]`, the first on line 7.
fn file(upstream: &str, auth: &str) -> String {
    format!(
        r#"name = "land"
title = {{ zh = "不动产", en = "land" }}
version = "1"

[upstream]
rate = {{ per_second = 1000 }}
{upstream}

{auth}

[operations.state]
idempotency = "read"
input = {{}}
output = {{}}
request = {{ method = "GET", path = "state" }}
response = {{}}
"#
    )
}

fn load(text: &str, settings: &Settings) -> Result<Declarative, Vec<Fault>> {
    Declarative::parse(text, "land.toml", settings)
}

/// Host and port of an upstream.
fn address(upstream: &Upstream) -> &str {
    let base = upstream.base.strip_prefix("http://").unwrap();
    base.strip_suffix("/gate").unwrap()
}

#[tokio::test]
async fn a_token_may_come_from_a_host_that_is_named_and_goes_to_the_upstream_alone() {
    let tokens = Upstream::start(|_: &Call| json(json!({"access_token": "t"}))).await;
    let upstream = Upstream::start(|_: &Call| json(json!({}))).await;
    let auth = format!(
        r#"
        [auth]
        kind = "oauth2_client_credentials"
        token_url = "{}/token"
        client_id = {{ env = "USER_NAME" }}
        client_secret = {{ env = "PASSWORD" }}
        "#,
        tokens.base
    );
    let base = "base_url = 'http://localhost:1'";
    let unnamed = load(&file(base, &auth), &upstream.settings).unwrap();
    let error = unnamed.call("state", None, &json!({})).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Misconfigured);
    assert!(error.message.contains("`hosts`"), "{error}");
    assert_eq!((tokens.calls().len(), upstream.calls().len()), (0, 0));

    let named = format!("{base}\nhosts = ['{}']", address(&tokens));
    let named = load(&file(&named, &auth), &upstream.settings).unwrap();
    named.call("state", None, &json!({})).await.unwrap();
    assert_eq!(tokens.count("token"), 1);
    assert_eq!(upstream.calls()[0].header("authorization"), "Bearer t");
}

#[tokio::test]
async fn calls_go_through_the_proxy_with_its_password() {
    let proxy = Upstream::start(|_: &Call| json(json!({}))).await;
    let keys = format!(
        r#"base_url = "http://land.example/gate"
        proxy = {{ url = "http://{}", user = "clerk", password = {{ env = "PASSWORD" }} }}"#,
        address(&proxy)
    );
    let settings = Settings {
        base_url: None,
        ..proxy.settings.clone()
    };
    let connector = load(&file(&keys, ""), &settings).unwrap();
    connector.call("state", None, &json!({})).await.unwrap();
    let calls = proxy.calls();
    let [call] = &calls[..] else {
        panic!("one call: {calls:?}");
    };
    assert_eq!(call.uri.to_string(), "http://land.example/gate/state");
    // clerk:geheim=1
    assert_eq!(
        call.header("proxy-authorization"),
        "Basic Y2xlcms6Z2VoZWltPTE="
    );
}

#[test]
fn what_is_not_on_the_machine_is_told_at_its_key_and_only_noted_by_lint() {
    let folder = tempfile::tempdir().unwrap();
    let page = folder.path().join("page.pem");
    std::fs::write(&page, "<html>").unwrap();
    let page = page.display();
    let base = "base_url = 'https://land.example/gate'";
    for (keys, place, message) in [
        (
            "ca_files = ['/nowhere/ca.pem']".to_owned(),
            "land.toml:8:12",
            "`/nowhere/ca.pem` in `ca_files` cannot be read",
        ),
        (
            format!("ca_files = ['{page}']"),
            "land.toml:8:12",
            "in `ca_files` holds no certificates in PEM",
        ),
        (
            "identity_file = '/nowhere/key.pem'".to_owned(),
            "land.toml:8:17",
            "`identity_file` `/nowhere/key.pem` cannot be read",
        ),
        (
            "proxy = { url = 'http://p.example', user = 'clerk', password = { env = 'CLERKWORK_NO_SUCH' } }".to_owned(),
            "land.toml:8:9",
            "`proxy`: the credential in the variable `CLERKWORK_NO_SUCH` is not there",
        ),
    ] {
        let text = file(&format!("{base}\n{keys}"), "");
        let faults = load(&text, &Settings::default()).unwrap_err();
        let [fault] = &faults[..] else {
            panic!("one fault: {faults:?}");
        };
        let told = fault.to_string();
        assert!(told.starts_with(place), "{told}");
        assert!(told.contains(message), "{told}");
        let found = lint(&text, "land.toml");
        let [finding] = &found[..] else {
            panic!("one finding: {found:?}");
        };
        assert_eq!(finding.level, Level::Warning);
        assert_eq!(finding.fault, *fault);
    }
}
