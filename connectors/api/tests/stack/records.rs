//! What is recorded of calls, and what becomes of a call that cannot be recorded.

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicBool, Ordering},
};

use async_trait::async_trait;
use axum::{
    Router,
    http::{Method, StatusCode},
    response::IntoResponse,
};
use clerkwork_connectors_api::{
    ErrorKind,
    http::{Access, CallLog, CallLogError, CallRecord, HttpSettings, HttpStack, Outgoing},
    redact,
};
use clerkwork_core::{Digest, IdempotencyKey};
use tokio::{net::TcpListener, sync::Notify};

use crate::upstream::{Upstream, get, json, settings};

/// Keeps records, or takes none.
#[derive(Debug, Default)]
struct Book {
    records: Mutex<Vec<CallRecord>>,
    is_full: AtomicBool,
    written: Notify,
}

#[async_trait]
impl CallLog for Book {
    async fn record(&self, call: CallRecord) -> Result<(), CallLogError> {
        if self.is_full.load(Ordering::SeqCst) {
            return Err(CallLogError::new("the disk is full"));
        }
        self.records.lock().unwrap().push(call);
        self.written.notify_one();
        Ok(())
    }
}

impl Book {
    fn records(&self) -> Vec<CallRecord> {
        self.records.lock().unwrap().clone()
    }
}

fn recorded(base: &str) -> (HttpStack, Arc<Book>) {
    let book = Arc::new(Book::default());
    let settings = HttpSettings {
        log: Some(book.clone()),
        ..settings(base)
    };
    (HttpStack::new(settings).unwrap(), book)
}

fn redacted(text: &str) -> Digest {
    Digest::of(&[redact::mask(text, usize::MAX).as_bytes()])
}

#[tokio::test]
async fn a_write_is_recorded_with_its_key_and_digests_of_what_was_said() {
    const ANSWER: &str = r#"{"number":"110101199003077774"}"#;
    let upstream = Upstream::start(|_, _| json(ANSWER)).await;
    let (stack, book) = recorded(&upstream.base);
    let endpoint = stack.write("act", "api/act").unwrap();
    let key = IdempotencyKey("cw-1-act".into());
    let question = serde_json::json!({"id": "110101199003077774"});
    stack.call(&endpoint, Some(&key), &question).await.unwrap();
    let sent = question.to_string();
    let [record] = &book.records()[..] else {
        panic!("one call, one record");
    };
    let expected = CallRecord {
        connector: "test",
        operation: "act",
        access: Access::Write,
        attempt: 1,
        method: "POST".into(),
        path: "/api/act".into(),
        key: Some(key),
        status: Some(200),
        outcome: "answered",
        duration: record.duration,
        request: redacted(&sent),
        response: Some(redacted(ANSWER)),
        bytes_out: sent.len() as u64,
        bytes_in: ANSWER.len() as u64,
    };
    assert_eq!(record, &expected);
    assert_ne!(record.request, Digest::of(&[sent.as_bytes()]));
}

#[tokio::test]
async fn every_try_is_recorded_even_one_that_met_nobody() {
    let upstream = Upstream::start(|call, _| match call {
        0 => StatusCode::SERVICE_UNAVAILABLE.into_response(),
        1 => axum::response::Html("<title>维护</title>").into_response(),
        _ => json("{}"),
    })
    .await;
    let (stack, book) = recorded(&upstream.base);
    get(&stack, "people/110101199003077774?name=x")
        .await
        .unwrap();
    let tries: Vec<_> = book
        .records()
        .into_iter()
        .map(|record| (record.attempt, record.status, record.outcome))
        .collect();
    assert_eq!(
        tries,
        [
            (1, Some(503), "transient"),
            (2, Some(200), "transient"),
            (3, Some(200), "answered"),
        ]
    );

    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let nowhere = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let (stack, book) = recorded(&nowhere);
    get(&stack, "x").await.unwrap_err();
    let records = book.records();
    assert_eq!(records.len(), 3);
    assert!(
        records
            .iter()
            .all(|record| record.status.is_none() && record.response.is_none())
    );
}

#[tokio::test]
async fn what_was_never_on_its_way_is_not_recorded() {
    let upstream = Upstream::start(|_, _| json("{}")).await;
    let (stack, book) = recorded(&upstream.base);
    let endpoint = stack.read("look", "x").unwrap();
    let outgoing = Outgoing::new(Method::GET, "https://elsewhere.example/".parse().unwrap());
    stack.send(&endpoint, &outgoing).await.unwrap_err();
    assert_eq!(book.records(), []);
}

#[tokio::test]
async fn a_call_that_cannot_be_recorded_has_no_answer() {
    let upstream = Upstream::start(|_, _| json("{}")).await;
    let (stack, book) = recorded(&upstream.base);
    book.is_full.store(true, Ordering::SeqCst);
    let error = get(&stack, "x").await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Transient);
    assert!(error.message.contains("the disk is full"), "{error}");
    assert_eq!(upstream.asked().len(), 1, "and is not made again");

    let endpoint = stack.write("act", "x").unwrap();
    let error = stack.call(&endpoint, None, &()).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::OutcomeUnknown);
    assert_eq!(upstream.asked().len(), 2);
    assert_eq!(stack.breaker().failures, 0, "the upstream is not to blame");

    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let nowhere = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let (stack, book) = recorded(&nowhere);
    book.is_full.store(true, Ordering::SeqCst);
    let endpoint = stack.write("act", "x").unwrap();
    let error = stack.call(&endpoint, None, &()).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Transient, "nothing was sent");
}

#[tokio::test]
async fn a_call_that_is_given_up_half_way_is_recorded_as_abandoned() {
    let arrived = Arc::new(Notify::new());
    let arrives = Arc::clone(&arrived);
    let app = Router::new().fallback(move || {
        arrives.notify_one();
        std::future::pending::<StatusCode>()
    });
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, app).await });
    let (stack, book) = recorded(&base);
    tokio::select! {
        answer = get(&stack, "x") => panic!("nobody answers: {answer:?}"),
        () = arrived.notified() => {}
    }
    book.written.notified().await;
    assert_eq!(book.records()[0].outcome, "abandoned");
}
