//! The kit's own promises, against real servers.
#![allow(clippy::unwrap_used, reason = "a failed set-up fails the test")]

use std::{path::Path, time::Duration};

use clerkwork_testkit::{Postgres, Redis, eventually};
use redis::AsyncCommands;
use sqlx::Connection;

async fn connection(redis: &Redis) -> redis::aio::MultiplexedConnection {
    let client = redis::Client::open(redis.url()).unwrap();
    client.get_multiplexed_async_connection().await.unwrap()
}

#[tokio::test]
async fn redis_keeps_its_data_over_a_crash_and_leaves_no_folder() {
    let mut redis = Redis::start().await;
    let mut first = connection(&redis).await;
    let _: () = first.set("a", 7).await.unwrap();
    redis.kill9();
    assert!(first.get::<_, i32>("a").await.is_err());
    redis.restart().await;
    let kept: i32 = connection(&redis).await.get("a").await.unwrap();
    assert_eq!(kept, 7);
    let folder = redis.socket().parent().unwrap().to_owned();
    drop(redis);
    assert!(!folder.exists());
}

#[tokio::test]
async fn a_forgetful_redis_is_empty_after_a_restart() {
    let mut redis = Redis::forgetful().await;
    let _: () = connection(&redis).await.set("a", 7).await.unwrap();
    redis.restart().await;
    let kept: Option<i32> = connection(&redis).await.get("a").await.unwrap();
    assert_eq!(kept, None);
    redis.kill9();
    let folder = redis.socket().parent().unwrap().to_owned();
    drop(redis);
    assert!(!folder.exists());
}

#[tokio::test]
async fn two_databases_do_not_see_each_other_and_are_dropped() {
    let (a, b) = tokio::join!(Postgres::database(), Postgres::database());
    let mut in_a = sqlx::PgConnection::connect(&a.url()).await.unwrap();
    let mut in_b = sqlx::PgConnection::connect(&b.url()).await.unwrap();
    sqlx::query("CREATE TABLE t (n BIGINT)")
        .execute(&mut in_a)
        .await
        .unwrap();
    assert!(
        sqlx::query("SELECT n FROM t")
            .execute(&mut in_b)
            .await
            .is_err()
    );
    let fsync: String = sqlx::query_scalar("SHOW fsync")
        .fetch_one(&mut in_b)
        .await
        .unwrap();
    assert_eq!(fsync, "on");
    let name = a.name().to_owned();
    // Dropped although a connection is open.
    drop(a);
    let left: i64 = sqlx::query_scalar("SELECT count(*) FROM pg_database WHERE datname = $1")
        .bind(name)
        .fetch_one(&mut in_b)
        .await
        .unwrap();
    assert_eq!(left, 0);
}

/// Runs the ignored test below in a process of its own, kills that process, and looks for what it
/// left behind.
#[tokio::test]
async fn nothing_is_left_behind_when_the_test_process_is_killed() {
    let note = tempfile::NamedTempFile::new().unwrap();
    let mut process = std::process::Command::new(std::env::current_exe().unwrap())
        .args(["--ignored", "--exact", "waits_to_be_killed"])
        .env("CLERKWORK_TESTKIT_NOTE", note.path())
        .stdout(std::process::Stdio::null())
        .stderr(std::process::Stdio::null())
        .spawn()
        .unwrap();
    let folders: Vec<String> = eventually(Duration::from_secs(90), async || {
        let text = std::fs::read_to_string(note.path()).unwrap();
        text.ends_with(";\n").then(|| {
            text.trim_end_matches(";\n")
                .lines()
                .map(str::to_owned)
                .collect()
        })
    })
    .await;
    assert_eq!(folders.len(), 2);
    assert!(folders.iter().all(|folder| Path::new(folder).exists()));
    process.kill().unwrap();
    process.wait().unwrap();
    eventually(Duration::from_secs(30), async || {
        folders.iter().all(|folder| !Path::new(folder).exists())
    })
    .await;
}

#[tokio::test]
#[ignore = "started, and killed, by the test above"]
async fn waits_to_be_killed() {
    let Ok(note) = std::env::var("CLERKWORK_TESTKIT_NOTE") else {
        return;
    };
    let redis = Redis::start().await;
    let database = Postgres::database().await;
    let redis_folder = redis.socket().parent().unwrap().display().to_string();
    let url = database.url();
    let postgres_folder = url.split_once("host=").map_or("/", |(_, folder)| folder);
    std::fs::write(note, format!("{redis_folder}\n{postgres_folder};\n")).unwrap();
    std::future::pending::<()>().await;
}

#[tokio::test]
async fn a_frozen_redis_answers_again_after_the_thaw() {
    let redis = Redis::start().await;
    let mut connection = connection(&redis).await;
    redis.freeze();
    let stalled =
        tokio::time::timeout(Duration::from_millis(200), connection.ping::<String>()).await;
    assert!(!matches!(stalled, Ok(Ok(_))));
    redis.thaw();
    eventually(Duration::from_secs(5), async || {
        connection.ping::<String>().await.is_ok()
    })
    .await;
}
