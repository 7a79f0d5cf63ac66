//! The HTTP stack against servers that misbehave.

#![expect(clippy::unwrap_used, reason = "helpers of tests")]

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use axum::{
    Router,
    body::{Body, Bytes},
    extract::Request,
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
};
use clerkwork_connectors_api::{
    ConnectorError, ErrorKind,
    http::{BreakerSettings, BreakerState, HttpSettings, HttpStack, RetrySettings, Secret},
};
use clerkwork_core::IdempotencyKey;
use serde::Deserialize;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};

#[derive(Debug, Deserialize, PartialEq, Eq)]
struct Answer {
    list: Vec<Row>,
}

#[derive(Debug, Deserialize, PartialEq, Eq)]
struct Row {
    name: String,
    count: u32,
}

/// A server whose `answer` is told how many calls came before.
struct Upstream {
    base: String,
    calls: Arc<AtomicUsize>,
}

impl Upstream {
    async fn start<F, R>(answer: F) -> Self
    where
        F: Fn(usize, Request) -> R + Clone + Send + Sync + 'static,
        R: IntoResponse,
    {
        let calls = Arc::new(AtomicUsize::new(0));
        let seen = Arc::clone(&calls);
        let app = Router::new().fallback(move |request: Request| {
            let response = answer(seen.fetch_add(1, Ordering::SeqCst), request).into_response();
            async move { response }
        });
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, app).await });
        Self { base, calls }
    }

    /// A server that speaks for itself: it reads a request and writes `bytes`, then closes.
    async fn raw(bytes: &'static [u8]) -> Self {
        let calls = Arc::new(AtomicUsize::new(0));
        let seen = Arc::clone(&calls);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                seen.fetch_add(1, Ordering::SeqCst);
                let mut request = [0; 4096];
                let _ = stream.read(&mut request).await;
                let _ = stream.write_all(bytes).await;
            }
        });
        Self { base, calls }
    }

    fn calls(&self) -> usize {
        self.calls.load(Ordering::SeqCst)
    }

    fn stack(&self) -> HttpStack {
        HttpStack::new(quick(&self.base)).unwrap()
    }
}

/// Settings with pauses of a few milliseconds.
fn quick(base: &str) -> HttpSettings {
    HttpSettings {
        request_timeout: Duration::from_secs(20),
        max_response_bytes: 10_000,
        retry: RetrySettings {
            retries: 2,
            min_delay: Duration::from_millis(1),
            max_delay: Duration::from_millis(2),
            max_retry_after: Duration::from_millis(5),
        },
        ..HttpSettings::new("test", base, Secret::new("geheim"))
    }
}

async fn read(stack: &HttpStack) -> Result<Answer, ConnectorError> {
    let endpoint = stack.read("look", "api/look").unwrap();
    stack.call(&endpoint, None, &()).await?.json()
}

async fn write(stack: &HttpStack) -> Result<Answer, ConnectorError> {
    let endpoint = stack.write("act", "api/act").unwrap();
    let key = IdempotencyKey("cw-1-act".into());
    stack.call(&endpoint, Some(&key), &()).await?.json()
}

fn json(body: &'static str) -> Response {
    ([("content-type", "application/json")], body).into_response()
}

fn good() -> Response {
    json(r#"{"list":[{"name":"张三","count":1}]}"#)
}

#[tokio::test]
async fn a_good_answer_is_read_and_the_credentials_and_the_key_are_sent() {
    let upstream = Upstream::start(|_, request| {
        let header = |headers: &HeaderMap, name: &str| {
            headers
                .get(name)
                .map_or(String::new(), |v| v.to_str().unwrap().to_owned())
        };
        assert_eq!(header(request.headers(), "authorization"), "Bearer geheim");
        let expected = match request.uri().path() {
            "/api/act" => "cw-1-act",
            _ => "",
        };
        assert_eq!(header(request.headers(), "idempotency-key"), expected);
        good()
    })
    .await;
    let stack = upstream.stack();
    assert_eq!(read(&stack).await.unwrap().list[0].name, "张三");
    assert_eq!(write(&stack).await.unwrap().list[0].count, 1);
    assert!(!format!("{stack:?}").contains("geheim"));
}

#[tokio::test]
async fn an_html_page_is_named_by_its_title() {
    let upstream =
        Upstream::start(|_, _| axum::response::Html("<html><title>系统维护</title></html>")).await;
    let stack = upstream.stack();
    let error = read(&stack).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Transient);
    assert_eq!(
        error.to_string(),
        "test.look: upstream answered an HTML page titled `系统维护` instead of JSON"
    );
    assert_eq!(upstream.calls(), 3, "a read is tried again");
    let error = write(&stack).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::OutcomeUnknown);
    assert_eq!(upstream.calls(), 4, "a write is not");
}

#[tokio::test]
async fn wrong_json_is_named_by_its_place_and_never_by_its_value() {
    for (body, place) in [
        (
            r#"{"list":[{"name":"a","count":1},{"name":"b","count":"110101199003077774"}]}"#,
            "an unexpected value at `list[1].count`",
        ),
        (
            r#"{"list":[{"name":"geheim"}]}"#,
            "`count` is missing at `list[0]`",
        ),
        (r#"{"list":[{"name":"geheim"#, "the JSON ends too early"),
        ("geheim", "no JSON at line 1 column 1"),
        (r#"{"list":[]} geheim"#, "text after the end of the JSON"),
        ("", "the JSON ends too early"),
    ] {
        let upstream = Upstream::start(move |_, _| json(body)).await;
        let stack = upstream.stack();
        let error = read(&stack).await.unwrap_err();
        assert_eq!(error.kind, ErrorKind::Misconfigured, "{body}");
        assert!(error.message.ends_with(place), "{error}");
        assert!(!error.message.contains("1101") && !error.message.contains("geheim"));
        let error = write(&stack).await.unwrap_err();
        assert_eq!(error.kind, ErrorKind::OutcomeUnknown, "{body}");
        assert_eq!(upstream.calls(), 2, "{body}");
    }
}

#[tokio::test]
async fn a_short_retry_after_is_waited_for_and_a_long_one_goes_to_the_caller() {
    let limited =
        |seconds: &'static str| (StatusCode::TOO_MANY_REQUESTS, [("retry-after", seconds)]);
    let upstream = Upstream::start(move |call, _| match call {
        0 => limited("0").into_response(),
        _ => good(),
    })
    .await;
    read(&upstream.stack()).await.unwrap();
    assert_eq!(upstream.calls(), 2);

    let upstream = Upstream::start(move |_, _| limited("3600")).await;
    let stack = upstream.stack();
    let expected = ErrorKind::RateLimited {
        retry_after: Some(Duration::from_secs(3600)),
    };
    assert_eq!(read(&stack).await.unwrap_err().kind, expected);
    assert_eq!(write(&stack).await.unwrap_err().kind, expected);
    assert_eq!(upstream.calls(), 2);

    let busy = (StatusCode::SERVICE_UNAVAILABLE, [("retry-after", "3600")]);
    let upstream = Upstream::start(move |_, _| busy).await;
    let error = read(&upstream.stack()).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Transient);
    assert_eq!(upstream.calls(), 1);
}

#[tokio::test]
async fn a_failing_server_is_asked_again_and_never_told_again() {
    let upstream = Upstream::start(|call, _| match call {
        0 | 1 => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
        _ => good(),
    })
    .await;
    read(&upstream.stack()).await.unwrap();
    assert_eq!(upstream.calls(), 3);

    let page = (
        StatusCode::BAD_GATEWAY,
        axum::response::Html("<h1>502 Bad Gateway</h1>"),
    );
    let upstream = Upstream::start(move |_, _| page).await;
    let error = write(&upstream.stack()).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::OutcomeUnknown);
    assert!(error.message.contains("`502 Bad Gateway`"), "{error}");
    assert_eq!(upstream.calls(), 1);
}

#[tokio::test]
async fn a_connection_that_breaks_after_sending_is_unclear_for_a_write() {
    let half = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 1000\r\n\r\n{\"list\":";
    for bytes in [half.as_slice(), b"", b"220 smtp ready\r\n"] {
        let upstream = Upstream::raw(bytes).await;
        let stack = upstream.stack();
        assert_eq!(
            read(&stack).await.unwrap_err().kind,
            ErrorKind::Transient,
            "{bytes:?}"
        );
        assert_eq!(upstream.calls(), 3);
        assert_eq!(
            write(&stack).await.unwrap_err().kind,
            ErrorKind::OutcomeUnknown
        );
        assert_eq!(upstream.calls(), 4);
    }
}

#[tokio::test]
async fn a_refused_connection_is_transient_even_for_a_write_and_is_tried_again() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let stack = HttpStack::new(quick(&format!("http://{address}"))).unwrap();
    let error = write(&stack).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Transient);
    assert!(error.message.contains(&address.to_string()), "{error}");
    assert_eq!(stack.breaker().calls, 3, "nothing was sent, so three tries");
}

#[tokio::test]
async fn a_server_that_never_answers_times_out() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let settings = HttpSettings {
        request_timeout: Duration::from_millis(50),
        ..quick(&format!("http://{}", listener.local_addr().unwrap()))
    };
    let stack = HttpStack::new(settings).unwrap();
    assert_eq!(read(&stack).await.unwrap_err().kind, ErrorKind::Transient);
    let error = write(&stack).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::OutcomeUnknown);
    assert!(error.message.contains("request_timeout"), "{error}");
}

#[tokio::test]
async fn a_huge_answer_is_not_read_to_its_end() {
    let announced = Upstream::start(|_, _| json_bytes(Bytes::from(vec![b' '; 10_001]))).await;
    let endless = Upstream::start(|_, _| {
        let chunks = futures::stream::repeat_with(|| {
            Ok::<_, std::convert::Infallible>(Bytes::from_static(&[b' '; 1000]))
        });
        Body::from_stream(chunks)
    })
    .await;
    for upstream in [announced, endless] {
        let stack = upstream.stack();
        let error = read(&stack).await.unwrap_err();
        assert_eq!(error.kind, ErrorKind::Misconfigured);
        assert!(error.message.contains("max_response_bytes"), "{error}");
        let error = write(&stack).await.unwrap_err();
        assert_eq!(error.kind, ErrorKind::OutcomeUnknown);
        assert_eq!(upstream.calls(), 2);
    }
}

fn json_bytes(body: Bytes) -> Response {
    ([("content-type", "application/json")], body).into_response()
}

#[tokio::test]
async fn credentials_that_do_not_serve_and_wrong_paths_are_told_apart() {
    for (status, kind) in [
        (StatusCode::UNAUTHORIZED, ErrorKind::Unauthorized),
        (StatusCode::FORBIDDEN, ErrorKind::Unauthorized),
        (StatusCode::NOT_FOUND, ErrorKind::Misconfigured),
        (StatusCode::UNPROCESSABLE_ENTITY, ErrorKind::Misconfigured),
    ] {
        let upstream = Upstream::start(move |_, _| status).await;
        let stack = upstream.stack();
        assert_eq!(read(&stack).await.unwrap_err().kind, kind);
        assert_eq!(write(&stack).await.unwrap_err().kind, kind);
        assert_eq!(upstream.calls(), 2);
    }
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let upstream = Upstream::start(|_, _| (StatusCode::FOUND, [("location", "/login")])).await;
    let stack = upstream.stack();
    assert_eq!(
        read(&stack).await.unwrap_err().kind,
        ErrorKind::Misconfigured
    );
    assert_eq!(
        write(&stack).await.unwrap_err().kind,
        ErrorKind::OutcomeUnknown
    );
    assert_eq!(upstream.calls(), 2);
}

#[tokio::test]
async fn an_answer_in_gbk_is_read_and_one_in_the_wrong_charset_is_refused() {
    let (gbk, _, _) = encoding_rs::GBK.encode(r#"{"list":[{"name":"张三","count":1}]}"#);
    let gbk = Bytes::from(gbk.into_owned());
    for (charset, readable) in [("GBK", true), ("utf-8", false)] {
        let body = gbk.clone();
        let content_type = format!("application/json; charset={charset}");
        let upstream =
            Upstream::start(move |_, _| ([("content-type", content_type.clone())], body.clone()))
                .await;
        match read(&upstream.stack()).await {
            Ok(answer) => assert!(readable && answer.list[0].name == "张三"),
            Err(error) => assert!(!readable && error.kind == ErrorKind::Misconfigured),
        }
    }
}

#[tokio::test]
async fn an_upstream_that_fails_is_left_alone_and_asked_again_later() {
    let upstream = Upstream::start(|call, _| match call {
        0..4 => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
        _ => good(),
    })
    .await;
    let settings = |open_for| HttpSettings {
        breaker: BreakerSettings {
            min_calls: 4,
            open_for,
            probes: 1,
            ..BreakerSettings::default()
        },
        retry: RetrySettings {
            retries: 0,
            ..RetrySettings::default()
        },
        ..quick(&upstream.base)
    };
    let stack = HttpStack::new(settings(Duration::from_secs(600))).unwrap();
    for _ in 0..4 {
        assert_eq!(read(&stack).await.unwrap_err().kind, ErrorKind::Transient);
    }
    assert_eq!(stack.breaker().state, BreakerState::Open);
    let error = write(&stack).await.unwrap_err();
    let ErrorKind::RateLimited {
        retry_after: Some(wait),
    } = error.kind
    else {
        panic!("{error}");
    };
    assert!(wait > Duration::from_secs(500));
    assert_eq!(upstream.calls(), 4, "the upstream was left alone");

    upstream.calls.store(0, Ordering::SeqCst);
    let stack = HttpStack::new(settings(Duration::ZERO)).unwrap();
    for _ in 0..4 {
        read(&stack).await.unwrap_err();
    }
    read(&stack).await.unwrap();
    assert_eq!(stack.breaker().state, BreakerState::Closed);
    assert_eq!(stack.breaker().opened_count, 1);
}
