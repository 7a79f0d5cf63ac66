//! `[breaker]`

use std::time::Duration;

use serde::Deserialize;

use super::text;

/// When a kind, a connector or a batch is stopped by itself.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BreakerConfig {
    /// What ended so long ago or later is looked at.
    #[serde(rename = "window_seconds", deserialize_with = "text::seconds")]
    pub window: Duration,
    /// How often it is looked at.
    #[serde(rename = "look_every_seconds", deserialize_with = "text::seconds")]
    pub look_every: Duration,
    /// With fewer outcomes in the window nothing is stopped.
    pub least_outcomes: u32,
    /// Share of attempts that failed technically, in permille of all outcomes.
    pub failed_permille: u32,
    /// Share of items that went back to the applicant.
    pub returned_permille: u32,
    /// Share of acts whose outcome is not known.
    pub unknown_permille: u32,
}
