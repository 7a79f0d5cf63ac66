//! The fleet's process is killed with -9 while it works.

use std::process::{Child, Command, Stdio};

use clerkwork_rig::{
    LedgerKind, Process, Rig, RigOptions, assert_book_agrees, assert_trail_is_whole,
    submit_pending, until_ended, until_some,
};

use crate::{ITEMS, LIMIT};

/// A worker process of the real binary; killed when the test ends.
pub struct Worker(Child);

impl Worker {
    /// Starts one.
    pub fn start(rig: &Rig) -> Self {
        let child = Command::new(env!("CARGO_BIN_EXE_clerkwork"))
            .arg("worker")
            .envs(rig.environment())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .spawn()
            .expect("a worker process");
        Self(child)
    }

    /// SIGKILL: no handler runs.
    pub fn kill9(&mut self) {
        self.0.kill().expect("a process to kill");
        self.0.wait().expect("a process that ended");
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        self.0.kill().ok();
        self.0.wait().ok();
    }
}

async fn killed_in_the_middle(ledger: LedgerKind) {
    let rig = Rig::start(RigOptions {
        ledger,
        applications: ITEMS,
        ..RigOptions::default()
    })
    .await;
    let services = rig.services().await;
    let batch = submit_pending(&services, "killed").await;
    let scheduler = services.clone();
    let scheduling = tokio::spawn(async move { clerkwork_scheduler::run(scheduler).await });
    let mut first = Worker::start(&rig);
    until_some(&services, batch, ITEMS as u64 / 5, LIMIT).await;
    first.kill9();
    let mut second = Worker::start(&rig);
    until_some(&services, batch, ITEMS as u64 / 2, LIMIT).await;
    second.kill9();
    // The third one finishes, in this process.
    let last = rig.services().await;
    let process = Process::start(&last);
    until_ended(&last, batch, ITEMS as u64, LIMIT).await;
    process.stop().await;
    services.draining.cancel();
    scheduling
        .await
        .expect("a scheduler that ends well")
        .expect("a scheduler without error");
    assert_book_agrees(&rig, &last, batch).await;
    assert_trail_is_whole(&last, batch).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn kill_9_of_the_fleet_in_the_middle_loses_nothing_and_repeats_nothing_on_sqlite() {
    killed_in_the_middle(LedgerKind::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn kill_9_of_the_fleet_in_the_middle_loses_nothing_and_repeats_nothing_on_postgres() {
    killed_in_the_middle(LedgerKind::Postgres).await;
}
