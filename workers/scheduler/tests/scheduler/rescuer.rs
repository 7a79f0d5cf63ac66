//! The jobs of a process that fell silent are done by another, but not for ever.

use clerkwork_core::{Actor, JobId, State, WorkerId};
use clerkwork_ledger::{Claim, Claimed, JobFilter, Page};
use clerkwork_rig::{LedgerKind, Process, assert_book_agrees, submit_pending, until_ended};
use clerkwork_runtime::Services;
use clerkwork_testkit::eventually;

use crate::{
    LIMIT, on_both_ledgers,
    stage::{self, accept, events, job, state},
};

const QUICK: [(&str, &str); 4] = [
    ("fleet.heartbeat_seconds", "0.2"),
    ("fleet.silent_after_seconds", "2"),
    ("scheduler.rescue_every_seconds", "0.05"),
    ("fleet.max_rescues", "2"),
];

async fn the_jobs_of_a_silent_process_are_done_by_another(ledger: LedgerKind) {
    let rig = stage::rig_with(ledger, 20, &QUICK).await;
    let services = rig.services().await;
    let batch = submit_pending(&services, "silent").await;
    let filter = JobFilter::default();
    let jobs = services.ledger.jobs(&filter, Page::first(5)).await.unwrap();
    let dead = WorkerId::new();
    services.ledger.heartbeat(dead, "dead").await.unwrap();
    for job in &jobs {
        claim(&services, job.id, 1, dead).await;
    }
    let process = Process::start(&services);
    until_ended(&services, batch, 20, LIMIT).await;
    process.stop().await;
    assert_book_agrees(&rig, &services, batch).await;
    for job in &jobs {
        assert_eq!(
            state(&services, job.id).await.1,
            2,
            "the second attempt ended it"
        );
    }
    assert_eq!(events(&services, "job.rescued").await.len(), 5);
    assert_eq!(events(&services, "worker.lost").await.len(), 1);
}

async fn a_job_that_kills_its_workers_ends_at_the_exceptions_desk(ledger: LedgerKind) {
    let rig = stage::rig(ledger, &QUICK).await;
    let services = rig.services().await;
    let killer = accept(&services.ledger, vec![job("killer")]).await[0];
    let process = Process::scheduler_only(&services);
    for attempt in 1..=3 {
        eventually(LIMIT, async || {
            state(&services, killer).await == (State::Available, attempt)
        })
        .await;
        let victim = WorkerId::new();
        services.ledger.heartbeat(victim, "victim").await.unwrap();
        claim(&services, killer, attempt, victim).await;
    }
    eventually(LIMIT, async || {
        state(&services, killer).await.0 == State::Failed
    })
    .await;
    let failed = services.ledger.job(killer).await.unwrap().unwrap();
    assert_eq!(failed.last_error.as_deref(), Some("worker_lost"));
    assert_eq!(events(&services, "job.rescued").await.len(), 2);
    assert_eq!(events(&services, "worker.lost").await.len(), 3);
    process.stop().await;
}

/// A process that is alive keeps its jobs, however long they take.
async fn a_process_that_lives_keeps_its_jobs(ledger: LedgerKind) {
    let rig = stage::rig(ledger, &QUICK).await;
    let services = rig.services().await;
    let ids = accept(&services.ledger, vec![job("kept"), job("lost")]).await;
    let (alive, dead) = (WorkerId::new(), WorkerId::new());
    for (worker, job) in [(alive, ids[0]), (dead, ids[1])] {
        services.ledger.heartbeat(worker, "worker").await.unwrap();
        claim(&services, job, 1, worker).await;
    }
    let process = Process::scheduler_only(&services);
    // The rescuer has looked when the other one's job is back.
    eventually(LIMIT, async || {
        services.ledger.heartbeat(alive, "worker").await.unwrap();
        state(&services, ids[1]).await == (State::Available, 2)
    })
    .await;
    assert_eq!(state(&services, ids[0]).await, (State::Running, 1));
    process.stop().await;
}

async fn claim(services: &Services, job: JobId, attempt: u32, worker: WorkerId) {
    let claim = Claim {
        job,
        attempt,
        worker,
        actor: Actor::Robot("test".into()),
    };
    let claimed = services.ledger.claim(claim).await.unwrap();
    assert!(matches!(claimed, Claimed::Yes(_)), "attempt {attempt}");
}

on_both_ledgers!(
    the_jobs_of_a_silent_process_are_done_by_another,
    a_job_that_kills_its_workers_ends_at_the_exceptions_desk,
    a_process_that_lives_keeps_its_jobs,
);
