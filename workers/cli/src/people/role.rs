//! `clerkwork role …`

use clap::Subcommand;
use clerkwork_core::Role;
use clerkwork_ledger::PeopleChange;
use serde_json::json;

use super::{change_user, on_user};
use crate::{
    context::Context,
    failure::{Exit, Outcome},
    installation,
    sign_in::{Acting, access},
    texts,
};

/// What can be done with roles.
#[derive(Debug, Subcommand)]
pub enum Verb {
    Grant(GrantArgs),
    Revoke(RevokeArgs),
    List(ListArgs),
}

/// Gives a role to a user. Nobody gives one to themselves.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  clerkwork role grant bob supervisor:enforcement --as dave")]
pub struct GrantArgs {
    /// The user
    name: String,
    /// The role
    role: Role,
    #[command(flatten)]
    acting: Acting,
}

/// Takes a role from a user, at once: what they were about to do is refused.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  clerkwork role revoke bob auditor --as dave")]
pub struct RevokeArgs {
    /// The user
    name: String,
    /// The role
    role: Role,
    #[command(flatten)]
    acting: Acting,
}

/// Lists the roles with the verbs that each may use.
///
/// With --json: {"items": [{"role", "verbs"}], "next": null}.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  clerkwork role list --as dave")]
pub struct ListArgs {
    #[command(flatten)]
    acting: Acting,
}

impl Verb {
    /// Does it.
    pub async fn run(self, context: &Context) -> Outcome {
        match self {
            Self::Grant(GrantArgs { name, role, acting }) => {
                let opened = installation::open(context).await?;
                let verb = "role.grant";
                let principal = on_user(context, &opened, &acting, verb, &name).await?;
                let user = name.clone();
                let wanted = PeopleChange::Grant { user, role };
                change_user(context, &opened, &principal, &name, wanted).await
            }
            Self::Revoke(RevokeArgs { name, role, acting }) => {
                let opened = installation::open(context).await?;
                let verb = "role.revoke";
                let principal = on_user(context, &opened, &acting, verb, &name).await?;
                let user = name.clone();
                let wanted = PeopleChange::Revoke { user, role };
                change_user(context, &opened, &principal, &name, wanted).await
            }
            Self::List(args) => roles(context, args).await,
        }
    }
}

async fn roles(context: &Context, args: ListArgs) -> Outcome {
    let opened = installation::open(context).await?;
    let (acting, verb) = (&args.acting, "role.list");
    context.authorise(&opened, acting, verb, None).await?;
    let access = access()?;
    let with = |role: Role| {
        let verbs = access.verbs();
        let verbs = verbs.filter(|verb| access.roles_with(verb).contains(&role));
        verbs.map(str::to_owned).collect::<Vec<_>>()
    };
    let out = &context.out;
    let mut rows = Vec::new();
    let mut items = Vec::new();
    for role in Role::ALL {
        let verbs = with(role);
        rows.push(vec![
            role.to_string(),
            out.both(&texts::role(role)),
            verbs.join(" "),
        ]);
        items.push(json!({"role": role, "verbs": verbs}));
    }
    let headers = [texts::ROLES, texts::TITLE, texts::VERBS];
    out.table(&headers, rows, &texts::NO_USERS);
    out.json_page(items, None);
    Ok(Exit::Done)
}
