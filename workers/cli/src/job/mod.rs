//! `clerkwork job …`: single jobs.

mod change;
mod kinds;
mod list;
mod show;
mod story;
mod submit;

use clap::Subcommand;
use clerkwork_core::Job;
use clerkwork_ledger::Ledger;

use crate::{
    context::Context,
    failure::{Failure, Outcome},
};

pub use change::reason;
pub use story::{Known, actor, evidence, item, masked, plain, rule};

/// What can be done with a job.
#[derive(Debug, Subcommand)]
pub enum Verb {
    /// Hands in one item, or one a line
    Submit(submit::Args),
    /// Shows a job's whole story: who did what, by which rule, with which effect
    Show(show::Args),
    /// Lists jobs, the newest first
    List(list::Args),
    /// Gives a failed job another chance
    Retry(change::RetryArgs),
    /// Calls a job off
    Cancel(change::CancelArgs),
    /// Lists the kinds of work
    Kinds(kinds::KindsArgs),
    /// Prints the JSON Schema of a kind's payload
    Schema(kinds::SchemaArgs),
    /// Prints an example payload of a kind
    Example(kinds::ExampleArgs),
}

impl Verb {
    /// Does it.
    pub async fn run(self, context: &Context) -> Outcome {
        match self {
            Self::Submit(args) => submit::run(context, args).await,
            Self::Show(args) => show::run(context, args).await,
            Self::List(args) => list::run(context, args).await,
            Self::Retry(args) => change::retry(context, args).await,
            Self::Cancel(args) => change::cancel(context, args).await,
            Self::Kinds(args) => kinds::list(context, args),
            Self::Schema(args) => kinds::schema(context, args),
            Self::Example(args) => kinds::example(context, args),
        }
    }
}

/// The job with this id or reference.
pub async fn find(ledger: &Ledger, text: &str) -> Result<Job, Failure> {
    ledger.find_job(text).await?.ok_or_else(|| {
        Failure::not_found(format!(
            "there is no job `{text}`; give an id or a reference as `clerkwork job list` shows them"
        ))
    })
}
