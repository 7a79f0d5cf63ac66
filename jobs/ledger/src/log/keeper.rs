//! Numbers events, hashes them, and signs heads.

use std::time::Duration;

use clerkwork_audit::log::{Checkpoint, Edge, LogKey, Tile, leaf_hash};
use clerkwork_core::Timestamp;

use super::{
    LogPlace, StoredCheckpoint,
    read::{damaged_tile, number},
};
use crate::{
    Ledger, LedgerError,
    engine::{
        Engine, Tx,
        bulk::{Bulk, Rows},
        cell::Ty,
    },
};

/// So many events are numbered in one transaction at most.
const AT_ONCE: i64 = 8_192;

static TILE_PUT: Bulk = Bulk {
    sql: "INSERT INTO log_tile (level, n, hashes) {rows} \
          ON CONFLICT (level, n) DO UPDATE SET hashes = excluded.hashes",
    types: &[Ty::Int, Ty::Int, Ty::Blob],
};
static ENTRY_PUT: Bulk = Bulk {
    sql: "INSERT INTO log_entry (seq, event) {rows}",
    types: &[Ty::Int, Ty::Id],
};
/// What one pass did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Numbered {
    /// Events that were numbered.
    pub events: u64,
    /// The last head that was signed.
    pub checkpoint: Option<StoredCheckpoint>,
    /// The longest time that one of these events, or one that still has no number, has waited for it.
    pub lag: Duration,
}

/// Keeps the log of a ledger. Any number may work at once; each pass of all but one finds that it was
/// overtaken, and begins anew.
#[derive(Debug)]
pub struct LogKeeper {
    ledger: Ledger,
    origin: String,
    edge: Edge,
    place: LogPlace,
}

impl LogKeeper {
    /// A keeper of this ledger's log. The log is made if there is none, under the name `origin`.
    ///
    /// # Errors
    /// [`LedgerError::Corrupt`] when what is stored of the log does not fit together.
    pub async fn open(ledger: &Ledger, origin: &str) -> Result<Self, LedgerError> {
        if ledger.log_state().await?.is_none() {
            ledger.begin_log(origin).await?;
        }
        let mut keeper = Self {
            ledger: ledger.clone(),
            origin: origin.to_owned(),
            edge: Edge::default(),
            place: LogPlace::default(),
        };
        keeper.restore().await?;
        Ok(keeper)
    }

    /// The name of the log.
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// Begins anew from what is stored, and checks it against its head. Another keeper may go on
    /// meanwhile: what it stores holds all that was there before.
    async fn restore(&mut self) -> Result<(), LedgerError> {
        let wrong = |size: u64| {
            let why = "the log behind it is another; restore the ledger as it was";
            LedgerError::corrupt("log_checkpoint", size, why)
        };
        let latest = self.ledger.checkpoint(None).await?;
        let missing = || LedgerError::corrupt("log_state", "1", "it is missing");
        let state = self.ledger.log_state().await?.ok_or_else(missing)?;
        if let Some(latest) = latest
            && latest.size > state.size
        {
            return Err(wrong(latest.size));
        }
        let mut tiles = Vec::new();
        for at in Edge::unfinished(state.size) {
            tiles.extend(self.ledger.tile(at).await?);
        }
        let find = |at| tiles.iter().find(|tile| tile.at == at).cloned();
        let edge = Edge::restore(state.size, find)
            .map_err(|broken| LedgerError::corrupt("log_tile", broken.level, broken))?;
        let head = self.ledger.checkpoint(Some(state.size)).await?;
        let fits = match head {
            Some(head) => head.size == state.size && head.root == edge.root(),
            None => state.size == 0,
        };
        if !fits {
            return Err(wrong(state.size));
        }
        (self.origin, self.edge, self.place) = (state.origin, edge, state.place);
        Ok(())
    }

    /// Numbers every event that can be numbered now, and signs a head over them.
    ///
    /// # Errors
    /// When the ledger cannot be reached or is damaged; what was numbered until then is stored, and a
    /// later call goes on from there.
    pub async fn pass(&mut self) -> Result<Numbered, LedgerError> {
        let mut done = Numbered::default();
        loop {
            let more = match self.step(&mut done).await {
                Ok(more) => more,
                Err(error) => {
                    // What the edge holds may not be what is stored.
                    self.restore().await?;
                    return Err(error);
                }
            };
            if !more {
                let waiting = self.ledger.oldest_after(self.place).await?;
                let now = self.ledger.shared().clock.now();
                let waits = waiting.map_or(Duration::ZERO, |at| now.since(at));
                done.lag = done.lag.max(waits);
                return Ok(done);
            }
        }
    }

    /// One transaction. Whether there may be more to number.
    async fn step(&mut self, done: &mut Numbered) -> Result<bool, LedgerError> {
        let found = self.ledger.events_after(self.place, AT_ONCE).await?;
        let Some(&(_, _, last, _)) = found.last() else {
            return Ok(false);
        };
        let engine = self.ledger.pools().engine();
        let before = self.edge.size();
        let mut edge = self.edge.clone();
        let mut tiles = Vec::new();
        let mut entries = Rows::with_capacity(found.len(), 2);
        let now = self.ledger.shared().clock.now();
        for (event, bytes, place, at) in &found {
            let index = number(edge.size());
            // On SQLite the number is the event's own, and one that is gone leaves a hole.
            if engine == Engine::Sqlite && place.n != index + 1 {
                let why = format!("event {} stands where {index} belongs", place.n - 1);
                return Err(LedgerError::corrupt("event", event, why));
            }
            edge.append(leaf_hash(bytes), &mut tiles);
            entries.push([index.into(), event.0.into()]);
            done.lag = done.lag.max(now.since(*at));
        }
        let more = found.len() >= AT_ONCE as usize;
        let head = self.head(&edge, now).await?;
        tiles.extend(edge.partial());
        let mut tx = self.ledger.pools().begin().await?;
        let sql = "UPDATE log_state SET size = $1, xid = $2, n = $3 WHERE one = 1 AND size = $4";
        let cells = vec![
            number(edge.size()).into(),
            last.xid.into(),
            last.n.into(),
            number(before).into(),
        ];
        if tx.execute(sql, cells).await? == 0 {
            tx.rollback().await?;
            self.restore().await?;
            return Ok(true);
        }
        put_tiles(&mut tx, &tiles).await?;
        if engine == Engine::Postgres {
            tx.bulk(&ENTRY_PUT, entries).await?;
        }
        put_head(&mut tx, &head).await?;
        tx.commit().await.map_err(LedgerError::of_commit)?;
        (self.edge, self.place) = (edge, last);
        done.events += found.len() as u64;
        done.checkpoint = Some(head);
        Ok(more)
    }

    async fn head(&self, edge: &Edge, at: Timestamp) -> Result<StoredCheckpoint, LedgerError> {
        let head = Checkpoint {
            origin: self.origin.clone(),
            size: edge.size(),
            root: edge.root(),
        };
        let keys: Vec<LogKey> = self.ledger.signing_keys(&self.origin).await?;
        let note = head.sign(&keys);
        Ok(StoredCheckpoint {
            size: head.size,
            root: head.root,
            at,
            note: note.map_err(|error| LedgerError::Invalid(error.to_string()))?,
        })
    }
}

async fn put_tiles(tx: &mut Tx, tiles: &[Tile]) -> Result<(), LedgerError> {
    let mut rows = Rows::with_capacity(tiles.len(), 3);
    for tile in tiles {
        if tile.hashes.is_empty() {
            return Err(damaged_tile(tile.at, "it has no hash"));
        }
        rows.push([
            i64::from(tile.at.level).into(),
            number(tile.at.n).into(),
            tile.bytes().into(),
        ]);
    }
    tx.bulk(&TILE_PUT, rows).await?;
    Ok(())
}

async fn put_head(tx: &mut Tx, head: &StoredCheckpoint) -> Result<(), LedgerError> {
    let sql = "INSERT INTO log_checkpoint (size, root, at, note) VALUES ($1, $2, $3, $4)";
    let cells = vec![
        number(head.size).into(),
        head.root.0.to_vec().into(),
        head.at.into(),
        head.note.as_str().into(),
    ];
    tx.execute(sql, cells).await?;
    Ok(())
}
