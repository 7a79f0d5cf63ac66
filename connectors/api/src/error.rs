//! What can go wrong with an upstream, by what is to be done about it.

use std::time::Duration;

/// What the caller is to do. Matched exhaustively, without `_`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorKind {
    /// A technical failure before anything was done: try again with backoff.
    Transient,
    /// Too many calls: try again, not before the given time.
    RateLimited {
        /// What the upstream asked for, if it did.
        retry_after: Option<Duration>,
    },
    /// The upstream refused on business grounds: a result, never retried.
    Rejected,
    /// Our credentials do not serve.
    Unauthorized,
    /// Our configuration or the upstream's contract is wrong; retrying does not help.
    Misconfigured,
    /// A write may or may not have landed: look it up, never retry blindly.
    OutcomeUnknown,
}

/// An error of a connector. Its message holds no personal data and no response body.
#[derive(Debug, thiserror::Error)]
#[error("{connector}.{operation}: {message}")]
pub struct ConnectorError {
    /// Name of the connector, for example `etax`.
    pub connector: &'static str,
    /// The operation, for example `approve_and_issue`.
    pub operation: &'static str,
    /// What is to be done about it.
    pub kind: ErrorKind,
    /// The upstream's own code, if it gave one.
    pub code: Option<String>,
    /// What went wrong and what to do next.
    pub message: String,
    /// The cause.
    #[source]
    pub source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

impl ConnectorError {
    /// What is to be done about it.
    pub fn kind(&self) -> ErrorKind {
        self.kind
    }
}
