//! `[audit]`

use std::{path::PathBuf, time::Duration};

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
    /// How often a head is handed to those named below.
    #[serde(rename = "publish_minutes", deserialize_with = "text::minutes")]
    pub publish_every: Duration,
    /// A folder that gets a file for each.
    #[serde(deserialize_with = "text::optional")]
    pub publish_folder: Option<PathBuf>,
    /// An address that each is posted to.
    #[serde(deserialize_with = "text::optional")]
    pub publish_webhook: Option<String>,
    /// A Maildir that gets a message for each.
    #[serde(deserialize_with = "text::optional")]
    pub publish_spool: Option<PathBuf>,
    /// Whom the messages are for.
    #[serde(deserialize_with = "text::optional")]
    pub publish_mail_to: Option<String>,
    /// Whom they are from.
    pub publish_mail_from: String,
}
