//! The settings of a process: one commented default file, an optional file, the environment, and
//! options of the command line, each overriding the one before.
//!
//! Invariants:
//! * `config/default.toml` holds every setting with its default and its explanation; it alone says
//!   which settings exist and of which type they are;
//! * an error names the file (or variable, or option) and the setting, and says what to write;
//! * secrets come from the environment or from files of their own, and show as `…`.
//!
//! To add a setting: a line with its comment in `config/default.toml`, a field in the section's
//! struct, and, for a number, its range in `ranges.rs`. The tests compare the three.

mod audit;
mod breaker;
mod connectors;
mod console;
mod desk;
mod error;
mod etax;
mod fleet;
mod layer;
mod ledger;
mod log;
mod meaning;
mod merge;
mod policy;
mod portal;
mod ranges;
mod redis;
mod sandbox;
mod scheduler;
mod secret;
mod settings;
mod sources;
mod spelling;
mod text;

use std::path::{Path, PathBuf};

use clerkwork_core::Office;
use serde::Deserialize;

pub use audit::AuditConfig;
pub use breaker::BreakerConfig;
pub use connectors::ConnectorsConfig;
pub use console::ConsoleConfig;
pub use desk::DeskConfig;
pub use error::ConfigError;
pub use etax::EtaxConfig;
pub use fleet::FleetConfig;
pub use layer::Origin;
pub use ledger::LedgerConfig;
pub use log::{LogConfig, LogFormat};
pub use policy::PolicyConfig;
pub use portal::PortalConfig;
pub use redis::{RedisConfig, WindowConfig};
pub use sandbox::SandboxConfig;
pub use scheduler::SchedulerConfig;
pub use secret::{Secret, SecretUrl};
pub use settings::{Setting, Settings};
pub use sources::{CONFIG_FILE, Override, Sources};

/// The default file, as compiled in.
pub const DEFAULTS: &str = include_str!("../config/default.toml");

/// The checked settings of one process.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Where this installation keeps its ledger, keys and private Redis; an absolute path.
    pub data_dir: PathBuf,
    /// Whose work is submitted when nothing else is said.
    pub office: Office,
    /// Language of texts for people.
    pub locale: Locale,
    /// The SQL truth.
    pub ledger: LedgerConfig,
    /// The queue.
    pub redis: RedisConfig,
    /// The workers.
    pub fleet: FleetConfig,
    /// When work is stopped by itself.
    pub breaker: BreakerConfig,
    /// How blocked items are handed to people.
    pub desk: DeskConfig,
    /// The Merkle log over the events.
    pub audit: AuditConfig,
    /// Dispatcher, rescuer and sweeper.
    pub scheduler: SchedulerConfig,
    /// The e-tax platform.
    pub etax: EtaxConfig,
    /// An old HTML portal.
    pub portal: PortalConfig,
    /// Connectors that are files or compiled in.
    pub connectors: ConnectorsConfig,
    /// The simulated platform.
    pub sandbox: SandboxConfig,
    /// The status page.
    pub console: ConsoleConfig,
    /// The policy bundle.
    pub policy: PolicyConfig,
    /// Logs.
    pub log: LogConfig,
    /// What is in force and where it comes from.
    #[serde(skip)]
    settings: Settings,
}

/// A language of texts for people.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Deserialize)]
#[serde(try_from = "String")]
pub enum Locale {
    /// Simplified Chinese.
    #[default]
    Chinese,
    /// English.
    English,
}

impl Locale {
    /// The language tag.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Chinese => "zh-CN",
            Self::English => "en",
        }
    }
}

impl TryFrom<String> for Locale {
    type Error = String;
    fn try_from(text: String) -> Result<Self, String> {
        match text.as_str() {
            "zh-CN" => Ok(Self::Chinese),
            "en" => Ok(Self::English),
            _ => Err(format!(
                "unknown language `{text}`; write \"zh-CN\" or \"en\""
            )),
        }
    }
}

impl Config {
    /// Reads, merges and checks the settings.
    ///
    /// # Errors
    /// The first thing that is wrong, with its file or variable and its key.
    pub fn load(sources: &Sources) -> Result<Self, ConfigError> {
        merge::load(sources)
    }

    /// Where connectors that are files lie: the folder given, or `connectors` in the data folder.
    pub fn connectors_folder(&self) -> PathBuf {
        let folder = self.connectors.folder.clone();
        folder.unwrap_or_else(|| self.data_dir.join("connectors"))
    }

    /// The address of the ledger: the one given, or SQLite in the data folder.
    pub fn ledger_url(&self) -> SecretUrl {
        match &self.ledger.url {
            Some(url) => url.clone(),
            None => SecretUrl::new(format!(
                "sqlite:{}",
                self.data_dir.join("ledger.db").display()
            )),
        }
    }

    /// Whether the ledger is a file in the data folder that nobody named.
    pub fn ledger_is_embedded(&self) -> bool {
        self.ledger.url.is_none()
    }

    /// Every setting in force, with its origin; secrets are hidden.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// A path inside the data folder.
    pub fn in_data_dir(&self, name: impl AsRef<Path>) -> PathBuf {
        self.data_dir.join(name)
    }
}
