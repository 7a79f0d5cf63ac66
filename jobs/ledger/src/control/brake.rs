//! Putting and releasing brakes.

use clerkwork_audit::{EventDraft, EventType};
use clerkwork_core::{Actor, Brake, BrakeId, Office, Scope, Timestamp};
use serde_json::json;

use crate::{
    Authority, Ledger, LedgerError, Page,
    engine::{
        Pools, Tx,
        cell::{Cells, Damage},
    },
    read::filter::Query,
    writer::{authority::unchanged, plan::Plan, register::Register},
};

const INSERT: &str = include_str!("../sql/brake_insert.sql");
const COLUMNS: &str = "SELECT id, scope, target, reason, put_kind, put_by, put_at, released_by, \
    released_at, release_reason FROM brake";

/// What became of a wish to put a brake.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BrakePut {
    /// It is on from now.
    New(BrakeId),
    /// One of the same scope was on already.
    Already(BrakeId),
}

/// What became of a wish to release a brake.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BrakeReleased {
    /// It is off. Jobs that wait for its [topic](Brake::topic) are to be woken.
    Yes(Box<Brake>),
    /// Somebody released it before.
    Already(Box<Brake>),
    /// There is no such brake.
    NoSuchBrake,
    /// The rights of this user, who releases it, were changed a moment ago.
    AuthorityChanged(String),
}

#[derive(Debug)]
struct Put {
    scope: Scope,
    reason: String,
    by: Actor,
    unless_released_after: Timestamp,
}

#[derive(Debug)]
struct Release {
    id: BrakeId,
    by: Authority,
    reason: String,
}

impl Register for Put {
    /// Nothing: a person released the scope in the meantime.
    type Answer = Option<BrakePut>;

    async fn write(
        &self,
        tx: &mut Tx,
        plan: &mut Plan<'_>,
    ) -> Result<Option<BrakePut>, LedgerError> {
        let id = BrakeId(plan.id());
        let (name, target) = (self.scope.name(), self.scope.target());
        let cells = vec![
            id.0.into(),
            name.into(),
            target.clone().into(),
            self.reason.as_str().into(),
            kind_of(&self.by).into(),
            self.by.name().into(),
            plan.at.into(),
        ];
        if tx.execute(INSERT, cells).await? == 0 {
            let cells = vec![name.into(), target.into()];
            let sql = "SELECT id FROM brake \
                WHERE scope = $1 AND target = $2 AND released_at IS NULL";
            let found = tx.fetch(sql, cells).await?;
            let on = found.first().map(|row| row.uuid(0).map(BrakeId));
            return match on.transpose() {
                Ok(Some(id)) => Ok(Some(BrakePut::Already(id))),
                Ok(None) => Err(LedgerError::corrupt("brake", id, "taken and not there")),
                Err(Damage(damage)) => Err(LedgerError::corrupt("brake", id, damage)),
            };
        }
        // Asked once the brake is in: a release that was under way has ended by then.
        let cells = vec![
            name.into(),
            target.clone().into(),
            self.unless_released_after.into(),
        ];
        let sql = "SELECT 1 FROM brake \
            WHERE scope = $1 AND target = $2 AND released_at > $3 LIMIT 1";
        if !tx.fetch(sql, cells).await?.is_empty() {
            let sql = "DELETE FROM brake WHERE id = $1";
            tx.execute(sql, vec![id.0.into()]).await?;
            return Ok(None);
        }
        let data = json!({
            "brake": id.to_string(), "scope": name, "target": target, "reason": self.reason,
        });
        let draft = EventDraft::new(EventType::BrakeOn, self.by.clone(), data);
        let event = plan.render(&draft, &Office::default(), None, None, None)?;
        plan.events.push(event);
        Ok(Some(BrakePut::New(id)))
    }
}

impl Register for Release {
    type Answer = BrakeReleased;

    async fn write(&self, tx: &mut Tx, plan: &mut Plan<'_>) -> Result<BrakeReleased, LedgerError> {
        if let Some(name) = unchanged(tx, &self.by.seen).await? {
            return Ok(BrakeReleased::AuthorityChanged(name));
        }
        let sql = "UPDATE brake SET released_by = $2, released_at = $3, release_reason = $4 \
            WHERE id = $1 AND released_at IS NULL";
        let cells = vec![
            self.id.0.into(),
            self.by.name().into(),
            plan.at.into(),
            self.reason.as_str().into(),
        ];
        let released = tx.execute(sql, cells).await? > 0;
        let sql = "SELECT id, scope, target, reason, put_kind, put_by, put_at, released_by, \
            released_at, release_reason FROM brake WHERE id = $1";
        let found = tx.fetch(sql, vec![self.id.0.into()]).await?;
        let Some(brake) = found.first().map(row).transpose()? else {
            return Ok(BrakeReleased::NoSuchBrake);
        };
        if !released {
            return Ok(BrakeReleased::Already(Box::new(brake)));
        }
        let data = json!({
            "brake": self.id.to_string(),
            "scope": brake.scope.name(),
            "target": brake.scope.target(),
            "reason": self.reason,
        });
        let draft = EventDraft::new(EventType::BrakeOff, self.by.actor.clone(), data);
        let event = plan.render(&draft, &Office::default(), None, None, None)?;
        plan.events.push(event);
        Ok(BrakeReleased::Yes(Box::new(brake)))
    }
}

impl Ledger {
    /// Stops acting in a scope from now on. `reason` must hold no personal data.
    ///
    /// # Errors
    /// [`LedgerError::Invalid`] when the reason is empty or over 500 bytes.
    pub async fn put_brake(
        &self,
        scope: Scope,
        reason: &str,
        by: Actor,
    ) -> Result<BrakePut, LedgerError> {
        let for_ever = Timestamp(i64::MAX);
        let put = self.put_brake_unless_released(scope, reason, by, for_ever);
        put.await?
            .ok_or_else(|| LedgerError::corrupt("brake", "new", "released after the end of time"))
    }

    /// The same, for one who goes by what happened before: nothing is put, and nothing answered,
    /// when a person released the scope after `known`, the time of the latest release that was
    /// taken into account.
    ///
    /// # Errors
    /// [`LedgerError::Invalid`] when the reason is empty or over 500 bytes.
    pub async fn put_brake_unless_released(
        &self,
        scope: Scope,
        reason: &str,
        by: Actor,
        known: Timestamp,
    ) -> Result<Option<BrakePut>, LedgerError> {
        let reason = reasonable(reason)?;
        self.register(Put {
            scope,
            reason,
            by,
            unless_released_after: known,
        })
        .await
    }

    /// Lets a scope act again. Wake those who wait for its topic afterwards.
    ///
    /// # Errors
    /// [`LedgerError::Invalid`] when the reason is empty or over 500 bytes.
    pub async fn release_brake(
        &self,
        id: BrakeId,
        reason: &str,
        by: &Authority,
    ) -> Result<BrakeReleased, LedgerError> {
        let (by, reason) = (by.clone(), reasonable(reason)?);
        self.register(Release { id, by, reason }).await
    }

    /// Brakes, newest first, released ones included.
    pub async fn brakes(&self, page: Page<BrakeId>) -> Result<Vec<Brake>, LedgerError> {
        let (sql, cells) = Query::new(COLUMNS).page("id", page.raw(|id| id.0));
        let found = self.pools().fetch(sql, cells).await?;
        found.iter().map(row).collect()
    }
}

pub(crate) async fn find(pools: &Pools, id: BrakeId) -> Result<Option<Brake>, LedgerError> {
    let sql = format!("{COLUMNS} WHERE id = $1");
    let found = pools.fetch(sql, vec![id.0.into()]).await?;
    found.first().map(row).transpose()
}

/// A reason as the ledger keeps it.
pub(crate) fn reasonable(reason: &str) -> Result<String, LedgerError> {
    let reason = reason.trim();
    if reason.is_empty() || reason.len() > 500 || reason.contains('\0') {
        return Err(LedgerError::Invalid(
            "a reason has 1 to 500 bytes; say why in a sentence".into(),
        ));
    }
    Ok(reason.to_owned())
}

fn kind_of(actor: &Actor) -> &'static str {
    match actor {
        Actor::Robot(_) => "robot",
        Actor::User(_) => "user",
        Actor::System(_) => "system",
    }
}

/// Columns as in `brakes_on.sql`.
pub(crate) fn row(row: &Cells) -> Result<Brake, LedgerError> {
    let read = || {
        let name = row.text(5)?;
        let put_by = match row.text(4)?.as_str() {
            "robot" => Actor::Robot(name),
            "user" => Actor::User(name),
            "system" => Actor::System(name),
            other => return Err(row.damage(4, format!("unknown kind of actor `{other}`"))),
        };
        Ok(Brake {
            id: BrakeId(row.uuid(0)?),
            scope: Scope::read(&row.text(1)?, &row.text(2)?).map_err(|e| row.damage(1, e))?,
            reason: row.text(3)?,
            put_by,
            put_at: Timestamp(row.int(6)?),
            released_by: row.opt_text(7)?,
            released_at: row.opt_int(8)?.map(Timestamp),
            release_reason: row.opt_text(9)?,
        })
    };
    read().map_err(|Damage(damage)| LedgerError::corrupt("brake", row.name_of_row(0), damage))
}
