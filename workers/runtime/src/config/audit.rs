//! `[audit]`

use std::time::Duration;

use serde::Deserialize;

use super::text;

/// The Merkle log over the events.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AuditConfig {
    /// The name of the log; nothing: one is made up when it begins.
    #[serde(deserialize_with = "text::optional")]
    pub origin: Option<String>,
    /// How often events are numbered and a head is signed.
    #[serde(rename = "checkpoint_seconds", deserialize_with = "text::seconds")]
    pub checkpoint_every: Duration,
    /// How long an event may wait for its number without an alarm.
    #[serde(rename = "lag_alarm_seconds", deserialize_with = "text::seconds")]
    pub lag_alarm: Duration,
}
