//! What only one job may work on at a time.

use clerkwork_core::{JobId, State, WorkerId};
use clerkwork_ledger::{CancelOutcome, Changed, LedgerErrorKind};

use crate::world::{World, change, on_both_engines, user};

on_both_engines!(
    one_job_holds_a_matter_and_may_ask_again,
    of_two_processes_that_ask_at_once_one_gets_it,
    a_job_that_does_not_run_gets_nothing,
    a_zombie_that_asks_late_leaves_nothing_behind,
    asking_and_ending_at_once_leaves_nothing_behind,
    ending_with_release_gives_it_back,
    cancelling_gives_it_back,
    rescue_and_retry_keep_it,
    resting_with_release_gives_it_back_and_keeps_the_wait,
    a_name_that_no_engine_stores_is_refused,
);

const BLUE: &str = "blue:26442000000000000001";

async fn holders(world: &World) -> i64 {
    world.number("SELECT count(*) FROM matter").await
}

async fn hold(world: &World, job: JobId) -> bool {
    world.ledger.hold(job, BLUE).await.unwrap()
}

async fn one_job_holds_a_matter_and_may_ask_again(world: World) {
    let (one, two) = (
        world.running("a", WorkerId::new()).await,
        world.running("b", WorkerId::new()).await,
    );
    assert!(hold(&world, one).await);
    assert!(hold(&world, one).await, "the same job again");
    assert!(!hold(&world, two).await);
    assert!(world.ledger.hold(two, "blue:other").await.unwrap());
    assert_eq!(holders(&world).await, 2);
    assert_eq!(
        world.events(one).await.len(),
        2,
        "holding is no event of its own"
    );
}

async fn of_two_processes_that_ask_at_once_one_gets_it(world: World) {
    let other = world.another().await;
    for round in 0..20 {
        let topic = format!("blue:{round}");
        let one = world.running(&format!("a{round}"), WorkerId::new()).await;
        let two = world.running(&format!("b{round}"), WorkerId::new()).await;
        let (a, b) = tokio::join!(world.ledger.hold(one, &topic), other.hold(two, &topic));
        let (a, b) = (a.unwrap(), b.unwrap());
        assert!(a != b, "round {round}: {a} {b}");
        let winner = if a { one } else { two };
        assert!(world.ledger.hold(winner, &topic).await.unwrap());
    }
    assert_eq!(holders(&world).await, 20);
}

async fn a_job_that_does_not_run_gets_nothing(world: World) {
    let id = world.one("a").await;
    assert!(!hold(&world, id).await, "nobody has claimed it");
    world.claim(id, 1, WorkerId::new()).await;
    assert_eq!(
        world
            .change(change(id, State::Running, 1, State::Waiting))
            .await,
        Changed::Yes
    );
    assert!(!hold(&world, id).await, "it waits");
    assert!(!hold(&world, JobId::new()).await, "it does not exist");
    assert_eq!(holders(&world).await, 0);
}

async fn a_zombie_that_asks_late_leaves_nothing_behind(world: World) {
    for to in [State::Completed, State::Returned, State::Failed] {
        let id = world.running(to.as_str(), WorkerId::new()).await;
        let done = change(id, State::Running, 1, to);
        assert_eq!(world.change(done).await, Changed::Yes);
        assert!(!hold(&world, id).await, "{to}");
    }
    assert_eq!(holders(&world).await, 0);
}

async fn asking_and_ending_at_once_leaves_nothing_behind(world: World) {
    let other = world.another().await;
    for round in 0..20 {
        let id = world.running(&format!("r{round}"), WorkerId::new()).await;
        let mut done = change(id, State::Running, 1, State::Completed);
        done.release = true;
        let (held, ended) = tokio::join!(world.ledger.hold(id, BLUE), other.change(done));
        held.unwrap();
        assert_eq!(ended.unwrap(), Changed::Yes);
        assert_eq!(holders(&world).await, 0, "round {round}");
    }
}

async fn ending_with_release_gives_it_back(world: World) {
    let (one, two) = (
        world.running("a", WorkerId::new()).await,
        world.running("b", WorkerId::new()).await,
    );
    assert!(hold(&world, one).await);
    assert!(world.ledger.hold(one, "second").await.unwrap());
    let mut done = change(one, State::Running, 1, State::Completed);
    done.release = true;
    let mut late = done.clone();
    late.attempt = 2;
    late.next_attempt = 2;
    assert!(matches!(world.change(late).await, Changed::No(_)));
    assert!(
        !hold(&world, two).await,
        "a refused change releases nothing"
    );
    assert_eq!(world.change(done).await, Changed::Yes);
    assert_eq!(holders(&world).await, 0, "all that it held");
    assert!(hold(&world, two).await);
}

async fn cancelling_gives_it_back(world: World) {
    let (one, two) = (
        world.running("a", WorkerId::new()).await,
        world.running("b", WorkerId::new()).await,
    );
    assert!(hold(&world, one).await);
    let rest = change(one, State::Running, 1, State::Waiting);
    assert_eq!(world.change(rest).await, Changed::Yes);
    assert!(!hold(&world, two).await, "kept while it waits");
    let outcome = world.ledger.request_cancel(one, user(), "x").await.unwrap();
    assert_eq!(outcome, CancelOutcome::Cancelled);
    assert!(hold(&world, two).await);
}

async fn rescue_and_retry_keep_it(world: World) {
    let worker = WorkerId::new();
    let one = world.running("a", worker).await;
    let two = world.running("b", WorkerId::new()).await;
    assert!(hold(&world, one).await);
    assert_eq!(world.ledger.rescue(worker, 3).await.unwrap(), 1);
    assert!(!hold(&world, two).await, "rescued");
    world.claim(one, 2, worker).await;
    assert!(hold(&world, one).await, "the next attempt has it still");
    let mut retry = change(one, State::Running, 2, State::Retryable);
    retry.next_attempt = 3;
    assert_eq!(world.change(retry).await, Changed::Yes);
    assert!(!hold(&world, two).await, "to be tried again");
    assert_eq!(world.ledger.promote_due(world.now(), 9).await.unwrap(), 1);
    assert!(!hold(&world, two).await, "available again");
    world.claim(one, 3, worker).await;
    assert_eq!(world.ledger.retire(worker).await.unwrap(), 1);
    assert!(!hold(&world, two).await, "given back at shutdown");
}

async fn resting_with_release_gives_it_back_and_keeps_the_wait(world: World) {
    let (one, two) = (
        world.running("a", WorkerId::new()).await,
        world.running("b", WorkerId::new()).await,
    );
    assert!(hold(&world, one).await);
    let mut rest = change(one, State::Running, 1, State::Waiting);
    rest.release = true;
    assert_eq!(world.change(rest).await, Changed::Yes);
    assert!(world.ledger.wait_of(one).await.unwrap().is_some());
    assert!(hold(&world, two).await);
}

async fn a_name_that_no_engine_stores_is_refused(world: World) {
    let id = world.running("a", WorkerId::new()).await;
    for name in ["", "a\0b", &"x".repeat(201)] {
        let error = world.ledger.hold(id, name).await.unwrap_err();
        assert_eq!(error.kind(), LedgerErrorKind::Rejected);
        let error = world.ledger.wake(name, user()).await.unwrap_err();
        assert_eq!(error.kind(), LedgerErrorKind::Rejected);
    }
}
