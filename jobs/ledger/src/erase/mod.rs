//! Erasing a person: what the ledger holds of them is destroyed, and the audit log stays whole.
//!
//! Events hold commitments to personal data, never the data: with the salt and the person's key gone, nobody
//! can open or guess them, and no byte of the log has changed. What else the ledger holds goes as well: items
//! of theirs, what was decided on and kept with them, and where items of others name them.
//!
//! Invariants:
//! * an item that is not finished is not touched, and neither is anything else then;
//! * what is destroyed and the event that says so are one transaction;
//! * afterwards nothing leads from the person's number to what was theirs: their items stand under a
//!   pseudonym that is made of nothing.

mod holdings;
mod redact;

use clerkwork_audit::{EventDraft, EventType, Pseudonym};
use clerkwork_core::{Digest, JobId, Office, State};
use serde_json::json;

use crate::{
    Authority, Ledger, LedgerError,
    engine::{
        Engine, Tx,
        cell::{Cells, Damage},
    },
    writer::{authority::unchanged, plan::Plan, register::Register},
};

pub use holdings::{Holdings, Looked};
pub use redact::ERASED;

/// The number of a person, by which they are looked for.
#[derive(Clone, PartialEq, Eq)]
pub struct PersonNumber(String);

impl std::fmt::Debug for PersonNumber {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("PersonNumber(…)")
    }
}

impl PersonNumber {
    /// A tax or identity number.
    ///
    /// # Errors
    /// It is shorter than six characters, or has others than letters, digits and `-`: what it would be
    /// found in is not theirs.
    pub fn new(number: &str) -> Result<Self, LedgerError> {
        let fits = |c: char| c.is_ascii_alphanumeric() || c == '-';
        if number.len() < 6 || number.len() > 64 || !number.chars().all(fits) {
            return Err(LedgerError::Invalid(
                "a person's number has 6 to 64 letters, digits and `-`".into(),
            ));
        }
        Ok(Self(number.to_owned()))
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

/// What became of a wish to erase a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Erased {
    /// It is done; with what stands for the person from now on.
    Yes(Digest),
    /// These items are not finished, and nothing was touched.
    Unfinished(Vec<JobId>),
    /// The ledger holds nothing of them.
    Nothing,
    /// The rights of this user, who wished it, were changed a moment ago.
    AuthorityChanged(String),
}

#[derive(Debug)]
struct Erase {
    number: PersonNumber,
    person: Pseudonym,
    holdings: Holdings,
    subject: Pseudonym,
    reason: String,
    by: Authority,
}

impl Erase {
    /// The person's own items as they stand now, and whether each is finished. Nobody brings in another
    /// until the end of the transaction.
    async fn own(&self, tx: &mut Tx) -> Result<Vec<(JobId, bool)>, LedgerError> {
        let sql = "SELECT 1 FROM person WHERE pseudonym = $1 {update}";
        tx.fetch(sql, vec![self.person.0.to_vec().into()]).await?;
        let sql =
            "SELECT i.id, job.state FROM job_item i JOIN job ON job.id = i.id WHERE i.person = $1";
        let found = tx.fetch(sql, vec![self.person.0.to_vec().into()]).await?;
        let read = |row: &Cells| {
            let read = || Ok((JobId(row.uuid(0)?), finished(row, 1)?));
            read().map_err(|Damage(damage)| LedgerError::corrupt("job_item", "?", damage))
        };
        found.iter().map(read).collect()
    }

    async fn destroy_item(&self, tx: &mut Tx, job: JobId) -> Result<(), LedgerError> {
        let of_job = || vec![job.0.into()];
        let sql = "UPDATE job_item SET payload = $2, payload_salt = $3, person = $4, traceparent = NULL \
            WHERE id = $1";
        let cells = vec![
            job.0.into(),
            ERASED.into(),
            vec![0_u8; 16].into(),
            self.subject.0.to_vec().into(),
        ];
        tx.execute(sql, cells).await?;
        for sql in [
            "DELETE FROM event_sealed WHERE event IN (SELECT id FROM event WHERE job = $1)",
            "DELETE FROM decision WHERE job = $1",
            "UPDATE effect SET result = NULL, before = NULL WHERE job = $1",
            "UPDATE review SET reason = NULL, concern = NULL WHERE job = $1",
        ] {
            tx.execute(sql, of_job()).await?;
        }
        Ok(())
    }

    /// What was kept with an item of somebody else and names the person.
    async fn destroy_beside(&self, tx: &mut Tx, job: JobId) -> Result<(), LedgerError> {
        for sql in [
            "UPDATE effect SET result = NULL, before = NULL \
             WHERE job = $1 AND (result LIKE $2 OR before LIKE $2)",
            "UPDATE review SET reason = NULL WHERE job = $1 AND reason LIKE $2",
        ] {
            let named = format!("%{}%", self.number.as_str());
            tx.execute(sql, vec![job.0.into(), named.into()]).await?;
        }
        Ok(())
    }

    async fn destroy_mentions(&self, tx: &mut Tx) -> Result<(), LedgerError> {
        for (job, payload) in &self.holdings.mentions {
            let sql = "UPDATE job_item SET payload = $2, payload_salt = $3 WHERE id = $1";
            let cells = vec![job.0.into(), payload.as_str().into(), vec![0_u8; 16].into()];
            tx.execute(sql, cells).await?;
            let sql = "DELETE FROM decision WHERE job = $1";
            tx.execute(sql, vec![job.0.into()]).await?;
            self.destroy_beside(tx, *job).await?;
        }
        for (event, field) in &self.holdings.values {
            let sql = "SELECT job FROM event WHERE id = $1 AND job IS NOT NULL";
            for row in tx.fetch(sql, vec![event.0.into()]).await? {
                let job = row.uuid(0);
                let job = job.map_err(|Damage(d)| LedgerError::corrupt("event", event, d))?;
                self.destroy_beside(tx, JobId(job)).await?;
            }
            let sql = "DELETE FROM event_sealed WHERE event = $1 AND field = $2";
            let cells = vec![event.0.into(), field.as_str().into()];
            tx.execute(sql, cells).await?;
        }
        Ok(())
    }
}

/// Whether the state in this column is an end.
fn finished(row: &Cells, column: usize) -> Result<bool, Damage> {
    let state = row.text(column)?.parse::<State>();
    Ok(state
        .map_err(|error| row.damage(column, error))?
        .is_terminal())
}

impl Register for Erase {
    type Answer = Erased;

    async fn write(&self, tx: &mut Tx, plan: &mut Plan<'_>) -> Result<Erased, LedgerError> {
        if let Some(name) = unchanged(tx, &self.by.seen).await? {
            return Ok(Erased::AuthorityChanged(name));
        }
        let own = self.own(tx).await?;
        let unfinished: Vec<_> = own.iter().filter(|(_, finished)| !finished).collect();
        if !unfinished.is_empty() {
            return Ok(Erased::Unfinished(
                unfinished.iter().map(|(job, _)| *job).collect(),
            ));
        }
        for (job, _) in &own {
            self.destroy_item(tx, *job).await?;
        }
        self.destroy_mentions(tx).await?;
        for sql in [
            "DELETE FROM account_relation WHERE person = $1",
            "DELETE FROM person WHERE pseudonym = $1",
        ] {
            tx.execute(sql, vec![self.person.0.to_vec().into()]).await?;
        }
        let subject = Digest(self.subject.0);
        let mut data = json!({
            "items": own.len(),
            "mentions": self.holdings.mentions.len(),
            "values": self.holdings.sealed,
            "reason": self.reason,
            "subject": subject.to_string(),
        });
        if let Some(absent) = &self.by.on_behalf_of {
            data["on_behalf_of"] = absent.as_str().into();
        }
        let draft = EventDraft::new(EventType::PersonErased, self.by.actor.clone(), data);
        let event = plan.render(&draft, &Office::default(), None, None, None)?;
        plan.events.push(event);
        Ok(Erased::Yes(subject))
    }
}

impl Ledger {
    /// Destroys what the ledger holds of a person, as it was found by [`holdings`](Self::holdings).
    /// `reason` must hold no personal data. What other processes wrote about them meanwhile stays: look
    /// again afterwards.
    ///
    /// # Errors
    /// [`LedgerError::Invalid`] when the reason is empty or over 500 bytes.
    pub async fn erase(
        &self,
        number: &PersonNumber,
        holdings: Holdings,
        reason: &str,
        by: &Authority,
    ) -> Result<Erased, LedgerError> {
        let reason = crate::control::brake::reasonable(reason)?;
        if !holdings.unfinished.is_empty() {
            return Ok(Erased::Unfinished(holdings.unfinished));
        }
        if holdings.is_empty() {
            return Ok(Erased::Nothing);
        }
        let erase = Erase {
            number: number.clone(),
            person: self.pseudonym(number.as_str()),
            holdings,
            subject: Pseudonym(rand::random()),
            reason,
            by: by.clone(),
        };
        let erased = self.register(erase).await?;
        if let Erased::Yes(_) = erased {
            self.settle_what_was_freed().await?;
        }
        Ok(erased)
    }

    /// What was deleted must not be found in the database's files. SQLite zeroes it, and the write-ahead log
    /// still holds what was; PostgreSQL lets it be written over.
    async fn settle_what_was_freed(&self) -> Result<(), LedgerError> {
        match self.pools().engine() {
            Engine::Sqlite => {
                let sql = "PRAGMA wal_checkpoint(TRUNCATE)";
                self.pools().run_alone(sql).await?;
            }
            Engine::Postgres => {
                let sql = "VACUUM job_item, event_sealed, decision, effect, review, person, \
                    account_relation";
                self.pools().run_alone(sql).await?;
            }
        }
        Ok(())
    }
}
