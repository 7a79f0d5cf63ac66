//! The keys that sign heads: made, added beside the old one, and retired.

use clerkwork_audit::{
    EventDraft, EventType,
    log::{LogKey, Manifest},
};
use clerkwork_core::{Actor, Office, Timestamp};
use serde_json::json;

use super::StoredLogKey;
use crate::{
    Authority, Ledger, LedgerError,
    engine::{
        Tx,
        cell::{Cells, Damage},
    },
    writer::{authority::unchanged, plan::Plan, register::Register},
};

const ADD: &str = "INSERT INTO log_key (vkey, sealed, added_at) VALUES ($1, $2, $3)";

/// Makes the log, with its first key; nothing when there is one.
#[derive(Debug)]
struct Begin {
    origin: String,
    vkey: String,
    sealed: Vec<u8>,
}

/// Adds a key: from now on heads are signed by it and by those that are not retired.
#[derive(Debug)]
struct Add {
    by: Authority,
    vkey: String,
    sealed: Vec<u8>,
}

/// Retires a key, unless it is the only one.
#[derive(Debug)]
struct Retire {
    by: Authority,
    vkey: String,
}

/// What became of a wish to change the keys.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LogKeyChanged {
    /// It is so now.
    Yes,
    /// There is no such key that signs.
    NoSuchKey,
    /// It is the only one that signs; add another first.
    TheOnlyOne,
    /// The rights of this user were changed a moment ago.
    AuthorityChanged(String),
}

fn event(plan: &mut Plan<'_>, kind: EventType, by: Actor, vkey: &str) -> Result<(), LedgerError> {
    let draft = EventDraft::new(kind, by, json!({"vkey": vkey}));
    let event = plan.render(&draft, &Office::default(), None, None, None)?;
    plan.events.push(event);
    Ok(())
}

impl Register for Begin {
    type Answer = ();

    async fn write(&self, tx: &mut Tx, plan: &mut Plan<'_>) -> Result<(), LedgerError> {
        let sql = "INSERT INTO log_state (one, origin, size, xid, n) VALUES (1, $1, 0, 0, 0) \
            ON CONFLICT DO NOTHING";
        if tx.execute(sql, vec![self.origin.as_str().into()]).await? == 0 {
            return Ok(());
        }
        let cells = vec![
            self.vkey.as_str().into(),
            self.sealed.clone().into(),
            plan.at.into(),
        ];
        tx.execute(ADD, cells).await?;
        let by = Actor::System("log".into());
        event(plan, EventType::LogKeyAdded, by, &self.vkey)
    }
}

impl Register for Add {
    type Answer = LogKeyChanged;

    async fn write(&self, tx: &mut Tx, plan: &mut Plan<'_>) -> Result<LogKeyChanged, LedgerError> {
        if let Some(name) = unchanged(tx, &self.by.seen).await? {
            return Ok(LogKeyChanged::AuthorityChanged(name));
        }
        let cells = vec![
            self.vkey.as_str().into(),
            self.sealed.clone().into(),
            plan.at.into(),
        ];
        tx.execute(ADD, cells).await?;
        event(
            plan,
            EventType::LogKeyAdded,
            self.by.actor.clone(),
            &self.vkey,
        )?;
        Ok(LogKeyChanged::Yes)
    }
}

impl Register for Retire {
    type Answer = LogKeyChanged;

    async fn write(&self, tx: &mut Tx, plan: &mut Plan<'_>) -> Result<LogKeyChanged, LedgerError> {
        if let Some(name) = unchanged(tx, &self.by.seen).await? {
            return Ok(LogKeyChanged::AuthorityChanged(name));
        }
        // Of two that retire two keys at once, the second must see what the first has done.
        tx.fetch(
            "SELECT vkey FROM log_key ORDER BY vkey {update}",
            Vec::new(),
        )
        .await?;
        let keys = tx.fetch(ALL, Vec::new()).await?;
        let keys: Vec<_> = keys.iter().map(row).collect::<Result<_, _>>()?;
        let signing = |key: &&(StoredLogKey, Vec<u8>)| key.0.retired_at.is_none();
        if !keys
            .iter()
            .filter(signing)
            .any(|(key, _)| key.vkey == self.vkey)
        {
            return Ok(LogKeyChanged::NoSuchKey);
        }
        if keys.iter().filter(signing).count() < 2 {
            return Ok(LogKeyChanged::TheOnlyOne);
        }
        let cells = vec![self.vkey.as_str().into(), plan.at.into()];
        tx.execute("UPDATE log_key SET retired_at = $2 WHERE vkey = $1", cells)
            .await?;
        event(
            plan,
            EventType::LogKeyRetired,
            self.by.actor.clone(),
            &self.vkey,
        )?;
        Ok(LogKeyChanged::Yes)
    }
}

const ALL: &str = "SELECT vkey, added_at, retired_at, sealed FROM log_key ORDER BY added_at, vkey";

fn row(row: &Cells) -> Result<(StoredLogKey, Vec<u8>), LedgerError> {
    let read = || {
        let key = StoredLogKey {
            vkey: row.text(0)?,
            added_at: Timestamp(row.int(1)?),
            retired_at: row.opt_int(2)?.map(Timestamp),
        };
        Ok((key, row.blob(3)?))
    };
    read().map_err(|Damage(damage)| LedgerError::corrupt("log_key", row.name_of_row(0), damage))
}

/// What a sealed key is bound to.
fn label(vkey: &str) -> String {
    format!("log-key/{vkey}")
}

impl Ledger {
    /// Makes the log if there is none, under this name: `host/path` without spaces and `+`.
    ///
    /// # Errors
    /// [`LedgerError::Invalid`] when the name is none.
    pub(super) async fn begin_log(&self, origin: &str) -> Result<(), LedgerError> {
        let (vkey, sealed) = self.new_log_key(origin)?;
        let origin = origin.to_owned();
        self.register(Begin {
            origin,
            vkey,
            sealed,
        })
        .await
    }

    fn new_log_key(&self, origin: &str) -> Result<(String, Vec<u8>), LedgerError> {
        let key = LogKey::generate(origin);
        let key = key.map_err(|error| LedgerError::Invalid(error.to_string()))?;
        let sealer = &self.shared().sealer;
        let sealed = sealer.seal_secret(&label(key.vkey()), key.seed())?;
        Ok((key.vkey().to_owned(), sealed))
    }

    /// Every key of the log, the oldest first; those that are retired included, since they have signed
    /// heads.
    pub async fn log_keys(&self) -> Result<Vec<StoredLogKey>, LedgerError> {
        let found = self.pools().fetch(ALL, Vec::new()).await?;
        found
            .iter()
            .map(|one| row(one).map(|(key, _)| key))
            .collect()
    }

    /// The keys that sign now.
    /// Signs what a bundle of this log holds.
    ///
    /// # Errors
    /// [`LedgerError::Invalid`] when it cannot be signed, for example because no key signs the log.
    pub async fn sign_manifest(&self, manifest: &Manifest) -> Result<String, LedgerError> {
        let keys = self.signing_keys(&manifest.origin).await?;
        let signed = manifest.sign(&keys);
        signed.map_err(|error| LedgerError::Invalid(error.to_string()))
    }

    pub(super) async fn signing_keys(&self, origin: &str) -> Result<Vec<LogKey>, LedgerError> {
        let found = self.pools().fetch(ALL, Vec::new()).await?;
        let mut keys = Vec::new();
        for one in &found {
            let (key, sealed) = row(one)?;
            if key.retired_at.is_some() {
                continue;
            }
            let seed = self
                .shared()
                .sealer
                .open_secret(&label(&key.vkey), &sealed)?;
            let opened = seed
                .try_into()
                .ok()
                .and_then(|seed| LogKey::from_seed(origin, seed).ok());
            let opened = opened.filter(|opened| opened.vkey() == key.vkey);
            let damaged = || LedgerError::corrupt("log_key", &key.vkey, "it holds another key");
            keys.push(opened.ok_or_else(damaged)?);
        }
        Ok(keys)
    }

    /// Adds a key, for a rotation: until the old one is retired, both sign.
    pub async fn add_log_key(
        &self,
        by: &Authority,
    ) -> Result<(LogKeyChanged, String), LedgerError> {
        let Some(state) = self.log_state().await? else {
            return Ok((LogKeyChanged::NoSuchKey, String::new()));
        };
        let (vkey, sealed) = self.new_log_key(&state.origin)?;
        let add = Add {
            by: by.clone(),
            vkey: vkey.clone(),
            sealed,
        };
        Ok((self.register(add).await?, vkey))
    }

    /// Retires a key: what it has signed stays valid, new heads are signed by the others.
    pub async fn retire_log_key(
        &self,
        by: &Authority,
        vkey: &str,
    ) -> Result<LogKeyChanged, LedgerError> {
        let (by, vkey) = (by.clone(), vkey.to_owned());
        self.register(Retire { by, vkey }).await
    }
}
