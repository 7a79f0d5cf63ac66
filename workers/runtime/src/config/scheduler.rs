//! `[scheduler]`

use std::time::Duration;

use serde::Deserialize;

use super::text;

/// Dispatcher, rescuer and sweeper.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SchedulerConfig {
    /// How often the ledger is asked for due work when nothing wakes the dispatcher earlier.
    #[serde(rename = "tick_ms", deserialize_with = "text::millis")]
    pub tick: Duration,
    /// Items whose deadline is nearer than this go before all others of their lane.
    #[serde(rename = "urgent_within_seconds", deserialize_with = "text::seconds")]
    pub urgent_within: Duration,
    /// How often items of silent processes are looked for.
    #[serde(rename = "rescue_every_seconds", deserialize_with = "text::seconds")]
    pub rescue_every: Duration,
    /// How often entries that Redis has lost are looked for.
    #[serde(rename = "sweep_every_seconds", deserialize_with = "text::seconds")]
    pub sweep_every: Duration,
}
