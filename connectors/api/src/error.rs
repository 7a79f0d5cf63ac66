//! What can go wrong with an upstream, by what is to be done about it.

use std::{sync::Arc, time::Duration};

use crate::Page;

/// What the caller is to do. Matched exhaustively, without `_`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorKind {
    /// A technical failure before anything was done: try again with backoff.
    Transient,
    /// Not now, and nothing was done: too many calls, or the upstream failed so often that it is
    /// left alone for a while. Try again, not before the given time.
    RateLimited {
        /// What the upstream asked for, or how long it is left alone.
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
    /// A page is not what the connector was made for, and nothing was done: nothing more is done there until
    /// an integrator has looked at it.
    PageChanged,
}

impl ErrorKind {
    /// The name in logs and metrics.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Transient => "transient",
            Self::RateLimited { .. } => "rate_limited",
            Self::Rejected => "rejected",
            Self::Unauthorized => "unauthorized",
            Self::Misconfigured => "misconfigured",
            Self::OutcomeUnknown => "outcome_unknown",
            Self::PageChanged => "page_changed",
        }
    }
}

/// An error of a connector. Its message holds no personal data and no response body. It can be
/// cloned, because one call upstream may answer many callers.
#[derive(Debug, Clone, thiserror::Error)]
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
    /// What the upstream showed, for whoever looks into it: with [`ErrorKind::PageChanged`].
    pub page: Option<Arc<Page>>,
    /// The cause.
    #[source]
    pub source: Option<Arc<dyn std::error::Error + Send + Sync>>,
}

impl ConnectorError {
    /// What is to be done about it.
    pub fn kind(&self) -> ErrorKind {
        self.kind
    }
}
