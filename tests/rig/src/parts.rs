//! Single parts of a fleet, for tests that look at one of them.

use std::sync::Arc;

use clerkwork_core::{Clock, KindName, Lane, Office};
use clerkwork_ledger::NewJob;
use clerkwork_runtime::Services;
use redis::aio::MultiplexedConnection;

use crate::{AGENT_INVOICES, Process, Rig};

impl Rig {
    /// The wired parts of one more process that goes by `clock`.
    pub async fn services_at(&self, clock: Arc<dyn Clock>) -> Services {
        Services::connect(self.config(), clock)
            .await
            .expect("the rig's parts")
    }

    /// A connection to the rig's Redis, beside the product's own.
    pub async fn redis_connection(&self) -> MultiplexedConnection {
        let client = redis::Client::open(self.redis.url()).expect("the rig's redis");
        client
            .get_multiplexed_async_connection()
            .await
            .expect("a connection")
    }

    /// The key of a lane's stream.
    pub fn stream(&self, lane: Lane) -> String {
        format!("{{cw:{lane}}}:s")
    }
}

impl Process {
    /// Starts a scheduler without workers.
    pub fn scheduler_only(services: &Services) -> Self {
        let scheduler = services.clone();
        let task = tokio::spawn(async move {
            clerkwork_scheduler::run(scheduler)
                .await
                .expect("the scheduler")
        });
        Self {
            services: services.clone(),
            tasks: vec![task],
        }
    }

    /// Starts workers without a scheduler.
    pub fn fleet_only(services: &Services) -> Self {
        let fleet = services.clone();
        let task = tokio::spawn(async move { clerkwork_fleet::run(fleet).await.expect("a fleet") });
        Self {
            services: services.clone(),
            tasks: vec![task],
        }
    }
}

/// Every application for an agent-issued invoice that the sandbox has pending, as jobs by the user
/// `rig` without a batch.
pub async fn pending_jobs(services: &Services) -> Vec<NewJob> {
    pending_jobs_of(services, AGENT_INVOICES).await
}

/// Everything of a kind that the sandbox has pending, as jobs by the user `rig` without a batch.
pub async fn pending_jobs_of(services: &Services, kind: &str) -> Vec<NewJob> {
    let kind = services.kinds.get(kind).expect("the kind");
    let mut jobs: Vec<NewJob> = Vec::new();
    loop {
        let after = jobs.last().map(|job| job.reference.clone());
        let page = kind.pending(&services.upstreams, after.as_deref(), 500);
        let page = page.await.expect("the pending ones");
        let page = page.expect("a kind that comes from the upstream");
        if page.is_empty() {
            return jobs;
        }
        jobs.extend(page.into_iter().map(|one| {
            let item = kind.parse(&one.payload).expect("a readable application");
            let subject = item.subject();
            NewJob {
                kind: KindName::new(kind.name()),
                reference: one.reference,
                office: Office::default(),
                batch: None,
                lane: Lane::Standard,
                deadline: None,
                run_at: None,
                submitter: "rig".into(),
                payload: one.payload,
                subject_id: subject.id,
                subject_name: subject.name,
                traceparent: None,
            }
        }));
    }
}
