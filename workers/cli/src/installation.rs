//! The parts of an installation, as verbs open them: each failure is one sentence with its exit
//! code.

use std::{fmt::Display, sync::Arc};

use clerkwork_core::{Actor, Digest};
use clerkwork_kinds::{JobKind, Registry, Upstreams};
use clerkwork_ledger::{Ledger, LedgerError, LedgerErrorKind};
use clerkwork_policy::{Engine, Refused};
use clerkwork_queue::{Queue, QueueError};
use clerkwork_runtime::{CallEvents, Config, StartError, StartErrorKind, Surroundings};
use serde_json::Value;

use crate::{
    connection,
    context::Context,
    failure::{Exit, Failure, chain},
    up,
};

/// The file of the embedded ledger.
const LEDGER: &str = "ledger.db";

/// A ledger with the settings it was opened with.
pub struct Opened {
    /// The settings.
    pub config: Config,
    /// The ledger.
    pub ledger: Ledger,
}

/// Opens the ledger of an installation that is there: a mistyped folder must not become a new,
/// empty one.
pub async fn open(context: &Context) -> Result<Opened, Failure> {
    let config = context.config()?;
    if config.ledger_is_embedded() && !config.in_data_dir(LEDGER).exists() {
        let demo = up::demo_dir().ok().filter(|dir| dir.join(LEDGER).exists());
        let advice = match demo {
            Some(dir) => format!(
                "the demo's is in another, add `--data-dir {}`",
                dir.display()
            ),
            None => {
                "make one with `clerkwork init`, start `clerkwork up`, or name the right folder \
                     with `--data-dir`"
                    .to_owned()
            }
        };
        return Err(Failure::missing(
            "no_ledger",
            format!(
                "there is no ledger in `{}`; {advice}",
                config.data_dir.display()
            ),
        ));
    }
    open_or_create(context).await
}

/// Opens the ledger, and makes it if there is none.
pub async fn open_or_create(context: &Context) -> Result<Opened, Failure> {
    let config = context.config()?.clone();
    let ledger = clerkwork_runtime::open_ledger(&config, context.clock()?).await?;
    Ok(Opened { config, ledger })
}

/// The queue, if a Redis runs for this installation.
pub async fn queue(config: &Config) -> Result<Queue, Failure> {
    Ok(clerkwork_runtime::open_queue(config).await?)
}

/// The policy that this installation came with, or that its settings name.
pub fn engine(config: &Config) -> Result<Engine, Failure> {
    Ok(clerkwork_runtime::load_policy(config)?)
}

/// The policy in force: the one that was activated last, or else the one of the installation.
pub async fn policy_in_force(opened: &Opened) -> Result<Engine, Failure> {
    match opened.ledger.control().await?.policy {
        None => engine(&opened.config),
        Some(version) => stored_policy(&opened.ledger, version).await,
    }
}

/// A bundle that was handed in.
pub async fn stored_policy(ledger: &Ledger, version: Digest) -> Result<Engine, Failure> {
    let damaged = || {
        Failure::missing(
            "ledger_damaged",
            format!("the files of bundle {version} are not those of its version"),
        )
    };
    match clerkwork_runtime::stored_policy(ledger, version).await? {
        Some(Ok(engine)) if engine.version() == version => Ok(engine),
        Some(Err(refused)) => Err(policy_refused(&refused)),
        Some(Ok(_)) | None => Err(damaged()),
    }
}

/// The systems that kinds speak to. Where the settings name none, the simulated platform of the
/// `clerkwork up` that runs on this data folder.
pub fn upstreams(config: &Config, around: Surroundings) -> Result<Upstreams, Failure> {
    let config = connection::fill_in(config)?;
    Ok(clerkwork_runtime::connect_upstreams(&config, around)?)
}

/// Puts calls on record as this person's.
pub fn recorded(opened: &Opened, by: Actor) -> Surroundings {
    Surroundings {
        log: Some(Arc::new(CallEvents::new(opened.ledger.clone(), by))),
        ..Surroundings::default()
    }
}

/// Every kind of this build.
pub fn kinds() -> Registry {
    Registry::standard()
}

/// The kind of that name.
pub fn kind<'a>(kinds: &'a Registry, name: &str) -> Result<&'a dyn JobKind, Failure> {
    kinds.get(name).map(Arc::as_ref).ok_or_else(|| {
        let known: Vec<_> = kinds.names().collect();
        Failure::new(
            Exit::Usage,
            "unknown_kind",
            format!("there is no kind `{name}`; use one of {}", known.join(", ")),
        )
    })
}

/// The example payload of a kind.
pub fn example(kinds: &Registry, name: &str) -> Result<Value, Failure> {
    let text = kind(kinds, name)?.example();
    let text = text.ok_or_else(|| Failure::not_found(format!("`{name}` has no example")))?;
    serde_json::from_str(text).map_err(|error| Failure::internal(error.to_string()))
}

/// The failure of a part that should have gone on.
pub fn part_ended(name: &str, error: impl Display) -> Failure {
    Failure::missing("part_ended", format!("the {name} ended: {error}"))
}

/// A refused bundle in one sentence: how much is wrong, and the first of it.
pub fn policy_refused(refused: &Refused) -> Failure {
    // A typo also makes the file differ from the manifest; its place says more.
    let problems = refused.problems();
    let placed = problems.iter().find(|problem| problem.place.is_some());
    let first = placed.or(problems.first());
    let place = first.map_or(String::new(), |problem| match &problem.place {
        Some(place) => format!("{}:{}:{}: ", problem.file, place.line, place.column),
        None => format!("{}: ", problem.file),
    });
    let message = first.map_or("", |problem| problem.message.as_str());
    let count = match problems.len() {
        1 => "a problem".to_owned(),
        count => format!("{count} problems, among them"),
    };
    Failure::new(
        Exit::Usage,
        "policy_refused",
        format!(
            "the policy bundle has {count}: {place}{message}; `clerkwork policy check` shows \
             all of them"
        ),
    )
}

impl From<StartError> for Failure {
    fn from(error: StartError) -> Self {
        let (exit, code) = match &error {
            StartError::Policy(refused) => return policy_refused(refused),
            StartError::DataDir(_) => (exit(&error), "data_dir"),
            StartError::MasterKey(_) => (exit(&error), "master_key"),
            StartError::PrivateRedis(_) | StartError::NothingRuns(_) | StartError::Queue(_) => {
                (exit(&error), "redis")
            }
            StartError::Ledger(_) => (exit(&error), "ledger"),
            StartError::Upstream(_)
            | StartError::NoUpstream
            | StartError::NoConnector { .. }
            | StartError::NotCompiled { .. }
            | StartError::ConnectorFolder { .. }
            | StartError::ConnectorFile(_)
            | StartError::NoPassword
            | StartError::NoToken => (exit(&error), "upstream"),
            StartError::Config(_) | StartError::Telemetry(_) => (exit(&error), "configuration"),
        };
        Self::new(exit, code, chain(&error))
    }
}

fn exit(error: &StartError) -> Exit {
    match error.kind() {
        StartErrorKind::Settings => Exit::Usage,
        StartErrorKind::Missing => Exit::Missing,
        StartErrorKind::Conflict => Exit::Refused,
    }
}

impl From<LedgerError> for Failure {
    fn from(error: LedgerError) -> Self {
        let (exit, code) = match (&error, error.kind()) {
            (LedgerError::BatchTaken(_), _) => (Exit::Refused, "conflict"),
            (_, LedgerErrorKind::Rejected) => (Exit::Usage, "invalid_input"),
            (_, LedgerErrorKind::Corrupt) => (Exit::Missing, "ledger_damaged"),
            (
                _,
                LedgerErrorKind::Transient
                | LedgerErrorKind::OutcomeUnknown
                | LedgerErrorKind::Misconfigured
                | LedgerErrorKind::Closed,
            ) => (Exit::Missing, "ledger"),
        };
        Self::new(exit, code, chain(&error))
    }
}

impl From<QueueError> for Failure {
    fn from(error: QueueError) -> Self {
        let exit = match &error {
            QueueError::Redis { .. } => Exit::Missing,
            QueueError::InvalidAddress { .. }
            | QueueError::InvalidOption(_)
            | QueueError::InvalidCursor(_) => Exit::Usage,
        };
        Self::new(exit, "redis", chain(&error))
    }
}
