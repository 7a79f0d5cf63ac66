//! The parts as processes of their own on shared servers, and how they end.

use std::{
    io::{Read, Write},
    os::unix::net::UnixStream,
    path::Path,
};

use clerkwork_testkit::{Postgres, Redis};
use serde_json::json;

use crate::{
    harness::{Home, Up, eventually, example},
    platform::Platform,
};

/// Sends one command as text; Redis takes that too.
fn tell_redis(socket: &Path, command: &str) {
    let mut stream = UnixStream::connect(socket).unwrap();
    write!(stream, "{command}\r\nQUIT\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(!answer.starts_with('-'), "{answer}");
}

#[tokio::test(flavor = "multi_thread")]
async fn workers_and_a_scheduler_share_a_redis_and_a_postgresql() {
    let redis = Redis::start().await;
    let database = Postgres::database().await;
    let (seed, items) = (9, 150);
    let mut home = Home::new();
    let platform = Platform::start(&mut home, seed, items);
    home.set("CLERKWORK__REDIS__URL", &redis.url());
    home.set("CLERKWORK__LEDGER__URL", &database.url());
    home.people();

    let start = |verb| Up::start(home.command(&[verb]), "runs; Ctrl-C ends it");
    let parts = [
        start("scheduler"),
        start("scheduler"),
        start("worker"),
        start("worker"),
    ];
    tell_redis(&redis.socket(), "XADD {cw:standard}:s * junk 1");
    let batch = home.json(&[
        "batch",
        "submit",
        "--from-upstream",
        "--reference",
        "B",
        "--as",
        "alice",
    ]);
    assert_eq!(batch["accepted"], items);
    let watched = home.json(&["batch", "watch", "B", "--timeout", "60"]);

    let expected = crate::demo::expected(seed, items);
    for (state, count) in &expected {
        assert_eq!(watched["counts"][state], *count, "{state}: {watched:#}");
    }
    let book = platform.book();
    let issued = book["issued"].as_object().unwrap();
    assert_eq!(issued.len() as u64, expected["completed"]);
    assert!(
        issued
            .values()
            .all(|issues| issues.as_array().unwrap().len() == 1)
    );

    let letters = home.json(&["dead-letters", "list"]);
    let letters = letters["items"].as_array().unwrap();
    assert_eq!(letters.len(), 1, "{letters:#?}");
    assert_eq!(letters[0]["fields"], json!({"junk": "1"}));
    let doctor = home.run(&["doctor", "--json"]).ok().json();
    let workers = doctor["checks"].as_array().unwrap();
    let workers = workers
        .iter()
        .find(|check| check["name"] == "workers")
        .unwrap();
    assert_eq!(workers["status"], "ok", "{doctor:#}");
    for part in parts {
        assert_eq!(part.stop().code(), Some(0));
    }
}

#[test]
fn the_first_interrupt_waits_for_items_in_work_and_the_second_ends_at_once() {
    let mut home = Home::with_people();
    let platform = Platform::start(&mut home, 1, 10);
    // Nothing that is in work can end before the test does.
    home.set("CLERKWORK__ETAX__REQUEST_TIMEOUT_SECONDS", "50");
    platform.set_faults(&json!([{"type": "latency", "milliseconds": 40_000}]));
    let mut up = home.up(&[]);
    let submit = [
        "job",
        "submit",
        "--kind",
        "agent_invoice_review",
        "--reference",
        "R-1",
        "--as",
        "alice",
    ];
    home.run_with(&submit, example("agent_invoice_review", |_| ()).as_bytes())
        .ok();
    home.wait_for("R-1", "running");
    up.signal("INT");
    eventually("it says what it waits for", || {
        up.said()
            .contains("waiting for 1 items in work")
            .then_some(())
    });
    up.signal("INT");
    assert_eq!(up.wait().code(), Some(130));

    // What was in work is not lost: the next start adopts the Redis and takes the item over.
    platform.set_faults(&json!([]));
    home.set("CLERKWORK__FLEET__SILENT_AFTER_SECONDS", "1");
    home.set("CLERKWORK__FLEET__HEARTBEAT_SECONDS", "0.3");
    let up = home.up(&[]);
    home.wait_for("R-1", "blocked");
    assert_eq!(up.stop().code(), Some(0));
}

#[test]
fn two_processes_do_not_work_on_one_folder() {
    let home = Home::with_people();
    let up = home.up(&[]);
    let done = home.run(&["up", "--json"]).fails(4, &[]);
    assert_eq!(done.error()["code"], "data_dir");
    assert_eq!(up.stop().code(), Some(0));
}
