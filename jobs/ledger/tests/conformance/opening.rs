//! Opening what is there, and saying clearly why something cannot be opened.

use std::sync::Arc;

use clerkwork_audit::Sealer;
use clerkwork_core::SystemClock;
use clerkwork_ledger::{Ledger, LedgerErrorKind, LedgerOptions};

use crate::world::{MASTER, World, on_both_engines};

on_both_engines!(
    a_newer_schema_is_refused,
    the_address_is_shown,
    many_open_at_once
);

async fn refusal(url: &str) -> String {
    let clock = Arc::new(SystemClock);
    let opened = Ledger::open(url, Sealer::new(&MASTER), clock, LedgerOptions::default()).await;
    let error = opened.unwrap_err();
    assert_eq!(error.kind(), LedgerErrorKind::Misconfigured, "{error:?}");
    error.to_string()
}

async fn a_newer_schema_is_refused(world: World) {
    let checksum = if world.url.starts_with("sqlite:") {
        "x'00'"
    } else {
        "'\\x00'"
    };
    world
        .execute(&format!(
            "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time)
             VALUES (9999, 'future', TRUE, {checksum}, 0)"
        ))
        .await;
    let said = refusal(&world.url).await;
    assert!(said.contains("newer") && said.contains("9999"), "{said}");
}

async fn the_address_is_shown(world: World) {
    let shown = world.ledger.url_redacted();
    assert!(
        shown.starts_with("sqlite:") || shown.starts_with("postgres:"),
        "{shown}"
    );
    world.ledger.ping().await.unwrap();
    let info = world.ledger.info().await.unwrap();
    assert!(info.engine == "sqlite" || info.engine == "postgresql");
}

async fn many_open_at_once(world: World) {
    let world = Arc::new(world);
    let tasks: Vec<_> = (0..6)
        .map(|i| {
            let world = world.clone();
            tokio::spawn(async move {
                let ledger = world.another().await;
                let accepted = ledger
                    .accept(vec![crate::world::new(&format!("r{i}"))])
                    .await;
                accepted.unwrap();
                ledger.close().await;
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    assert_eq!(world.number("SELECT count(*) FROM job").await, 6);
    world.assert_counts().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_file_may_be_opened_by_several_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite:{}", folder.path().join("new.db").display());
    let tasks: Vec<_> = (0..6)
        .map(|_| {
            let url = url.clone();
            tokio::spawn(async move {
                let sealer = Sealer::new(&MASTER);
                let clock = Arc::new(SystemClock);
                Ledger::open(&url, sealer, clock, LedgerOptions::default())
                    .await
                    .unwrap()
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap().ping().await.unwrap();
    }
}

#[tokio::test]
async fn sqlite_says_what_is_wrong() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().display();
    std::fs::write(
        folder.path().join("letter.txt"),
        "Dear Sir or Madam, ".repeat(100),
    )
    .unwrap();
    for (url, says) in [
        ("sqlite::memory:".to_owned(), "name a file"),
        ("sqlite:".to_owned(), "name a file"),
        (format!("sqlite:{path}/missing/ledger.db"), "does not exist"),
        (format!("sqlite:{path}"), "is a folder"),
        (
            format!("sqlite:{path}/letter.txt"),
            "not an SQLite database",
        ),
        ("mysql://localhost/x".to_owned(), "sqlite:"),
    ] {
        let said = refusal(&url).await;
        assert!(said.contains(says), "{url}: {said}");
    }
}

#[tokio::test]
async fn postgres_says_what_is_wrong() {
    let database = clerkwork_testkit::Postgres::database().await;
    let url = database.url();
    let missing = url.replace(database.name(), "cw_no_such_database");
    let stranger = url.replace("postgres@", "cw_nobody:geheim@");
    for (url, says) in [
        (
            "postgres://postgres@127.0.0.1:9/x".to_owned(),
            "cannot be reached",
        ),
        (missing, "no such database"),
        (stranger, "refuses this user"),
        ("postgres://[".to_owned(), "not an address"),
    ] {
        let said = refusal(&url).await;
        assert!(said.contains(says), "{url}: {said}");
        assert!(!said.contains("geheim"), "{said}");
    }
}
