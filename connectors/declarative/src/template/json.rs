//! JSON with placeholders.
//!
//! A text that is one placeholder becomes the value itself, with its type; a field whose only placeholder is
//! `{name?}` and missing is left out. Two tables mean something of their own: `{ "$each" = "{lines}", "$item" =
//! … }` is a list with one entry for each of another, where `{item}` is the entry; `{ "$word" = "{kind}", "$map" =
//! { special = "01" } }` is another word for a word.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::{Allowed, Named, Scope, Template};
use crate::{
    extract::word_of,
    file::tree::{Node, Table},
};

/// JSON with placeholders.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Json {
    Plain(Value),
    Text(Template),
    List(Vec<Json>),
    Record(BTreeMap<String, Json>),
    Each {
        list: Template,
        item: Box<Json>,
    },
    Word {
        word: Template,
        map: BTreeMap<String, Value>,
    },
}

impl Json {
    /// Reads it.
    pub(crate) fn read(node: &Node<'_>, allowed: Allowed<'_>) -> Option<Self> {
        if node.is_text() {
            let text = node.text()?;
            return match Template::parse(text, allowed) {
                Ok(template) => Some(Self::Text(template)),
                Err(why) => {
                    node.error(why);
                    None
                }
            };
        }
        if node.is_list() {
            // All of them first, so that all faults are told.
            let all: Vec<_> = node
                .list()?
                .iter()
                .map(|one| Self::read(one, allowed))
                .collect();
            return all.into_iter().collect::<Option<_>>().map(Self::List);
        }
        if !node.is_table() {
            return node.json().map(Self::Plain);
        }
        let table = node.table()?;
        if table.get("$each").is_some() {
            return Self::read_each(table, allowed);
        }
        if table.get("$word").is_some() {
            return Self::read_word(table, allowed);
        }
        let read = |(name, _, node): (&str, _, Node<'_>)| {
            if name.starts_with('$') {
                node.error(format!(
                    "`{name}` means nothing here; there are $each with $item, and $word with $map"
                ));
            }
            Some((name.to_owned(), Self::read(&node, allowed)?))
        };
        let all: Vec<_> = table.entries().map(read).collect();
        all.into_iter().collect::<Option<_>>().map(Self::Record)
    }

    fn read_each(table: Table<'_>, allowed: Allowed<'_>) -> Option<Self> {
        let list = table.get("$each").and_then(|node| template(&node, allowed));
        let words: Vec<_> = allowed.words.iter().copied().chain(["item"]).collect();
        let inner = Allowed {
            words: &words,
            ..allowed
        };
        let item = table.want("$item", "what each entry becomes");
        let item = item.and_then(|node| Self::read(&node, inner));
        table.finish();
        Some(Self::Each {
            list: list?,
            item: Box::new(item?),
        })
    }

    fn read_word(table: Table<'_>, allowed: Allowed<'_>) -> Option<Self> {
        let word = table.get("$word").and_then(|node| template(&node, allowed));
        let map = table
            .want("$map", "the other word for each")
            .and_then(|node| node.table());
        let map = map.map(|map| {
            let read = |(name, _, node): (&str, _, Node<'_>)| Some((name.to_owned(), node.json()?));
            map.entries().filter_map(read).collect()
        });
        table.finish();
        Some(Self::Word {
            word: word?,
            map: map?,
        })
    }

    /// How it names a word.
    pub(crate) fn named(&self, word: &str) -> Named {
        let most = |all: &mut dyn Iterator<Item = &Self>| all.map(|one| one.named(word)).max();
        match self {
            Self::Plain(_) => Named::Not,
            Self::Text(template) => template.named(word),
            Self::List(all) => most(&mut all.iter()).unwrap_or(Named::Not),
            Self::Record(fields) => most(&mut fields.values()).unwrap_or(Named::Not),
            Self::Each { list, item } => list.named(word).max(item.named(word)),
            Self::Word { word: template, .. } => template.named(word),
        }
    }

    /// The value; nothing when it is one placeholder whose value is missing.
    ///
    /// # Errors
    /// Which value is missing or does not fit.
    pub(crate) fn fill(&self, scope: &Scope<'_>) -> Result<Option<Value>, String> {
        Ok(Some(match self {
            Self::Plain(value) => value.clone(),
            Self::Text(template) => return template.value(scope),
            Self::List(all) => {
                let all = all.iter().filter_map(|one| one.fill(scope).transpose());
                Value::Array(all.collect::<Result<_, _>>()?)
            }
            Self::Record(fields) => {
                let mut record = Map::new();
                for (name, field) in fields {
                    if let Some(value) = field.fill(scope)? {
                        record.insert(name.clone(), value);
                    }
                }
                Value::Object(record)
            }
            Self::Each { list, item } => match list.value(scope)? {
                None => return Ok(None),
                Some(Value::Array(all)) => {
                    let one = |entry: &Value| {
                        let item_scope = Scope {
                            item: Some(entry),
                            ..*scope
                        };
                        item.fill(&item_scope).transpose()
                    };
                    Value::Array(all.iter().filter_map(one).collect::<Result<_, _>>()?)
                }
                Some(_) => return Err("`$each` goes through something that is no list".into()),
            },
            Self::Word { word, map } => {
                let Some(word) = word.value(scope)? else {
                    return Ok(None);
                };
                let word =
                    word_of(&word).ok_or("`$word` is neither text, number nor truth value")?;
                let known: Vec<_> = map.keys().map(String::as_str).collect();
                let known = known.join(", ");
                map.get(&word).cloned().ok_or_else(|| {
                    format!("a word of the input is not in its `$map`; there are: {known}")
                })?
            }
        }))
    }
}

/// A text with placeholders of the file.
pub(crate) fn template(node: &Node<'_>, allowed: Allowed<'_>) -> Option<Template> {
    let text = node.text()?;
    Template::parse(text, allowed)
        .map_err(|why| node.error(why))
        .ok()
}
