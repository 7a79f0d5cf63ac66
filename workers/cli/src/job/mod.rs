//! `clerkwork job …`: single jobs.

mod change;
mod kinds;
mod list;
mod show;
mod story;
mod submit;
mod timeline;

use clap::Subcommand;
use clerkwork_core::Job;
use clerkwork_ledger::Ledger;

use crate::{
    context::Context,
    failure::{Failure, Outcome},
    installation::Opened,
    sign_in::{Acting, Principal},
};

pub use change::reason;
pub use story::{Known, actor, evidence, item, masked, plain, rule};
pub use submit::hand_in;

/// What can be done with a job.
#[derive(Debug, Subcommand)]
pub enum Verb {
    Submit(submit::Args),
    Show(show::Args),
    List(list::Args),
    Retry(change::RetryArgs),
    Cancel(change::CancelArgs),
    Kinds(kinds::KindsArgs),
    Schema(kinds::SchemaArgs),
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

/// The job with this id or reference, for somebody who may use the verb on it.
pub async fn find_for(
    context: &Context,
    opened: &Opened,
    acting: &Acting,
    verb: &'static str,
    text: &str,
) -> Result<(Principal, Job), Failure> {
    // Who may not use the verb at all is not told what there is.
    let principal = context.authorise(opened, acting, verb, None).await?;
    let job = find(&opened.ledger, text).await?;
    let office = Some(&job.office);
    context.allow(opened, &principal, verb, office).await?;
    Ok((principal, job))
}

/// The job with this id or reference.
pub async fn find(ledger: &Ledger, text: &str) -> Result<Job, Failure> {
    ledger.find_job(text).await?.ok_or_else(|| {
        Failure::not_found(format!(
            "there is no job `{text}`; give an id or a reference as `clerkwork job list` shows them"
        ))
    })
}
