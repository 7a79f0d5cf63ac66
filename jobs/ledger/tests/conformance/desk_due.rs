//! What the desk is told: reviews for which it is time, and who may be given one.

use clerkwork_core::{
    Binding, Digest, Office, Review, ReviewId, Role, RuleHit, State, Text, Tier, Timestamp,
    Verdict, WorkerId,
};
use clerkwork_ledger::{
    Candidate, Change, Changed, Duty, NewJob, PeopleChange, ReviewPatch, ReviewWrite,
};

use crate::world::{World, change, event, new, on_both_engines};

on_both_engines!(
    each_duty_selects_what_it_is_time_for,
    selections_are_bounded_and_go_on,
    candidates_come_with_what_speaks_for_and_against_them,
    the_load_of_a_person_is_counted_by_an_index,
);

async fn blocked(world: &World, name: &str) -> ReviewId {
    let job = world.running(name, WorkerId::new()).await;
    let id = ReviewId::new();
    let mut block = change(job, State::Running, 1, State::Blocked);
    block.review = Some(ReviewWrite::Open {
        id,
        rules: vec![RuleHit {
            id: "a.large".into(),
            tier: Tier::Business,
            asks: Verdict::Review,
            reason: Text::new("原因", "reason"),
        }],
        binding: Binding {
            payload: Digest([1; 32]),
            facts: Digest([2; 32]),
            policy: Digest([3; 32]),
        },
        concern: None,
    });
    assert_eq!(world.change(block).await, Changed::Yes);
    id
}

async fn patch(world: &World, id: ReviewId, patch: ReviewPatch) {
    let review = world.ledger.review(id).await.unwrap().unwrap();
    let mut change = Change::new(review.job, State::Blocked, 1, State::Blocked)
        .event(event(clerkwork_audit::EventType::ReviewAssigned));
    change.review = Some(ReviewWrite::Patch {
        id,
        revision: review.revision,
        patch: Box::new(patch),
    });
    assert_eq!(world.change(change).await, Changed::Yes);
}

async fn due(world: &World, duty: Duty) -> Vec<ReviewId> {
    let found = world.ledger.desk_due(duty, 100).await.unwrap();
    found.iter().map(|review: &Review| review.id).collect()
}

async fn each_duty_selects_what_it_is_time_for(world: World) {
    let now = world.now();
    let later = |micros: i64| Timestamp(now.0 + micros);
    let id = blocked(&world, "a").await;
    let of = |duty: Duty| due(&world, duty);
    let remind = |level, until| Duty::Remind { level, now, until };
    assert_eq!(of(Duty::PLACE).await, [id]);
    assert!(
        of(Duty::Escalate {
            now: later(i64::MAX / 4)
        })
        .await
        .is_empty(),
        "no deadline"
    );

    let due_at = Some(Some(later(10)));
    patch(
        &world,
        id,
        ReviewPatch {
            due_at,
            ..ReviewPatch::default()
        },
    )
    .await;
    assert!(of(Duty::PLACE).await.is_empty());
    assert!(of(remind(1, later(9))).await.is_empty());
    assert_eq!(of(remind(1, later(10))).await, [id]);
    assert!(of(remind(2, later(10))).await.is_empty());
    assert!(of(Duty::Escalate { now: later(9) }).await.is_empty());
    assert_eq!(of(Duty::Escalate { now: later(10) }).await, [id]);
    let reminded_at = Some(Some(now));
    patch(
        &world,
        id,
        ReviewPatch {
            reminded_at,
            ..ReviewPatch::default()
        },
    )
    .await;
    assert!(of(remind(1, later(10))).await.is_empty());

    let claim = Some(Some(("bob".to_owned(), later(20))));
    patch(
        &world,
        id,
        ReviewPatch {
            claim,
            ..ReviewPatch::default()
        },
    )
    .await;
    assert!(of(Duty::Release { now: later(19) }).await.is_empty());
    assert_eq!(of(Duty::Release { now: later(20) }).await, [id]);

    let asked_until = Some(Some(later(30)));
    patch(
        &world,
        id,
        ReviewPatch {
            asked_until,
            ..ReviewPatch::default()
        },
    )
    .await;
    assert!(
        of(Duty::Escalate { now: later(10) }).await.is_empty(),
        "the applicant is asked"
    );
    assert!(of(Duty::Answer { now: later(29) }).await.is_empty());
    assert_eq!(of(Duty::Answer { now: later(30) }).await, [id]);

    let expired = ReviewPatch {
        asked_until: Some(None),
        expired_at: Some(Some(now)),
        ..ReviewPatch::default()
    };
    patch(&world, id, expired).await;
    assert!(
        of(Duty::Escalate { now: later(10) }).await.is_empty(),
        "expired once"
    );
}

async fn selections_are_bounded_and_go_on(world: World) {
    let mut all = Vec::new();
    for name in ["a", "b", "c"] {
        all.push(blocked(&world, name).await);
    }
    all.sort_unstable();
    let page = world.ledger.desk_due(Duty::PLACE, 2).await.unwrap();
    let ids: Vec<ReviewId> = page.iter().map(|review| review.id).collect();
    assert_eq!(ids, all[..2]);
    assert_eq!(due(&world, Duty::Place { after: all[1] }).await, all[2..]);
}

async fn candidates_come_with_what_speaks_for_and_against_them(world: World) {
    world.root().await;
    let supervisor = Role::Supervisor;
    world.person("anna", &[supervisor(Tier::Business)]).await;
    let both = [supervisor(Tier::Business), supervisor(Tier::Integrity)];
    world.person("bo", &both).await;
    // The submitter of these tests, and a person related to their taxpayer.
    world.person("li", &[supervisor(Tier::Enforcement)]).await;
    world.person("rel", &[supervisor(Tier::Enforcement)]).await;
    world.person("op", &[Role::Operator]).await;
    world.person("off", &[supervisor(Tier::Integrity)]).await;
    let enable = PeopleChange::Enable {
        user: "off".into(),
        enabled: false,
    };
    let join = PeopleChange::Join {
        user: "bo".into(),
        group: "agent_invoice_review".into(),
    };
    let relate = PeopleChange::Relate {
        user: "rel".into(),
        subject_id: "440301199001011234".into(),
    };
    for change in [enable, join, relate] {
        world.people(change).await.unwrap();
    }
    let first = blocked(&world, "a").await;
    let assigned_to = Some(Some("anna".to_owned()));
    patch(
        &world,
        first,
        ReviewPatch {
            assigned_to,
            ..ReviewPatch::default()
        },
    )
    .await;

    let job = world.one("b").await;
    let one = |name: &str, tier, load| Candidate {
        name: name.into(),
        tier,
        specialist: name == "bo",
        barred: name == "li" || name == "rel",
        load,
    };
    let found = world
        .ledger
        .desk_candidates(job, Tier::Business)
        .await
        .unwrap();
    let (li, rel) = (
        one("li", Tier::Enforcement, 0),
        one("rel", Tier::Enforcement, 0),
    );
    let (anna, bo) = (
        one("anna", Tier::Business, 1),
        one("bo", Tier::Integrity, 0),
    );
    assert_eq!(found, [bo.clone(), anna, li.clone(), rel.clone()]);
    let found = world
        .ledger
        .desk_candidates(job, Tier::Enforcement)
        .await
        .unwrap();
    assert_eq!(found, [bo.clone(), li, rel]);
    let found = world
        .ledger
        .desk_candidates(job, Tier::Integrity)
        .await
        .unwrap();
    assert_eq!(found, [bo]);

    let elsewhere = NewJob {
        office: Office::new("centerpiece").unwrap(),
        ..new("c")
    };
    let job = world.accept(vec![elsewhere]).await[0];
    let found = world
        .ledger
        .desk_candidates(job, Tier::Business)
        .await
        .unwrap();
    assert_eq!(found, [], "a name that begins alike is another office");
}

/// On SQLite, whose plans say it without data. The selections name their indexes themselves.
async fn the_load_of_a_person_is_counted_by_an_index(world: World) {
    if !world.url.starts_with("sqlite:") {
        return;
    }
    use sqlx::{AssertSqlSafe, Connection, Row};
    let sql = include_str!("../../src/sql/desk_candidates.sql");
    let sql = AssertSqlSafe(format!("EXPLAIN QUERY PLAN {sql}"));
    let mut it = sqlx::SqliteConnection::connect(&world.url).await.unwrap();
    let lines = sqlx::query(sql).fetch_all(&mut it).await.unwrap();
    let plan: Vec<String> = lines.iter().map(|line| line.get(3)).collect();
    assert!(
        plan.iter().all(|line| !line.starts_with("SCAN")),
        "{plan:#?}"
    );
    let counts = |line: &String| line.starts_with("SEARCH r ") && line.contains("review_assigned");
    assert!(plan.iter().any(counts), "{plan:#?}");
}
