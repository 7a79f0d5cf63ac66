//! The part of a job that changes, as the writer holds it between reading and writing.

use clerkwork_core::{BatchId, JobId, Lane, Office, State, Timestamp, Verdict, WorkerId};
use uuid::Uuid;

use crate::{
    LedgerError,
    engine::cell::{Cells, Damage},
};

/// A job without a deadline; it sorts last.
pub(crate) const NO_DEADLINE: i64 = i64::MAX;

/// The columns of [`JobRow`], in the order in which [`JobRow::read`] takes them.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct JobRow {
    pub(crate) id: JobId,
    pub(crate) office: Office,
    pub(crate) batch: Option<BatchId>,
    pub(crate) lane: Lane,
    pub(crate) deadline: Option<Timestamp>,
    pub(crate) state: State,
    pub(crate) attempt: u32,
    /// The greatest attempt that was ever claimed; no attempt is claimed twice.
    pub(crate) claimed_attempt: u32,
    pub(crate) failures: u32,
    pub(crate) rescues: u32,
    pub(crate) run_at: Timestamp,
    pub(crate) updated_at: Timestamp,
    pub(crate) finished_at: Option<Timestamp>,
    pub(crate) seq: u64,
    pub(crate) verdict: Option<Verdict>,
    pub(crate) last_error: Option<String>,
    pub(crate) cancel_asked_at: Option<Timestamp>,
    pub(crate) worker: Option<WorkerId>,
}

impl JobRow {
    pub(crate) fn read(row: &Cells) -> Result<Self, LedgerError> {
        Self::try_read(row)
            .map_err(|damage| LedgerError::corrupt("job", row.name_of_row(0), damage.0))
    }

    fn try_read(row: &Cells) -> Result<Self, Damage> {
        let time = |column| Ok::<_, Damage>(row.opt_int(column)?.map(Timestamp));
        Ok(Self {
            id: JobId(row.uuid(0)?),
            office: Office::new(row.text(1)?).map_err(|error| row.damage(1, error))?,
            batch: batch_of(row.uuid(2)?),
            lane: row.parse(3)?,
            deadline: deadline_of(row.int(4)?),
            state: row.parse(5)?,
            attempt: row.count(6)?,
            claimed_attempt: row.count(7)?,
            failures: row.count(8)?,
            rescues: row.count(9)?,
            run_at: Timestamp(row.int(10)?),
            updated_at: Timestamp(row.int(11)?),
            finished_at: time(12)?,
            seq: u64::from(row.count(13)?),
            verdict: verdict_of(row, 14)?,
            last_error: row.opt_text(15)?,
            cancel_asked_at: time(16)?,
            worker: row.opt_uuid(17)?.map(WorkerId),
        })
    }
}

pub(crate) fn batch_of(id: Uuid) -> Option<BatchId> {
    (!id.is_nil()).then_some(BatchId(id))
}

pub(crate) fn batch_cell(batch: Option<BatchId>) -> Uuid {
    batch.map_or(Uuid::nil(), |id| id.0)
}

pub(crate) fn deadline_of(micros: i64) -> Option<Timestamp> {
    (micros != NO_DEADLINE).then_some(Timestamp(micros))
}

pub(crate) fn verdict_of(row: &Cells, column: usize) -> Result<Option<Verdict>, Damage> {
    let Some(name) = row.opt_text(column)? else {
        return Ok(None);
    };
    Verdict::ALL
        .into_iter()
        .find(|verdict| verdict.as_str() == name)
        .map(Some)
        .ok_or_else(|| row.damage(column, format!("unknown verdict `{name}`")))
}
