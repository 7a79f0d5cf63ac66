//! What is in force and where it comes from, for `clerkwork config show`.

use std::{collections::BTreeMap, fmt};

use config::{Value, ValueKind};
use serde::Serialize;

use super::{Origin, SecretUrl, secret::SECRETS};

/// One setting in force.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Setting {
    /// Its key, for example `fleet.concurrency`.
    pub key: String,
    /// Its value as it would stand in a settings file; secrets show as `…`.
    pub value: String,
    /// Where it comes from, for people.
    pub origin: String,
}

/// All settings in force, sorted by key. Shows as a TOML file with the origins as comments.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Settings(Vec<Setting>);

impl Settings {
    pub(super) fn new(values: &BTreeMap<String, (Value, Origin)>) -> Self {
        let shown = values.iter().map(|(key, (value, origin))| Setting {
            key: key.clone(),
            value: shown(key, value),
            origin: origin.to_string(),
        });
        Self(shown.collect())
    }

    /// The settings.
    pub fn iter(&self) -> impl Iterator<Item = &Setting> {
        self.0.iter()
    }
}

fn shown(key: &str, value: &Value) -> String {
    match &value.kind {
        ValueKind::String(text) if text.is_empty() => "\"\"".into(),
        // The address of a webhook is often its only secret.
        ValueKind::String(_) if SECRETS.contains(&key) || key.ends_with("webhook") => {
            "\"…\"".into()
        }
        ValueKind::String(text) if key.ends_with("url") => {
            quoted(&SecretUrl::new(text.as_str()).to_string())
        }
        ValueKind::String(text) => quoted(text),
        _ => value.to_string(),
    }
}

fn quoted(text: &str) -> String {
    toml::Value::String(text.into()).to_string()
}

impl fmt::Display for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let depth = |setting: &&Setting| setting.key.matches('.').count();
        // TOML wants the keys of a table before its tables.
        let mut settings: Vec<_> = self.0.iter().collect();
        settings.sort_by_key(|setting| depth(setting) > 0);
        let mut section = "";
        for setting in settings {
            let (table, name) = setting.key.rsplit_once('.').unwrap_or(("", &setting.key));
            if table != section {
                writeln!(f, "\n[{table}]")?;
                section = table;
            }
            let line = format!("{name} = {}", setting.value);
            writeln!(f, "{line:<48} # {}", setting.origin)?;
        }
        Ok(())
    }
}
