//! The life and death of workers.

use clerkwork_core::{State, WorkerId};
use clerkwork_ledger::{Changed, Refused};

use crate::world::{World, change, on_both_engines};

on_both_engines!(
    a_silent_worker_is_found_and_its_jobs_are_given_back,
    a_late_finish_of_a_lost_worker_is_refused,
    a_job_that_kills_its_workers_fails_in_the_end,
    a_worker_that_stops_gives_back_what_it_holds,
    a_holder_that_never_spoke_is_found,
);

async fn a_silent_worker_is_found_and_its_jobs_are_given_back(world: World) {
    let (dead, alive) = (WorkerId::new(), WorkerId::new());
    world.ledger.heartbeat(dead, "w1").await.unwrap();
    let lost = [
        world.running("a", dead).await,
        world.running("b", dead).await,
    ];
    let kept = world.running("c", alive).await;
    world.advance(30);
    world.ledger.heartbeat(alive, "w2").await.unwrap();
    world.ledger.heartbeat(alive, "w2").await.unwrap();
    let silent = world.ledger.silent_workers(world.now()).await.unwrap();
    assert_eq!(silent.len(), 1);
    assert_eq!((silent[0].id, silent[0].name.as_str()), (dead, "w1"));
    assert_eq!(silent[0].started_at, crate::world::START);
    assert_eq!(world.ledger.rescue(dead, 3).await.unwrap(), 2);
    for id in lost {
        let job = world.job(id).await;
        assert_eq!(
            (job.state, job.attempt, job.worker),
            (State::Available, 2, None)
        );
        assert_eq!(job.failures, 0, "a rescue is not a failure");
        assert_eq!(world.event_types(id).await.last().unwrap(), "job.rescued");
    }
    assert_eq!(world.state(kept).await, (State::Running, 1));
    assert!(
        world
            .ledger
            .silent_workers(world.now())
            .await
            .unwrap()
            .is_empty()
    );
    assert_eq!(world.ledger.rescue(dead, 3).await.unwrap(), 0);
    let workers = world.ledger.workers().await.unwrap();
    assert_eq!(workers.iter().map(|w| w.id).collect::<Vec<_>>(), [alive]);
    for (kind, n) in [("worker.started", 2), ("worker.lost", 1)] {
        let sql = format!("SELECT count(*) FROM event WHERE type = '{kind}'");
        assert_eq!(world.number(&sql).await, n, "{kind}");
    }
    world.assert_counts().await;
}

async fn a_late_finish_of_a_lost_worker_is_refused(world: World) {
    let (zombie, next) = (WorkerId::new(), WorkerId::new());
    world.ledger.heartbeat(zombie, "w1").await.unwrap();
    let id = world.running("r", zombie).await;
    world.ledger.rescue(zombie, 3).await.unwrap();
    let late = change(id, State::Running, 1, State::Completed);
    let is = |state, attempt| Changed::No(Refused::JobIs { state, attempt });
    assert_eq!(world.change(late.clone()).await, is(State::Available, 2));
    world.claim(id, 2, next).await;
    assert_eq!(world.change(late).await, is(State::Running, 2));
    let done = change(id, State::Running, 2, State::Completed);
    assert_eq!(world.change(done).await, Changed::Yes);
}

async fn a_job_that_kills_its_workers_fails_in_the_end(world: World) {
    let id = world.one("r").await;
    for attempt in 1..=2 {
        let worker = WorkerId::new();
        world.claim(id, attempt, worker).await;
        assert_eq!(world.ledger.rescue(worker, 2).await.unwrap(), 1);
        assert_eq!(world.state(id).await, (State::Available, attempt + 1));
    }
    let worker = WorkerId::new();
    world.claim(id, 3, worker).await;
    assert_eq!(world.ledger.rescue(worker, 2).await.unwrap(), 1);
    let job = world.job(id).await;
    assert_eq!((job.state, job.attempt), (State::Failed, 3));
    assert_eq!(job.last_error.as_deref(), Some("worker_lost"));
    assert_eq!(world.event_types(id).await.last().unwrap(), "job.failed");
    // A redrive counts from zero again.
    world
        .ledger
        .redrive(id, crate::world::user(), "x")
        .await
        .unwrap();
    world.claim(id, 4, worker).await;
    world.ledger.rescue(worker, 2).await.unwrap();
    assert_eq!(world.state(id).await, (State::Available, 5));
    world.assert_counts().await;
}

async fn a_worker_that_stops_gives_back_what_it_holds(world: World) {
    let worker = WorkerId::new();
    world.ledger.heartbeat(worker, "w1").await.unwrap();
    let id = world.running("r", worker).await;
    let ttl = std::time::Duration::from_secs(60);
    assert!(world.ledger.lead("dispatcher", worker, ttl).await.unwrap());
    assert_eq!(world.ledger.retire(worker).await.unwrap(), 1);
    assert_eq!(world.state(id).await, (State::Available, 2));
    assert_eq!(world.event_types(id).await.last().unwrap(), "job.released");
    world.advance(100);
    assert!(
        world
            .ledger
            .silent_workers(world.now())
            .await
            .unwrap()
            .is_empty()
    );
    assert!(world.ledger.workers().await.unwrap().is_empty());
    let next = WorkerId::new();
    assert!(
        world.ledger.lead("dispatcher", next, ttl).await.unwrap(),
        "its leases are free"
    );
    assert_eq!(
        world
            .number("SELECT count(*) FROM event WHERE type = 'worker.stopped'")
            .await,
        1
    );
}

async fn a_holder_that_never_spoke_is_found(world: World) {
    let ghost = WorkerId::new();
    let id = world.running("r", ghost).await;
    let silent = world.ledger.silent_workers(world.now()).await.unwrap();
    assert_eq!(silent.iter().map(|w| w.id).collect::<Vec<_>>(), [ghost]);
    assert_eq!(world.ledger.rescue(ghost, 3).await.unwrap(), 1);
    assert_eq!(world.state(id).await, (State::Available, 2));
}
