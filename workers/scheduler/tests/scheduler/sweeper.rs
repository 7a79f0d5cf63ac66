//! What Redis lost is dispatched again. The ledgers' time stands still here unless it is moved, so
//! that nothing is found by its age by chance.

use std::time::Duration;

use clerkwork_core::{JobId, Lane};
use clerkwork_rig::{LedgerKind, Process, Rig};

use crate::{
    on_both_ledgers,
    stage::{self, accept, entries, events, jobs, stopped_clock, until_queued, until_waiting},
};

const QUICK: [(&str, &str); 1] = [("scheduler.sweep_every_seconds", "0.05")];

async fn a_wiped_redis_is_filled_again_and_recorded_once(ledger: LedgerKind) {
    let rig = stage::rig(ledger, &QUICK).await;
    let (services, clock) = stopped_clock(&rig).await;
    let ids = accept(&services.ledger, jobs("wiped", 100, |_| {})).await;
    let process = Process::scheduler_only(&services);
    until_waiting(&services, Lane::Standard, 100).await;
    assert!(
        events(&services, "queue.refilled").await.is_empty(),
        "a new redis has lost nothing"
    );

    rig.flush_redis().await;
    until_queued(&rig, Lane::Standard, &ids).await;
    // A later sweep has been when this comes back; it saw nothing to record.
    delete(&rig, &ids[..1]).await;
    clock.advance(Duration::from_secs(3_600));
    until_queued(&rig, Lane::Standard, &ids).await;
    let recorded = events(&services, "queue.refilled").await;
    assert_eq!(recorded.len(), 1);
    assert_eq!(recorded[0]["data"]["jobs"], 100);
    process.stop().await;
}

async fn a_lane_that_was_deleted_is_filled_again(ledger: LedgerKind) {
    let rig = stage::rig(ledger, &QUICK).await;
    let (services, clock) = stopped_clock(&rig).await;
    let ids = accept(&services.ledger, jobs("deleted", 30, |_| {})).await;
    let process = Process::scheduler_only(&services);
    until_waiting(&services, Lane::Standard, 30).await;
    let mut connection = rig.redis_connection().await;
    let stream = rig.stream(Lane::Standard);
    redis::cmd("DEL")
        .arg(stream)
        .exec_async(&mut connection)
        .await
        .unwrap();
    clock.advance(Duration::from_secs(6));
    until_queued(&rig, Lane::Standard, &ids).await;
    assert!(events(&services, "queue.refilled").await.is_empty());
    process.stop().await;
}

async fn one_missing_entry_is_found_even_in_a_busy_lane(ledger: LedgerKind) {
    let rig = stage::rig(ledger, &QUICK).await;
    let (services, clock) = stopped_clock(&rig).await;
    let ids = accept(&services.ledger, jobs("missing", 30, |_| {})).await;
    let process = Process::scheduler_only(&services);
    until_waiting(&services, Lane::Standard, 30).await;
    delete(&rig, &ids[7..8]).await;
    clock.advance(Duration::from_secs(601));
    until_queued(&rig, Lane::Standard, &ids).await;
    process.stop().await;
}

/// A crash may cost an append-only file its last second.
async fn a_restart_is_reason_enough_to_dispatch_the_window_again(ledger: LedgerKind) {
    let mut rig = stage::rig(ledger, &QUICK).await;
    let (services, _clock) = stopped_clock(&rig).await;
    let ids = accept(&services.ledger, jobs("restart", 30, |_| {})).await;
    let process = Process::scheduler_only(&services);
    until_waiting(&services, Lane::Standard, 30).await;
    delete(&rig, &ids[7..8]).await;
    rig.redis.kill9();
    rig.redis.restart().await;
    until_queued(&rig, Lane::Standard, &ids).await;
    process.stop().await;
}

/// A leader that died between marking and pushing leaves entries that no Redis ever had, in a lane
/// that is busy.
async fn what_a_dead_leader_did_not_push_is_pushed_by_the_next(ledger: LedgerKind) {
    let rig = stage::rig(ledger, &QUICK).await;
    let (services, clock) = stopped_clock(&rig).await;
    let ids = accept(&services.ledger, jobs("unpushed", 30, |_| {})).await;
    let now = services.clock.now();
    let marked = services.ledger.dispatch(Lane::Standard, 30, now, now);
    let marked = marked.await.unwrap();
    assert_eq!(marked.len(), 30);
    services
        .queue
        .push(Lane::Standard, &marked[..10])
        .await
        .unwrap();
    clock.advance(Duration::from_secs(1));
    let process = Process::scheduler_only(&services);
    until_queued(&rig, Lane::Standard, &ids).await;
    process.stop().await;
}

/// Deletes the entries of these jobs.
async fn delete(rig: &Rig, jobs: &[JobId]) {
    let mut connection = rig.redis_connection().await;
    let stream = rig.stream(Lane::Standard);
    let found: Vec<(String, Vec<(String, String)>)> = redis::cmd("XRANGE")
        .arg(&stream)
        .arg("-")
        .arg("+")
        .query_async(&mut connection)
        .await
        .unwrap();
    for (id, fields) in found {
        if jobs
            .iter()
            .any(|job| fields.contains(&("j".into(), job.to_string())))
        {
            let mut command = redis::cmd("XDEL");
            command
                .arg(&stream)
                .arg(id)
                .exec_async(&mut connection)
                .await
                .unwrap();
        }
    }
    let left = entries(rig, Lane::Standard).await;
    assert!(jobs.iter().all(|job| !left.contains(job)));
}

on_both_ledgers!(
    a_wiped_redis_is_filled_again_and_recorded_once,
    a_lane_that_was_deleted_is_filled_again,
    one_missing_entry_is_found_even_in_a_busy_lane,
    a_restart_is_reason_enough_to_dispatch_the_window_again,
    what_a_dead_leader_did_not_push_is_pushed_by_the_next,
);
