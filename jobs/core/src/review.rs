//! A question put to a person, and what exactly it was about.

use serde::{Deserialize, Serialize};

use crate::{Digest, JobId, ReviewId, RuleHit, Timestamp};

/// What a person's decision is bound to. It lapses when any part changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Binding {
    /// Salted digest of the item.
    pub payload: Digest,
    /// Digest of the facts that were shown.
    pub facts: Digest,
    /// The policy bundle that blocked it.
    pub policy: Digest,
}

/// How far a review has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ReviewState {
    /// Waits for a person.
    Open,
    /// A person let the item pass.
    Approved,
    /// A person sends the item back.
    Returned,
    /// What it was bound to has changed, or the item was cancelled; it decides nothing any more.
    Lapsed,
}

impl ReviewState {
    /// The name in storage and on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Approved => "approved",
            Self::Returned => "returned",
            Self::Lapsed => "lapsed",
        }
    }
}

/// One review.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Review {
    /// Its id.
    pub id: ReviewId,
    /// The blocked job.
    pub job: JobId,
    /// How far it has come.
    pub state: ReviewState,
    /// The rules that blocked the item.
    pub rules: Vec<RuleHit>,
    /// What a decision is bound to.
    pub binding: Binding,
    /// When it was opened.
    pub opened_at: Timestamp,
    /// The user who decided.
    pub decided_by: Option<String>,
    /// When it was decided.
    pub decided_at: Option<Timestamp>,
    /// The reason that the person gave.
    pub reason: Option<String>,
}
