//! What the e-tax platform calls back, and what strangers get.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use clerkwork_audit::{EventDraft, EventType};
use clerkwork_console::CALLBACK;
use clerkwork_core::{Actor, JobId, KindName, Lane, Office, State, Text, WorkerId};
use clerkwork_ledger::{
    Accepted, Change, Changed, Claim, Claimed, EventFilter, NewJob, Order, Page, WaitWrite,
};
use hmac::{Hmac, KeyInit, Mac};
use reqwest::{Method, RequestBuilder, Response, StatusCode};
use serde_json::{Value, json};
use sha2::Sha256;

use crate::visitor::{Served, client, serve_with};

const SECRET: &str = "agreed-between-the-two";
const FORM: &str = "26440000000000000001";

async fn listening() -> Served {
    serve_with(0, vec![("etax.callback_secret", SECRET.into())]).await
}

/// A job that waits for the form.
async fn waiting(served: &Served, reference: &str) -> JobId {
    let id = running(served, reference).await;
    rest(served, id).await;
    id
}

/// A job that a worker has in hand.
async fn running(served: &Served, reference: &str) -> JobId {
    let ledger = &served.services.ledger;
    let job = NewJob {
        kind: KindName::new("agent_invoice_review"),
        reference: reference.into(),
        office: Office::default(),
        batch: None,
        lane: Lane::Standard,
        deadline: None,
        run_at: None,
        submitter: "li".into(),
        payload: json!({}),
        subject_id: "1".into(),
        subject_name: "甲".into(),
        traceparent: None,
    };
    let Accepted::New(id) = ledger.accept(vec![job]).await.unwrap()[0] else {
        panic!("it is new");
    };
    claim(served, id, 1).await;
    id
}

/// Its worker leaves it waiting for the form.
async fn rest(served: &Served, id: JobId) {
    let actor = Actor::Robot("w".into());
    let event = EventDraft::new(
        EventType::JobWaiting,
        actor,
        json!({"topic": FORM, "until": 0, "why": "waits"}),
    );
    let mut rest = Change::new(id, State::Running, 1, State::Waiting).event(event);
    let now = served.services.clock.now();
    rest.run_at = Some(now.after(std::time::Duration::from_secs(3_600)));
    rest.wait = Some(WaitWrite {
        topic: format!("etax.form:{FORM}"),
        deadline: Some(now.after(std::time::Duration::from_secs(72 * 3_600))),
        why: Text::new("等待购买方确认", "the buyer is to confirm"),
    });
    let changed = served.services.ledger.change(rest).await;
    assert_eq!(changed.unwrap(), Changed::Yes);
}

async fn claim(served: &Served, job: JobId, attempt: u32) {
    let claim = Claim {
        job,
        attempt,
        worker: WorkerId::new(),
        actor: Actor::Robot("w".into()),
    };
    let claimed = served.services.ledger.claim(claim).await.unwrap();
    assert!(matches!(claimed, Claimed::Yes(_)));
}

async fn state(served: &Served, job: JobId) -> State {
    let job = served.services.ledger.job(job).await.unwrap();
    job.unwrap().state
}

fn message(form: &str) -> String {
    json!({"event": "hzqrd", "hzqrdbh": form, "hzqrxxztDm": "04"}).to_string()
}

fn seconds(served: &Served) -> i64 {
    served.services.clock.now().0 / 1_000_000
}

fn signature(secret: &str, id: &str, at: i64, body: &str) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
    mac.update(format!("{id}.{at}.{body}").as_bytes());
    format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()))
}

fn post(served: &Served, body: &str) -> RequestBuilder {
    let url = format!("{}{CALLBACK}", served.origin());
    client()
        .request(Method::POST, url)
        .header("content-type", "application/json")
        .body(body.to_owned())
}

fn signed(served: &Served, id: &str, at: i64, body: &str) -> RequestBuilder {
    post(served, body)
        .header("webhook-id", id)
        .header("webhook-timestamp", at.to_string())
        .header("webhook-signature", signature(SECRET, id, at, body))
}

async fn call(served: &Served, id: &str, body: &str) -> Response {
    let request = signed(served, id, seconds(served), body);
    request.send().await.unwrap()
}

async fn refusals(served: &Served) -> Vec<Value> {
    let filter = EventFilter {
        kind: Some("access.refused".into()),
        ..EventFilter::default()
    };
    let ledger = &served.services.ledger;
    let found = ledger.search(&filter, Order::Newest, Page::first(100));
    let events = found.await.unwrap().events;
    events
        .iter()
        .map(|event| serde_json::from_slice(&event.bytes).unwrap())
        .collect()
}

#[tokio::test]
async fn a_signed_message_wakes_the_job_that_waits_for_its_form() {
    let served = listening().await;
    let id = waiting(&served, "HZ-1").await;
    let listed = served.json("/api/items?state=waiting").await;
    let item = &listed["items"][0];
    assert_eq!(item["wait"]["topic"], format!("etax.form:{FORM}"));
    assert_eq!(item["wait"]["zh"], "等待购买方确认");
    assert!(item["wait"]["deadline"].is_string() && item["due"].is_string());

    let other = call(&served, "m0", &message("26440000000000000002")).await;
    assert_eq!(
        other.status(),
        StatusCode::NO_CONTENT,
        "nobody waits for it"
    );
    assert_eq!(state(&served, id).await, State::Waiting);

    let answer = call(&served, "m1", &message(FORM)).await;
    assert_eq!(answer.status(), StatusCode::NO_CONTENT);
    assert_eq!(answer.headers()["cache-control"], "no-store");
    assert_eq!(answer.text().await.unwrap(), "");
    assert_eq!(state(&served, id).await, State::Available);
    let events = served.services.ledger.events_of(id).await.unwrap();
    let last: Value = serde_json::from_slice(&events.last().unwrap().bytes).unwrap();
    assert_eq!(last["type"], "job.available");
    assert_eq!(last["actor"], json!({"kind": "system", "name": "callback"}));
    assert!(refusals(&served).await.is_empty());
}

#[tokio::test]
async fn a_repeated_message_is_answered_and_changes_nothing() {
    let served = listening().await;
    let id = waiting(&served, "HZ-1").await;
    let at = seconds(&served);
    let send = async || {
        let request = signed(&served, "m1", at, &message(FORM));
        request.send().await.unwrap().status()
    };
    assert_eq!(send().await, StatusCode::NO_CONTENT);
    claim(&served, id, 2).await;
    let again = waiting(&served, "HZ-2").await;
    assert_eq!(send().await, StatusCode::NO_CONTENT);
    assert_eq!(state(&served, again).await, State::Waiting);
    let fresh = call(&served, "m2", &message(FORM)).await;
    assert_eq!(fresh.status(), StatusCode::NO_CONTENT);
    assert_eq!(state(&served, again).await, State::Available);
}

#[tokio::test]
async fn a_message_that_came_while_the_job_ran_is_heard_when_it_is_repeated() {
    let served = listening().await;
    let id = running(&served, "HZ-1").await;
    let at = seconds(&served);
    let send = async || {
        let request = signed(&served, "m1", at, &message(FORM));
        request.send().await.unwrap().status()
    };
    assert_eq!(send().await, StatusCode::NO_CONTENT);
    assert_eq!(state(&served, id).await, State::Running);
    rest(&served, id).await;
    assert_eq!(send().await, StatusCode::NO_CONTENT);
    assert_eq!(state(&served, id).await, State::Available);
}

#[tokio::test]
async fn nobody_else_gets_in_and_that_is_recorded_once_a_minute() {
    let served = listening().await;
    let id = waiting(&served, "HZ-1").await;
    let body = message(FORM);
    let now = seconds(&served);
    let wrong = signature("another-secret", "m1", now, &body);
    let good = signature(SECRET, "m1", now, &body);
    let with = |id: &str, at: &str, signature: &str| {
        post(&served, &body)
            .header("webhook-id", id)
            .header("webhook-timestamp", at)
            .header("webhook-signature", signature)
    };
    let at = now.to_string();
    let long = "m".repeat(257);
    let strangers = [
        ("nothing", post(&served, &body)),
        (
            "the page's token",
            post(&served, &body).bearer_auth(served.token()),
        ),
        ("another secret", with("m1", &at, &wrong)),
        ("another id", with("m2", &at, &good)),
        ("another time", with("m1", &(now + 1).to_string(), &good)),
        ("no version", with("m1", &at, &good["v1,".len()..])),
        (
            "another version",
            with("m1", &at, &good.replace("v1,", "v2,")),
        ),
        ("half a signature", with("m1", &at, &good[..20])),
        ("no signature", with("m1", &at, "")),
        ("no time", with("m1", "soon", &good)),
        ("an endless id", with(&long, &at, &good)),
        ("too late", signed(&served, "m1", now - 400, &body)),
        ("too early", signed(&served, "m1", now + 400, &body)),
        (
            "another body",
            signed(&served, "m1", now, &body).body(message("26440000000000000002")),
        ),
    ];
    for (what, request) in strangers {
        let answer = request.send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::UNAUTHORIZED, "{what}");
        assert_eq!(answer.headers()["x-content-type-options"], "nosniff");
    }
    assert_eq!(state(&served, id).await, State::Waiting);
    let recorded = refusals(&served).await;
    assert_eq!(recorded.len(), 1, "{recorded:#?}");
    assert_eq!(
        recorded[0]["data"],
        json!({"action": "callback.etax", "why": "unsigned", "unrecorded": 0})
    );
    // While a secret is changed, a message carries a signature of each.
    let both = with("m1", &at, &format!("{wrong} {good}"));
    assert_eq!(both.send().await.unwrap().status(), StatusCode::NO_CONTENT);
    assert_eq!(state(&served, id).await, State::Available);
}

#[tokio::test]
async fn a_body_that_is_no_message_is_refused() {
    let served = listening().await;
    let id = waiting(&served, "HZ-1").await;
    for (i, body) in [
        "".to_owned(),
        "[]".to_owned(),
        "not json".to_owned(),
        json!({"event": "hzqrd", "hzqrdbh": FORM}).to_string(),
        json!({"event": "other", "hzqrdbh": FORM, "hzqrxxztDm": "04"}).to_string(),
        json!({"event": "hzqrd", "hzqrdbh": FORM, "hzqrxxztDm": "4"}).to_string(),
        message("2644"),
        message("2644000000000000000x"),
        message("26440000000000000001' --"),
    ]
    .iter()
    .enumerate()
    {
        let answer = call(&served, &format!("m{i}"), body).await;
        assert_eq!(answer.status(), StatusCode::BAD_REQUEST, "{body}");
        assert_eq!(answer.headers()["content-type"], "application/problem+json");
    }
    let mut form = signed(&served, "f", seconds(&served), &message(FORM))
        .build()
        .unwrap();
    let kind = "application/x-www-form-urlencoded".parse().unwrap();
    form.headers_mut().insert("content-type", kind);
    let answer = client().execute(form).await.unwrap();
    assert_eq!(answer.status(), StatusCode::BAD_REQUEST);
    let large = call(&served, "large", &" ".repeat(16 * 1024 + 1)).await;
    assert_eq!(large.status(), StatusCode::PAYLOAD_TOO_LARGE);
    assert_eq!(state(&served, id).await, State::Waiting);
    // The largest that is read, with something in it that we do not know.
    let mut padded = json!({"event": "hzqrd", "hzqrdbh": FORM, "hzqrxxztDm": "04", "x": ""});
    let room = 16 * 1024 - padded.to_string().len();
    padded["x"] = "x".repeat(room).into();
    let answer = call(&served, "padded", &padded.to_string()).await;
    assert_eq!(answer.status(), StatusCode::NO_CONTENT);
    assert_eq!(state(&served, id).await, State::Available);
    let get = client().get(format!("{}{CALLBACK}", served.origin()));
    let answer = get.send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::METHOD_NOT_ALLOWED);
}

#[tokio::test]
async fn without_a_secret_there_is_no_such_page() {
    let served = serve_with(0, Vec::new()).await;
    for request in [
        post(&served, &message(FORM)),
        signed(&served, "m1", seconds(&served), &message(FORM)),
        post(&served, &message(FORM)).bearer_auth(served.token()),
    ] {
        let answer = request.send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::NOT_FOUND);
    }
    assert!(refusals(&served).await.is_empty());
}

#[tokio::test]
async fn without_its_ledger_the_platform_is_told_to_come_again_and_is_heard_then() {
    let served = listening().await;
    served.services.ledger.clone().close().await;
    for _ in 0..2 {
        let answer = call(&served, "m1", &message(FORM)).await;
        assert_eq!(answer.status(), StatusCode::SERVICE_UNAVAILABLE);
    }
    let unsigned = post(&served, &message(FORM)).send().await.unwrap();
    assert_eq!(unsigned.status(), StatusCode::UNAUTHORIZED);
}
