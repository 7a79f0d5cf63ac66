//! The changes inside the group's transaction: everything is looked at first, then written.
//!
//! Each takes its turn at one row, so that on PostgreSQL, too, no two change people at the same
//! time and what was looked at stays so until the commit.

use clerkwork_audit::{EventDraft, EventType, Pseudonym};
use clerkwork_core::{Actor, Digest, Office, Role, Timestamp, TokenId};
use serde_json::{Map, Value, json};

use super::{Authority, NewUser, PeopleChange, PeopleRefusal, Registered, substitutes, tokens};
use crate::{
    LedgerError,
    engine::{
        Tx,
        cell::{Cells, Damage},
    },
    writer::{authority::unchanged, plan::Plan, register::Register},
};

const TURN: &str = "UPDATE people_turn SET changes = changes + 1 WHERE one = 1";
const ACCOUNT: &str = "SELECT office, enabled FROM account WHERE name = $1";
const ACCOUNT_INSERT: &str = "INSERT INTO account (name, office, enabled, revision, created_at) \
    VALUES ($1, $2, 1, 1, $3)";
const OTHER_ADMINISTRATORS: &str = "SELECT 1 FROM account_role r JOIN account a ON a.name = r.name \
    WHERE r.role = 'administrator' AND a.enabled = 1 AND a.name <> $1 LIMIT 1";
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
            PeopleChange::Move { user, office } => {
                let account = account(tx, user).await?;
                if account.office == *office {
                    return Err(PeopleRefusal::SameOffice(user.clone()).into());
                }
                let sql = "UPDATE account SET office = $2 WHERE name = $1";
                tx.execute(sql, vec![user.as_str().into(), office.as_str().into()])
                    .await?;
                let more = json!({"office": office.as_str(), "from": account.office.as_str()});
                self.user_changed(tx, plan, user, office, "moved", more)
                    .await?;
            }
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

    async fn create(&self, tx: &mut Tx, plan: &mut Plan<'_>, new: &NewUser) -> Result<(), Stop> {
        if !tx
            .fetch(ACCOUNT, vec![new.name.as_str().into()])
            .await?
            .is_empty()
        {
            return Err(PeopleRefusal::UserExists(new.name.clone()).into());
        }
        insert(tx, plan.at, new).await?;
        let roles: Vec<_> = new.roles.iter().map(|role| role.as_str()).collect();
        let data = json!({"user": new.name, "roles": roles, "groups": new.groups});
        record(
            plan,
            &self.authority,
            EventType::UserCreated,
            &new.office,
            data,
        )
    }

    async fn enable(
        &self,
        tx: &mut Tx,
        plan: &mut Plan<'_>,
        user: &str,
        enabled: bool,
    ) -> Result<(), Stop> {
        let account = account(tx, user).await?;
        if account.enabled == enabled {
            let user = user.to_owned();
            return Err(PeopleRefusal::AlreadySo { user, enabled }.into());
        }
        if !enabled && has_role(tx, user, Role::Administrator).await? {
            another_administrator(tx, user).await?;
        }
        let sql = "UPDATE account SET enabled = $2 WHERE name = $1";
        tx.execute(sql, vec![user.into(), i64::from(enabled).into()])
            .await?;
        let what = if enabled { "enabled" } else { "disabled" };
        self.user_changed(tx, plan, user, &account.office, what, json!({}))
            .await
    }

    async fn grant(
        &self,
        tx: &mut Tx,
        plan: &mut Plan<'_>,
        user: &str,
        role: Role,
    ) -> Result<(), Stop> {
        let account = account(tx, user).await?;
        let own = self.authority.name() == user;
        if own || self.authority.on_behalf_of.as_deref() == Some(user) {
            return Err(PeopleRefusal::OwnRole(user.to_owned()).into());
        }
        if has_role(tx, user, role).await? {
            return Err(PeopleRefusal::HasRole(user.to_owned(), role).into());
        }
        insert_role(tx, user, role).await?;
        changed(tx, user).await?;
        let data = json!({"user": user, "role": role.as_str()});
        let kind = EventType::RoleGranted;
        record(plan, &self.authority, kind, &account.office, data)
    }

    async fn revoke(
        &self,
        tx: &mut Tx,
        plan: &mut Plan<'_>,
        user: &str,
        role: Role,
    ) -> Result<(), Stop> {
        let account = account(tx, user).await?;
        if !has_role(tx, user, role).await? {
            return Err(PeopleRefusal::NoRole(user.to_owned(), role).into());
        }
        if role == Role::Administrator && account.enabled {
            another_administrator(tx, user).await?;
        }
        let sql = "DELETE FROM account_role WHERE name = $1 AND role = $2";
        tx.execute(sql, vec![user.into(), role.as_str().into()])
            .await?;
        changed(tx, user).await?;
        let data = json!({"user": user, "role": role.as_str()});
        let kind = EventType::RoleRevoked;
        record(plan, &self.authority, kind, &account.office, data)
    }

    async fn join(
        &self,
        tx: &mut Tx,
        plan: &mut Plan<'_>,
        user: &str,
        group: &str,
    ) -> Result<(), Stop> {
        let account = account(tx, user).await?;
        if in_group(tx, user, group).await? {
            return Err(PeopleRefusal::InGroup(user.to_owned(), group.to_owned()).into());
        }
        insert_group(tx, user, group).await?;
        let more = json!({"group": group});
        self.user_changed(tx, plan, user, &account.office, "joined", more)
            .await
    }

    async fn leave(
        &self,
        tx: &mut Tx,
        plan: &mut Plan<'_>,
        user: &str,
        group: &str,
    ) -> Result<(), Stop> {
        let account = account(tx, user).await?;
        if !in_group(tx, user, group).await? {
            return Err(PeopleRefusal::NotInGroup(user.to_owned(), group.to_owned()).into());
        }
        let sql = "DELETE FROM account_group WHERE name = $1 AND group_name = $2";
        tx.execute(sql, vec![user.into(), group.into()]).await?;
        let more = json!({"group": group});
        self.user_changed(tx, plan, user, &account.office, "left", more)
            .await
    }

    fn pseudonym(&self) -> Result<Pseudonym, LedgerError> {
        self.person
            .ok_or_else(|| LedgerError::Invalid("a relation without a taxpayer".into()))
    }

    async fn relate(&self, tx: &mut Tx, plan: &mut Plan<'_>, user: &str) -> Result<(), Stop> {
        let person = self.pseudonym()?;
        let account = account(tx, user).await?;
        if is_related(tx, user, &person).await? {
            return Err(PeopleRefusal::Related(user.to_owned()).into());
        }
        let sql = "INSERT INTO account_relation (name, person) VALUES ($1, $2)";
        tx.execute(sql, vec![user.into(), person.0.to_vec().into()])
            .await?;
        // To whom is in no event: what is there cannot be erased.
        self.user_changed(tx, plan, user, &account.office, "related", json!({}))
            .await
    }

    async fn unrelate(&self, tx: &mut Tx, plan: &mut Plan<'_>, user: &str) -> Result<(), Stop> {
        let person = self.pseudonym()?;
        let account = account(tx, user).await?;
        if !is_related(tx, user, &person).await? {
            return Err(PeopleRefusal::NotRelated(user.to_owned()).into());
        }
        let sql = "DELETE FROM account_relation WHERE name = $1 AND person = $2";
        tx.execute(sql, vec![user.into(), person.0.to_vec().into()])
            .await?;
        self.user_changed(tx, plan, user, &account.office, "unrelated", json!({}))
            .await
    }

    async fn user_changed(
        &self,
        tx: &mut Tx,
        plan: &mut Plan<'_>,
        user: &str,
        office: &Office,
        what: &str,
        more: Value,
    ) -> Result<(), Stop> {
        changed(tx, user).await?;
        let mut data = match more {
            Value::Object(data) => data,
            _ => Map::new(),
        };
        data.insert("user".into(), user.into());
        data.insert("change".into(), what.into());
        let (kind, data) = (EventType::UserChanged, Value::Object(data));
        record(plan, &self.authority, kind, office, data)
    }
}

async fn insert(tx: &mut Tx, at: Timestamp, new: &NewUser) -> Result<(), Stop> {
    let cells = vec![
        new.name.as_str().into(),
        new.office.as_str().into(),
        at.into(),
    ];
    tx.execute(ACCOUNT_INSERT, cells).await?;
    for role in &new.roles {
        insert_role(tx, &new.name, *role).await?;
    }
    for group in &new.groups {
        insert_group(tx, &new.name, group).await?;
    }
    Ok(())
}

async fn insert_role(tx: &mut Tx, user: &str, role: Role) -> Result<(), Stop> {
    let sql = "INSERT INTO account_role (name, role) VALUES ($1, $2) ON CONFLICT DO NOTHING";
    tx.execute(sql, vec![user.into(), role.as_str().into()])
        .await?;
    Ok(())
}

async fn insert_group(tx: &mut Tx, user: &str, group: &str) -> Result<(), Stop> {
    let sql = "INSERT INTO account_group (name, group_name) VALUES ($1, $2) \
        ON CONFLICT DO NOTHING";
    tx.execute(sql, vec![user.into(), group.into()]).await?;
    Ok(())
}

async fn has_role(tx: &mut Tx, user: &str, role: Role) -> Result<bool, Stop> {
    let sql = "SELECT 1 FROM account_role WHERE name = $1 AND role = $2";
    let found = tx.fetch(sql, vec![user.into(), role.as_str().into()]);
    Ok(!found.await?.is_empty())
}

async fn in_group(tx: &mut Tx, user: &str, group: &str) -> Result<bool, Stop> {
    let sql = "SELECT 1 FROM account_group WHERE name = $1 AND group_name = $2";
    let found = tx.fetch(sql, vec![user.into(), group.into()]);
    Ok(!found.await?.is_empty())
}

async fn is_related(tx: &mut Tx, user: &str, person: &Pseudonym) -> Result<bool, Stop> {
    let sql = "SELECT 1 FROM account_relation WHERE name = $1 AND person = $2";
    let found = tx.fetch(sql, vec![user.into(), person.0.to_vec().into()]);
    Ok(!found.await?.is_empty())
}

async fn another_administrator(tx: &mut Tx, user: &str) -> Result<(), Stop> {
    let found = tx.fetch(OTHER_ADMINISTRATORS, vec![user.into()]);
    if found.await?.is_empty() {
        return Err(PeopleRefusal::LastAdministrator(user.to_owned()).into());
    }
    Ok(())
}
