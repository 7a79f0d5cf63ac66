//! The whole worker, with its layers: what ends outside the ledger is put to an end there.

use clerkwork_core::{BatchId, EffectState, State};
use clerkwork_ledger::{JobFilter, Page};
use clerkwork_rig::{LedgerKind, Process, RigOptions, submit_pending, until_ended};
use clerkwork_testkit::eventually;

use crate::{
    LIMIT,
    kinds::{Twist, twisted},
    stage::Stage,
};

/// A handful of applications goes through a process whose kind misbehaves; where they end.
async fn run(twist: Twist) -> (Stage, BatchId) {
    let applications = 6;
    let mut stage = Stage::with(RigOptions {
        ledger: LedgerKind::Sqlite,
        applications,
        settings: vec![
            ("fleet.max_attempts", "2".into()),
            ("fleet.job_timeout_seconds", "0.3".into()),
        ],
        ..RigOptions::default()
    })
    .await;
    let (services, hanging) = twisted(&stage.services, twist);
    stage.services = services;
    let batch = submit_pending(&stage.services, "twisted").await;
    let process = Process::start(&stage.services);
    until_ended(&stage.services, batch, applications as u64, LIMIT).await;
    // An attempt that was ended does not go on in secret.
    eventually(LIMIT, async || hanging.count() == 0).await;
    process.stop().await;
    (stage, batch)
}

async fn assert_given_up(twist: Twist, says: &str) {
    let (stage, batch) = run(twist).await;
    let filter = JobFilter {
        batch: Some(batch),
        ..JobFilter::default()
    };
    let jobs = stage.services.ledger.jobs(&filter, Page::first(100));
    for job in jobs.await.unwrap() {
        assert_eq!(job.failures, 2);
        let error = job.last_error.clone().unwrap_or_default();
        assert!(error.contains(says), "{error}");
        let retries = stage.events(job.id).await;
        let retries = retries.iter().filter(|kind| *kind == "job.retry_scheduled");
        assert_eq!(retries.count(), 1);
        stage.assert_end(&job, State::Failed, (0, 0)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_panic_is_caught_retried_and_given_up() {
    assert_given_up(Twist::PanicsAsking, "panic").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_attempt_without_end_is_ended_retried_and_given_up() {
    assert_given_up(Twist::HangsAsking, "time").await;
}

/// What was announced and whose outcome was never recorded ends in front of a person.
async fn assert_asked(twist: Twist) {
    let (stage, batch) = run(twist).await;
    let filter = JobFilter {
        batch: Some(batch),
        ..JobFilter::default()
    };
    let jobs = stage.services.ledger.jobs(&filter, Page::first(100));
    let mut acted = 0;
    for job in jobs.await.unwrap() {
        assert_eq!(job.state, State::Blocked, "{:?}", job.last_error);
        let acts = stage.acts(&job);
        if acts == (0, 0) {
            assert_eq!(stage.effects(job.id).await, []);
            continue;
        }
        acted += 1;
        assert!(matches!(acts, (1, 0) | (0, 1)), "{acts:?}");
        assert_eq!(stage.effects(job.id).await, [EffectState::Intended]);
        assert_eq!(stage.blocked_by(job.id).await, ["fleet.outcome_unclear"]);
        stage.assert_end(&job, State::Blocked, acts).await;
    }
    assert!(acted > 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_panic_after_the_act_acts_once_and_ends_in_front_of_a_person() {
    assert_asked(Twist::PanicsAfterTheAct).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_attempt_without_end_after_the_act_acts_once_and_ends_in_front_of_a_person() {
    assert_asked(Twist::HangsAfterTheAct).await;
}
