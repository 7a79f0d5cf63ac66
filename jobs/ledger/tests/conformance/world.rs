//! What every test needs: a ledger on an empty database, and short ways to move jobs.

use std::{sync::Arc, time::Duration};

use clerkwork_audit::{EventDraft, EventType, MasterKey, Sealer};
use clerkwork_core::{
    Actor, BatchId, Clock, Entry, Job, JobId, KindName, Lane, ManualClock, Office, State, Text,
    Timestamp, WorkerId,
};
use clerkwork_ledger::{
    Accepted, Authority, Change, Changed, Claim, Claimed, ClaimedJob, Ledger, LedgerOptions,
    NewBatch, NewJob, WaitWrite,
};
use serde_json::{Value, json};
use sqlx::{AssertSqlSafe, Connection, Executor};

/// Runs each named function on both engines.
macro_rules! on_both_engines {
    ($($name:ident),+ $(,)?) => {
        mod sqlite {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() {
                super::$name(crate::world::World::sqlite().await).await;
            })+
        }
        mod postgres {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() {
                super::$name(crate::world::World::postgres().await).await;
            })+
        }
    };
}
pub(crate) use on_both_engines;

pub(crate) const START: Timestamp = Timestamp(1_772_352_000_000_000);
pub(crate) const MASTER: MasterKey = MasterKey([7; 32]);

enum Home {
    Folder(#[expect(dead_code, reason = "kept until the test ends")] tempfile::TempDir),
    Database(#[expect(dead_code, reason = "kept until the test ends")] clerkwork_testkit::Database),
}

/// A ledger on a database of its own.
pub(crate) struct World {
    pub(crate) ledger: Ledger,
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) url: String,
    _home: Home,
}

impl World {
    pub(crate) async fn sqlite() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite:{}", folder.path().join("ledger.db").display());
        Self::at(url, Home::Folder(folder)).await
    }

    pub(crate) async fn postgres() -> Self {
        let database = clerkwork_testkit::Postgres::database().await;
        let url = database.url();
        Self::at(url, Home::Database(database)).await
    }

    async fn at(url: String, home: Home) -> Self {
        let clock = Arc::new(ManualClock::new(START));
        let ledger = open(&url, clock.clone()).await;
        Self {
            ledger,
            clock,
            url,
            _home: home,
        }
    }

    /// A second ledger on the same database, as another process has it.
    pub(crate) async fn another(&self) -> Ledger {
        open(&self.url, self.clock.clone()).await
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    pub(crate) fn advance(&self, seconds: u64) {
        self.clock.advance(Duration::from_secs(seconds));
    }

    /// Speaks to the database past the ledger.
    pub(crate) async fn execute(&self, sql: &str) {
        let sql = AssertSqlSafe(sql.to_owned());
        if self.url.starts_with("sqlite:") {
            let mut it = sqlx::SqliteConnection::connect(&self.url).await.unwrap();
            it.execute(sql).await.unwrap();
        } else {
            let mut it = sqlx::PgConnection::connect(&self.url).await.unwrap();
            it.execute(sql).await.unwrap();
        }
    }

    /// In the name of a user, who is entered past the ledger if there is none of that name.
    pub(crate) async fn authority(&self, name: &str) -> Authority {
        let (at, office) = (self.now().0, Office::default());
        self.execute(&format!(
            "INSERT INTO account (name, office, enabled, revision, created_at) \
             VALUES ('{name}', '{office}', 1, 1, {at}) ON CONFLICT DO NOTHING"
        ))
        .await;
        Authority::of(&self.ledger.user(name).await.unwrap().unwrap())
    }

    /// One number, asked past the ledger.
    pub(crate) async fn number(&self, sql: &str) -> i64 {
        let sql = AssertSqlSafe(sql.to_owned());
        if self.url.starts_with("sqlite:") {
            let mut it = sqlx::SqliteConnection::connect(&self.url).await.unwrap();
            sqlx::query_scalar(sql).fetch_one(&mut it).await.unwrap()
        } else {
            let mut it = sqlx::PgConnection::connect(&self.url).await.unwrap();
            sqlx::query_scalar(sql).fetch_one(&mut it).await.unwrap()
        }
    }

    /// Some texts, asked past the ledger.
    pub(crate) async fn texts(&self, sql: &'static str) -> Vec<String> {
        let mut it = sqlx::PgConnection::connect(&self.url).await.unwrap();
        sqlx::query_scalar(sql).fetch_all(&mut it).await.unwrap()
    }

    /// Some bytes, asked past the ledger.
    pub(crate) async fn bytes(&self, sql: &'static str) -> Vec<u8> {
        if self.url.starts_with("sqlite:") {
            let mut it = sqlx::SqliteConnection::connect(&self.url).await.unwrap();
            sqlx::query_scalar(sql).fetch_one(&mut it).await.unwrap()
        } else {
            let mut it = sqlx::PgConnection::connect(&self.url).await.unwrap();
            sqlx::query_scalar(sql).fetch_one(&mut it).await.unwrap()
        }
    }

    pub(crate) async fn accept(&self, jobs: Vec<NewJob>) -> Vec<JobId> {
        let accepted = self.ledger.accept(jobs).await.unwrap();
        accepted
            .into_iter()
            .map(|one| match one {
                Accepted::New(id) => id,
                other => panic!("{other:?}"),
            })
            .collect()
    }

    /// One new job.
    pub(crate) async fn one(&self, reference: &str) -> JobId {
        self.accept(vec![new(reference)]).await[0]
    }

    pub(crate) async fn batch(&self, reference: &str, weight: u32) -> BatchId {
        let (id, is_new) = self
            .ledger
            .create_batch(new_batch(reference, weight), user())
            .await
            .unwrap();
        assert!(is_new);
        id
    }

    pub(crate) async fn job(&self, id: JobId) -> Job {
        self.ledger.job(id).await.unwrap().unwrap()
    }

    pub(crate) async fn state(&self, id: JobId) -> (State, u32) {
        let job = self.job(id).await;
        (job.state, job.attempt)
    }

    pub(crate) async fn claim(&self, job: JobId, attempt: u32, worker: WorkerId) -> ClaimedJob {
        match self.try_claim(job, attempt, worker).await {
            Claimed::Yes(claimed) => *claimed,
            Claimed::Stale => panic!("{job} at {attempt} is not to be claimed"),
        }
    }

    pub(crate) async fn try_claim(&self, job: JobId, attempt: u32, worker: WorkerId) -> Claimed {
        let claim = Claim {
            job,
            attempt,
            worker,
            actor: robot(),
        };
        self.ledger.claim(claim).await.unwrap()
    }

    pub(crate) async fn change(&self, change: Change) -> Changed {
        self.ledger.change(change).await.unwrap()
    }

    /// A running job.
    pub(crate) async fn running(&self, reference: &str, worker: WorkerId) -> JobId {
        let id = self.one(reference).await;
        self.claim(id, 1, worker).await;
        id
    }

    pub(crate) async fn pick(&self, lane: Lane, room: u32) -> Vec<Entry> {
        let dispatched = self.ledger.dispatch(lane, room, self.now(), Timestamp(0));
        dispatched.await.unwrap()
    }

    /// The events about a job, as JSON.
    pub(crate) async fn events(&self, job: JobId) -> Vec<Value> {
        let events = self.ledger.events_of(job).await.unwrap();
        events
            .iter()
            .map(|event| serde_json::from_slice(&event.bytes).unwrap())
            .collect()
    }

    pub(crate) async fn event_types(&self, job: JobId) -> Vec<String> {
        let events = self.events(job).await;
        events
            .iter()
            .map(|event| event["type"].as_str().unwrap().to_owned())
            .collect()
    }

    /// The counters are what counting gives.
    pub(crate) async fn assert_counts(&self) {
        self.assert_counts_of(&self.ledger).await;
    }

    /// Those of another ledger on the same database.
    pub(crate) async fn assert_counts_of(&self, ledger: &Ledger) {
        let kept = ledger.counts(None).await.unwrap();
        for state in State::ALL {
            let sql = format!("SELECT count(*) FROM job WHERE state = '{state}'");
            let counted = self.number(&sql).await;
            let kept = kept.get(&state).copied().unwrap_or(0);
            assert_eq!(kept, counted as u64, "jobs that are {state}");
        }
    }
}

async fn open(url: &str, clock: Arc<ManualClock>) -> Ledger {
    let options = LedgerOptions {
        // What events say is of no matter here.
        strict_events: false,
        ..LedgerOptions::default()
    };
    Ledger::open(url, Sealer::new(&MASTER), clock, options)
        .await
        .unwrap()
}

pub(crate) fn new(reference: &str) -> NewJob {
    NewJob {
        kind: KindName::new("agent_invoice_review"),
        reference: reference.into(),
        office: Office::default(),
        batch: None,
        lane: Lane::Standard,
        deadline: None,
        run_at: None,
        submitter: "li".into(),
        payload: json!({"amount": "100.00", "reference": reference}),
        subject_id: "440301199001011234".into(),
        subject_name: "张三丰".into(),
        traceparent: None,
    }
}

pub(crate) fn new_batch(reference: &str, weight: u32) -> NewBatch {
    NewBatch {
        reference: reference.into(),
        office: Office::default(),
        submitter: "li".into(),
        weight,
    }
}

pub(crate) fn user() -> Actor {
    Actor::User("li".into())
}

pub(crate) fn robot() -> Actor {
    Actor::Robot("w1".into())
}

pub(crate) fn event(kind: EventType) -> EventDraft {
    EventDraft::new(kind, robot(), json!({}))
}

/// A change of a job at its attempt with one fitting event.
pub(crate) fn change(job: JobId, from: State, attempt: u32, to: State) -> Change {
    let kind = match to {
        State::Scheduled | State::Available => EventType::JobAvailable,
        State::Running => EventType::JobDecided,
        State::Blocked => EventType::JobBlocked,
        State::Waiting => EventType::JobWaiting,
        State::Retryable => EventType::JobRetryScheduled,
        State::Completed => EventType::JobCompleted,
        State::Returned => EventType::JobReturned,
        State::Cancelled => EventType::JobCancelled,
        State::Failed => EventType::JobFailed,
    };
    let mut change = Change::new(job, from, attempt, to).event(event(kind));
    if to == State::Waiting {
        change.wait = Some(WaitWrite {
            topic: format!("test:{job}"),
            deadline: None,
            why: Text::new("等待对方", "the other side"),
        });
    }
    change
}
