//! Why a decision came out as it did: for people, and for whoever decides the review.

use clerkwork_core::{Decision, Fact, RuleHit};
use serde::Serialize;

use crate::{
    decide::Question,
    engine::{Act, Engine},
};

/// A decision with all that led to it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Explanation {
    /// The decision.
    pub decision: Decision,
    /// Every hit of the decision, in its order.
    pub rules: Vec<ExplainedRule>,
    /// Every fact of the item that some rule for its kind reads, by name.
    pub facts: Vec<UsedFact>,
    /// Facts that some rule for its kind reads and that are not known, by name.
    pub missing: Vec<MissingFact>,
    /// When nothing was permitted and nothing forbidden: the conditions of permits that fail.
    pub unmet: Vec<String>,
}

/// A hit, and where it comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ExplainedRule {
    /// The hit.
    pub hit: RuleHit,
    /// Where the rule is; nothing for what the engine itself refuses.
    pub source: Option<RuleSource>,
    /// What it reads, by name.
    pub reads: Vec<ReadFact>,
}

/// Where a rule is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RuleSource {
    /// The file, as a path inside the bundle.
    pub file: String,
    /// The line, from 1.
    pub line: usize,
    /// The rule's text.
    pub text: String,
}

/// A fact that a rule reads.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ReadFact {
    /// Its name.
    pub name: String,
    /// The fact; nothing when it is not known.
    pub fact: Option<Fact>,
}

/// A fact that was used.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct UsedFact {
    /// Its name.
    pub name: String,
    /// Value, source and time.
    pub fact: Fact,
    /// The rules among the decision's hits that read it.
    pub read_by: Vec<String>,
}

/// A fact that was looked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct MissingFact {
    /// Its name.
    pub name: String,
    /// The rules among the decision's hits that read it; empty when its absence did no harm.
    pub read_by: Vec<String>,
}

impl Engine {
    /// Decides, and says why. Costs more than [`Engine::decide`] and decides the same.
    pub fn explain(&self, question: &Question<'_>) -> Explanation {
        let traced = self.decide_traced(question);
        let facts = &question.facts.0;
        let rules: Vec<ExplainedRule> = traced
            .decision
            .rules
            .iter()
            .map(|hit| {
                let rule = self.rules.get(&hit.id);
                let read = |name: &String| ReadFact {
                    name: name.clone(),
                    fact: facts.get(name).cloned(),
                };
                ExplainedRule {
                    hit: hit.clone(),
                    source: rule.map(|rule| RuleSource {
                        file: rule.file.clone(),
                        line: rule.line,
                        text: rule.text.clone(),
                    }),
                    reads: rule
                        .map(|rule| rule.reads.iter().map(read).collect())
                        .unwrap_or_default(),
                }
            })
            .collect();
        let readers = |name: &str| -> Vec<String> {
            rules
                .iter()
                .filter(|rule| rule.reads.iter().any(|read| read.name == name))
                .map(|rule| rule.hit.id.clone())
                .collect()
        };
        // A return is asked of its own slice, so that its facts count as well.
        let slices = [
            self.unattended(question.resource_type),
            self.slice(Act::Return, question.resource_type),
        ];
        let names: std::collections::BTreeSet<&String> = slices
            .into_iter()
            .flatten()
            .flat_map(|slice| slice.rules.values())
            .flat_map(|rule| &rule.reads)
            .collect();
        let mut used = Vec::new();
        let mut missing = Vec::new();
        for name in names {
            let read_by = readers(name);
            match facts.get(name) {
                Some(fact) => used.push(UsedFact {
                    name: name.clone(),
                    fact: fact.clone(),
                    read_by,
                }),
                None => missing.push(MissingFact {
                    name: name.clone(),
                    read_by,
                }),
            }
        }
        Explanation {
            decision: traced.decision,
            rules,
            facts: used,
            missing,
            unmet: traced.unmet,
        }
    }
}
