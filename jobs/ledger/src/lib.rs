//! The SQL truth: SQLite (embedded default) and PostgreSQL (production) behind one concrete
//! [`Ledger`].
//!
//! Invariants:
//! * a change of a job and its events commit in one transaction, and an answer is given only after
//!   the commit is durable;
//! * a change is a compare-and-set on (state, attempt); only the transitions of
//!   [`clerkwork_core::state::TRANSITIONS`] are possible; no attempt is claimed twice, so a late
//!   finish of a worker that was given up is always refused;
//! * a reference is unique per kind; an effect's key names its job;
//! * an event's bytes are made once, with `job_seq` 1, 2, 3 … for each job;
//! * a read never waits for a write, and no hot path costs more when more is queued: counters are
//!   kept, not counted, and the dispatcher steps over batches, not over jobs.
//!
//! Inside: [`Ledger`] hands requests to the writer (`writer`), which groups them; `engine` holds
//! what differs between the two databases; statements lie in `sql/` and are shared by both; `read`
//! is everything that only reads. A column goes into a new file in both folders of `migrations/`,
//! into `row.rs` if it changes over a job's life, and into `read/rows.rs`. A new request is a variant
//! of `writer::request::Work`, a step in `writer/steps.rs` and a method of [`Ledger`].

mod change;
mod control;
mod desk;
mod engine;
mod erase;
mod error;
mod keyring;
mod ledger;
mod log;
mod mint;
mod people;
mod query;
mod read;
mod row;
mod wake;
mod writer;

pub use change::*;
pub use control::*;
pub use desk::{Candidate, Duty};
pub use erase::{ERASED, Erased, Holdings, Looked, PersonNumber};
pub use error::*;
pub use keyring::{MasterKeyChanged, MasterKeyRecord};
pub use ledger::*;
pub use log::{
    LogEntry, LogKeeper, LogKeyChanged, LogLag, LogPlace, LogState, Numbered, StoredCheckpoint,
    StoredLogKey,
};
pub use people::*;
pub use query::*;
pub use read::{Found, KeptInput, Order};
