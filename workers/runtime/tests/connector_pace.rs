//! One pace for two processes whose connectors are built from the same settings and the same file.
#![expect(
    clippy::unwrap_used,
    reason = "helpers of tests end the test, as the tests themselves do"
)]

use std::{
    collections::BTreeMap,
    fs,
    path::Path,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use async_trait::async_trait;
use axum::{
    Router,
    http::HeaderMap,
    response::{Html, IntoResponse},
};
use clerkwork_connectors_api::{
    ErrorKind,
    contract::Connector,
    http::{FleetPace, FleetPaceError, PaceSettings, Turn},
};
use clerkwork_queue::{Queue, QueueOptions};
use clerkwork_runtime::{Config, Connectors, FleetTurns, Sources, Surroundings};
use clerkwork_testkit::{Redis, eventually};
use serde_json::json;
use tokio::{net::TcpListener, task::JoinSet};

const RATE: u32 = 50;
const BURST: u32 = 5;

/// Turns that each process must have been given: many more than a burst.
const ENOUGH: usize = 30;

/// The fleet's pace as one process takes turns from it.
#[derive(Debug)]
struct Noted {
    turns: FleetTurns,
    burst: u32,
    /// When each turn was ours, at the earliest and at the latest.
    given: Mutex<Vec<(Instant, Instant)>>,
}

#[async_trait]
impl FleetPace for Noted {
    async fn turn(
        &self,
        upstream: &str,
        cost: u32,
        rate: PaceSettings,
    ) -> Result<Turn, FleetPaceError> {
        assert_eq!(
            (rate.per_second.get(), rate.burst.get()),
            (RATE, self.burst)
        );
        let asked = Instant::now();
        let turn = self.turns.turn(upstream, cost, rate).await?;
        if let Turn::After(wait) = turn {
            let known = Instant::now();
            let mut given = self.given.lock().unwrap();
            given.push((asked + wait, known + wait));
        }
        Ok(turn)
    }
}

/// An upstream whose every answer is a page that nobody knows, or JSON that says nothing to whoever asks for JSON.
async fn upstream() -> String {
    let app = Router::new().fallback(async |headers: HeaderMap| {
        let accept = headers.get("accept").and_then(|value| value.to_str().ok());
        match accept {
            Some(accept) if accept.contains("json") => "{}".into_response(),
            _ => Html("<html></html>").into_response(),
        }
    });
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, app).await });
    base
}

/// The connector of that file.
fn land(base: &str, rate: &str, cost: u32) -> String {
    format!(
        r#"
        name = "land"
        title = {{ zh = "不动产", en = "land" }}
        version = "1"
        upstream = {{ base_url = "{base}", rate = {{ {rate} }} }}

        [operations.state]
        idempotency = "read"
        input = {{}}
        output = {{}}
        cost = {cost}
        request = {{ method = "GET", path = "state" }}
        response = {{ kind = "html" }}
        "#
    )
}

fn config(folder: &Path, file: &str, settings: &[(&str, &str)]) -> Config {
    let connectors = folder.join("connectors");
    fs::create_dir_all(&connectors).unwrap();
    fs::write(connectors.join("land.toml"), file).unwrap();
    let folder = [("DATA_DIR", folder.to_str().unwrap())];
    let all = folder.iter().chain(settings);
    let environment: BTreeMap<_, _> = all
        .map(|(key, value)| (format!("CLERKWORK__{key}"), (*value).to_owned()))
        .collect();
    Config::load(&Sources {
        environment,
        ..Sources::default()
    })
    .unwrap()
}

/// The connector of that name, built with `around`.
fn built(config: &Config, name: &str, around: Surroundings) -> Arc<dyn Connector> {
    let connectors = Connectors::of(config, around).unwrap();
    assert_eq!(connectors.faults(), []);
    connectors.get(name).unwrap()
}

/// Lets two processes ask `name` for its health until each was given enough turns: together they never had more than
/// a burst and what the rate gave meanwhile.
async fn keeps_one_pace(name: &str, burst: u32) {
    let redis = Redis::start().await;
    let folder = tempfile::tempdir().unwrap();
    let base = upstream().await;
    let file = land(&base, &format!("per_second = {RATE}, burst = {BURST}"), 1);
    let settings = [
        ("PORTAL__BASE_URL", base.as_str()),
        ("PORTAL__USER", "robot"),
        ("PORTAL__PASSWORD", "geheim"),
        ("PORTAL__FLEET_RATE", &RATE.to_string()),
        ("PORTAL__BURST", &BURST.to_string()),
        ("CONNECTORS__BUILT_IN", &format!("template={base}")),
        ("CONNECTORS__RATE_PER_SECOND", &RATE.to_string()),
        ("FLEET__PROCESSES", "2"),
    ];
    let config = config(folder.path(), &file, &settings);
    let over = Arc::new(AtomicBool::new(false));
    let mut calls = JoinSet::new();
    let mut paces = Vec::new();
    for _ in 0..2 {
        let queue = Queue::connect(&redis.url(), QueueOptions::default())
            .await
            .unwrap();
        let pace = Arc::new(Noted {
            turns: FleetTurns::new(&queue),
            burst,
            given: Mutex::default(),
        });
        paces.push(Arc::clone(&pace));
        let around = Surroundings {
            pace: Some(pace),
            ..Surroundings::default()
        };
        let connector = built(&config, name, around);
        for _ in 0..4 {
            let (connector, over) = (Arc::clone(&connector), Arc::clone(&over));
            calls.spawn(async move {
                while !over.load(Ordering::SeqCst) {
                    // What the portal makes of the page does not matter here.
                    let _ = connector.health().await;
                    tokio::task::yield_now().await;
                }
            });
        }
    }
    let given = |pace: &Arc<Noted>| pace.given.lock().unwrap().len();
    eventually(Duration::from_secs(30), async || {
        paces.iter().all(|pace| given(pace) >= ENOUGH)
    })
    .await;
    over.store(true, Ordering::SeqCst);
    while let Some(ended) = calls.join_next().await {
        ended.unwrap();
    }

    let of = |pace: &Arc<Noted>| pace.given.lock().unwrap().clone();
    let (mut earliest, mut latest): (Vec<_>, Vec<_>) = paces.iter().flat_map(of).unzip();
    earliest.sort();
    latest.sort();
    for (first, from) in earliest.iter().enumerate() {
        for (turns, to) in (1..).zip(&latest[first + 1..]) {
            let within = to.saturating_duration_since(*from);
            let allowed = f64::from(RATE) * within.as_secs_f64() + f64::from(burst);
            assert!(f64::from(turns) <= allowed + 0.1, "{turns} in {within:?}");
        }
    }
}

#[tokio::test]
async fn processes_with_the_same_file_share_its_rate() {
    keeps_one_pace("land", BURST).await;
}

#[tokio::test]
async fn processes_with_the_same_portal_share_its_fleet_rate() {
    keeps_one_pace("portal", BURST).await;
}

#[tokio::test]
async fn processes_with_the_same_compiled_connector_share_its_rate() {
    keeps_one_pace("template", 1).await;
}

/// The half of four turns is two, and the next two are two seconds away.
#[tokio::test]
async fn without_redis_a_process_goes_by_its_share_of_a_files_rate() {
    let folder = tempfile::tempdir().unwrap();
    let rate = "per_second = 2, burst = 4, max_wait_seconds = 0.1";
    let file = land(&upstream().await, rate, 2);
    let config = config(folder.path(), &file, &[("FLEET__PROCESSES", "2")]);
    let connector = built(&config, "land", Surroundings::default());
    let input = json!({});
    connector.call("state", None, &input).await.unwrap();
    let error = connector.call("state", None, &input).await.unwrap_err();
    let ErrorKind::RateLimited { .. } = error.kind else {
        panic!("{error}");
    };
}
