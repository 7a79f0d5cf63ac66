//! What the policy decided about an item, and by which rules.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{Digest, Text};

/// What is to be done with an item. Ordered: when rules disagree, the greatest wins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// The robot may complete it.
    Proceed,
    /// The robot may send it back to the applicant, with reasons.
    Return,
    /// A person must decide.
    Review,
    /// Two different people must decide, the second of a higher tier than the first.
    Review2,
    /// As [`Review2`](Self::Review2), and the item's whole batch stops until somebody lets it go on.
    Hold,
}

impl Verdict {
    /// Every verdict, from the weakest to the strongest.
    pub const ALL: [Self; 5] = [
        Self::Proceed,
        Self::Return,
        Self::Review,
        Self::Review2,
        Self::Hold,
    ];

    /// The name in storage and on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Proceed => "proceed",
            Self::Return => "return",
            Self::Review => "review",
            Self::Review2 => "review2",
            Self::Hold => "hold",
        }
    }

    /// How many people must approve before a robot goes on; zero: none.
    pub const fn approvals(self) -> u32 {
        match self {
            Self::Proceed | Self::Return => 0,
            Self::Review => 1,
            Self::Review2 | Self::Hold => 2,
        }
    }

    /// What people are asked for when these rules stand against an item: the strongest of what they
    /// ask for, and a review at least.
    pub fn asked_by(rules: &[RuleHit]) -> Self {
        let asked = rules.iter().map(|rule| rule.asks).max();
        asked.unwrap_or(Self::Review).max(Self::Review)
    }

    /// Whether a person must decide.
    pub const fn asks_people(self) -> bool {
        self.approvals() > 0
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// Whose concern a rule is; each tier has its own reviewers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Tier {
    /// 业务: is the item right?
    Business,
    /// 执法: is the act lawful?
    Enforcement,
    /// 廉政: does somebody profit?
    Integrity,
}

impl Tier {
    /// Every tier, the lowest first.
    pub const ALL: [Self; 3] = [Self::Business, Self::Enforcement, Self::Integrity];

    /// The name in storage and on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Business => "business",
            Self::Enforcement => "enforcement",
            Self::Integrity => "integrity",
        }
    }
}

/// A rule that took part in a decision.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RuleHit {
    /// The rule's `@id`, or `engine.…` for what the engine itself refuses.
    pub id: String,
    /// Whose concern it is.
    pub tier: Tier,
    /// What it asks for.
    pub asks: Verdict,
    /// Why, for people.
    pub reason: Text,
}

/// Who made a decision.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum MadeBy {
    /// The policy, from the facts alone.
    #[default]
    Policy,
    /// A person; the policy was asked whether a robot may carry it out.
    Person,
    /// The fleet itself, for example because an approval lapsed or an outcome is unclear.
    Fleet,
}

impl MadeBy {
    /// The name in storage and on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Policy => "policy",
            Self::Person => "person",
            Self::Fleet => "fleet",
        }
    }
}

/// A decision, complete enough to be made again from the record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decision {
    /// What is to be done.
    pub verdict: Verdict,
    /// The rules that made the verdict: for `proceed` the permits, otherwise the forbids that
    /// fired, or what the engine itself refused.
    pub rules: Vec<RuleHit>,
    /// Digest of the bundle that decided.
    pub policy_version: Digest,
    /// Digest of the facts it was shown.
    pub facts_digest: Digest,
}
