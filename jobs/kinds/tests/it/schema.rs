//! The facts that the schema of the policies knows, and those that a kind says.

use std::collections::BTreeMap;

use clerkwork_core::{FactValue, Facts};

/// Name → type of the facts of a record in the policy schema.
pub(crate) fn schema_facts(record: &str) -> BTreeMap<String, String> {
    let text = include_str!("../../../../policies/schema.cedarschema");
    let (_, body) = text.split_once(&format!("type {record} = {{")).unwrap();
    let (body, _) = body.split_once("};").unwrap();
    body.lines()
        .filter_map(|line| {
            let (name, rest) = line.trim().strip_prefix('"')?.split_once("\"?: ")?;
            let (kind, _) = rest.split_once(',')?;
            Some((name.to_string(), kind.to_string()))
        })
        .collect()
}

/// Name → type of what was said.
pub(crate) fn with_types(facts: &Facts) -> BTreeMap<String, String> {
    let typed = facts.0.iter().map(|(name, fact)| {
        let kind = match &fact.value {
            FactValue::Bool(_) => "Bool",
            FactValue::Long(_) => "Long",
            FactValue::Text(_) => "String",
            FactValue::Set(_) => "Set<String>",
        };
        (name.clone(), kind.to_string())
    });
    typed.collect()
}
