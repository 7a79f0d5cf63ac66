//! What differs between two bundles, rule by rule.
//!
//! For whoever approves a proposed bundle: which rules come, go and change, and where. Rules are
//! told apart by their ids, so that one that only moved to another file is no difference. The
//! bundles are parsed and not validated: an old one can be compared although the schema has moved
//! on. What a difference does to items is told by [`Replay`](crate::Replay).

use std::collections::BTreeMap;

use clerkwork_core::Digest;
use serde::Serialize;
use serde_json::Value;

use crate::{
    bundle::{Bundle, SCHEMA},
    problem::Refused,
    rule::{Rule, parse_file},
};

/// The differences between two bundles.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RuleDiff {
    /// Version of the old bundle.
    pub old: Digest,
    /// Version of the new bundle.
    pub new: Digest,
    /// Whether the text of the schema differs.
    pub schema_changed: bool,
    /// Rules that only the new one has, by id.
    pub added: Vec<RuleText>,
    /// Rules that only the old one has, by id.
    pub removed: Vec<RuleText>,
    /// Rules whose text differs, by id.
    pub changed: Vec<RuleChange>,
}

/// A rule and where it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RuleText {
    /// Its id.
    pub id: String,
    /// The file, as a path inside the bundle.
    pub file: String,
    /// The line where its annotations begin, from 1.
    pub line: usize,
    /// Its text.
    pub text: String,
}

/// A rule that is there before and after, with another text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RuleChange {
    /// As it was.
    pub before: RuleText,
    /// As it is.
    pub after: RuleText,
    /// Only spaces, line breaks or comments differ; it decides the same for the same reasons.
    pub layout_only: bool,
}

impl RuleDiff {
    /// Compares two bundles. Refused when the rules of one cannot be read.
    pub fn between(old: &Bundle, new: &Bundle) -> Result<Self, Refused> {
        let (before, after) = (read(old)?, read(new)?);
        let only = |these: &Rules, those: &Rules| -> Vec<RuleText> {
            let only = these.iter().filter(|(id, _)| !those.contains_key(*id));
            only.map(|(_, (rule, _))| rule.clone()).collect()
        };
        let both = before
            .iter()
            .filter_map(|(id, old)| after.get(id).map(|new| (old, new)));
        let changed = both
            .filter(|((old, _), (new, _))| old.text != new.text)
            .map(|((old, was), (new, is))| RuleChange {
                before: old.clone(),
                after: new.clone(),
                layout_only: was == is,
            })
            .collect();
        Ok(Self {
            old: old.version(),
            new: new.version(),
            schema_changed: old.file(SCHEMA) != new.file(SCHEMA),
            added: only(&after, &before),
            removed: only(&before, &after),
            changed,
        })
    }

    /// Whether the bundles decide the same by the same rules, for the same reasons.
    pub fn is_empty(&self) -> bool {
        !self.schema_changed
            && self.added.is_empty()
            && self.removed.is_empty()
            && self.changed.iter().all(|change| change.layout_only)
    }
}

/// Rules by id, with their syntax trees.
type Rules = BTreeMap<String, (RuleText, Option<Value>)>;

fn read(bundle: &Bundle) -> Result<Rules, Refused> {
    let mut problems = Vec::new();
    let mut out = Rules::new();
    for (file, source) in bundle.rules() {
        for policy in parse_file(file, source, &mut problems).unwrap_or_default() {
            let Some((rule, policy)) = Rule::read(&policy, file, source, &mut problems) else {
                continue;
            };
            let text = RuleText {
                id: rule.id.clone(),
                file: rule.file,
                line: rule.line,
                text: rule.text,
            };
            out.insert(rule.id, (text, policy.to_json().ok()));
        }
    }
    if problems.is_empty() {
        Ok(out)
    } else {
        Err(Refused::new(problems))
    }
}
