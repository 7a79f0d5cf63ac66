//! Crashes on either side.
#![allow(clippy::unwrap_used, reason = "a failed set-up fails the test")]

mod support;

use std::{sync::Arc, time::Duration};

use clerkwork_core::Lane;
use clerkwork_queue::{Loss, Seen as Epochs};
use clerkwork_testkit::{Redis, eventually};
use support::{DEADLINE, Seen, entries, options, queue, raw, run};
use tokio::sync::Semaphore;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_restart_of_redis_in_the_middle_loses_nothing() {
    let mut redis = Redis::start().await;
    let queue = queue(&redis).await;
    let mut epochs = Epochs::default();
    assert_eq!(
        queue.lost_since(&mut epochs).await.unwrap(),
        Loss::Everything
    );
    assert_eq!(queue.lost_since(&mut epochs).await.unwrap(), Loss::Nothing);
    let pushed = entries(2_000);
    queue.push(Lane::Standard, &pushed).await.unwrap();
    let seen = Seen::default();
    let gate = Arc::new(Semaphore::new(700));
    let (noted, held) = (seen.clone(), gate.clone());
    let worker = run(&queue, "w-1", 16, move |entry| {
        let (noted, held) = (noted.clone(), held.clone());
        async move {
            held.acquire().await?.forget();
            noted.note(entry);
            Ok(())
        }
    });
    eventually(DEADLINE, async || seen.count() == 700).await;
    redis.kill9();
    assert!(queue.lost_since(&mut epochs).await.is_err());
    gate.add_permits(10);
    redis.restart().await;
    gate.add_permits(100_000);
    eventually(DEADLINE, async || seen.has(&pushed)).await;
    eventually(DEADLINE, async || {
        queue.len(Lane::Standard).await.is_ok_and(|len| len == 0)
    })
    .await;
    assert!(worker.is_alive());
    worker.stop().await;
    // The data are there, yet the last writes before a crash may not be.
    assert_eq!(queue.lost_since(&mut epochs).await.unwrap(), Loss::Recent);
    assert_eq!(queue.lost_since(&mut epochs).await.unwrap(), Loss::Nothing);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn flushall_in_the_middle_is_noticed_and_new_pushes_are_handled() {
    let redis = Redis::start().await;
    let queue = queue(&redis).await;
    let (mut ours, mut theirs) = (Epochs::default(), Epochs::default());
    assert_eq!(queue.lost_since(&mut ours).await.unwrap(), Loss::Everything);
    assert_eq!(queue.lost_since(&mut theirs).await.unwrap(), Loss::Nothing);
    queue.push(Lane::Standard, &entries(2_000)).await.unwrap();
    let seen = Seen::default();
    let gate = Arc::new(Semaphore::new(100));
    let (noted, held) = (seen.clone(), gate.clone());
    let worker = run(&queue, "w-1", 16, move |entry| {
        let (noted, held) = (noted.clone(), held.clone());
        async move {
            held.acquire().await?.forget();
            noted.note(entry);
            Ok(())
        }
    });
    eventually(DEADLINE, async || seen.count() == 100).await;
    let connection = &mut raw(&redis).await;
    redis::cmd("FLUSHALL")
        .query_async::<()>(connection)
        .await
        .unwrap();
    gate.add_permits(100_000);
    // The idle readers of the other lanes have made theirs anew: that must not hide the loss.
    eventually(DEADLINE, async || {
        let groups: redis::RedisResult<Vec<redis::Value>> = redis::cmd("XINFO")
            .arg("GROUPS")
            .arg("{cw:express}:s")
            .query_async(connection)
            .await;
        groups.is_ok_and(|groups| groups.len() == 1)
    })
    .await;
    // Pushed between the loss and its discovery.
    let fresh = entries(1_000);
    for (lane, part) in Lane::ALL.into_iter().zip(fresh.chunks(334)) {
        queue.push(lane, part).await.unwrap();
    }
    eventually(DEADLINE, async || seen.has(&fresh)).await;
    for epochs in [&mut ours, &mut theirs] {
        assert_eq!(queue.lost_since(epochs).await.unwrap(), Loss::Everything);
        assert_eq!(queue.lost_since(epochs).await.unwrap(), Loss::Nothing);
    }
    assert!(worker.is_alive());
    worker.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_empty_restart_is_noticed() {
    let mut redis = Redis::forgetful().await;
    let queue = queue(&redis).await;
    let mut epochs = Epochs::default();
    queue.lost_since(&mut epochs).await.unwrap();
    let seen = Seen::default();
    let noted = seen.clone();
    let worker = run(&queue, "w-1", 4, move |entry| {
        noted.note(entry);
        async { Ok(()) }
    });
    redis.restart().await;
    assert_eq!(
        queue.lost_since(&mut epochs).await.unwrap(),
        Loss::Everything
    );
    let pushed = entries(50);
    queue.push(Lane::Bulk, &pushed).await.unwrap();
    eventually(DEADLINE, async || seen.has(&pushed)).await;
    assert!(worker.is_alive());
    worker.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stall_of_redis_longer_than_the_lease_costs_nothing() {
    let redis = Redis::start().await;
    let queue = queue(&redis).await;
    let seen = Seen::default();
    let noted = seen.clone();
    let worker = run(&queue, "w-1", 4, move |entry| {
        noted.note(entry);
        async { Ok(()) }
    });
    let before = entries(300);
    queue.push(Lane::Standard, &before).await.unwrap();
    redis.freeze();
    let lease = options().lease;
    assert!(tokio::time::timeout(lease * 2, queue.ping()).await.is_err());
    redis.thaw();
    let after = entries(300);
    queue.push(Lane::Standard, &after).await.unwrap();
    eventually(DEADLINE, async || seen.has(&before) && seen.has(&after)).await;
    assert!(worker.is_alive());
    worker.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_dead_worker_held_is_taken_over_after_the_lease() {
    let redis = Redis::start().await;
    let queue = queue(&redis).await;
    let pushed = entries(100);
    queue.push(Lane::Standard, &pushed).await.unwrap();
    let started = Seen::default();
    let noted = started.clone();
    let doomed = run(&queue, "doomed", 8, move |entry| {
        noted.note(entry);
        std::future::pending()
    });
    eventually(DEADLINE, async || started.count() == 8).await;
    let seen = Seen::default();
    let noted = seen.clone();
    let heir = run(&queue, "heir", 8, move |entry| {
        noted.note(entry);
        async { Ok(()) }
    });
    // As long as the first one lives, it keeps what it holds, whatever the lease.
    let quiet = tokio::time::timeout(
        options().lease * 3,
        eventually(DEADLINE, async || seen.count() > 0),
    );
    assert!(quiet.await.is_err());
    doomed.drop_it().await;
    eventually(DEADLINE, async || seen.has(&pushed)).await;
    eventually(DEADLINE, async || {
        queue.len(Lane::Standard).await.unwrap() == 0
    })
    .await;
    assert!(seen.times().values().all(|times| *times == 1));
    heir.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_panic_an_error_and_a_success_in_the_end() {
    let redis = Redis::start().await;
    let queue = queue(&redis).await;
    let seen = Seen::default();
    let noted = seen.clone();
    let worker = run(&queue, "w-1", 4, move |entry| {
        noted.note(entry);
        let time = noted.count();
        async move {
            match time {
                1 => panic!("the first time"),
                2 => Err("the second time".into()),
                _ => Ok(()),
            }
        }
    });
    let pushed = entries(1);
    queue.push(Lane::Express, &pushed).await.unwrap();
    eventually(DEADLINE, async || {
        queue.len(Lane::Express).await.unwrap() == 0
    })
    .await;
    assert_eq!(seen.count(), 3);
    assert!(worker.is_alive());
    worker.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_graceful_end_releases_what_was_not_started() {
    let redis = Redis::start().await;
    // With a lease that no test outlives, only a release explains what the other one gets.
    let options = clerkwork_queue::QueueOptions {
        lease: Duration::from_secs(3_600),
        ..options()
    };
    let queue = clerkwork_queue::Queue::connect(&redis.url(), options)
        .await
        .unwrap();
    let pushed = entries(100);
    queue.push(Lane::Standard, &pushed).await.unwrap();
    let gate = Arc::new(Semaphore::new(0));
    let (first, second) = (Seen::default(), Seen::default());
    let (noted, held) = (first.clone(), gate.clone());
    let leaving = run(&queue, "leaving", 4, move |entry| {
        let (noted, held) = (noted.clone(), held.clone());
        async move {
            noted.note(entry);
            held.acquire().await?.forget();
            Ok(())
        }
    });
    eventually(DEADLINE, async || first.count() == 4).await;
    assert_eq!(leaving.drain.running(), 4);
    let drain = leaving.drain.clone();
    // Before the gate opens, so that the four are the last.
    drain.stop_intake();
    let stopping = tokio::spawn(leaving.stop());
    let noted = second.clone();
    let staying = run(&queue, "staying", 4, move |entry| {
        noted.note(entry);
        async { Ok(()) }
    });
    gate.add_permits(4);
    stopping.await.unwrap();
    assert_eq!(drain.running(), 0);
    assert!(drain.close().await);
    eventually(DEADLINE, async || second.count() == 96).await;
    assert_eq!(first.count(), 4);
    assert!(second.has(&pushed[4..]));
    eventually(DEADLINE, async || {
        queue.len(Lane::Standard).await.unwrap() == 0
    })
    .await;
    staying.stop().await;
    let connection = &mut raw(&redis).await;
    let readers: Vec<redis::Value> = redis::cmd("XINFO")
        .arg("CONSUMERS")
        .arg("{cw:standard}:s")
        .arg("fleet")
        .query_async(connection)
        .await
        .unwrap();
    assert_eq!(readers, [], "both readers have been deleted");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_drain_lets_others_have_the_rest_while_handlers_still_run() {
    let redis = Redis::start().await;
    let queue = queue(&redis).await;
    let pushed = entries(50);
    queue.push(Lane::Bulk, &pushed).await.unwrap();
    let gate = Arc::new(Semaphore::new(0));
    let (first, second) = (Seen::default(), Seen::default());
    let (noted, held) = (first.clone(), gate.clone());
    let leaving = run(&queue, "leaving", 2, move |entry| {
        let (noted, held) = (noted.clone(), held.clone());
        async move {
            noted.note(entry);
            held.acquire().await?.forget();
            Ok(())
        }
    });
    eventually(DEADLINE, async || first.count() == 2).await;
    let drain = leaving.drain.clone();
    let closing = tokio::spawn(async move { drain.close().await });
    let noted = second.clone();
    let staying = run(&queue, "staying", 4, move |entry| {
        noted.note(entry);
        async { Ok(()) }
    });
    eventually(DEADLINE, async || second.count() == 48).await;
    assert!(!closing.is_finished());
    gate.add_permits(2);
    assert!(closing.await.unwrap());
    eventually(DEADLINE, async || queue.len(Lane::Bulk).await.unwrap() == 0).await;
    leaving.stop().await;
    staying.stop().await;
}
