//! Work done by hand, what a person is shown beside a review, and the lists of the desk.

use clerkwork_core::{
    Binding, Digest, IdempotencyKey, JobId, Office, Review, ReviewId, ReviewState, RuleHit, State,
    Text, Tier, Timestamp, Verdict, WorkerId,
};
use clerkwork_ledger::{
    Change, Changed, EffectWrite, LedgerErrorKind, Page, Refused, ReviewFilter, ReviewPatch,
    ReviewRefused, ReviewWrite, Terms,
};

use crate::world::{World, change, event, new, on_both_engines};

on_both_engines!(
    what_was_done_by_hand_is_completed_without_the_robot,
    nothing_is_done_by_hand_while_an_outcome_is_not_known,
    what_was_not_shown_is_not_done_by_hand,
    a_blocked_job_is_completed_in_no_other_way,
    the_event_of_a_review_says_that_it_joined,
    other_items_and_open_reviews_of_a_taxpayer_are_found,
    decided_reviews_of_the_same_rules_are_found,
    the_lists_of_the_desk_are_narrowed,
);

const POLICY: Digest = Digest([3; 32]);

fn rules(id: &str, tier: Tier) -> Vec<RuleHit> {
    vec![RuleHit {
        id: id.into(),
        tier,
        asks: Verdict::Review2,
        reason: Text::new("原因", "reason"),
    }]
}

async fn block(world: &World, job: JobId, rules: Vec<RuleHit>, concern: Option<&str>) -> Review {
    let id = ReviewId::new();
    let mut block = change(job, State::Running, 1, State::Blocked);
    block.review = Some(ReviewWrite::Open {
        id,
        rules,
        binding: Binding {
            payload: Digest([1; 32]),
            facts: Digest([2; 32]),
            policy: POLICY,
        },
        concern: concern.map(str::to_owned),
    });
    assert_eq!(world.change(block).await, Changed::Yes);
    kept(world, id).await
}

async fn open(world: &World, name: &str) -> Review {
    let job = world.running(name, WorkerId::new()).await;
    block(world, job, rules("a.large", Tier::Business), None).await
}

async fn kept(world: &World, id: ReviewId) -> Review {
    world.ledger.review(id).await.unwrap().unwrap()
}

fn by_hand(review: &Review) -> Change {
    let mut done = change(review.job, State::Blocked, 1, State::Completed);
    done.release = true;
    done.review = Some(ReviewWrite::ByHand {
        id: review.id,
        by: "bob".into(),
        reason: "at the counter".into(),
        terms: Box::new(Terms {
            shown: review.shown(&[]),
            policy: POLICY,
            on_behalf_of: Some("carol".into()),
            tier: Tier::Business,
            code: "done_at_counter".into(),
            authority: Vec::new(),
        }),
    });
    done
}

async fn what_was_done_by_hand_is_completed_without_the_robot(world: World) {
    let review = open(&world, "a").await;
    assert_eq!(review.approvals_needed, 2, "one is enough all the same");
    assert_eq!(world.change(by_hand(&review)).await, Changed::Yes);
    assert_eq!(world.state(review.job).await, (State::Completed, 1));
    let now = kept(&world, review.id).await;
    assert_eq!(now.state, ReviewState::Approved);
    assert_eq!(now.code.as_deref(), Some("done_at_counter"));
    assert_eq!(now.decided_by.as_deref(), Some("bob"));
    assert_eq!(now.on_behalf_of.as_deref(), Some("carol"));
    let again = world.change(by_hand(&review)).await;
    assert!(matches!(again, Changed::No(Refused::JobIs { .. })));
    world.assert_counts().await;
}

async fn nothing_is_done_by_hand_while_an_outcome_is_not_known(world: World) {
    let job = world.running("a", WorkerId::new()).await;
    let key = IdempotencyKey::of(job, "issue");
    let mut intend = change(job, State::Running, 1, State::Running);
    intend.effects.push(EffectWrite::Intend {
        key: key.clone(),
        name: "issue".into(),
        before: None,
    });
    assert_eq!(world.change(intend).await, Changed::Yes);
    let review = block(&world, job, rules("a.large", Tier::Business), None).await;
    let refused = Changed::No(Refused::Review(ReviewRefused::EffectOpen));
    assert_eq!(world.change(by_hand(&review)).await, refused);
    assert_eq!(world.state(job).await, (State::Blocked, 1));
    let mut settle = change(job, State::Blocked, 1, State::Blocked);
    settle.effects.push(EffectWrite::Resolve {
        key,
        state: clerkwork_core::EffectState::Refused,
        result: None,
    });
    assert_eq!(world.change(settle).await, Changed::Yes);
    assert_eq!(world.change(by_hand(&review)).await, Changed::Yes);
}

async fn what_was_not_shown_is_not_done_by_hand(world: World) {
    let review = open(&world, "a").await;
    let mut stale = by_hand(&review);
    if let Some(ReviewWrite::ByHand { terms, .. }) = &mut stale.review {
        terms.shown = Digest([9; 32]);
    }
    let refused = Changed::No(Refused::Review(ReviewRefused::Stale));
    assert_eq!(world.change(stale).await, refused);
    let claim = ReviewPatch {
        claim: Some(Some(("erin".into(), Timestamp(world.now().0 + 1)))),
        ..ReviewPatch::default()
    };
    patch(&world, &review, claim).await;
    let refused = Changed::No(Refused::Review(ReviewRefused::ClaimedByAnother));
    assert_eq!(world.change(by_hand(&review)).await, refused);
    assert_eq!(kept(&world, review.id).await.state, ReviewState::Open);
}

async fn a_blocked_job_is_completed_in_no_other_way(world: World) {
    let review = open(&world, "a").await;
    let bare = change(review.job, State::Blocked, 1, State::Completed);
    let mut elsewhere = by_hand(&review);
    elsewhere.to = State::Available;
    for wrong in [bare, elsewhere] {
        let error = world.ledger.change(wrong).await.unwrap_err();
        assert_eq!(error.kind(), LedgerErrorKind::Rejected);
    }
    assert_eq!(world.state(review.job).await, (State::Blocked, 1));
}

async fn the_event_of_a_review_says_that_it_joined(world: World) {
    let mut jobs = Vec::new();
    for name in ["a", "b"] {
        let job = world.running(name, WorkerId::new()).await;
        let rules = rules("a.large", Tier::Business);
        jobs.push(block(&world, job, rules, Some("sale:1")).await);
    }
    assert_eq!(jobs[1].joined_to, Some(jobs[0].id));
    let types = world.event_types(jobs[1].job).await;
    assert_eq!(types[2..], ["review.joined", "job.blocked"]);
    assert!(
        !world
            .event_types(jobs[0].job)
            .await
            .contains(&"review.joined".to_owned())
    );
}

async fn other_items_and_open_reviews_of_a_taxpayer_are_found(world: World) {
    let (ours, theirs) = (open(&world, "a").await, open(&world, "b").await);
    let mut stranger = new("c");
    stranger.subject_id = "91440300MA50001294".into();
    let mut below = new("d");
    below.office = Office::new("north/counter").unwrap();
    let strange = world.accept(vec![stranger]).await[0];
    let below = world.accept(vec![below]).await[0];
    let ledger = &world.ledger;
    let items = ledger
        .items_of_same_taxpayer(ours.job, None, 20)
        .await
        .unwrap();
    let ids: Vec<_> = items.iter().map(|job| job.id).collect();
    assert_eq!(ids, [below, theirs.job]);
    let north = Office::new("north").unwrap();
    let items = ledger.items_of_same_taxpayer(ours.job, Some(&north), 20);
    let ids: Vec<_> = items.await.unwrap().iter().map(|job| job.id).collect();
    assert_eq!(ids, [below]);
    let none = ledger.items_of_same_taxpayer(strange, None, 20).await;
    assert_eq!(none.unwrap(), []);
    let one = ledger.items_of_same_taxpayer(ours.job, None, 1).await;
    assert_eq!(one.unwrap().len(), 1);

    let found = ledger.open_reviews_of_same_taxpayer(ours.job, None, 20);
    assert_eq!(found.await.unwrap(), [theirs.clone(), ours.clone()]);
    assert_eq!(world.change(by_hand(&theirs)).await, Changed::Yes);
    let found = ledger.open_reviews_of_same_taxpayer(ours.job, None, 20);
    assert_eq!(found.await.unwrap(), std::slice::from_ref(&ours));
    let found = ledger.open_reviews_of_same_taxpayer(ours.job, Some(&north), 20);
    assert_eq!(found.await.unwrap(), []);
}

async fn decided_reviews_of_the_same_rules_are_found(world: World) {
    let (one, two, open_one) = (
        open(&world, "a").await,
        open(&world, "b").await,
        open(&world, "c").await,
    );
    let job = world.running("d", WorkerId::new()).await;
    let other = block(&world, job, rules("b.other", Tier::Business), None).await;
    for review in [&one, &two, &other] {
        assert_eq!(world.change(by_hand(review)).await, Changed::Yes);
    }
    let similar = world.ledger.similar_decided(&open_one, None, 10).await;
    let ids: Vec<_> = similar.unwrap().iter().map(|review| review.id).collect();
    assert_eq!(ids, [two.id, one.id]);
    let similar = world.ledger.similar_decided(&one, None, 10).await.unwrap();
    assert_eq!(similar.len(), 1, "not itself");
}

async fn patch(world: &World, review: &Review, patch: ReviewPatch) {
    let mut change = Change::new(review.job, State::Blocked, 1, State::Blocked)
        .event(event(clerkwork_audit::EventType::ReviewAssigned));
    change.review = Some(ReviewWrite::Patch {
        id: review.id,
        revision: review.revision,
        patch: Box::new(patch),
    });
    assert_eq!(world.change(change).await, Changed::Yes);
}

async fn the_lists_of_the_desk_are_narrowed(world: World) {
    let mut reviews = Vec::new();
    for (name, tier) in [
        ("a", Tier::Business),
        ("b", Tier::Integrity),
        ("c", Tier::Business),
    ] {
        let job = world.running(name, WorkerId::new()).await;
        reviews.push(block(&world, job, rules("a.large", tier), Some(name)).await);
    }
    let job = world.running("d", WorkerId::new()).await;
    let joined = block(&world, job, rules("a.large", Tier::Business), Some("a")).await;
    let [a, b, c] = [&reviews[0], &reviews[1], &reviews[2]];
    patch(
        &world,
        a,
        ReviewPatch {
            assigned_to: Some(Some("bob".into())),
            level: Some(2),
            due_at: Some(Some(Timestamp(5))),
            ..ReviewPatch::default()
        },
    )
    .await;
    let until = Timestamp(world.now().0 + 1);
    patch(
        &world,
        b,
        ReviewPatch {
            claim: Some(Some(("bob".into(), until))),
            ..ReviewPatch::default()
        },
    )
    .await;
    let listed = async |filter: ReviewFilter| {
        let filter = ReviewFilter {
            state: Some(ReviewState::Open),
            apart: true,
            ..filter
        };
        let found = world.ledger.reviews(&filter, Page::first(9)).await.unwrap();
        found.iter().map(|review| review.id).collect::<Vec<_>>()
    };
    assert_eq!(listed(ReviewFilter::default()).await, [c.id, b.id, a.id]);
    for (filter, ids) in [
        (
            ReviewFilter {
                of_user: Some("bob".into()),
                ..ReviewFilter::default()
            },
            vec![b.id, a.id],
        ),
        (
            ReviewFilter {
                unassigned: true,
                ..ReviewFilter::default()
            },
            vec![c.id, b.id],
        ),
        (
            ReviewFilter {
                due_before: Some(Timestamp(6)),
                ..ReviewFilter::default()
            },
            vec![a.id],
        ),
        (
            ReviewFilter {
                due_before: Some(Timestamp(5)),
                ..ReviewFilter::default()
            },
            vec![],
        ),
        (
            ReviewFilter {
                tier: Some(Tier::Integrity),
                ..ReviewFilter::default()
            },
            vec![b.id],
        ),
        (
            ReviewFilter {
                level: Some(2),
                ..ReviewFilter::default()
            },
            vec![a.id],
        ),
    ] {
        assert_eq!(listed(filter.clone()).await, ids, "{filter:?}");
    }
    // What its first does not decide any more stands for itself.
    let mut returned = change(a.job, State::Blocked, 1, State::Available);
    returned.review = Some(ReviewWrite::Decide {
        id: a.id,
        approve: false,
        by: "bob".into(),
        reason: "no".into(),
        terms: None,
    });
    assert_eq!(world.change(returned).await, Changed::Yes);
    assert_eq!(
        listed(ReviewFilter::default()).await,
        [joined.id, c.id, b.id]
    );
}
