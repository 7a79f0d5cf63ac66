//! What an operation gives, out of what the upstream answered.
//!
//! An [`Extract`] is a tree of the shape of the output. Each part says where it stands, `path`, from where the
//! part around it stands: a path in JSON and XML, a CSS selector in HTML. A part is a value, a record (`fields`),
//! a list (`each`) or one of several by a word (`by`, `cases`).
//!
//! Invariants: a word that is in no table is an error that names field and word, never a default; a part that is
//! missing is an error unless the file says that it may be (`optional`, `default`); messages hold no values but
//! such words, masked.

mod convert;
mod read;
mod tree;

use std::collections::BTreeMap;

use clerkwork_connectors_api::redact;
use serde_json::{Map, Value};

pub(crate) use convert::{Convert, word_of};
pub(crate) use read::Reader;
pub(crate) use tree::{Here, Locator, Top};

use crate::{
    path::Path,
    template::{Json, Scope},
};

/// How to read one part of an answer.
#[derive(Debug, Clone)]
pub(crate) struct Extract {
    /// Where it is looked for; nothing for where the part around it stands.
    pub(crate) within: Option<Locator>,
    pub(crate) path: Option<Locator>,
    /// Of an element of HTML not its text, but this.
    pub(crate) attribute: Option<String>,
    pub(crate) optional: bool,
    pub(crate) default: Option<Value>,
    pub(crate) what: What,
}

#[derive(Debug, Clone)]
pub(crate) enum What {
    /// As it stands, or as text of HTML.
    Value {
        map: Option<BTreeMap<String, Value>>,
        convert: Option<Convert>,
    },
    /// Not of the answer.
    Given(Json),
    Record(BTreeMap<String, Extract>),
    List {
        each: Box<Extract>,
        /// One that is no list is a list of one, as XML has them.
        alone: bool,
    },
    Cases {
        by: Box<Extract>,
        cases: BTreeMap<String, Extract>,
    },
}

/// Why an answer cannot be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Trouble {
    /// A page does not have what the file says it has.
    PageChanged(String),
    /// An answer is not what the file says.
    Unreadable(String),
}

/// Longest word of the upstream in a message.
const WORD_CHARS: usize = 20;

impl Extract {
    /// Reads an answer, from where its `content` stands. `scope` is for what the file gives beside it.
    ///
    /// # Errors
    /// Which part is missing or not as the file says.
    pub(crate) fn read(
        &self,
        top: &Top,
        content: Option<&Path>,
        scope: &Scope<'_>,
    ) -> Result<Value, Trouble> {
        let reading = Reading { top, scope };
        let here = match (content, top) {
            (Some(path), Top::Json(value)) => {
                Here::Json(path.find(value, value).unwrap_or(&Value::Null))
            }
            (_, top) => top.here(),
        };
        self.value(&reading, here, "result")
    }

    fn value(
        &self,
        reading: &Reading<'_>,
        around: Here<'_>,
        field: &str,
    ) -> Result<Value, Trouble> {
        if let What::Given(json) = &self.what {
            let given = json.fill(reading.scope).map_err(Trouble::Unreadable)?;
            return Ok(given.unwrap_or_default());
        }
        let around = match &self.within {
            Some(within) => match around.find(reading.top, within) {
                Some(around) => around,
                None => return self.missing_at(within.as_str(), around, field),
            },
            None => around,
        };
        if let (What::List { each, alone }, Some(path)) = (&self.what, &self.path) {
            let Some(all) = around.all(reading.top, path, *alone).map_err(|why| {
                Trouble::Unreadable(format!("`{field}`: {why} at `{}`", path.as_str()))
            })?
            else {
                return self.missing(around, field);
            };
            let one = |(at, here)| each.value(reading, here, &format!("{field}[{at}]"));
            return Ok(Value::Array(
                all.into_iter()
                    .enumerate()
                    .map(one)
                    .collect::<Result<_, _>>()?,
            ));
        }
        let here = match &self.path {
            Some(path) => around.find(reading.top, path),
            None => Some(around),
        };
        match (&self.what, here) {
            (What::Value { map, convert }, here) => {
                let said = here.and_then(|here| here.said(self.attribute.as_deref()));
                self.word(said, map.as_ref(), *convert, around, field)
            }
            (_, None) => self.missing(around, field),
            (What::Record(fields), Some(here)) => {
                let read = |(name, part): (&String, &Extract)| {
                    Ok((name.clone(), part.value(reading, here, name)?))
                };
                Ok(Value::Object(fields.iter().map(read).collect::<Result<
                    Map<_, _>,
                    _,
                >>(
                )?))
            }
            (What::Cases { by, cases }, Some(here)) => {
                let word = word_of(&by.value(reading, here, field)?).unwrap_or_default();
                match cases.get(&word) {
                    Some(case) => case.value(reading, here, field),
                    None if word.is_empty() && self.may_be_missing() => self.missing(here, field),
                    None => Err(self.unknown(&by.name_or(field), &word)),
                }
            }
            (What::List { .. } | What::Given(_), Some(_)) => Err(Trouble::Unreadable(format!(
                "`{field}`: a list needs a `path`"
            ))),
        }
    }

    /// A value, through its table and its conversion.
    fn word(
        &self,
        said: Option<Value>,
        map: Option<&BTreeMap<String, Value>>,
        convert: Option<Convert>,
        around: Here<'_>,
        field: &str,
    ) -> Result<Value, Trouble> {
        let empty = said.as_ref().is_none_or(|said| said.as_str() == Some(""));
        let empty_word = map.and_then(|map| map.get("")).filter(|_| empty);
        if let Some(word) = empty_word {
            return Ok(word.clone());
        }
        let said = match said {
            Some(_) if empty && self.may_be_missing() => return self.missing(around, field),
            Some(said) => said,
            None => return self.missing(around, field),
        };
        let said = match map {
            Some(map) => {
                let word = word_of(&said).ok_or_else(|| {
                    Trouble::Unreadable(format!(
                        "`{field}` is neither text, number nor truth value"
                    ))
                })?;
                let known = map.get(&word).cloned();
                known.ok_or_else(|| self.unknown(&self.name_or(field), &word))?
            }
            None => said,
        };
        match convert {
            Some(convert) => convert.apply(&said).map_err(|wanted| {
                Trouble::Unreadable(format!("field `{}` holds no {wanted}", self.name_or(field)))
            }),
            None => Ok(said),
        }
    }

    fn unknown(&self, field: &str, word: &str) -> Trouble {
        let word = redact::mask(word, WORD_CHARS);
        Trouble::Unreadable(format!(
            "unknown word `{word}` in field `{field}`; add it to the table of the connector's file"
        ))
    }

    /// Its name in the upstream's own words, or else of the output.
    fn name_or(&self, field: &str) -> String {
        let path = self
            .path
            .as_ref()
            .map(Locator::as_str)
            .filter(|path| *path != ".");
        path.unwrap_or(field).to_owned()
    }

    fn may_be_missing(&self) -> bool {
        self.optional || self.default.is_some()
    }

    fn missing(&self, around: Here<'_>, field: &str) -> Result<Value, Trouble> {
        self.missing_at(&self.name_or(field), around, field)
    }

    /// `name` is what was looked for.
    fn missing_at(&self, name: &str, around: Here<'_>, field: &str) -> Result<Value, Trouble> {
        if let Some(default) = &self.default {
            return Ok(default.clone());
        }
        if self.optional {
            return Ok(Value::Null);
        }
        Err(match around {
            Here::Json(_) => Trouble::Unreadable(format!(
                "`{name}` is missing, for `{field}`; mark it as `optional` if it may be"
            )),
            Here::Page | Here::Element(_) => Trouble::PageChanged(format!(
                "nothing on the page is at `{name}`, for `{field}`; look at the page and correct the connector's file"
            )),
        })
    }
}

struct Reading<'r> {
    top: &'r Top,
    scope: &'r Scope<'r>,
}

#[cfg(test)]
mod tests;
