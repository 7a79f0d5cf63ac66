//! What goes wrong too often is stopped until a person has looked.

use std::time::Duration;

use clerkwork_audit::{EventDraft, EventType};
use clerkwork_core::{Actor, BatchId, Brake, JobId, KindName, Scope, State, WorkerId};
use clerkwork_ledger::{BrakeReleased, Change, Changed, Claim, Claimed};
use clerkwork_rig::{LedgerKind, Process, person};
use clerkwork_runtime::Services;
use clerkwork_testkit::eventually;
use serde_json::json;

use crate::{
    LIMIT, on_both_ledgers,
    stage::{self, accept, batch, events, jobs, stopped_clock},
};

const SETTINGS: &[(&str, &str)] = &[
    ("scheduler.tick_ms", "5"),
    ("breaker.look_every_seconds", "0.05"),
    ("breaker.least_outcomes", "10"),
    ("breaker.failed_permille", "500"),
];

/// Leads the jobs to an end past the fleet.
async fn end(services: &Services, ids: &[JobId], to: State, kind: EventType) {
    for id in ids {
        let attempt = services.ledger.job(*id).await.unwrap().unwrap().attempt;
        let claim = Claim {
            job: *id,
            attempt,
            worker: WorkerId::new(),
            actor: Actor::Robot("stage".into()),
        };
        assert!(matches!(
            services.ledger.claim(claim).await.unwrap(),
            Claimed::Yes(_)
        ));
        let data = match kind {
            EventType::JobFailed => json!({"error": "etax.issue: transient", "failures": 3}),
            _ => json!({}),
        };
        let event = EventDraft::new(kind, Actor::Robot("stage".into()), data);
        let change = Change::new(*id, State::Running, attempt, to).event(event);
        assert_eq!(services.ledger.change(change).await.unwrap(), Changed::Yes);
    }
}

async fn fail(services: &Services, ids: &[JobId]) {
    end(services, ids, State::Failed, EventType::JobFailed).await;
}

async fn complete(services: &Services, ids: &[JobId]) {
    end(services, ids, State::Completed, EventType::JobCompleted).await;
}

/// The brakes that are on, those of the probes apart.
async fn on(services: &Services) -> Vec<Brake> {
    let mut brakes = services.ledger.control().await.unwrap().brakes;
    brakes.retain(|brake| !brake.scope.target().starts_with("probe"));
    brakes
}

async fn new(services: &Services, prefix: &str, n: usize, of: Option<BatchId>) -> Vec<JobId> {
    accept(&services.ledger, jobs(prefix, n, |job| job.batch = of)).await
}

/// Makes sure that the breaker has looked since this was called: a kind of its own, all of whose
/// jobs failed, was stopped.
async fn after_a_look(services: &Services, probe: &str) {
    let kind = KindName::new(&format!("probe_{probe}"));
    let failing = jobs(probe, 10, |job| job.kind = kind.clone());
    fail(services, &accept(&services.ledger, failing).await).await;
    let scope = Scope::Kind(kind);
    eventually(LIMIT, async || {
        let brakes = services.ledger.control().await.unwrap().brakes;
        brakes.iter().any(|brake| brake.scope == scope)
    })
    .await;
}

async fn a_failing_batch_its_kind_and_its_connector_are_stopped(ledger: LedgerKind) {
    let rig = stage::rig(ledger, SETTINGS).await;
    let (services, _clock) = stopped_clock(&rig).await;
    let good = batch(&services.ledger, "good", 1).await;
    let bad = batch(&services.ledger, "bad", 1).await;
    let well = new(&services, "well", 20, Some(good)).await;
    complete(&services, &well).await;
    let badly = new(&services, "badly", 15, Some(bad)).await;
    fail(&services, &badly[..9]).await;
    let process = Process::scheduler_only(&services);
    // Nine of nine are too few to say anything; the tenth is enough.
    after_a_look(&services, "one").await;
    assert!(on(&services).await.is_empty());
    fail(&services, &badly[9..10]).await;
    eventually(LIMIT, async || !on(&services).await.is_empty()).await;
    let brakes = on(&services).await;
    assert_eq!(brakes.len(), 1, "10 of 30 of the kind failed: {brakes:?}");
    assert_eq!(brakes[0].scope, Scope::Batch(bad));
    assert_eq!(brakes[0].put_by, Actor::System("breaker".into()));
    assert!(
        brakes[0].reason.starts_with("technical failures: 10 of 10"),
        "{}",
        brakes[0].reason
    );

    // Half of the kind's outcomes fail now: the kind and its connector stop.
    fail(&services, &new(&services, "worse", 10, None).await).await;
    eventually(LIMIT, async || on(&services).await.len() == 3).await;
    let scopes: Vec<_> = on(&services)
        .await
        .into_iter()
        .map(|brake| brake.scope)
        .collect();
    assert!(scopes.contains(&Scope::Kind(KindName::new("agent_invoice_review"))));
    assert!(scopes.contains(&Scope::Connector("etax".into())));
    let put = events(&services, "brake.on").await;
    assert_eq!(put.len(), 3 + 1, "each is one event, the probe's too");
    process.stop().await;
}

async fn what_ended_before_the_release_stops_nothing_again(ledger: LedgerKind) {
    let rig = stage::rig(ledger, SETTINGS).await;
    let (services, clock) = stopped_clock(&rig).await;
    let bad = batch(&services.ledger, "bad", 1).await;
    fail(&services, &new(&services, "a", 10, Some(bad)).await).await;
    let process = Process::scheduler_only(&services);
    eventually(LIMIT, async || on(&services).await.len() == 3).await;
    clock.advance(Duration::from_secs(1));
    for brake in on(&services).await {
        let released = services
            .ledger
            .release_brake(brake.id, "mended", &person(&services.ledger, "bob").await)
            .await;
        assert!(matches!(released.unwrap(), BrakeReleased::Yes(_)));
    }
    clock.advance(Duration::from_secs(1));
    // Nine more are too few by themselves, however many failed before.
    let more = new(&services, "b", 10, Some(bad)).await;
    fail(&services, &more[..9]).await;
    after_a_look(&services, "two").await;
    assert!(on(&services).await.is_empty());
    fail(&services, &more[9..]).await;
    eventually(LIMIT, async || on(&services).await.len() == 3).await;
    process.stop().await;
}

async fn what_ended_long_ago_counts_no_more(ledger: LedgerKind) {
    let rig = stage::rig(ledger, SETTINGS).await;
    let (services, clock) = stopped_clock(&rig).await;
    let failed = new(&services, "a", 10, None).await;
    fail(&services, &failed[..9]).await;
    clock.advance(services.config.breaker.window + Duration::from_secs(1));
    fail(&services, &failed[9..]).await;
    let process = Process::scheduler_only(&services);
    after_a_look(&services, "three").await;
    assert!(on(&services).await.is_empty());
    process.stop().await;
}

on_both_ledgers!(
    a_failing_batch_its_kind_and_its_connector_are_stopped,
    what_ended_before_the_release_stops_nothing_again,
    what_ended_long_ago_counts_no_more,
);
