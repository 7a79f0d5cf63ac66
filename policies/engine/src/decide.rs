//! What robots ask.

use clerkwork_core::{Decision, Facts, Office, RuleHit, Verdict};

use crate::{
    engine::{Act, Answer, Asked, Engine, Slice},
    floor, refusal,
};

/// A robot's question about one item.
#[derive(Debug, Clone, Copy)]
pub struct Question<'a> {
    /// The robot's name: the name of its process.
    pub robot: &'a str,
    /// The kind, as the schema names it, for example `AgentInvoiceReview`.
    pub resource_type: &'a str,
    /// Whether a robot may ever complete items of this kind. The kind says so, not the policy.
    pub automatable: bool,
    /// The item: the id of the job.
    pub item: &'a str,
    /// Whose work it is.
    pub office: &'a Office,
    /// The user who submitted it.
    pub submitter: &'a str,
    /// What is known about it.
    pub facts: &'a Facts,
}

impl<'a> Question<'a> {
    pub(crate) fn asked(&self) -> Asked<'a> {
        Asked {
            principal: self.robot,
            item: self.item,
            office: self.office,
            submitter: self.submitter,
        }
    }

    /// Whether the hard floor bars robots from it: the kind's own word, or the list in code.
    pub(crate) fn never_unattended(&self) -> bool {
        !self.automatable || floor::forbids_kind(self.resource_type)
    }
}

/// A decision, and every rule that held on the way to it.
pub(crate) struct Traced {
    pub(crate) decision: Decision,
    /// Ids of all rules that held, those of a permitted return included.
    pub(crate) held: Vec<String>,
    /// Conditions of permits that failed, when nothing was permitted and nothing forbidden.
    pub(crate) unmet: Vec<String>,
}

impl Engine {
    /// What is to be done with an item without asking a person.
    ///
    /// `proceed` only when a rule permits it, no rule forbids it, nothing erred, every fact is of
    /// the schema and the kind is automatable. `return` only when no rule asks for a review and
    /// the return itself is permitted. In all other cases `review`, with every reason.
    pub fn decide(&self, question: &Question<'_>) -> Decision {
        self.decide_traced(question).decision
    }

    /// Whether a robot may now complete what a person approved: `proceed`, or `review` with the
    /// reasons why not.
    pub fn may_execute_approved(&self, question: &Question<'_>) -> Decision {
        self.execute_traced(Act::ExecuteApproved, Verdict::Proceed, question)
            .decision
    }

    /// Whether a robot may now send back what a person returned: `return`, or `review` with the
    /// reasons why not.
    pub fn may_execute_returned(&self, question: &Question<'_>) -> Decision {
        self.execute_traced(Act::ExecuteReturned, Verdict::Return, question)
            .decision
    }

    pub(crate) fn decide_traced(&self, question: &Question<'_>) -> Traced {
        let Some(slice) = self.unattended(question.resource_type) else {
            return self.refuse_kind(question);
        };
        let mut hits = Vec::new();
        if question.never_unattended() || slice.act == Act::ProcessBlocked {
            hits.push(refusal::never_unattended());
        }
        let answer = self.ask(slice, &question.asked(), question.facts);
        let mut held = ids(&answer);
        hits.extend(answer.refusals);
        if answer.allowed && hits.is_empty() {
            hits.extend(answer.rules.iter().map(|rule| rule.hit()));
            return self.traced(Verdict::Proceed, hits, held, Vec::new(), question);
        }
        if !answer.allowed {
            hits.extend(answer.rules.iter().map(|rule| rule.hit()));
        }
        if hits.is_empty() {
            hits.push(refusal::no_permit(&answer.unmet));
        }
        let asked_for = hits.iter().map(|hit| hit.asks).max();
        // Only when every hit asks for it. `Proceed` cannot be asked for by a forbid; if it were,
        // a person decides.
        if asked_for == Some(Verdict::Return) {
            let refused = match self.slice(Act::Return, question.resource_type) {
                Some(slice) => self.ask_return(slice, question, &mut held),
                None => vec![refusal::no_return_permit(&[])],
            };
            if refused.is_empty() {
                return self.traced(Verdict::Return, hits, held, Vec::new(), question);
            }
            hits.extend(refused);
        }
        self.traced(Verdict::asked_by(&hits), hits, held, answer.unmet, question)
    }

    /// Empty when a robot may return the item, otherwise why not.
    fn ask_return(
        &self,
        slice: &Slice,
        question: &Question<'_>,
        held: &mut Vec<String>,
    ) -> Vec<RuleHit> {
        let answer = self.ask(slice, &question.asked(), question.facts);
        held.extend(ids(&answer));
        if answer.allowed {
            return Vec::new();
        }
        let mut refused = answer.refusals;
        refused.extend(answer.rules.iter().map(|rule| rule.hit()));
        if refused.is_empty() {
            refused.push(refusal::no_return_permit(&answer.unmet));
        }
        refused
    }

    pub(crate) fn execute_traced(
        &self,
        act: Act,
        allowed: Verdict,
        question: &Question<'_>,
    ) -> Traced {
        let Some(slice) = self.slice(act, question.resource_type) else {
            return self.refuse_kind(question);
        };
        let answer = self.ask(slice, &question.asked(), question.facts);
        let held = ids(&answer);
        let mut hits = answer.refusals;
        if question.never_unattended() {
            hits.push(refusal::never_unattended());
        } else if answer.allowed {
            hits.extend(answer.rules.iter().map(|rule| rule.hit()));
            return self.traced(allowed, hits, held, answer.unmet, question);
        }
        if !answer.allowed {
            hits.extend(answer.rules.iter().map(|rule| rule.hit()));
        }
        if hits.is_empty() {
            hits.push(refusal::no_permit(&answer.unmet));
        }
        let verdict = Verdict::asked_by(&hits);
        self.traced(verdict, hits, held, answer.unmet, question)
    }

    fn refuse_kind(&self, question: &Question<'_>) -> Traced {
        let mut hits = vec![refusal::unknown_kind(question.resource_type)];
        if question.never_unattended() {
            hits.push(refusal::never_unattended());
        }
        self.traced(Verdict::Review, hits, Vec::new(), Vec::new(), question)
    }

    fn traced(
        &self,
        verdict: Verdict,
        rules: Vec<RuleHit>,
        held: Vec<String>,
        unmet: Vec<String>,
        question: &Question<'_>,
    ) -> Traced {
        Traced {
            decision: Decision {
                verdict,
                rules: distinct(rules),
                policy_version: self.version,
                facts_digest: question.facts.digest(),
            },
            held,
            unmet,
        }
    }
}

fn ids(answer: &Answer) -> Vec<String> {
    answer.rules.iter().map(|rule| rule.id.clone()).collect()
}

/// Sorted by id; the same refusal of two questions is kept once.
pub(crate) fn distinct(mut hits: Vec<RuleHit>) -> Vec<RuleHit> {
    hits.sort_by(|a, b| (&a.id, &a.reason.en).cmp(&(&b.id, &b.reason.en)));
    hits.dedup();
    hits
}
