//! The keys that seal what the ledger holds: found by a master key when the ledger is opened, and sealed
//! under another when one follows the other.
//!
//! A row for each master key that opens the ledger. One that follows another is added first, so that both
//! open it while processes start anew with the new one, and the old one is retired at the end: at every
//! moment a key that somebody holds opens the ledger.

use clerkwork_audit::{EventDraft, EventType, MasterKey, Pseudonym, SealedRing, Sealer};
use clerkwork_core::{Digest, Office, Timestamp};
use serde_json::json;

use crate::{
    Authority, Ledger, LedgerError,
    engine::{
        Pools, Tx,
        cell::{Cells, Damage},
    },
    writer::{authority::unchanged, plan::Plan, register::Register},
};

/// A master key that opens the ledger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MasterKeyRecord {
    /// Which: derived from it.
    pub id: Digest,
    /// Since when.
    pub added_at: Timestamp,
    /// This process opened the ledger with it.
    pub in_use: bool,
}

/// What became of a wish to change the master key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MasterKeyChanged {
    /// It is so from now on; with the keys that are retired.
    Yes(Vec<Digest>),
    /// The rights of this user, who wished it, were changed a moment ago.
    AuthorityChanged(String),
}

/// The sealer of this ledger: with the ring that it has, or with the first one.
pub(crate) async fn find(
    url: &str,
    pools: &Pools,
    sealer: &Sealer,
    now: Timestamp,
) -> Result<Sealer, LedgerError> {
    for _ in 0..2 {
        let rings = rings(pools).await?;
        let own = rings.iter().find(|ring| ring.master == sealer.master());
        if let Some(own) = own {
            return Ok(sealer.with_ring(own)?);
        }
        if !rings.is_empty() || !opens_what_is_there(pools, sealer).await? {
            return Err(LedgerError::Misconfigured {
                url: url.to_owned(),
                reason:
                    "the master key does not open what is sealed in it; name the key that it was \
                         made with, or restore that from its backup"
                        .into(),
            });
        }
        // Of two processes that begin at once one does, and the other finds it.
        let ring = sealer.sealed_ring()?;
        let mut tx = pools.begin().await?;
        put(&mut tx, &ring, now).await?;
        tx.commit().await.map_err(LedgerError::of_commit)?;
    }
    Err(LedgerError::corrupt(
        "keyring",
        sealer.master(),
        "written and not there",
    ))
}

/// A ledger that is older than its keyring has keys of persons: the first master key opens them.
async fn opens_what_is_there(pools: &Pools, sealer: &Sealer) -> Result<bool, LedgerError> {
    let sql = "SELECT pseudonym, wrapped_key FROM person LIMIT 1";
    let found = pools.fetch(sql, Vec::new()).await?;
    let Some(row) = found.first() else {
        return Ok(true);
    };
    let read = || Ok((Pseudonym(row.bytes(0)?), row.blob(1)?));
    let (person, wrapped) =
        read().map_err(|Damage(damage)| LedgerError::corrupt("person", "?", damage))?;
    Ok(sealer.unwrap_key(&wrapped, &person).is_ok())
}

async fn rings(pools: &Pools) -> Result<Vec<SealedRing>, LedgerError> {
    let found = pools
        .fetch("SELECT master, sealed FROM keyring", Vec::new())
        .await?;
    let read = |row: &Cells| {
        let read = || {
            Ok(SealedRing {
                master: Digest(row.bytes(0)?),
                sealed: row.blob(1)?,
            })
        };
        read().map_err(|Damage(damage)| LedgerError::corrupt("keyring", "?", damage))
    };
    found.iter().map(read).collect()
}

async fn put(tx: &mut Tx, ring: &SealedRing, at: Timestamp) -> Result<u64, LedgerError> {
    let sql = "INSERT INTO keyring (master, sealed, added_at) VALUES ($1, $2, $3) \
        ON CONFLICT (master) DO NOTHING";
    let cells = vec![
        ring.master.0.to_vec().into(),
        ring.sealed.clone().into(),
        at.into(),
    ];
    Ok(tx.execute(sql, cells).await?)
}

#[derive(Debug)]
struct Add {
    ring: SealedRing,
    by: Authority,
}

#[derive(Debug)]
struct Retire {
    keep: Digest,
    by: Authority,
}

fn note(
    plan: &mut Plan<'_>,
    kind: EventType,
    by: &Authority,
    master: Digest,
) -> Result<(), LedgerError> {
    let mut data = json!({"master": master.to_string()});
    if let Some(absent) = &by.on_behalf_of {
        data["on_behalf_of"] = absent.as_str().into();
    }
    let draft = EventDraft::new(kind, by.actor.clone(), data);
    let event = plan.render(&draft, &Office::default(), None, None, None)?;
    plan.events.push(event);
    Ok(())
}

impl Register for Add {
    type Answer = MasterKeyChanged;

    async fn write(
        &self,
        tx: &mut Tx,
        plan: &mut Plan<'_>,
    ) -> Result<MasterKeyChanged, LedgerError> {
        if let Some(name) = unchanged(tx, &self.by.seen).await? {
            return Ok(MasterKeyChanged::AuthorityChanged(name));
        }
        // Once more after a start that ended half-way: it is there.
        if put(tx, &self.ring, plan.at).await? > 0 {
            note(plan, EventType::MasterKeyAdded, &self.by, self.ring.master)?;
        }
        Ok(MasterKeyChanged::Yes(Vec::new()))
    }
}

impl Register for Retire {
    type Answer = MasterKeyChanged;

    async fn write(
        &self,
        tx: &mut Tx,
        plan: &mut Plan<'_>,
    ) -> Result<MasterKeyChanged, LedgerError> {
        if let Some(name) = unchanged(tx, &self.by.seen).await? {
            return Ok(MasterKeyChanged::AuthorityChanged(name));
        }
        let found = tx
            .fetch("SELECT master FROM keyring {update}", Vec::new())
            .await?;
        let read = |row: &Cells| row.bytes(0).map(Digest);
        let all = found.iter().map(read).collect::<Result<Vec<_>, _>>();
        let all = all.map_err(|Damage(damage)| LedgerError::corrupt("keyring", "?", damage))?;
        // Never the last one that anybody holds.
        if !all.contains(&self.keep) {
            return Err(LedgerError::corrupt("keyring", self.keep, "it is missing"));
        }
        let others: Vec<_> = all.into_iter().filter(|id| *id != self.keep).collect();
        for id in &others {
            let sql = "DELETE FROM keyring WHERE master = $1";
            tx.execute(sql, vec![id.0.to_vec().into()]).await?;
            note(plan, EventType::MasterKeyRetired, &self.by, *id)?;
        }
        Ok(MasterKeyChanged::Yes(others))
    }
}

impl Ledger {
    /// The master keys that open the ledger, the oldest first.
    pub async fn master_keys(&self) -> Result<Vec<MasterKeyRecord>, LedgerError> {
        let sql = "SELECT master, added_at FROM keyring ORDER BY added_at, master";
        let found = self.pools().fetch(sql, Vec::new()).await?;
        let own = self.shared().sealer.master();
        let read = |row: &Cells| {
            let read = || {
                let id = Digest(row.bytes(0)?);
                Ok(MasterKeyRecord {
                    id,
                    added_at: Timestamp(row.int(1)?),
                    in_use: id == own,
                })
            };
            read().map_err(|Damage(damage)| LedgerError::corrupt("keyring", "?", damage))
        };
        found.iter().map(read).collect()
    }

    /// From now on this master key opens the ledger as well.
    pub async fn add_master_key(
        &self,
        key: &MasterKey,
        by: &Authority,
    ) -> Result<MasterKeyChanged, LedgerError> {
        let ring = self.shared().sealer.ring_under(key)?;
        let by = by.clone();
        self.register(Add { ring, by }).await
    }

    /// From now on only this master key opens the ledger. It must be one that does.
    pub async fn retire_master_keys(
        &self,
        keep: Digest,
        by: &Authority,
    ) -> Result<MasterKeyChanged, LedgerError> {
        let by = by.clone();
        self.register(Retire { keep, by }).await
    }
}
