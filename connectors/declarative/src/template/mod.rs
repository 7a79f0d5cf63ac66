//! Texts and JSON with `{placeholders}`, filled from what an operation is called with.
//!
//! A placeholder is `{name}` or a dotted path into the input; `{name?}` may be missing. The words of [`WORDS`] are
//! not taken from the input; a field of the input that is called like one is `{input.key}`. `{{` and `}}` are the
//! signs themselves. How a value is written depends on the place where the text goes, see [`Fit`]; a value never
//! gets out of its place.

mod json;

use std::{borrow::Cow, collections::BTreeSet};

use clerkwork_core::Timestamp;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;

pub(crate) use json::{Json, template};

/// What is not part of the input.
pub(crate) const WORDS: [&str; 6] = ["key", "cursor", "limit", "now", "item", "found"];

/// What the placeholders stand for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Scope<'a> {
    /// What the operation was called with.
    pub(crate) input: &'a Value,
    /// `{key}`: the idempotency key.
    pub(crate) key: Option<&'a str>,
    /// `{cursor}`: where a poll goes on.
    pub(crate) cursor: Option<&'a str>,
    /// `{limit}`: how many items are wanted.
    pub(crate) limit: Option<u32>,
    /// `{now}`: microseconds UTC.
    pub(crate) now: Timestamp,
    /// `{item}`: one entry of the list that `$each` goes through.
    pub(crate) item: Option<&'a Value>,
    /// `{found}`: what a lookup's read gave.
    pub(crate) found: Option<&'a Value>,
}

/// What may stand in the templates of one place of a file.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Allowed<'a> {
    /// The JSON Schema of the input.
    pub(crate) input: &'a Value,
    /// The words among [`WORDS`] that mean something there.
    pub(crate) words: &'a [&'static str],
}

impl Allowed<'_> {
    /// What is wrong with a placeholder.
    fn check(&self, slot: &Slot) -> Result<(), String> {
        let (first, rest) = match slot.path.split_first() {
            Some((first, rest)) if first == "input" && !rest.is_empty() => match rest.split_first()
            {
                Some(split) => split,
                None => return Ok(()),
            },
            Some((first, _)) if WORDS.contains(&first.as_str()) => {
                return match self.words.contains(&first.as_str()) {
                    true => Ok(()),
                    false => Err(format!("`{{{first}}}` means nothing here{}", self.names())),
                };
            }
            Some(split) => split,
            None => return Ok(()),
        };
        let mut schema = self.input;
        for name in std::iter::once(first).chain(rest) {
            let Some(fields) = schema.get("properties").and_then(Value::as_object) else {
                return Ok(());
            };
            schema = fields.get(name).ok_or_else(|| {
                let slot = slot.path.join(".");
                format!("the input has no field `{slot}`{}", self.names())
            })?;
        }
        Ok(())
    }

    fn names(&self) -> String {
        let fields = self.input.get("properties").and_then(Value::as_object);
        let fields = fields.into_iter().flat_map(|fields| fields.keys());
        let words = self.words.iter().map(|word| (*word).to_owned());
        // Whatever order a map of JSON keeps.
        let fields: BTreeSet<_> = fields.cloned().collect();
        let all: Vec<_> = fields.into_iter().chain(words).collect();
        match all.is_empty() {
            true => "; nothing can stand here".into(),
            false => format!("; there are: {}", all.join(", ")),
        }
    }
}

/// A placeholder.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Slot {
    path: Vec<String>,
    optional: bool,
}

impl Slot {
    /// What it stands for; nothing when that is missing and may be.
    fn fill<'a>(&self, scope: &Scope<'a>) -> Result<Option<Cow<'a, Value>>, String> {
        let (first, rest) = self
            .path
            .split_first()
            .ok_or("a placeholder without a name")?;
        let text = |text: Option<&str>| text.map(|text| Cow::Owned(Value::from(text)));
        let below = |start: Option<&'a Value>, path: &[String]| {
            let found = path.iter().try_fold(start?, |value, name| match value {
                Value::Array(all) => all.get(name.parse::<usize>().ok()?),
                Value::Object(fields) => fields.get(name),
                Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => None,
            });
            found.map(Cow::Borrowed)
        };
        let found = match first.as_str() {
            "key" => text(scope.key),
            "cursor" => text(scope.cursor),
            "limit" => scope.limit.map(|limit| Cow::Owned(Value::from(limit))),
            "now" => Some(Cow::Owned(Value::from(scope.now.0))),
            "item" => below(scope.item, rest),
            "found" => below(scope.found, rest),
            "input" if !rest.is_empty() => below(Some(scope.input), rest),
            _ => below(Some(scope.input), &self.path),
        };
        match found.filter(|value| !value.is_null()) {
            None if !self.optional => {
                let name = self.path.join(".");
                Err(format!(
                    "`{{{name}}}` is missing; give it, or write `{{{name}?}}` where it may be"
                ))
            }
            found => Ok(found),
        }
    }
}

/// Where a text goes, and so how values are written in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fit {
    /// As they are.
    Plain,
    /// As a part of a path.
    Path,
    /// Between tags or in an attribute of XML.
    Xml,
}

/// All but what RFC 3986 leaves as it is.
const IN_PATH: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

impl Fit {
    fn write(self, value: &str, out: &mut String) -> Result<(), String> {
        match self {
            Self::Plain => out.push_str(value),
            // A part of dots alone would lead elsewhere, encoded as well.
            Self::Path if value.is_empty() || value == "." || value == ".." => {
                return Err("an empty value, or dots alone, make no part of a path".into());
            }
            Self::Path => out.extend(utf8_percent_encode(value, IN_PATH)),
            Self::Xml => {
                for sign in value.chars() {
                    match sign {
                        '&' => out.push_str("&amp;"),
                        '<' => out.push_str("&lt;"),
                        '>' => out.push_str("&gt;"),
                        '"' => out.push_str("&quot;"),
                        '\'' => out.push_str("&apos;"),
                        '\t' | '\n' | '\r' => {
                            out.push_str(&format!("&#{};", u32::from(sign)));
                        }
                        sign if sign.is_control() => {
                            return Err("a control character cannot stand in XML".into());
                        }
                        sign => out.push(sign),
                    }
                }
            }
        }
        Ok(())
    }
}

/// A text with placeholders.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Template(Vec<Part>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Text(String),
    Slot(Slot),
}

impl Template {
    /// Reads it.
    ///
    /// # Errors
    /// What is wrong, and which placeholders there are.
    pub(crate) fn parse(text: &str, allowed: Allowed<'_>) -> Result<Self, String> {
        let mut parts = Vec::new();
        let mut plain = String::new();
        let mut rest = text;
        while let Some(at) = rest.find(['{', '}']) {
            let (before, after) = rest.split_at(at);
            plain.push_str(before);
            if let Some(after) = after.strip_prefix("{{") {
                plain.push('{');
                rest = after;
            } else if let Some(after) = after.strip_prefix("}}") {
                plain.push('}');
                rest = after;
            } else {
                let slot = after
                    .strip_prefix('{')
                    .and_then(|slot| slot.split_once('}'));
                let named = slot.and_then(|(name, after)| Some((slot_of(name)?, after)));
                let (slot, after) = named.ok_or(
                    "a placeholder is written `{name}` or `{name.of.field?}`; write `{{` and `}}` for the signs themselves",
                )?;
                allowed.check(&slot)?;
                if !plain.is_empty() {
                    parts.push(Part::Text(std::mem::take(&mut plain)));
                }
                parts.push(Part::Slot(slot));
                rest = after;
            }
        }
        plain.push_str(rest);
        if !plain.is_empty() {
            parts.push(Part::Text(plain));
        }
        Ok(Self(parts))
    }

    /// The text; nothing when it is one placeholder whose value is missing.
    ///
    /// # Errors
    /// Which value is missing or does not fit, never the value.
    pub(crate) fn text(&self, scope: &Scope<'_>, fit: Fit) -> Result<Option<String>, String> {
        let mut out = String::new();
        for part in &self.0 {
            match part {
                Part::Text(text) => out.push_str(text),
                Part::Slot(slot) => match slot.fill(scope)? {
                    Some(value) => fit
                        .write(&plain(&value, slot)?, &mut out)
                        .map_err(|why| format!("`{{{}}}`: {why}", slot.path.join(".")))?,
                    None if self.0.len() == 1 => return Ok(None),
                    None => {}
                },
            }
        }
        Ok(Some(out))
    }

    /// The value: of one placeholder alone as it is, else text. Nothing when it is missing.
    pub(crate) fn value(&self, scope: &Scope<'_>) -> Result<Option<Value>, String> {
        match self.0.as_slice() {
            [Part::Slot(slot)] => Ok(slot.fill(scope)?.map(Cow::into_owned)),
            _ => Ok(self.text(scope, Fit::Plain)?.map(Value::from)),
        }
    }

    /// How it names a word: not at all, or with a `?`, or without.
    pub(crate) fn named(&self, word: &str) -> Named {
        let slots = self.0.iter().filter_map(|part| match part {
            Part::Slot(slot) if slot.path.first().is_some_and(|name| name == word) => Some(slot),
            Part::Slot(_) | Part::Text(_) => None,
        });
        let named = slots.map(|slot| match slot.optional {
            true => Named::Optional,
            false => Named::Required,
        });
        named.max().unwrap_or(Named::Not)
    }

    /// The text with a word for every placeholder.
    pub(crate) fn sample(&self) -> String {
        let part = |part: &Part| match part {
            Part::Text(text) => text.clone(),
            Part::Slot(_) => "x".to_owned(),
        };
        self.0.iter().map(part).collect()
    }
}

/// How templates name a word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Named {
    Not,
    Optional,
    Required,
}

fn slot_of(name: &str) -> Option<Slot> {
    let (name, optional) = match name.strip_suffix('?') {
        Some(name) => (name, true),
        None => (name, false),
    };
    let is_name = |part: &str| {
        !part.is_empty()
            && part
                .chars()
                .all(|c| c.is_alphanumeric() || matches!(c, '_' | '-'))
    };
    let path: Vec<_> = name.split('.').map(str::to_owned).collect();
    path.iter()
        .all(|part| is_name(part))
        .then_some(Slot { path, optional })
}

/// A value inside a text.
fn plain<'v>(value: &'v Value, slot: &Slot) -> Result<Cow<'v, str>, String> {
    match value {
        Value::String(text) => Ok(Cow::Borrowed(text)),
        Value::Number(number) => Ok(Cow::Owned(number.to_string())),
        Value::Bool(value) => Ok(Cow::Borrowed(if *value { "true" } else { "false" })),
        Value::Null | Value::Array(_) | Value::Object(_) => Err(format!(
            "`{{{}}}` is a list or a record, which does not fit into a text",
            slot.path.join(".")
        )),
    }
}

#[cfg(test)]
mod tests;
