//! Redis or the ledger is away: the scheduler waits, goes on afterwards, and can be stopped.

use clerkwork_core::Lane;
use clerkwork_rig::{LedgerKind, Process};

use crate::{
    LIMIT,
    stage::{self, accept, jobs, until_queued, until_waiting},
};

#[tokio::test(flavor = "multi_thread")]
async fn work_accepted_while_redis_is_away_is_queued_when_it_is_back() {
    let mut rig = stage::rig(LedgerKind::Sqlite, &[]).await;
    let services = rig.services().await;
    let process = Process::scheduler_only(&services);
    let before = accept(&services.ledger, jobs("before", 5, |_| {})).await;
    until_queued(&rig, Lane::Standard, &before).await;
    rig.redis.kill9();
    let during = accept(&services.ledger, jobs("during", 5, |_| {})).await;
    rig.redis.restart().await;
    until_queued(&rig, Lane::Standard, &during).await;
    process.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_scheduler_without_redis_can_be_stopped() {
    let mut rig = stage::rig(LedgerKind::Sqlite, &[]).await;
    let services = rig.services().await;
    let process = Process::scheduler_only(&services);
    let ids = accept(&services.ledger, jobs("before", 5, |_| {})).await;
    until_queued(&rig, Lane::Standard, &ids).await;
    rig.redis.kill9();
    accept(&services.ledger, jobs("during", 5, |_| {})).await;
    tokio::time::timeout(LIMIT, process.stop()).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_scheduler_without_its_ledger_goes_on_trying_and_can_be_stopped() {
    let rig = stage::rig(LedgerKind::Sqlite, &[]).await;
    let services = rig.services().await;
    let process = Process::scheduler_only(&services);
    accept(&services.ledger, jobs("before", 5, |_| {})).await;
    until_waiting(&services, Lane::Standard, 5).await;
    services.ledger.clone().close().await;
    // A panic in one of its parts would come out here.
    tokio::time::timeout(LIMIT, process.stop()).await.unwrap();
}
