//! The sweeper: fills the queue again when Redis lost entries.
//!
//! What may be missing, and how it is noticed:
//! * everything, after a flush or an empty restart: by the queue's epoch;
//! * the last second of writes, after a crash or a failover: by the server's new identity;
//! * what a dead leader marked and did not push: by the new term of another leader;
//! * single entries, for whatever reason: when a lane has run empty while the ledger still counts
//!   entries in it, or after [`OLD`].
//!
//! In the first three cases the whole window is dispatched again, which is small. What is pushed
//! twice is claimed once: the second entry is stale.

use std::time::Duration;

use clerkwork_audit::{EventDraft, EventType};
use clerkwork_core::{Actor, Lane, Office, Timestamp};
use clerkwork_ledger::LedgerError;
use clerkwork_queue::{Loss, Seen};
use clerkwork_runtime::Services;
use futures::future::try_join_all;
use serde_json::json;

use crate::{
    lease::{Leading, Term},
    pause,
};

/// An entry younger than this may still be on its way into Redis.
const YOUNG: Duration = Duration::from_secs(5);
/// An entry older than this is pushed again even while its lane is busy.
const OLD: Duration = Duration::from_secs(600);
const BATCH: u32 = 1_000;
/// After all dispatches.
const EVER: Timestamp = Timestamp(i64::MAX);

pub(crate) async fn run(services: &Services, mut leading: Leading) {
    let mut sweeper: Option<Sweeper> = None;
    while let Some(term) = leading.wait(services).await {
        let sweeper = match &mut sweeper {
            Some(sweeper) if sweeper.term == term => sweeper,
            _ => sweeper.insert(Sweeper::new(term)),
        };
        if let Err(error) = sweeper.sweep(services).await {
            tracing::warn!(error = %error, "sweep failed; trying again");
        }
        if !pause(services, services.config.scheduler.sweep_every).await {
            return;
        }
    }
}

/// What the sweeper knows in one term.
struct Sweeper {
    term: Term,
    seen: Seen,
    /// Redis has answered in this term.
    answered: bool,
    /// What was dispatched before this is to be dispatched again. Stays until the ledger has done
    /// it.
    distrusts: Option<Timestamp>,
    /// Redis lost everything, and the record of it is still owed, with so many jobs.
    owed: Option<u64>,
}

impl Sweeper {
    fn new(term: Term) -> Self {
        Self {
            term,
            seen: Seen::default(),
            answered: false,
            // What this process has dispatched itself, it pushes itself.
            distrusts: Some(term.since),
            owed: None,
        }
    }

    async fn sweep(&mut self, services: &Services) -> Result<(), LedgerError> {
        let loss = match services.queue.lost_since(&mut self.seen).await {
            Ok(loss) => loss,
            Err(error) => {
                tracing::debug!(error = %error, "redis does not answer the sweeper");
                if !self.answered {
                    // Nobody knows what becomes of what it was given before it is first seen.
                    self.distrusts = Some(EVER);
                }
                return Ok(());
            }
        };
        // What this term finds at its beginning happened before it.
        if self.answered && loss > Loss::Nothing {
            self.distrusts = Some(EVER);
        }
        if loss == Loss::Everything {
            self.owed = Some(self.owed.unwrap_or(0));
        }
        self.answered = true;
        match self.distrusts {
            Some(before) => self.refill(services, before).await,
            None => try_join_all(Lane::ALL.map(|lane| missing(services, lane)))
                .await
                .map(|_| ()),
        }
    }

    /// Has what was dispatched before `before` dispatched again.
    async fn refill(&mut self, services: &Services, before: Timestamp) -> Result<(), LedgerError> {
        let ledger = &services.ledger;
        let lanes = Lane::ALL.map(|lane| ledger.undispatch_older(lane, before, u32::MAX));
        let jobs: u64 = try_join_all(lanes).await?.into_iter().sum();
        if jobs > 0 {
            tracing::warn!(
                jobs,
                lost_everything = self.owed.is_some(),
                "redis may lack entries; dispatching the window again"
            );
        }
        if let Some(owed) = &mut self.owed {
            *owed += jobs;
            // A Redis that was new rather than robbed is no event.
            if *owed > 0 {
                let event = EventDraft::new(
                    EventType::QueueRefilled,
                    Actor::System("sweeper".into()),
                    json!({"jobs": *owed}),
                );
                services.ledger.record(Office::default(), event).await?;
            }
        }
        self.owed = None;
        self.distrusts = None;
        Ok(())
    }
}

/// Finds single entries that are missing in a lane.
async fn missing(services: &Services, lane: Lane) -> Result<(), LedgerError> {
    let Ok(waiting) = services.queue.len(lane).await else {
        return Ok(());
    };
    let age = if waiting == 0 { YOUNG } else { OLD };
    let before = services.clock.now().before(age);
    let jobs = services
        .ledger
        .undispatch_older(lane, before, BATCH)
        .await?;
    if jobs > 0 {
        tracing::info!(queue.lane = %lane, jobs, waiting, "entries are missing or very slow; dispatching them again");
    }
    Ok(())
}
