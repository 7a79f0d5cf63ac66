//! What goes first: lanes, deadlines, and fair shares for batches.

use std::{collections::HashSet, time::Duration};

use clerkwork_core::{Clock, JobId, Lane, SystemClock};
use clerkwork_ledger::{JobFilter, Page};
use clerkwork_rig::{LedgerKind, Process, pending_jobs};
use clerkwork_testkit::eventually;

use crate::{
    LIMIT, on_both_ledgers,
    stage::{self, accept, batch, entries, jobs, until_queued, until_waiting},
};

/// Express work that comes last is done before bulk work that filled its window long before.
async fn express_overtakes_bulk(ledger: LedgerKind) {
    let settings = [
        ("redis.window.bulk", "100"),
        ("redis.prefetch", "1"),
        ("fleet.concurrency", "1"),
        // A review that is handed out changes its job once more.
        ("desk.look_every_seconds", "600"),
    ];
    let rig = stage::rig_with(ledger, 120, &settings).await;
    let services = rig.services().await;
    let mut bulk = pending_jobs(&services).await;
    bulk.iter_mut().for_each(|job| job.lane = Lane::Bulk);
    let mut express = bulk.split_off(110);
    express.iter_mut().for_each(|job| job.lane = Lane::Express);
    accept(&services.ledger, bulk).await;
    let scheduler = Process::scheduler_only(&services);
    until_waiting(&services, Lane::Bulk, 100).await;
    let express = accept(&services.ledger, express).await;
    until_queued(&rig, Lane::Express, &express).await;
    let fleet = Process::fleet_only(&services);
    eventually(LIMIT, async || {
        let counts = services.ledger.counts(None).await.unwrap();
        clerkwork_rig::ended(&counts) == 120
    })
    .await;
    fleet.stop().await;
    scheduler.stop().await;

    let filter = JobFilter::default();
    let all = services.ledger.jobs(&filter, Page::first(200)).await;
    let mut all = all.unwrap();
    all.sort_by_key(|job| job.updated_at);
    let last = all
        .iter()
        .rposition(|job| job.lane == Lane::Express)
        .unwrap();
    let before = all[..last]
        .iter()
        .filter(|job| job.lane == Lane::Bulk)
        .count();
    // What the worker had in hand before it saw the express lane.
    assert!(
        before <= 4,
        "{before} bulk jobs were done before the last express one"
    );
}

async fn near_deadlines_go_first_and_far_ones_do_not(ledger: LedgerKind) {
    let rig = stage::rig(ledger, &[("redis.window.standard", "8")]).await;
    let services = rig.services().await;
    let now = SystemClock.now();
    accept(&services.ledger, jobs("whenever", 50, |_| {})).await;
    let minutes = [50, 10, 40, 20, 30];
    let mut urgent = jobs("urgent", minutes.len(), |_| {});
    for (job, minutes) in urgent.iter_mut().zip(minutes) {
        job.deadline = Some(now.after(Duration::from_secs(60 * minutes)));
    }
    let urgent = accept(&services.ledger, urgent).await;
    // Of another batch, whose turn would come first if its deadline were near.
    let far = jobs("far", 50, |job| {
        job.deadline = Some(now.after(Duration::from_secs(86_400)));
    });
    let far = accept(&services.ledger, far).await;
    let process = Process::scheduler_only(&services);
    until_waiting(&services, Lane::Standard, 8).await;
    let queued = entries(&rig, Lane::Standard).await;
    assert_eq!(
        queued[..5],
        [urgent[1], urgent[3], urgent[4], urgent[2], urgent[0]]
    );
    // Among what is not urgent, the one with a deadline goes before those without.
    assert_eq!(queued[5..], far[..3]);
    process.stop().await;
}

async fn a_small_batch_is_served_beside_a_huge_one(ledger: LedgerKind) {
    let rig = stage::rig(ledger, &[("redis.window.standard", "100")]).await;
    let services = rig.services().await;
    let (huge, small) = shares(&rig, &services, (1, 2_000), (1, 50)).await;
    assert_eq!((huge.0, small.0), (50, 50), "of the window");
    assert_eq!((huge.1, small.1), (10, 10), "of its first twenty entries");
}

async fn weights_divide_the_window(ledger: LedgerKind) {
    let rig = stage::rig(ledger, &[("redis.window.standard", "100")]).await;
    let services = rig.services().await;
    let (light, heavy) = shares(&rig, &services, (1, 500), (3, 500)).await;
    assert_eq!((light.0, heavy.0), (25, 75), "of the window");
    assert_eq!((light.1, heavy.1), (5, 15), "of its first twenty entries");
}

/// Two batches of (weight, size) compete for an empty window of 100. Answers, for each, its part
/// of the window and of the first twenty entries.
async fn shares(
    rig: &clerkwork_rig::Rig,
    services: &clerkwork_runtime::Services,
    first: (u32, usize),
    second: (u32, usize),
) -> ((usize, usize), (usize, usize)) {
    let mut owned: Vec<HashSet<JobId>> = Vec::new();
    for (name, (weight, size)) in [("first", first), ("second", second)] {
        let batch = batch(&services.ledger, name, weight).await;
        let work = jobs(name, size, |job| job.batch = Some(batch));
        owned.push(accept(&services.ledger, work).await.into_iter().collect());
    }
    let process = Process::scheduler_only(services);
    until_waiting(services, Lane::Standard, 100).await;
    let queued = entries(rig, Lane::Standard).await;
    process.stop().await;
    let count =
        |of: &HashSet<JobId>, among: &[JobId]| among.iter().filter(|id| of.contains(id)).count();
    let part = |of: &HashSet<JobId>| (count(of, &queued), count(of, &queued[..20]));
    (part(&owned[0]), part(&owned[1]))
}

on_both_ledgers!(
    express_overtakes_bulk,
    near_deadlines_go_first_and_far_ones_do_not,
    a_small_batch_is_served_beside_a_huge_one,
    weights_divide_the_window,
);
