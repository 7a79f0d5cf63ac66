//! `clerkwork user …`

use clap::Subcommand;
use clerkwork_core::Role;
use clerkwork_ledger::{NewUser, PeopleChange, SubstitutionFilter, UserFilter};
use serde_json::{Value, json};

use super::{as_json, change_user, line, list, office, on_user, substitute};
use crate::{
    context::Context,
    failure::{Exit, Failure, Outcome},
    installation, moment,
    sign_in::Acting,
    texts,
};

/// What can be done with users.
#[derive(Debug, Subcommand)]
pub enum Verb {
    Create(CreateArgs),
    List(ListArgs),
    Show(ShowArgs),
    Enable(EnableArgs),
    Disable(DisableArgs),
    Move(MoveArgs),
    Relate(RelateArgs),
}

/// Adds a user.
///
/// They can sign in once they have a token: `clerkwork token create`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  clerkwork user create alice --role operator --as dave
  clerkwork user create bob --role supervisor:integrity --role auditor --group red-letter --as dave")]
pub struct CreateArgs {
    /// Their name
    name: String,
    /// Where they work; default as configured
    #[arg(long)]
    office: Option<String>,
    /// What they may be trusted with; once for each: operator, supervisor:business,
    /// supervisor:enforcement, supervisor:integrity, auditor, integrator, administrator
    #[arg(long)]
    role: Vec<Role>,
    /// A group they are in; once for each
    #[arg(long)]
    group: Vec<String>,
    #[command(flatten)]
    acting: Acting,
}

/// Lists users by name.
///
/// With --json: {"items": […], "next": "name" or null}; hand `next` to --after for the next page.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  clerkwork user list --as dave
  clerkwork user list --role supervisor:integrity --as frank")]
pub struct ListArgs {
    /// Of this office or one below it
    #[arg(long)]
    office: Option<String>,
    /// With this role
    #[arg(long)]
    role: Option<Role>,
    /// In this group
    #[arg(long)]
    group: Option<String>,
    /// Only those who are disabled
    #[arg(long)]
    disabled: bool,
    /// At most so many
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=500))]
    limit: u32,
    /// Go on after this user: `next` of the page before
    #[arg(long, value_name = "NAME")]
    after: Option<String>,
    #[command(flatten)]
    acting: Acting,
}

/// Shows a user, and who stands in for them or for whom they do.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  clerkwork user show alice --as dave")]
pub struct ShowArgs {
    /// The user
    name: String,
    #[command(flatten)]
    acting: Acting,
}

/// Lets a user act again.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  clerkwork user enable alice --as dave")]
pub struct EnableArgs {
    /// The user
    name: String,
    #[command(flatten)]
    acting: Acting,
}

/// Stops a user from acting, at once; their tokens give nothing until they are enabled.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  clerkwork user disable alice --as dave")]
pub struct DisableArgs {
    /// The user
    name: String,
    #[command(flatten)]
    acting: Acting,
}

/// Moves a user to another office.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  clerkwork user move alice --to center/north --as dave")]
pub struct MoveArgs {
    /// The user
    name: String,
    /// The office
    #[arg(long, value_name = "OFFICE")]
    to: String,
    #[command(flatten)]
    acting: Acting,
}

/// Records that a user is related to a taxpayer, so that they never decide on their items.
///
/// The taxpayer's number is read from a file or stdin, never from the command line, and only a
/// pseudonym of it is kept.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  clerkwork user relate alice --number-file number.txt --as dave
  clerkwork user relate alice --number-file - --remove --as dave")]
pub struct RelateArgs {
    /// The user
    name: String,
    /// File with the taxpayer's number; `-` reads from stdin
    #[arg(long, value_name = "FILE")]
    number_file: String,
    /// The relation was a mistake or has ended
    #[arg(long)]
    remove: bool,
    #[command(flatten)]
    acting: Acting,
}

impl Verb {
    /// Does it.
    pub async fn run(self, context: &Context) -> Outcome {
        match self {
            Self::Create(args) => create(context, args).await,
            Self::List(args) => users(context, args).await,
            Self::Show(args) => show(context, args).await,
            Self::Enable(EnableArgs { name, acting }) => {
                enable(context, name, acting, "user.enable").await
            }
            Self::Disable(DisableArgs { name, acting }) => {
                enable(context, name, acting, "user.disable").await
            }
            Self::Move(args) => move_to(context, args).await,
            Self::Relate(args) => relate(context, args).await,
        }
    }
}

async fn create(context: &Context, args: CreateArgs) -> Outcome {
    let office = office(args.office)?;
    let opened = installation::open(context).await?;
    let (verb, named) = ("user.create", office.as_ref());
    let principal = context
        .authorise(&opened, &args.acting, verb, named)
        .await?;
    let new = NewUser {
        name: args.name.clone(),
        office: principal.office_or(office, &opened.config),
        roles: args.role,
        groups: args.group,
    };
    let wanted = PeopleChange::Create(new);
    change_user(context, &opened, &principal, &args.name, wanted).await
}

async fn users(context: &Context, args: ListArgs) -> Outcome {
    let office = office(args.office)?;
    let opened = installation::open(context).await?;
    let (verb, named) = ("user.list", office.as_ref());
    let principal = context
        .authorise(&opened, &args.acting, verb, named)
        .await?;
    let filter = UserFilter {
        office: Some(principal.narrowed(office)),
        role: args.role,
        group: args.group,
        enabled: args.disabled.then_some(false),
    };
    let after = args.after.as_deref();
    let found = opened.ledger.users(&filter, after, args.limit + 1);
    let mut found = found.await?;
    let more = found.len() > args.limit as usize;
    found.truncate(args.limit as usize);
    let next = found.last().filter(|_| more).map(|user| user.name.clone());
    let out = &context.out;
    let rows = found.iter().map(|user| {
        let enabled = if user.enabled {
            texts::YES
        } else {
            texts::DISABLED
        };
        vec![
            user.name.clone(),
            user.office.to_string(),
            list(user.roles.iter().map(|role| role.as_str())),
            list(user.groups.iter().map(String::as_str)),
            out.both(&enabled),
        ]
    });
    let headers = [
        texts::USER,
        texts::OFFICE,
        texts::ROLES,
        texts::GROUPS,
        texts::ENABLED,
    ];
    out.table(&headers, rows.collect(), &texts::NO_USERS);
    if let Some(next) = &next {
        out.line(format!("more: --after {next}"));
    }
    out.json_page(found.iter().map(as_json).collect(), next);
    Ok(Exit::Done)
}

async fn show(context: &Context, args: ShowArgs) -> Outcome {
    let opened = installation::open(context).await?;
    on_user(context, &opened, &args.acting, "user.show", &args.name).await?;
    let Some(user) = opened.ledger.user(&args.name).await? else {
        return Err(Failure::not_found(format!(
            "there is no user `{}`; `clerkwork user list` shows all",
            args.name
        )));
    };
    let filter = SubstitutionFilter {
        user: Some(user.name.clone()),
        at: Some(opened.ledger.judged_now().await?),
    };
    let standing = opened.ledger.substitutions(&filter).await?;
    let out = &context.out;
    out.line(line(&user));
    for one in &standing {
        out.line(format!(
            "  {} → {} ({})",
            one.substitute,
            one.absent,
            moment::show(one.ends_at)
        ));
    }
    let mut value = as_json(&user);
    if let Value::Object(map) = &mut value {
        let standing: Vec<_> = standing.iter().map(substitute::as_json).collect();
        map.insert("substitutions".into(), json!(standing));
    }
    out.json(&value);
    Ok(Exit::Done)
}

async fn enable(context: &Context, name: String, acting: Acting, verb: &'static str) -> Outcome {
    let opened = installation::open(context).await?;
    let principal = on_user(context, &opened, &acting, verb, &name).await?;
    let wanted = PeopleChange::Enable {
        user: name.clone(),
        enabled: verb == "user.enable",
    };
    change_user(context, &opened, &principal, &name, wanted).await
}

async fn move_to(context: &Context, args: MoveArgs) -> Outcome {
    let Some(office) = office(Some(args.to))? else {
        return Err(Failure::usage("name an office with `--to`"));
    };
    let opened = installation::open(context).await?;
    let verb = "user.move";
    let principal = on_user(context, &opened, &args.acting, verb, &args.name).await?;
    // Nobody is moved out of reach.
    context
        .allow(&opened, &principal, verb, Some(&office))
        .await?;
    let user = args.name.clone();
    let wanted = PeopleChange::Move { user, office };
    change_user(context, &opened, &principal, &args.name, wanted).await
}

async fn relate(context: &Context, args: RelateArgs) -> Outcome {
    let opened = installation::open(context).await?;
    let verb = "user.relate";
    let principal = on_user(context, &opened, &args.acting, verb, &args.name).await?;
    let number = match args.number_file.as_str() {
        "-" => std::io::read_to_string(std::io::stdin().lock()),
        path => std::fs::read_to_string(path),
    };
    let number = number
        .map_err(|error| Failure::input(format!("`{}`: {error}", args.number_file)))?
        .trim()
        .to_owned();
    let user = args.name.clone();
    let wanted = match args.remove {
        true => PeopleChange::Unrelate {
            user,
            subject_id: number,
        },
        false => PeopleChange::Relate {
            user,
            subject_id: number,
        },
    };
    change_user(context, &opened, &principal, &args.name, wanted).await
}
