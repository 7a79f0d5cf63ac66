//! Redis loses everything, or dies and comes back.

use clerkwork_rig::{
    Process, Rig, RigOptions, assert_book_agrees, assert_trail_is_whole, submit_pending,
    until_ended, until_some,
};

use crate::{ITEMS, LIMIT};

#[tokio::test(flavor = "multi_thread")]
async fn flushall_in_the_middle_loses_nothing_and_repeats_nothing() {
    let rig = Rig::start(RigOptions {
        applications: ITEMS,
        ..RigOptions::default()
    })
    .await;
    let services = rig.services().await;
    let batch = submit_pending(&services, "flushall").await;
    let process = Process::start(&services);
    until_some(&services, batch, ITEMS as u64 / 4, LIMIT).await;
    rig.flush_redis().await;
    until_ended(&services, batch, ITEMS as u64, LIMIT).await;
    process.stop().await;
    assert_book_agrees(&rig, &services, batch).await;
    assert_trail_is_whole(&services, batch).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_redis_killed_and_restarted_in_the_middle_loses_nothing_and_repeats_nothing() {
    let mut rig = Rig::start(RigOptions {
        applications: ITEMS,
        ..RigOptions::default()
    })
    .await;
    let services = rig.services().await;
    let batch = submit_pending(&services, "redis-restart").await;
    let process = Process::start(&services);
    until_some(&services, batch, ITEMS as u64 / 4, LIMIT).await;
    rig.redis.kill9();
    rig.redis.restart().await;
    until_ended(&services, batch, ITEMS as u64, LIMIT).await;
    process.stop().await;
    assert_book_agrees(&rig, &services, batch).await;
}
