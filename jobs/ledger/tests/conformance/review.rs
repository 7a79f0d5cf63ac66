//! Questions put to people.

use std::sync::Arc;

use clerkwork_audit::EventType;
use clerkwork_core::{
    Binding, Digest, JobId, ReviewId, ReviewState, RuleHit, State, Text, Tier, Verdict, WorkerId,
};
use clerkwork_ledger::{
    CancelOutcome, Change, Changed, LedgerErrorKind, Page, Refused, ReviewFilter, ReviewWrite,
};

use crate::world::{World, change, on_both_engines, user};

on_both_engines!(
    a_blocked_job_waits_with_its_evidence,
    a_person_decides_once,
    of_two_people_deciding_at_once_one_decides,
    cancelling_lets_an_open_review_lapse,
    an_approval_lapses_when_its_binding_changed,
    a_review_of_another_job_is_not_decided,
    an_open_review_goes_from_hand_to_hand,
    only_an_open_review_is_handed_over_and_only_to_somebody,
);

const BINDING: Binding = Binding {
    payload: Digest([1; 32]),
    facts: Digest([2; 32]),
    policy: Digest([3; 32]),
};

fn rules() -> Vec<RuleHit> {
    vec![RuleHit {
        id: "forbid.large".into(),
        tier: Tier::Business,
        asks: Verdict::Review,
        reason: Text::new("金额较大", "a large amount"),
    }]
}

async fn blocked(world: &World, reference: &str) -> (JobId, ReviewId) {
    let id = world.running(reference, WorkerId::new()).await;
    let review = ReviewId::new();
    let mut block = change(id, State::Running, 1, State::Blocked);
    block.next_attempt = 2;
    block.review = Some(ReviewWrite::Open {
        concern: None,
        id: review,
        rules: rules(),
        binding: BINDING,
    });
    assert_eq!(world.change(block).await, Changed::Yes);
    (id, review)
}

fn decide(job: JobId, review: ReviewId, by: &str, approve: bool) -> Change {
    let mut decide = change(job, State::Blocked, 2, State::Available);
    decide.review = Some(ReviewWrite::Decide {
        terms: None,
        id: review,
        approve,
        by: by.into(),
        reason: "核对无误".into(),
    });
    decide
}

async fn a_blocked_job_waits_with_its_evidence(world: World) {
    let (id, review) = blocked(&world, "r").await;
    let kept = world.ledger.review(review).await.unwrap().unwrap();
    assert_eq!(
        (kept.job, kept.state, kept.binding),
        (id, ReviewState::Open, BINDING)
    );
    assert_eq!((&kept.rules, kept.opened_at), (&rules(), world.now()));
    assert_eq!(
        (&kept.decided_by, kept.decided_at, &kept.reason),
        (&None, None, &None)
    );
    assert_eq!(
        world.ledger.review_of_job(id).await.unwrap(),
        Some(kept.clone())
    );
    let open = ReviewFilter {
        state: Some(ReviewState::Open),
        ..Default::default()
    };
    assert_eq!(
        world.ledger.reviews(&open, Page::first(10)).await.unwrap(),
        [kept]
    );
    assert_eq!(
        world.ledger.promote_due(world.now(), 10).await.unwrap(),
        0,
        "a person is awaited"
    );
    world.assert_counts().await;
}

async fn a_person_decides_once(world: World) {
    let (id, review) = blocked(&world, "r").await;
    world.advance(5);
    assert_eq!(
        world.change(decide(id, review, "wang", true)).await,
        Changed::Yes
    );
    let claimed = world.claim(id, 2, WorkerId::new()).await;
    let kept = claimed.review.unwrap();
    assert_eq!(
        (kept.state, kept.decided_at),
        (ReviewState::Approved, Some(world.now()))
    );
    assert_eq!(kept.decided_by.as_deref(), Some("wang"));
    assert_eq!(kept.reason.as_deref(), Some("核对无误"));
    let is = Refused::JobIs {
        state: State::Running,
        attempt: 2,
    };
    assert_eq!(
        world.change(decide(id, review, "zhao", false)).await,
        Changed::No(is)
    );
    let mut again = change(id, State::Running, 2, State::Available);
    again.review = decide(id, review, "zhao", false).review;
    assert_eq!(
        world.change(again).await,
        Changed::No(Refused::ReviewNotOpen)
    );
    assert_eq!(world.state(id).await, (State::Running, 2));
}

async fn of_two_people_deciding_at_once_one_decides(world: World) {
    let world = Arc::new(world);
    let other = world.another().await;
    for round in 0..10 {
        let (id, review) = blocked(&world, &format!("r{round}")).await;
        let (one, two) = (
            decide(id, review, "wang", true),
            decide(id, review, "zhao", false),
        );
        let (a, b) = tokio::join!(world.ledger.change(one), other.change(two));
        let (a, b) = (a.unwrap(), b.unwrap());
        assert!((a == Changed::Yes) != (b == Changed::Yes), "{a:?} {b:?}");
        let kept = world.ledger.review(review).await.unwrap().unwrap();
        let winner = if a == Changed::Yes { "wang" } else { "zhao" };
        assert_eq!(kept.decided_by.as_deref(), Some(winner));
        assert_eq!(world.events(id).await.len(), 4);
    }
}

async fn cancelling_lets_an_open_review_lapse(world: World) {
    let (id, review) = blocked(&world, "r").await;
    let outcome = world.ledger.request_cancel(id, user(), "x").await.unwrap();
    assert_eq!(outcome, CancelOutcome::Cancelled);
    let kept = world.ledger.review(review).await.unwrap().unwrap();
    assert_eq!((kept.state, kept.decided_by), (ReviewState::Lapsed, None));
    let types = world.event_types(id).await;
    assert_eq!(types[3..], ["job.cancelled", "review.lapsed"]);
    assert_eq!(world.job(id).await.seq, 5);
    // The same by a plain change.
    let (id, review) = blocked(&world, "s").await;
    let cancelled = change(id, State::Blocked, 2, State::Cancelled);
    assert_eq!(world.change(cancelled).await, Changed::Yes);
    let kept = world.ledger.review(review).await.unwrap().unwrap();
    assert_eq!(kept.state, ReviewState::Lapsed);
}

async fn an_approval_lapses_when_its_binding_changed(world: World) {
    let (id, review) = blocked(&world, "r").await;
    assert_eq!(
        world.change(decide(id, review, "wang", true)).await,
        Changed::Yes
    );
    world.claim(id, 2, WorkerId::new()).await;
    let mut lapse = change(id, State::Running, 2, State::Running);
    lapse.review = Some(ReviewWrite::Lapse { id: review });
    assert_eq!(world.change(lapse.clone()).await, Changed::Yes);
    let kept = world.ledger.review(review).await.unwrap().unwrap();
    assert_eq!(kept.state, ReviewState::Lapsed);
    assert_eq!(
        kept.decided_by.as_deref(),
        Some("wang"),
        "who had decided stays on record"
    );
    assert_eq!(
        world.change(lapse).await,
        Changed::No(Refused::ReviewNotOpen)
    );
    // A refusal lapses as well.
    let (other, review) = blocked(&world, "s").await;
    let returned = decide(other, review, "wang", false);
    assert_eq!(world.change(returned).await, Changed::Yes);
    world.claim(other, 2, WorkerId::new()).await;
    let mut undo = change(other, State::Running, 2, State::Running);
    undo.review = Some(ReviewWrite::Lapse { id: review });
    assert_eq!(world.change(undo).await, Changed::Yes);
    // A new question takes its place, and is the one that counts.
    let second = ReviewId::new();
    world.advance(1);
    let mut block = change(id, State::Running, 2, State::Blocked);
    block.next_attempt = 3;
    block.review = Some(ReviewWrite::Open {
        concern: None,
        id: second,
        rules: rules(),
        binding: BINDING,
    });
    assert_eq!(world.change(block).await, Changed::Yes);
    let latest = world.ledger.review_of_job(id).await.unwrap().unwrap();
    assert_eq!((latest.id, latest.state), (second, ReviewState::Open));
}

async fn a_review_of_another_job_is_not_decided(world: World) {
    let (one, _) = blocked(&world, "r").await;
    let (_, foreign) = blocked(&world, "s").await;
    let refused = world.change(decide(one, foreign, "wang", true)).await;
    assert_eq!(refused, Changed::No(Refused::ReviewNotOpen));
    let refused = world
        .change(decide(one, ReviewId::new(), "wang", true))
        .await;
    assert_eq!(refused, Changed::No(Refused::ReviewNotOpen));
    assert_eq!(world.state(one).await, (State::Blocked, 2));
}

fn hand_over(job: JobId, review: ReviewId, to: &str) -> Change {
    let mut hand_over = Change::new(job, State::Blocked, 2, State::Blocked)
        .event(crate::world::event(EventType::ReviewHandedOver));
    hand_over.review = Some(ReviewWrite::HandOver {
        id: review,
        to: to.into(),
    });
    hand_over
}

async fn an_open_review_goes_from_hand_to_hand(world: World) {
    let (id, review) = blocked(&world, "r").await;
    let (_, other) = blocked(&world, "other").await;
    let kept = async || world.ledger.review(review).await.unwrap().unwrap();
    assert_eq!(kept().await.assigned_to, None);
    for to in ["zhao", "group:复核组"] {
        world.advance(5);
        let handed = world.change(hand_over(id, review, to)).await;
        assert_eq!(handed, Changed::Yes);
        let kept = kept().await;
        assert_eq!(kept.assigned_to.as_deref(), Some(to));
        assert_eq!((kept.state, kept.decided_at), (ReviewState::Open, None));
        assert_eq!(world.state(id).await, (State::Blocked, 2));
    }
    let of = async |assignee: &str| {
        let filter = ReviewFilter {
            state: Some(ReviewState::Open),
            assigned_to: Some(assignee.into()),
            ..Default::default()
        };
        let found = world.ledger.reviews(&filter, Page::first(9)).await.unwrap();
        found.iter().map(|review| review.id).collect::<Vec<_>>()
    };
    assert_eq!(of("group:复核组").await, [review]);
    assert_eq!(of("zhao").await, []);
    let untouched = world.ledger.review(other).await.unwrap().unwrap();
    assert_eq!(untouched.assigned_to, None);
    let types = world.event_types(id).await;
    assert_eq!(types[3..], ["review.handed_over", "review.handed_over"]);
    world.advance(5);
    let decided = world.change(decide(id, review, "wang", true)).await;
    assert_eq!(decided, Changed::Yes, "anybody may still decide");
    let claimed = world.claim(id, 2, WorkerId::new()).await;
    let kept = claimed.review.unwrap();
    assert_eq!(kept.assigned_to.as_deref(), Some("group:复核组"));
    assert_eq!(kept.decided_by.as_deref(), Some("wang"));
    assert_eq!(kept.decided_at, Some(world.now()));
    world.assert_counts().await;
}

async fn only_an_open_review_is_handed_over_and_only_to_somebody(world: World) {
    let (id, review) = blocked(&world, "r").await;
    for to in ["", "group:", "two words", "line\nbreak"] {
        let error = world.ledger.change(hand_over(id, review, to)).await;
        assert_eq!(error.unwrap_err().kind(), LedgerErrorKind::Rejected);
    }
    let (strange, _) = blocked(&world, "other").await;
    assert_eq!(
        world.change(hand_over(strange, review, "zhao")).await,
        Changed::No(Refused::ReviewNotOpen)
    );
    assert_eq!(
        world.change(decide(id, review, "wang", true)).await,
        Changed::Yes
    );
    let is = Refused::JobIs {
        state: State::Available,
        attempt: 2,
    };
    assert_eq!(
        world.change(hand_over(id, review, "zhao")).await,
        Changed::No(is)
    );
    let (id, review) = blocked(&world, "again").await;
    let lapsed = {
        let mut lapse = change(id, State::Blocked, 2, State::Blocked);
        lapse.review = Some(ReviewWrite::Lapse { id: review });
        world.change(lapse).await
    };
    assert_eq!(lapsed, Changed::Yes);
    assert_eq!(
        world.change(hand_over(id, review, "zhao")).await,
        Changed::No(Refused::ReviewNotOpen)
    );
}
