//! `clerkwork batch …`: many jobs together.

mod file;
mod status;
mod submit;
mod upstream;
mod watch;

use clap::Subcommand;
use clerkwork_ledger::{BatchStatus, Ledger};

use crate::{
    context::Context,
    failure::{Failure, Outcome},
    installation::Opened,
    sign_in::Acting,
};

pub use upstream::{Pulled, pull};
pub use watch::{Progress, bar, settled, under_way};

/// What can be done with a batch.
#[derive(Debug, Subcommand)]
pub enum Verb {
    Submit(submit::Args),
    Status(status::Args),
    Watch(watch::Args),
    List(status::ListArgs),
}

impl Verb {
    /// Does it.
    pub async fn run(self, context: &Context) -> Outcome {
        match self {
            Self::Submit(args) => submit::run(context, args).await,
            Self::Status(args) => status::run(context, args).await,
            Self::Watch(args) => watch::run(context, args).await,
            Self::List(args) => status::list(context, args).await,
        }
    }
}

/// The batch with this reference or id, for somebody who may use the verb on it.
async fn find_for(
    context: &Context,
    opened: &Opened,
    acting: &Acting,
    verb: &'static str,
    text: &str,
) -> Result<BatchStatus, Failure> {
    // Who may not use the verb at all is not told what there is.
    let principal = context.authorise(opened, acting, verb, None).await?;
    let batch = find(&opened.ledger, text).await?;
    let office = Some(&batch.office);
    context.allow(opened, &principal, verb, office).await?;
    Ok(batch)
}

/// The batch with this reference or id.
pub async fn find(ledger: &Ledger, text: &str) -> Result<BatchStatus, Failure> {
    if let Some(batch) = ledger.batch_by_reference(text).await? {
        return Ok(batch);
    }
    if let Ok(id) = text.parse()
        && let Some(batch) = ledger.batch(id).await?
    {
        return Ok(batch);
    }
    Err(Failure::not_found(format!(
        "there is no batch `{text}`; `clerkwork batch list` shows them"
    )))
}
