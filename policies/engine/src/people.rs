//! What people ask.

use std::fmt;

use clerkwork_core::{Digest, Facts, Office, RuleHit};

use crate::{
    decide::distinct,
    engine::{Act, Answer, Asked, Engine},
    refusal,
};

/// A person wants to decide the review of an item.
///
/// Whether the person may see the item's office at all is asked before, where users and their
/// offices are known.
#[derive(Debug, Clone, Copy)]
pub struct ReviewQuestion<'a> {
    /// The user who wants to decide.
    pub user: &'a str,
    /// The kind, as the schema names it, for example `AgentInvoiceReview`.
    pub resource_type: &'a str,
    /// The item: the id of the job.
    pub item: &'a str,
    /// Whose work it is.
    pub office: &'a Office,
    /// The user who submitted it.
    pub submitter: &'a str,
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
    /// Whether a person may decide the review of an item. The one who submitted it may not.
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
        let asked = Asked {
            principal: question.user,
            item: question.item,
            office: question.office,
            submitter: question.submitter,
        };
        Some(self.ask(slice, &asked, &Facts::default()))
    }
}
