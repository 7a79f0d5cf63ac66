//! Cancelling and redriving, in each state.

use clerkwork_core::{IdempotencyKey, JobId, State, WorkerId};
use clerkwork_ledger::{CancelOutcome, Changed, EffectWrite, NewJob, Refused};

use crate::world::{World, change, new, on_both_engines, user};

on_both_engines!(
    a_job_that_does_not_run_is_cancelled_at_once,
    a_job_whose_act_may_have_happened_is_only_asked,
    a_running_job_is_asked_once_and_told_at_the_next_claim,
    a_change_may_give_way_to_a_wish_to_cancel,
    a_done_job_is_not_cancelled,
    a_failed_job_gets_another_chance,
);

async fn in_state(world: &World, state: State) -> JobId {
    let reference = format!("job that is {state}");
    if state == State::Scheduled {
        let later = world.now().after(std::time::Duration::from_secs(60));
        return world
            .accept(vec![NewJob {
                run_at: Some(later),
                ..new(&reference)
            }])
            .await[0];
    }
    if state == State::Available {
        return world.one(&reference).await;
    }
    let id = world.running(&reference, WorkerId::new()).await;
    if state != State::Running {
        let moved = world.change(change(id, State::Running, 1, state)).await;
        assert_eq!(moved, Changed::Yes);
    }
    id
}

async fn a_job_that_does_not_run_is_cancelled_at_once(world: World) {
    for state in State::ALL {
        if state == State::Running || !state.may_become(State::Cancelled) {
            continue;
        }
        let id = in_state(&world, state).await;
        let outcome = world
            .ledger
            .request_cancel(id, user(), "误报")
            .await
            .unwrap();
        assert_eq!(outcome, CancelOutcome::Cancelled, "{state}");
        assert_eq!(world.job(id).await.state, State::Cancelled);
        let last = world.events(id).await.pop().unwrap();
        assert_eq!(last["type"], "job.cancelled");
        assert_eq!(last["actor"]["name"], "li");
        // What a person writes may name a person, so it is sealed.
        let stored = world.ledger.events_of(id).await.unwrap().pop().unwrap();
        assert!(!String::from_utf8(stored.bytes).unwrap().contains("误报"));
        let opened = world.ledger.open_sealed(stored.id).await.unwrap();
        assert_eq!(opened["reason"], "误报");
    }
    let nowhere = world
        .ledger
        .request_cancel(JobId::new(), user(), "x")
        .await
        .unwrap();
    assert_eq!(nowhere, CancelOutcome::No(Refused::NoSuchJob));
    world.assert_counts().await;
}

async fn a_job_whose_act_may_have_happened_is_only_asked(world: World) {
    let worker = WorkerId::new();
    let id = world.running("open-effect", worker).await;
    let mut intend = change(id, State::Running, 1, State::Running);
    intend.effects.push(EffectWrite::Intend {
        key: IdempotencyKey::of(id, "issue"),
        name: "issue".into(),
        before: None,
    });
    assert_eq!(world.change(intend).await, Changed::Yes);
    world.ledger.rescue(worker, 5).await.unwrap();
    assert_eq!(world.job(id).await.state, State::Available);
    let outcome = world
        .ledger
        .request_cancel(id, user(), "误报")
        .await
        .unwrap();
    assert_eq!(outcome, CancelOutcome::Requested);
    let job = world.job(id).await;
    assert_eq!((job.state, job.cancel_requested), (State::Available, true));
}

async fn a_running_job_is_asked_once_and_told_at_the_next_claim(world: World) {
    let worker = WorkerId::new();
    let id = world.running("r", worker).await;
    for _ in 0..2 {
        let outcome = world.ledger.request_cancel(id, user(), "x").await.unwrap();
        assert_eq!(outcome, CancelOutcome::Requested);
    }
    assert!(world.job(id).await.cancel_requested);
    let types = world.event_types(id).await;
    assert_eq!(
        types,
        ["job.accepted", "job.claimed", "job.cancel_requested"]
    );
    assert_eq!(world.ledger.rescue(worker, 3).await.unwrap(), 1);
    let claimed = world.claim(id, 2, worker).await;
    assert!(claimed.job.cancel_requested, "the next attempt knows");
    let done = change(id, State::Running, 2, State::Cancelled);
    assert_eq!(world.change(done).await, Changed::Yes);
    world.assert_counts().await;
}

async fn a_change_may_give_way_to_a_wish_to_cancel(world: World) {
    let id = world.running("r", WorkerId::new()).await;
    let mut announce = change(id, State::Running, 1, State::Running);
    announce.unless_cancelled = true;
    assert_eq!(world.change(announce.clone()).await, Changed::Yes);
    world.ledger.request_cancel(id, user(), "x").await.unwrap();
    let refused = Changed::No(Refused::CancelRequested);
    assert_eq!(world.change(announce.clone()).await, refused);
    announce.unless_cancelled = false;
    assert_eq!(world.change(announce).await, Changed::Yes, "others go on");
}

async fn a_done_job_is_not_cancelled(world: World) {
    for state in [State::Completed, State::Returned, State::Cancelled] {
        let id = in_state(&world, state).await;
        let before = world.job(id).await;
        let outcome = world.ledger.request_cancel(id, user(), "x").await.unwrap();
        assert_eq!(
            outcome,
            CancelOutcome::No(Refused::JobIs { state, attempt: 1 })
        );
        assert_eq!(world.job(id).await, before);
    }
}

async fn a_failed_job_gets_another_chance(world: World) {
    let id = world.running("r", WorkerId::new()).await;
    let mut failed = change(id, State::Running, 1, State::Failed);
    failed.failures = Some(5);
    assert_eq!(world.change(failed).await, Changed::Yes);
    assert_eq!(
        world.ledger.redrive(id, user(), "修好了").await.unwrap(),
        Changed::Yes
    );
    let job = world.job(id).await;
    assert_eq!(
        (job.state, job.attempt, job.failures),
        (State::Available, 2, 0)
    );
    assert_eq!(world.event_types(id).await.last().unwrap(), "job.redriven");
    let again = world.ledger.redrive(id, user(), "x").await.unwrap();
    let is = Refused::JobIs {
        state: State::Available,
        attempt: 2,
    };
    assert_eq!(again, Changed::No(is));
    let nowhere = world
        .ledger
        .redrive(JobId::new(), user(), "x")
        .await
        .unwrap();
    assert_eq!(nowhere, Changed::No(Refused::NoSuchJob));
    world.assert_counts().await;
}
