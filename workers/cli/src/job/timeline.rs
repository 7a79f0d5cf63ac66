//! A job's events as lines for people: when, what, who; then what it says, the weighty first.

use std::collections::{BTreeMap, BTreeSet};

use clerkwork_core::{Text, Timestamp};
use serde_json::{Map, Value};

use super::story::{Known, actor, plain, rule};
use crate::{moment, out::Out, texts};

/// Particulars that get a line of their own, in this order; the others share one.
const WEIGHTY: &[&str] = &[
    "verdict", "rules", "findings", "effect", "result", "summary", "error", "reason", "by",
    "deadline", "run_at",
];

/// Particulars of a wait, which are told together.
const OF_A_WAIT: &[&str] = &["topic", "why", "until", "deadline"];

/// Times among the particulars, in microseconds.
const TIMES: &[&str] = &["run_at", "deadline"];

/// Tells the events one after the other; a rule's reason is told once.
pub struct Teller<'a> {
    known: &'a Known,
    out: &'a Out,
    told: BTreeSet<String>,
}

impl<'a> Teller<'a> {
    /// Nothing told yet.
    pub fn new(known: &'a Known, out: &'a Out) -> Self {
        Self {
            known,
            out,
            told: BTreeSet::new(),
        }
    }

    /// One event as lines. `revealed` holds what was sealed in it, if that may be shown.
    pub fn tell(&mut self, event: &Value, revealed: &BTreeMap<String, String>) -> Vec<String> {
        let at = event.get("at").and_then(Value::as_i64).unwrap_or_default();
        let kind = event
            .get("type")
            .and_then(Value::as_str)
            .unwrap_or_default();
        let mut lines = vec![format!(
            "  {}  {}  {}",
            moment::show(Timestamp(at)),
            self.out.both(&texts::event(kind)),
            actor(event)
        )];
        let empty = Map::new();
        let data = event
            .get("data")
            .and_then(Value::as_object)
            .unwrap_or(&empty);
        let waits = kind == "job.waiting";
        if waits {
            lines.extend(self.wait(data));
        }
        let told = |key: &str| waits && OF_A_WAIT.contains(&key);
        for key in WEIGHTY.iter().filter(|key| !told(key)) {
            if let Some(value) = data.get(*key) {
                lines.extend(self.weighty(key, value));
            }
        }
        if let Some(Value::Object(sealed)) = event.get("sealed") {
            for field in sealed.keys() {
                let value = revealed.get(field).map_or("***", String::as_str);
                lines.push(format!("      {field}: {value}"));
            }
        }
        let others = data
            .iter()
            .filter(|(key, _)| !WEIGHTY.contains(&key.as_str()) && !told(key));
        let others = others.filter(|(_, value)| !plain(value).is_empty());
        let others = others.map(|(key, value)| format!("{key} {}", particular(key, value)));
        let others = others.collect::<Vec<_>>().join(", ");
        if !others.is_empty() {
            lines.push(format!("      ({others})"));
        }
        lines
    }

    fn weighty(&mut self, key: &str, value: &Value) -> Vec<String> {
        let out = self.out;
        let words = |value: &Value| -> Vec<String> {
            let items = value.as_array().into_iter().flatten();
            items.filter_map(Value::as_str).map(str::to_owned).collect()
        };
        match key {
            "rules" => words(value).iter().flat_map(|id| self.rule(id)).collect(),
            "findings" => words(value)
                .iter()
                .map(|code| {
                    let text = self.known.finding(code).map(|text| out.one(text));
                    format!("      {code} {}", text.unwrap_or_default())
                })
                .collect(),
            _ => {
                let text = particular(key, value);
                if text.is_empty() {
                    Vec::new()
                } else {
                    vec![format!("      {key}: {text}")]
                }
            }
        }
    }

    /// What is awaited, in words with its topic behind them, and the times.
    fn wait(&self, data: &Map<String, Value>) -> Vec<String> {
        let out = self.out;
        let topic = data.get("topic").and_then(Value::as_str).unwrap_or("");
        let why = data.get("why").cloned();
        let why = why.and_then(|why| serde_json::from_value::<Text>(why).ok());
        let words = match why {
            Some(why) => format!("{} ({topic})", out.one(&why)),
            None => topic.to_owned(),
        };
        let mut lines = vec![format!("      {}: {words}", out.both(&texts::WAITS_FOR))];
        for (key, label) in [
            ("until", &texts::NEXT_LOOK),
            ("deadline", &texts::WAITS_UNTIL),
        ] {
            if let Some(at) = data.get(key).and_then(Value::as_i64) {
                let at = moment::show(Timestamp(at));
                lines.push(format!("      {}: {at}", out.both(label)));
            }
        }
        lines
    }

    fn rule(&mut self, id: &str) -> Vec<String> {
        match self.known.rule(id) {
            Some(hit) if self.told.insert(id.to_owned()) => rule(self.out, "      ", hit),
            Some(_) | None => vec![format!("      {}: {id}", self.out.both(&texts::RULE))],
        }
    }
}

/// A value as people read it: times in their zone, digests shortened.
fn particular(key: &str, value: &Value) -> String {
    match value.as_i64() {
        Some(micros) if TIMES.contains(&key) => moment::show(Timestamp(micros)),
        Some(_) | None => shortened(&plain(value)),
    }
}

/// Digests are for machines: twelve digits are enough to compare by eye.
fn shortened(text: &str) -> String {
    if text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        format!("{}…", &text[..12])
    } else {
        text.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn digests_are_shortened_and_numbers_of_invoices_are_not() {
        assert_eq!(shortened(&"ab".repeat(32)), "abababababab…");
        assert_eq!(shortened("26440000000000000001"), "26440000000000000001");
    }

    #[test]
    fn times_are_shown_as_times_and_other_numbers_as_numbers() {
        assert!(particular("run_at", &json!(1_772_352_000_000_000_i64)).starts_with("2026-03-"));
        assert_eq!(particular("attempt", &json!(3)), "3");
    }
}
