//! Substitutes, inside the transaction.
//!
//! A substitute has the absent person's own roles. So that nobody gets hold of a third person's,
//! nobody who stands in for somebody may be absent with a substitute in the same time, whichever of
//! the two was named first.

use clerkwork_audit::EventType;
use clerkwork_core::{SubstitutionId, Timestamp};
use serde_json::json;

use super::{
    Authority, PeopleRefusal,
    write::{Stop, account, changed, enabled, judged_in, record},
};
use crate::{
    LedgerError,
    engine::{Tx, cell::Damage},
    writer::plan::Plan,
};

const OVERLAPPING: &str = "SELECT substitute, absent FROM substitution \
    WHERE (substitute = $1 OR absent = $1) AND ended_at IS NULL \
    AND starts_at < $2 AND ends_at > $3 AND ends_at > $4 ORDER BY id";
const INSERT: &str = "INSERT INTO substitution (id, substitute, absent, starts_at, ends_at, \
    named_by, named_at) VALUES ($1, $2, $3, $4, $5, $6, $7)";
const END: &str = "UPDATE substitution SET ended_by = $2, ended_at = $3 WHERE id = $1";

/// A substitution to be entered.
pub(super) struct Wanted<'a> {
    pub(super) substitute: &'a str,
    pub(super) absent: &'a str,
    pub(super) from: Timestamp,
    pub(super) until: Timestamp,
}

impl Wanted<'_> {
    /// The substitutions of `name`, on either side, that overlap with this and are not over.
    async fn overlapping(
        &self,
        tx: &mut Tx,
        name: &str,
        now: Timestamp,
    ) -> Result<Vec<(String, String)>, Stop> {
        let cells = vec![name.into(), self.until.into(), self.from.into(), now.into()];
        let found = tx.fetch(OVERLAPPING, cells).await?;
        let pairs = found
            .iter()
            .map(|row| Ok::<_, Damage>((row.text(0)?, row.text(1)?)))
            .collect::<Result<_, _>>();
        let pairs = pairs.map_err(|damage| LedgerError::corrupt("substitution", "?", damage.0));
        Ok(pairs?)
    }
}

pub(super) async fn name(
    tx: &mut Tx,
    plan: &mut Plan<'_>,
    by: &Authority,
    wanted: &Wanted<'_>,
) -> Result<SubstitutionId, Stop> {
    let (substitute, absent) = (wanted.substitute, wanted.absent);
    if substitute == absent {
        return Err(PeopleRefusal::OwnSubstitute(absent.to_owned()).into());
    }
    // With the roles of anybody at hand, whoever names substitutes could do everything.
    if by.is(substitute) {
        return Err(PeopleRefusal::NamesThemselves(substitute.to_owned()).into());
    }
    enabled(tx, substitute).await?;
    let account = enabled(tx, absent).await?;
    let now = judged_in(tx, plan.at).await?;
    if wanted.until <= now || wanted.until <= wanted.from {
        return Err(PeopleRefusal::PeriodOver.into());
    }
    for (acts, away) in wanted.overlapping(tx, absent, now).await? {
        if acts == absent {
            return Err(PeopleRefusal::AbsentIsSubstitute {
                absent: acts,
                of: away,
            }
            .into());
        }
        if acts == substitute {
            return Err(PeopleRefusal::SubstituteNamed {
                substitute: acts,
                absent: away,
            }
            .into());
        }
    }
    for (acts, away) in wanted.overlapping(tx, substitute, now).await? {
        if away == substitute {
            return Err(PeopleRefusal::SubstituteIsAbsent {
                substitute: away,
                by: acts,
            }
            .into());
        }
    }
    let id = SubstitutionId(plan.id());
    let cells = vec![
        id.0.into(),
        substitute.into(),
        absent.into(),
        wanted.from.into(),
        wanted.until.into(),
        by.name().into(),
        plan.at.into(),
    ];
    tx.execute(INSERT, cells).await?;
    changed(tx, substitute).await?;
    changed(tx, absent).await?;
    let data = json!({
        "substitution": id.to_string(),
        "substitute": substitute,
        "absent": absent,
        "from": wanted.from.0,
        "until": wanted.until.0,
    });
    record(plan, by, EventType::SubstituteNamed, &account.office, data)?;
    Ok(id)
}

pub(super) async fn end(
    tx: &mut Tx,
    plan: &mut Plan<'_>,
    by: &Authority,
    id: SubstitutionId,
) -> Result<(), Stop> {
    let sql = "SELECT substitute, absent, ends_at, ended_at FROM substitution WHERE id = $1";
    let found = tx.fetch(sql, vec![id.0.into()]).await?;
    let Some(row) = found.first() else {
        return Err(PeopleRefusal::NoSuchSubstitution(id).into());
    };
    let read = || {
        let over = row.opt_int(3)?.is_some();
        Ok::<_, Damage>((row.text(0)?, row.text(1)?, Timestamp(row.int(2)?), over))
    };
    let read = read().map_err(|damage| LedgerError::corrupt("substitution", id, damage.0));
    let (substitute, absent, ends_at, over) = read?;
    if over || ends_at <= judged_in(tx, plan.at).await? {
        return Err(PeopleRefusal::SubstitutionOver(id).into());
    }
    let account = account(tx, &absent).await?;
    let cells = vec![id.0.into(), by.name().into(), plan.at.into()];
    tx.execute(END, cells).await?;
    changed(tx, &substitute).await?;
    changed(tx, &absent).await?;
    let data = json!({
        "substitution": id.to_string(),
        "substitute": substitute,
        "absent": absent,
    });
    record(plan, by, EventType::SubstituteEnded, &account.office, data)
}
