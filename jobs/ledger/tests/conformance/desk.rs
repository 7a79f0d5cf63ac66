//! Reviews as tasks: who may decide what they were shown, and that one result comes of many.

use std::collections::BTreeSet;

use clerkwork_audit::EventType;
use clerkwork_core::{
    Binding, Digest, JobId, Office, Review, ReviewId, ReviewState, Role, RuleHit, State, Text,
    Tier, Timestamp, Verdict, WorkerId,
};
use clerkwork_ledger::{
    BundleVerdict, Change, Changed, NewBundle, Refused, ReviewPatch, ReviewRefused, ReviewWrite,
    Terms,
};

use crate::world::{World, change, event, on_both_engines};

on_both_engines!(
    a_decision_on_what_was_shown_is_made,
    a_decision_on_what_was_not_shown_is_refused,
    the_first_of_two_approvals_leaves_it_open_and_the_second_decides,
    nobody_approves_twice,
    one_return_is_enough_where_two_must_approve,
    two_must_approve_under_terms,
    a_policy_that_came_into_force_meanwhile_refuses,
    who_lost_the_role_a_moment_ago_is_refused,
    what_somebody_works_on_is_theirs_until_their_time_is_up,
    while_the_applicant_is_asked_nobody_approves,
    of_many_who_decide_at_once_one_does,
    of_two_who_patch_from_one_revision_one_does,
    a_second_item_of_the_same_concern_joins_the_first,
    what_joined_after_it_was_shown_makes_it_stale,
    a_patch_changes_what_it_names_and_nothing_else,
    the_shape_of_a_decision_must_fit,
);

const POLICY: Digest = Digest([3; 32]);

fn rule(id: &str, tier: Tier, asks: Verdict) -> RuleHit {
    RuleHit {
        id: id.into(),
        tier,
        asks,
        reason: Text::new("原因", "reason"),
    }
}

fn one() -> Vec<RuleHit> {
    vec![rule("a.large", Tier::Business, Verdict::Review)]
}

fn two() -> Vec<RuleHit> {
    vec![
        rule("a.large", Tier::Enforcement, Verdict::Review2),
        rule("a.split", Tier::Business, Verdict::Review),
    ]
}

async fn open(world: &World, name: &str, rules: Vec<RuleHit>, concern: Option<&str>) -> ReviewId {
    let job = world.running(name, WorkerId::new()).await;
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
    id
}

async fn shown(world: &World, id: ReviewId) -> Review {
    world.ledger.review(id).await.unwrap().unwrap()
}

fn terms(review: &Review) -> Terms {
    Terms {
        shown: review.shown(&[]),
        policy: POLICY,
        on_behalf_of: None,
        tier: Tier::Enforcement,
        code: "checked".into(),
        authority: Vec::new(),
    }
}

/// A decision as a caller makes it who saw `review`.
fn decision(review: &Review, by: &str, approve: bool, terms: Terms) -> Change {
    let last = !approve || review.is_last_approval();
    let (to, kind) = match (last, approve) {
        (false, _) => (State::Blocked, EventType::ReviewSeconded),
        (true, true) => (State::Available, EventType::ReviewApproved),
        (true, false) => (State::Available, EventType::ReviewReturned),
    };
    let mut decide = Change::new(review.job, State::Blocked, 1, to).event(event(kind));
    decide.review = Some(ReviewWrite::Decide {
        id: review.id,
        approve,
        by: by.into(),
        reason: "seen".into(),
        terms: Some(Box::new(terms)),
    });
    decide
}

async fn decide(world: &World, id: ReviewId, by: &str, approve: bool) -> Changed {
    let review = shown(world, id).await;
    let terms = terms(&review);
    world.change(decision(&review, by, approve, terms)).await
}

fn no(refused: ReviewRefused) -> Changed {
    Changed::No(Refused::Review(refused))
}

async fn patch(world: &World, review: &Review, patch: ReviewPatch) -> Changed {
    let mut change = Change::new(review.job, State::Blocked, 1, State::Blocked)
        .event(event(EventType::ReviewAssigned));
    change.review = Some(ReviewWrite::Patch {
        id: review.id,
        revision: review.revision,
        patch: Box::new(patch),
    });
    world.change(change).await
}

async fn untouched(world: &World, job: JobId, id: ReviewId) {
    assert_eq!(world.state(job).await, (State::Blocked, 1));
    assert_eq!(shown(world, id).await.state, ReviewState::Open);
    assert_eq!(
        world.events(job).await.len(),
        3,
        "accepted, claimed, blocked"
    );
}

async fn a_decision_on_what_was_shown_is_made(world: World) {
    let id = open(&world, "a", one(), None).await;
    let review = shown(&world, id).await;
    assert_eq!((review.approvals_needed, review.tier), (1, Tier::Business));
    let mut terms = terms(&review);
    terms.on_behalf_of = Some("carol".into());
    let decide = decision(&review, "bob", true, terms);
    assert_eq!(world.change(decide).await, Changed::Yes);
    let review = shown(&world, id).await;
    assert_eq!(review.state, ReviewState::Approved);
    assert_eq!(review.decided_by.as_deref(), Some("bob"));
    assert_eq!(
        review.on_behalf_of.as_deref(),
        Some("carol"),
        "both are on record"
    );
    assert_eq!(review.code.as_deref(), Some("checked"));
    assert_eq!(review.approvals.len(), 1);
    assert_eq!(world.state(review.job).await, (State::Available, 2));
}

async fn a_decision_on_what_was_not_shown_is_refused(world: World) {
    let id = open(&world, "a", one(), None).await;
    let review = shown(&world, id).await;
    for approve in [true, false] {
        let mut terms = terms(&review);
        terms.shown = Digest([0; 32]);
        let decide = decision(&review, "bob", approve, terms);
        assert_eq!(world.change(decide).await, no(ReviewRefused::Stale));
    }
    untouched(&world, review.job, id).await;
}

async fn the_first_of_two_approvals_leaves_it_open_and_the_second_decides(world: World) {
    let id = open(&world, "a", two(), None).await;
    let first = shown(&world, id).await;
    assert_eq!((first.approvals_needed, first.tier), (2, Tier::Enforcement));
    assert_eq!(decide(&world, id, "bob", true).await, Changed::Yes);
    let second = shown(&world, id).await;
    assert_eq!(second.state, ReviewState::Open);
    assert_eq!(second.approvals[0].by, "bob");
    assert_eq!(world.state(first.job).await, (State::Blocked, 1));
    assert_ne!(
        first.shown(&[]),
        second.shown(&[]),
        "the approval is part of what is shown"
    );
    // Somebody who saw it before the first approval is too late.
    let late = decision(&second, "carol", true, terms(&first));
    assert_eq!(world.change(late).await, no(ReviewRefused::Stale));
    assert_eq!(decide(&world, id, "carol", true).await, Changed::Yes);
    let done = shown(&world, id).await;
    assert_eq!(done.state, ReviewState::Approved);
    assert_eq!(done.approvals.len(), 2);
    assert_eq!(world.state(first.job).await, (State::Available, 2));
    let types = world.event_types(first.job).await;
    assert_eq!(types[3..], ["review.seconded", "review.approved"]);
}

async fn nobody_approves_twice(world: World) {
    let id = open(&world, "a", two(), None).await;
    let review = shown(&world, id).await;
    let mut substitute = terms(&review);
    substitute.on_behalf_of = Some("carol".into());
    let first = decision(&review, "bob", true, substitute);
    assert_eq!(world.change(first).await, Changed::Yes);
    let review = shown(&world, id).await;
    for (by, of) in [
        ("bob", None),
        ("carol", None),
        ("dave", Some("bob")),
        ("dave", Some("carol")),
        ("bob", Some("eve")),
    ] {
        let mut terms = terms(&review);
        terms.on_behalf_of = of.map(str::to_owned);
        let again = decision(&review, by, true, terms);
        assert_eq!(
            world.change(again).await,
            no(ReviewRefused::ApprovedBefore),
            "{by} for {of:?}"
        );
    }
    assert_eq!(world.state(review.job).await, (State::Blocked, 1));
}

async fn one_return_is_enough_where_two_must_approve(world: World) {
    let id = open(&world, "a", two(), None).await;
    assert_eq!(decide(&world, id, "bob", true).await, Changed::Yes);
    assert_eq!(
        decide(&world, id, "bob", false).await,
        Changed::Yes,
        "who thinks better of it"
    );
    let review = shown(&world, id).await;
    assert_eq!(review.state, ReviewState::Returned);
    assert_eq!(world.state(review.job).await, (State::Available, 2));
}

async fn two_must_approve_under_terms(world: World) {
    let id = open(&world, "a", two(), None).await;
    let review = shown(&world, id).await;
    let mut bare = Change::new(review.job, State::Blocked, 1, State::Blocked)
        .event(event(EventType::ReviewApproved));
    bare.review = Some(ReviewWrite::Decide {
        id,
        approve: true,
        by: "bob".into(),
        reason: "x".into(),
        terms: None,
    });
    assert_eq!(world.change(bare).await, no(ReviewRefused::NeedsTerms));
    untouched(&world, review.job, id).await;
}

async fn a_policy_that_came_into_force_meanwhile_refuses(world: World) {
    let (erin, bob) = (world.authority("erin").await, world.authority("bob").await);
    let id = open(&world, "a", one(), None).await;
    let review = shown(&world, id).await;
    let version = Digest([9; 32]);
    let bundle = NewBundle {
        version,
        files: Default::default(),
        note: "new".into(),
        installed: (POLICY, Default::default()),
    };
    let ledger = &world.ledger;
    ledger.propose_policy(bundle, &erin).await.unwrap().unwrap();
    let approve = BundleVerdict::Approve;
    ledger
        .decide_policy(version, approve, "read", &bob)
        .await
        .unwrap()
        .unwrap();
    ledger
        .activate_policy(version, None, false, "go", &bob)
        .await
        .unwrap()
        .unwrap();
    // The caller has not heard of it.
    let decide = decision(&review, "bob", true, terms(&review));
    assert_eq!(world.change(decide).await, no(ReviewRefused::StalePolicy));
    untouched(&world, review.job, id).await;
    // Nor may somebody who has heard of it decide on what another policy blocked.
    let mut informed = terms(&review);
    informed.policy = version;
    let decide = decision(&review, "bob", true, informed);
    assert_eq!(world.change(decide).await, no(ReviewRefused::StalePolicy));
}

async fn who_lost_the_role_a_moment_ago_is_refused(world: World) {
    let ledger = &world.ledger;
    let token = clerkwork_ledger::Token::generate();
    let founded = ledger.claim_installation("dave", Office::default(), "first", &token);
    founded.await.unwrap().unwrap();
    let id = open(&world, "a", one(), None).await;
    let review = shown(&world, id).await;
    let dave = ledger.user("dave").await.unwrap().unwrap();
    let mut seen = terms(&review);
    seen.authority = vec![(dave.name.clone(), dave.revision)];
    world
        .execute("UPDATE account SET revision = revision + 1 WHERE name = 'dave'")
        .await;
    let late = decision(&review, "dave", true, seen.clone());
    assert_eq!(
        world.change(late).await,
        no(ReviewRefused::AuthorityChanged)
    );
    untouched(&world, review.job, id).await;
    seen.authority = vec![("nobody".into(), 1)];
    let unknown = decision(&review, "nobody", true, seen.clone());
    assert_eq!(
        world.change(unknown).await,
        no(ReviewRefused::AuthorityChanged)
    );
    let dave = ledger.user("dave").await.unwrap().unwrap();
    assert!(dave.roles.contains(&Role::Administrator));
    seen.authority = vec![(dave.name, dave.revision)];
    let now = decision(&review, "dave", true, seen);
    assert_eq!(world.change(now).await, Changed::Yes);
}

async fn what_somebody_works_on_is_theirs_until_their_time_is_up(world: World) {
    let id = open(&world, "a", one(), None).await;
    let review = shown(&world, id).await;
    let until = Timestamp(world.now().0 + 60_000_000);
    let claim = ReviewPatch {
        claim: Some(Some(("bob".into(), until))),
        ..ReviewPatch::default()
    };
    assert_eq!(patch(&world, &review, claim).await, Changed::Yes);
    assert_eq!(
        decide(&world, id, "carol", true).await,
        no(ReviewRefused::ClaimedByAnother)
    );
    world.advance(60);
    assert_eq!(decide(&world, id, "carol", true).await, Changed::Yes);
    assert_eq!(shown(&world, id).await.claimed_by, None);
}

async fn while_the_applicant_is_asked_nobody_approves(world: World) {
    let id = open(&world, "a", one(), None).await;
    let review = shown(&world, id).await;
    let ask = ReviewPatch {
        asked_until: Some(Some(Timestamp(world.now().0 + 1))),
        ..ReviewPatch::default()
    };
    assert_eq!(patch(&world, &review, ask).await, Changed::Yes);
    assert_eq!(
        decide(&world, id, "bob", true).await,
        no(ReviewRefused::WaitsForApplicant)
    );
    world.advance(3_600);
    assert_eq!(
        decide(&world, id, "bob", true).await,
        no(ReviewRefused::WaitsForApplicant),
        "that the time is up must be noted first"
    );
    let review = shown(&world, id).await;
    let answered = ReviewPatch {
        asked_until: Some(None),
        ..ReviewPatch::default()
    };
    assert_eq!(patch(&world, &review, answered).await, Changed::Yes);
    assert_eq!(decide(&world, id, "bob", true).await, Changed::Yes);
}

async fn of_many_who_decide_at_once_one_does(world: World) {
    let other = world.another().await;
    for (round, rules) in [(0, one()), (1, two()), (2, one()), (3, two())] {
        let id = open(&world, &format!("r{round}"), rules, None).await;
        let review = shown(&world, id).await;
        let mut tasks = tokio::task::JoinSet::new();
        for i in 0..20 {
            let ledger = if i % 2 == 0 {
                world.ledger.clone()
            } else {
                other.clone()
            };
            let decide = decision(&review, &format!("u{i}"), i % 3 != 0, terms(&review));
            tasks.spawn(async move { (i, ledger.change(decide).await.unwrap()) });
        }
        let mut made = BTreeSet::new();
        while let Some(done) = tasks.join_next().await {
            match done.unwrap() {
                (i, Changed::Yes) => {
                    made.insert(i);
                }
                (
                    _,
                    Changed::No(
                        Refused::ReviewNotOpen
                        | Refused::JobIs { .. }
                        | Refused::Review(ReviewRefused::Stale),
                    ),
                ) => {}
                other => panic!("{other:?}"),
            }
        }
        // Where two must approve, a return may follow a first approval; never two of a kind.
        let now = shown(&world, id).await;
        let returns = made.iter().filter(|i| *i % 3 == 0).count();
        let approvals = made.len() - returns;
        assert!(returns <= 1 && approvals <= 1, "{made:?}");
        assert_eq!(now.approvals.len(), approvals, "{made:?}");
        assert!(!made.is_empty());
        let decided = now.state != ReviewState::Open;
        assert_eq!(decided, returns == 1 || review.approvals_needed == 1);
        assert_eq!(world.events(review.job).await.len(), 3 + made.len());
    }
}

async fn of_two_who_patch_from_one_revision_one_does(world: World) {
    let id = open(&world, "a", one(), None).await;
    let review = shown(&world, id).await;
    let to = |who: &str| ReviewPatch {
        assigned_to: Some(Some(who.into())),
        ..ReviewPatch::default()
    };
    let (a, b) = tokio::join!(
        patch(&world, &review, to("bob")),
        patch(&world, &review, to("carol"))
    );
    let moved = no(ReviewRefused::Moved);
    assert!(
        (a == Changed::Yes && b == moved) || (a == moved && b == Changed::Yes),
        "{a:?} {b:?}"
    );
    assert_eq!(shown(&world, id).await.revision, review.revision + 1);
}

async fn a_second_item_of_the_same_concern_joins_the_first(world: World) {
    let first = open(&world, "a", one(), Some("sale:1")).await;
    let second = open(&world, "b", one(), Some("sale:1")).await;
    let third = open(&world, "c", one(), Some("sale:1")).await;
    let other = open(&world, "d", one(), Some("sale:2")).await;
    let none = open(&world, "e", one(), None).await;
    for joined in [second, third] {
        assert_eq!(shown(&world, joined).await.joined_to, Some(first));
    }
    for alone in [first, other, none] {
        assert_eq!(shown(&world, alone).await.joined_to, None);
    }
    // One that is decided asks no more: the next of its concern stands alone again.
    let review = shown(&world, first).await;
    let mut seen = terms(&review);
    seen.shown = review.shown(&[third, second]);
    assert_eq!(
        world.change(decision(&review, "bob", true, seen)).await,
        Changed::Yes
    );
    let later = open(&world, "f", one(), Some("sale:1")).await;
    assert_eq!(shown(&world, later).await.joined_to, None);
}

async fn what_joined_after_it_was_shown_makes_it_stale(world: World) {
    let first = open(&world, "a", one(), Some("sale:1")).await;
    let review = shown(&world, first).await;
    let seen = terms(&review);
    open(&world, "b", one(), Some("sale:1")).await;
    let late = decision(&review, "bob", true, seen);
    assert_eq!(world.change(late).await, no(ReviewRefused::Stale));
    untouched(&world, review.job, first).await;
}

async fn a_patch_changes_what_it_names_and_nothing_else(world: World) {
    let id = open(&world, "a", one(), None).await;
    let before = shown(&world, id).await;
    let at = Timestamp(world.now().0 + 5);
    let all = ReviewPatch {
        assigned_to: Some(Some("group:tier-business".into())),
        claim: Some(Some(("bob".into(), at))),
        level: Some(2),
        due_at: Some(Some(at)),
        reminded_at: Some(Some(at)),
        asked_until: None,
        expired_at: Some(Some(at)),
    };
    assert_eq!(patch(&world, &before, all).await, Changed::Yes);
    let after = shown(&world, id).await;
    assert_eq!(after.assigned_to.as_deref(), Some("group:tier-business"));
    assert_eq!(
        (after.level, after.due_at, after.asked_until),
        (2, Some(at), None)
    );
    assert_eq!(
        after.shown(&[]),
        before.shown(&[]),
        "who works on it is not what is decided"
    );
    assert_eq!(
        patch(&world, &after, ReviewPatch::default()).await,
        Changed::Yes
    );
    let same = shown(&world, id).await;
    assert_eq!(same.revision, after.revision + 1);
    assert_eq!(
        Review {
            revision: 0,
            ..same
        },
        Review {
            revision: 0,
            ..after
        }
    );
}

async fn the_shape_of_a_decision_must_fit(world: World) {
    let id = open(&world, "a", two(), None).await;
    let review = shown(&world, id).await;
    let mut decide = decision(&review, "bob", true, terms(&review));
    decide.to = State::Available;
    assert!(world.ledger.change(decide).await.is_err());
    untouched(&world, review.job, id).await;
}
