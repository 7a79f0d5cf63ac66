//! What a writer remembers between transactions, so that it need not read it again.
//!
//! Nothing is remembered before its transaction has committed.

use std::{
    collections::{BTreeSet, HashMap, HashSet},
    sync::{Mutex, PoisonError},
};

use clerkwork_core::{BatchId, JobId};

use crate::row::JobRow;

/// At most so many of each kind; beyond that the memory of that kind starts anew.
const REMEMBERED: usize = 20_000;

/// Known batches, and on SQLite the rows that were written last.
#[derive(Debug, Default)]
pub(crate) struct Memory {
    batches: Mutex<HashSet<BatchId>>,
    rows: Mutex<Rows>,
}

/// Job rows as they stand, as long as nobody else has written: `version` is SQLite's
/// `data_version`, which moves with every commit of another connection and with none of one's own.
#[derive(Debug, Default)]
struct Rows {
    version: Option<i64>,
    jobs: HashMap<JobId, JobRow>,
}

/// What may be remembered once the transaction is committed.
#[derive(Debug, Default)]
pub(crate) struct Written {
    pub(crate) batches: Vec<BatchId>,
    pub(crate) rows: Vec<JobRow>,
    /// The `data_version` that the transaction saw; absent: rows are not remembered.
    pub(crate) version: Option<i64>,
    pub(crate) work_appeared: bool,
    /// The types of the events, when they must be as their schema says.
    pub(crate) kinds: BTreeSet<&'static str>,
}

impl Memory {
    pub(crate) fn knows_batch(&self, batch: BatchId) -> bool {
        let batches = self.batches.lock().unwrap_or_else(PoisonError::into_inner);
        batches.contains(&batch)
    }

    /// Takes the rows that are remembered and still stand. They are taken, not lent: unless the
    /// transaction commits and gives them back, they are read again.
    pub(crate) fn take_rows(&self, version: i64, jobs: impl Iterator<Item = JobId>) -> Vec<JobRow> {
        let mut rows = self.rows.lock().unwrap_or_else(PoisonError::into_inner);
        if rows.version != Some(version) {
            rows.version = Some(version);
            rows.jobs.clear();
        }
        jobs.filter_map(|job| rows.jobs.remove(&job)).collect()
    }

    /// After an error the connection may be another one, whose marks mean something else.
    pub(crate) fn forget_rows(&self) {
        *self.rows.lock().unwrap_or_else(PoisonError::into_inner) = Rows::default();
    }

    pub(crate) fn keep(&self, written: Written) {
        if !written.batches.is_empty() {
            let mut batches = self.batches.lock().unwrap_or_else(PoisonError::into_inner);
            if batches.len() + written.batches.len() > REMEMBERED {
                batches.clear();
            }
            batches.extend(written.batches);
        }
        if let Some(version) = written.version {
            let mut rows = self.rows.lock().unwrap_or_else(PoisonError::into_inner);
            if rows.version != Some(version) {
                return;
            }
            if rows.jobs.len() + written.rows.len() > REMEMBERED {
                rows.jobs.clear();
            }
            let going_on = written
                .rows
                .into_iter()
                .filter(|row| !row.state.is_terminal());
            rows.jobs.extend(going_on.map(|row| (row.id, row)));
        }
    }
}
