//! What each event may say, field by field, and what it is in other vocabularies.
//!
//! One data file, `events.toml`, is the schema: events are checked against it when they are written (in
//! debug builds, so in every test), [found](crate::terms) by it, [mapped](ocsf) by it and documented by it.

mod check;
mod markdown;
mod siem;

use std::{collections::BTreeMap, sync::LazyLock};

use clerkwork_core::State;
use serde::Deserialize;

use crate::EventType;

pub use check::Misfit;
pub use markdown::markdown;
pub use siem::{ecs, ocsf};

/// The schema, read once.
static SCHEMA: LazyLock<Result<Schema, String>> = LazyLock::new(|| {
    let schema: Schema = toml::from_str(include_str!("../../events.toml"))
        .map_err(|error| format!("events.toml: {error}"))?;
    schema.whole().map(|()| schema)
});

/// The schema of events.
///
/// # Errors
/// What is wrong with the data file; its test keeps that from happening.
pub fn schema() -> Result<&'static Schema, &'static str> {
    SCHEMA.as_ref().map_err(String::as_str)
}

/// The schema of events.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Schema {
    /// `v` in an event's bytes.
    pub version: u64,
    /// What every event has.
    pub envelope: BTreeMap<String, Field>,
    /// Particulars, by name.
    pub fields: BTreeMap<String, Field>,
    /// Classes of OCSF, by number.
    pub ocsf: BTreeMap<String, OcsfClass>,
    /// Types of events, by name.
    pub events: BTreeMap<String, EventSchema>,
}

/// One field.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Field {
    /// What its value looks like.
    pub form: Form,
    /// What it means.
    pub about: String,
    /// When it is there; always, if nothing is said.
    pub when: Option<String>,
    /// How an event is found by it.
    pub search: Option<Role>,
}

/// What a value looks like.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Form {
    /// A text.
    Text,
    /// One sentence in Chinese and in English, or a list of sentences, or a text.
    Words,
    /// A whole number from 0.
    Count,
    /// True or false.
    Flag,
    /// A UUID.
    Id,
    /// A SHA-256 as 64 hexadecimal digits.
    Digest,
    /// Microseconds since 1970, UTC.
    Time,
    /// A list of texts.
    List,
    /// An object.
    Object,
    /// Any value.
    Value,
}

/// How an event is found by a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// It names rules.
    Rule,
    /// It names the version of a policy.
    Policy,
    /// It names a connector.
    Connector,
    /// It names an operation.
    Operation,
    /// It names connector and operation, with a dot between.
    Call,
    /// It is a verdict.
    Verdict,
    /// Its words are looked for.
    Word,
}

/// How what an event tells of went.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    /// As it was meant to.
    #[default]
    Success,
    /// Otherwise, or it was refused.
    Failure,
    /// That is not known.
    Unknown,
}

impl Outcome {
    /// Every outcome.
    pub const ALL: [Self; 3] = [Self::Success, Self::Failure, Self::Unknown];

    /// Its name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Success => "success",
            Self::Failure => "failure",
            Self::Unknown => "unknown",
        }
    }
}

/// A class of OCSF.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OcsfClass {
    /// Its name there.
    pub name: String,
}

/// One type of event.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EventSchema {
    /// Its particulars; a name that ends in `?` may be missing or null.
    pub data: Vec<String>,
    /// Personal data that it may have.
    #[serde(default)]
    pub sealed: Vec<String>,
    /// It is about one job.
    #[serde(default)]
    pub job: bool,
    /// The transitions of the job that it is the last word of, as `from>to`.
    #[serde(default)]
    pub moves: Vec<String>,
    /// How it went.
    #[serde(default)]
    pub outcome: Outcome,
    /// Class and activity of OCSF.
    pub ocsf: (u32, u32),
    /// `event.category` and `event.type` of ECS.
    pub ecs: (String, String),
    /// The verbs of people that write it.
    #[serde(default)]
    pub verbs: Vec<String>,
    /// It is not found by its particulars: they repeat what somebody looked for.
    #[serde(default)]
    pub unsearched: bool,
}

impl EventSchema {
    /// Whether it can be the last word of this transition of its job.
    pub fn ends(&self, from: State, to: State) -> bool {
        let known = |known: &String| known.split_once('>') == Some((from.as_str(), to.as_str()));
        self.moves.iter().any(known)
    }

    /// Its particulars, and whether each must be there.
    pub fn data(&self) -> impl Iterator<Item = (&str, bool)> {
        let of = |name: &'_ str| -> (usize, bool) {
            match name.strip_suffix('?') {
                Some(name) => (name.len(), false),
                None => (name.len(), true),
            }
        };
        self.data.iter().map(move |name| {
            let (end, needed) = of(name);
            (&name[..end], needed)
        })
    }
}

impl Schema {
    /// The schema of a type.
    pub fn of(&self, kind: EventType) -> Option<&EventSchema> {
        self.events.get(kind.as_str())
    }

    /// The names of the types that go like this.
    pub fn types_with(&self, outcome: Outcome) -> impl Iterator<Item = &str> {
        let events = self.events.iter();
        let like = events.filter(move |(_, event)| event.outcome == outcome);
        like.map(|(name, _)| name.as_str())
    }

    /// Whether the file says everything that it must.
    fn whole(&self) -> Result<(), String> {
        for kind in EventType::ALL {
            if self.of(*kind).is_none() {
                return Err(format!("events.toml says nothing of `{kind}`"));
            }
        }
        for (name, event) in &self.events {
            if name.parse::<EventType>().is_err() {
                return Err(format!("events.toml tells of `{name}`, which is no type"));
            }
            for (field, _) in event.data() {
                if !self.fields.contains_key(field) {
                    return Err(format!("events.toml: `{field}` of `{name}` is no field"));
                }
            }
            if !self.ocsf.contains_key(&event.ocsf.0.to_string()) {
                let class = event.ocsf.0;
                return Err(format!("events.toml: `{name}`: no class {class} in [ocsf]"));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use clerkwork_core::state::TRANSITIONS;

    use super::*;

    #[test]
    fn the_file_tells_of_every_type_and_of_nothing_else() {
        let schema = schema().unwrap();
        assert_eq!(schema.version, crate::SCHEMA_VERSION);
        assert_eq!(schema.events.len(), EventType::ALL.len());
    }

    #[test]
    fn every_transition_has_events_and_every_event_about_a_job_says_of_which() {
        let schema = schema().unwrap();
        let told = |from: State, to: State| {
            let events = schema.events.values();
            events.filter(|event| event.ends(from, to)).count()
        };
        for (from, to) in TRANSITIONS {
            assert!(told(*from, *to) > 0, "{from} to {to} has no event");
        }
        for (name, event) in &schema.events {
            for moved in &event.moves {
                let (from, to) = moved.split_once('>').unwrap();
                let pair = (from.parse().unwrap(), to.parse().unwrap());
                assert!(
                    TRANSITIONS.contains(&pair),
                    "{name}: {moved} is no transition"
                );
            }
            assert!(event.job || event.moves.is_empty(), "{name}");
        }
    }

    #[test]
    fn every_field_is_one_of_some_type() {
        let schema = schema().unwrap();
        let used: BTreeSet<_> = schema.events.values().flat_map(EventSchema::data).collect();
        let used: BTreeSet<_> = used.into_iter().map(|(name, _)| name).collect();
        let known: BTreeSet<_> = schema.fields.keys().map(String::as_str).collect();
        assert_eq!(used, known);
    }

    #[test]
    fn a_hole_in_the_file_is_named() {
        let without = |line: &str| {
            let text = include_str!("../../events.toml");
            assert!(text.contains(line), "{line}");
            let schema: Schema = toml::from_str(&text.replacen(line, "", 1)).unwrap();
            schema.whole().unwrap_err()
        };
        let review = "review = { form = \"id\", about = \"The review.\" }";
        assert!(without(review).contains("`review` of"));
        assert!(without("[ocsf.6002]\nname = \"Application Lifecycle\"").contains("class 6002"));
    }
}
