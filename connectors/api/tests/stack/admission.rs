//! How many calls go out, at a time and a second.

use std::{
    num::{NonZeroU32, NonZeroUsize},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use axum::{Router, http::Method};
use clerkwork_connectors_api::{
    ErrorKind,
    http::{HttpSettings, HttpStack, InFlightSettings, Outgoing, PaceSettings},
};
use tokio::{net::TcpListener, sync::Semaphore};

use crate::upstream::{Upstream, get, json, settings};

/// A server that answers one call for each permit of its gate.
struct Slow {
    base: String,
    gate: Arc<Semaphore>,
    here: Arc<AtomicUsize>,
    most: Arc<AtomicUsize>,
}

impl Slow {
    async fn start() -> Self {
        let (gate, here, most) = (Arc::new(Semaphore::new(0)), Arc::default(), Arc::default());
        let (its_gate, its_here, its_most) = (
            Arc::clone(&gate),
            Arc::<AtomicUsize>::clone(&here),
            Arc::<AtomicUsize>::clone(&most),
        );
        let app = Router::new().fallback(move || {
            let gate = Arc::clone(&its_gate);
            let (here, most) = (Arc::clone(&its_here), Arc::clone(&its_most));
            async move {
                let now = here.fetch_add(1, Ordering::SeqCst) + 1;
                most.fetch_max(now, Ordering::SeqCst);
                gate.acquire().await.unwrap().forget();
                here.fetch_sub(1, Ordering::SeqCst);
                json("{}")
            }
        });
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, app).await });
        Self {
            base,
            gate,
            here,
            most,
        }
    }

    fn stack(&self, calls: usize, max_wait: Duration) -> HttpStack {
        let settings = HttpSettings {
            in_flight: Some(InFlightSettings {
                calls: NonZeroUsize::new(calls).unwrap(),
                max_wait,
            }),
            ..settings(&self.base)
        };
        HttpStack::new(settings).unwrap()
    }

    async fn holds(&self, calls: usize) {
        while self.here.load(Ordering::SeqCst) < calls {
            tokio::task::yield_now().await;
        }
    }
}

#[tokio::test]
async fn never_more_calls_are_in_flight_than_allowed() {
    let slow = Slow::start().await;
    let stack = slow.stack(3, Duration::from_secs(20));
    let calls = futures::future::join_all((0..12).map(|_| get(&stack, "x")));
    let open = async {
        slow.holds(3).await;
        slow.gate.add_permits(12);
    };
    let (answers, ()) = tokio::join!(calls, open);
    assert!(answers.iter().all(Result::is_ok));
    assert_eq!(slow.most.load(Ordering::SeqCst), 3);
}

#[tokio::test]
async fn a_call_without_a_place_is_rate_limited_and_the_place_comes_back() {
    let slow = Slow::start().await;
    let stack = slow.stack(1, Duration::from_millis(20));
    let refused = async {
        slow.holds(1).await;
        let error = get(&stack, "x").await.unwrap_err();
        assert_eq!(error.kind, ErrorKind::RateLimited { retry_after: None });
        assert!(error.message.contains("in_flight"), "{error}");
        slow.gate.add_permits(2);
    };
    let (first, ()) = tokio::join!(get(&stack, "x"), refused);
    first.unwrap();
    get(&stack, "x").await.unwrap();
}

#[tokio::test]
async fn a_dear_call_takes_its_turns_and_a_free_one_none() {
    let upstream = Upstream::start(|_, _| json("{}")).await;
    let settings = HttpSettings {
        pace: Some(PaceSettings {
            per_second: NonZeroU32::new(100).unwrap(),
            burst: NonZeroU32::new(5).unwrap(),
            max_wait: Duration::from_secs(20),
        }),
        ..upstream.settings()
    };
    let stack = HttpStack::new(settings).unwrap();
    let endpoint = stack.read("look", "x").unwrap();
    let mut outgoing = Outgoing::new(Method::GET, endpoint.url().clone());
    outgoing.cost = 0;
    for _ in 0..50 {
        stack.send(&endpoint, &outgoing).await.unwrap();
    }
    let started = Instant::now();
    outgoing.cost = 5;
    stack.send(&endpoint, &outgoing).await.unwrap();
    stack.send(&endpoint, &outgoing).await.unwrap();
    assert!(started.elapsed() >= Duration::from_millis(49));
}
