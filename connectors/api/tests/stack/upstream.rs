//! A server that keeps what it was asked, and a client of it with short pauses.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use axum::{
    Router,
    extract::Request,
    http::{HeaderMap, Method, Uri},
    response::{IntoResponse, Response},
};
use clerkwork_connectors_api::{
    ConnectorError,
    http::{HttpSettings, HttpStack, Outgoing, RetrySettings, Secret},
};
use tokio::net::TcpListener;

/// What was asked.
#[derive(Debug, Clone)]
pub struct Asked {
    pub uri: Uri,
    pub headers: HeaderMap,
}

impl Asked {
    /// A header, or nothing.
    pub fn header(&self, name: &str) -> &str {
        let value = self.headers.get(name);
        value.map_or("", |value| value.to_str().unwrap())
    }
}

/// A server on the loopback interface.
pub struct Upstream {
    pub base: String,
    asked: Arc<Mutex<Vec<Asked>>>,
}

impl Upstream {
    /// `answer` is told how many calls came before, and what is asked.
    pub async fn start<F, R>(answer: F) -> Self
    where
        F: Fn(usize, &Asked) -> R + Clone + Send + Sync + 'static,
        R: IntoResponse,
    {
        let asked = Arc::new(Mutex::new(Vec::new()));
        let kept = Arc::clone(&asked);
        let app = Router::new().fallback(move |request: Request| {
            let (answer, kept) = (answer.clone(), Arc::clone(&kept));
            async move {
                let asked = Asked {
                    uri: request.uri().clone(),
                    headers: request.headers().clone(),
                };
                let mut kept = kept.lock().unwrap();
                let response = answer(kept.len(), &asked).into_response();
                kept.push(asked);
                response
            }
        });
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, app).await });
        Self { base, asked }
    }

    /// Everything that was asked so far.
    pub fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap().clone()
    }

    /// Settings with pauses of a few milliseconds.
    pub fn settings(&self) -> HttpSettings {
        settings(&self.base)
    }
}

/// Settings with pauses of a few milliseconds.
pub fn settings(base: &str) -> HttpSettings {
    HttpSettings {
        request_timeout: Duration::from_secs(20),
        retry: RetrySettings {
            retries: 2,
            min_delay: Duration::from_millis(1),
            max_delay: Duration::from_millis(2),
            max_retry_after: Duration::from_millis(5),
        },
        ..HttpSettings::new("test", base, Secret::new("geheim"))
    }
}

/// Reads at `path` below the base.
pub async fn get(stack: &HttpStack, path: &str) -> Result<String, ConnectorError> {
    let endpoint = stack.read("look", path)?;
    let outgoing = Outgoing::new(Method::GET, endpoint.url().clone());
    let reply = stack.send(&endpoint, &outgoing).await?;
    Ok(reply.text().into_owned())
}

/// An answer in JSON.
pub fn json(body: &'static str) -> Response {
    ([("content-type", "application/json")], body).into_response()
}
