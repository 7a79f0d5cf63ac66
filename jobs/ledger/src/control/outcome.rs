//! How attempts ended lately: what the breaker goes by.

use clerkwork_audit::EventType;
use clerkwork_core::{BatchId, EventId, JobId, KindName, Timestamp};

use crate::{
    Ledger, LedgerError,
    engine::cell::{Cells, Damage},
    mint::first_of,
    row::batch_of,
};

const OF_TYPE: &str = include_str!("../sql/outcomes.sql");

/// How an attempt ended, or what became of an act.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum OutcomeKind {
    /// The item was completed.
    Completed,
    /// The item went back to the applicant.
    Returned,
    /// The item was put in front of a person.
    Blocked,
    /// The attempt failed technically.
    Failed,
    /// Whether an act happened is not known.
    Unknown,
}

impl OutcomeKind {
    const EVENTS: [(EventType, Self); 6] = [
        (EventType::JobCompleted, Self::Completed),
        (EventType::JobReturned, Self::Returned),
        (EventType::JobBlocked, Self::Blocked),
        (EventType::JobRetryScheduled, Self::Failed),
        (EventType::JobFailed, Self::Failed),
        (EventType::EffectUnknown, Self::Unknown),
    ];
}

/// One outcome.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// The event that says so.
    pub event: EventId,
    /// When.
    pub at: Timestamp,
    /// How it ended.
    pub kind: OutcomeKind,
    /// The job.
    pub job: JobId,
    /// The job's kind.
    pub job_kind: KindName,
    /// The job's batch.
    pub batch: Option<BatchId>,
}

/// What ended since a time.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Outcomes {
    /// The outcomes, of each type of event the oldest first.
    pub all: Vec<Outcome>,
    /// There were more than was asked for: only up to this time nothing is missing.
    pub complete_to: Option<Timestamp>,
}

impl Ledger {
    /// Outcomes since a time, of each type of event at most `limit`. Costs what it answers, not what
    /// the trail holds.
    pub async fn outcomes(&self, since: Timestamp, limit: u32) -> Result<Outcomes, LedgerError> {
        let mut outcomes = Outcomes::default();
        for (event, kind) in OutcomeKind::EVENTS {
            let cells = vec![event.as_str().into(), first_of(since).into(), limit.into()];
            let found = self.pools().fetch(OF_TYPE, cells).await?;
            for row in &found {
                outcomes.all.push(read(row, kind)?);
            }
            if found.len() >= limit as usize {
                let last = outcomes.all.last().map_or(since, |outcome| outcome.at);
                let so_far = outcomes.complete_to.unwrap_or(last);
                outcomes.complete_to = Some(so_far.min(last));
            }
        }
        Ok(outcomes)
    }
}

fn read(row: &Cells, kind: OutcomeKind) -> Result<Outcome, LedgerError> {
    let read = || {
        Ok(Outcome {
            event: EventId(row.uuid(0)?),
            at: Timestamp(row.int(1)?),
            kind,
            job: JobId(row.uuid(2)?),
            job_kind: KindName::new(&row.text(3)?),
            batch: batch_of(row.uuid(4)?),
        })
    };
    read().map_err(|Damage(damage)| LedgerError::corrupt("event", row.name_of_row(0), damage))
}
