//! The rate of a file: what a call costs of it, and who has it together.

use std::{
    num::NonZeroU32,
    sync::{Arc, Mutex},
    time::Duration,
};

use async_trait::async_trait;
use clerkwork_connectors_api::{
    ErrorKind,
    contract::Connector,
    http::{FleetPace, FleetPaceError, PaceSettings, Turn},
};
use clerkwork_core::IdempotencyKey;
use clerkwork_declarative::{Declarative, Settings};
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

        [operations.state]
        idempotency = "read"
        input = {{}}
        output = {{}}
        request = {{ method = "GET", path = "state" }}
        response = {{}}

        [operations.search]
        idempotency = "read"
        input = {{}}
        output = {{}}
        cost = 5
        request = {{ method = "GET", path = "search" }}
        response = {{}}

        [operations.list]
        idempotency = "read"
        output = {{ n = "integer" }}
        cost = 3
        request = {{ method = "GET", path = "list", query = {{ after = "{{cursor?}}" }} }}
        pagination = {{ cursor = "next" }}
        response = {{ result = {{ path = "items", each = {{ fields = {{ n = "n" }} }} }} }}

        [operations.act]
        idempotency = "native_key"
        input = {{}}
        output = {{}}
        cost = 2
        request = {{ method = "POST", path = "act", headers = {{ X-Key = "{{key}}" }} }}
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

fn connector(upstream: &Upstream, rate: &str, change: impl Fn(&mut Settings)) -> Declarative {
    let mut settings = upstream.settings.clone();
    settings.retry.retries = 0;
    change(&mut settings);
    Declarative::parse(&file(rate), "land.toml", &settings).unwrap()
}

/// Notes what is asked for, and gives it at once or cannot be asked.
#[derive(Debug, Default)]
struct Noted {
    is_away: bool,
    asked: Mutex<Vec<(String, u32, PaceSettings)>>,
}

#[async_trait]
impl FleetPace for Noted {
    async fn turn(
        &self,
        upstream: &str,
        cost: u32,
        rate: PaceSettings,
    ) -> Result<Turn, FleetPaceError> {
        let mut asked = self.asked.lock().unwrap();
        asked.push((upstream.to_owned(), cost, rate));
        match self.is_away {
            true => Err(FleetPaceError::new("it is away")),
            false => Ok(Turn::After(Duration::ZERO)),
        }
    }
}

#[tokio::test]
async fn a_call_takes_the_turns_that_it_costs_from_the_fleets_rate() {
    let upstream = upstream().await;
    let pace = Arc::new(Noted::default());
    let rate = "per_second = 40, burst = 8, max_wait_seconds = 9";
    let connector = connector(&upstream, rate, |settings| {
        settings.pace = Some(pace.clone());
        settings.processes = NonZeroU32::new(4).unwrap();
    });
    let input = json!({});
    let key = IdempotencyKey("k".into());
    connector.call("state", None, &input).await.unwrap();
    connector.call("search", None, &input).await.unwrap();
    connector.poll("list", None, 10).await.unwrap();
    connector.call("act", Some(&key), &input).await.unwrap();
    connector.health().await.unwrap();

    let asked = pace.asked.lock().unwrap();
    let costs: Vec<_> = asked.iter().map(|(_, cost, _)| *cost).collect();
    assert_eq!(costs, [1, 1, 5, 3, 2, 1], "the first signs in");
    for (upstream, _, rate) in asked.iter() {
        assert_eq!(upstream, "land");
        assert_eq!((rate.per_second.get(), rate.burst.get()), (40, 8));
        assert!(rate.max_wait <= Duration::from_secs(9));
    }
}

/// Five turns a second apart are worth five seconds, so however slow the machine is, there are none for the second.
#[tokio::test]
async fn a_dear_call_is_refused_until_all_its_turns_are_there() {
    let upstream = upstream().await;
    let rate = "per_second = 1, burst = 6, max_wait_seconds = 0.1";
    let connector = connector(&upstream, rate, |_| {});
    let input = json!({});
    // With its sign-in it takes them all.
    connector.call("search", None, &input).await.unwrap();
    let error = connector.call("search", None, &input).await.unwrap_err();
    let ErrorKind::RateLimited { .. } = error.kind else {
        panic!("{error}");
    };
    assert_eq!(upstream.count("search"), 1);
}

#[tokio::test]
async fn a_process_goes_by_its_share_while_the_fleets_pace_is_away() {
    let upstream = upstream().await;
    let pace = Arc::new(Noted {
        is_away: true,
        ..Noted::default()
    });
    let rate = "per_second = 2, burst = 12, max_wait_seconds = 0.1";
    let [whole, share] = [1, 2].map(|processes| {
        connector(&upstream, rate, |settings| {
            settings.pace = Some(pace.clone());
            settings.processes = NonZeroU32::new(processes).unwrap();
        })
    });
    let input = json!({});
    for connector in [&whole, &share] {
        connector.call("search", None, &input).await.unwrap();
    }
    whole.call("search", None, &input).await.unwrap();
    let error = share.call("search", None, &input).await.unwrap_err();
    let ErrorKind::RateLimited { .. } = error.kind else {
        panic!("{error}");
    };
}
