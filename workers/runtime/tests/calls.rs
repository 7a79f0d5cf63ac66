//! Calls to an upstream as the wired process makes them.
#![expect(
    clippy::unwrap_used,
    reason = "helpers of tests end the test, as the tests themselves do"
)]

use std::{collections::BTreeMap, fs, os::unix::fs::PermissionsExt, path::Path, sync::Arc};

use axum::{Json, Router, http::HeaderMap};
use clerkwork_audit::EventType;
use clerkwork_core::SystemClock;
use clerkwork_ledger::{EventFilter, Order, Page};
use clerkwork_runtime::{Config, Services, Sources};
use clerkwork_testkit::Redis;
use serde_json::{Value, json};
use tokio::net::TcpListener;

/// A platform that knows no application, and believes one token.
async fn platform(token: &'static str) -> String {
    let app = Router::new().fallback(move |headers: HeaderMap| async move {
        assert_eq!(headers["authorization"], token);
        Json(json!({"code": 404, "message": "申请 110101199003077774 不存在"}))
    });
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, app).await });
    base
}

async fn services(folder: &Path, redis: &Redis, base: &str) -> Services {
    let token = folder.join("token");
    fs::write(&token, "geheim\n").unwrap();
    fs::set_permissions(&token, fs::Permissions::from_mode(0o600)).unwrap();
    let environment: BTreeMap<_, _> = [
        ("DATA_DIR", folder.to_str().unwrap()),
        ("REDIS__URL", &redis.url()),
        ("ETAX__BASE_URL", base),
        ("ETAX__TOKEN_FILE", token.to_str().unwrap()),
    ]
    .into_iter()
    .map(|(key, value)| (format!("CLERKWORK__{key}"), value.to_owned()))
    .collect();
    let sources = Sources {
        environment,
        ..Sources::default()
    };
    let config = Config::load(&sources).unwrap();
    Services::connect(config, Arc::new(SystemClock))
        .await
        .unwrap()
}

#[tokio::test]
async fn every_call_of_a_wired_connector_is_in_the_trail() {
    let base = platform("Bearer geheim").await;
    let folder = tempfile::tempdir().unwrap();
    let redis = Redis::start().await;
    let services = services(folder.path(), &redis, &base).await;
    // What the platform means by it does not matter here.
    let _ = services.upstreams.agent_invoices.status("A-1").await;

    let filter = EventFilter {
        kind: Some(EventType::ConnectorCalled.as_str().to_owned()),
        ..EventFilter::default()
    };
    let found = services
        .ledger
        .search(&filter, Order::Newest, Page::first(10))
        .await
        .unwrap();
    let [event] = &found.events[..] else {
        panic!("one call, one event");
    };
    let event: Value = serde_json::from_slice(&event.bytes).unwrap();
    assert_eq!(event["actor"]["kind"], "robot");
    assert_eq!(event["actor"]["name"], services.name.as_str());
    let data = &event["data"];
    assert_eq!(data["connector"], "etax");
    assert_eq!(data["operation"], "status");
    assert_eq!(data["access"], "read");
    assert_eq!(data["status"], 200);
    assert_eq!(data["ended"], "answered");
    assert_eq!(data["try"], 1);
    assert_eq!(data["key"], Value::Null);
    assert!(!event.to_string().contains("110101199003077774"));
}
