//! How a queue is set up.

use std::time::Duration;

use crate::QueueError;

/// Settings of a queue. All processes of a fleet must agree on `prefix` and `lease`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueueOptions {
    /// Begins every key, so that several fleets can share one Redis. Letters, digits, `-`, `_`.
    pub prefix: String,
    /// An entry that nobody renewed for this long is taken over by another process. Renewal is
    /// about four times as frequent.
    pub lease: Duration,
    /// Entries per lane that one process fetches ahead. Those not yet started hold nobody up at a
    /// graceful close, but wait for the lease after a crash: choose about twice the number of
    /// handlers that run at a time.
    pub prefetch: usize,
    /// The longest time one read waits for entries at the server.
    pub block: Duration,
    /// The longest time a connection may take to be made.
    pub connect_timeout: Duration,
    /// The longest time an answer may take before the connection is given up.
    pub response_timeout: Duration,
    /// The longest time a graceful close may take once handlers have ended.
    pub close_timeout: Duration,
    /// About how many dead letters are kept per lane; the oldest go first.
    pub dead_letters: usize,
}

impl Default for QueueOptions {
    fn default() -> Self {
        Self {
            prefix: "cw".into(),
            lease: Duration::from_secs(30),
            prefetch: 128,
            block: Duration::from_secs(2),
            connect_timeout: Duration::from_secs(2),
            response_timeout: Duration::from_secs(5),
            close_timeout: Duration::from_secs(10),
            dead_letters: 10_000,
        }
    }
}

impl QueueOptions {
    pub(crate) fn check(&self) -> Result<(), QueueError> {
        let name_ok = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
        let complaint = if self.prefix.is_empty() || !self.prefix.bytes().all(name_ok) {
            format!(
                "prefix `{}` of the queue; use letters, digits, `-` and `_`",
                self.prefix
            )
        } else if self.lease < Duration::from_millis(100) {
            format!("lease `{:?}` of the queue; use at least 100 ms", self.lease)
        } else if self.prefetch == 0 || self.prefetch > 10_000 {
            format!("prefetch `{}` of the queue; use 1 to 10000", self.prefetch)
        } else if self.block < Duration::from_millis(1) {
            format!("block `{:?}` of the queue; use at least 1 ms", self.block)
        } else {
            return Ok(());
        };
        Err(QueueError::InvalidOption(complaint))
    }
}
