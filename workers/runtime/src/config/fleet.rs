//! `[fleet]`

use std::{num::NonZeroU32, time::Duration};

use serde::Deserialize;

use super::text;

/// The workers.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FleetConfig {
    /// Processes that work together: each goes by so large a share of a rate while Redis is away.
    pub processes: NonZeroU32,
    /// Items in work at the same time, per process.
    pub concurrency: usize,
    /// An attempt that takes longer counts as a technical failure.
    #[serde(rename = "job_timeout_seconds", deserialize_with = "text::seconds")]
    pub job_timeout: Duration,
    /// Technical failures after which an item goes to the exceptions desk.
    pub max_attempts: u32,
    /// The first pause before another attempt.
    #[serde(rename = "backoff_base_ms", deserialize_with = "text::millis")]
    pub backoff_base: Duration,
    /// The longest pause before another attempt.
    #[serde(rename = "backoff_max_seconds", deserialize_with = "text::seconds")]
    pub backoff_max: Duration,
    /// Facts are fresh for so long: before an act with older ones the gate is asked again.
    #[serde(rename = "gate_fresh_seconds", deserialize_with = "text::seconds")]
    pub gate_fresh: Duration,
    /// An act whose answer did not come may still land for so long after it was announced.
    #[serde(rename = "landing_seconds", deserialize_with = "text::seconds")]
    pub landing: Duration,
    /// How often an item may be taken over from a dead worker.
    pub max_rescues: u32,
    /// At shutdown, items in work have so long to end.
    #[serde(rename = "drain_seconds", deserialize_with = "text::seconds")]
    pub drain: Duration,
    /// How often a process says that it lives.
    #[serde(rename = "heartbeat_seconds", deserialize_with = "text::seconds")]
    pub heartbeat: Duration,
    /// After so long a silence its items are taken over.
    #[serde(rename = "silent_after_seconds", deserialize_with = "text::seconds")]
    pub silent_after: Duration,
}
