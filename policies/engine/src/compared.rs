//! What a rule compares its facts with: the values near which its judgement changes.
//!
//! They are found in the rule's own syntax tree: the literals, and the other facts, on the other
//! side of an operator. `&&`, `||` and `if` only join comparisons and are passed through.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::rule::collect_reads;

/// The values and facts that facts are compared with, by the name of the fact.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Compared {
    pub(crate) numbers: BTreeMap<String, BTreeSet<i64>>,
    pub(crate) words: BTreeMap<String, BTreeSet<String>>,
    pub(crate) facts: BTreeMap<String, BTreeSet<String>>,
}

impl Compared {
    /// Reads a condition, or several, of a rule.
    pub(crate) fn of(json: &Value) -> Self {
        let mut out = Self::default();
        out.read(json);
        out
    }

    /// Adds what another rule compares.
    pub(crate) fn extend(&mut self, other: &Self) {
        fn join<T: Ord + Clone>(
            into: &mut BTreeMap<String, BTreeSet<T>>,
            from: &BTreeMap<String, BTreeSet<T>>,
        ) {
            for (name, values) in from {
                let known = into.entry(name.clone()).or_default();
                known.extend(values.iter().cloned());
            }
        }
        join(&mut self.numbers, &other.numbers);
        join(&mut self.words, &other.words);
        join(&mut self.facts, &other.facts);
    }

    fn read(&mut self, json: &Value) {
        match json {
            Value::Object(map) => {
                for (operator, operands) in map {
                    if operator != "&&" && operator != "||" {
                        self.compare(&operands["left"], &operands["right"]);
                        self.compare(&operands["right"], &operands["left"]);
                    }
                    self.read(operands);
                }
            }
            Value::Array(items) => items.iter().for_each(|item| self.read(item)),
            _ => {}
        }
    }

    fn compare(&mut self, facts: &Value, with: &Value) {
        let mut names = BTreeSet::new();
        collect_reads(facts, &mut names);
        if names.is_empty() || with.is_null() {
            return;
        }
        let mut others = BTreeSet::new();
        collect_reads(with, &mut others);
        for name in names {
            literals(with, &mut |literal| match literal {
                Value::Number(number) => {
                    let known = self.numbers.entry(name.clone()).or_default();
                    known.extend(number.as_i64());
                }
                Value::String(word) => {
                    let known = self.words.entry(name.clone()).or_default();
                    known.insert(word.clone());
                }
                _ => {}
            });
            let known = self.facts.entry(name.clone()).or_default();
            known.extend(others.iter().filter(|other| **other != name).cloned());
        }
    }
}

/// Every literal in an expression.
fn literals(json: &Value, found: &mut impl FnMut(&Value)) {
    match json {
        Value::Object(map) => {
            for (key, inner) in map {
                match key.as_str() {
                    "Value" => found(inner),
                    _ => literals(inner, found),
                }
            }
        }
        Value::Array(items) => items.iter().for_each(|item| literals(item, found)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use cedar_policy::Policy;

    use super::*;

    #[test]
    fn the_other_side_of_each_comparison_is_found() {
        let text = r#"forbid (principal, action, resource) unless {
            context has a && context.a <= 7 && 0 < context.a && context.b == -3 &&
            (["x", "y"].contains(context.w) || context.w == "z") &&
            context.s.contains("in") && context.a >= context.b &&
            (if context has c then context.c else context.d == "no")
        };"#;
        let json = Policy::parse(None, text).unwrap().to_json().unwrap();
        let found = Compared::of(&json["conditions"]);
        let numbers = |name: &str| Vec::from_iter(found.numbers[name].clone());
        assert_eq!(numbers("a"), [0, 7]);
        assert_eq!(numbers("b"), [-3]);
        let words = |name: &str| Vec::from_iter(found.words[name].clone());
        assert_eq!(words("w"), ["x", "y", "z"]);
        assert_eq!(words("s"), ["in"]);
        assert_eq!(words("d"), ["no"]);
        assert_eq!(Vec::from_iter(found.facts["a"].clone()), ["b"]);
        assert!(!found.words.contains_key("a") && !found.words.contains_key("c"));
    }
}
