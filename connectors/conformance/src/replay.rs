//! Stands for an upstream with what it answered once.

use std::{
    collections::BTreeSet,
    io,
    net::SocketAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use axum::{
    Router,
    body::Bytes,
    extract::DefaultBodyLimit,
    http::{Method, StatusCode, Uri},
    response::Response,
};
use reqwest::Url;
use tokio::{net::TcpListener, task::JoinHandle};

use crate::cassette::{Cassette, Recorded};

/// What a request gets that the cassette does not hold.
const NOT_HELD: StatusCode = StatusCode::NOT_IMPLEMENTED;

#[derive(Debug)]
struct Inner {
    cassette: Cassette,
    origin: String,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// The exchange that is next in the order of the recording.
    next: usize,
    missing: BTreeSet<String>,
}

/// An upstream out of a cassette; it listens until it is dropped.
#[derive(Debug)]
pub struct Replay {
    address: SocketAddr,
    inner: Arc<Inner>,
    task: JoinHandle<()>,
}

impl Drop for Replay {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Replay {
    /// Listens on a free port of this machine.
    ///
    /// # Errors
    /// No port can be had.
    pub async fn start(cassette: Cassette) -> io::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let address = listener.local_addr()?;
        let inner = Arc::new(Inner {
            cassette,
            origin: format!("http://{address}"),
            state: Mutex::default(),
        });
        let answering = Arc::clone(&inner);
        // As much as the proxy in front of it lets through.
        let app = Router::new().layer(DefaultBodyLimit::disable());
        let app = app.fallback(move |method: Method, uri: Uri, body: Bytes| {
            let answer = answering.answer(&method, &uri, &body);
            async move { answer }
        });
        let task = tokio::spawn(async move {
            // It ends with the task.
            let _ = axum::serve(listener, app).await;
        });
        Ok(Self {
            address,
            inner,
            task,
        })
    }

    /// Where it listens, with the path of the upstream.
    ///
    /// # Errors
    /// The path of the cassette makes no address.
    pub fn url(&self) -> Result<Url, String> {
        let path = &self.inner.cassette.path;
        format!("http://{}{path}", self.address)
            .parse()
            .map_err(|error| format!("`{path}` is no path: {error}"))
    }

    /// Requests that the cassette does not hold, each once: method and path.
    pub fn missing(&self) -> Vec<String> {
        self.inner.state().missing.iter().cloned().collect()
    }
}

impl Inner {
    fn state(&self) -> MutexGuard<'_, State> {
        // No code under the lock can leave it half changed.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn answer(&self, method: &Method, uri: &Uri, body: &[u8]) -> Response {
        let target = uri.path_and_query().map_or("/", |target| target.as_str());
        let found = self.find(method.as_str(), target, body);
        let Some(found) = found else {
            let what = format!("{method} {}", uri.path());
            self.state().missing.insert(what);
            return plain(NOT_HELD);
        };
        let mut response = Response::builder().status(found.status);
        for (name, value) in &found.headers {
            let value = value.replace(crate::cassette::ORIGIN, &self.origin);
            response = response.header(name, value);
        }
        let body = found.answer.bytes(&self.origin);
        response
            .body(body.into())
            .unwrap_or_else(|_| plain(NOT_HELD))
    }

    /// What came to the same request: the next in the order of the recording, so that a lookup after a write sees
    /// what the write has done; or else the last before, for a request that is sent once more. A `GET` never passes
    /// over a request of another method, which has yet to come.
    fn find(&self, method: &str, target: &str, body: &[u8]) -> Option<&Recorded> {
        let body = crate::bytes::with_usual_boundary(body);
        let is_same = |one: &Recorded| {
            one.method == method && one.target == target && one.sent.bytes(&self.origin) == body
        };
        let all = &self.cassette.exchanges;
        let mut state = self.state();
        let (before, after) = all.split_at(state.next.min(all.len()));
        let again = || before.iter().rev().find(|one| is_same(one));
        let next_write = after.iter().position(|one| one.method != "GET");
        let found = after.iter().position(is_same).filter(|at| {
            method != "GET" || next_write.is_none_or(|write| *at < write) || again().is_none()
        });
        if let Some(at) = found {
            state.next += at + 1;
            return after.get(at);
        }
        again()
    }
}

fn plain(status: StatusCode) -> Response {
    let mut response = Response::default();
    *response.status_mut() = status;
    response
}
