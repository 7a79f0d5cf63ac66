//! How a person's question about a review is put to Cedar.
//!
//! Invariants:
//! * **Every person that a rule could read is loaded.** The one who acts and the one in whose place
//!   they act come with all that is known about them; all others are known by name alone, and an
//!   attribute of theirs that a rule asks for is absent. An entity that is not loaded would make
//!   the rule err.
//! * **One person is one entity.** Somebody who acts in their own place acts for themselves.
//! * **The context is the engine's,** not a set of facts: every attribute is filled in by this file,
//!   and the canaries refuse a schema that declares another one.
//!
//! To give the rules something new to read: add it to the schema, to [`CONTEXT`] and to
//! [`context`].

use std::collections::{HashMap, HashSet};

use cedar_policy::{Entity, EntityId, EntityUid, RestrictedExpression, Schema};
use clerkwork_core::{Tier, User};

use crate::{
    engine::{Asked, Input, Slice, office_chain},
    people::ReviewQuestion,
};

/// The attributes of the context, as the schema declares them.
pub(crate) const CONTEXT: [&str; 11] = [
    "act",
    "acting",
    "decider",
    "related",
    "batch_starter",
    "policy_authors",
    "tier",
    "approvals_needed",
    "approvals_given",
    "approvers",
    "approved_tier",
];

/// Builds the request and every entity that it refers to. With a schema both are validated.
pub(crate) fn input(
    slice: &Slice,
    question: &ReviewQuestion<'_>,
    schema: Option<&Schema>,
) -> Result<Input, Box<dyn std::error::Error>> {
    let user =
        |name: &str| EntityUid::from_type_name_and_id(slice.user.clone(), EntityId::new(name));
    let decider = decider(question);
    let mut entities = account(slice, question.user)?;
    if decider.name != question.user.name {
        entities.extend(account(slice, decider)?);
    }
    let named = question
        .batch_starter
        .into_iter()
        .chain(question.policy_authors.iter().map(String::as_str))
        .chain(approvers(question));
    entities.extend(named.map(|name| Entity::new_no_attrs(user(name), HashSet::new())));
    let asked = Asked {
        principal: &question.user.name,
        item: question.item,
        office: question.office,
        submitter: question.submitter,
    };
    slice.input(&asked, context(question, user), entities, schema)
}

/// The one whose tier counts.
fn decider<'a>(question: &ReviewQuestion<'a>) -> &'a User {
    match question.on_behalf_of {
        Some(other) if other.name != question.user.name => other,
        Some(_) | None => question.user,
    }
}

/// Who approved, and in whose place.
fn approvers<'a>(question: &ReviewQuestion<'a>) -> impl Iterator<Item = &'a str> {
    question.approvals.iter().flat_map(|approval| {
        let acted_for = approval.on_behalf_of.as_deref();
        std::iter::once(approval.by.as_str()).chain(acted_for)
    })
}

/// A tier as the schema counts it.
fn rank(tier: Option<Tier>) -> i64 {
    match tier {
        None => 0,
        Some(Tier::Business) => 1,
        Some(Tier::Enforcement) => 2,
        Some(Tier::Integrity) => 3,
    }
}

fn context(
    question: &ReviewQuestion<'_>,
    user: impl Fn(&str) -> EntityUid,
) -> Vec<(String, RestrictedExpression)> {
    let person = |name: &str| RestrictedExpression::new_entity_uid(user(name));
    let long = RestrictedExpression::new_long;
    let decider = decider(question);
    let approved_tier = question
        .approvals
        .iter()
        .map(|approval| approval.tier)
        .max();
    // A number too great to be one is too great for every rule as well.
    let given = i64::try_from(question.approvals.len()).unwrap_or(i64::MAX);
    let mut out = vec![
        (
            "act",
            RestrictedExpression::new_string(question.act.as_str().into()),
        ),
        (
            "acting",
            RestrictedExpression::new_set([person(&question.user.name), person(&decider.name)]),
        ),
        ("decider", person(&decider.name)),
        ("related", RestrictedExpression::new_bool(question.related)),
        (
            "policy_authors",
            RestrictedExpression::new_set(question.policy_authors.iter().map(|name| person(name))),
        ),
        ("tier", long(rank(Some(question.tier)))),
        ("approvals_needed", long(question.approvals_needed.into())),
        ("approvals_given", long(given)),
        (
            "approvers",
            RestrictedExpression::new_set(approvers(question).map(person)),
        ),
        ("approved_tier", long(rank(approved_tier))),
    ];
    if let Some(starter) = question.batch_starter {
        out.push(("batch_starter", person(starter)));
    }
    let owned = |(name, value): (&str, RestrictedExpression)| (name.to_owned(), value);
    out.into_iter().map(owned).collect()
}

/// A person with all that is known about them, and their offices.
fn account(slice: &Slice, user: &User) -> Result<Vec<Entity>, Box<dyn std::error::Error>> {
    let mut entities = office_chain(&slice.office, &user.office)?;
    let office =
        EntityUid::from_type_name_and_id(slice.office.clone(), EntityId::new(user.office.as_str()));
    let attributes = HashMap::from([
        (
            "enabled".to_owned(),
            RestrictedExpression::new_bool(user.enabled),
        ),
        (
            "office".to_owned(),
            RestrictedExpression::new_entity_uid(office),
        ),
        (
            "tier".to_owned(),
            RestrictedExpression::new_long(rank(user.tier())),
        ),
    ]);
    let uid = EntityUid::from_type_name_and_id(slice.user.clone(), EntityId::new(&user.name));
    entities.push(Entity::new(uid, attributes, HashSet::new())?);
    Ok(entities)
}
