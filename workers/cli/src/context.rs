//! What every verb starts from: the options that all verbs share, the configuration, and the
//! parts of the installation that a verb opens.

#[cfg(debug_assertions)]
use std::collections::BTreeSet;
use std::{
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
};

use clap::Args;
use clerkwork_core::{Clock, SystemClock, Timestamp};
use clerkwork_ledger::Ledger;
use clerkwork_runtime::{Config, Locale, Sources};

use crate::{
    failure::{Failure, chain},
    out::{Lang, Out},
    up::DemoClock,
};

/// The options that every verb takes.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Options of every verb")]
pub struct Globals {
    /// Folder of the installation: ledger, keys, private Redis
    #[arg(long, global = true, value_name = "DIR")]
    pub data_dir: Option<PathBuf>,
    /// Settings file; `clerkwork config show` prints what is in force
    #[arg(long, global = true, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// The queue: redis://…, rediss://… or redis+unix:///path; a password goes into
    /// CLERKWORK__REDIS__URL instead
    #[arg(long, global = true, value_name = "URL")]
    pub redis_url: Option<String>,
    /// The ledger: sqlite:/path or postgres://…; a password goes into CLERKWORK__LEDGER__URL
    /// instead
    #[arg(long, global = true, value_name = "URL")]
    pub ledger_url: Option<String>,
    /// Language of what people read: zh (with English beside it) or en
    #[arg(long, global = true, value_enum)]
    pub lang: Option<Lang>,
    /// One JSON document on stdout; errors as {"error": …} on stderr
    #[arg(long, global = true)]
    pub json: bool,
}

/// What a verb works with.
#[derive(Debug)]
pub struct Context {
    /// Where it writes.
    pub out: Out,
    globals: Globals,
    config: Result<Config, Failure>,
    clock: Result<Arc<dyn Clock>, Failure>,
    /// The verbs that were allowed, with the ledger they work on.
    used: Mutex<Vec<(&'static str, Ledger)>>,
}

impl Context {
    /// Takes the shared options. A broken configuration is told only to those who ask for it.
    pub fn new(globals: Globals) -> Self {
        let config = load(&globals, None);
        let lang = globals.lang.unwrap_or(match &config {
            Ok(config) if config.locale == Locale::English => Lang::En,
            Ok(_) | Err(_) => Lang::Zh,
        });
        let out = Out {
            json: globals.json,
            lang,
        };
        let clock = config
            .clone()
            .and_then(|config| Ok(DemoClock::open(&config)?.shared()));
        Self {
            out,
            globals,
            config,
            clock,
            used: Mutex::default(),
        }
    }

    /// Notes that a verb was allowed.
    pub fn uses(&self, verb: &'static str, ledger: &Ledger) {
        let mut used = self.used.lock().unwrap_or_else(PoisonError::into_inner);
        used.push((verb, ledger.clone()));
    }

    /// The verbs that were allowed, and the types of the events that were recorded.
    #[cfg(debug_assertions)]
    pub fn used(&self) -> (BTreeSet<&'static str>, BTreeSet<&'static str>) {
        let used = self.used.lock().unwrap_or_else(PoisonError::into_inner);
        let verbs = used.iter().map(|(verb, _)| *verb).collect();
        let recorded = used.iter().flat_map(|(_, ledger)| ledger.recorded());
        (verbs, recorded.collect())
    }

    /// The checked configuration.
    pub fn config(&self) -> Result<&Config, Failure> {
        self.config.as_ref().map_err(Failure::clone)
    }

    /// The configuration with another data folder, unless the command line names one.
    pub fn config_in(&self, data_dir: PathBuf) -> Result<Config, Failure> {
        load(&self.globals, Some(data_dir))
    }

    /// The clock of the installation: the machine's, or in a demo's folder the demo's, because what
    /// is recorded there must be in its order.
    pub fn clock(&self) -> Result<Arc<dyn Clock>, Failure> {
        self.clock.clone()
    }

    /// The present time by that clock; by the machine's where the configuration is broken.
    pub fn now(&self) -> Timestamp {
        self.clock
            .as_ref()
            .map_or_else(|_| SystemClock.now(), |clock| clock.now())
    }

    /// The command line of another verb on the same installation, to be copied by the user.
    pub fn command(&self, config: &Config, verb: &str) -> String {
        let program = std::env::args().next().unwrap_or_default();
        let program = if program.is_empty() {
            "clerkwork".into()
        } else {
            program
        };
        let mut line = format!("{} {verb}", quoted(&program));
        let mut add = |option: &str, value: &str| {
            line = format!("{line} {option} {}", quoted(value));
        };
        add("--data-dir", &config.data_dir.display().to_string());
        if let Some(file) = &self.globals.config {
            add("--config", &file.display().to_string());
        }
        if let Some(url) = &self.globals.ledger_url {
            add("--ledger-url", url);
        }
        line
    }
}

fn load(globals: &Globals, data_dir: Option<PathBuf>) -> Result<Config, Failure> {
    for (option, variable, url) in [
        ("--redis-url", "CLERKWORK__REDIS__URL", &globals.redis_url),
        (
            "--ledger-url",
            "CLERKWORK__LEDGER__URL",
            &globals.ledger_url,
        ),
    ] {
        if url.as_deref().is_some_and(has_password) {
            return Err(Failure::usage(format!(
                "`{option}` holds a password, which every user of this machine could read; put \
                 the address into {variable} instead"
            )));
        }
    }
    let data_dir = globals.data_dir.clone().or(data_dir);
    let sources = Sources::from_process()
        .with_file(globals.config.clone())
        .with_override(
            "--data-dir",
            "data_dir",
            data_dir.map(|dir| dir.display().to_string()),
        )
        .with_override("--redis-url", "redis.url", globals.redis_url.clone())
        .with_override("--ledger-url", "ledger.url", globals.ledger_url.clone());
    Config::load(&sources)
        .map_err(|error| Failure::new(crate::failure::Exit::Usage, "configuration", chain(&error)))
}

fn has_password(url: &str) -> bool {
    let Some((_, rest)) = url.split_once("://") else {
        return false;
    };
    let authority = rest.split(['/', '?']).next().unwrap_or_default();
    let account = authority.rsplit_once('@').map(|(account, _)| account);
    account.is_some_and(|account| account.contains(':')) || rest.contains("password=")
}

/// A word as a shell takes it.
pub fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=@%+,".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords_on_the_command_line_are_seen() {
        assert!(has_password("redis://:pw@host:1/0"));
        assert!(has_password("postgres://u:p@h/db"));
        assert!(has_password("postgres://h/db?user=u&password=p"));
        assert!(!has_password("postgres://u@h/db"));
        assert!(!has_password("redis+unix:///a:b@c/redis.sock"));
        assert!(!has_password("sqlite:/a/b.db"));
    }

    #[test]
    fn words_are_quoted_for_a_shell() {
        assert_eq!(quoted("/tmp/a-b"), "/tmp/a-b");
        assert_eq!(quoted("a b"), "'a b'");
        assert_eq!(quoted("it's"), r"'it'\''s'");
        assert_eq!(quoted(""), "''");
    }
}
