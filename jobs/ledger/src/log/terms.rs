//! Keeping what a search finds events by, beside the numbering: numbers never wait for it.

use clerkwork_audit::terms;
use clerkwork_core::EventId;

use super::read::number;
use crate::{
    Ledger, LedgerError,
    engine::{
        bulk::{Bulk, Rows},
        cell::Ty,
    },
};

/// So many entries in one transaction at most: on SQLite nobody else writes meanwhile.
const AT_ONCE: u32 = 8_192;

static TERM_PUT: Bulk = Bulk {
    sql: "INSERT INTO event_term (term, event) {rows} ON CONFLICT (term, event) DO NOTHING",
    types: &[Ty::Int, Ty::Id],
};

impl Ledger {
    /// Keeps the terms of the next entries of the log, in one transaction. Answers how many entries those were;
    /// 0 when the terms of all are kept. Any number may do it at once.
    pub async fn keep_terms(&self) -> Result<u64, LedgerError> {
        loop {
            let Some(state) = self.log_state().await? else {
                return Ok(0);
            };
            if state.termed >= state.size {
                return Ok(0);
            }
            let found = self.entries(state.termed, None, AT_ONCE).await?;
            let Some(last) = found.last() else {
                let why = "it is in the log, but not in the trail";
                return Err(LedgerError::corrupt("log_entry", state.termed, why));
            };
            let mut kept: Vec<(i64, EventId)> = Vec::new();
            for entry in &found {
                let terms = terms(&entry.bytes).into_iter();
                kept.extend(terms.map(|term| (term.key(), entry.event)));
            }
            // In the order of the index, so that its pages are met once each.
            kept.sort_unstable();
            let mut rows = Rows::with_capacity(kept.len(), 2);
            for (term, event) in kept {
                rows.push([term.into(), event.0.into()]);
            }
            let mut tx = self.pools().begin().await?;
            let sql = "UPDATE log_state SET termed = $1 WHERE one = 1 AND termed = $2";
            let cells = vec![number(last.index + 1).into(), number(state.termed).into()];
            if tx.execute(sql, cells).await? == 0 {
                // Another has kept them.
                tx.rollback().await?;
                continue;
            }
            tx.bulk(&TERM_PUT, rows).await?;
            tx.commit().await.map_err(LedgerError::of_commit)?;
            return Ok(found.len() as u64);
        }
    }
}
