//! Reading the audit trail.

use std::collections::BTreeMap;

use clerkwork_audit::{Pseudonym, SealError};
use clerkwork_core::{EventId, JobId};

use super::rows;
use crate::{Ledger, LedgerError, StoredEvent, engine::cell::Damage};

impl Ledger {
    /// The events about a job, in their order.
    pub async fn events_of(&self, job: JobId) -> Result<Vec<StoredEvent>, LedgerError> {
        let sql = "SELECT id, bytes FROM event WHERE job = $1 ORDER BY job_seq";
        let found = self.pools().fetch(sql, vec![job.0.into()]).await?;
        found.iter().map(rows::event).collect()
    }

    /// One event.
    pub async fn event(&self, id: EventId) -> Result<Option<StoredEvent>, LedgerError> {
        let sql = "SELECT id, bytes FROM event WHERE id = $1";
        let found = self.pools().fetch(sql, vec![id.0.into()]).await?;
        found.first().map(rows::event).transpose()
    }

    /// What stands in this ledger for the person with this id.
    pub fn pseudonym(&self, person_id: &str) -> Pseudonym {
        self.shared().sealer.pseudonym(person_id)
    }

    /// The personal data of an event, by field; empty when it has none. The caller must have asked
    /// whether the reader may see them, and must record that they were read.
    ///
    /// # Errors
    /// [`LedgerError::Seal`] when the person was erased or the master key is another one.
    pub async fn open_sealed(
        &self,
        event: EventId,
    ) -> Result<BTreeMap<String, String>, LedgerError> {
        let sql = "SELECT s.field, s.ciphertext, s.person, p.wrapped_key FROM event_sealed s \
            LEFT JOIN person p ON p.pseudonym = s.person WHERE s.event = $1";
        let found = self.pools().fetch(sql, vec![event.0.into()]).await?;
        let sealer = &self.shared().sealer;
        let mut opened = BTreeMap::new();
        for row in &found {
            let read = || {
                Ok::<_, Damage>((
                    row.text(0)?,
                    row.blob(1)?,
                    Pseudonym(row.bytes(2)?),
                    row.opt_blob(3)?,
                ))
            };
            let (field, ciphertext, person, wrapped) =
                read().map_err(|d| LedgerError::corrupt("event_sealed", event, d.0))?;
            let wrapped = wrapped.ok_or(SealError::NoKey)?;
            let key = sealer.unwrap_key(&wrapped, &person)?;
            let value = sealer.open(&key, event, &field, &ciphertext)?;
            opened.insert(field, value);
        }
        Ok(opened)
    }
}
