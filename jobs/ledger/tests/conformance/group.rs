//! Many requests in one transaction, and transactions that fail.

use std::sync::Arc;

use clerkwork_core::{State, WorkerId};
use clerkwork_ledger::{Changed, Claimed, LedgerError, LedgerErrorKind, Refused};

use crate::world::{World, change, new, on_both_engines};

on_both_engines!(
    concurrent_changes_share_commits_and_each_gets_its_answer,
    requests_for_one_job_in_one_group_are_applied_in_order,
    a_statement_that_fails_leaves_nothing_half_done,
    a_poisoned_request_fails_alone,
    a_closed_ledger_says_so_after_doing_what_was_queued,
    what_was_answered_is_there_after_reopening,
);

async fn concurrent_changes_share_commits_and_each_gets_its_answer(world: World) {
    let world = Arc::new(world);
    let ids = world
        .accept((0..400).map(|i| new(&format!("r{i}"))).collect())
        .await;
    let before = world.ledger.stats().commits;
    let mut tasks = Vec::new();
    for (i, id) in ids.iter().copied().enumerate() {
        let world = world.clone();
        tasks.push(tokio::spawn(async move {
            world.claim(id, 1, WorkerId::new()).await;
            // Every fourth asks for something that cannot be.
            let attempt = if i % 4 == 0 { 7 } else { 1 };
            let to = if i % 3 == 0 {
                State::Returned
            } else {
                State::Completed
            };
            (
                i,
                to,
                world.change(change(id, State::Running, attempt, to)).await,
            )
        }));
    }
    for task in tasks {
        let (i, to, answer) = task.await.unwrap();
        let (state, _) = world.state(ids[i]).await;
        if i % 4 == 0 {
            let is = Refused::JobIs {
                state: State::Running,
                attempt: 1,
            };
            assert_eq!((answer, state), (Changed::No(is), State::Running));
        } else {
            assert_eq!((answer, state), (Changed::Yes, to));
        }
    }
    let commits = world.ledger.stats().commits - before;
    assert!(commits < 350, "{commits} commits for 800 requests");
    world.assert_counts().await;
}

async fn requests_for_one_job_in_one_group_are_applied_in_order(world: World) {
    let id = world.running("r", WorkerId::new()).await;
    let tasks: Vec<_> = (0..50)
        .map(|_| {
            let ledger = world.ledger.clone();
            let touch = change(id, State::Running, 1, State::Running);
            tokio::spawn(async move { ledger.change(touch).await.unwrap() })
        })
        .collect();
    for task in tasks {
        assert_eq!(task.await.unwrap(), Changed::Yes);
    }
    let numbers: Vec<_> = world
        .events(id)
        .await
        .iter()
        .map(|e| e["job_seq"].as_u64().unwrap())
        .collect();
    assert_eq!(numbers, (1..=52).collect::<Vec<_>>());
    assert_eq!(world.job(id).await.seq, 52);
}

/// Refuses the last statements of a transaction for one type of event.
async fn poison(world: &World, kind: &str) {
    if world.url.starts_with("sqlite:") {
        let sql = format!(
            "CREATE TRIGGER poison BEFORE INSERT ON event WHEN new.type = '{kind}'
             BEGIN SELECT RAISE(ABORT, 'poisoned'); END"
        );
        world.execute(&sql).await;
    } else {
        let sql = format!(
            "CREATE FUNCTION poison() RETURNS trigger LANGUAGE plpgsql AS
             $$ BEGIN RAISE EXCEPTION 'poisoned'; END $$;
             CREATE TRIGGER poison BEFORE INSERT ON event FOR EACH ROW
             WHEN (new.type = '{kind}') EXECUTE FUNCTION poison()"
        );
        world.execute(&sql).await;
    }
}

async fn cure(world: &World) {
    let on = if world.url.starts_with("sqlite:") {
        ""
    } else {
        " ON event"
    };
    world.execute(&format!("DROP TRIGGER poison{on}")).await;
}

async fn a_statement_that_fails_leaves_nothing_half_done(world: World) {
    let id = world.running("r", WorkerId::new()).await;
    let before = world.job(id).await;
    poison(&world, "job.completed").await;
    let done = change(id, State::Running, 1, State::Completed);
    let error = world.ledger.change(done.clone()).await.unwrap_err();
    assert!(matches!(error, LedgerError::Database(_)), "{error:?}");
    assert_eq!(error.kind(), LedgerErrorKind::Transient);
    assert_eq!(world.job(id).await, before);
    assert_eq!(world.events(id).await.len(), 2);
    world.assert_counts().await;
    cure(&world).await;
    assert_eq!(world.change(done).await, Changed::Yes);
    world.assert_counts().await;
}

async fn a_poisoned_request_fails_alone(world: World) {
    let mut good = Vec::new();
    for i in 0..30 {
        good.push(world.running(&format!("r{i}"), WorkerId::new()).await);
    }
    let bad = world.running("bad", WorkerId::new()).await;
    poison(&world, "job.failed").await;
    let mut tasks = Vec::new();
    for (i, id) in good.iter().copied().enumerate() {
        let ledger = world.ledger.clone();
        let done = change(id, State::Running, 1, State::Completed);
        tasks.push(tokio::spawn(
            async move { ledger.change(done).await.unwrap() },
        ));
        if i == 15 {
            let failed = change(bad, State::Running, 1, State::Failed);
            assert!(world.ledger.change(failed).await.is_err());
        }
    }
    for task in tasks {
        assert_eq!(task.await.unwrap(), Changed::Yes);
    }
    assert_eq!(world.state(bad).await, (State::Running, 1));
    world.assert_counts().await;
}

async fn a_closed_ledger_says_so_after_doing_what_was_queued(world: World) {
    let ids = world
        .accept((0..100).map(|i| new(&format!("r{i}"))).collect())
        .await;
    let other = world.another().await;
    let tasks: Vec<_> = ids
        .iter()
        .map(|id| {
            let claim = clerkwork_ledger::Claim {
                job: *id,
                attempt: 1,
                worker: WorkerId::new(),
                actor: crate::world::robot(),
            };
            let ledger = other.clone();
            tokio::spawn(async move { ledger.claim(claim).await })
        })
        .collect();
    let left = other.clone();
    other.close().await;
    let mut claimed = 0;
    for task in tasks {
        match task.await.unwrap() {
            Ok(Claimed::Yes(_)) => claimed += 1,
            Ok(Claimed::Stale) => panic!("nobody else claims"),
            Err(error) => assert!(matches!(error, LedgerError::Closed), "{error:?}"),
        }
    }
    let counts = world.ledger.counts(None).await.unwrap();
    let running = counts.get(&State::Running).copied().unwrap_or(0);
    assert_eq!(
        running, claimed,
        "what was answered was done, and nothing else"
    );
    let closed = left.accept(vec![new("late")]).await;
    assert!(matches!(closed, Err(LedgerError::Closed)), "{closed:?}");
    left.wait_for_work(std::time::Duration::from_millis(1))
        .await;
}

async fn what_was_answered_is_there_after_reopening(world: World) {
    let id = world.running("r", WorkerId::new()).await;
    let job = world.job(id).await;
    let event = world.ledger.events_of(id).await.unwrap().remove(0);
    world.ledger.clone().close().await;
    let again = world.another().await;
    assert_eq!(again.job(id).await.unwrap(), Some(job));
    let sealed = again.open_sealed(event.id).await.unwrap();
    assert_eq!(sealed["subject_name"], "张三丰");
    let info = again.info().await.unwrap();
    assert!(info.size_bytes > 0 && info.schema == 10 && !info.version.is_empty());
    again.ping().await.unwrap();
}

/// The commit itself fails: a violated foreign key that is looked at only then.
#[tokio::test]
async fn a_commit_that_fails_leaves_nothing_half_done_on_sqlite() {
    let world = World::sqlite().await;
    let id = world.running("r", WorkerId::new()).await;
    let before = world.job(id).await;
    world
        .execute(
            "CREATE TABLE nowhere (id INTEGER PRIMARY KEY);
             CREATE TABLE fault (n INTEGER REFERENCES nowhere (id) DEFERRABLE INITIALLY DEFERRED);
             CREATE TRIGGER fault AFTER INSERT ON event WHEN new.type = 'job.completed'
             BEGIN INSERT INTO fault VALUES (1); END",
        )
        .await;
    let done = change(id, State::Running, 1, State::Completed);
    let error = world.ledger.change(done.clone()).await.unwrap_err();
    assert!(matches!(error, LedgerError::Database(_)), "{error:?}");
    assert_eq!(world.job(id).await, before);
    assert_eq!(world.events(id).await.len(), 2);
    world.assert_counts().await;
    world.execute("DROP TRIGGER fault").await;
    assert_eq!(world.change(done).await, Changed::Yes, "the writer goes on");
}

/// A connection that is cut between two requests costs a retry, not an error.
#[tokio::test(flavor = "multi_thread")]
async fn a_cut_connection_is_replaced_on_postgres() {
    let world = World::postgres().await;
    for round in 0..5 {
        world
            .execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                 WHERE datname = current_database() AND pid <> pg_backend_pid()",
            )
            .await;
        let id = world.one(&format!("r{round}")).await;
        assert_eq!(world.events(id).await.len(), 1);
    }
    world.assert_counts().await;
}
