//! The changes inside the group's transaction: everything is looked at first, then written.
//!
//! Each takes its turn at one row, so that on PostgreSQL, too, no two change people at the same
//! time and what was looked at stays so until the commit.

use clerkwork_audit::{EventDraft, EventType, Pseudonym};
use clerkwork_core::{Actor, Digest, Office, Role, Timestamp, TokenId};
use serde_json::{Value, json};

use super::{
    Authority, NewUser, PeopleChange, PeopleRefusal, Registered, substitutes, tokens, users::insert,
};
use crate::{
    LedgerError,
    engine::{
        Tx,
        cell::{Cells, Damage},
    },
    writer::{authority::unchanged, plan::Plan, register::Register},
};

const TURN: &str = "UPDATE people_turn SET changes = changes + 1 WHERE one = 1";
/// The office of a user, and whether they are enabled.
pub(super) const ACCOUNT: &str = "SELECT office, enabled FROM account WHERE name = $1";
/// The time of the newest event: ids are in the order of their times.
pub(super) const NEWEST: &str = "SELECT at FROM event ORDER BY id DESC LIMIT 1";

/// Ends a change: refused, or failed.
pub(super) enum Stop {
    Refused(PeopleRefusal),
    Failed(LedgerError),
}

impl From<PeopleRefusal> for Stop {
    fn from(refusal: PeopleRefusal) -> Self {
        Self::Refused(refusal)
    }
}

impl<E: Into<LedgerError>> From<E> for Stop {
    fn from(error: E) -> Self {
        Self::Failed(error.into())
    }
}

type Answer<T> = Result<Result<T, PeopleRefusal>, LedgerError>;

fn answer<T>(done: Result<T, Stop>) -> Answer<T> {
    match done {
        Ok(answer) => Ok(Ok(answer)),
        Err(Stop::Refused(refusal)) => Ok(Err(refusal)),
        Err(Stop::Failed(error)) => Err(error),
    }
}

/// The time of the clock, but never before the newest event.
pub(super) fn judged(now: Timestamp, newest: &[Cells]) -> Result<Timestamp, LedgerError> {
    let Some(row) = newest.first() else {
        return Ok(now);
    };
    let at = row
        .int(0)
        .map_err(|damage| LedgerError::corrupt("event", "?", damage.0))?;
    Ok(now.max(Timestamp(at)))
}

/// The same inside a transaction.
pub(super) async fn judged_in(tx: &mut Tx, now: Timestamp) -> Result<Timestamp, LedgerError> {
    judged(now, &tx.fetch(NEWEST, Vec::new()).await?)
}

/// A user as a change needs them.
pub(super) struct Account {
    pub(super) office: Office,
    pub(super) enabled: bool,
}

/// The user, or why not.
pub(super) async fn account(tx: &mut Tx, name: &str) -> Result<Account, Stop> {
    let found = tx.fetch(ACCOUNT, vec![name.into()]).await?;
    let Some(row) = found.first() else {
        return Err(PeopleRefusal::NoSuchUser(name.to_owned()).into());
    };
    let read = || {
        let office = row.text(0)?;
        let office = office.try_into().map_err(|error| row.damage(0, error))?;
        let enabled = row.int(1)? == 1;
        Ok::<_, Damage>(Account { office, enabled })
    };
    let account = read().map_err(|damage| LedgerError::corrupt("account", name, damage.0));
    Ok(account?)
}

/// The user if they are enabled.
pub(super) async fn enabled(tx: &mut Tx, name: &str) -> Result<Account, Stop> {
    let found = account(tx, name).await?;
    if found.enabled {
        Ok(found)
    } else {
        Err(PeopleRefusal::Disabled(name.to_owned()).into())
    }
}

/// From now on what was allowed to this user before must be asked again.
pub(super) async fn changed(tx: &mut Tx, name: &str) -> Result<(), Stop> {
    let sql = "UPDATE account SET revision = revision + 1 WHERE name = $1";
    tx.execute(sql, vec![name.into()]).await?;
    Ok(())
}

/// Adds the event, with the person in whose name it was done.
pub(super) fn record(
    plan: &mut Plan<'_>,
    authority: &Authority,
    kind: EventType,
    office: &Office,
    data: Value,
) -> Result<(), Stop> {
    let mut draft = EventDraft::new(kind, authority.actor.clone(), data);
    if let Some(absent) = &authority.on_behalf_of {
        let absent = Value::String(absent.clone());
        draft.data.insert("on_behalf_of".into(), absent);
    }
    let event = plan.render(&draft, office, None, None, None)?;
    plan.events.push(event);
    Ok(())
}

/// The first administrator.
#[derive(Debug)]
pub(super) struct Claim {
    pub(super) name: String,
    pub(super) office: Office,
    pub(super) label: String,
    pub(super) digest: Digest,
}

impl Register for Claim {
    type Answer = Result<TokenId, PeopleRefusal>;

    async fn write(&self, tx: &mut Tx, plan: &mut Plan<'_>) -> Result<Self::Answer, LedgerError> {
        answer(self.claim(tx, plan).await)
    }
}

impl Claim {
    async fn claim(&self, tx: &mut Tx, plan: &mut Plan<'_>) -> Result<TokenId, Stop> {
        tx.execute(TURN, Vec::new()).await?;
        let any = tx.fetch("SELECT 1 FROM account LIMIT 1", Vec::new());
        if !any.await?.is_empty() {
            return Err(PeopleRefusal::AlreadyClaimed.into());
        }
        let new = NewUser {
            name: self.name.clone(),
            office: self.office.clone(),
            roles: vec![Role::Administrator],
            groups: Vec::new(),
        };
        insert(tx, plan.at, &new).await?;
        let actor = Actor::System("init".into());
        let token = tokens::New {
            user: &self.name,
            label: &self.label,
            expires_at: None,
            digest: self.digest,
        };
        let id = tokens::insert(tx, plan, &actor, &token).await?;
        let authority = Authority {
            actor,
            seen: Vec::new(),
            on_behalf_of: None,
        };
        let data = json!({"user": self.name, "role": Role::Administrator.as_str(),
            "token": id.to_string()});
        let kind = EventType::InstallationClaimed;
        record(plan, &authority, kind, &self.office, data)?;
        Ok(id)
    }
}

/// Any other change.
#[derive(Debug)]
pub(super) struct PeopleWrite {
    pub(super) authority: Authority,
    pub(super) change: PeopleChange,
    /// The taxpayer of a relation.
    pub(super) person: Option<Pseudonym>,
}

impl Register for PeopleWrite {
    type Answer = Result<Registered, PeopleRefusal>;

    async fn write(&self, tx: &mut Tx, plan: &mut Plan<'_>) -> Result<Self::Answer, LedgerError> {
        answer(self.change(tx, plan).await)
    }
}

impl PeopleWrite {
    async fn change(&self, tx: &mut Tx, plan: &mut Plan<'_>) -> Result<Registered, Stop> {
        tx.execute(TURN, Vec::new()).await?;
        if let Some(name) = unchanged(tx, &self.authority.seen).await? {
            return Err(PeopleRefusal::AuthorityChanged(name).into());
        }
        let by = &self.authority;
        match &self.change {
            PeopleChange::Create(new) => self.create(tx, plan, new).await?,
            PeopleChange::Enable { user, enabled } => self.enable(tx, plan, user, *enabled).await?,
            PeopleChange::Move { user, office } => self.move_to(tx, plan, user, office).await?,
            PeopleChange::Grant { user, role } => self.grant(tx, plan, user, *role).await?,
            PeopleChange::Revoke { user, role } => self.revoke(tx, plan, user, *role).await?,
            PeopleChange::Join { user, group } => self.join(tx, plan, user, group).await?,
            PeopleChange::Leave { user, group } => self.leave(tx, plan, user, group).await?,
            PeopleChange::Relate { user, .. } => self.relate(tx, plan, user).await?,
            PeopleChange::Unrelate { user, .. } => self.unrelate(tx, plan, user).await?,
            PeopleChange::CreateToken {
                user,
                label,
                expires_at,
                token,
            } => {
                let new = tokens::New {
                    user,
                    label,
                    expires_at: *expires_at,
                    digest: token.digest(),
                };
                let id = tokens::create(tx, plan, by, &new).await?;
                return Ok(Registered::Token(id));
            }
            PeopleChange::RevokeToken(id) => tokens::revoke(tx, plan, by, *id).await?,
            PeopleChange::NameSubstitute {
                substitute,
                absent,
                from,
                until,
            } => {
                let wanted = substitutes::Wanted {
                    substitute,
                    absent,
                    from: *from,
                    until: *until,
                };
                let id = substitutes::name(tx, plan, by, &wanted).await?;
                return Ok(Registered::Substitution(id));
            }
            PeopleChange::EndSubstitute(id) => substitutes::end(tx, plan, by, *id).await?,
        }
        Ok(Registered::Done)
    }
}
