//! What a call through the stack costs beside the same call by bare reqwest, over one local server.
//!
//! `cargo run --release -p clerkwork-connectors-api --example overhead`

use std::{
    error::Error,
    num::{NonZeroU32, NonZeroUsize},
    time::{Duration, Instant},
};

use axum::{Json, Router, routing::post};
use clerkwork_connectors_api::http::{
    HttpSettings, HttpStack, InFlightSettings, PaceSettings, Secret,
};
use serde_json::{Value, json};
use tokio::net::TcpListener;

const ROUNDS: usize = 20;
const CALLS: usize = 1_000;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let app = Router::new().route(
        "/api/look",
        post(|Json(question): Json<Value>| async { Json(question) }),
    );
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let base = format!("http://{}", listener.local_addr()?);
    tokio::spawn(async move { axum::serve(listener, app).await });

    let settings = HttpSettings {
        in_flight: NonZeroUsize::new(64).map(|calls| InFlightSettings {
            calls,
            max_wait: Duration::from_secs(10),
        }),
        // Never the limit here: what is measured is asking for a turn.
        pace: NonZeroU32::new(1_000_000).map(|turns| PaceSettings {
            per_second: turns,
            burst: turns,
            max_wait: Duration::from_secs(10),
        }),
        ..HttpSettings::new("bench", &base, Secret::new("t"))
    };
    let stack = HttpStack::new(settings)?;
    let endpoint = stack.read("look", "api/look")?;
    let bare = reqwest::Client::builder()
        .http1_only()
        .no_proxy()
        .timeout(Duration::from_secs(10))
        .build()?;
    let url = format!("{base}/api/look");
    let question = json!({"items": vec!["一二三四五六七八"; 20]});

    let (mut by_stack, mut by_bare) = (Vec::new(), Vec::new());
    // In turns, so that whatever else the machine does meets both.
    for round in 0..=ROUNDS {
        for _ in 0..CALLS {
            let started = Instant::now();
            let answer: Value = stack.call(&endpoint, None, &question).await?.json()?;
            note(&mut by_stack, round, started, &answer)?;
        }
        for _ in 0..CALLS {
            let started = Instant::now();
            let response = bare
                .post(&url)
                .bearer_auth("t")
                .json(&question)
                .send()
                .await?;
            let answer: Value = response.error_for_status()?.json().await?;
            note(&mut by_bare, round, started, &answer)?;
        }
    }
    by_stack.sort_unstable();
    by_bare.sort_unstable();
    for percent in [50, 99] {
        let at = |times: &[Duration]| times[times.len() * percent / 100].as_secs_f64() * 1e6;
        let (stack, bare) = (at(&by_stack), at(&by_bare));
        println!(
            "p{percent}: stack {stack:.0} µs, reqwest {bare:.0} µs, ratio {:.2}",
            stack / bare
        );
    }
    Ok(())
}

/// The first round only warms up.
fn note(
    times: &mut Vec<Duration>,
    round: usize,
    started: Instant,
    answer: &Value,
) -> Result<(), &'static str> {
    if answer["items"].as_array().map(Vec::len) != Some(20) {
        return Err("the server gave another answer");
    }
    if round > 0 {
        times.push(started.elapsed());
    }
    Ok(())
}
