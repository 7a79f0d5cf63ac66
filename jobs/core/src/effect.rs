//! The journal of effects: what was announced before it was done in another system.

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{JobId, Timestamp};

/// Names one intended effect for ever; handed to the upstream and used to look the effect up.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct IdempotencyKey(pub String);

impl IdempotencyKey {
    /// The same job and effect name give the same key at every attempt.
    pub fn of(job: JobId, effect: &str) -> Self {
        Self(format!("cw-{job}-{effect}"))
    }
}

impl fmt::Display for IdempotencyKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// How far an effect has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum EffectState {
    /// Announced; whether it happened is not recorded yet.
    Intended,
    /// It happened, once.
    Confirmed,
    /// The upstream refused it on business grounds; nothing happened.
    Refused,
    /// It may or may not have happened.
    Unknown,
}

impl EffectState {
    /// The name in storage and on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Intended => "intended",
            Self::Confirmed => "confirmed",
            Self::Refused => "refused",
            Self::Unknown => "unknown",
        }
    }
}

/// One row of the journal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EffectRecord {
    /// Unique over all jobs.
    pub key: IdempotencyKey,
    /// The effect's name within its job, for example `approve_and_issue`.
    pub name: String,
    /// How far it has come.
    pub state: EffectState,
    /// The attempt that announced it.
    pub attempt: u32,
    /// What was there upstream just before it was announced, as far as its lookup needs it: what
    /// stood there already cannot be this effect's doing.
    pub before: Option<Value>,
    /// What the upstream answered; holds no personal data.
    pub result: Option<Value>,
    /// When it was announced.
    pub intended_at: Timestamp,
    /// When its outcome was recorded.
    pub resolved_at: Option<Timestamp>,
}
