//! A whole fleet in one test process: private Redis, a ledger, the sandbox upstream, a scheduler
//! and workers, wired by the product's own wiring.
//!
//! What cannot be provided panics: a test without its parts has failed.
#![expect(
    clippy::expect_used,
    clippy::panic,
    reason = "a test without its parts has failed, and the message says why"
)]

mod parts;
mod people;
mod red_letters;

pub use parts::{pending_jobs, pending_jobs_of};
pub use people::person;
pub use red_letters::{RedActs, assert_red_book_agrees};

/// The kind of the sandbox's applications for agent-issued invoices.
pub const AGENT_INVOICES: &str = "agent_invoice_review";
/// The kind of its applications for red-letter invoices.
pub const RED_LETTERS: &str = "red_letter_invoice";

use std::{
    collections::BTreeMap,
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};

use clerkwork_audit::{EventDraft, EventType};
use clerkwork_core::{Actor, BatchId, Job, Office, ShiftedClock, State, SystemClock};
use clerkwork_ledger::{Change, Changed, Counts, NewBatch, ReviewWrite, Terms};
use clerkwork_runtime::{Config, Services, Sources};
use clerkwork_sandbox::{Faults, Options, RedCase, Running, Sandbox};
use clerkwork_testkit::{Database, Postgres, Redis};
use tokio::task::JoinHandle;

/// The token that the rig's sandbox takes.
const TOKEN: &str = "rig-token";

/// Which ledger.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum LedgerKind {
    /// A file in the rig's folder.
    #[default]
    Sqlite,
    /// A database of its own.
    Postgres,
}

/// How the rig is to be.
#[derive(Debug, Clone)]
pub struct RigOptions {
    /// Which ledger.
    pub ledger: LedgerKind,
    /// Applications of the sandbox.
    pub applications: usize,
    /// Red-letter applications of the sandbox.
    pub red_letters: usize,
    /// Only of these cases; none named: of all.
    pub red_cases: Vec<RedCase>,
    /// Seed of the sandbox.
    pub seed: u64,
    /// Faults of the sandbox, from the start.
    pub faults: Faults,
    /// Settings that differ from the defaults, for example `("fleet.concurrency", "32")`.
    pub settings: Vec<(&'static str, String)>,
}

impl Default for RigOptions {
    /// 100 applications on SQLite without faults, with short pauses.
    fn default() -> Self {
        Self {
            ledger: LedgerKind::Sqlite,
            applications: 100,
            red_letters: 0,
            red_cases: Vec::new(),
            seed: 1,
            faults: Faults::none(),
            settings: Vec::new(),
        }
    }
}

/// The servers and the settings of one test.
pub struct Rig {
    /// The private Redis.
    pub redis: Redis,
    /// The sandbox upstream.
    pub sandbox: Running,
    /// The clock of the sandbox and of every process; it runs with the machine's and can be moved.
    pub clock: Arc<ShiftedClock>,
    dir: tempfile::TempDir,
    environment: BTreeMap<String, String>,
    _database: Option<Database>,
}

impl Rig {
    /// Starts the servers.
    pub async fn start(options: RigOptions) -> Self {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let redis = Redis::start().await;
        let clock = Arc::new(ShiftedClock::new(Arc::new(SystemClock), Duration::ZERO));
        let sandbox = Sandbox::start(Options {
            token: TOKEN.into(),
            seed: options.seed,
            applications: options.applications,
            red_letters: options.red_letters,
            red_cases: options.red_cases,
            clock: clock.clone(),
            faults: options.faults,
            ..Options::default()
        })
        .await
        .expect("a sandbox");
        let database = match options.ledger {
            LedgerKind::Sqlite => None,
            LedgerKind::Postgres => Some(Postgres::database().await),
        };
        let mut environment = BTreeMap::new();
        let mut set = |key: &str, value: String| {
            environment.insert(
                format!("CLERKWORK__{}", key.to_uppercase().replace('.', "__")),
                value,
            );
        };
        set("data_dir", dir.path().display().to_string());
        set("redis.url", redis.url().to_string());
        set("etax.base_url", sandbox.url());
        set("etax.token", TOKEN.into());
        // Short pauses, so that no test waits for what a site would.
        set("fleet.backoff_base_ms", "20".into());
        set("fleet.landing_seconds", "0".into());
        // Faults are made on purpose here; the breaker's own tests turn it on.
        for share in ["failed", "returned", "unknown"] {
            set(&format!("breaker.{share}_permille"), "1001".into());
        }
        set("fleet.heartbeat_seconds", "1".into());
        set("fleet.silent_after_seconds", "3".into());
        set("scheduler.rescue_every_seconds", "1".into());
        set("scheduler.sweep_every_seconds", "1".into());
        set("redis.lease_seconds", "2".into());
        set("console.bind", "127.0.0.1:0".into());
        let ledger = match &database {
            Some(database) => database.url(),
            None => format!("sqlite:{}", dir.path().join("ledger.db").display()),
        };
        set("ledger.url", ledger);
        for (key, value) in options.settings {
            set(key, value);
        }
        Self {
            redis,
            sandbox,
            clock,
            dir,
            environment,
            _database: database,
        }
    }

    /// The folder of the ledger and the keys.
    pub fn data_dir(&self) -> &Path {
        self.dir.path()
    }

    /// The environment that makes the product's binary use this rig.
    pub fn environment(&self) -> &BTreeMap<String, String> {
        &self.environment
    }

    /// The checked settings.
    pub fn config(&self) -> Config {
        let sources = Sources {
            environment: self.environment.clone(),
            ..Sources::default()
        };
        Config::load(&sources).expect("the rig's settings")
    }

    /// Wipes Redis, groups, streams and all.
    pub async fn flush_redis(&self) {
        let client = redis::Client::open(self.redis.url()).expect("the rig's redis");
        let mut connection = client
            .get_multiplexed_async_connection()
            .await
            .expect("a connection");
        redis::cmd("FLUSHALL")
            .exec_async(&mut connection)
            .await
            .expect("a flush");
    }

    /// The wired parts of one more process.
    pub async fn services(&self) -> Services {
        Services::connect(self.config(), self.clock.clone())
            .await
            .expect("the rig's parts")
    }
}

/// A scheduler and a worker that run in this process.
pub struct Process {
    services: Services,
    tasks: Vec<JoinHandle<()>>,
}

impl Process {
    /// Starts both.
    pub fn start(services: &Services) -> Self {
        let (fleet, scheduler) = (services.clone(), services.clone());
        let tasks = vec![
            tokio::spawn(async move { clerkwork_fleet::run(fleet).await.expect("the fleet") }),
            tokio::spawn(async move {
                clerkwork_scheduler::run(scheduler)
                    .await
                    .expect("the scheduler")
            }),
        ];
        Self {
            services: services.clone(),
            tasks,
        }
    }

    /// Drains and waits for the end.
    pub async fn stop(self) {
        self.services.draining.cancel();
        for task in self.tasks {
            task.await.expect("a task that ends well");
        }
    }

    /// Ends everything where it stands, as near to kill -9 as one process can come to itself.
    pub fn abort(self) {
        for task in self.tasks {
            task.abort();
        }
    }
}

/// Submits every application for an agent-issued invoice that the sandbox has pending, as one batch
/// by the user `rig`.
pub async fn submit_pending(services: &Services, reference: &str) -> BatchId {
    submit_pending_of(services, AGENT_INVOICES, reference).await
}

/// Submits everything of a kind that the sandbox has pending, as one batch by the user `rig`.
pub async fn submit_pending_of(services: &Services, kind: &str, reference: &str) -> BatchId {
    let batch = NewBatch {
        reference: reference.into(),
        office: Office::default(),
        submitter: "rig".into(),
        weight: 1,
    };
    let (batch, _) = services
        .ledger
        .create_batch(batch, Actor::User("rig".into()))
        .await
        .expect("a batch");
    let mut jobs = pending_jobs_of(services, kind).await;
    for job in &mut jobs {
        job.batch = Some(batch);
    }
    while !jobs.is_empty() {
        let rest = jobs.split_off(jobs.len().min(500));
        services.ledger.accept(jobs).await.expect("accepted");
        jobs = rest;
    }
    batch
}

/// How many of the batch the fleet has ended with: terminal or in front of a person.
pub fn ended(counts: &Counts) -> u64 {
    counts
        .iter()
        .filter(|(state, _)| !state.is_active())
        .map(|(_, count)| count)
        .sum()
}

/// Waits until the fleet has ended with `total` jobs of the batch.
pub async fn until_ended(
    services: &Services,
    batch: BatchId,
    total: u64,
    limit: Duration,
) -> Counts {
    let start = Instant::now();
    loop {
        let counts = services.ledger.counts(Some(batch)).await.expect("counts");
        if ended(&counts) == total {
            return counts;
        }
        assert!(
            start.elapsed() < limit,
            "after {limit:?} only {} of {total} had ended: {counts:?}",
            ended(&counts)
        );
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Waits until the fleet has nothing more to do with the batch, moving the clock by two hours
/// whenever all that is left waits.
pub async fn settle_by_clock(rig: &Rig, services: &Services, batch: BatchId, limit: Duration) {
    let start = Instant::now();
    loop {
        let counts = services.ledger.counts(Some(batch)).await.expect("counts");
        let waiting = counts.get(&State::Waiting).copied().unwrap_or(0);
        let active = |(state, count): (&State, &u64)| if state.is_active() { *count } else { 0 };
        let under_way = counts.iter().map(active).sum::<u64>() - waiting;
        if waiting + under_way == 0 {
            return;
        }
        assert!(start.elapsed() < limit, "not settled: {counts:?}");
        let due = services.ledger.next_due().await.expect("the next one");
        if under_way == 0 && due.is_none_or(|due| due > services.clock.now()) {
            rig.clock.advance(Duration::from_secs(2 * 3_600));
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// Waits until at least `some` jobs of the batch have ended, so that a fault strikes in the middle.
pub async fn until_some(services: &Services, batch: BatchId, some: u64, limit: Duration) {
    let start = Instant::now();
    while ended(&services.ledger.counts(Some(batch)).await.expect("counts")) < some {
        assert!(
            start.elapsed() < limit,
            "nothing like {some} jobs ended within {limit:?}"
        );
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}

/// Holds the ledger against the sandbox's own book: each completed job's invoice was issued once,
/// each returned one returned once, and nothing else was done.
pub async fn assert_book_agrees(rig: &Rig, services: &Services, batch: BatchId) {
    let mut completed = 0;
    let mut returned = 0;
    let book = rig.sandbox.state().book();
    let returns = rig.sandbox.state().returned();
    let mut after = None;
    loop {
        let filter = clerkwork_ledger::JobFilter {
            batch: Some(batch),
            ..Default::default()
        };
        let page = clerkwork_ledger::Page {
            after,
            limit: 1_000,
        };
        let jobs = services.ledger.jobs(&filter, page).await.expect("jobs");
        let Some(last) = jobs.last() else { break };
        after = Some(last.id);
        for job in &jobs {
            let issued = book.get(&job.reference).map_or(0, Vec::len);
            let sent_back = returns.get(&job.reference).map_or(0, Vec::len);
            let expected = match job.state {
                State::Completed => {
                    completed += 1;
                    (1, 0)
                }
                State::Returned => {
                    returned += 1;
                    (0, 1)
                }
                State::Blocked | State::Failed | State::Cancelled => (0, 0),
                State::Scheduled
                | State::Available
                | State::Running
                | State::Waiting
                | State::Retryable => {
                    panic!("job {} is still {}", job.reference, job.state)
                }
            };
            assert_eq!(
                (issued, sent_back),
                expected,
                "job {} is {}",
                job.reference,
                job.state
            );
        }
    }
    assert_eq!(
        book.values().map(Vec::len).sum::<usize>(),
        completed,
        "an invoice that no job accounts for"
    );
    assert_eq!(
        returns.values().map(Vec::len).sum::<usize>(),
        returned,
        "a return that no job accounts for"
    );
}

/// Checks that every job's events are numbered 1, 2, 3 … and that its last one tells its state.
pub async fn assert_trail_is_whole(services: &Services, batch: BatchId) {
    let filter = clerkwork_ledger::JobFilter {
        batch: Some(batch),
        ..Default::default()
    };
    let jobs = services
        .ledger
        .jobs(&filter, clerkwork_ledger::Page::first(200))
        .await
        .expect("jobs");
    assert!(!jobs.is_empty());
    for job in jobs {
        assert_trail_of(services, job).await;
    }
}

/// Checks that a job's events are numbered 1, 2, 3 … and that the last one about the job itself tells
/// its state; the desk may have done something about its review since.
pub async fn assert_trail_of(services: &Services, job: Job) {
    let events = services.ledger.events_of(job.id).await.expect("events");
    assert_eq!(events.len() as u64, job.seq, "job {}", job.reference);
    let mut last = String::new();
    for (i, event) in events.iter().enumerate() {
        let event: serde_json::Value = serde_json::from_slice(&event.bytes).expect("json");
        assert_eq!(event["job_seq"], i as u64 + 1, "job {}", job.reference);
        let kind = event["type"].as_str().expect("a type");
        if kind.starts_with("job.") {
            kind.clone_into(&mut last);
        }
    }
    assert_eq!(last, format!("job.{}", job.state), "job {}", job.reference);
}

/// A person decides the open review of a blocked job, as the command line does it. Where two must
/// approve, another one does so first.
pub async fn decide_review(
    services: &Services,
    job: &Job,
    approve: bool,
    user: &str,
    reason: &str,
) {
    let review = services.ledger.review_of_job(job.id).await;
    let review = review.expect("reviews").expect("a review of the job");
    if approve && !review.is_last_approval() {
        let first = format!("{user}-first");
        decide_once(services, job, true, &first, reason).await;
    }
    decide_once(services, job, approve, user, reason).await;
}

async fn decide_once(services: &Services, job: &Job, approve: bool, user: &str, reason: &str) {
    let ledger = &services.ledger;
    let review = ledger.review_of_job(job.id).await.expect("reviews");
    let review = review.expect("a review of the job");
    let joined = ledger.joined_reviews(review.id).await.expect("reviews");
    let joined: Vec<_> = joined.iter().map(|review| review.id).collect();
    let (kind, to) = match (approve, review.is_last_approval()) {
        (true, true) => (EventType::ReviewApproved, State::Available),
        (true, false) => (EventType::ReviewSeconded, State::Blocked),
        (false, _) => (EventType::ReviewReturned, State::Available),
    };
    let data = serde_json::json!({
        "review": review.id.to_string(),
        "payload": review.binding.payload.to_string(),
        "facts": review.binding.facts.to_string(),
        "policy": review.binding.policy.to_string(),
    });
    let event = EventDraft::new(kind, Actor::User(user.into()), data);
    let mut change = Change::new(job.id, State::Blocked, job.attempt, to)
        .event(event.with_personal("reason", reason));
    if to == State::Available {
        change.next_attempt = job.attempt + 1;
    }
    let terms = Terms {
        shown: review.shown(&joined),
        policy: review.binding.policy,
        on_behalf_of: None,
        tier: review.tier,
        code: "checked".into(),
        authority: Vec::new(),
    };
    change.review = Some(ReviewWrite::Decide {
        terms: Some(Box::new(terms)),
        id: review.id,
        approve,
        by: user.into(),
        reason: reason.into(),
    });
    let changed = ledger.change(change).await.expect("a decision");
    assert_eq!(changed, Changed::Yes, "job {}", job.reference);
}
