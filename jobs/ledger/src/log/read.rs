//! Reading the log: state, heads, tiles, entries.

use std::time::Duration;

use clerkwork_audit::log::{Tile, TileAt};
use clerkwork_core::{Digest, EventId, Timestamp};

use super::{LogEntry, LogPlace, StoredCheckpoint};
use crate::{
    Ledger, LedgerError,
    engine::{
        Engine,
        cell::{Cells, Damage},
    },
};

// On PostgreSQL `ORDER BY xid` without its table would be by the text that is read as a number, which no index
// holds: each page would sort the whole trail. The tests look at the plans.
const NEXT: &str = include_str!("../sql/log_next.sql");
const BYTES: &str = include_str!("../sql/log_bytes.sql");

/// On SQLite each row is handed from thread to thread: one with many entries costs as much as one with few.
const JOINED: &str = "SELECT max(n), group_concat(length(bytes)), CAST(group_concat(bytes, '') AS BLOB) \
     FROM (SELECT n, bytes FROM event WHERE n > $2 AND $1 = 0 ORDER BY n LIMIT $3)";

const CHECKPOINT: &str = "SELECT size, root, at, note FROM log_checkpoint";

/// How far the log has come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogState {
    /// Its name.
    pub origin: String,
    /// Entries that are numbered.
    pub size: u64,
    /// The last of them.
    pub place: LogPlace,
    /// Entries whose terms are kept, so that a search finds them.
    pub termed: u64,
}

/// How far the log is behind what was committed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LogLag {
    /// Entries of the log.
    pub entries: u64,
    /// Those that are found by what they say.
    pub searchable: u64,
    /// How long the oldest event that is no entry yet has waited.
    pub lag: Duration,
}

pub(super) fn number(n: u64) -> i64 {
    i64::try_from(n).unwrap_or(i64::MAX)
}

pub(super) fn counted(row: &Cells, column: usize) -> Result<u64, Damage> {
    u64::try_from(row.int(column)?).map_err(|error| row.damage(column, error))
}

fn checkpoint(row: &Cells) -> Result<StoredCheckpoint, LedgerError> {
    let read = || {
        Ok(StoredCheckpoint {
            size: counted(row, 0)?,
            root: Digest(row.bytes(1)?),
            at: Timestamp(row.int(2)?),
            note: row.text(3)?,
        })
    };
    read().map_err(|Damage(damage)| LedgerError::corrupt("log_checkpoint", "?", damage))
}

impl Ledger {
    /// How far the log has come; nothing before it is made.
    pub async fn log_state(&self) -> Result<Option<LogState>, LedgerError> {
        let sql = "SELECT origin, size, xid, n, termed FROM log_state";
        let found = self.pools().fetch(sql, Vec::new()).await?;
        let read = |row: &Cells| {
            Ok(LogState {
                origin: row.text(0)?,
                size: counted(row, 1)?,
                place: LogPlace {
                    xid: row.int(2)?,
                    n: row.int(3)?,
                },
                termed: counted(row, 4)?,
            })
        };
        let read = found.first().map(read).transpose();
        read.map_err(|Damage(damage)| LedgerError::corrupt("log_state", "1", damage))
    }

    /// How far the log is behind. Nothing before it is made.
    pub async fn log_lag(&self) -> Result<Option<LogLag>, LedgerError> {
        let Some(state) = self.log_state().await? else {
            return Ok(None);
        };
        let waiting = self.oldest_after(state.place).await?;
        let now = self.shared().clock.now();
        Ok(Some(LogLag {
            entries: state.size,
            searchable: state.termed,
            lag: waiting.map_or(Duration::ZERO, |at| now.since(at)),
        }))
    }

    /// The latest head, or the latest of at most this size.
    pub async fn checkpoint(
        &self,
        at_most: Option<u64>,
    ) -> Result<Option<StoredCheckpoint>, LedgerError> {
        let sql = format!("{CHECKPOINT} WHERE size <= $1 ORDER BY size DESC LIMIT 1");
        let cells = vec![at_most.map_or(i64::MAX, number).into()];
        let found = self.pools().fetch(sql, cells).await?;
        found.first().map(checkpoint).transpose()
    }

    /// The first head that covers this entry.
    pub async fn checkpoint_over(
        &self,
        index: u64,
    ) -> Result<Option<StoredCheckpoint>, LedgerError> {
        let sql = format!("{CHECKPOINT} WHERE size > $1 ORDER BY size LIMIT 1");
        let found = self.pools().fetch(sql, vec![number(index).into()]).await?;
        found.first().map(checkpoint).transpose()
    }

    /// A tile as it is stored, which may be longer than that of an earlier head.
    pub async fn tile(&self, at: TileAt) -> Result<Option<Tile>, LedgerError> {
        let sql = "SELECT hashes FROM log_tile WHERE level = $1 AND n = $2";
        let cells = vec![i64::from(at.level).into(), number(at.n).into()];
        let found = self.pools().fetch(sql, cells).await?;
        let Some(row) = found.first() else {
            return Ok(None);
        };
        let read = row.blob(0).map(|bytes| Tile::read(at, &bytes));
        match read {
            Ok(Some(tile)) => Ok(Some(tile)),
            Ok(None) => Err(damaged_tile(at, "it is no row of 1 to 256 hashes")),
            Err(Damage(damage)) => Err(damaged_tile(at, &damage)),
        }
    }

    /// The number of an event in the log; nothing while it has none.
    pub async fn entry_of(&self, event: EventId) -> Result<Option<u64>, LedgerError> {
        let sql = "SELECT seq FROM log_entry WHERE event = $1";
        let found = self.pools().fetch(sql, vec![event.0.into()]).await?;
        let Some(state) = self.log_state().await? else {
            return Ok(None);
        };
        let seq = found.first().map(|row| counted(row, 0)).transpose();
        let seq = seq.map_err(|Damage(damage)| LedgerError::corrupt("log_entry", event, damage))?;
        // On SQLite an event has its number from its commit on, and is in the log when it is hashed.
        Ok(seq.filter(|seq| *seq < state.size))
    }

    /// The entries from number `index` on, at most `limit`. `place` is where the one before stands, if
    /// that is known: then nothing has to be looked up.
    pub async fn entries(
        &self,
        index: u64,
        place: Option<LogPlace>,
        limit: u32,
    ) -> Result<Vec<LogEntry>, LedgerError> {
        let after = match (index, place) {
            (0, _) => LogPlace::default(),
            (_, Some(place)) => place,
            (_, None) => match self.place_of(index - 1).await? {
                Some(place) => place,
                None => return Ok(Vec::new()),
            },
        };
        let Some(state) = self.log_state().await? else {
            return Ok(Vec::new());
        };
        let left = state.size.saturating_sub(index).min(u64::from(limit));
        let found = self.events_after(after, number(left)).await?;
        let entry = |(at, (event, bytes, place, _))| LogEntry {
            index: index + at as u64,
            event,
            bytes,
            place,
        };
        Ok(found.into_iter().enumerate().map(entry).collect())
    }

    /// The bytes of the entries from number `index` on, at most `limit`, and where the last one stands: for
    /// those who go through all of them. They must be numbered.
    pub async fn entry_bytes(
        &self,
        index: u64,
        place: Option<LogPlace>,
        limit: u32,
    ) -> Result<(Vec<Vec<u8>>, Option<LogPlace>), LedgerError> {
        let after = match (index, place) {
            (0, _) => LogPlace::default(),
            (_, Some(place)) => place,
            (_, None) => match self.place_of(index - 1).await? {
                Some(place) => place,
                None => return Ok((Vec::new(), None)),
            },
        };
        let cells = vec![after.xid.into(), after.n.into(), limit.into()];
        let damaged = |Damage(damage)| LedgerError::corrupt("event", "?", damage);
        match self.pools().engine() {
            Engine::Sqlite => {
                let found = self.pools().fetch(JOINED, cells).await?;
                let entries = found.first().map(parted).transpose().map_err(damaged)?;
                Ok(entries.unwrap_or_default())
            }
            Engine::Postgres => {
                let found = self.pools().fetch(BYTES, cells).await?;
                let place = |row: &Cells| {
                    Ok(LogPlace {
                        n: row.int(1)?,
                        xid: row.int(2)?,
                    })
                };
                let last = found.last().map(place).transpose().map_err(damaged)?;
                let bytes = found.iter().map(|row| row.blob(0)).collect();
                Ok((Result::map_err(bytes, damaged)?, last))
            }
        }
    }

    /// Tiles of a level in the order of their numbers, from `n` on.
    pub async fn tiles(&self, level: u8, n: u64, limit: u32) -> Result<Vec<Tile>, LedgerError> {
        let sql = "SELECT n, hashes FROM log_tile WHERE level = $1 AND n >= $2 ORDER BY n LIMIT $3";
        let cells = vec![i64::from(level).into(), number(n).into(), limit.into()];
        let found = self.pools().fetch(sql, cells).await?;
        let read = |row: &Cells| {
            let read = || Ok((counted(row, 0)?, row.blob(1)?));
            let (n, hashes) =
                read().map_err(|Damage(damage)| LedgerError::corrupt("log_tile", "?", damage))?;
            let at = TileAt { level, n };
            Tile::read(at, &hashes)
                .ok_or_else(|| damaged_tile(at, "it is no row of 1 to 256 hashes"))
        };
        found.iter().map(read).collect()
    }

    async fn place_of(&self, index: u64) -> Result<Option<LogPlace>, LedgerError> {
        let sql = match self.pools().engine() {
            Engine::Sqlite => "SELECT 0, n FROM event WHERE n = $1 + 1",
            Engine::Postgres => {
                "SELECT e.xid::text::bigint, e.n FROM log_entry l \
                 JOIN event e ON e.id = l.event WHERE l.seq = $1"
            }
        };
        let found = self.pools().fetch(sql, vec![number(index).into()]).await?;
        let read = |row: &Cells| {
            Ok(LogPlace {
                xid: row.int(0)?,
                n: row.int(1)?,
            })
        };
        let read = found.first().map(read).transpose();
        read.map_err(|Damage(damage)| LedgerError::corrupt("log_entry", index, damage))
    }

    /// When the first event after a place was committed, whether it can be numbered or not.
    pub(super) async fn oldest_after(
        &self,
        after: LogPlace,
    ) -> Result<Option<Timestamp>, LedgerError> {
        let sql = match self.pools().engine() {
            Engine::Sqlite => "SELECT at FROM event WHERE n > $2 AND $1 = 0 ORDER BY n LIMIT 1",
            Engine::Postgres => {
                "SELECT at FROM event WHERE (xid, n) > ($1::bigint::text::xid8, $2::bigint) \
                 ORDER BY event.xid, event.n LIMIT 1"
            }
        };
        let found = self
            .pools()
            .fetch(sql, vec![after.xid.into(), after.n.into()])
            .await?;
        let at = found
            .first()
            .map(|row| row.int(0).map(Timestamp))
            .transpose();
        at.map_err(|Damage(damage)| LedgerError::corrupt("event", "?", damage))
    }

    /// Committed events after a place, in the order of the log; none that another could still precede.
    pub(super) async fn events_after(
        &self,
        after: LogPlace,
        limit: i64,
    ) -> Result<Vec<(EventId, Vec<u8>, LogPlace, Timestamp)>, LedgerError> {
        let sql = match self.pools().engine() {
            Engine::Sqlite => {
                "SELECT id, bytes, $1, n, at FROM event WHERE n > $2 ORDER BY n LIMIT $3"
            }
            Engine::Postgres => NEXT,
        };
        let cells = vec![after.xid.into(), after.n.into(), limit.into()];
        let found = self.pools().fetch(sql, cells).await?;
        let read = |row: &Cells| {
            let read = || {
                let place = LogPlace {
                    xid: row.int(2)?,
                    n: row.int(3)?,
                };
                let at = Timestamp(row.int(4)?);
                Ok((EventId(row.uuid(0)?), row.blob(1)?, place, at))
            };
            read()
                .map_err(|Damage(damage)| LedgerError::corrupt("event", row.name_of_row(0), damage))
        };
        found.iter().map(read).collect()
    }
}

/// What [`JOINED`] found, parted at the lengths that it tells.
fn parted(row: &Cells) -> Result<(Vec<Vec<u8>>, Option<LogPlace>), Damage> {
    let (Some(n), Some(lengths)) = (row.opt_int(0)?, row.opt_text(1)?) else {
        return Ok(Default::default());
    };
    let bytes = row.blob(2)?;
    let mut left = &bytes[..];
    let mut entries = Vec::with_capacity(lengths.len() / 2);
    let broken = || row.damage(2, "it is shorter or longer than its entries");
    for length in lengths.split(',') {
        let length = length.parse().map_err(|error| row.damage(1, error))?;
        let (entry, rest) = left.split_at_checked(length).ok_or_else(broken)?;
        entries.push(entry.to_vec());
        left = rest;
    }
    match left {
        [] => Ok((entries, Some(LogPlace { xid: 0, n }))),
        _ => Err(broken()),
    }
}

pub(super) fn damaged_tile(at: TileAt, why: &str) -> LedgerError {
    LedgerError::corrupt("log_tile", format!("{}/{}", at.level, at.n), why)
}
