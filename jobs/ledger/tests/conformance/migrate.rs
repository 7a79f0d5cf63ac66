//! A ledger of an earlier schema, with work in it, opened by this program.

use clerkwork_audit::EventType;
use clerkwork_core::{JobId, ReviewId, ReviewState, State, WorkerId};
use clerkwork_ledger::{Change, Changed, ReviewWrite};
use sqlx::{
    Connection,
    migrate::{Migrate, Migrator},
};
use uuid::Uuid;

use crate::world::{World, change, event, on_both_engines};

on_both_engines!(work_of_the_first_schema_goes_on_after_the_second);

const JOB: u128 = 0x0199_0000_0000_7000_8000_0000_0000_0001;
const REVIEW: u128 = 0x0199_0000_0000_7000_8000_0000_0000_0002;

async fn first_only<C>(migrator: Migrator, connection: &mut C)
where
    C: Migrate,
{
    let first = migrator.iter().filter(|one| one.version == 1).cloned();
    let first = Migrator::with_migrations(first.collect());
    first.run_direct(None, connection, false).await.unwrap();
}

/// Empties the database down to nothing and makes the first schema in it.
async fn back_to_the_first_schema(world: &World) {
    if world.url.starts_with("sqlite:") {
        let path = world.url.trim_start_matches("sqlite:");
        for suffix in ["", "-wal", "-shm"] {
            let _ = std::fs::remove_file(format!("{path}{suffix}"));
        }
        let url = format!("{}?mode=rwc", world.url);
        let mut it = sqlx::SqliteConnection::connect(&url).await.unwrap();
        first_only(sqlx::migrate!("migrations/sqlite"), &mut it).await;
        it.close().await.unwrap();
    } else {
        world
            .execute("DROP SCHEMA public CASCADE; CREATE SCHEMA public")
            .await;
        let mut it = sqlx::PgConnection::connect(&world.url).await.unwrap();
        first_only(sqlx::migrate!("migrations/postgres"), &mut it).await;
    }
}

/// A job in front of a person, with an act whose outcome is not known, as the first schema has it.
async fn fill(world: &World) {
    let sqlite = world.url.starts_with("sqlite:");
    let digest = "07".repeat(32);
    let digest = match sqlite {
        true => format!("x'{digest}'"),
        false => format!("'\\x{digest}'"),
    };
    let id = |id: u128| match sqlite {
        true => format!("x'{id:032x}'"),
        false => format!("'{}'", uuid_text(id)),
    };
    let (job, review, none) = (id(JOB), id(REVIEW), id(0));
    let key = format!("cw-{}-issue", uuid_text(JOB));
    for sql in [
        format!(
            "INSERT INTO job (id, office, batch, lane, deadline, state, attempt, claimed_attempt,
                failures, rescues, run_at, updated_at, seq)
             VALUES ({job}, 'center', {none}, 'standard', 9223372036854775807, 'blocked', 1, 1,
                0, 0, 5, 6, 0)"
        ),
        format!(
            "INSERT INTO job_item (id, kind, reference, batch, submitter, person, created_at,
                payload, payload_salt, payload_digest)
             VALUES ({job}, 'agent_invoice_review', 'DK-1', {none}, 'li', {digest}, 5, '{{}}',
                {digest}, {digest})"
        ),
        format!("INSERT INTO job_count (batch, state, shard, n) VALUES ({none}, 'blocked', 0, 1)"),
        format!(
            "INSERT INTO effect (job, key, name, state, attempt, intended_at)
             VALUES ({job}, '{key}', 'issue', 'unknown', 1, 6)"
        ),
        format!(
            "INSERT INTO review (id, job, state, rules, payload, facts, policy, opened_at)
             VALUES ({review}, {job}, 'open', '[]', {digest}, {digest}, {digest}, 6)"
        ),
    ] {
        world.execute(&sql).await;
    }
}

fn uuid_text(id: u128) -> String {
    Uuid::from_u128(id).to_string()
}

async fn work_of_the_first_schema_goes_on_after_the_second(world: World) {
    world.ledger.clone().close().await;
    back_to_the_first_schema(&world).await;
    fill(&world).await;
    let (id, review) = (
        JobId(Uuid::from_u128(JOB)),
        ReviewId(Uuid::from_u128(REVIEW)),
    );

    let ledger = world.another().await;
    let job = ledger.job(id).await.unwrap().unwrap();
    assert_eq!((job.state, job.attempt), (State::Blocked, 1));
    assert_eq!(ledger.effects(id).await.unwrap()[0].before, None);
    let kept = ledger.review(review).await.unwrap().unwrap();
    assert_eq!((kept.state, kept.assigned_to), (ReviewState::Open, None));
    assert_eq!(ledger.wait_of(id).await.unwrap(), None);

    let hand_over = ReviewWrite::HandOver {
        id: review,
        to: "wang".into(),
    };
    let decide = ReviewWrite::Decide {
        terms: None,
        id: review,
        approve: true,
        by: "wang".into(),
        reason: "ok".into(),
    };
    let mut handed = Change::new(id, State::Blocked, 1, State::Blocked)
        .event(event(EventType::ReviewHandedOver));
    handed.review = Some(hand_over);
    let mut decided = change(id, State::Blocked, 1, State::Available);
    decided.review = Some(decide);
    for change in [handed, decided] {
        assert_eq!(ledger.change(change).await.unwrap(), Changed::Yes);
    }
    let claim = clerkwork_ledger::Claim {
        job: id,
        attempt: 2,
        worker: WorkerId::new(),
        actor: crate::world::robot(),
    };
    let clerkwork_ledger::Claimed::Yes(claimed) = ledger.claim(claim).await.unwrap() else {
        panic!("it is available");
    };
    assert_eq!(claimed.review.unwrap().assigned_to.as_deref(), Some("wang"));
    assert!(ledger.hold(id, "blue:1").await.unwrap());
    let rest = change(id, State::Running, 2, State::Waiting);
    assert_eq!(ledger.change(rest).await.unwrap(), Changed::Yes);
    let topic = format!("test:{id}");
    let woken = ledger.wake(&topic, crate::world::user());
    assert_eq!(woken.await.unwrap(), 1);
    world.assert_counts_of(&ledger).await;
}
