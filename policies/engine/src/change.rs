//! The smallest change of an item's facts with which it would have proceeded.
//!
//! It tells the applicant and the reviewer what it hangs on: "with `duplicates_count` 0 instead of
//! 2 it would have passed". It is a statement about the rules, not advice to change a fact.
//!
//! How it is found: a rule that stands in the way depends on the facts that it reads and on nothing
//! else that could be changed. So every change that lets the item pass changes one of these, and it
//! is enough to branch on the facts of one such rule. Depth grows one change at a time, so that what
//! is found first is smallest; rules that share no fact need a change each, which bounds the depth
//! from below. The values tried are those near which the rules' judgement changes: the literals
//! that a fact is compared with, one more and one less for a number, and the values of facts that it
//! is compared with.
//!
//! Invariants: same question, same answer; every answer was asked of the engine; the work is
//! bounded, and [`SmallestChange::NotFound`] says that the bound was reached or that the values
//! tried do not suffice, which proves nothing. [`SmallestChange::Impossible`] does.

use std::collections::{BTreeMap, BTreeSet};

use clerkwork_core::{Fact, FactValue, Facts, RuleHit, Timestamp};
use serde::Serialize;

use crate::{
    compared::Compared,
    decide::Question,
    engine::{Act, Answer, Engine, Slice},
    refusal,
    vocabulary::FactType,
};

/// How many facts may change at most.
const MAX_CHANGES: usize = 5;
/// How many questions are asked at most; about as many as a second holds.
const MAX_QUESTIONS: u32 = 5_000;
/// How many values of one fact are tried at most, the nearest first.
const MAX_VALUES: usize = 16;
/// The source of a fact that is only assumed.
const ASSUMED: &str = "assumed";

/// One fact that would have to be otherwise.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FactChange {
    /// Its name.
    pub name: String,
    /// What it is; nothing when it is not known.
    pub from: Option<FactValue>,
    /// What it would have to be.
    pub to: FactValue,
}

impl FactChange {
    /// Makes the change in a set of facts. The fact's source then says that it is assumed.
    pub fn apply(&self, facts: &mut Facts) {
        put(facts, &self.name, self.to.clone());
    }
}

/// With what the item would have proceeded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum SmallestChange {
    /// It proceeds as it is.
    NotNeeded,
    /// With these changes, by name; with any one of them left out it would not.
    Found {
        /// Never empty.
        changes: Vec<FactChange>,
    },
    /// With no change of facts: the hard floor, a kind or a fact that the schema does not know, a
    /// rule that reads no fact.
    Impossible {
        /// What stands in the way whatever the facts are. Never empty.
        because: Vec<RuleHit>,
    },
    /// The values tried do not suffice, or the bound was reached. There may be a change.
    NotFound {
        /// How many questions were asked.
        asked: u32,
    },
}

/// Changes that are being tried, by the fact's name.
type Changes = BTreeMap<String, FactValue>;

impl Engine {
    /// The smallest change of facts with which this item would have proceeded: as few facts as
    /// possible, then as near as possible to what they are. Costs up to some thousand decisions.
    pub fn smallest_change(&self, question: &Question<'_>) -> SmallestChange {
        let Some(slice) = self.unattended(question.resource_type) else {
            return SmallestChange::Impossible {
                because: vec![refusal::unknown_kind(question.resource_type)],
            };
        };
        if question.never_unattended() || slice.act == Act::ProcessBlocked {
            return SmallestChange::Impossible {
                because: vec![refusal::never_unattended()],
            };
        }
        let unknown = question.facts.0.keys();
        let unknown: Vec<RuleHit> = unknown
            .filter(|name| !slice.vocabulary.contains_key(*name))
            .map(|name| refusal::unknown_fact(name))
            .collect();
        if !unknown.is_empty() {
            return SmallestChange::Impossible { because: unknown };
        }
        Search::new(self, slice, question).run()
    }
}

struct Search<'a> {
    engine: &'a Engine,
    slice: &'a Slice,
    question: &'a Question<'a>,
    /// What the rules of the slice compare facts with.
    compared: Compared,
    asked: u32,
    /// The best of those found at this depth.
    found: Option<(Cost, Changes)>,
    /// What was tried at this depth.
    seen: BTreeSet<Changes>,
}

/// How far changes go: the distance of numbers, how many become negative, and the changes.
type Cost = (u128, usize, Changes);

/// What stands in the way: for each obstacle the facts of which one must change.
type Obstacles = Vec<BTreeSet<String>>;

impl<'a> Search<'a> {
    fn new(engine: &'a Engine, slice: &'a Slice, question: &'a Question<'a>) -> Self {
        let mut compared = Compared::default();
        for rule in slice.rules.values() {
            compared.extend(&rule.compares);
        }
        Self {
            engine,
            slice,
            question,
            compared,
            asked: 0,
            found: None,
            seen: BTreeSet::new(),
        }
    }

    fn run(mut self) -> SmallestChange {
        let none = Changes::new();
        let Some(obstacles) = self.ask(&none) else {
            return SmallestChange::NotNeeded;
        };
        let answer = self.answer(&none);
        if obstacles.is_empty() || obstacles.iter().any(BTreeSet::is_empty) {
            let rules = answer.rules.iter().filter(|rule| rule.reads.is_empty());
            let mut because: Vec<RuleHit> = rules.map(|rule| rule.hit()).collect();
            because.extend(answer.refusals);
            if because.is_empty() {
                because.push(refusal::no_permit(&answer.unmet));
            }
            return SmallestChange::Impossible { because };
        }
        for depth in apart(&obstacles)..=MAX_CHANGES {
            self.seen.clear();
            self.descend(&none, &obstacles, depth);
            if let Some((_, changes)) = self.found.take() {
                let change = |(name, to): (String, FactValue)| FactChange {
                    from: self.question.facts.value(&name).cloned(),
                    name,
                    to,
                };
                return SmallestChange::Found {
                    changes: changes.into_iter().map(change).collect(),
                };
            }
            if self.asked >= MAX_QUESTIONS {
                break;
            }
        }
        SmallestChange::NotFound { asked: self.asked }
    }

    /// Tries everything that makes exactly `left` more changes.
    fn descend(&mut self, made: &Changes, obstacles: &Obstacles, left: usize) {
        // The fewest facts to branch on; of several such the first by name.
        let open = obstacles
            .iter()
            .min_by_key(|names| (names.len(), names.iter().next().cloned()));
        let Some(open) = open else { return };
        for name in open {
            for value in self.values(name) {
                if self.asked >= MAX_QUESTIONS {
                    return;
                }
                let mut next = made.clone();
                next.insert(name.clone(), value);
                if !self.seen.insert(next.clone()) {
                    continue;
                }
                match self.ask(&next) {
                    None => {
                        let cost = self.cost(&next);
                        if self.found.as_ref().is_none_or(|(best, _)| cost < *best) {
                            self.found = Some((cost, next));
                        }
                    }
                    // More obstacles apart from each other than changes are left: a dead end.
                    Some(still) if !still.is_empty() && apart(&still) < left => {
                        self.descend(&next, &still, left - 1);
                    }
                    Some(_) => {}
                }
            }
        }
    }

    fn answer(&self, made: &Changes) -> Answer {
        let mut facts = self.question.facts.clone();
        for (name, value) in made {
            put(&mut facts, name, value.clone());
        }
        self.engine.ask(self.slice, &self.question.asked(), &facts)
    }

    /// Nothing when the item proceeds; otherwise what stands in the way, without what was changed
    /// already. An obstacle without a fact cannot be overcome any more.
    fn ask(&mut self, made: &Changes) -> Option<Obstacles> {
        self.asked += 1;
        let answer = self.answer(made);
        if answer.allowed {
            return None;
        }
        let mut obstacles: Obstacles = answer.rules.iter().map(|rule| rule.reads.clone()).collect();
        let erring = answer
            .erring
            .iter()
            .filter_map(|id| self.slice.rules.get(id));
        obstacles.extend(erring.map(|rule| rule.reads.clone()));
        for (name, fact) in &self.question.facts.0 {
            let wanted = self.slice.vocabulary.get(name);
            if wanted != Some(&FactType::of(&fact.value)) && !made.contains_key(name) {
                obstacles.push(BTreeSet::from([name.clone()]));
            }
        }
        if obstacles.is_empty() {
            obstacles = self.of_permits(&answer);
        }
        for names in &mut obstacles {
            names.retain(|name| !made.contains_key(name));
        }
        // With an obstacle that cannot be overcome there is nothing to branch on.
        if made.is_empty() || obstacles.iter().all(|names| !names.is_empty()) {
            Some(obstacles)
        } else {
            Some(Vec::new())
        }
    }

    /// Nothing is forbidden and nothing permitted. With one permit each of its conditions that fails
    /// is an obstacle; with several, one of all that fail must change.
    fn of_permits(&self, answer: &Answer) -> Obstacles {
        let permits = self.slice.rules.values().filter(|rule| rule.permits());
        let failing = |rule: &crate::Rule| -> Obstacles {
            let failing = rule.conditions.iter();
            failing
                .filter(|condition| answer.unmet.contains(&condition.text))
                .map(|condition| condition.reads.clone())
                .collect()
        };
        let mut all: Vec<Obstacles> = permits.map(|rule| failing(rule)).collect();
        match all.len() {
            0 => Vec::new(),
            1 => all.remove(0),
            _ => vec![all.into_iter().flatten().flatten().collect()],
        }
    }

    /// The values to try for a fact, the nearest first; never the one that it has.
    fn values(&self, name: &str) -> Vec<FactValue> {
        let now = self.question.facts.value(name);
        let words = self.compared.words.get(name).into_iter().flatten();
        let others = self.compared.facts.get(name).into_iter().flatten();
        let others = others.filter_map(|other| self.question.facts.value(other));
        let mut values: Vec<FactValue> = match self.slice.vocabulary.get(name) {
            None => Vec::new(),
            Some(FactType::Bool) => vec![false.into(), true.into()],
            Some(FactType::Long) => {
                let near = self.compared.numbers.get(name).into_iter().flatten();
                let near = near.copied().chain(others.filter_map(number)).chain([0]);
                near.flat_map(|n| [n.saturating_sub(1), n, n.saturating_add(1)])
                    .map(FactValue::Long)
                    .collect()
            }
            Some(FactType::Text) => {
                let same = others.filter(|value| FactType::of(value) == FactType::Text);
                let words = words.cloned().map(FactValue::Text);
                words.chain(same.cloned()).collect()
            }
            Some(FactType::Set) => {
                let has = match now {
                    Some(FactValue::Set(has)) => has.clone(),
                    _ => BTreeSet::new(),
                };
                let without = has.iter().map(|word| {
                    let kept = has.iter().filter(|other| *other != word);
                    kept.cloned().collect::<BTreeSet<_>>()
                });
                let with = words.map(|word| {
                    let added = has.iter().chain([word]);
                    added.cloned().collect()
                });
                let all = without.chain(with).chain([BTreeSet::new()]);
                all.map(FactValue::Set).collect()
            }
        };
        values.retain(|value| Some(value) != now);
        values.sort_by_cached_key(|value| (distance(now, value), negative(value), text(value)));
        values.dedup();
        values.truncate(MAX_VALUES);
        values
    }

    fn cost(&self, made: &Changes) -> Cost {
        let far = made
            .iter()
            .map(|(name, value)| distance(self.question.facts.value(name), value));
        let negatives = made.values().filter(|value| negative(value)).count();
        (far.sum(), negatives, made.clone())
    }
}

fn number(value: &FactValue) -> Option<i64> {
    match value {
        FactValue::Long(number) => Some(*number),
        FactValue::Bool(_) | FactValue::Text(_) | FactValue::Set(_) => None,
    }
}

fn negative(value: &FactValue) -> bool {
    number(value).is_some_and(i64::is_negative)
}

/// How far a number goes, from zero when it was not known. Words are equally far from each other;
/// the distance of sets is the number of words that come or go.
fn distance(from: Option<&FactValue>, to: &FactValue) -> u128 {
    match (from, to) {
        (Some(FactValue::Set(from)), FactValue::Set(to)) => {
            from.symmetric_difference(to).count() as u128
        }
        (_, FactValue::Long(to)) => {
            let from = from.and_then(number).unwrap_or(0);
            u128::from(to.abs_diff(from))
        }
        _ => 0,
    }
}

/// For an order among values of the same distance.
fn text(value: &FactValue) -> String {
    format!("{value:?}")
}

/// How many obstacles share no fact with each other, chosen greedily: so many changes it takes.
fn apart(obstacles: &Obstacles) -> usize {
    let mut taken: BTreeSet<&String> = BTreeSet::new();
    let mut count = 0;
    let mut by_size: Vec<&BTreeSet<String>> = obstacles.iter().collect();
    by_size.sort_by_key(|names| names.len());
    for names in by_size {
        if names.iter().all(|name| !taken.contains(name)) {
            taken.extend(names);
            count += 1;
        }
    }
    count
}

fn put(facts: &mut Facts, name: &str, value: FactValue) {
    let known = facts.0.get(name);
    let fact = Fact {
        value,
        source: ASSUMED.into(),
        at: known.map_or(Timestamp(0), |fact| fact.at),
        progress: known.is_some_and(|fact| fact.progress),
    };
    facts.0.insert(name.into(), fact);
}
