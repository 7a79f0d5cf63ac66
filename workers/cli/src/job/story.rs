//! A job's story: everything the ledger knows of it, put into lines.

use std::collections::BTreeMap;

use clerkwork_core::{EffectRecord, EventId, Job, Review, RuleHit, Text, Timestamp};
use clerkwork_ledger::{JobWait, KeptDecision, Ledger, LedgerError, Page, ReviewFilter};
use serde_json::Value;

use crate::{installation, mask, out::Out, texts, view};

/// What the ledger knows of a job.
pub struct Known {
    /// The job.
    pub job: Job,
    /// The name of its kind for people, if the kind is known here.
    pub title: Option<Text>,
    /// Its decisions, the oldest first.
    pub decisions: Vec<KeptDecision>,
    /// Its journal of effects.
    pub effects: Vec<EffectRecord>,
    /// Its reviews, the oldest first.
    pub reviews: Vec<Review>,
    /// What it waits for, if it does.
    pub wait: Option<JobWait>,
    /// Its events as values, in their order.
    pub events: Vec<(EventId, Value)>,
    rules: BTreeMap<String, RuleHit>,
    findings: BTreeMap<String, Text>,
}

impl Known {
    /// Asks the ledger.
    pub async fn about(ledger: &Ledger, job: Job) -> Result<Self, LedgerError> {
        let decisions = ledger.decisions(job.id).await?;
        let filter = ReviewFilter {
            job: Some(job.id),
            ..ReviewFilter::default()
        };
        let mut reviews = ledger.reviews(&filter, Page::first(100)).await?;
        reviews.sort_by_key(|review| review.id);
        let events = ledger.events_of(job.id).await?;
        let events = events.iter().map(|event| (event.id, view::event(event)));
        let kinds = installation::kinds();
        let hits = decisions.iter().flat_map(|kept| &kept.decision.rules);
        let hits = hits.chain(reviews.iter().flat_map(|review| &review.rules));
        let findings = decisions.iter().flat_map(|kept| &kept.findings);
        Ok(Self {
            title: installation::kind(&kinds, job.kind.as_str())
                .ok()
                .map(|kind| kind.title()),
            effects: ledger.effects(job.id).await?,
            wait: ledger.wait_of(job.id).await?,
            events: events.collect(),
            rules: hits.map(|hit| (hit.id.clone(), hit.clone())).collect(),
            findings: findings.map(|f| (f.code.clone(), f.text.clone())).collect(),
            job,
            decisions,
            reviews,
        })
    }

    /// Since when it waits.
    pub fn waits_since(&self) -> Option<Timestamp> {
        let mut latest_first = self.events.iter().rev().map(|(_, event)| event);
        let waiting =
            latest_first.find(|event| event.get("type").is_some_and(|kind| kind == "job.waiting"));
        waiting?.get("at")?.as_i64().map(Timestamp)
    }

    /// The rule with this id, as some decision or review of the job had it.
    pub fn rule(&self, id: &str) -> Option<&RuleHit> {
        self.rules.get(id)
    }

    /// What the finding with this code says.
    pub fn finding(&self, code: &str) -> Option<&Text> {
        self.findings.get(code)
    }
}

/// A rule with its tier and its reason.
pub fn rule(out: &Out, indent: &str, hit: &RuleHit) -> Vec<String> {
    let tier = out.both(&texts::tier(hit.tier));
    vec![
        format!("{indent}{} [{tier}]", hit.id),
        out.sentence(&format!("{indent}  "), &hit.reason),
    ]
}

/// Who acted, as `kind:name`.
pub fn actor(event: &Value) -> String {
    let part = |name: &str| {
        let actor = event.get("actor")?;
        actor.get(name)?.as_str()
    };
    match (part("kind"), part("name")) {
        (Some(kind), Some(name)) => format!("{kind}:{name}"),
        _ => String::new(),
    }
}

/// The job's item, masked unless revealed.
pub fn payload(job: &Job, revealed: bool) -> Value {
    let value = serde_json::from_str(&job.payload).unwrap_or(Value::Null);
    if revealed {
        value
    } else {
        mask::personal(&value)
    }
}

/// The job's item, masked.
pub fn masked(job: &Job) -> Value {
    payload(job, false)
}

/// The findings and facts of a decision.
pub fn evidence(out: &Out, decision: Option<&KeptDecision>) {
    let Some(decision) = decision else { return };
    if !decision.findings.is_empty() {
        out.line(format!("\n{}", out.both(&texts::FINDINGS)));
        for finding in &decision.findings {
            let severity = out.both(&texts::severity(finding.severity));
            out.line(format!("  {} [{severity}] {}", finding.code, finding.path));
            out.line(out.sentence("    ", &finding.text));
        }
    }
    out.line(format!("\n{}", out.both(&texts::FACTS)));
    for (name, fact) in &decision.facts.0 {
        let value = plain(&serde_json::json!(fact.value));
        out.line(format!("  {name} = {value}    ({})", fact.source));
    }
}

/// An item as lines `path: value`.
pub fn item(payload: &Value) -> Vec<String> {
    let mut lines = Vec::new();
    flatten(String::new(), payload, &mut lines);
    lines
}

fn flatten(path: String, value: &Value, lines: &mut Vec<String>) {
    match value {
        Value::Object(map) => {
            for (key, value) in map {
                let dot = if path.is_empty() { "" } else { "." };
                flatten(format!("{path}{dot}{key}"), value, lines);
            }
        }
        Value::Array(items) if items.iter().any(|item| item.is_object() || item.is_array()) => {
            for (index, item) in items.iter().enumerate() {
                flatten(format!("{path}[{index}]"), item, lines);
            }
        }
        value => {
            let text = plain(value);
            if !text.is_empty() {
                lines.push(format!("{path}: {text}"));
            }
        }
    }
}

/// A value as people write it: no quotes, lists with commas, objects as `key value`.
pub fn plain(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Array(items) => items.iter().map(plain).collect::<Vec<_>>().join(", "),
        Value::Object(map) => {
            let parts = map
                .iter()
                .map(|(key, value)| format!("{key} {}", plain(value)));
            parts.collect::<Vec<_>>().join(", ")
        }
        Value::Bool(_) | Value::Number(_) => value.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn an_item_becomes_one_line_a_value() {
        let lines = item(&json!({"a": {"b": "x"}, "c": [1, 2], "d": [{"e": true}], "f": null}));
        assert_eq!(lines, ["a.b: x", "c: 1, 2", "d[0].e: true"]);
    }
}
