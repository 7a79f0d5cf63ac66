//! Who may work on a job, and who may not any more.

use std::sync::Arc;

use async_trait::async_trait;
use clerkwork_core::{Entry, JobId, State};
use clerkwork_fleet::travel;
use clerkwork_ledger::{Claim, Claimed};
use clerkwork_rig::LedgerKind;
use clerkwork_runtime::Services;
use tokio::sync::Notify;

use crate::{
    onlooker::{Call, Onlooker, watched},
    stage::Stage,
};

/// Claims the job and does nothing more.
pub async fn claim(services: &Services, entry: &Entry) {
    let claimed = services.ledger.claim(Claim {
        job: entry.job,
        attempt: entry.attempt,
        worker: services.worker,
        actor: services.robot(),
    });
    assert!(matches!(claimed.await.unwrap(), Claimed::Yes(_)));
}

async fn claims(stage: &Stage, id: JobId) -> usize {
    let events = stage.events(id).await;
    events.iter().filter(|kind| *kind == "job.claimed").count()
}

async fn one_of_two(ledger: LedgerKind) {
    let stage = Stage::new(ledger, 50).await;
    let (first, second) = (stage.process().await, stage.process().await);
    let id = stage.submit(stage.clean()).await;
    let entry = stage.entry(id).await;
    let (one, other) = tokio::join!(travel(&first, &entry), travel(&second, &entry));
    one.unwrap();
    other.unwrap();
    let job = stage.job(id).await;
    stage.assert_end(&job, State::Completed, (1, 0)).await;
    assert_eq!(claims(&stage, id).await, 1);
}

#[tokio::test]
async fn of_two_workers_with_one_entry_one_works_on_sqlite() {
    one_of_two(LedgerKind::Sqlite).await;
}

#[tokio::test]
async fn of_two_workers_with_one_entry_one_works_on_postgres() {
    one_of_two(LedgerKind::Postgres).await;
}

#[tokio::test]
async fn an_entry_for_another_attempt_or_an_ended_job_is_left_alone() {
    let stage = Stage::new(LedgerKind::Sqlite, 50).await;
    let id = stage.submit(stage.clean()).await;
    let entry = stage.entry(id).await;
    for attempt in [0, 2] {
        let stale = Entry {
            attempt,
            ..entry.clone()
        };
        travel(&stage.services, &stale).await.unwrap();
    }
    let unknown = Entry {
        job: JobId::new(),
        ..entry.clone()
    };
    travel(&stage.services, &unknown).await.unwrap();
    assert_eq!(stage.events(id).await, ["job.accepted"]);
    for _ in 0..2 {
        travel(&stage.services, &entry).await.unwrap();
    }
    let job = stage.job(id).await;
    stage.assert_end(&job, State::Completed, (1, 0)).await;
    assert_eq!(claims(&stage, id).await, 1);
}

/// Holds the first call of this sort until it is let go.
struct Hangs {
    before: bool,
    call: Call,
    reached: Arc<Notify>,
    go_on: Arc<Notify>,
}

#[async_trait]
impl Onlooker for Hangs {
    async fn before(&self, call: Call) {
        if self.before && call == self.call {
            self.reached.notify_one();
            self.go_on.notified().await;
        }
    }

    async fn after(&self, call: Call) {
        if !self.before && call == self.call {
            self.reached.notify_one();
            self.go_on.notified().await;
        }
    }
}

/// A worker is given up while it hangs around a call, another one ends its item, and then it wakes.
async fn zombie(ledger: LedgerKind) {
    let stage = Stage::new(ledger, 50).await;
    for (call, before) in [
        (Call::Dossier, true),
        (Call::Dossier, false),
        (Call::Issue, true),
        (Call::Issue, false),
    ] {
        let (reached, go_on) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
        let zombie = stage.process().await;
        let hanging = watched(
            &zombie,
            Hangs {
                before,
                call,
                reached: reached.clone(),
                go_on: go_on.clone(),
            },
        );
        let id = stage.submit(stage.unsubmitted_clean().await).await;
        let entry = stage.entry(id).await;
        let stuck = tokio::spawn(async move { travel(&hanging, &entry).await });
        reached.notified().await;
        stage.rescue(zombie.worker).await;
        let ended = stage.lead(&stage.services, id).await;
        stage.assert_end(&ended, State::Completed, (1, 0)).await;
        go_on.notify_one();
        stuck.await.unwrap().unwrap();
        assert_eq!(stage.job(id).await, ended, "{call:?}: the dead changed it");
        stage.assert_end(&ended, State::Completed, (1, 0)).await;
    }
}

#[tokio::test]
async fn a_worker_that_was_given_up_cannot_end_what_it_held_on_sqlite() {
    zombie(LedgerKind::Sqlite).await;
}

#[tokio::test]
async fn a_worker_that_was_given_up_cannot_end_what_it_held_on_postgres() {
    zombie(LedgerKind::Postgres).await;
}

/// It wakes while the other is just between looking up and acting.
#[tokio::test]
async fn a_late_act_of_a_worker_that_was_given_up_is_found_by_the_next() {
    let stage = Stage::new(LedgerKind::Sqlite, 50).await;
    let hangs = |reached: &Arc<Notify>, go_on: &Arc<Notify>| Hangs {
        before: true,
        call: Call::Issue,
        reached: reached.clone(),
        go_on: go_on.clone(),
    };
    let (reached, go_on) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let (dead, heir) = (stage.process().await, stage.process().await);
    let id = stage.submit(stage.clean()).await;
    let mut both = Vec::new();
    for services in [&dead, &heir] {
        let entry = stage.entry(id).await;
        let hanging = watched(services, hangs(&reached, &go_on));
        both.push(tokio::spawn(async move { travel(&hanging, &entry).await }));
        reached.notified().await;
        if services.worker == dead.worker {
            stage.rescue(dead.worker).await;
        }
    }
    // Waiters are let go in the order in which they came: the dead acts first.
    for stuck in both {
        go_on.notify_one();
        stuck.await.unwrap().unwrap();
    }
    let job = stage.job(id).await;
    stage.assert_end(&job, State::Completed, (1, 0)).await;
    assert_eq!(stage.rig.sandbox.state().counts().refused, 1);
}
