//! The leader numbers events, signs heads, and hands them to those whom the settings name.

use std::{fs, time::Duration};

use clerkwork_rig::{LedgerKind, Process};
use clerkwork_testkit::eventually;

use crate::{
    LIMIT, on_both_ledgers,
    stage::{self, events, stopped_clock},
};

async fn heads_are_published_when_their_time_has_come(ledger: LedgerKind) {
    let archive = tempfile::tempdir().unwrap();
    let folder = archive.path().to_str().unwrap();
    let settings = [
        ("audit.checkpoint_seconds", "0.05"),
        ("audit.publish_minutes", "1"),
        ("audit.publish_folder", folder),
    ];
    let rig = stage::rig(ledger, &settings).await;
    let (services, clock) = stopped_clock(&rig).await;
    let process = Process::scheduler_only(&services);
    let kept = || {
        let entries = fs::read_dir(archive.path()).unwrap().flatten();
        let mut names: Vec<_> = entries
            .filter_map(|entry| entry.file_name().into_string().ok())
            .filter(|name| name.starts_with("checkpoint-"))
            .collect();
        names.sort_unstable();
        names
    };
    // The notary counts from its own start: there is a head before the time has come.
    eventually(LIMIT, async || {
        services.ledger.checkpoint(None).await.unwrap().is_some()
    })
    .await;
    assert_eq!(kept(), [] as [String; 0]);
    for published in 1..=2 {
        clock.advance(Duration::from_secs(60));
        eventually(LIMIT, async || kept().len() == published).await;
        eventually(LIMIT, async || {
            events(&services, "log.published").await.len() == published
        })
        .await;
    }
    let note = fs::read_to_string(archive.path().join(&kept()[1])).unwrap();
    let size: u64 = note.lines().nth(1).unwrap().parse().unwrap();
    let head = services.ledger.checkpoint(Some(size)).await.unwrap();
    assert_eq!(
        head.unwrap().note,
        note,
        "what was handed out is a head of the log"
    );
    process.stop().await;
}

on_both_ledgers!(heads_are_published_when_their_time_has_come);
