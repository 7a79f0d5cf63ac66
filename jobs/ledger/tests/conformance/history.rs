//! What else there was of a taxpayer, as a claim tells it.

use clerkwork_core::{Binding, Digest, JobId, ReviewId, State, WorkerId};
use clerkwork_ledger::{Changed, Claim, Claimed, ReviewWrite};

use crate::world::{World, change, new, on_both_engines, robot};

on_both_engines!(
    returns_and_overrides_of_the_same_taxpayer_are_counted,
    items_of_others_and_the_item_itself_do_not_count,
    what_lies_more_than_ninety_days_back_does_not_count,
    a_group_of_claims_gets_each_its_own,
);

const DAY: u64 = 24 * 60 * 60;

async fn returned(world: &World, name: &str) -> JobId {
    let job = world.running(name, WorkerId::new()).await;
    let back = change(job, State::Running, 1, State::Returned);
    assert_eq!(world.change(back).await, Changed::Yes);
    job
}

/// Blocked and then decided; available again at the second attempt.
async fn reviewed(world: &World, name: &str, approve: bool) -> JobId {
    let job = world.running(name, WorkerId::new()).await;
    let id = ReviewId::new();
    let mut block = change(job, State::Running, 1, State::Blocked);
    block.review = Some(ReviewWrite::Open {
        id,
        rules: Vec::new(),
        binding: Binding {
            payload: Digest([1; 32]),
            facts: Digest([2; 32]),
            policy: Digest([3; 32]),
        },
        concern: None,
    });
    assert_eq!(world.change(block).await, Changed::Yes);
    let mut decide = change(job, State::Blocked, 1, State::Available);
    decide.review = Some(ReviewWrite::Decide {
        id,
        approve,
        by: "bob".into(),
        reason: "seen".into(),
        terms: None,
    });
    assert_eq!(world.change(decide).await, Changed::Yes);
    job
}

async fn claimed(world: &World, job: JobId, attempt: u32) -> (u32, u32) {
    let claimed = world.claim(job, attempt, WorkerId::new()).await;
    assert_eq!(claimed.history.at, world.now());
    (claimed.history.returned, claimed.history.overridden)
}

async fn returns_and_overrides_of_the_same_taxpayer_are_counted(world: World) {
    let first = world.one("first").await;
    assert_eq!(claimed(&world, first, 1).await, (0, 0));
    returned(&world, "a").await;
    returned(&world, "b").await;
    reviewed(&world, "c", true).await;
    reviewed(&world, "d", false).await;
    let next = world.one("next").await;
    assert_eq!(claimed(&world, next, 1).await, (2, 1));
}

async fn items_of_others_and_the_item_itself_do_not_count(world: World) {
    let mut other = new("other");
    other.subject_id = "91440300000000000X".into();
    let other = world.accept(vec![other]).await[0];
    world.claim(other, 1, WorkerId::new()).await;
    let back = change(other, State::Running, 1, State::Returned);
    assert_eq!(world.change(back).await, Changed::Yes);
    let own = reviewed(&world, "own", true).await;
    assert_eq!(
        claimed(&world, own, 2).await,
        (0, 0),
        "its own approval is no history"
    );
}

async fn what_lies_more_than_ninety_days_back_does_not_count(world: World) {
    returned(&world, "old").await;
    world.advance(89 * DAY);
    let near = world.one("near").await;
    assert_eq!(claimed(&world, near, 1).await, (1, 0));
    world.advance(2 * DAY);
    let far = world.one("far").await;
    assert_eq!(claimed(&world, far, 1).await, (0, 0));
}

async fn a_group_of_claims_gets_each_its_own(world: World) {
    returned(&world, "a").await;
    let mut jobs = Vec::new();
    for i in 0..30 {
        let mut job = new(&format!("j{i}"));
        if i % 2 == 0 {
            job.subject_id = format!("other-{i}");
        }
        jobs.push(job);
    }
    let ids = world.accept(jobs).await;
    // All at once, so that the writer groups them.
    let mut claims = tokio::task::JoinSet::new();
    for (i, id) in ids.into_iter().enumerate() {
        let (ledger, worker) = (world.ledger.clone(), WorkerId::new());
        let claim = Claim {
            job: id,
            attempt: 1,
            worker,
            actor: robot(),
        };
        claims.spawn(async move { (i, ledger.claim(claim).await.unwrap()) });
    }
    while let Some(claimed) = claims.join_next().await {
        let (i, Claimed::Yes(claimed)) = claimed.unwrap() else {
            panic!("not claimed")
        };
        let same = u32::from(i % 2 == 1);
        assert_eq!(
            (claimed.history.returned, claimed.history.overridden),
            (same, 0),
            "{i}"
        );
    }
}
