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
    /// Grows with every change while it is open.
    pub revision: u64,
    /// How many people must approve, 1 or 2. One is enough to return the item.
    pub approvals_needed: u32,
    /// The highest tier among the rules that blocked.
    pub tier: Tier,
    /// Where it is: 1 with the office, 2 with several together, 3 a special case.
    pub level: u32,
    /// The user, or `group:` and the name of a group, who is to decide.
    pub assigned_to: Option<String>,
    /// The user who works on it now.
    pub claimed_by: Option<String>,
    /// Until when nobody else may.
    pub claim_until: Option<Timestamp>,
    /// When it goes to the next level.
    pub due_at: Option<Timestamp>,
    /// When a reminder was sent at this level.
    pub reminded_at: Option<Timestamp>,
    /// The applicant was asked for more and has until then.
    pub asked_until: Option<Timestamp>,
    /// The last level's time ran out then; it waits all the same.
    pub expired_at: Option<Timestamp>,
    /// The open review of the same concern, with which it is decided.
    pub joined_to: Option<ReviewId>,
    /// The approvals so far.
    pub approvals: Vec<Approval>,
    /// The reason code of the decision.
    pub code: Option<String>,
    /// In whose place the one who decided acted, if as a substitute.
    pub on_behalf_of: Option<String>,
    /// The user who decided.
    pub decided_by: Option<String>,
    /// When it was decided.
    pub decided_at: Option<Timestamp>,
    /// The reason that the person gave.
    pub reason: Option<String>,
}

impl Review {
    /// Digest of what a person is shown and decides on: item, facts, policy, rules, the approvals so
    /// far, and the reviews that are decided with it. Who works on it and until when is not part of
    /// it.
    pub fn shown(&self, joined: &[ReviewId]) -> Digest {
        let mut parts: Vec<Vec<u8>> = vec![
            self.id.0.as_bytes().to_vec(),
            self.binding.payload.0.to_vec(),
            self.binding.facts.0.to_vec(),
            self.binding.policy.0.to_vec(),
            self.approvals_needed.to_be_bytes().to_vec(),
            self.tier.as_str().into(),
        ];
        for rule in &self.rules {
            parts.push(b"rule".to_vec());
            parts.push(rule.id.clone().into_bytes());
            parts.push(rule.asks.as_str().into());
        }
        for approval in &self.approvals {
            parts.push(b"approval".to_vec());
            parts.push(approval.by.clone().into_bytes());
            parts.push(
                approval
                    .on_behalf_of
                    .clone()
                    .unwrap_or_default()
                    .into_bytes(),
            );
        }
        let mut joined = joined.to_vec();
        joined.sort_unstable();
        for id in joined {
            parts.push(b"joined".to_vec());
            parts.push(id.0.as_bytes().to_vec());
        }
        // With lengths before them, no two reviews give the same bytes.
        let framed: Vec<Vec<u8>> = parts
            .into_iter()
            .map(|part| {
                let mut framed = (part.len() as u64).to_be_bytes().to_vec();
                framed.extend(part);
                framed
            })
            .collect();
        let framed: Vec<&[u8]> = framed.iter().map(Vec::as_slice).collect();
        Digest::of(&framed)
    }

    /// Whether one more approval lets the item pass.
    pub fn is_last_approval(&self) -> bool {
        self.approvals.len() as u64 + 1 >= u64::from(self.approvals_needed)
    }

    /// After the first of two approvals: whoever gave it is done, and the desk finds somebody for the
    /// second, with time of its own. A group that was given it keeps it, and time that has run out is
    /// not given again.
    pub fn leave_to_the_second(&mut self) {
        let to_group = |to: &String| to.starts_with("group:");
        self.assigned_to = self.assigned_to.take().filter(to_group);
        if self.expired_at.is_none() {
            self.due_at = None;
            self.reminded_at = None;
        }
    }
}

/// The digest by which reviews that ask the same are found: of the ids of their rules.
pub fn rules_key(rules: &[RuleHit]) -> Digest {
    let mut ids: Vec<&str> = rules.iter().map(|rule| rule.id.as_str()).collect();
    ids.sort_unstable();
    ids.dedup();
    let joined = ids.join("\n");
    Digest::of(&[joined.as_bytes()])
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
