//! A question put to a person, and what exactly it was about.

use serde::{Deserialize, Serialize};

use crate::{Digest, JobId, ReviewId, RuleHit, Tier, Timestamp};

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

/// One person's yes, where more than one is needed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Approval {
    /// The user who approved.
    pub by: String,
    /// In whose place, if they acted as a substitute.
    pub on_behalf_of: Option<String>,
    /// Up to which tier they, or the one they acted for, decided then.
    pub tier: Tier,
    /// When.
    pub at: Timestamp,
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
    /// The user, or `group:` and the name of a group, it was handed over to last.
    #[serde(default)]
    pub assigned_to: Option<String>,
    /// The user who decided.
    pub decided_by: Option<String>,
    /// When it was decided.
    pub decided_at: Option<Timestamp>,
    /// The reason that the person gave.
    pub reason: Option<String>,
}

/// Begins the name of a group of people.
const GROUP: &str = "group:";

/// Whether a text is the name of a user: up to 64 letters, digits, `.`, `_`, `-` and `@`.
pub fn is_user(text: &str) -> bool {
    let fits = |c: char| c.is_alphanumeric() || matches!(c, '.' | '_' | '-' | '@');
    (1..=64).contains(&text.chars().count()) && text.chars().all(fits)
}

/// Whether a review can be handed over to this: a user, or `group:` and a name of the same kind.
pub fn is_assignee(text: &str) -> bool {
    is_user(text.strip_prefix(GROUP).unwrap_or(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_review_goes_to_users_and_groups_only() {
        for name in ["bob", "王芳", "li.na@center", "group:复核组", "group:a"] {
            assert!(is_assignee(name), "{name}");
        }
        let long = "a".repeat(65);
        for name in [
            "",
            "group:",
            "a b",
            "a\nb",
            "group:group:a",
            "team:a",
            &long,
        ] {
            assert!(!is_assignee(name), "{name}");
        }
        assert!(!is_user("group:a"));
    }
}
