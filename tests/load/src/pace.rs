//! One pace for several processes: calls under a limit for all of them together, as the upstream
//! counts them.
//!
//! Each process is this program once more, with its own connections to Redis and to the upstream.
//! A call is counted when it arrives, so what is shown is what the upstream sees. Connections are made
//! before: a burst that waits for them would arrive late, on top of the turns after it.

mod upstream;

use std::{
    num::NonZeroU32,
    process::Stdio,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use axum::http::Method;
use clap::Args;
use clerkwork_connectors_api::http::{
    FleetPace, FleetPaceError, FleetSettings, HttpSettings, HttpStack, Outgoing, PaceSettings,
    RetrySettings, Turn,
};
use clerkwork_queue::{Queue, QueueOptions};
use clerkwork_runtime::FleetTurns;
use clerkwork_testkit::Redis;
use futures::{StreamExt as _, future::join_all, stream};
use serde_json::{Value, json};
use tokio::{process::Command, time::timeout};

use crate::LIMIT;
use upstream::{Upstream, WARM, full_seconds, most_in_a_second};

/// Calls that one process has under way.
const AT_ONCE: usize = 64;

/// What the upstream allows to all processes together.
#[derive(Debug, Clone, Copy, Args)]
pub(crate) struct Limit {
    /// Calls a second
    #[arg(long, default_value = "100")]
    rate: NonZeroU32,
    /// Calls at once after a rest
    #[arg(long, default_value = "20")]
    burst: NonZeroU32,
}

impl Limit {
    fn pace(self) -> PaceSettings {
        PaceSettings {
            per_second: self.rate,
            burst: self.burst,
            max_wait: LIMIT,
        }
    }

    /// What one of so many processes goes by while Redis is away.
    fn share(self, processes: NonZeroU32) -> PaceSettings {
        let part =
            |whole: NonZeroU32| NonZeroU32::new(whole.get() / processes).unwrap_or(NonZeroU32::MIN);
        PaceSettings {
            per_second: part(self.rate),
            burst: part(self.burst),
            max_wait: LIMIT,
        }
    }

    /// Most calls in any second.
    fn most(self) -> usize {
        (self.rate.get() + self.burst.get()) as usize
    }
}

/// The whole measurement.
#[derive(Debug, Args)]
pub(crate) struct Fleet {
    /// How many processes
    #[arg(long, default_value = "3")]
    processes: NonZeroU32,
    /// How many calls, of all processes together
    #[arg(long, default_value_t = 5_000)]
    calls: usize,
    #[command(flatten)]
    limit: Limit,
}

/// What one process of it does.
#[derive(Debug, Args)]
pub(crate) struct Member {
    /// Where turns are taken
    #[arg(long)]
    redis: String,
    /// Where calls go
    #[arg(long)]
    upstream: String,
    /// How many calls
    #[arg(long)]
    calls: usize,
    /// How many processes there are
    #[arg(long)]
    processes: NonZeroU32,
    #[command(flatten)]
    limit: Limit,
}

/// The fleet's pace, with a count of the turns that it gave.
#[derive(Debug)]
struct Counted {
    turns: FleetTurns,
    given: AtomicUsize,
}

#[async_trait]
impl FleetPace for Counted {
    async fn turn(
        &self,
        upstream: &str,
        cost: u32,
        rate: PaceSettings,
    ) -> Result<Turn, FleetPaceError> {
        let turn = self.turns.turn(upstream, cost, rate).await?;
        self.given.fetch_add(cost as usize, Ordering::Relaxed);
        Ok(turn)
    }
}

/// Makes the calls of one process and says what came of them.
pub(crate) async fn member(member: Member) {
    let queue = Queue::connect(&member.redis, QueueOptions::default()).await;
    let pace = Arc::new(Counted {
        turns: FleetTurns::new(&queue.expect("redis")),
        given: AtomicUsize::new(0),
    });
    let settings = HttpSettings {
        fleet: Some(FleetSettings {
            pace: pace.clone(),
            rate: member.limit.pace(),
        }),
        pace: Some(member.limit.share(member.processes)),
        // A call that is tried again would be counted twice.
        retry: RetrySettings {
            retries: 0,
            ..RetrySettings::default()
        },
        ..HttpSettings::new("pace", &member.upstream, None)
    };
    let stack = HttpStack::new(settings).expect("a client");
    warm_up(&stack, &pace.turns, member.limit).await;
    let endpoint = stack.read("look", "x").expect("an address");
    let calls = stream::iter(0..member.calls).map(|_| stack.call(&endpoint, None, &()));
    let failed: Vec<_> = calls
        .buffer_unordered(AT_ONCE)
        .filter_map(async |outcome| outcome.err().map(|error| error.to_string()))
        .collect()
        .await;
    let given = pace.given.load(Ordering::Relaxed);
    println!(
        "{}",
        json!({"calls": member.calls, "failed": failed.len(), "error": failed.first(), "given": given})
    );
}

/// Makes connections to Redis and to the upstream, for as many calls as may go out at once.
async fn warm_up(stack: &HttpStack, turns: &FleetTurns, limit: Limit) {
    let turn = turns.turn(WARM, 1, limit.pace()).await;
    turn.expect("a turn of another pace");
    let endpoint = stack.read("warm", WARM).expect("an address");
    let mut outgoing = Outgoing::new(Method::GET, endpoint.url().clone());
    outgoing.cost = 0;
    let calls = AT_ONCE.min(limit.burst.get() as usize);
    let all = join_all((0..calls).map(|_| stack.send(&endpoint, &outgoing))).await;
    for answer in all {
        answer.expect("an answer");
    }
}

/// Starts one process and waits for what it says.
async fn process(redis: &Redis, upstream: &Upstream, fleet: &Fleet, calls: usize) -> Value {
    let program = std::env::current_exe().expect("the path of this program");
    let Fleet {
        processes, limit, ..
    } = fleet;
    let ended = Command::new(program)
        .arg("pace-process")
        .args(["--redis", &redis.url()])
        .args(["--upstream", &upstream.base])
        .args(["--calls", &calls.to_string()])
        .args(["--processes", &processes.to_string()])
        .args(["--rate", &limit.rate.to_string()])
        .args(["--burst", &limit.burst.to_string()])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .expect("a process")
        .wait_with_output()
        .await
        .expect("its end");
    assert!(ended.status.success(), "a process ended: {}", ended.status);
    serde_json::from_slice(&ended.stdout).expect("what came of its calls")
}

pub(crate) async fn measure(fleet: Fleet) {
    let (rate, burst) = (fleet.limit.rate.get(), fleet.limit.burst.get());
    let redis = Redis::start().await;
    let upstream = Upstream::start().await;
    let processes = fleet.processes.get() as usize;
    let share = |n| fleet.calls / processes + usize::from(n < fleet.calls % processes);
    let all = (0..processes).map(|n| process(&redis, &upstream, &fleet, share(n)));
    let needed = Duration::from_secs(fleet.calls as u64 / u64::from(rate));
    let told = timeout(needed + LIMIT, join_all(all)).await;
    let told = told.expect("the processes come to their end");

    let seconds = upstream.seconds();
    let taken = seconds.last().copied().unwrap_or(0.0);
    let most = most_in_a_second(&seconds);
    let full = full_seconds(&seconds);
    let mut sorted = full.clone();
    sorted.sort_unstable();
    let sum = |name: &str| {
        told.iter()
            .filter_map(|one| one[name].as_u64())
            .sum::<u64>()
    };
    let each = told.iter().map(|one| one["calls"].to_string());
    println!("limit of all together:           {rate:>9} calls/s, {burst} at once after a rest");
    println!(
        "calls by process:                {}",
        each.collect::<Vec<_>>().join(" + ")
    );
    println!(
        "the upstream counted:            {:>9} calls in {taken:.2} s",
        seconds.len()
    );
    println!(
        "  most in any second:            {most:>9}   (allowed: {})",
        fleet.limit.most()
    );
    if let Some(least) = sorted.first() {
        let p50 = sorted[sorted.len() / 2];
        println!("  p50 of the full seconds:       {p50:>9}");
        println!("  least of the full seconds:     {least:>9}");
    }
    println!("  one full second after another: {full:?}");
    let allowed = f64::from(rate) * taken + f64::from(burst);
    println!(
        "  of what the limit allows:      {:>9.1} %",
        100.0 * seconds.len() as f64 / allowed
    );
    println!("  turns that Redis gave:         {:>9}", sum("given"));
    let error = told.iter().find_map(|one| one["error"].as_str());
    assert_eq!(sum("failed"), 0, "calls failed; the first: {error:?}");
    assert_eq!(
        seconds.len(),
        fleet.calls,
        "calls that the upstream counted"
    );
    assert!(
        most <= fleet.limit.most(),
        "the upstream counted {most} calls in a second; {} were allowed",
        fleet.limit.most()
    );
}
