//! When an event cannot be written, what it tells of does not happen either; clocks and connections may break
//! as they like.

use clerkwork_audit::{EventDraft, EventType};
use clerkwork_core::{IdempotencyKey, State, Timestamp, WorkerId};
use clerkwork_ledger::{EffectWrite, LedgerErrorKind, LogKeeper, NewJob};
use serde_json::json;

use crate::world::{World, change, new, on_both_engines, robot};

on_both_engines!(
    without_its_event_nothing_is_done,
    a_clock_that_jumps_changes_no_order,
    connections_that_break_leave_one_log,
);

/// From now on no event of this type can be written, as if the disk were full just then.
async fn refuse(world: &World, kind: &str) {
    if world.url.starts_with("sqlite:") {
        let sql = format!(
            "CREATE TRIGGER no_room BEFORE INSERT ON event WHEN NEW.type = '{kind}' \
             BEGIN SELECT RAISE(ABORT, 'no room'); END"
        );
        world.execute(&sql).await;
        return;
    }
    world
        .execute(
            "CREATE OR REPLACE FUNCTION no_room() RETURNS trigger LANGUAGE plpgsql AS \
             $$ BEGIN RAISE EXCEPTION 'no room'; END $$",
        )
        .await;
    let sql = format!(
        "CREATE TRIGGER no_room BEFORE INSERT ON event FOR EACH ROW \
         WHEN (NEW.type = '{kind}') EXECUTE FUNCTION no_room()"
    );
    world.execute(&sql).await;
}

async fn allow(world: &World) {
    let on = match world.url.starts_with("sqlite:") {
        true => "",
        false => " ON event",
    };
    world.execute(&format!("DROP TRIGGER no_room{on}")).await;
}

async fn without_its_event_nothing_is_done(world: World) {
    let job = world.running("a", WorkerId::new()).await;
    let key = IdempotencyKey::of(job, "issue");
    let intend = || {
        let mut step = change(job, State::Running, 1, State::Running);
        step.events = vec![EventDraft::new(
            EventType::EffectIntended,
            robot(),
            json!({}),
        )];
        step.effects = vec![EffectWrite::Intend {
            key: key.clone(),
            name: "issue".into(),
            before: None,
        }];
        step
    };
    let events = world.events(job).await;
    refuse(&world, "effect.intended").await;
    let refused = world.ledger.change(intend()).await.unwrap_err();
    assert_eq!(refused.kind(), LedgerErrorKind::Transient, "{refused}");
    assert_eq!(
        world.ledger.effects(job).await.unwrap(),
        [],
        "nothing is announced"
    );
    assert_eq!(world.events(job).await, events);
    allow(&world).await;
    assert!(world.ledger.change(intend()).await.is_ok());
    assert_eq!(world.ledger.effects(job).await.unwrap().len(), 1);

    refuse(&world, "job.completed").await;
    let end = change(job, State::Running, 1, State::Completed);
    assert!(world.ledger.change(end.clone()).await.is_err());
    assert_eq!(world.state(job).await, (State::Running, 1));
    allow(&world).await;
    assert!(world.ledger.change(end).await.is_ok());

    // What was grouped with it is done all the same.
    refuse(&world, "batch.created").await;
    let batch = clerkwork_ledger::NewBatch {
        reference: "B".into(),
        office: clerkwork_core::Office::default(),
        submitter: "li".into(),
        weight: 1,
    };
    let (batch, job) = tokio::join!(
        world.ledger.create_batch(batch, crate::world::user()),
        world.ledger.accept(vec![NewJob { ..new("b") }]),
    );
    assert!(batch.is_err() && job.is_ok());
    assert_eq!(world.number("SELECT count(*) FROM batch").await, 0);
    world.assert_counts().await;
}

async fn a_clock_that_jumps_changes_no_order(world: World) {
    let mut keeper = LogKeeper::open(&world.ledger, "tax.example/log")
        .await
        .unwrap();
    let (mut sizes, mut roots) = (vec![0], Vec::new());
    let start = world.now().0;
    for (round, hours) in [0_i64, 48, -72, 1, -1_000, 30].into_iter().enumerate() {
        world.clock.set(Timestamp(start + hours * 3_600_000_000));
        let jobs = (0..5).map(|i| new(&format!("{round}-{i}"))).collect();
        world.accept(jobs).await;
        let done = keeper.pass().await.unwrap();
        let head = done.checkpoint.unwrap();
        assert!(head.size > *sizes.last().unwrap());
        sizes.push(head.size);
        roots.push((head.size, head.root));
    }
    let entries = world.ledger.entries(0, None, 1_000).await.unwrap();
    let mut edge = clerkwork_audit::log::Edge::default();
    for entry in &entries {
        edge.append(
            clerkwork_audit::log::leaf_hash(&entry.bytes),
            &mut Vec::new(),
        );
        for (size, root) in &roots {
            assert!(
                *size != edge.size() || *root == edge.root(),
                "head {size} still holds"
            );
        }
    }
    let all = world.number("SELECT count(*) FROM event").await;
    assert_eq!(
        (edge.size(), entries.len() as i64),
        (*sizes.last().unwrap(), all)
    );
}

/// As a restart of the database looks from here: every connection breaks, again and again.
async fn connections_that_break_leave_one_log(world: World) {
    let mut keeper = LogKeeper::open(&world.ledger, "tax.example/log")
        .await
        .unwrap();
    let breaking = !world.url.starts_with("sqlite:");
    let mut failures = 0;
    for round in 0..12 {
        let jobs = (0..40).map(|i| new(&format!("{round}-{i}"))).collect();
        let cut = async {
            if breaking {
                world
                    .execute(
                        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
                         WHERE datname = current_database() AND pid <> pg_backend_pid()",
                    )
                    .await;
            }
        };
        let (done, accepted, ()) = tokio::join!(keeper.pass(), world.ledger.accept(jobs), cut);
        failures += usize::from(done.is_err()) + usize::from(accepted.is_err());
    }
    println!("{failures} calls failed");
    // Whatever was committed has its number, and the heads are those of one log.
    let mut last = None;
    while last.is_none() {
        last = match keeper.pass().await {
            Ok(_) => world.ledger.checkpoint(None).await.ok().flatten(),
            Err(_) => None,
        };
    }
    let head = last.unwrap();
    let mut edge = clerkwork_audit::log::Edge::default();
    let mut place = None;
    while edge.size() < head.size {
        let page = world.ledger.entries(edge.size(), place, 500).await.unwrap();
        place = page.last().map(|entry| entry.place);
        for entry in &page {
            edge.append(
                clerkwork_audit::log::leaf_hash(&entry.bytes),
                &mut Vec::new(),
            );
            let said = world.ledger.checkpoint(Some(edge.size())).await.unwrap();
            if let Some(said) = said.filter(|said| said.size == edge.size()) {
                assert_eq!(said.root, edge.root(), "head {}", said.size);
            }
        }
    }
    let all = world.number("SELECT count(*) FROM event").await;
    assert_eq!((edge.size() as i64, edge.root()), (all, head.root));
}
