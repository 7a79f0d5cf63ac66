//! One source of settings, as a flat table from dotted keys to values.

use std::{
    collections::BTreeMap,
    fmt,
    path::{Path, PathBuf},
};

use config::{Environment, File, FileFormat, Source, Value, ValueKind};

use super::{ConfigError, DEFAULTS, Override};

const PREFIX: &str = "CLERKWORK";
const SEPARATOR: &str = "__";

/// Where a setting comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// The file compiled into the binary.
    Default,
    /// A file.
    File(PathBuf),
    /// The environment.
    Environment,
    /// This option of the command line.
    Option(String),
}

impl Origin {
    /// How `key` is written there.
    pub(super) fn spelled(&self, key: &str) -> String {
        match self {
            Self::Default | Self::File(_) => key.to_owned(),
            Self::Environment => {
                let path = key.replace('.', SEPARATOR).to_uppercase();
                format!("{PREFIX}{SEPARATOR}{path}")
            }
            Self::Option(option) => option.clone(),
        }
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::File(path) => write!(f, "`{}`", path.display()),
            Self::Environment => f.write_str("the environment"),
            Self::Option(_) => f.write_str("the command line"),
        }
    }
}

/// A setting and where it stands, as an error shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    pub(super) key: String,
    pub(super) origin: Origin,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let spelled = self.origin.spelled(&self.key);
        match &self.origin {
            Origin::Default => write!(f, "`{spelled}` in the defaults"),
            origin => write!(f, "`{spelled}` in {origin}"),
        }
    }
}

/// One source.
pub(super) struct Layer {
    pub(super) origin: Origin,
    pub(super) values: BTreeMap<String, Value>,
}

impl Layer {
    /// The compiled-in file.
    pub(super) fn defaults() -> Result<Self, ConfigError> {
        Self::from_toml(Origin::Default, DEFAULTS)
    }

    /// A file.
    pub(super) fn file(path: &Path) -> Result<Self, ConfigError> {
        let text = std::fs::read_to_string(path).map_err(|source| ConfigError::Unreadable {
            path: path.to_owned(),
            source,
        })?;
        Self::from_toml(Origin::File(path.to_owned()), &text)
    }

    fn from_toml(origin: Origin, text: &str) -> Result<Self, ConfigError> {
        // The parser's own error carries a position; the one of `config` only a picture of it.
        if let Err(error) = text.parse::<toml::Table>() {
            let before = error.span().and_then(|span| text.get(..span.start));
            return Err(ConfigError::Syntax {
                origin,
                line: before.map_or(1, |before| before.matches('\n').count() + 1),
                problem: error.message().trim().replace('\n', ", "),
            });
        }
        let table = File::from_str(text, FileFormat::Toml)
            .collect()
            .map_err(ConfigError::Unforeseen)?;
        let mut values = BTreeMap::new();
        for (key, value) in table {
            flatten(key, value, &mut values);
        }
        Ok(Self { origin, values })
    }

    /// The variables that begin with the prefix.
    pub(super) fn environment(variables: &BTreeMap<String, String>) -> Result<Self, ConfigError> {
        let source = Environment::with_prefix(PREFIX)
            .separator(SEPARATOR)
            .ignore_empty(true)
            .source(Some(variables.clone().into_iter().collect()));
        let values = source.collect().map_err(ConfigError::Unforeseen)?;
        Ok(Self {
            origin: Origin::Environment,
            values: values.into_iter().collect(),
        })
    }

    /// One option.
    pub(super) fn option(given: &Override) -> Self {
        Self {
            origin: Origin::Option(given.option.clone()),
            values: BTreeMap::from([(given.key.clone(), given.value.as_str().into())]),
        }
    }

    /// A setting that is text and not empty.
    pub(super) fn text(&self, key: &str) -> Option<String> {
        match &self.values.get(key)?.kind {
            ValueKind::String(text) if !text.is_empty() => Some(text.clone()),
            _ => None,
        }
    }

    pub(super) fn place(&self, key: &str) -> Place {
        Place {
            key: key.to_owned(),
            origin: self.origin.clone(),
        }
    }
}

fn flatten(key: String, value: Value, into: &mut BTreeMap<String, Value>) {
    match value.kind {
        ValueKind::Table(table) => {
            for (name, value) in table {
                flatten(format!("{key}.{name}"), value, into);
            }
        }
        _ => {
            into.insert(key, value);
        }
    }
}
