//! The upstream of the measurement, and what it counted.

use std::{
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use axum::{Router, http::Uri};
use tokio::{net::TcpListener, time::sleep};

/// Where calls go that only make connections. It answers late, so that each needs one of its own.
pub(super) const WARM: &str = "warm";

/// An upstream that notes when it is called.
pub(super) struct Upstream {
    pub(super) base: String,
    calls: Arc<Mutex<Vec<Instant>>>,
}

impl Upstream {
    pub(super) async fn start() -> Self {
        let calls = Arc::<Mutex<Vec<_>>>::default();
        let noted = Arc::clone(&calls);
        let app = Router::new().fallback(move |uri: Uri| {
            let warms = uri.path().ends_with(WARM);
            if !warms {
                noted.lock().expect("the calls").push(Instant::now());
            }
            async move {
                if warms {
                    sleep(Duration::from_millis(200)).await;
                }
                "{}"
            }
        });
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("its address");
        tokio::spawn(async move { axum::serve(listener, app).await });
        Self {
            base: format!("http://{address}"),
            calls,
        }
    }

    /// When calls came, in seconds after the first, in order.
    pub(super) fn seconds(&self) -> Vec<f64> {
        let mut calls = self.calls.lock().expect("the calls").clone();
        calls.sort();
        let after = |call: &Instant| call.duration_since(calls[0]).as_secs_f64();
        calls.iter().map(after).collect()
    }
}

/// The most calls in any second that begins with one of them.
pub(super) fn most_in_a_second(seconds: &[f64]) -> usize {
    let mut first = 0;
    let mut most = 0;
    for (at, call) in seconds.iter().enumerate() {
        while call - seconds[first] >= 1.0 {
            first += 1;
        }
        most = most.max(at + 1 - first);
    }
    most
}

/// The calls of each second from the first call on, without the last one, which is not full.
pub(super) fn full_seconds(seconds: &[f64]) -> Vec<usize> {
    let taken = seconds.last().copied().unwrap_or(0.0);
    let mut full = vec![0; taken as usize];
    for call in seconds {
        if let Some(count) = full.get_mut(*call as usize) {
            *count += 1;
        }
    }
    full
}
