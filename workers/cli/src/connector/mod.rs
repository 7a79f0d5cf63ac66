//! `clerkwork connector …`: the ways to other systems.

mod check;
mod files;
mod new;
mod show;
mod trial;

use std::sync::Arc;

use clap::Subcommand;
use clerkwork_audit::{EventDraft, EventType};
use clerkwork_connectors_api::{ConnectorError, ErrorKind, contract::Connector, http::Rehearsal};
use clerkwork_runtime::{Connectors, Surroundings};
use serde_json::json;

use crate::{
    connection,
    context::Context,
    failure::{Exit, Failure, Outcome, chain},
    installation::{self, Opened},
    sign_in::Principal,
};

/// What can be done with connectors.
#[derive(Debug, Subcommand)]
pub enum Verb {
    List(show::ListArgs),
    Show(show::ShowArgs),
    Health(trial::HealthArgs),
    Try(trial::TryArgs),
    Lint(files::LintArgs),
    Check(check::Args),
    New(new::Args),
    Reload(files::ReloadArgs),
}

impl Verb {
    /// Does it.
    pub async fn run(self, context: &Context) -> Outcome {
        match self {
            Self::List(args) => show::list(context, args).await,
            Self::Show(args) => show::show(context, args).await,
            Self::Health(args) => trial::health(context, args).await,
            Self::Try(args) => trial::call(context, args).await,
            Self::Lint(args) => files::check(context, args),
            Self::Check(args) => check::run(context, args).await,
            Self::New(args) => new::run(context, &args),
            Self::Reload(args) => files::reload(context, args).await,
        }
    }
}

/// Every connector of this installation; its calls are this person's, and in a rehearsal nobody's.
fn all(
    opened: &Opened,
    by: &Principal,
    rehearsal: Option<Rehearsal>,
) -> Result<Connectors, Failure> {
    let config = connection::fill_in(&opened.config)?;
    let around = Surroundings {
        rehearsal,
        ..installation::recorded(opened, by.actor())
    };
    Ok(Connectors::of(&config, around)?)
}

/// The one of that name.
fn named(connectors: &Connectors, name: &str) -> Result<Arc<dyn Connector>, Failure> {
    connectors.get(name).ok_or_else(|| {
        let all = connectors.all();
        let known: Vec<_> = all.iter().map(|one| one.profile().name).collect();
        let message = match known[..] {
            [] => format!("there is no connector `{name}`, and no other: none is set up"),
            _ => format!(
                "there is no connector `{name}`; use one of {}",
                known.join(", ")
            ),
        };
        Failure::new(Exit::Usage, "unknown_connector", message)
    })
}

/// Puts on record that somebody called an operation, and how it ended.
async fn note(
    opened: &Opened,
    by: &Principal,
    connector: &str,
    operation: &str,
    error: Option<&ConnectorError>,
) -> Result<(), Failure> {
    let mut data = json!({"connector": connector, "operation": operation});
    if let Some(error) = error {
        // The upstream's own words may name people.
        data["error"] = error.kind.as_str().into();
    }
    let event = EventDraft::new(EventType::ConnectorTried, by.actor(), by.noted(data));
    let office = by.office_or(None, &opened.config);
    opened.ledger.record(office, event).await?;
    Ok(())
}

/// Puts on record that somebody looked at what an operation would send; nothing was sent.
async fn noted(
    opened: &Opened,
    by: &Principal,
    connector: &str,
    operation: &str,
) -> Result<(), Failure> {
    let data = json!({"connector": connector, "operation": operation, "dry_run": true});
    let event = EventDraft::new(EventType::ConnectorTried, by.actor(), by.noted(data));
    let office = by.office_or(None, &opened.config);
    opened.ledger.record(office, event).await?;
    Ok(())
}

/// An error of an upstream with its exit code.
fn failed(error: &ConnectorError) -> Failure {
    let exit = match error.kind {
        ErrorKind::Rejected => Exit::Refused,
        ErrorKind::Transient
        | ErrorKind::RateLimited { .. }
        | ErrorKind::Unauthorized
        | ErrorKind::Misconfigured
        | ErrorKind::OutcomeUnknown
        | ErrorKind::PageChanged => Exit::Missing,
    };
    let message = format!("{}: {}", error.kind.as_str(), chain(error));
    Failure::new(exit, "upstream", message)
}
