//! What the e-tax platform tells us: the state of a confirmation form has changed.
//!
//! Nothing that is said here is believed. A signed message wakes the jobs that wait for the form,
//! and they ask the platform themselves; so one that is repeated, or tells a lie, costs a question
//! and no more. Whoever is not the platform learns nothing, not even whether somebody waits.

use std::{
    collections::{HashSet, VecDeque},
    sync::{Arc, Mutex, PoisonError},
};

use axum::{
    Router,
    body::Bytes,
    extract::{DefaultBodyLimit, State, rejection::BytesRejection},
    http::{HeaderMap, StatusCode, header},
    middleware,
    response::{IntoResponse, Response},
    routing::post,
};
use clerkwork_audit::{EventDraft, EventType};
use clerkwork_core::{Actor, Timestamp};
use clerkwork_runtime::Services;
use serde::Deserialize;
use serde_json::json;

use crate::{
    access,
    routes::problem,
    signature::{Distrust, Key, WINDOW},
};

/// The path.
pub const PATH: &str = "/callbacks/etax";

/// Largest message, in bytes.
const LARGEST: usize = 16 * 1024;

/// Ids of messages that are remembered at most.
const REMEMBERED: usize = 10_000;

/// Refusals are recorded no more often than this, in microseconds: strangers must not fill the
/// trail.
const PAUSE: i64 = 60_000_000;

/// What the route works with.
#[derive(Clone)]
struct Callback {
    services: Services,
    key: Option<Key>,
    memory: Arc<Mutex<Memory>>,
}

/// The messages of the last minutes that woke a job, and when a refusal was last recorded.
#[derive(Default)]
struct Memory {
    ids: HashSet<String>,
    /// The same, the oldest first.
    order: VecDeque<(Timestamp, String)>,
    recorded: Option<Timestamp>,
    unrecorded: u64,
}

/// The part of a message that matters; it may say more.
#[derive(Deserialize)]
struct Message {
    event: String,
    /// Number of the confirmation form.
    hzqrdbh: String,
    /// Its state, which the job will ask for itself.
    #[serde(rename = "hzqrxxztDm")]
    state: String,
}

/// The route, outside the page's guard: the signature is what opens it.
pub(crate) fn router(services: Services, key: Option<Key>) -> Router {
    let callback = Callback {
        services,
        key,
        memory: Arc::default(),
    };
    Router::new()
        .route(PATH, post(hear))
        .layer(DefaultBodyLimit::max(LARGEST))
        .layer(middleware::map_response(access::seal))
        .with_state(callback)
}

async fn hear(
    State(callback): State<Callback>,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Response {
    let Some(key) = &callback.key else {
        return problem(StatusCode::NOT_FOUND, "no such page");
    };
    let body = match body {
        Ok(body) => body,
        Err(rejection) if rejection.status() == StatusCode::PAYLOAD_TOO_LARGE => {
            return problem(
                StatusCode::PAYLOAD_TOO_LARGE,
                "a message has 16 KiB at most",
            );
        }
        Err(_) => return problem(StatusCode::BAD_REQUEST, "the message broke off"),
    };
    let now = callback.services.clock.now();
    let id = match key.verify(&headers, &body, now) {
        Ok(id) => id,
        Err(distrust) => {
            callback.record(distrust, now).await;
            return problem(
                StatusCode::UNAUTHORIZED,
                "sign the message as Standard Webhooks says, with the agreed secret and a clock \
                 that is right",
            );
        }
    };
    let Some(form) = form_of(&headers, &body) else {
        return problem(
            StatusCode::BAD_REQUEST,
            "write application/json: {\"event\":\"hzqrd\",\"hzqrdbh\":\"20 digits\",\
             \"hzqrxxztDm\":\"2 digits\"}",
        );
    };
    if callback.knows(&id, now) {
        return StatusCode::NO_CONTENT.into_response();
    }
    let topic = format!("etax.form:{form}");
    let actor = Actor::System("callback".into());
    match callback.services.ledger.wake(&topic, actor).await {
        Ok(jobs) => {
            tracing::debug!(topic, jobs, "the platform called");
            // A job that runs now may wait in a moment: said again, it is to be heard.
            if jobs > 0 {
                callback.remember(id, now);
            }
            StatusCode::NO_CONTENT.into_response()
        }
        Err(error) => {
            tracing::warn!(error = %error, "a callback could not wake its jobs");
            problem(
                StatusCode::SERVICE_UNAVAILABLE,
                "the ledger does not answer; send it again later",
            )
        }
    }
}

/// The number of the form that a message is about.
fn form_of(headers: &HeaderMap, body: &[u8]) -> Option<String> {
    let kind = headers.get(header::CONTENT_TYPE)?.to_str().ok()?;
    let kind = kind.split(';').next().unwrap_or_default().trim();
    if !kind.eq_ignore_ascii_case("application/json") {
        return None;
    }
    let message: Message = serde_json::from_slice(body).ok()?;
    let digits =
        |text: &str, count| text.len() == count && text.bytes().all(|b| b.is_ascii_digit());
    let fits =
        message.event == "hzqrd" && digits(&message.hzqrdbh, 20) && digits(&message.state, 2);
    fits.then_some(message.hzqrdbh)
}

impl Callback {
    fn memory(&self) -> std::sync::MutexGuard<'_, Memory> {
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn knows(&self, id: &str, now: Timestamp) -> bool {
        let mut memory = self.memory();
        memory.forget(now);
        memory.ids.contains(id)
    }

    fn remember(&self, id: String, now: Timestamp) {
        let mut memory = self.memory();
        if memory.ids.insert(id.clone()) {
            memory.order.push_back((now, id));
        }
        while memory.order.len() > REMEMBERED {
            memory.drop_oldest();
        }
    }

    /// Records that somebody was refused, with how many others were since the last record.
    async fn record(&self, distrust: Distrust, now: Timestamp) {
        let unrecorded = {
            let mut memory = self.memory();
            if memory.recorded.is_some_and(|last| now.0 < last.0 + PAUSE) {
                memory.unrecorded += 1;
                return;
            }
            memory.recorded = Some(now);
            std::mem::take(&mut memory.unrecorded)
        };
        let data = json!({
            "action": "callback.etax",
            "why": distrust.as_str(),
            "unrecorded": unrecorded,
        });
        let actor = Actor::System("callback".into());
        let event = EventDraft::new(EventType::AccessRefused, actor, data);
        let office = self.services.config.office.clone();
        if let Err(error) = self.services.ledger.record(office, event).await {
            tracing::warn!(error = %error, "a refused callback could not be recorded");
        }
    }
}

impl Memory {
    /// A message may be repeated as long as its time is within the window of ours, on either side.
    fn forget(&mut self, now: Timestamp) {
        let good_for = i64::try_from(WINDOW)
            .unwrap_or(i64::MAX)
            .saturating_mul(2_000_000);
        while let Some((at, _)) = self.order.front()
            && now.0.saturating_sub(at.0) > good_for
        {
            self.drop_oldest();
        }
    }

    fn drop_oldest(&mut self) {
        if let Some((_, id)) = self.order.pop_front() {
            self.ids.remove(&id);
        }
    }
}
