//! Where settings come from.

use std::{collections::BTreeMap, path::PathBuf};

/// The environment variable that names the settings file, as `--config` does.
pub const CONFIG_FILE: &str = "CLERKWORK_CONFIG";

/// A setting that an option of the command line gives.
#[derive(Debug, Clone)]
pub struct Override {
    /// The setting, for example `redis.url`.
    pub key: String,
    /// Its value as text.
    pub value: String,
    /// The option, for example `--redis-url`.
    pub option: String,
}

/// Everything settings are read from.
#[derive(Debug, Clone, Default)]
pub struct Sources {
    /// The file given by `--config`, which must exist.
    pub file: Option<PathBuf>,
    /// The environment's variables.
    pub environment: BTreeMap<String, String>,
    /// What the command line gives.
    pub overrides: Vec<Override>,
}

impl Sources {
    /// The environment of this process. A variable that is not UTF-8 is none of ours.
    pub fn from_process() -> Self {
        let environment = std::env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
            .collect();
        Self {
            environment,
            ..Self::default()
        }
    }

    /// Takes the file of `--config`, if given.
    #[must_use]
    pub fn with_file(mut self, file: Option<PathBuf>) -> Self {
        self.file = file;
        self
    }

    /// Adds what an option gives, if it was given.
    #[must_use]
    pub fn with_override(mut self, option: &str, key: &str, value: Option<String>) -> Self {
        self.overrides.extend(value.map(|value| Override {
            key: key.to_owned(),
            value,
            option: option.to_owned(),
        }));
        self
    }
}
