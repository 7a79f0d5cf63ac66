//! Jobs become available when their time has come, and not before.

use std::time::Duration;

use clerkwork_audit::{EventDraft, EventType};
use clerkwork_core::{Actor, Clock, JobId, Lane, State, WorkerId};
use clerkwork_ledger::{Change, Changed, Claim, Claimed};
use clerkwork_rig::{LedgerKind, Process};
use clerkwork_runtime::Services;
use serde_json::json;

use crate::{
    on_both_ledgers,
    stage::{self, accept, entries, job, state, stopped_clock, until_queued},
};

const MINUTE: Duration = Duration::from_secs(60);

async fn a_scheduled_job_waits_for_its_time(ledger: LedgerKind) {
    let rig = stage::rig(ledger, &[("scheduler.tick_ms", "5")]).await;
    let (services, clock) = stopped_clock(&rig).await;
    let start = clock.now();
    let mut early = job("early");
    early.run_at = Some(start.after(30 * MINUTE));
    let mut late = job("late");
    late.run_at = Some(start.after(60 * MINUTE));
    let ids = accept(&services.ledger, vec![early, late]).await;
    assert_eq!(state(&services, ids[0]).await, (State::Scheduled, 1));
    let process = Process::scheduler_only(&services);

    clock.advance(59 * MINUTE);
    until_queued(&rig, Lane::Standard, &ids[..1]).await;
    // The promoter has looked at this time, and left the other where it is.
    assert_eq!(state(&services, ids[1]).await, (State::Scheduled, 1));
    assert_eq!(entries(&rig, Lane::Standard).await, ids[..1]);

    clock.advance(MINUTE);
    until_queued(&rig, Lane::Standard, &ids).await;
    assert_eq!(state(&services, ids[1]).await, (State::Available, 1));
    process.stop().await;
}

async fn a_job_that_is_to_be_tried_again_waits_for_its_time(ledger: LedgerKind) {
    let rig = stage::rig(ledger, &[("scheduler.tick_ms", "5")]).await;
    let (services, clock) = stopped_clock(&rig).await;
    let ids = accept(&services.ledger, vec![job("soon"), job("later")]).await;
    fail_once(&services, ids[0], 30 * MINUTE).await;
    fail_once(&services, ids[1], 60 * MINUTE).await;
    let process = Process::scheduler_only(&services);

    clock.advance(59 * MINUTE);
    until_queued(&rig, Lane::Standard, &ids[..1]).await;
    assert_eq!(state(&services, ids[0]).await, (State::Available, 2));
    assert_eq!(state(&services, ids[1]).await, (State::Retryable, 2));

    clock.advance(MINUTE);
    until_queued(&rig, Lane::Standard, &ids).await;
    process.stop().await;
}

/// More jobs at once than the promoter takes at a time.
async fn many_jobs_due_at_once_all_come(ledger: LedgerKind) {
    let settings = [
        ("scheduler.tick_ms", "60000"),
        ("redis.window.standard", "5000"),
    ];
    let rig = stage::rig(ledger, &settings).await;
    let (services, clock) = stopped_clock(&rig).await;
    let due = clock.now().after(MINUTE);
    let many = stage::jobs("due", 2_500, |job| job.run_at = Some(due));
    accept(&services.ledger, many).await;
    clock.advance(MINUTE);
    let process = Process::scheduler_only(&services);
    stage::until_waiting(&services, Lane::Standard, 2_500).await;
    process.stop().await;
}

/// What a worker does whose attempt failed technically.
async fn fail_once(services: &Services, job: JobId, pause: Duration) {
    let worker = WorkerId::new();
    let actor = Actor::Robot("test".into());
    let claim = Claim {
        job,
        attempt: 1,
        worker,
        actor: actor.clone(),
    };
    let claimed = services.ledger.claim(claim).await.unwrap();
    assert!(matches!(claimed, Claimed::Yes(_)));
    let data = json!({"error": "etax.dossier: transient", "failures": 1, "run_at": 0});
    let event = EventDraft::new(EventType::JobRetryScheduled, actor, data);
    let mut change = Change::new(job, State::Running, 1, State::Retryable).event(event);
    change.next_attempt = 2;
    change.run_at = Some(services.clock.now().after(pause));
    assert_eq!(services.ledger.change(change).await.unwrap(), Changed::Yes);
}

on_both_ledgers!(
    a_scheduled_job_waits_for_its_time,
    a_job_that_is_to_be_tried_again_waits_for_its_time,
    many_jobs_due_at_once_all_come,
);
