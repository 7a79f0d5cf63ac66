//! Whether people are still what they were when they were allowed to do something.

use crate::{
    LedgerError,
    engine::{Tx, cell::Damage},
};

const STANDING: &str = "SELECT enabled, revision FROM account WHERE name = $1 {share}";

/// The first of `seen` who is not enabled any more, or not at that revision; nobody: all are as they
/// were seen. What is read stays so until the transaction ends.
pub(crate) async fn unchanged(
    tx: &mut Tx,
    seen: &[(String, u64)],
) -> Result<Option<String>, LedgerError> {
    for (name, revision) in seen {
        let found = tx.fetch(STANDING, vec![name.as_str().into()]).await?;
        let Some(row) = found.first() else {
            return Ok(Some(name.clone()));
        };
        let read = || Ok::<_, Damage>((row.int(0)?, row.int(1)?));
        let (enabled, now) =
            read().map_err(|damage| LedgerError::corrupt("account", name, damage.0))?;
        if enabled != 1 || u64::try_from(now).ok() != Some(*revision) {
            return Ok(Some(name.clone()));
        }
    }
    Ok(None)
}
