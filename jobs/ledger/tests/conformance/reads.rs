//! Lists: filters, and pages that are complete and hold nothing twice.

use std::time::Duration;

use clerkwork_core::{
    Binding, Decision, Digest, Facts, JobId, KindName, Office, ReviewId, ReviewState, State,
    Timestamp, Verdict, WorkerId,
};
use clerkwork_ledger::{
    Changed, DecisionFilter, DecisionRecord, EventFilter, JobFilter, NewJob, Order, Page,
    ReviewFilter, ReviewWrite,
};

use crate::world::{World, change, new, on_both_engines};

on_both_engines!(
    jobs_are_found_by_each_part_of_the_filter,
    pages_of_jobs_are_complete,
    pages_of_events_are_complete_and_filtered,
    pages_of_decisions_and_reviews_are_complete,
    pages_of_batches_are_complete_with_their_figures,
    counters_of_a_batch_follow_its_jobs,
    the_lead_of_a_role_is_held_by_one,
);

fn office(path: &str) -> Office {
    Office::new(path).unwrap()
}

/// Reads all pages of a list, three at a time.
macro_rules! all_pages {
    ($ledger:expr, $list:ident, $filter:expr, $key:expr) => {{
        let mut all = Vec::new();
        let mut page = Page::first(3);
        loop {
            let found = $ledger.$list($filter, page).await.unwrap();
            assert!(found.len() <= 3);
            let Some(last) = found.last() else { break all };
            page.after = Some($key(last));
            all.extend(found);
        }
    }};
}

async fn jobs_are_found_by_each_part_of_the_filter(world: World) {
    let batch = world.batch("b", 1).await;
    let early = world
        .accept(vec![
            NewJob {
                office: office("shenzhen"),
                ..new("a")
            },
            NewJob {
                office: office("shenzhen/nanshan"),
                batch: Some(batch),
                ..new("b")
            },
            NewJob {
                office: office("shenzhen2"),
                kind: KindName::new("red_letter"),
                ..new("c")
            },
        ])
        .await;
    world.advance(10);
    let late = world
        .accept(vec![
            new("d"),
            NewJob {
                batch: Some(batch),
                ..new("e")
            },
        ])
        .await;
    world.claim(late[0], 1, WorkerId::new()).await;
    world.claim(early[0], 1, WorkerId::new()).await;
    world
        .change(change(early[0], State::Running, 1, State::Completed))
        .await;
    let noon = Timestamp(world.now().0);
    let filter = JobFilter::default;
    for (name, filter, expected) in [
        (
            "all",
            filter(),
            vec![late[1], late[0], early[2], early[1], early[0]],
        ),
        (
            "kind",
            JobFilter {
                kind: Some(KindName::new("red_letter")),
                ..filter()
            },
            vec![early[2]],
        ),
        (
            "running",
            JobFilter {
                state: Some(State::Running),
                ..filter()
            },
            vec![late[0]],
        ),
        (
            "completed",
            JobFilter {
                state: Some(State::Completed),
                ..filter()
            },
            vec![early[0]],
        ),
        (
            "batch",
            JobFilter {
                batch: Some(batch),
                ..filter()
            },
            vec![late[1], early[1]],
        ),
        (
            "office",
            JobFilter {
                office: Some(office("shenzhen")),
                ..filter()
            },
            vec![early[1], early[0]],
        ),
        (
            "since",
            JobFilter {
                since: Some(noon),
                ..filter()
            },
            vec![late[1], late[0]],
        ),
        (
            "until",
            JobFilter {
                until: Some(noon),
                ..filter()
            },
            vec![early[2], early[1], early[0]],
        ),
        (
            "several",
            JobFilter {
                batch: Some(batch),
                state: Some(State::Available),
                until: Some(noon),
                office: Some(office("shenzhen/nanshan")),
                kind: Some(KindName::new("agent_invoice_review")),
                since: Some(crate::world::START),
            },
            vec![early[1]],
        ),
        (
            "none",
            JobFilter {
                state: Some(State::Failed),
                ..filter()
            },
            vec![],
        ),
    ] {
        let found = world.ledger.jobs(&filter, Page::first(10)).await.unwrap();
        assert_eq!(
            found.iter().map(|job| job.id).collect::<Vec<_>>(),
            expected,
            "{name}"
        );
    }
}

async fn pages_of_jobs_are_complete(world: World) {
    let batch = world.batch("b", 1).await;
    let mut ids = world
        .accept(
            (0..10)
                .map(|i| NewJob {
                    batch: Some(batch),
                    ..new(&format!("r{i}"))
                })
                .collect(),
        )
        .await;
    ids.reverse();
    let key = |job: &clerkwork_core::Job| job.id;
    for filter in [
        JobFilter::default(),
        JobFilter {
            state: Some(State::Available),
            ..Default::default()
        },
        JobFilter {
            batch: Some(batch),
            ..Default::default()
        },
        JobFilter {
            kind: Some(new("x").kind),
            ..Default::default()
        },
        JobFilter {
            office: Some(Office::default()),
            ..Default::default()
        },
    ] {
        let found = all_pages!(world.ledger, jobs, &filter, key);
        assert_eq!(found.iter().map(key).collect::<Vec<_>>(), ids, "{filter:?}");
    }
    let one = world
        .ledger
        .jobs(&JobFilter::default(), Page::first(0))
        .await
        .unwrap();
    assert_eq!(one.len(), 1, "a page holds at least one");
}

async fn pages_of_events_are_complete_and_filtered(world: World) {
    let early = world.running("a", WorkerId::new()).await;
    world.advance(10);
    let late = world.running("b", WorkerId::new()).await;
    world
        .change(change(late, State::Running, 1, State::Completed))
        .await;
    let noon = Timestamp(world.now().0);
    let mut all = world.ledger.events_of(early).await.unwrap();
    all.extend(world.ledger.events_of(late).await.unwrap());
    all.reverse();
    let filter = EventFilter::default;
    for (filter, expected) in [
        (filter(), &all[..]),
        (
            EventFilter {
                job: Some(late),
                ..filter()
            },
            &all[..3],
        ),
        (
            EventFilter {
                party: Some(world.ledger.pseudonym("440301199001011234")),
                ..filter()
            },
            &all[..],
        ),
        (
            EventFilter {
                party: Some(world.ledger.pseudonym("440301199001011235")),
                ..filter()
            },
            &all[..0],
        ),
        (
            EventFilter {
                party: Some(world.ledger.pseudonym("440301199001011234")),
                job: Some(late),
                since: Some(noon),
                ..filter()
            },
            &all[..3],
        ),
        (
            EventFilter {
                since: Some(noon),
                ..filter()
            },
            &all[..3],
        ),
        (
            EventFilter {
                until: Some(noon),
                ..filter()
            },
            &all[3..],
        ),
        (
            EventFilter {
                kind: Some("job.completed".into()),
                ..filter()
            },
            &all[..1],
        ),
        (
            EventFilter {
                actor: Some("li".into()),
                job: Some(early),
                ..filter()
            },
            &all[4..],
        ),
        (
            EventFilter {
                office: Some(office("elsewhere")),
                ..filter()
            },
            &all[..0],
        ),
    ] {
        let found = crate::search::all(&world, &filter, Order::Newest, 3).await;
        assert_eq!(found, expected, "{filter:?}");
        let mut onward = crate::search::all(&world, &filter, Order::Oldest, 3).await;
        onward.reverse();
        assert_eq!(onward, expected, "{filter:?}");
    }
}

async fn pages_of_decisions_and_reviews_are_complete(world: World) {
    let batch = world.batch("b", 1).await;
    let mut expected = Vec::new();
    for i in 0..7 {
        let job = NewJob {
            batch: (i % 2 == 0).then_some(batch),
            office: office(if i < 4 { "shenzhen" } else { "center" }),
            ..new(&format!("r{i}"))
        };
        let id = world.accept(vec![job]).await[0];
        world.claim(id, 1, WorkerId::new()).await;
        let verdict = if i < 2 {
            Verdict::Proceed
        } else {
            Verdict::Review
        };
        let mut block = change(id, State::Running, 1, State::Blocked);
        block.decision = Some(Box::new(DecisionRecord {
            made_by: clerkwork_core::MadeBy::Policy,
            decision: Decision {
                verdict,
                rules: Vec::new(),
                policy_version: Digest([1; 32]),
                facts_digest: Digest([2; 32]),
            },
            facts: Facts::default(),
            findings: Vec::new(),
        }));
        let digest = Digest([1; 32]);
        block.review = Some(ReviewWrite::Open {
            concern: None,
            id: ReviewId::new(),
            rules: Vec::new(),
            binding: Binding {
                payload: digest,
                facts: digest,
                policy: digest,
            },
        });
        assert_eq!(world.change(block).await, Changed::Yes);
        expected.push((id, i));
    }
    expected.reverse();
    let of = |fits: &dyn Fn(i32) -> bool| -> Vec<JobId> {
        expected
            .iter()
            .filter(|(_, i)| fits(*i))
            .map(|(id, _)| *id)
            .collect()
    };
    let key = |kept: &clerkwork_ledger::KeptDecision| kept.key;
    for (filter, jobs) in [
        (DecisionFilter::default(), of(&|_| true)),
        (
            DecisionFilter {
                batch: Some(batch),
                verdict: None,
            },
            of(&|i| i % 2 == 0),
        ),
        (
            DecisionFilter {
                batch: None,
                verdict: Some(Verdict::Review),
            },
            of(&|i| i >= 2),
        ),
    ] {
        let found = all_pages!(world.ledger, decisions_of, &filter, key);
        assert_eq!(
            found.iter().map(|kept| kept.job).collect::<Vec<_>>(),
            jobs,
            "{filter:?}"
        );
    }
    let key = |review: &clerkwork_core::Review| review.id;
    let filter = ReviewFilter::default;
    for (filter, jobs) in [
        (filter(), of(&|_| true)),
        (
            ReviewFilter {
                state: Some(ReviewState::Open),
                ..filter()
            },
            of(&|_| true),
        ),
        (
            ReviewFilter {
                state: Some(ReviewState::Lapsed),
                ..filter()
            },
            vec![],
        ),
        (
            ReviewFilter {
                job: Some(expected[0].0),
                ..filter()
            },
            vec![expected[0].0],
        ),
        (
            ReviewFilter {
                office: Some(office("shenzhen")),
                ..filter()
            },
            of(&|i| i < 4),
        ),
    ] {
        let found = all_pages!(world.ledger, reviews, &filter, key);
        assert_eq!(
            found.iter().map(|review| review.job).collect::<Vec<_>>(),
            jobs,
            "{filter:?}"
        );
    }
}

async fn pages_of_batches_are_complete_with_their_figures(world: World) {
    let mut ids = Vec::new();
    for i in 0..7 {
        let batch = world.batch(&format!("b{i}"), 1).await;
        world
            .accept(vec![NewJob {
                batch: Some(batch),
                ..new(&format!("r{i}"))
            }])
            .await;
        ids.push(batch);
    }
    ids.reverse();
    let mut found = Vec::new();
    let mut page = Page::first(3);
    loop {
        let some = world.ledger.batches(page).await.unwrap();
        let Some(last) = some.last() else { break };
        page.after = Some(last.id);
        found.extend(some);
    }
    assert_eq!(found.iter().map(|batch| batch.id).collect::<Vec<_>>(), ids);
    for (office, count) in [("center", ids.len()), ("center/north", 0), ("cent", 0)] {
        let office = clerkwork_core::Office::new(office).unwrap();
        let within = world.ledger.batches_within(&office, Page::first(100));
        assert_eq!(within.await.unwrap().len(), count, "{office}");
    }
    assert!(
        found
            .iter()
            .all(|batch| batch.counts.get(&State::Available) == Some(&1))
    );
}

async fn counters_of_a_batch_follow_its_jobs(world: World) {
    let batch = world.batch("b", 1).await;
    let jobs = (0..5)
        .map(|i| NewJob {
            batch: Some(batch),
            ..new(&format!("r{i}"))
        })
        .collect();
    let ids = world.accept(jobs).await;
    world.one("outside").await;
    let worker = WorkerId::new();
    world.claim(ids[0], 1, worker).await;
    world.claim(ids[1], 1, worker).await;
    world
        .change(change(ids[1], State::Running, 1, State::Completed))
        .await;
    let counts = world.ledger.counts(Some(batch)).await.unwrap();
    let counts: Vec<_> = counts.into_iter().collect();
    assert_eq!(
        counts,
        [
            (State::Available, 3),
            (State::Running, 1),
            (State::Completed, 1)
        ]
    );
    world.ledger.rescue(worker, 3).await.unwrap();
    let counts = world.ledger.counts(Some(batch)).await.unwrap();
    assert_eq!(counts.get(&State::Available), Some(&4));
    world.assert_counts().await;
}

async fn the_lead_of_a_role_is_held_by_one(world: World) {
    let (one, two) = (WorkerId::new(), WorkerId::new());
    let ttl = Duration::from_secs(10);
    assert!(world.ledger.lead("dispatcher", one, ttl).await.unwrap());
    assert!(!world.ledger.lead("dispatcher", two, ttl).await.unwrap());
    assert!(
        world.ledger.lead("sampler", two, ttl).await.unwrap(),
        "roles are apart"
    );
    let commits = world.ledger.stats().commits;
    world.advance(4);
    assert!(world.ledger.lead("dispatcher", one, ttl).await.unwrap());
    assert_eq!(world.ledger.stats().commits, commits, "enough time is left");
    world.advance(4);
    assert!(world.ledger.lead("dispatcher", one, ttl).await.unwrap());
    assert_eq!(world.ledger.stats().commits, commits + 1);
    world.advance(9);
    assert!(!world.ledger.lead("dispatcher", two, ttl).await.unwrap());
    world.advance(1);
    assert!(
        world.ledger.lead("dispatcher", two, ttl).await.unwrap(),
        "the time is up"
    );
    assert!(!world.ledger.lead("dispatcher", one, ttl).await.unwrap());
}
