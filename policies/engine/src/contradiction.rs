//! Rules that contradict or repeat each other, as far as that can be told exactly.
//!
//! * Two rules about the same requests with the same conditions that ask for different things: one
//!   of them says nothing, and which one its author meant cannot be known.
//! * The same rule twice, under two ids: a later change would reach one of them.
//! * A forbid without a condition over requests that a permit permits: the permit is dead. Whoever
//!   means to stop a kind takes its permit away, or declares the kind for `process_blocked`.
//! * A condition that stands in a rule twice: mostly a slip, where another one was meant.
//!
//! Scopes are compared by the slices that they reach, so that `action == A` and `action in [A]` are
//! the same; conditions by their syntax trees, without regard to the order of what `&&` joins.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use cedar_policy::{Policy, PolicyId, PolicySet};
use serde_json::Value;

use crate::{
    bundle::Bundle,
    engine::{Act, Slice},
    problem::Problem,
    rule::Rule,
};

type Slices = HashMap<Act, BTreeMap<String, Slice>>;

/// What a rule is about and on what conditions.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Judged {
    /// The act and the kind of each slice that the rule is in.
    slices: BTreeSet<(&'static str, String)>,
    /// A principal and a resource that are narrower than a type; as JSON.
    narrow: [String; 2],
    /// What must hold all at once; `true` alone is left out.
    conditions: BTreeSet<String>,
}

impl Judged {
    fn unconditional(&self) -> bool {
        self.conditions.is_empty() && self.narrow.iter().all(String::is_empty)
    }
}

/// Looks at every rule and at every pair about the same.
pub(crate) fn check<'r>(
    bundle: &Bundle,
    rules: impl Iterator<Item = &'r Rule>,
    set: &PolicySet,
    slices: &Slices,
    problems: &mut Vec<Problem>,
) {
    let mut by_judged: BTreeMap<Judged, Vec<&Rule>> = BTreeMap::new();
    for rule in rules {
        let policy = set.policy(&PolicyId::new(&rule.id));
        let Some(json) = policy.and_then(|policy| policy.to_json().ok()) else {
            continue;
        };
        let at = |message: String| problem(bundle, set, rule, message);
        if let Some(twice) = repeated(&json) {
            let twice = printed(twice);
            let message = format!("rule `{}` has a condition twice{twice}", rule.id);
            problems.push(at(message).hint("take one away, or write the one that was meant"));
        }
        by_judged
            .entry(judged(rule, &json, slices))
            .or_default()
            .push(rule);
    }
    for same in by_judged.values() {
        for (index, later) in same.iter().enumerate().skip(1) {
            let first = same
                .iter()
                .take(index)
                .min_by_key(|rule| (&rule.file, rule.line));
            let Some(first) = first else { continue };
            let place = format!("`{}` at {}:{}", first.id, first.file, first.line);
            let (message, hint) = if (first.effect, first.asks) == (later.effect, later.asks) {
                (
                    format!("rule `{}` is the same as {place}", later.id),
                    "keep one of them",
                )
            } else {
                (
                    format!("rule `{}` contradicts {place}", later.id),
                    "both concern the same under the same conditions and ask for different things; \
                     keep the one that is meant",
                )
            };
            problems.push(problem(bundle, set, later, message).hint(hint));
        }
    }
    let always: Vec<(&Judged, &Rule)> = by_judged
        .iter()
        .filter(|(judged, _)| judged.unconditional())
        .flat_map(|(judged, rules)| rules.iter().map(move |rule| (judged, *rule)))
        .filter(|(_, rule)| !rule.permits())
        .collect();
    for (judged, permits) in &by_judged {
        for permit in permits.iter().filter(|rule| rule.permits()) {
            for (forbidden, forbid) in &always {
                let dead = forbidden.slices.intersection(&judged.slices);
                let dead: Vec<String> = dead
                    .filter(|(act, _)| *act != Act::ProcessBlocked.name())
                    .map(|(act, kind)| format!("`{act}` on `{kind}`"))
                    .collect();
                if dead.is_empty() {
                    continue;
                }
                let message = format!(
                    "rule `{}` forbids {} without a condition, so that the permit `{}` at {}:{} \
                     never counts",
                    forbid.id,
                    dead.join(", "),
                    permit.id,
                    permit.file,
                    permit.line,
                );
                let hint = "take the permit away, or say when the forbid holds";
                problems.push(problem(bundle, set, forbid, message).hint(hint));
            }
        }
    }
}

fn problem(bundle: &Bundle, set: &PolicySet, rule: &Rule, message: String) -> Problem {
    let source = bundle.file(&rule.file).unwrap_or_default();
    let policy: Option<&Policy> = set.policy(&PolicyId::new(&rule.id));
    let start = policy.and_then(|policy| policy.as_ref().loc().map(|loc| loc.start()));
    Problem::new(&rule.file, message).at(source, start.unwrap_or(0))
}

fn judged(rule: &Rule, json: &Value, slices: &Slices) -> Judged {
    let reached = slices.iter().flat_map(|(act, kinds)| {
        let with = kinds
            .iter()
            .filter(|(_, slice)| slice.rules.contains_key(&rule.id));
        with.map(|(kind, _)| (act.name(), kind.clone()))
    });
    let narrow = |part: &Value| match part["op"].as_str() {
        // The slices say which types these are.
        Some("All") => String::new(),
        Some("is") if part["in"].is_null() => String::new(),
        _ => part.to_string(),
    };
    let mut conditions = BTreeSet::new();
    for (unless, body) in clauses(json) {
        if unless {
            let parts = BTreeSet::from_iter(joined(body).into_iter().map(Value::to_string));
            conditions.insert(format!("unless {}", Vec::from_iter(parts).join(" && ")));
        } else {
            conditions.extend(joined(body).into_iter().map(Value::to_string));
        }
    }
    conditions.retain(|condition| {
        let always = serde_json::json!({ "Value": true }).to_string();
        let never = format!("unless {}", serde_json::json!({ "Value": false }));
        *condition != always && *condition != never
    });
    Judged {
        slices: reached.collect(),
        narrow: [narrow(&json["principal"]), narrow(&json["resource"])],
        conditions,
    }
}

/// The clauses of a policy: whether it is an `unless`, and its body.
fn clauses(json: &Value) -> impl Iterator<Item = (bool, &Value)> {
    let clauses = json["conditions"].as_array().into_iter().flatten();
    clauses.map(|clause| (clause["kind"] == "unless", &clause["body"]))
}

/// What `&&` joins in an expression.
fn joined(body: &Value) -> Vec<&Value> {
    let mut parts = Vec::new();
    let mut open = vec![body];
    while let Some(body) = open.pop() {
        match body.get("&&") {
            Some(both) => open.extend([&both["right"], &both["left"]]),
            None => parts.push(body),
        }
    }
    parts
}

/// A condition that one `&&` chain of a rule has twice, or that two of its clauses are.
fn repeated(json: &Value) -> Option<&Value> {
    let mut when = Vec::new();
    let mut chains = Vec::new();
    for (unless, body) in clauses(json) {
        match unless {
            true => chains.push(joined(body)),
            false => when.extend(joined(body)),
        }
    }
    chains.push(when);
    chains.into_iter().find_map(|parts| {
        let mut seen = BTreeSet::new();
        parts
            .into_iter()
            .find(|part| !seen.insert(part.to_string()))
    })
}

/// A condition as it is written, for a message; nothing when it cannot be shown.
fn printed(condition: &Value) -> String {
    let shown = crate::rule::alone("when", condition).map(|(text, _)| format!(": `{text}`"));
    shown.unwrap_or_default()
}
