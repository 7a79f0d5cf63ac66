//! `clerkwork group …`

use clap::Subcommand;
use clerkwork_ledger::PeopleChange;

use super::{change_user, on_user};
use crate::{context::Context, failure::Outcome, installation, sign_in::Acting};

/// What can be done with groups.
#[derive(Debug, Subcommand)]
pub enum Verb {
    Add(AddArgs),
    Remove(RemoveArgs),
}

/// Puts a user into a group, for example one that reviews are handed over to.
///
/// A group is there as long as somebody is in it; `clerkwork user list --group` shows who.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  clerkwork group add red-letter bob --as dave")]
pub struct AddArgs {
    /// The group, without `group:`
    group: String,
    /// The user
    name: String,
    #[command(flatten)]
    acting: Acting,
}

/// Takes a user out of a group.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  clerkwork group remove red-letter bob --as dave")]
pub struct RemoveArgs {
    /// The group, without `group:`
    group: String,
    /// The user
    name: String,
    #[command(flatten)]
    acting: Acting,
}

impl Verb {
    /// Does it.
    pub async fn run(self, context: &Context) -> Outcome {
        let opened = installation::open(context).await?;
        let (name, wanted, acting, verb) = match self {
            Self::Add(args) => {
                let (user, group) = (args.name.clone(), args.group);
                let wanted = PeopleChange::Join { user, group };
                (args.name, wanted, args.acting, "group.add")
            }
            Self::Remove(args) => {
                let (user, group) = (args.name.clone(), args.group);
                let wanted = PeopleChange::Leave { user, group };
                (args.name, wanted, args.acting, "group.remove")
            }
        };
        let principal = on_user(context, &opened, &acting, verb, &name).await?;
        change_user(context, &opened, &principal, &name, wanted).await
    }
}
