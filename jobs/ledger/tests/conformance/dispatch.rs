//! What goes into the queue, and in which order.

use std::collections::{BTreeMap, HashSet};

use clerkwork_core::{BatchId, Entry, JobId, Lane, State, Timestamp, WorkerId};
use clerkwork_ledger::{Claimed, NewJob};

use crate::world::{World, new, on_both_engines};

on_both_engines!(
    what_is_picked_is_marked_and_not_picked_again,
    lanes_are_apart,
    urgent_jobs_come_first_by_deadline,
    batches_share_by_weight,
    a_small_room_goes_round_and_starves_nobody,
    one_huge_batch_does_not_hold_up_the_others,
    more_batches_than_one_visit_are_all_served,
    within_a_batch_the_earlier_deadline_goes_first,
    a_lost_queue_is_filled_again,
    nothing_to_do_writes_nothing,
);

async fn fill(world: &World, batch: Option<BatchId>, name: &str, n: usize) -> Vec<JobId> {
    let jobs = (0..n).map(|i| NewJob {
        batch,
        ..new(&format!("{name}-{i}"))
    });
    world.accept(jobs.collect()).await
}

async fn batches_of(world: &World, entries: &[Entry]) -> BTreeMap<Option<BatchId>, usize> {
    let mut counts = BTreeMap::new();
    for entry in entries {
        *counts.entry(world.job(entry.job).await.batch).or_default() += 1;
    }
    counts
}

async fn what_is_picked_is_marked_and_not_picked_again(world: World) {
    let trace = Some("00-aa-bb-01".to_owned());
    let first = world
        .accept(vec![NewJob {
            traceparent: trace.clone(),
            ..new("first")
        }])
        .await[0];
    let ids = fill(&world, None, "r", 9).await;
    let picked = world.pick(Lane::Standard, 4).await;
    assert_eq!(picked.len(), 4, "the room is respected");
    assert_eq!(
        picked[0],
        Entry {
            job: first,
            attempt: 1,
            traceparent: trace
        }
    );
    let rest = world.pick(Lane::Standard, 100).await;
    let all: HashSet<_> = picked.iter().chain(&rest).map(|entry| entry.job).collect();
    assert_eq!(all.len(), 10);
    assert!(ids.iter().all(|id| all.contains(id)));
    assert!(world.pick(Lane::Standard, 100).await.is_empty());
    assert!(world.pick(Lane::Standard, 0).await.is_empty());
    let Claimed::Yes(claimed) = world.try_claim(first, 1, WorkerId::new()).await else {
        panic!("a picked job can be claimed");
    };
    assert_eq!(claimed.job.state, State::Running);
}

async fn lanes_are_apart(world: World) {
    for lane in Lane::ALL {
        world
            .accept(vec![NewJob {
                lane,
                ..new(lane.as_str())
            }])
            .await;
    }
    for lane in Lane::ALL {
        let picked = world.pick(lane, 10).await;
        assert_eq!(picked.len(), 1);
        assert_eq!(world.job(picked[0].job).await.lane, lane);
    }
}

async fn urgent_jobs_come_first_by_deadline(world: World) {
    let batch = world.batch("big", 100).await;
    fill(&world, Some(batch), "b", 20).await;
    let mut expected = Vec::new();
    for offset in [3, 1, 2, 90] {
        let deadline = Some(Timestamp(world.now().0 + offset));
        let job = NewJob {
            deadline,
            ..new(&format!("d{offset}"))
        };
        expected.push((offset, world.accept(vec![job]).await[0]));
    }
    expected.sort_unstable();
    let soon = Timestamp(world.now().0 + 10);
    let picked = world
        .ledger
        .dispatch(Lane::Standard, 5, world.now(), soon)
        .await
        .unwrap();
    let jobs: Vec<_> = picked.iter().map(|entry| entry.job).collect();
    assert_eq!(jobs[..3], [expected[0].1, expected[1].1, expected[2].1]);
    assert_eq!(jobs.len(), 5);
    let few = world
        .ledger
        .dispatch(Lane::Standard, 1, world.now(), Timestamp(i64::MAX))
        .await;
    assert_eq!(few.unwrap()[0].job, expected[3].1);
}

async fn batches_share_by_weight(world: World) {
    let (heavy, light) = (world.batch("heavy", 3).await, world.batch("light", 1).await);
    fill(&world, Some(heavy), "h", 200).await;
    fill(&world, Some(light), "l", 200).await;
    fill(&world, None, "n", 200).await;
    let picked = world.pick(Lane::Standard, 100).await;
    let shares = batches_of(&world, &picked).await;
    assert_eq!(shares[&Some(heavy)], 60);
    assert_eq!(shares[&Some(light)], 20);
    assert_eq!(
        shares[&None], 20,
        "jobs without a batch are one batch of weight 1"
    );
    // In the queue, too, they are mixed.
    let first = batches_of(&world, &picked[..10]).await;
    assert_eq!(
        (first[&Some(heavy)], first[&Some(light)], first[&None]),
        (6, 2, 2)
    );
}

async fn a_small_room_goes_round_and_starves_nobody(world: World) {
    let batches = [
        world.batch("a", 1).await,
        world.batch("b", 2).await,
        world.batch("c", 1).await,
    ];
    for batch in batches {
        fill(&world, Some(batch), &batch.to_string(), 100).await;
    }
    let mut picked = Vec::new();
    for _ in 0..40 {
        let one = world.pick(Lane::Standard, 1).await;
        assert_eq!(one.len(), 1);
        picked.extend(one);
    }
    let shares = batches_of(&world, &picked).await;
    let shares: Vec<_> = batches.iter().map(|batch| shares[&Some(*batch)]).collect();
    assert_eq!(shares, [10, 20, 10]);
}

async fn one_huge_batch_does_not_hold_up_the_others(world: World) {
    let huge = world.batch("huge", 1).await;
    fill(&world, Some(huge), "h", 600).await;
    let small = world.batch("small", 1).await;
    let late = fill(&world, Some(small), "s", 3).await;
    let picked = world.pick(Lane::Standard, 50).await;
    assert_eq!(
        picked.len(),
        50,
        "what the small one leaves the huge one takes"
    );
    let jobs: HashSet<_> = picked.iter().map(|entry| entry.job).collect();
    assert!(late.iter().all(|id| jobs.contains(id)));
    let place = picked
        .iter()
        .position(|entry| entry.job == late[2])
        .unwrap();
    assert!(place < 8, "{place}");
}

async fn more_batches_than_one_visit_are_all_served(world: World) {
    let mut expected = HashSet::new();
    for i in 0..150 {
        let batch = world.batch(&format!("b{i}"), 1).await;
        expected.extend(fill(&world, Some(batch), &format!("j{i}"), 2).await);
    }
    let mut seen = HashSet::new();
    let mut calls = 0;
    while seen.len() < 150 {
        let picked = world.pick(Lane::Standard, 50).await;
        let shares = batches_of(&world, &picked).await;
        seen.extend(shares.into_keys());
        expected.retain(|id| !picked.iter().any(|entry| entry.job == *id));
        calls += 1;
        assert!(calls <= 4, "{} batches seen", seen.len());
    }
    while !expected.is_empty() {
        let picked = world.pick(Lane::Standard, 50).await;
        assert!(!picked.is_empty());
        expected.retain(|id| !picked.iter().any(|entry| entry.job == *id));
    }
}

async fn within_a_batch_the_earlier_deadline_goes_first(world: World) {
    let none = world.one("none").await;
    let mut jobs = Vec::new();
    for offset in [9, 5, 7] {
        let deadline = Some(Timestamp(world.now().0 + offset));
        jobs.push((
            offset,
            NewJob {
                deadline,
                ..new(&format!("d{offset}"))
            },
        ));
    }
    let (offsets, jobs): (Vec<i64>, Vec<_>) = jobs.into_iter().unzip();
    let ids = world.accept(jobs).await;
    let mut expected: Vec<_> = offsets.into_iter().zip(ids).collect();
    expected.sort_unstable();
    let mut expected: Vec<_> = expected.into_iter().map(|(_, id)| id).collect();
    expected.push(none);
    let picked = world.pick(Lane::Standard, 10).await;
    assert_eq!(
        picked.iter().map(|entry| entry.job).collect::<Vec<_>>(),
        expected
    );
}

async fn a_lost_queue_is_filled_again(world: World) {
    let ids = fill(&world, None, "r", 10).await;
    let bulk = world
        .accept(vec![NewJob {
            lane: Lane::Bulk,
            ..new("bulk")
        }])
        .await;
    assert_eq!(world.pick(Lane::Standard, 6).await.len(), 6);
    world.advance(60);
    assert_eq!(world.pick(Lane::Standard, 4).await.len(), 4);
    assert_eq!(world.pick(Lane::Bulk, 4).await.len(), 1);
    world.claim(ids[0], 1, WorkerId::new()).await;
    let old = Timestamp(world.now().0);
    assert_eq!(
        world
            .ledger
            .undispatch_older(Lane::Standard, old, 2)
            .await
            .unwrap(),
        2
    );
    assert_eq!(
        world
            .ledger
            .undispatch_older(Lane::Standard, old, 100)
            .await
            .unwrap(),
        3
    );
    assert_eq!(
        world
            .ledger
            .undispatch_older(Lane::Standard, old, 100)
            .await
            .unwrap(),
        0
    );
    assert_eq!(world.pick(Lane::Standard, 100).await.len(), 5);
    assert_eq!(
        world.ledger.undispatch(Some(Lane::Standard)).await.unwrap(),
        9
    );
    assert_eq!(world.ledger.undispatch(None).await.unwrap(), 1);
    assert_eq!(
        world.pick(Lane::Standard, 100).await.len(),
        9,
        "the running one is not picked"
    );
    assert_eq!(world.pick(Lane::Bulk, 100).await[0].job, bulk[0]);
}

async fn nothing_to_do_writes_nothing(world: World) {
    let commits = world.ledger.stats().commits;
    assert!(world.pick(Lane::Standard, 10).await.is_empty());
    assert_eq!(world.ledger.promote_due(world.now(), 10).await.unwrap(), 0);
    assert_eq!(world.ledger.undispatch(None).await.unwrap(), 0);
    assert_eq!(world.ledger.stats().commits, commits);
}
