//! `clerkwork audit …`: the trail, and how it is proven.

mod bundle;
mod checkpoint;
mod erase;
mod export;
mod hashed;
mod keys;
mod master_key;
mod prove;
mod publish;
mod search;
mod sheet;
mod show;
mod source;
mod verify;
mod walk;
mod which;

use clap::Subcommand;
use clerkwork_audit::{
    EventDraft, EventType,
    log::{CheckpointError, KeyError, LogVerifiers},
};
use clerkwork_ledger::LedgerError;
use serde_json::Value;

use crate::{
    context::Context,
    failure::{Exit, Failure, Outcome},
    installation::Opened,
    sign_in::Principal,
};

/// What can be done with the trail.
#[derive(Debug, Subcommand)]
pub enum Verb {
    #[command(visible_alias = "list")]
    Search(search::Args),
    Show(show::Args),
    Prove(prove::Args),
    Verify(verify::Args),
    Export(export::Args),
    Checkpoint(checkpoint::Args),
    Publish(publish::Args),
    Keys(keys::ListArgs),
    AddKey(keys::AddArgs),
    RetireKey(keys::RetireArgs),
    RotateMasterKey(master_key::Args),
    Erase(erase::Args),
}

impl Verb {
    /// Does it.
    pub async fn run(self, context: &Context) -> Outcome {
        match self {
            Self::Search(args) => search::run(context, args).await,
            Self::Show(args) => show::run(context, args).await,
            Self::Prove(args) => prove::run(context, args).await,
            Self::Verify(args) => verify::run(context, args).await,
            Self::Export(args) => export::run(context, args).await,
            Self::Checkpoint(args) => checkpoint::run(context, args).await,
            Self::Publish(args) => publish::run(context, args).await,
            Self::Keys(args) => keys::list(context, args).await,
            Self::AddKey(args) => keys::add(context, args).await,
            Self::RetireKey(args) => keys::retire(context, args).await,
            Self::RotateMasterKey(args) => master_key::run(context, args).await,
            Self::Erase(args) => erase::run(context, args).await,
        }
    }
}

/// Records that the trail is read, before anything of it is shown.
async fn note_read(opened: &Opened, reader: &Principal, data: Value) -> Result<(), LedgerError> {
    let event = EventDraft::new(EventType::AuditRead, reader.actor(), reader.noted(data));
    let office = opened.config.office.clone();
    opened.ledger.record(office, event).await.map(|_| ())
}

/// Something does not prove what it should.
fn not_verified(message: impl Into<String>) -> Failure {
    Failure::new(Exit::WorkFailed, "not_verified", message)
}

fn broken_head(error: CheckpointError) -> Failure {
    not_verified(error.to_string())
}

fn verifiers<'k>(vkeys: impl IntoIterator<Item = &'k str>) -> Result<LogVerifiers, Failure> {
    LogVerifiers::new(vkeys).map_err(|error: KeyError| Failure::usage(error.to_string()))
}

fn no_log() -> Failure {
    Failure::missing(
        "no_log",
        "the log has no signed checkpoint yet; it gets one within seconds while `clerkwork up` or a \
         scheduler runs",
    )
}
