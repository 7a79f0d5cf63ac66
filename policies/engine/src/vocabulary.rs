//! The facts that a schema knows, as a table of names and types.
//!
//! Facts are checked against this table and not by Cedar's request validation, which costs more
//! than the evaluation of all rules. That both say the same is not assumed: at load, every fact is
//! tried with a value of every type, and the bundle is refused when Cedar and the table differ
//! anywhere. A context is a closed record of optional attributes, each checked by itself, so that
//! these trials are all there are.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

use cedar_policy::{RestrictedExpression, SchemaFragment};
use clerkwork_core::FactValue;
use serde_json::Value;

use crate::{bundle::SCHEMA, problem::Problem};

/// The type of a fact.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FactType {
    /// Yes or no.
    Bool,
    /// A whole number.
    Long,
    /// A word.
    Text,
    /// A set of words.
    Set,
}

impl FactType {
    /// The type of a value.
    pub fn of(value: &FactValue) -> Self {
        match value {
            FactValue::Bool(_) => Self::Bool,
            FactValue::Long(_) => Self::Long,
            FactValue::Text(_) => Self::Text,
            FactValue::Set(_) => Self::Set,
        }
    }

    /// The name for Chinese readers.
    pub(crate) fn zh(self) -> &'static str {
        match self {
            Self::Bool => "是/否",
            Self::Long => "整数",
            Self::Text => "文本",
            Self::Set => "文本集合",
        }
    }
}

impl fmt::Display for FactType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Bool => "Bool",
            Self::Long => "Long",
            Self::Text => "String",
            Self::Set => "Set<String>",
        })
    }
}

/// Facts by name, with their types.
pub type Vocabulary = BTreeMap<String, FactType>;

/// A fact's value in Cedar's terms.
pub(crate) fn expression(value: &FactValue) -> RestrictedExpression {
    match value {
        FactValue::Bool(value) => RestrictedExpression::new_bool(*value),
        FactValue::Long(value) => RestrictedExpression::new_long(*value),
        FactValue::Text(value) => RestrictedExpression::new_string(value.clone()),
        FactValue::Set(values) => RestrictedExpression::new_set(
            values.iter().cloned().map(RestrictedExpression::new_string),
        ),
    }
}

/// Reads the vocabulary of every action out of the text of a schema.
pub(crate) fn of_schema(text: &str) -> Result<BTreeMap<String, Vocabulary>, Problem> {
    let problem = |message: String| Problem::new(SCHEMA, message);
    let schema = SchemaFragment::from_cedarschema_str(text)
        .map_err(|error| problem(error.to_string()))?
        .0
        .to_json_value()
        .map_err(|error| problem(error.to_string()))?;
    let namespace = &schema[""];
    let types = &namespace["commonTypes"];
    let mut out = BTreeMap::new();
    let Some(actions) = namespace["actions"].as_object() else {
        return Err(problem("the schema declares no action".into()));
    };
    for (action, declared) in actions {
        let applies = &declared["appliesTo"];
        if applies.is_null() {
            return Err(problem(format!("action `{action}` applies to nothing"))
                .hint("give it `appliesTo`, or take it away"));
        }
        // What people ask about has a context that the engine fills in, and no facts.
        if applies["principalTypes"] == serde_json::json!(["User"]) {
            continue;
        }
        let mut vocabulary = Vocabulary::new();
        let context = resolve(&applies["context"], types);
        // An action without facts has no context at all.
        let record = context["type"] == "Record" || context.is_null();
        if !record || context["additionalAttributes"] == Value::Bool(true) {
            return Err(problem(format!(
                "the context of action `{action}` is no record"
            )));
        }
        for (name, declared) in context["attributes"].as_object().into_iter().flatten() {
            if declared["required"] != Value::Bool(false) {
                return Err(
                    problem(format!("fact `{name}` of action `{action}` is required")).hint(
                        format!("write `\"{name}\"?:`; what could not be learned is absent"),
                    ),
                );
            }
            let Some(kind) = fact_type(declared, types) else {
                return Err(problem(format!(
                    "fact `{name}` of action `{action}` has a type that facts do not have"
                ))
                .hint("use Bool, Long, String or Set<String>"));
            };
            vocabulary.insert(name.clone(), kind);
        }
        out.insert(action.clone(), vocabulary);
    }
    Ok(out)
}

/// The names of the attributes in an action's context, whatever their types.
pub(crate) fn context_names(text: &str, action: &str) -> BTreeSet<String> {
    let schema = SchemaFragment::from_cedarschema_str(text)
        .ok()
        .and_then(|(fragment, _)| fragment.to_json_value().ok())
        .unwrap_or_default();
    let declared = &schema[""]["actions"][action]["appliesTo"]["context"];
    let context = resolve(declared, &schema[""]["commonTypes"]);
    let names = context["attributes"].as_object().into_iter().flatten();
    names.map(|(name, _)| name.clone()).collect()
}

/// Follows the names of common types to what they stand for.
fn resolve<'a>(declared: &'a Value, types: &'a Value) -> &'a Value {
    let mut declared = declared;
    // A cycle cannot be: Cedar refused it when it read the schema. The bound costs nothing.
    for _ in 0..64 {
        let name = match declared["type"].as_str() {
            Some("EntityOrCommon" | "CommonType") => declared["name"].as_str(),
            other => other,
        };
        match name.and_then(|name| types.get(name)) {
            Some(next) => declared = next,
            None => break,
        }
    }
    declared
}

fn fact_type(declared: &Value, types: &Value) -> Option<FactType> {
    let declared = resolve(declared, types);
    let name = match declared["type"].as_str()? {
        "EntityOrCommon" => declared["name"].as_str()?,
        other => other,
    };
    match name {
        "Bool" | "Boolean" | "__cedar::Bool" => Some(FactType::Bool),
        "Long" | "__cedar::Long" => Some(FactType::Long),
        "String" | "__cedar::String" => Some(FactType::Text),
        "Set" if fact_type(&declared["element"], types)? == FactType::Text => Some(FactType::Set),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_common_types_are_followed() {
        let vocabularies = of_schema(
            "type Word = String; type Facts = { a?: Word, b?: Set<Word>, c?: Long, d?: Bool };
             entity R; action \"go\" appliesTo { principal: R, resource: R, context: Facts };",
        )
        .unwrap();
        let expected = [
            ("a", FactType::Text),
            ("b", FactType::Set),
            ("c", FactType::Long),
            ("d", FactType::Bool),
        ];
        let expected = expected.map(|(name, kind)| (name.to_owned(), kind));
        assert_eq!(vocabularies["go"], Vocabulary::from(expected));
    }

    #[test]
    fn what_facts_cannot_be_is_refused() {
        let of = |attribute: &str| {
            let text = format!(
                "entity R; action \"go\" appliesTo
                 {{ principal: R, resource: R, context: {{ {attribute} }} }};"
            );
            of_schema(&text).unwrap_err().message
        };
        assert!(of("a: Long").contains("is required"));
        assert!(of("a?: Set<Long>").contains("has a type"));
        assert!(of("a?: decimal").contains("has a type"));
        assert!(of("a?: R").contains("has a type"));
        assert!(of("a?: { b: Long }").contains("has a type"));
    }
}
