//! Finding what the ledger holds of a person, wherever it is.

use std::collections::HashMap;

use clerkwork_audit::{PersonKey, Pseudonym};
use clerkwork_core::{EventId, JobId};
use serde_json::Value;
use uuid::Uuid;

use super::{PersonNumber, finished, redact};
use crate::{
    Ledger, LedgerError,
    engine::cell::{Cells, Damage},
};

/// Items read at a time.
const ITEMS: i64 = 1_000;
/// Sealed values read at a time.
const VALUES: i64 = 2_000;
/// Keys of persons that are remembered.
const KEYS: usize = 10_000;

/// What the ledger holds of a person.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Holdings {
    /// Items that are theirs.
    pub own: Vec<JobId>,
    /// Items of others that name them, as they are without them.
    pub mentions: Vec<(JobId, String)>,
    /// Sealed values of others that name them: pages, notes, messages.
    pub values: Vec<(EventId, String)>,
    /// All sealed values that would go, those of their own items among them.
    pub sealed: u64,
    /// Items that are theirs or name them and are not finished.
    pub unfinished: Vec<JobId>,
    /// Users who are related to them.
    pub relations: u64,
}

impl Holdings {
    /// Whether it is nothing.
    pub fn is_empty(&self) -> bool {
        self.own.is_empty()
            && self.mentions.is_empty()
            && self.values.is_empty()
            && self.relations == 0
    }
}

/// How far the search has come.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Looked {
    /// Items that were looked at.
    pub items: u64,
    /// Sealed values that were opened.
    pub values: u64,
}

impl Ledger {
    /// Looks through every item and every sealed value for a person. `told` hears how far it has come.
    ///
    /// # Errors
    /// When the ledger cannot be read, or a value does not open that should.
    pub async fn holdings(
        &self,
        number: &PersonNumber,
        told: impl Fn(Looked) + Send + Sync,
    ) -> Result<Holdings, LedgerError> {
        let person = self.pseudonym(number.as_str());
        let mut holdings = Holdings::default();
        let mut looked = Looked::default();
        self.look_at_items(number, &person, &mut holdings, &mut looked, &told)
            .await?;
        self.look_at_values(number, &person, &mut holdings, &mut looked, &told)
            .await?;
        let sql = "SELECT CAST(count(*) AS BIGINT) FROM account_relation WHERE person = $1";
        let found = self
            .pools()
            .fetch(sql, vec![person.0.to_vec().into()])
            .await?;
        let count = found.first().map(|row| row.int(0)).transpose();
        let count = count.map_err(|Damage(d)| LedgerError::corrupt("account_relation", "?", d))?;
        holdings.relations = u64::try_from(count.unwrap_or_default()).unwrap_or_default();
        Ok(holdings)
    }

    async fn look_at_items(
        &self,
        number: &PersonNumber,
        person: &Pseudonym,
        holdings: &mut Holdings,
        looked: &mut Looked,
        told: &(impl Fn(Looked) + Send + Sync),
    ) -> Result<(), LedgerError> {
        let mut after = Uuid::nil();
        loop {
            let sql = "SELECT i.id, i.person, i.payload, job.state FROM job_item i JOIN job ON job.id = i.id WHERE i.id > $1 ORDER BY i.id LIMIT $2";
            let found = self
                .pools()
                .fetch(sql, vec![after.into(), ITEMS.into()])
                .await?;
            for row in &found {
                let read = || {
                    let own = Pseudonym(row.bytes(1)?) == *person;
                    Ok((row.uuid(0)?, own, row.text(2)?, finished(row, 3)?))
                };
                let (id, own, payload, finished) =
                    read().map_err(|Damage(damage)| damaged("job_item", row, damage))?;
                (after, looked.items) = (id, looked.items + 1);
                let job = JobId(id);
                if own {
                    holdings.own.push(job);
                } else if let Some(without) = without(&payload, number) {
                    holdings.mentions.push((job, without));
                } else {
                    continue;
                }
                if !finished {
                    holdings.unfinished.push(job);
                }
            }
            told(*looked);
            if found.len() < ITEMS as usize {
                return Ok(());
            }
        }
    }

    async fn look_at_values(
        &self,
        number: &PersonNumber,
        person: &Pseudonym,
        holdings: &mut Holdings,
        looked: &mut Looked,
        told: &(impl Fn(Looked) + Send + Sync),
    ) -> Result<(), LedgerError> {
        let sealer = &self.shared().sealer;
        let mut keys: HashMap<[u8; 32], PersonKey> = HashMap::new();
        let (mut event, mut field) = (Uuid::nil(), String::new());
        loop {
            let sql = "SELECT s.event, s.field, s.person, s.ciphertext, p.wrapped_key \
                FROM event_sealed s LEFT JOIN person p ON p.pseudonym = s.person \
                WHERE (s.event, s.field) > ($1, $2) ORDER BY s.event, s.field LIMIT $3";
            let cells = vec![event.into(), field.as_str().into(), VALUES.into()];
            let found = self.pools().fetch(sql, cells).await?;
            for row in &found {
                let read = || {
                    let of = Pseudonym(row.bytes(2)?);
                    Ok((
                        row.uuid(0)?,
                        row.text(1)?,
                        of,
                        row.blob(3)?,
                        row.opt_blob(4)?,
                    ))
                };
                let (of_event, of_field, of, sealed, wrapped) =
                    read().map_err(|Damage(damage)| damaged("event_sealed", row, damage))?;
                (event, field) = (of_event, of_field);
                looked.values += 1;
                if of == *person {
                    holdings.sealed += 1;
                    continue;
                }
                // Without the key nobody reads it, and nobody is found in it.
                let Some(wrapped) = wrapped else { continue };
                if !keys.contains_key(&of.0) {
                    if keys.len() >= KEYS {
                        keys.clear();
                    }
                    keys.insert(of.0, sealer.unwrap_key(&wrapped, &of)?);
                }
                let Some(key) = keys.get(&of.0) else { continue };
                let id = EventId(event);
                let value = sealer.open(key, id, &field, &sealed)?;
                if redact::names(&value, number.as_str()) {
                    holdings.values.push((id, field.clone()));
                    holdings.sealed += 1;
                }
            }
            told(*looked);
            if found.len() < VALUES as usize {
                return Ok(());
            }
        }
    }
}

/// The payload without the bearer of the number; nothing if it does not name them.
fn without(payload: &str, number: &PersonNumber) -> Option<String> {
    if !redact::names(payload, number.as_str()) {
        return None;
    }
    // What is no JSON cannot be taken apart: it goes as a whole.
    let Ok(mut value) = serde_json::from_str::<Value>(payload) else {
        return Some(redact::ERASED.into());
    };
    // In a key of the item, or written with escapes: it goes as a whole.
    let left = redact::redact(&mut value, number.as_str()).then(|| value.to_string());
    Some(
        left.filter(|left| !redact::names(left, number.as_str()))
            .unwrap_or(redact::ERASED.into()),
    )
}

fn damaged(table: &'static str, row: &Cells, damage: String) -> LedgerError {
    LedgerError::corrupt(table, row.name_of_row(0), damage)
}
