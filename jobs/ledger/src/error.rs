//! What can go wrong, and what a caller may do about it.

use std::sync::Arc;

use clerkwork_audit::{RenderError, SealError};
use clerkwork_core::{BatchId, JobId, State};
use sqlx::sqlite::SqliteError;

/// Why the ledger did not do what it was asked.
///
/// A *refused* change is not an error but an answer ([`Changed::No`](crate::Changed::No)).
#[derive(Debug, Clone, thiserror::Error)]
pub enum LedgerError {
    /// The address or what lies behind it is not usable; the text says what to do.
    #[error("ledger `{url}`: {reason}")]
    Misconfigured {
        /// The address, without a password.
        url: String,
        /// What is wrong, and what to do about it.
        reason: String,
    },
    /// The database could not be reached or was busy for too long; nothing was done.
    #[error("the ledger's database is not available now; nothing was done, try again")]
    Unavailable(#[source] Arc<sqlx::Error>),
    /// The connection broke while the commit was under way: it was done or it was not. Asking
    /// again is safe, because every change compares state and attempt first and every reference
    /// is unique: what has been done already is then refused or found as the same.
    #[error("the connection broke during the commit; whether it was done is not known, ask again")]
    OutcomeUnknown(#[source] Arc<sqlx::Error>),
    /// The database refused; nothing was done.
    #[error("the ledger's database refused; nothing was done")]
    Database(#[source] Arc<sqlx::Error>),
    /// A stored row cannot be understood.
    #[error("row `{id}` of table `{table}` is damaged: {reason}")]
    Corrupt {
        /// The table.
        table: &'static str,
        /// The row's key.
        id: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The change is not in the table of transitions: a programming error.
    #[error("job `{job}` must not go from {from} to {to}")]
    IllegalTransition {
        /// The job.
        job: JobId,
        /// From where.
        from: State,
        /// To where.
        to: State,
    },
    /// What was handed in cannot be stored.
    #[error("{0}")]
    Invalid(String),
    /// There is no such batch.
    #[error("there is no batch `{0}`; create it first")]
    NoSuchBatch(BatchId),
    /// The batch's reference belongs to another office or submitter.
    #[error("the batch reference `{0}` is taken by another office or submitter; choose another")]
    BatchTaken(String),
    /// Personal data could not be sealed or opened.
    #[error(transparent)]
    Seal(Arc<SealError>),
    /// The ledger has been closed.
    #[error("the ledger is closed")]
    Closed,
}

/// What a caller may do about an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LedgerErrorKind {
    /// Nothing was done; try again later.
    Transient,
    /// It was done or it was not; ask again, which is safe.
    OutcomeUnknown,
    /// An operator must change something.
    Misconfigured,
    /// Stored data are damaged; an operator must look.
    Corrupt,
    /// The caller asked for something impossible; asking again does not help.
    Rejected,
    /// The process is ending.
    Closed,
}

impl LedgerError {
    /// What a caller may do about it.
    pub const fn kind(&self) -> LedgerErrorKind {
        match self {
            Self::Misconfigured { .. } => LedgerErrorKind::Misconfigured,
            Self::Unavailable(_) | Self::Database(_) => LedgerErrorKind::Transient,
            Self::OutcomeUnknown(_) => LedgerErrorKind::OutcomeUnknown,
            Self::Corrupt { .. } => LedgerErrorKind::Corrupt,
            Self::IllegalTransition { .. }
            | Self::Invalid(_)
            | Self::NoSuchBatch(_)
            | Self::BatchTaken(_)
            | Self::Seal(_) => LedgerErrorKind::Rejected,
            Self::Closed => LedgerErrorKind::Closed,
        }
    }

    pub(crate) fn corrupt(
        table: &'static str,
        id: impl ToString,
        reason: impl std::fmt::Display,
    ) -> Self {
        Self::Corrupt {
            table,
            id: id.to_string(),
            reason: reason.to_string(),
        }
    }
}

/// What a failure says about the database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Failure {
    /// It took offence at what was asked.
    Refusal,
    /// It is busy or full, or gave way to another transaction; nothing was done.
    Busy,
    /// It went away; what was under way was done or not.
    Gone,
}

fn failure(error: &sqlx::Error) -> Failure {
    use sqlx::Error as E;
    let refusal = match error {
        E::PoolTimedOut | E::PoolClosed => return Failure::Busy,
        E::Io(_) | E::Tls(_) | E::WorkerCrashed => return Failure::Gone,
        E::Database(refusal) => refusal,
        _ => return Failure::Refusal,
    };
    let code = refusal.code().unwrap_or_default();
    if refusal.try_downcast_ref::<SqliteError>().is_some() {
        // The lowest byte is the primary code: busy, locked, full; I/O error.
        return match code.parse::<i32>().map(|code| code & 0xff) {
            Ok(5 | 6 | 13) => Failure::Busy,
            Ok(10) => Failure::Gone,
            _ => Failure::Refusal,
        };
    }
    match &*code {
        // Serialization failure, deadlock, too many connections, disk full.
        "40001" | "40P01" | "53300" | "53100" => Failure::Busy,
        // Shut down, crashed, starting up; connection exceptions.
        "57P01" | "57P02" | "57P03" | "08000" | "08003" | "08006" => Failure::Gone,
        _ => Failure::Refusal,
    }
}

impl LedgerError {
    /// A failure of the commit itself.
    pub(crate) fn of_commit(error: sqlx::Error) -> Self {
        match failure(&error) {
            Failure::Gone => Self::OutcomeUnknown(Arc::new(error)),
            Failure::Busy | Failure::Refusal => error.into(),
        }
    }
}

impl From<sqlx::Error> for LedgerError {
    /// A failure before the commit: nothing was done.
    fn from(error: sqlx::Error) -> Self {
        match failure(&error) {
            Failure::Busy | Failure::Gone => Self::Unavailable(Arc::new(error)),
            Failure::Refusal => Self::Database(Arc::new(error)),
        }
    }
}

impl From<SealError> for LedgerError {
    fn from(error: SealError) -> Self {
        Self::Seal(Arc::new(error))
    }
}

impl From<RenderError> for LedgerError {
    fn from(error: RenderError) -> Self {
        match error {
            RenderError::NotCanonical(error) => Self::Invalid(error.to_string()),
            RenderError::TooLong(_) | RenderError::Misfit(_) => Self::Invalid(error.to_string()),
            RenderError::Seal(error) => error.into(),
        }
    }
}
