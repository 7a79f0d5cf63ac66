//! The connector against a platform whose answers are written down here.

#![expect(clippy::unwrap_used, reason = "helpers of tests")]

mod dossiers;
mod reads;
mod red_letters;
mod writes;

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use axum::{Json, Router, extract::Path, routing::post};
use clerkwork_connectors_api::http::{HttpSettings, RetrySettings, Secret};
use clerkwork_etax::{Etax, EtaxSettings};
use serde_json::Value;

/// A platform that answers with `answer(method, request)` and counts the calls.
struct Platform {
    etax: Etax,
    calls: Arc<Mutex<usize>>,
}

impl Platform {
    async fn start(answer: impl Fn(&str, &Value) -> Value + Clone + Send + Sync + 'static) -> Self {
        let calls = Arc::new(Mutex::new(0));
        let seen = Arc::clone(&calls);
        let handler = move |Path(method): Path<String>, Json(request): Json<Value>| {
            let response = answer(&method, &request);
            *seen.lock().unwrap() += 1;
            async move { Json(response) }
        };
        let app = Router::new().route("/api/{method}", post(handler));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, app).await });
        let http = HttpSettings {
            retry: RetrySettings {
                retries: 1,
                min_delay: Duration::from_millis(1),
                ..RetrySettings::default()
            },
            ..HttpSettings::new("etax", base, Secret::new("t"))
        };
        let etax = Etax::new(EtaxSettings::new(http)).unwrap();
        Self { etax, calls }
    }

    /// A platform that always gives the same answer.
    async fn saying(answer: Value) -> Self {
        Self::start(move |_, _| answer.clone()).await
    }

    fn calls(&self) -> usize {
        *self.calls.lock().unwrap()
    }
}
