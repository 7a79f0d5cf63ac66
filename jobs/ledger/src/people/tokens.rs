//! Tokens, inside the transaction.

use clerkwork_audit::{EventDraft, EventType};
use clerkwork_core::{Actor, Digest, Office, Timestamp, TokenId, User};
use serde_json::json;

use super::{
    Authority, PeopleRefusal, SESSION,
    write::{Stop, account, enabled, judged_in, record},
};
use crate::{
    Ledger, LedgerError,
    engine::{Tx, cell::Damage},
    writer::{plan::Plan, register::Register},
};

const INSERT: &str = "INSERT INTO access_token (id, digest, name, label, created_by, created_at, \
    expires_at) VALUES ($1, $2, $3, $4, $5, $6, $7)";
const REVOKE: &str = "UPDATE access_token SET revoked_by = $2, revoked_at = $3 WHERE id = $1";

/// A session that begins.
#[derive(Debug)]
struct Begins {
    token: TokenId,
    user: String,
    office: Office,
    action: String,
}

impl Register for Begins {
    type Answer = ();

    async fn write(&self, tx: &mut Tx, plan: &mut Plan<'_>) -> Result<(), LedgerError> {
        let now = judged_in(tx, plan.at).await?;
        // Of two at once one begins it.
        let sql = "UPDATE access_token SET seen_at = $2 \
            WHERE id = $1 AND (seen_at IS NULL OR seen_at <= $3)";
        let cells = vec![self.token.0.into(), now.into(), now.before(SESSION).into()];
        if tx.execute(sql, cells).await? == 0 {
            return Ok(());
        }
        let data = json!({"action": self.action, "token": self.token.to_string()});
        let actor = Actor::User(self.user.clone());
        let draft = EventDraft::new(EventType::AccessSignedIn, actor, data);
        let event = plan.render(&draft, &self.office, None, None, None)?;
        plan.events.push(event);
        Ok(())
    }
}

impl Ledger {
    /// Records that somebody signed in, to do `action`, unless their session goes on.
    pub async fn session_begins(
        &self,
        token: TokenId,
        user: &User,
        action: &str,
    ) -> Result<(), LedgerError> {
        self.register(Begins {
            token,
            user: user.name.clone(),
            office: user.office.clone(),
            action: action.to_owned(),
        })
        .await
    }
}

/// A token to be made.
pub(super) struct New<'a> {
    pub(super) user: &'a str,
    pub(super) label: &'a str,
    pub(super) expires_at: Option<Timestamp>,
    pub(super) digest: Digest,
}

/// Writes the row; the caller records the event.
pub(super) async fn insert(
    tx: &mut Tx,
    plan: &Plan<'_>,
    by: &Actor,
    new: &New<'_>,
) -> Result<TokenId, Stop> {
    let id = TokenId(plan.id());
    let cells = vec![
        id.0.into(),
        new.digest.0.to_vec().into(),
        new.user.into(),
        new.label.into(),
        by.name().into(),
        plan.at.into(),
        new.expires_at.into(),
    ];
    tx.execute(INSERT, cells).await?;
    Ok(id)
}

pub(super) async fn create(
    tx: &mut Tx,
    plan: &mut Plan<'_>,
    by: &Authority,
    new: &New<'_>,
) -> Result<TokenId, Stop> {
    let account = enabled(tx, new.user).await?;
    let now = judged_in(tx, plan.at).await?;
    if new.expires_at.is_some_and(|at| at <= now) {
        return Err(PeopleRefusal::ExpiryPassed.into());
    }
    let id = insert(tx, plan, &by.actor, new).await?;
    let data = json!({
        "user": new.user,
        "token": id.to_string(),
        "label": new.label,
        "expires_at": new.expires_at.map(|at| at.0),
    });
    record(plan, by, EventType::TokenCreated, &account.office, data)?;
    Ok(id)
}

pub(super) async fn revoke(
    tx: &mut Tx,
    plan: &mut Plan<'_>,
    by: &Authority,
    id: TokenId,
) -> Result<(), Stop> {
    let sql = "SELECT name, revoked_at FROM access_token WHERE id = $1";
    let found = tx.fetch(sql, vec![id.0.into()]).await?;
    let Some(row) = found.first() else {
        return Err(PeopleRefusal::NoSuchToken(id).into());
    };
    let read = || Ok::<_, Damage>((row.text(0)?, row.opt_int(1)?));
    let read = read().map_err(|damage| LedgerError::corrupt("access_token", id, damage.0));
    let (user, revoked) = read?;
    if revoked.is_some() {
        return Err(PeopleRefusal::TokenRevoked(id).into());
    }
    let account = account(tx, &user).await?;
    let cells = vec![id.0.into(), by.name().into(), plan.at.into()];
    tx.execute(REVOKE, cells).await?;
    let data = json!({"user": user, "token": id.to_string()});
    record(plan, by, EventType::TokenRevoked, &account.office, data)
}
