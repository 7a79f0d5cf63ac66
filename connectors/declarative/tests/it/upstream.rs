//! An upstream of a test, and a connector to it.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use axum::{
    Router,
    body::Bytes,
    http::{HeaderMap, Method, Uri},
    response::Response,
};
use clerkwork_connectors_api::http::{RetrySettings, Secret};
use clerkwork_core::{ManualClock, Timestamp};
use clerkwork_declarative::{Declarative, Fault, Settings};

/// A call as it came in.
#[derive(Debug, Clone)]
pub struct Call {
    pub method: Method,
    pub uri: Uri,
    pub headers: HeaderMap,
    pub body: String,
}

impl Call {
    pub fn path(&self) -> &str {
        self.uri.path()
    }

    pub fn query(&self) -> &str {
        self.uri.query().unwrap_or_default()
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .map_or("", |value| value.to_str().unwrap())
    }
}

pub struct Upstream {
    pub base: String,
    pub calls: Arc<Mutex<Vec<Call>>>,
    pub clock: Arc<ManualClock>,
    pub settings: Settings,
}

impl Upstream {
    /// An upstream that answers as told.
    pub async fn start(answer: impl Fn(&Call) -> Response + Clone + Send + Sync + 'static) -> Self {
        let calls = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&calls);
        let handler = move |method: Method, uri: Uri, headers: HeaderMap, body: Bytes| {
            let body = String::from_utf8(body.to_vec()).unwrap();
            let call = Call {
                method,
                uri,
                headers,
                body,
            };
            seen.lock().unwrap().push(call.clone());
            let answer = answer(&call);
            async move { answer }
        };
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}/gate", listener.local_addr().unwrap());
        let app = Router::new().fallback(handler);
        tokio::spawn(async move { axum::serve(listener, app).await });
        let clock = Arc::new(ManualClock::new(Timestamp(1_772_352_000_000_000)));
        let settings = Settings {
            base_url: Some(base.clone()),
            variables: BTreeMap::from([
                ("USER_NAME".to_owned(), Secret::new("clerk&co")),
                ("PASSWORD".to_owned(), Secret::new("geheim=1")),
            ]),
            retry: RetrySettings {
                retries: 1,
                min_delay: Duration::from_millis(1),
                ..RetrySettings::default()
            },
            clock: clock.clone(),
            ..Settings::default()
        };
        Self {
            base,
            calls,
            clock,
            settings,
        }
    }

    pub fn connector(&self, file: &str) -> Declarative {
        let told = |faults: Vec<Fault>| {
            faults
                .iter()
                .map(|fault| format!("{fault}\n"))
                .collect::<String>()
        };
        let read = Declarative::parse(&whole(file), "test.toml", &self.settings);
        read.map_err(told).unwrap()
    }

    pub fn calls(&self) -> Vec<Call> {
        self.calls.lock().unwrap().clone()
    }

    /// How many calls came to a path.
    pub fn count(&self, path: &str) -> usize {
        self.calls()
            .iter()
            .filter(|call| call.path() == format!("/gate/{path}"))
            .count()
    }
}

/// A file with the head that all of them need.
pub fn whole(rest: &str) -> String {
    let head = r#"
        name = "test"
        title = { zh = "测试", en = "test" }
        version = "1"
        upstream = { base_url = "http://localhost:1", rate = { per_second = 100000 } }
    "#;
    format!("{head}{rest}")
}

pub fn html(body: impl Into<String>) -> Response {
    Response::builder()
        .header("content-type", "text/html; charset=utf-8")
        .body(body.into().into())
        .unwrap()
}

pub fn json(value: serde_json::Value) -> Response {
    Response::builder()
        .header("content-type", "application/json")
        .body(value.to_string().into())
        .unwrap()
}

pub fn status(status: u16) -> Response {
    Response::builder().status(status).body("".into()).unwrap()
}

/// Counts up from 1.
#[derive(Debug, Clone, Default)]
pub struct Counter(Arc<AtomicUsize>);

impl Counter {
    pub fn next(&self) -> usize {
        self.0.fetch_add(1, Ordering::SeqCst) + 1
    }

    pub fn now(&self) -> usize {
        self.0.load(Ordering::SeqCst)
    }
}
