//! What the policy was shown, for it to be shown to another policy.

use clerkwork_core::{Digest, Facts, JobId, KindName, Office, Timestamp, Verdict};

use super::rows;
use crate::{
    DecisionKey, Ledger, LedgerError,
    engine::cell::{Cells, Damage},
    mint::first_of,
    row::verdict_of,
};

const INPUTS: &str = include_str!("../sql/inputs.sql");

/// One input of the policy, with what it said.
#[derive(Debug, Clone, PartialEq)]
pub struct KeptInput {
    /// Key of the decision, for paging.
    pub key: DecisionKey,
    /// The job.
    pub job: JobId,
    /// When it was decided.
    pub at: Timestamp,
    /// The verdict.
    pub verdict: Verdict,
    /// The policy that gave it.
    pub policy: Digest,
    /// What was known.
    pub facts: Facts,
    /// The job's kind.
    pub kind: KindName,
    /// Who submitted it.
    pub submitter: String,
    /// Whose work it is.
    pub office: Office,
}

const COUNT: &str =
    "SELECT count(*) FROM decision WHERE id > $1 AND id < $2 AND made_by = 'policy'";

impl Ledger {
    /// How many [inputs](Self::inputs) there are in that time.
    pub async fn count_inputs(
        &self,
        since: Timestamp,
        until: Timestamp,
    ) -> Result<u64, LedgerError> {
        let cells = vec![first_of(since).into(), first_of(until).into()];
        let found = self.pools().fetch(COUNT, cells).await?;
        let n = found.first().map_or(Ok(0), |row| row.int(0));
        let n = n.map_err(|Damage(damage)| LedgerError::corrupt("decision", "?", damage))?;
        Ok(u64::try_from(n).unwrap_or(0))
    }

    /// What the policy decided from `since` on and before `until`, the oldest first, at most `limit`;
    /// those after the key `after`. Decisions of people and of the fleet itself are left out: no
    /// policy would have made them.
    pub async fn inputs(
        &self,
        since: Timestamp,
        until: Timestamp,
        after: Option<DecisionKey>,
        limit: u32,
    ) -> Result<Vec<KeptInput>, LedgerError> {
        let from = after.map_or(first_of(since), |key| key.0);
        let cells = vec![from.into(), first_of(until).into(), limit.into()];
        let found = self.pools().fetch(INPUTS, cells).await?;
        found.iter().map(input).collect()
    }
}

fn input(row: &Cells) -> Result<KeptInput, LedgerError> {
    let read = || {
        Ok(KeptInput {
            key: DecisionKey(row.uuid(0)?),
            job: JobId(row.uuid(1)?),
            at: Timestamp(row.int(2)?),
            verdict: verdict_of(row, 3)?.ok_or_else(|| Damage("no verdict".into()))?,
            policy: Digest(row.bytes(4)?),
            facts: row.json(5)?,
            kind: KindName::new(&row.text(6)?),
            submitter: row.text(7)?,
            office: Office::new(row.text(8)?).map_err(|error| row.damage(8, error))?,
        })
    };
    rows::named("decision", row, read())
}
