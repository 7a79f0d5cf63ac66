//! The audit log while what keeps it is killed, and while there is no room to write.

use std::{
    fs,
    io::Read,
    process::{Child, Command, Stdio},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use clerkwork_audit::{
    EventDraft, EventType,
    log::{Edge, leaf_hash},
};
use clerkwork_core::{Actor, Office};
use clerkwork_ledger::{Ledger, LogKeeper};
use clerkwork_rig::{
    LedgerKind, Process, Rig, RigOptions, assert_book_agrees, assert_trail_is_whole,
    submit_pending, until_ended,
};
use clerkwork_testkit::eventually;
use serde_json::json;

use crate::LIMIT;

fn scheduler(rig: &Rig) -> Child {
    Command::new(env!("CARGO_BIN_EXE_clerkwork"))
        .arg("scheduler")
        .envs(rig.environment())
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("a scheduler process")
}

/// Every event is one entry, and every head that was ever signed is one of this log.
async fn assert_log_is_whole(ledger: &Ledger, saved: &[(u64, clerkwork_core::Digest)]) {
    let (mut edge, mut place, mut heads) = (Edge::default(), None, 0);
    let head = ledger.checkpoint(None).await.expect("a head");
    let head = head.expect("a head");
    while edge.size() < head.size {
        let page = ledger.entries(edge.size(), place, 1_000).await;
        let page = page.expect("entries");
        place = page.last().map(|entry| entry.place);
        for entry in &page {
            edge.append(leaf_hash(&entry.bytes), &mut Vec::new());
            let said = ledger.checkpoint(Some(edge.size())).await.expect("a head");
            if let Some(said) = said.filter(|said| said.size == edge.size()) {
                assert_eq!(said.root, edge.root(), "head {}", said.size);
                heads += 1;
            }
            for (size, root) in saved {
                assert!(
                    *size != edge.size() || *root == edge.root(),
                    "head {size} was published"
                );
            }
        }
    }
    assert_eq!(edge.root(), head.root);
    assert!(heads > saved.len(), "{heads} heads");
}

async fn keeper_killed(ledger: LedgerKind) {
    let rig = Rig::start(RigOptions {
        ledger,
        settings: vec![("audit.checkpoint_seconds", "0.05".into())],
        ..RigOptions::default()
    })
    .await;
    let services = rig.services().await;
    let ledger = services.ledger.clone();
    let done = Arc::new(AtomicBool::new(false));
    let writing = tokio::spawn({
        let (ledger, done) = (ledger.clone(), done.clone());
        async move {
            let mut written = 0_u64;
            while !done.load(Ordering::SeqCst) {
                let actor = Actor::System("stage".into());
                let event =
                    EventDraft::new(EventType::QueueRefilled, actor, json!({"jobs": written}));
                let recorded = ledger.record(Office::default(), event).await;
                recorded.expect("an event");
                written += 1;
            }
            written
        }
    });
    let (mut size, mut saved) = (0, Vec::new());
    for _ in 0..4 {
        let mut keeper = scheduler(&rig);
        let head = eventually(LIMIT, async || {
            let head = ledger.checkpoint(None).await.expect("heads");
            head.filter(|head| head.size > size)
        })
        .await;
        // Wherever it is: numbering, signing, or waiting for the database.
        keeper.kill().expect("a process to kill");
        keeper.wait().expect("a process that ended");
        size = head.size;
        saved.push((head.size, head.root));
    }
    done.store(true, Ordering::SeqCst);
    let written = writing.await.expect("a writer");
    let mut keeper = LogKeeper::open(&ledger, "unused.example/log")
        .await
        .expect("a keeper");
    keeper.pass().await.expect("a pass");
    assert_log_is_whole(&ledger, &saved).await;
    let size = ledger
        .checkpoint(None)
        .await
        .expect("a head")
        .expect("a head")
        .size;
    assert!(
        size > written,
        "all {written} of the writer, and those of the schedulers"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn kill_9_of_the_keeper_leaves_one_log_on_sqlite() {
    keeper_killed(LedgerKind::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn kill_9_of_the_keeper_leaves_one_log_on_postgres() {
    keeper_killed(LedgerKind::Postgres).await;
}

/// Of a file of the ledger in KiB.
fn kibibytes(rig: &Rig, name: &str) -> u64 {
    let path = rig.data_dir().join(name);
    fs::metadata(path).map_or(0, |file| file.len().div_ceil(1_024))
}

/// No file of the worker's may grow beyond a size: its ledger meets a full disk in the middle.
#[tokio::test(flavor = "multi_thread")]
async fn with_no_room_for_events_the_work_stops_says_so_and_goes_on_later() {
    const ITEMS: usize = 300;
    let rig = Rig::start(RigOptions {
        applications: ITEMS,
        ..RigOptions::default()
    })
    .await;
    let services = rig.services().await;
    let batch = submit_pending(&services, "full").await;
    let process = Process::scheduler_only(&services);
    let largest = kibibytes(&rig, "ledger.db").max(kibibytes(&rig, "ledger.db-wal"));
    let limited = format!(
        "trap '' XFSZ; ulimit -f {}; exec \"$0\" worker",
        largest + 400
    );
    let mut worker = Command::new("bash")
        .args(["-c", &limited, env!("CARGO_BIN_EXE_clerkwork")])
        .envs(rig.environment())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("a worker process");
    let mut stderr = worker.stderr.take().expect("its stderr");
    let said = Arc::new(std::sync::Mutex::new(String::new()));
    std::thread::spawn({
        let said = said.clone();
        move || {
            let mut some = [0; 4_096];
            while let Ok(n @ 1..) = stderr.read(&mut some) {
                let text = String::from_utf8_lossy(&some[..n]).into_owned();
                said.lock().expect("what it said").push_str(&text);
            }
        }
    });
    eventually(LIMIT, async || {
        let said = said.lock().expect("what it said").clone();
        ["refused", "not available"]
            .iter()
            .any(|why| said.contains(why))
            .then_some(())
    })
    .await;
    worker.kill().expect("a process to kill");
    worker.wait().expect("a process that ended");
    // With room again everything ends as it should, and nothing was done that is not on record.
    let last = rig.services().await;
    let working = Process::start(&last);
    until_ended(&last, batch, ITEMS as u64, LIMIT).await;
    working.stop().await;
    process.stop().await;
    assert_book_agrees(&rig, &last, batch).await;
    assert_trail_is_whole(&last, batch).await;
    let mut keeper = LogKeeper::open(&last.ledger, "unused.example/log")
        .await
        .expect("a keeper");
    keeper.pass().await.expect("a pass");
    assert_log_is_whole(&last.ledger, &[]).await;
}
