//! Facts: what is known about an item when it is decided.
//!
//! A fact has a name, a value whose unit is in the name (`_cents`, `_count`, `_seconds`), a source
//! and a time. A fact that could not be learned is absent, so that policies see it as missing.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{Digest, Timestamp, canonical};

/// The value of a fact: what the policy language can hold.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(untagged)]
pub enum FactValue {
    /// Yes or no.
    Bool(bool),
    /// A whole number.
    Long(i64),
    /// One word of a closed list, for example `high`.
    Text(String),
    /// A set of words, for example finding codes.
    Set(BTreeSet<String>),
}

impl From<bool> for FactValue {
    fn from(value: bool) -> Self {
        Self::Bool(value)
    }
}

impl From<i64> for FactValue {
    fn from(value: i64) -> Self {
        Self::Long(value)
    }
}

impl From<&str> for FactValue {
    fn from(value: &str) -> Self {
        Self::Text(value.into())
    }
}

impl From<BTreeSet<String>> for FactValue {
    fn from(value: BTreeSet<String>) -> Self {
        Self::Set(value)
    }
}

/// One fact.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fact {
    /// What is known.
    pub value: FactValue,
    /// From where, for example `etax.cxnsrfxxx` or `item`.
    pub source: String,
    /// As of when.
    pub at: Timestamp,
    /// It tells how far the job's own acts have come, for example where its form stands. Policies
    /// see it like any other; what a person decided is not bound to it, because carrying the
    /// decision out is what changes it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub progress: bool,
}

/// The facts about one item, by name.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Facts(pub BTreeMap<String, Fact>);

impl Facts {
    /// Adds or replaces a fact.
    pub fn put(&mut self, name: &str, value: impl Into<FactValue>, source: &str, at: Timestamp) {
        let fact = Fact {
            value: value.into(),
            source: source.into(),
            at,
            progress: false,
        };
        self.0.insert(name.into(), fact);
    }

    /// Adds or replaces a fact about how far the job's own acts have come.
    pub fn put_progress(
        &mut self,
        name: &str,
        value: impl Into<FactValue>,
        source: &str,
        at: Timestamp,
    ) {
        self.put(name, value, source, at);
        if let Some(fact) = self.0.get_mut(name) {
            fact.progress = true;
        }
    }

    /// The value of a fact, if it is known.
    pub fn value(&self, name: &str) -> Option<&FactValue> {
        self.0.get(name).map(|fact| &fact.value)
    }

    /// The names of facts that are not the same here and there, those of
    /// [progress](Fact::progress) left out: what makes the [digests](Self::digest) differ.
    pub fn differing<'a>(&'a self, other: &'a Self) -> BTreeSet<&'a str> {
        let bound = |facts: &'a Self| {
            let bound = facts.0.iter().filter(|(_, fact)| !fact.progress);
            bound.map(|(name, fact)| (name.as_str(), &fact.value))
        };
        let (here, there): (BTreeSet<_>, BTreeSet<_>) =
            (bound(self).collect(), bound(other).collect());
        let differing = here.symmetric_difference(&there);
        differing.map(|(name, _)| *name).collect()
    }

    /// Digest of names and values. Sources and times are left out: the same knowledge, learned
    /// again a minute later, has the same digest, so an approval bound to it still holds. Left out
    /// as well are facts of [progress](Fact::progress).
    pub fn digest(&self) -> Digest {
        let plain = |value: &FactValue| match value {
            FactValue::Bool(b) => Value::Bool(*b),
            // A string, so that the whole range of i64 has a canonical form.
            FactValue::Long(n) => Value::String(format!("#{n}")),
            FactValue::Text(text) => Value::String(format!("={text}")),
            FactValue::Set(set) => Value::Array(set.iter().cloned().map(Value::String).collect()),
        };
        let object = self
            .0
            .iter()
            .filter(|(_, fact)| !fact.progress)
            .map(|(name, fact)| (name.clone(), plain(&fact.value)))
            .collect();
        // Only strings, booleans and arrays of strings: always canonical.
        let bytes = canonical::to_bytes(&Value::Object(object)).unwrap_or_default();
        Digest::of(&[&bytes])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_digest_changes_with_a_value_and_not_with_source_or_time() {
        let mut facts = Facts::default();
        facts.put("seller_day_cents", 100_i64, "etax", Timestamp(1));
        let first = facts.digest();
        facts.put("seller_day_cents", 100_i64, "other", Timestamp(2));
        assert_eq!(facts.digest(), first);
        facts.put("seller_day_cents", 101_i64, "etax", Timestamp(1));
        assert_ne!(facts.digest(), first);
        let mut later = facts.clone();
        later.put("seller_day_cents", 102_i64, "etax", Timestamp(1));
        later.put("has_line", true, "etax", Timestamp(1));
        later.put_progress("form_state", "01", "etax", Timestamp(1));
        let differing: Vec<_> = facts.differing(&later).into_iter().collect();
        assert_eq!(differing, ["has_line", "seller_day_cents"]);
        assert_eq!(later.differing(&facts), facts.differing(&later));
        facts.put("seller_day_cents", "100", "etax", Timestamp(1));
        assert_ne!(facts.digest(), first, "a number and its text differ");
    }

    #[test]
    fn the_digest_does_not_change_with_progress() {
        let mut facts = Facts::default();
        facts.put("net_cents", 100_i64, "item", Timestamp(1));
        let before = facts.digest();
        facts.put_progress("form_state", "confirmed", "etax", Timestamp(2));
        assert_eq!(facts.digest(), before);
        facts.put("form_state", "confirmed", "etax", Timestamp(2));
        assert_ne!(facts.digest(), before);
    }
}
