//! A file as a tree whose parts know where they stand.
//!
//! Reading goes on after a fault, so that an integrator sees all of them at once. A key that nobody asked for is
//! a fault of its table, see [`Table::finish`].

use std::{cell::RefCell, collections::BTreeSet, path::PathBuf, time::Duration};

use serde_json::Value;
use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

use crate::fault::{Notes, Span};

/// A value of the file.
#[derive(Clone)]
pub(crate) struct Node<'a> {
    value: &'a DeValue<'a>,
    span: Span,
    /// Its name for messages, for example `operations.status.request`.
    place: String,
    pub(crate) notes: &'a Notes<'a>,
}

/// A table of the file.
pub(crate) struct Table<'a> {
    map: &'a DeTable<'a>,
    span: Span,
    place: String,
    pub(crate) notes: &'a Notes<'a>,
    asked: RefCell<BTreeSet<&'static str>>,
}

impl<'a> Table<'a> {
    /// The whole file.
    pub(crate) fn root(map: &'a DeTable<'a>, notes: &'a Notes<'a>) -> Self {
        Self {
            map,
            span: 0..0,
            place: String::new(),
            notes,
            asked: RefCell::default(),
        }
    }

    fn name_of(&self, key: &str) -> String {
        match self.place.as_str() {
            "" => key.to_owned(),
            place => format!("{place}.{key}"),
        }
    }

    fn below(&self, key: &str, value: &'a Spanned<DeValue<'a>>) -> Node<'a> {
        Node {
            value: value.get_ref(),
            span: value.span(),
            place: self.name_of(key),
            notes: self.notes,
        }
    }

    /// A value that may be missing.
    pub(crate) fn get(&self, key: &'static str) -> Option<Node<'a>> {
        self.asked.borrow_mut().insert(key);
        let (_, value) = self.map.iter().find(|(k, _)| k.get_ref() == key)?;
        Some(self.below(key, value))
    }

    /// A value that must be there.
    pub(crate) fn want(&self, key: &'static str, what: &str) -> Option<Node<'a>> {
        let found = self.get(key);
        if found.is_none() {
            let name = self.name_of(key);
            self.error(format!("`{name}` is missing; give {what}"));
        }
        found
    }

    /// All values, of a table whose keys are names that the file chooses.
    pub(crate) fn entries(&self) -> impl Iterator<Item = (&'a str, Span, Node<'a>)> + '_ {
        self.map.iter().map(|(key, value)| {
            let name: &'a str = key.get_ref();
            (name, key.span(), self.below(name, value))
        })
    }

    pub(crate) fn error(&self, message: impl Into<String>) {
        self.notes.error(&self.span, message);
    }

    /// Every key that nobody has asked for is a fault.
    pub(crate) fn finish(self) {
        let asked = self.asked.borrow();
        for (key, _) in self.map {
            let name: &str = key.get_ref();
            if !asked.contains(name) {
                let known: Vec<_> = asked.iter().copied().collect();
                let name = self.name_of(name);
                let known = known.join(", ");
                self.notes.error(
                    &key.span(),
                    format!("`{name}` is not known; there are: {known}"),
                );
            }
        }
    }
}

impl<'a> Node<'a> {
    #[cfg(test)]
    pub(crate) fn of(value: &'a Spanned<DeValue<'a>>, notes: &'a Notes<'a>) -> Self {
        Self {
            value: value.get_ref(),
            span: value.span(),
            place: String::new(),
            notes,
        }
    }

    pub(crate) fn span(&self) -> &Span {
        &self.span
    }

    pub(crate) fn error(&self, message: impl Into<String>) {
        self.notes.error(&self.span, message);
    }

    pub(crate) fn warn(&self, message: impl Into<String>) {
        self.notes.warn(&self.span, message);
    }

    fn other<T>(&self, wanted: &str) -> Option<T> {
        self.error(format!("`{}` must be {wanted}", self.place));
        None
    }

    pub(crate) fn is_text(&self) -> bool {
        self.value.is_str()
    }

    pub(crate) fn is_table(&self) -> bool {
        self.value.is_table()
    }

    pub(crate) fn is_list(&self) -> bool {
        self.value.is_array()
    }

    pub(crate) fn text(&self) -> Option<&'a str> {
        match self.value.as_str() {
            Some(text) => Some(text),
            None => self.other("text"),
        }
    }

    /// Text that is not empty.
    pub(crate) fn word(&self) -> Option<&'a str> {
        match self.text()? {
            "" => self.other("text that is not empty"),
            text => Some(text),
        }
    }

    /// The path of a file, from the root: the folder of a process is not known when a file is written.
    pub(crate) fn whole_path(&self) -> Option<PathBuf> {
        let path = self.word()?;
        if path.starts_with('/') {
            return Some(path.into());
        }
        self.error(format!("`{path}` is no whole path; begin with `/`"));
        None
    }

    pub(crate) fn boolean(&self) -> Option<bool> {
        match self.value.as_bool() {
            Some(value) => Some(value),
            None => self.other("`true` or `false`"),
        }
    }

    /// A whole number in a range.
    pub(crate) fn number<T: TryFrom<i64>>(&self, from: i64, to: i64) -> Option<T> {
        let read = self.value.as_integer().and_then(|number| {
            let value = i64::from_str_radix(number.as_str(), number.radix()).ok()?;
            (from..=to).contains(&value).then_some(value)
        });
        match read.and_then(|value| T::try_from(value).ok()) {
            Some(value) => Some(value),
            None => self.other(&format!("a whole number from {from} to {to}")),
        }
    }

    /// A time in seconds.
    pub(crate) fn seconds(&self) -> Option<Duration> {
        let text = match self.value {
            DeValue::Integer(number) if number.radix() == 10 => number.as_str(),
            DeValue::Float(number) => number.as_str(),
            DeValue::Integer(_)
            | DeValue::String(_)
            | DeValue::Boolean(_)
            | DeValue::Datetime(_)
            | DeValue::Array(_)
            | DeValue::Table(_) => "",
        };
        let seconds = text.parse::<f64>().ok();
        match seconds.filter(|value| (0.001..=86_400.0).contains(value)) {
            Some(value) => Some(Duration::from_secs_f64(value)),
            None => self.other("a number of seconds, for example `10` or `0.5`"),
        }
    }

    pub(crate) fn table(&self) -> Option<Table<'a>> {
        match self.value.as_table() {
            Some(map) => Some(Table {
                map,
                span: self.span.clone(),
                place: self.place.clone(),
                notes: self.notes,
                asked: RefCell::default(),
            }),
            None => self.other("a table"),
        }
    }

    pub(crate) fn list(&self) -> Option<Vec<Node<'a>>> {
        let Some(all) = self.value.as_array() else {
            return self.other("a list");
        };
        let below = |(at, value): (usize, &'a Spanned<DeValue<'a>>)| Node {
            value: value.get_ref(),
            span: value.span(),
            place: format!("{}[{at}]", self.place),
            notes: self.notes,
        };
        Some(all.iter().enumerate().map(below).collect())
    }

    /// As JSON.
    pub(crate) fn json(&self) -> Option<Value> {
        Some(match self.value {
            DeValue::String(text) => Value::from(text.as_ref()),
            DeValue::Integer(_) => Value::from(self.number::<i64>(i64::MIN, i64::MAX)?),
            DeValue::Float(number) => match number.as_str().parse::<f64>() {
                Ok(number) => Value::from(number),
                Err(_) => return self.other("a number"),
            },
            DeValue::Boolean(value) => Value::from(*value),
            DeValue::Datetime(value) => Value::from(value.to_string()),
            DeValue::Array(_) => {
                let all = self.list()?;
                Value::Array(all.iter().map(Self::json).collect::<Option<_>>()?)
            }
            DeValue::Table(_) => {
                let table = self.table()?;
                let read = |(name, _, node): (&str, Span, Node<'_>)| {
                    node.json().map(|value| (name.to_owned(), value))
                };
                Value::Object(table.entries().map(read).collect::<Option<_>>()?)
            }
        })
    }
}
