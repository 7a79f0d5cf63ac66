//! What can go wrong with the queue, as callers see it.

use redis::RedisError;

/// Why a call to the queue failed. None of these says anything about a job: the ledger knows it,
/// and a push may be repeated.
#[derive(Debug, thiserror::Error)]
pub enum QueueError {
    /// The address is not one of a Redis.
    #[error(
        "`{address}` is not the address of a redis; use redis://host:port, rediss://host:port or redis+unix:///path"
    )]
    InvalidAddress {
        /// The address without its password.
        address: String,
        /// What the client library found wrong.
        source: RedisError,
    },
    /// A setting is out of range.
    #[error("invalid {0}")]
    InvalidOption(String),
    /// Redis did not answer, or refused.
    #[error("redis at `{address}` failed to {doing}; see that it runs and is reachable")]
    Redis {
        /// Where it was looked for; holds no password.
        address: String,
        /// What was asked of it.
        doing: &'static str,
        /// What it answered, or how the connection failed.
        source: RedisError,
    },
    /// A cursor that [`Queue::dead_letters`](crate::Queue::dead_letters) did not give out.
    #[error("`{0}` is not the id of a dead letter; use the `id` of the last one shown")]
    InvalidCursor(String),
}

impl QueueError {
    /// Whether trying again later may help.
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Redis { .. } => true,
            Self::InvalidAddress { .. } | Self::InvalidOption(_) | Self::InvalidCursor(_) => false,
        }
    }
}
