//! `clerkwork substitute …`

use clap::Subcommand;
use clerkwork_core::SubstitutionId;
use clerkwork_ledger::{PeopleChange, Registered, Substitution, SubstitutionFilter};
use serde_json::{Value, json};

use super::{change, on_user};
use crate::{
    context::Context,
    failure::{Exit, Failure, Outcome},
    installation, moment,
    sign_in::Acting,
    texts,
};

/// What can be done with substitutes.
#[derive(Debug, Subcommand)]
pub enum Verb {
    Add(AddArgs),
    End(EndArgs),
    List(ListArgs),
}

/// Names a substitute for a user, for a time.
///
/// The substitute then acts with `--for ABSENT`, with the absent person's own roles, and both are
/// recorded. A substitute has no substitute: who stands in for somebody cannot be stood in for in the
/// same time.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  clerkwork substitute add carol --of bob --until 14d --as dave
  clerkwork substitute add carol --of bob --from 2026-05-01 --until 2026-05-06 --as dave")]
pub struct AddArgs {
    /// Who acts
    name: String,
    /// For whom
    #[arg(long, value_name = "ABSENT")]
    of: String,
    /// From when on: a span such as 2d, or a time; default now
    #[arg(long, value_name = "TIME")]
    from: Option<String>,
    /// Until when: a span such as 14d, or a time
    #[arg(long, value_name = "TIME")]
    until: String,
    #[command(flatten)]
    acting: Acting,
}

/// Ends a substitution early, at once.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:
  clerkwork substitute end 0199a0c0-0000-7000-8000-000000000001 --as dave")]
pub struct EndArgs {
    /// The substitution's id, as `substitute list` shows it
    id: SubstitutionId,
    #[command(flatten)]
    acting: Acting,
}

/// Lists substitutes, the newest first; those in force unless told otherwise.
///
/// With --json: {"items": […], "next": null}.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  clerkwork substitute list --as dave
  clerkwork substitute list --user bob --all --as dave")]
pub struct ListArgs {
    /// In which this user stands in or is stood in for
    #[arg(long, value_name = "USER")]
    user: Option<String>,
    /// Those that are over or to come as well
    #[arg(long)]
    all: bool,
    #[command(flatten)]
    acting: Acting,
}

impl Verb {
    /// Does it.
    pub async fn run(self, context: &Context) -> Outcome {
        match self {
            Self::Add(args) => add(context, args).await,
            Self::End(args) => end(context, args).await,
            Self::List(args) => list(context, args).await,
        }
    }
}

async fn add(context: &Context, args: AddArgs) -> Outcome {
    let now = context.now();
    let from = match &args.from {
        Some(text) => moment::to_come(text, now)?,
        None => now,
    };
    let until = moment::to_come(&args.until, now)?;
    let opened = installation::open(context).await?;
    let (acting, verb) = (&args.acting, "substitute.add");
    let principal = on_user(context, &opened, acting, verb, &args.of).await?;
    let wanted = PeopleChange::NameSubstitute {
        substitute: args.name.clone(),
        absent: args.of.clone(),
        from,
        until,
    };
    let Registered::Substitution(id) = change(context, &opened, &principal, wanted).await? else {
        return Err(Failure::internal("a substitute was named and has no id"));
    };
    let out = &context.out;
    out.line(format!(
        "{} → {}: {} – {} ({id})",
        args.name,
        args.of,
        moment::show(from),
        moment::show(until)
    ));
    out.json(&json!({
        "id": id,
        "substitute": args.name,
        "absent": args.of,
        "from": from.to_string(),
        "until": until.to_string(),
    }));
    Ok(Exit::Done)
}

async fn end(context: &Context, args: EndArgs) -> Outcome {
    let opened = installation::open(context).await?;
    let (acting, verb) = (&args.acting, "substitute.end");
    let principal = context.authorise(&opened, acting, verb, None).await?;
    let absent = match opened.ledger.substitution(args.id).await? {
        Some(one) => opened.ledger.user(&one.absent).await?,
        None => None,
    };
    if let Some(absent) = absent {
        let office = Some(&absent.office);
        context.allow(&opened, &principal, verb, office).await?;
    }
    let wanted = PeopleChange::EndSubstitute(args.id);
    change(context, &opened, &principal, wanted).await?;
    context
        .out
        .line(format!("substitution {} is over", args.id));
    context.out.json(&json!({"id": args.id, "ended": true}));
    Ok(Exit::Done)
}

/// As `--json` shows it.
pub fn as_json(one: &Substitution) -> Value {
    json!({
        "id": one.id,
        "substitute": one.substitute,
        "absent": one.absent,
        "from": one.starts_at.to_string(),
        "until": one.ends_at.to_string(),
        "named_by": one.named_by,
        "ended_by": one.ended_by,
        "ended_at": one.ended_at.map(|at| at.to_string()),
    })
}

async fn list(context: &Context, args: ListArgs) -> Outcome {
    let opened = installation::open(context).await?;
    let (acting, verb) = (&args.acting, "substitute.list");
    let principal = context.authorise(&opened, acting, verb, None).await?;
    let at = match args.all {
        true => None,
        false => Some(opened.ledger.judged_now().await?),
    };
    let filter = SubstitutionFilter {
        user: args.user,
        at,
    };
    let mut found = Vec::new();
    for one in opened.ledger.substitutions(&filter).await? {
        let absent = opened.ledger.user(&one.absent).await?;
        if absent.is_some_and(|absent| principal.office().contains(&absent.office)) {
            found.push(one);
        }
    }
    let out = &context.out;
    let rows = found.iter().map(|one| {
        vec![
            one.id.to_string(),
            one.substitute.clone(),
            one.absent.clone(),
            moment::show(one.starts_at),
            moment::show(one.ended_at.unwrap_or(one.ends_at)),
            one.named_by.clone(),
        ]
    });
    let headers = [
        texts::ID,
        texts::SUBSTITUTE,
        texts::ABSENT,
        texts::FROM,
        texts::UNTIL,
        texts::ACTOR,
    ];
    out.table(&headers, rows.collect(), &texts::NO_SUBSTITUTES);
    out.json_page(found.iter().map(as_json).collect(), None);
    Ok(Exit::Done)
}
