//! What people ask.

use std::fmt;

use clerkwork_core::{Approval, Digest, Office, RuleHit, Tier, User};

use crate::{
    decide::distinct,
    engine::{Act, Answer, Engine},
    refusal, review,
};

/// What a person wants to do with a review.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ReviewAct {
    /// Let the item pass, or give one of the two approvals that it needs.
    Approve,
    /// Send the item back to the applicant. One supervisor is enough: a refusal is the safe way.
    Return,
    /// All that decides nothing: claim it, assign it, ask the applicant, hand it over, note that it
    /// was done by hand.
    Work,
}

impl ReviewAct {
    /// Every act.
    pub const ALL: [Self; 3] = [Self::Approve, Self::Return, Self::Work];

    /// The name in the schema.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Approve => "approve",
            Self::Return => "return",
            Self::Work => "work",
        }
    }
}

/// A person wants to act on the review of an item.
///
/// All of it is judged by the rules, in `policies/rules/people.cedar`. What is asked with must come
/// from the ledger at the moment of the act, not from what was shown.
#[derive(Debug, Clone, Copy)]
pub struct ReviewQuestion<'a> {
    /// Who acts.
    pub user: &'a User,
    /// In whose place they act, as a substitute; then that person's tier counts.
    pub on_behalf_of: Option<&'a User>,
    /// What they want to do.
    pub act: ReviewAct,
    /// Whether the user, or the one in whose place they act, is related to the item's taxpayer.
    pub related: bool,
    /// The kind, as the schema names it, for example `AgentInvoiceReview`.
    pub resource_type: &'a str,
    /// The item: the id of the job.
    pub item: &'a str,
    /// Whose work it is.
    pub office: &'a Office,
    /// The user who submitted it.
    pub submitter: &'a str,
    /// The user who started its batch; nothing when it is in none.
    pub batch_starter: Option<&'a str>,
    /// Who proposed and who approved the bundle that blocked it.
    pub policy_authors: &'a [String],
    /// The highest tier among the rules that block it.
    pub tier: Tier,
    /// How many people must approve: 1 or 2. With any other number nobody can.
    pub approvals_needed: u32,
    /// The approvals given so far.
    pub approvals: &'a [Approval],
}

/// A person may not do what was asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct Denied {
    /// Why: the forbids that hold, or what the engine refuses. Never empty.
    pub rules: Vec<RuleHit>,
    /// Digest of the bundle that denied it.
    pub policy_version: Digest,
}

impl fmt::Display for Denied {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the policy denies it")?;
        for (index, rule) in self.rules.iter().enumerate() {
            let before = if index == 0 { ": " } else { "; " };
            write!(f, "{before}{} (`{}`)", rule.reason.en, rule.id)?;
        }
        Ok(())
    }
}

impl Engine {
    /// Whether a person may act on the review of an item. Denied with every reason.
    ///
    /// An approval that is allowed is one more than `approvals`; the item may pass when there are
    /// `approvals_needed` of them.
    pub fn may_decide_review(&self, question: &ReviewQuestion<'_>) -> Result<(), Denied> {
        let rules = match self.ask_review(question) {
            None => vec![refusal::unknown_kind(question.resource_type)],
            Some(answer) if answer.allowed => return Ok(()),
            Some(answer) => {
                let mut hits = answer.refusals;
                hits.extend(answer.rules.iter().map(|rule| rule.hit()));
                if hits.is_empty() {
                    hits.push(refusal::no_permit(&answer.unmet));
                }
                distinct(hits)
            }
        };
        Err(Denied {
            rules,
            policy_version: self.version,
        })
    }

    pub(crate) fn ask_review(&self, question: &ReviewQuestion<'_>) -> Option<Answer> {
        let slice = self.slice(Act::DecideReview, question.resource_type)?;
        let input = review::input(slice, question, None);
        Some(self.answer(slice, input, Vec::new()))
    }
}
