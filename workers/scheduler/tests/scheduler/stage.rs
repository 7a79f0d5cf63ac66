//! A rig, and what the tests do with it.

use std::sync::Arc;

use clerkwork_core::{
    Actor, BatchId, Clock, JobId, KindName, Lane, ManualClock, Office, State, SystemClock,
};
use clerkwork_ledger::{Accepted, EventFilter, Ledger, NewBatch, NewJob, Order, Page};
use clerkwork_rig::{LedgerKind, Rig, RigOptions};
use clerkwork_runtime::Services;
use clerkwork_testkit::eventually;
use serde_json::json;

use crate::LIMIT;

/// A rig without applications.
pub async fn rig(ledger: LedgerKind, settings: &[(&'static str, &str)]) -> Rig {
    rig_with(ledger, 0, settings).await
}

/// A rig with applications.
pub async fn rig_with(
    ledger: LedgerKind,
    applications: usize,
    settings: &[(&'static str, &str)],
) -> Rig {
    let settings = settings
        .iter()
        .map(|(key, value)| (*key, (*value).to_owned()));
    Rig::start(RigOptions {
        ledger,
        applications,
        settings: settings.collect(),
        ..RigOptions::default()
    })
    .await
}

/// A process whose time moves only when told to.
pub async fn stopped_clock(rig: &Rig) -> (Services, Arc<ManualClock>) {
    let clock = Arc::new(ManualClock::new(SystemClock.now()));
    (rig.services_at(clock.clone()).await, clock)
}

/// A job that no worker of these tests reads.
pub fn job(reference: impl Into<String>) -> NewJob {
    NewJob {
        kind: KindName::new("agent_invoice_review"),
        reference: reference.into(),
        office: Office::default(),
        batch: None,
        lane: Lane::Standard,
        deadline: None,
        run_at: None,
        submitter: "stage".into(),
        payload: json!({}),
        subject_id: "stage".into(),
        subject_name: "stage".into(),
        traceparent: None,
    }
}

/// `n` jobs, named after `prefix`, each changed by `edit`.
pub fn jobs(prefix: &str, n: usize, edit: impl Fn(&mut NewJob)) -> Vec<NewJob> {
    (0..n)
        .map(|i| {
            let mut job = job(format!("{prefix}-{i:05}"));
            edit(&mut job);
            job
        })
        .collect()
}

/// Takes jobs in; their ids in the same order.
pub async fn accept(ledger: &Ledger, jobs: Vec<NewJob>) -> Vec<JobId> {
    let mut ids = Vec::with_capacity(jobs.len());
    for some in jobs.chunks(250) {
        for accepted in ledger.accept(some.to_vec()).await.unwrap() {
            let Accepted::New(id) = accepted else {
                panic!("not new: {accepted:?}")
            };
            ids.push(id);
        }
    }
    ids
}

pub async fn batch(ledger: &Ledger, reference: &str, weight: u32) -> BatchId {
    let batch = NewBatch {
        reference: reference.into(),
        office: Office::default(),
        submitter: "stage".into(),
        weight,
    };
    let actor = Actor::User("stage".into());
    ledger.create_batch(batch, actor).await.unwrap().0
}

/// What a lane holds in Redis, in order.
pub async fn entries(rig: &Rig, lane: Lane) -> Vec<JobId> {
    let mut connection = rig.redis_connection().await;
    let found: Vec<(String, Vec<(String, String)>)> = redis::cmd("XRANGE")
        .arg(rig.stream(lane))
        .arg("-")
        .arg("+")
        .query_async(&mut connection)
        .await
        .unwrap();
    found
        .into_iter()
        .map(|(_, fields)| {
            let job = fields.iter().find(|(name, _)| name == "j").unwrap();
            job.1.parse().unwrap()
        })
        .collect()
}

/// Waits until a lane holds these jobs, in any order and as often as may be.
#[track_caller]
pub fn until_queued(rig: &Rig, lane: Lane, jobs: &[JobId]) -> impl Future<Output = ()> {
    eventually(LIMIT, async move || {
        let queued = entries(rig, lane).await;
        jobs.iter().all(|job| queued.contains(job))
    })
}

/// Waits until a lane holds `n` entries.
#[track_caller]
pub fn until_waiting(services: &Services, lane: Lane, n: u64) -> impl Future<Output = ()> {
    eventually(LIMIT, async move || {
        services.queue.len(lane).await.unwrap() == n
    })
}

/// Makes sure that the dispatcher has looked at all lanes since this was called: a job of the
/// express lane, which must have room, has arrived.
pub async fn after_a_look(rig: &Rig, services: &Services) {
    let reference = format!("look-{}", JobId::new());
    let mut probe = job(reference);
    probe.lane = Lane::Express;
    let probes = accept(&services.ledger, vec![probe]).await;
    until_queued(rig, Lane::Express, &probes).await;
}

pub async fn state(services: &Services, job: JobId) -> (State, u32) {
    let job = services.ledger.job(job).await.unwrap().unwrap();
    (job.state, job.attempt)
}

/// How many events of this type there are.
pub async fn events(services: &Services, kind: &str) -> Vec<serde_json::Value> {
    let filter = EventFilter {
        kind: Some(kind.into()),
        ..EventFilter::default()
    };
    let found = services
        .ledger
        .search(&filter, Order::Newest, Page::first(100))
        .await;
    let read = |event: clerkwork_ledger::StoredEvent| serde_json::from_slice(&event.bytes).unwrap();
    found.unwrap().events.into_iter().map(read).collect()
}
