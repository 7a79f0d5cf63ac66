//! One rule: a Cedar policy with the annotations that make it answerable to people.

use std::{collections::BTreeSet, str::FromStr};

use cedar_policy::{ActionConstraint, Effect, Policy, PolicyId, ResourceConstraint};
use clerkwork_core::{RuleHit, Text, Tier, Verdict};
use serde_json::Value;

use crate::{compared::Compared, problem::Problem};

/// How deep the conditions of a rule may nest. Cedar's evaluator is recursive and errs when the
/// stack of the thread runs short, which a chain of some forty `&&` achieves on a 2 MiB stack in a
/// debug build. A bound at load makes sure that it never depends on the thread.
const MAX_DEPTH: usize = 24;

const ANNOTATIONS: [&str; 5] = ["id", "tier", "reason_zh", "reason_en", "disposition"];

/// One rule of a bundle.
#[derive(Debug, Clone)]
pub struct Rule {
    /// Its `@id`, also the id of the Cedar policy.
    pub id: String,
    /// Its `@tier`.
    pub tier: Tier,
    /// What it asks for when it applies: its `@disposition`, or for a permit `proceed`.
    pub asks: Verdict,
    /// Why, for people.
    pub reason: Text,
    /// The file, as a path inside the bundle.
    pub file: String,
    /// The line where its annotations begin, from 1.
    pub line: usize,
    /// Its text.
    pub text: String,
    /// Names of the facts that it reads.
    pub reads: BTreeSet<String>,
    pub(crate) effect: Effect,
    /// What it compares the facts with.
    pub(crate) compares: Compared,
    /// For a permit: its conditions one by one.
    pub(crate) conditions: Vec<Condition>,
}

/// One condition of a permit, to be asked by itself when nothing was permitted.
#[derive(Debug, Clone)]
pub(crate) struct Condition {
    /// As people read it, for example `context.duplicates_count == 0`.
    pub(crate) text: String,
    /// Names of the facts that it reads.
    pub(crate) reads: BTreeSet<String>,
    /// A permit with this condition alone.
    pub(crate) policy: Policy,
}

impl Rule {
    /// This rule as a part of a decision.
    pub fn hit(&self) -> RuleHit {
        RuleHit {
            id: self.id.clone(),
            tier: self.tier,
            asks: self.asks,
            reason: self.reason.clone(),
        }
    }

    /// Whether it permits. Otherwise it forbids.
    pub fn permits(&self) -> bool {
        self.effect == Effect::Permit
    }

    /// Reads a rule out of a parsed policy. What is wrong is added to `problems`.
    pub(crate) fn read(
        policy: &Policy,
        file: &str,
        source: &str,
        problems: &mut Vec<Problem>,
    ) -> Option<(Self, Policy)> {
        let (start, end) = policy
            .as_ref()
            .loc()
            .map_or((0, source.len()), |loc| (loc.start(), loc.end()));
        let before = problems.len();
        let mut refuse = |message: String, hint: &str| {
            problems.push(Problem::new(file, message).at(source, start).hint(hint));
        };
        let effect = policy.effect();
        let mut found: [Option<&str>; 5] = [None; 5];
        for (key, value) in policy.annotations() {
            match ANNOTATIONS.iter().position(|known| *known == key) {
                Some(index) => found[index] = Some(value),
                None => refuse(
                    format!("unknown annotation `@{key}`"),
                    "use @id, @tier, @reason_zh, @reason_en and, on a forbid, @disposition",
                ),
            }
        }
        for (key, value) in ANNOTATIONS.iter().zip(found) {
            let wanted = *key != "disposition" || effect == Effect::Forbid;
            match value.map(str::trim) {
                None | Some("") if wanted => refuse(
                    format!("annotation `@{key}` is missing or empty"),
                    "every rule says who it is, whose concern it is and why",
                ),
                Some(_) if !wanted => refuse(
                    "a permit has no `@disposition`".into(),
                    "take it away; only forbids say what is to become of the item",
                ),
                _ => {}
            }
        }
        let [id, tier, zh, en, disposition] = found.map(Option::unwrap_or_default);
        let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_' || c == '.';
        if !id.is_empty() && (!id.chars().all(plain) || id.starts_with("engine.")) {
            refuse(
                format!("`{id}` is no id for a rule"),
                "use lower-case letters, digits, `_` and `.`; `engine.` is the engine's own",
            );
        }
        let tier = match tier {
            "business" => Tier::Business,
            "enforcement" => Tier::Enforcement,
            "integrity" => Tier::Integrity,
            other => {
                if !other.is_empty() {
                    let hint = "use business, enforcement or integrity";
                    refuse(format!("unknown tier `{other}`"), hint);
                }
                Tier::Integrity
            }
        };
        let asks = match (effect, disposition) {
            (Effect::Permit, _) => Verdict::Proceed,
            (Effect::Forbid, "return") => Verdict::Return,
            (Effect::Forbid, "review" | "") => Verdict::Review,
            (Effect::Forbid, "review2") => Verdict::Review2,
            (Effect::Forbid, "hold") => Verdict::Hold,
            (Effect::Forbid, other) => {
                let hint = "use return, review, review2 or hold";
                refuse(format!("unknown disposition `{other}`"), hint);
                Verdict::Review
            }
        };
        if effect == Effect::Permit {
            if !matches!(
                policy.action_constraint(),
                ActionConstraint::Eq(_) | ActionConstraint::In(_)
            ) {
                refuse(
                    "a permit over any action".into(),
                    "name the actions: `action == Action::\"…\"` or `action in [ … ]`",
                );
            }
            if !matches!(
                policy.resource_constraint(),
                ResourceConstraint::Is(_)
                    | ResourceConstraint::IsIn(_, _)
                    | ResourceConstraint::Eq(_)
            ) {
                let hint = "name the kind: `resource is …`";
                refuse("a permit over any resource".into(), hint);
            }
        }
        let json = match policy.to_json() {
            Ok(json) => json,
            Err(error) => {
                refuse(error.to_string(), "this form of a policy is not supported");
                return None;
            }
        };
        // The clauses of a policy are chained as well.
        let clauses = json["conditions"].as_array().map_or(&[][..], Vec::as_slice);
        let deepest = clauses.iter().map(|clause| depth(&clause["body"])).max();
        let depth = deepest.unwrap_or(0) + clauses.len();
        if depth > MAX_DEPTH {
            refuse(
                format!("the conditions nest {depth} deep, {MAX_DEPTH} are allowed"),
                "every `&&` of a chain is one deeper: group it, `(a && b) && (c && d)`",
            );
        }
        let mut reads = BTreeSet::new();
        collect_reads(&json["conditions"], &mut reads);
        let conditions = match effect {
            Effect::Permit => conditions(&json),
            Effect::Forbid => Vec::new(),
        };
        if problems.len() > before {
            return None;
        }
        let rule = Self {
            id: id.into(),
            tier,
            asks,
            reason: Text::owned(zh, en),
            file: file.into(),
            line: crate::Place::of(source, start).line,
            text: source.get(start..end).unwrap_or_default().into(),
            reads,
            effect,
            compares: Compared::of(&json["conditions"]),
            conditions,
        };
        // `PolicyId::from_str` cannot fail: any text is an id.
        let policy = policy.new_id(PolicyId::new(id));
        Some((rule, policy))
    }
}

/// How deep an expression nests.
fn depth(json: &Value) -> usize {
    match json {
        Value::Object(map) => map
            .values()
            .map(|inner| match inner {
                // The operands of an operator, by their names.
                Value::Object(operands) => operands.values().map(depth).max().unwrap_or(0),
                other => depth(other),
            })
            .max()
            .map_or(0, |deepest| deepest + 1),
        Value::Array(items) => items.iter().map(depth).max().unwrap_or(0),
        _ => 0,
    }
}

/// Every `context has x` and `context.x` in a condition.
pub(crate) fn collect_reads(json: &Value, out: &mut BTreeSet<String>) {
    match json {
        Value::Object(map) => {
            for (key, inner) in map {
                if (key == "has" || key == ".")
                    && inner["left"]["Var"] == "context"
                    && let Some(name) = inner["attr"].as_str()
                {
                    out.insert(name.into());
                }
                collect_reads(inner, out);
            }
        }
        Value::Array(items) => items.iter().for_each(|item| collect_reads(item, out)),
        _ => {}
    }
}

/// The conditions of a permit, taken apart at `&&`.
fn conditions(json: &Value) -> Vec<Condition> {
    let mut parts = Vec::new();
    for clause in json["conditions"].as_array().into_iter().flatten() {
        let kind = clause["kind"].as_str().unwrap_or_default();
        if kind == "when" {
            let mut open = vec![&clause["body"]];
            while let Some(body) = open.pop() {
                match body.get("&&") {
                    Some(both) => open.extend([&both["right"], &both["left"]]),
                    None => parts.push((kind, body)),
                }
            }
        } else {
            parts.push((kind, &clause["body"]));
        }
    }
    let mut out: Vec<Condition> = Vec::new();
    for (kind, body) in parts {
        // Only made to explain: a condition that cannot be shown is left out.
        let Some((text, policy)) = alone(kind, body) else {
            continue;
        };
        if out.iter().all(|known| known.text != text) {
            let mut reads = BTreeSet::new();
            collect_reads(body, &mut reads);
            out.push(Condition {
                text,
                reads,
                policy,
            });
        }
    }
    out
}

/// One condition as people read it, and a permit with it alone.
pub(crate) fn alone(kind: &str, body: &Value) -> Option<(String, Policy)> {
    let json = serde_json::json!({
        "effect": "permit",
        "principal": { "op": "All" },
        "action": { "op": "All" },
        "resource": { "op": "All" },
        "conditions": [{ "kind": kind, "body": body }],
    });
    let policy = Policy::from_json(None, json).ok()?;
    let printed = policy.to_string();
    let text = printed
        .split_once('{')
        .and_then(|(_, rest)| rest.rsplit_once('}'))
        .map_or(printed.as_str(), |(text, _)| text);
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let text = match kind {
        "unless" => format!("!({text})"),
        _ => text,
    };
    Some((text, policy))
}

/// Parses every policy of a rule file, in the order of the file. Nothing when it cannot be parsed.
pub(crate) fn parse_file(
    file: &str,
    source: &str,
    problems: &mut Vec<Problem>,
) -> Option<Vec<Policy>> {
    let set = match cedar_policy::PolicySet::from_str(source) {
        Ok(set) => set,
        Err(errors) => {
            crate::problem::from_diagnostic(file, source, &errors, problems);
            return None;
        }
    };
    for template in set.templates() {
        let start = template.as_ref().loc().map_or(0, |loc| loc.start());
        problems.push(
            Problem::new(file, "a template, which no one would link")
                .at(source, start)
                .hint("take away `?principal` and `?resource`"),
        );
    }
    let mut policies: Vec<Policy> = set.policies().cloned().collect();
    policies.sort_by_key(|policy| policy.as_ref().loc().map_or(0, |loc| loc.start()));
    Some(policies)
}
