//! Waiting for work.

use std::time::{Duration, Instant};

use clerkwork_core::{State, WorkerId};
use clerkwork_ledger::NewJob;

use crate::world::{World, change, new, on_both_engines};

on_both_engines!(
    news_in_this_process_wakes_every_waiting_handle,
    news_before_the_wait_is_not_lost,
    news_of_another_process_wakes,
    promotion_and_approval_are_news_and_completion_is_not,
    without_news_the_time_passes,
);

const LONG: Duration = Duration::from_secs(60);

async fn news_in_this_process_wakes_every_waiting_handle(world: World) {
    let tasks: Vec<_> = (0..3)
        .map(|_| {
            let ledger = world.ledger.clone();
            tokio::spawn(async move { ledger.wait_for_work(LONG).await })
        })
        .collect();
    let started = Instant::now();
    world.one("r").await;
    for task in tasks {
        task.await.unwrap();
    }
    assert!(started.elapsed() < LONG / 2);
}

async fn news_before_the_wait_is_not_lost(world: World) {
    world.one("r").await;
    let started = Instant::now();
    world.ledger.wait_for_work(LONG).await;
    assert!(started.elapsed() < LONG / 2);
}

async fn news_of_another_process_wakes(world: World) {
    let other = world.another().await;
    for round in 0..3 {
        let waiter = other.clone();
        // The ear is open once a first wait has passed.
        if round == 0 {
            other.wait_for_work(Duration::from_millis(200)).await;
        }
        let waiting = tokio::spawn(async move {
            let started = Instant::now();
            waiter.wait_for_work(LONG).await;
            started.elapsed()
        });
        world.one(&format!("r{round}")).await;
        assert!(waiting.await.unwrap() < LONG / 2, "round {round}");
        // What this round told must not count for the next.
        other.wait_for_work(Duration::from_millis(50)).await;
    }
}

async fn promotion_and_approval_are_news_and_completion_is_not(world: World) {
    let due = world.now().after(Duration::from_secs(1));
    world
        .accept(vec![NewJob {
            run_at: Some(due),
            ..new("later")
        }])
        .await;
    let id = world.running("r", WorkerId::new()).await;
    let blocked = world.running("b", WorkerId::new()).await;
    world
        .change(change(blocked, State::Running, 1, State::Blocked))
        .await;
    let quiet = || async {
        let started = Instant::now();
        world.ledger.wait_for_work(Duration::from_millis(1)).await;
        started.elapsed()
    };
    quiet().await;
    let awake = || async {
        let started = Instant::now();
        world.ledger.wait_for_work(LONG).await;
        assert!(started.elapsed() < LONG / 2);
    };
    world.advance(1);
    world.ledger.promote_due(world.now(), 10).await.unwrap();
    awake().await;
    world
        .change(change(blocked, State::Blocked, 1, State::Available))
        .await;
    awake().await;
    world
        .change(change(id, State::Running, 1, State::Failed))
        .await;
    world
        .ledger
        .redrive(id, crate::world::user(), "x")
        .await
        .unwrap();
    awake().await;
}

async fn without_news_the_time_passes(world: World) {
    // The first calls may return without cause: at the start, and when the ear to other processes
    // opens, because what came before it was heard by nobody.
    for _ in 0..10 {
        let started = Instant::now();
        world.ledger.wait_for_work(Duration::from_millis(120)).await;
        if started.elapsed() >= Duration::from_millis(120) {
            return;
        }
    }
    panic!("ten waits in a row ended early without news");
}
