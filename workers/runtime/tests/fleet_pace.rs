//! One pace for three processes, through a Redis of their own.
#![expect(
    clippy::unwrap_used,
    reason = "helpers of tests end the test, as the tests themselves do"
)]

use std::{
    num::NonZeroU32,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use axum::Router;
use clerkwork_connectors_api::http::{
    FleetSettings, HttpSettings, HttpStack, PaceSettings, Secret,
};
use clerkwork_queue::{Queue, QueueOptions};
use clerkwork_runtime::FleetTurns;
use clerkwork_testkit::{Redis, eventually};
use tokio::{net::TcpListener, task::JoinSet};

const RATE: u32 = 100;
const BURST: u32 = 20;
const PROCESSES: u32 = 3;

fn pace(per_second: u32, burst: u32) -> PaceSettings {
    PaceSettings {
        per_second: NonZeroU32::new(per_second).unwrap(),
        burst: NonZeroU32::new(burst).unwrap(),
        max_wait: Duration::from_secs(10),
    }
}

/// An upstream that notes when it is called.
struct Upstream {
    base: String,
    calls: Arc<Mutex<Vec<Instant>>>,
}

impl Upstream {
    async fn start() -> Self {
        let calls = Arc::<Mutex<Vec<_>>>::default();
        let noted = Arc::clone(&calls);
        let app = Router::new().fallback(move || {
            noted.lock().unwrap().push(Instant::now());
            async { "{}" }
        });
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, app).await });
        Self { base, calls }
    }

    fn calls(&self) -> usize {
        self.calls.lock().unwrap().len()
    }

    /// The most calls in any second that begins with one of the calls after the first `from`.
    fn most_in_a_second(&self, from: usize) -> usize {
        let calls = self.calls.lock().unwrap();
        let calls = &calls[from..];
        let within = |start: &Instant| {
            let end = *start + Duration::from_secs(1);
            calls
                .iter()
                .filter(|call| (*start..end).contains(*call))
                .count()
        };
        calls.iter().map(within).max().unwrap_or(0)
    }
}

/// The client of one process: its own connection to Redis, its own share.
async fn process(redis: &Redis, upstream: &Upstream) -> HttpStack {
    let queue = Queue::connect(&redis.url(), QueueOptions::default())
        .await
        .unwrap();
    let settings = HttpSettings {
        fleet: Some(FleetSettings {
            pace: Arc::new(FleetTurns::new(&queue)),
            rate: pace(RATE, BURST),
        }),
        pace: Some(pace(RATE / PROCESSES, 1)),
        ..HttpSettings::new("test", &upstream.base, Secret::new("t"))
    };
    HttpStack::new(settings).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_fleet_keeps_to_one_pace_and_to_its_shares_while_redis_is_away() {
    let mut redis = Redis::start().await;
    let upstream = Upstream::start().await;
    let over = Arc::new(AtomicBool::new(false));
    let mut fleet = JoinSet::new();
    let started = Instant::now();
    for _ in 0..PROCESSES {
        let stack = Arc::new(process(&redis, &upstream).await);
        for _ in 0..4 {
            let (stack, over) = (Arc::clone(&stack), Arc::clone(&over));
            fleet.spawn(async move {
                let endpoint = stack.read("look", "x").unwrap();
                while !over.load(Ordering::SeqCst) {
                    stack.call(&endpoint, None, &()).await.unwrap();
                }
            });
        }
    }
    let deadline = Duration::from_secs(30);
    let together = 250;
    eventually(deadline, async || upstream.calls() >= together).await;
    let taken = started.elapsed().as_secs_f64();
    let allowed = f64::from(RATE) * taken + f64::from(BURST);
    let reached = upstream.calls() as f64;
    assert!(
        reached >= 0.95 * f64::from(RATE) * taken,
        "{reached} in {taken} s"
    );
    assert!(reached <= allowed + 1.0, "{reached} in {taken} s");
    let most = upstream.most_in_a_second(0);
    assert!(most <= (RATE + BURST) as usize, "{most} in a second");

    redis.kill9();
    // Those that had their turns already: one for each call that waited.
    let alone = upstream.calls() + 12 + PROCESSES as usize;
    eventually(deadline, async || upstream.calls() >= alone + 110).await;
    let most = upstream.most_in_a_second(alone);
    assert!(
        most <= (RATE + BURST) as usize,
        "{most} in a second by shares"
    );

    redis.restart().await;
    over.store(true, Ordering::SeqCst);
    while let Some(worker) = fleet.join_next().await {
        worker.unwrap();
    }
}

/// Redis that hangs costs a call a moment, not its answer; when it is back it is asked again.
#[tokio::test]
async fn a_redis_that_hangs_is_not_waited_for_and_is_asked_again_later() {
    let redis = Redis::start().await;
    let upstream = Upstream::start().await;
    let stack = process(&redis, &upstream).await;
    let endpoint = stack.read("look", "x").unwrap();
    let call = async || stack.call(&endpoint, None, &()).await.map(|_| ());
    call().await.unwrap();
    redis.freeze();
    let started = Instant::now();
    for _ in 0..3 {
        call().await.unwrap();
    }
    assert!(started.elapsed() < Duration::from_secs(2));
    redis.thaw();
    // By its share alone, 33 a second one by one, it cannot make so many at once.
    eventually(Duration::from_secs(30), async || {
        let started = Instant::now();
        for _ in 0..10 {
            call().await.unwrap();
        }
        started.elapsed() < Duration::from_millis(200)
    })
    .await;
}
