//! The Merkle log over the events: who is which entry, and what the log's heads are.
//!
//! Events commit with the change that they tell about, without a number. A [`LogKeeper`] numbers them
//! afterwards, about once a second: on SQLite in the order of their insertion, on PostgreSQL in the
//! order of `(xid, n)` below the oldest transaction that is still open, so that nothing can commit
//! before what was numbered. It hashes them, stores tiles and a signed head, all in one transaction.
//! What a search finds them by is kept after that, by [`Ledger::keep_terms`](crate::Ledger::keep_terms).
//!
//! Invariants:
//! * every committed event gets one number, without gaps, and keeps it;
//! * heads only grow: the size of the log is compared and set, so of two keepers at once one wins and
//!   the other begins anew from what is stored;
//! * a head is stored before anybody sees it.

mod keeper;
mod keys;
mod read;
mod terms;

use clerkwork_core::{Digest, EventId, Timestamp};

pub use keeper::{LogKeeper, Numbered};
pub use keys::LogKeyChanged;
pub use read::{LogLag, LogState};

/// A head of the log as it is stored and published.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredCheckpoint {
    /// How many entries.
    pub size: u64,
    /// The root of their tree.
    pub root: Digest,
    /// When it was signed.
    pub at: Timestamp,
    /// The signed note.
    pub note: String,
}

/// An entry of the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogEntry {
    /// Its number, from 0.
    pub index: u64,
    /// The event.
    pub event: EventId,
    /// The event's bytes.
    pub bytes: Vec<u8>,
    /// Where it stands, to go on from.
    pub place: LogPlace,
}

/// Where an entry stands in the order of the log.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct LogPlace {
    pub(crate) xid: i64,
    pub(crate) n: i64,
}

/// A key of the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredLogKey {
    /// What its signatures are checked with.
    pub vkey: String,
    /// Since when it signs.
    pub added_at: Timestamp,
    /// Since when it does not sign any more.
    pub retired_at: Option<Timestamp>,
}
