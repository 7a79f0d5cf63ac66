//! The job: one item of work, as the ledger holds it.

use std::{fmt, str::FromStr, sync::Arc};

use serde::{Deserialize, Serialize};

use crate::{BatchId, Digest, JobId, Office, State, Timestamp, Verdict, WorkerId};

/// The name of a job kind, for example `agent_invoice_review`. The registry of kinds says which
/// names are known.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct KindName(Arc<str>);

impl KindName {
    /// Takes a name as it is.
    pub fn new(name: &str) -> Self {
        Self(name.into())
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for KindName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// Which stream of the queue a job travels in.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default, Serialize, Deserialize,
)]
#[serde(rename_all = "lowercase")]
pub enum Lane {
    /// Before all others.
    Express,
    /// The usual one.
    #[default]
    Standard,
    /// When nothing else waits.
    Bulk,
}

impl Lane {
    /// Every lane, the most urgent first.
    pub const ALL: [Self; 3] = [Self::Express, Self::Standard, Self::Bulk];

    /// The name in storage and on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Express => "express",
            Self::Standard => "standard",
            Self::Bulk => "bulk",
        }
    }
}

impl fmt::Display for Lane {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// The text is not the name of a lane.
#[derive(Debug, thiserror::Error)]
#[error("unknown lane `{0}`; use express, standard or bulk")]
pub struct UnknownLane(String);

impl FromStr for Lane {
    type Err = UnknownLane;
    fn from_str(text: &str) -> Result<Self, UnknownLane> {
        Self::ALL
            .into_iter()
            .find(|lane| lane.as_str() == text)
            .ok_or_else(|| UnknownLane(text.into()))
    }
}

/// What travels through the queue: a reference to the ledger, never personal data.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// The job.
    pub job: JobId,
    /// The attempt this entry is for; an entry for another attempt is stale.
    pub attempt: u32,
    /// W3C trace context of the intake, if there was one.
    pub traceparent: Option<String>,
}

/// A job as the ledger holds it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Job {
    /// Its id.
    pub id: JobId,
    /// What kind of work it is.
    pub kind: KindName,
    /// The submitter's own name for it, unique per kind.
    pub reference: String,
    /// Whose work it is.
    pub office: Office,
    /// The batch it came in, if any.
    pub batch: Option<BatchId>,
    /// Its lane.
    pub lane: Lane,
    /// When it should be done.
    pub deadline: Option<Timestamp>,
    /// The user who submitted it.
    pub submitter: String,
    /// Where it stands.
    pub state: State,
    /// The attempt that runs now or is next to run, from 1.
    pub attempt: u32,
    /// Attempts counted against the maximum: technical failures, not rescues or reviews.
    pub failures: u32,
    /// Not before this time, in states that wait.
    pub run_at: Timestamp,
    /// When it was accepted.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
    /// Number of events written about it so far.
    pub seq: u64,
    /// The item itself: JSON, as accepted, in canonical form.
    pub payload: String,
    /// SHA-256 of a per-job salt and the payload.
    pub payload_digest: Digest,
    /// The last verdict.
    pub verdict: Option<Verdict>,
    /// The last technical failure, without personal data.
    pub last_error: Option<String>,
    /// A person asked to cancel while it was running.
    pub cancel_requested: bool,
    /// The process that holds it.
    pub worker: Option<WorkerId>,
    /// W3C trace context of the intake.
    pub traceparent: Option<String>,
}
