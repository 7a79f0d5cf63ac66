//! Users, roles, groups and relations, inside the transaction.

use clerkwork_audit::{EventType, Pseudonym};
use clerkwork_core::{Office, Role, Timestamp};
use serde_json::{Map, Value, json};

use super::{
    NewUser, PeopleRefusal,
    write::{ACCOUNT, PeopleWrite, Stop, account, changed, record},
};
use crate::{LedgerError, engine::Tx, writer::plan::Plan};

const ACCOUNT_INSERT: &str = "INSERT INTO account (name, office, enabled, revision, created_at) \
    VALUES ($1, $2, 1, 1, $3)";
const OTHER_ADMINISTRATORS: &str = "SELECT 1 FROM account_role r JOIN account a ON a.name = r.name \
    WHERE r.role = 'administrator' AND a.enabled = 1 AND a.name <> $1 LIMIT 1";

impl PeopleWrite {
    pub(super) async fn create(
        &self,
        tx: &mut Tx,
        plan: &mut Plan<'_>,
        new: &NewUser,
    ) -> Result<(), Stop> {
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

    pub(super) async fn enable(
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

    pub(super) async fn move_to(
        &self,
        tx: &mut Tx,
        plan: &mut Plan<'_>,
        user: &str,
        office: &Office,
    ) -> Result<(), Stop> {
        let account = account(tx, user).await?;
        if account.office == *office {
            return Err(PeopleRefusal::SameOffice(user.to_owned()).into());
        }
        let sql = "UPDATE account SET office = $2 WHERE name = $1";
        tx.execute(sql, vec![user.into(), office.as_str().into()])
            .await?;
        let more = json!({"office": office.as_str(), "from": account.office.as_str()});
        self.user_changed(tx, plan, user, office, "moved", more)
            .await
    }

    pub(super) async fn grant(
        &self,
        tx: &mut Tx,
        plan: &mut Plan<'_>,
        user: &str,
        role: Role,
    ) -> Result<(), Stop> {
        let account = account(tx, user).await?;
        if self.authority.is(user) {
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

    pub(super) async fn revoke(
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

    pub(super) async fn join(
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

    pub(super) async fn leave(
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

    pub(super) async fn relate(
        &self,
        tx: &mut Tx,
        plan: &mut Plan<'_>,
        user: &str,
    ) -> Result<(), Stop> {
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

    pub(super) async fn unrelate(
        &self,
        tx: &mut Tx,
        plan: &mut Plan<'_>,
        user: &str,
    ) -> Result<(), Stop> {
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

/// Enters a user with their roles and groups.
pub(super) async fn insert(tx: &mut Tx, at: Timestamp, new: &NewUser) -> Result<(), Stop> {
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
