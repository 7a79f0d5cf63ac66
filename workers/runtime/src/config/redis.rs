//! `[redis]`

use std::time::Duration;

use clerkwork_core::Lane;
use serde::Deserialize;

use super::{SecretUrl, text};

/// The queue.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RedisConfig {
    /// `redis:…`, `rediss:…` or `redis+unix:…`; absent: the private Redis of the data folder.
    #[serde(deserialize_with = "text::optional")]
    pub url: Option<SecretUrl>,
    /// Begins every key.
    pub prefix: String,
    /// An entry whose worker has not been heard of for so long is given to another.
    #[serde(rename = "lease_seconds", deserialize_with = "text::seconds")]
    pub lease: Duration,
    /// Entries a worker process holds in hand beyond those it works on.
    pub prefetch: usize,
    /// Entries in Redis at most.
    pub window: WindowConfig,
}

/// Entries in Redis at most, per lane.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WindowConfig {
    /// In the lane before all others.
    pub express: usize,
    /// In the usual lane.
    pub standard: usize,
    /// In the lane behind all others.
    pub bulk: usize,
}

impl WindowConfig {
    /// The window of one lane.
    pub const fn of(&self, lane: Lane) -> usize {
        match lane {
            Lane::Express => self.express,
            Lane::Standard => self.standard,
            Lane::Bulk => self.bulk,
        }
    }
}
