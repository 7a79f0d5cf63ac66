//! Questions whose answers are known, asked of every bundle before it may decide anything.
//!
//! They catch what validation cannot see: a block that was edited away, a permit that holds without
//! facts, a schema whose items are not built the way the engine builds them.

mod people;

use std::collections::{BTreeMap, BTreeSet};

use cedar_policy::{Context, PolicyId};
use clerkwork_core::{Fact, FactValue, Facts, Office, Timestamp};

use crate::{
    bundle::SCHEMA,
    decide::Question,
    engine::{Act, Asked, Engine, Slice},
    problem::Problem,
    vocabulary::{FactType, expression},
};

/// Asks all of them.
pub(crate) fn sing(engine: &Engine, problems: &mut Vec<Problem>) {
    if engine.slices.is_empty() {
        problems.push(Problem::new(SCHEMA, "the schema lets nothing be asked"));
    }
    for slice in engine.slices.values().flat_map(BTreeMap::values) {
        let kind = slice.resource.to_string();
        match slice.act {
            Act::Process | Act::Return | Act::ExecuteApproved | Act::ExecuteReturned => {
                same_as_cedar(engine, slice, problems);
                nothing_known(engine, &kind, problems);
            }
            Act::ProcessBlocked => {
                same_as_cedar(engine, slice, problems);
                blocked(engine, slice, &kind, problems);
            }
            Act::DecideReview => {
                people::same_as_cedar(engine, slice, &kind, problems);
                people::four_eyes(engine, &kind, problems);
            }
        }
    }
}

fn failed(kind: &str, message: &str, hint: &str, problems: &mut Vec<Problem>) {
    let message = format!("canary: {message} (kind `{kind}`)");
    problems.push(Problem::new("rules", message).hint(hint));
}

fn question<'a>(kind: &'a str, office: &'a Office, facts: &'a Facts) -> Question<'a> {
    Question {
        robot: "canary",
        resource_type: kind,
        automatable: true,
        item: "canary",
        office,
        submitter: "canary-submitter",
        facts,
    }
}

/// Where nothing is known, nothing may happen.
fn nothing_known(engine: &Engine, kind: &str, problems: &mut Vec<Problem>) {
    let (office, facts) = (Office::default(), Facts::default());
    let question = question(kind, &office, &facts);
    let hint = "let the permit require every fact that it relies on: `context has …`";
    for (decision, act) in [
        (engine.decide(&question), "is decided"),
        (engine.may_execute_approved(&question), "is completed"),
        (engine.may_execute_returned(&question), "is sent back"),
    ] {
        if !decision.verdict.asks_people() {
            let message = format!("an item without facts {act} without a person");
            failed(kind, &message, hint, problems);
        }
    }
    if let Some(slice) = engine.slice(Act::Return, kind)
        && engine.ask(slice, &asked(&office), &facts).allowed
    {
        failed(
            kind,
            "an item without facts may be returned",
            hint,
            problems,
        );
    }
}

/// A blocked kind is blocked by a rule, whatever its facts say, and not only because nothing permits
/// it.
fn blocked(engine: &Engine, slice: &Slice, kind: &str, problems: &mut Vec<Problem>) {
    let office = Office::default();
    let answer = engine.ask(slice, &asked(&office), &Facts::default());
    let always = answer.rules.iter().any(|rule| {
        let policy = slice.set.policy(&PolicyId::new(&rule.id));
        let json = policy.and_then(|policy| policy.to_json().ok());
        json.is_some_and(|json| json["conditions"].as_array().is_some_and(Vec::is_empty))
    });
    if answer.allowed || !always || !answer.refusals.is_empty() {
        failed(
            kind,
            "no rule forbids unattended work in any case on a kind that is always blocked",
            "add a forbid on `process_blocked` for it, without a condition",
            problems,
        );
    }
}

/// An office below the centre.
fn below() -> Office {
    Office::new("center/canary").unwrap_or_default()
}

fn asked(office: &Office) -> Asked<'_> {
    Asked {
        principal: "canary",
        item: "canary",
        office,
        submitter: "canary-submitter",
    }
}

/// Requests are built without Cedar's validation. Here every fact is tried with every type, and
/// one fact that does not exist: Cedar must accept exactly what the vocabulary accepts. It also
/// shows that the entities are those of the schema.
fn same_as_cedar(engine: &Engine, slice: &Slice, problems: &mut Vec<Problem>) {
    let office = below();
    let samples = [
        FactValue::Bool(true),
        FactValue::Long(i64::MIN),
        FactValue::Text("canary".into()),
        FactValue::Set(BTreeSet::from(["canary".into()])),
        FactValue::Set(BTreeSet::new()),
    ];
    let mut differs =
        |name: &str, error: String| {
            let (action, kind) = (slice.action.id().unescaped(), &slice.resource);
            let message = format!("canary: {name} of `{action}` on `{kind}` differs: {error}");
            problems.push(Problem::new(SCHEMA, message).hint(
                "the engine builds `{ office: Office, submitter: User }`, flat types, no tags",
            ));
        };
    if let Err(error) = slice.input(
        &asked(&office),
        Vec::new(),
        Vec::new(),
        Some(&engine.schema),
    ) {
        differs("the item", error.to_string());
        return;
    }
    let unknown = "canary_unknown_fact";
    for name in slice.vocabulary.keys().map(String::as_str).chain([unknown]) {
        for sample in &samples {
            let context = Context::from_pairs([(name.to_owned(), expression(sample))]);
            let cedar = context
                .is_ok_and(|context| context.validate(&engine.schema, &slice.action).is_ok());
            let table = slice.vocabulary.get(name) == Some(&FactType::of(sample));
            // An empty set has no element type, so that it fits any set, and only sets.
            if cedar != table {
                differs(&format!("fact `{name}`"), format!("{sample:?}"));
            }
        }
    }
}

/// A fact of a value, for questions that are made up.
pub(crate) fn made_up(value: FactValue, source: &str) -> Fact {
    Fact {
        value,
        source: source.into(),
        at: Timestamp(0),
        progress: false,
    }
}
