//! Jobs that wait for something outside: by time, or until somebody hears of it.

use std::time::Duration;

use clerkwork_core::{Actor, EffectState, IdempotencyKey, JobId, State, Text, Timestamp, WorkerId};
use clerkwork_ledger::{
    CancelOutcome, Change, Changed, EffectWrite, JobWait, LedgerErrorKind, Refused, WaitWrite,
};
use serde_json::json;

use crate::world::{World, change, on_both_engines, user};

on_both_engines!(
    a_waiting_job_says_what_it_waits_for,
    a_later_wait_takes_the_place_of_the_earlier,
    waiting_without_a_wait_is_refused_and_a_wait_without_waiting_too,
    who_hears_of_it_wakes_those_that_wait_for_it_and_no_others,
    woken_and_due_at_once_is_one_step,
    woken_twice_at_once_is_one_step,
    the_end_that_comes_too_late_is_refused,
    a_waiting_job_is_cancelled,
    a_waiting_job_whose_act_may_have_happened_is_only_asked,
    what_stood_before_is_kept_and_replaced_by_a_new_announcement,
);

fn system() -> Actor {
    Actor::System("callback".into())
}

fn rest(world: &World, job: JobId, attempt: u32, topic: &str) -> Change {
    let mut rest = change(job, State::Running, attempt, State::Waiting);
    rest.run_at = Some(world.now().after(Duration::from_secs(60)));
    rest.wait = Some(WaitWrite {
        topic: topic.into(),
        deadline: Some(Timestamp(world.now().0 + 72 * 3_600_000_000)),
        why: Text::new("等待购买方确认", "the buyer is to confirm"),
    });
    rest
}

/// A job that waits for `topic`.
async fn waiting(world: &World, reference: &str, topic: &str) -> JobId {
    let id = world.running(reference, WorkerId::new()).await;
    assert_eq!(world.change(rest(world, id, 1, topic)).await, Changed::Yes);
    id
}

async fn a_waiting_job_says_what_it_waits_for(world: World) {
    let start = world.now();
    let id = waiting(&world, "a", "form:1").await;
    let expected = JobWait {
        topic: "form:1".into(),
        deadline: Some(Timestamp(start.0 + 72 * 3_600_000_000)),
        why: Text::new("等待购买方确认", "the buyer is to confirm"),
        next_look: start.after(Duration::from_secs(60)),
    };
    assert_eq!(world.ledger.wait_of(id).await.unwrap(), Some(expected));
    assert_eq!(world.ledger.wait_of(JobId::new()).await.unwrap(), None);
    world.advance(60);
    assert_eq!(world.ledger.promote_due(world.now(), 9).await.unwrap(), 1);
    assert_eq!(world.state(id).await, (State::Available, 2));
    assert_eq!(
        world.ledger.wait_of(id).await.unwrap(),
        None,
        "it waits no longer"
    );
    world.assert_counts().await;
}

async fn a_later_wait_takes_the_place_of_the_earlier(world: World) {
    let id = waiting(&world, "a", "form:1").await;
    assert_eq!(world.ledger.wake("form:1", system()).await.unwrap(), 1);
    world.claim(id, 2, WorkerId::new()).await;
    let mut second = rest(&world, id, 2, "form:2");
    if let Some(wait) = &mut second.wait {
        wait.deadline = None;
    }
    assert_eq!(world.change(second).await, Changed::Yes);
    let wait = world.ledger.wait_of(id).await.unwrap().unwrap();
    assert_eq!((wait.topic.as_str(), wait.deadline), ("form:2", None));
    assert_eq!(world.ledger.wake("form:1", system()).await.unwrap(), 0);
    assert_eq!(world.ledger.wake("form:2", system()).await.unwrap(), 1);
}

async fn waiting_without_a_wait_is_refused_and_a_wait_without_waiting_too(world: World) {
    let id = world.running("a", WorkerId::new()).await;
    let mut bare = rest(&world, id, 1, "form:1");
    bare.wait = None;
    let mut done = change(id, State::Running, 1, State::Completed);
    done.wait = rest(&world, id, 1, "form:1").wait;
    let nameless = rest(&world, id, 1, "");
    let unstorable = rest(&world, id, 1, "a\0b");
    for wrong in [bare, done, nameless, unstorable] {
        let error = world.ledger.change(wrong).await.unwrap_err();
        assert_eq!(error.kind(), LedgerErrorKind::Rejected);
    }
    assert_eq!(world.state(id).await, (State::Running, 1));
    assert_eq!(world.number("SELECT count(*) FROM wait").await, 0);
}

async fn who_hears_of_it_wakes_those_that_wait_for_it_and_no_others(world: World) {
    let one = waiting(&world, "a", "form:1").await;
    let two = waiting(&world, "b", "form:1").await;
    let other = waiting(&world, "c", "form:2").await;
    let retry = world.running("d", WorkerId::new()).await;
    assert_eq!(
        world
            .change(change(retry, State::Running, 1, State::Retryable))
            .await,
        Changed::Yes
    );
    assert_eq!(world.ledger.wake("form:3", system()).await.unwrap(), 0);
    assert_eq!(world.ledger.wake("form:1", system()).await.unwrap(), 2);
    assert_eq!(world.ledger.wake("form:1", system()).await.unwrap(), 0);
    for id in [one, two] {
        assert_eq!(world.state(id).await, (State::Available, 2));
        let last = world.events(id).await.pop().unwrap();
        assert_eq!(last["type"], "job.available");
        assert_eq!(last["actor"], json!({"kind": "system", "name": "callback"}));
        assert_eq!(last["data"], json!({"attempt": 2, "from": "waiting"}));
    }
    assert_eq!(world.state(other).await, (State::Waiting, 1));
    assert_eq!(world.state(retry).await, (State::Retryable, 1));
    world.assert_counts().await;
}

async fn woken_and_due_at_once_is_one_step(world: World) {
    let elsewhere = world.another().await;
    for round in 0..20 {
        let topic = format!("form:{round}");
        let id = waiting(&world, &topic, &topic).await;
        world.advance(61);
        let (woken, due) = tokio::join!(
            elsewhere.wake(&topic, system()),
            world.ledger.promote_due(world.now(), 9)
        );
        assert_eq!(woken.unwrap() + due.unwrap(), 1, "round {round}");
        assert_eq!(world.state(id).await, (State::Available, 2));
        let types = world.event_types(id).await;
        assert_eq!(types[3..], ["job.available"], "round {round}");
    }
    world.assert_counts().await;
}

async fn woken_twice_at_once_is_one_step(world: World) {
    let elsewhere = world.another().await;
    let id = waiting(&world, "a", "form:1").await;
    let (one, two, three) = tokio::join!(
        elsewhere.wake("form:1", system()),
        world.ledger.wake("form:1", system()),
        world.ledger.wake("form:1", user()),
    );
    assert_eq!(one.unwrap() + two.unwrap() + three.unwrap(), 1);
    assert_eq!(world.events(id).await.len(), 4);
}

async fn the_end_that_comes_too_late_is_refused(world: World) {
    let id = waiting(&world, "a", "form:1").await;
    let late = || change(id, State::Running, 1, State::Completed);
    let elsewhere = |state, attempt| Changed::No(Refused::JobIs { state, attempt });
    assert_eq!(world.change(late()).await, elsewhere(State::Waiting, 1));
    world.ledger.wake("form:1", system()).await.unwrap();
    assert_eq!(world.change(late()).await, elsewhere(State::Available, 2));
    world.claim(id, 2, WorkerId::new()).await;
    assert_eq!(world.change(late()).await, elsewhere(State::Running, 2));
    assert_eq!(world.state(id).await, (State::Running, 2));
}

async fn a_waiting_job_is_cancelled(world: World) {
    let id = waiting(&world, "a", "form:1").await;
    let outcome = world.ledger.request_cancel(id, user(), "x").await.unwrap();
    assert_eq!(outcome, CancelOutcome::Cancelled);
    assert_eq!(world.state(id).await, (State::Cancelled, 1));
    assert_eq!(world.ledger.wait_of(id).await.unwrap(), None);
    assert_eq!(world.number("SELECT count(*) FROM wait").await, 0);
    assert_eq!(world.ledger.wake("form:1", system()).await.unwrap(), 0);
    world.assert_counts().await;
}

fn announce(job: JobId, attempt: u32, to: State, before: Option<serde_json::Value>) -> Change {
    let mut announce = change(job, State::Running, attempt, to);
    announce.effects.push(EffectWrite::Intend {
        key: IdempotencyKey::of(job, "create_form"),
        name: "create_form".into(),
        before,
    });
    announce
}

async fn a_waiting_job_whose_act_may_have_happened_is_only_asked(world: World) {
    let id = world.running("a", WorkerId::new()).await;
    let announced = announce(id, 1, State::Waiting, None);
    assert_eq!(world.change(announced).await, Changed::Yes);
    for _ in 0..2 {
        let outcome = world.ledger.request_cancel(id, user(), "x").await.unwrap();
        assert_eq!(outcome, CancelOutcome::Requested);
    }
    let job = world.job(id).await;
    assert_eq!((job.state, job.cancel_requested), (State::Waiting, true));
    assert!(world.ledger.wait_of(id).await.unwrap().is_some());
    assert_eq!(world.events(id).await.len(), 4);
}

async fn what_stood_before_is_kept_and_replaced_by_a_new_announcement(world: World) {
    let id = world.running("a", WorkerId::new()).await;
    let forms = json!({"forms": ["26440001", "26440002"]});
    let first = announce(id, 1, State::Running, Some(forms.clone()));
    assert_eq!(world.change(first).await, Changed::Yes);
    let before = async || world.ledger.effects(id).await.unwrap()[0].before.clone();
    assert_eq!(before().await, Some(forms.clone()));
    let mut refused = change(id, State::Running, 1, State::Available);
    refused.effects.push(EffectWrite::Resolve {
        key: IdempotencyKey::of(id, "create_form"),
        state: EffectState::Refused,
        result: None,
    });
    assert_eq!(world.change(refused).await, Changed::Yes);
    assert_eq!(before().await, Some(forms.clone()), "an outcome leaves it");
    let claimed = world.claim(id, 2, WorkerId::new()).await;
    assert_eq!(
        claimed.effects[0].before,
        Some(forms),
        "and a claim tells it"
    );
    for now in [Some(json!({"forms": []})), None] {
        let again = announce(id, 2, State::Running, now.clone());
        assert_eq!(world.change(again).await, Changed::Yes);
        assert_eq!(before().await, now);
    }
}
