//! `clerkwork brake …`: stops acting, and lets it go on.
//!
//! A brake takes hold at once: an act is announced in a transaction that reads the brakes. Work that
//! it stops rests until it is released.

use clap::Subcommand;
use clerkwork_core::{BatchId, Brake, BrakeId, KindName, Scope};
use clerkwork_ledger::{BrakePut, BrakeReleased, Ledger, Page};
use clerkwork_runtime::Config;
use serde_json::{Value, json};

use crate::{
    context::Context,
    failure::{Exit, Failure, Outcome},
    installation,
    job::reason,
    moment,
    sign_in::Acting,
    texts,
};

/// What can be done with brakes.
#[derive(Debug, Subcommand)]
pub enum Verb {
    On(OnArgs),
    Off(OffArgs),
    List(ListArgs),
}

/// Stops acting, everywhere and at once.
///
/// No act of the scope is announced any more, in any process. What was announced before is still
/// looked up. Items that are stopped rest until the brake is released.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  clerkwork brake on --all --reason 'the platform answers nonsense' --as bob
  clerkwork brake on --batch B-7 --reason 'wrong file' --as bob")]
pub struct OnArgs {
    #[command(flatten)]
    scope: ScopeArgs,
    /// Why; no personal data, it is shown to everybody
    #[arg(long)]
    reason: String,
    #[command(flatten)]
    acting: Acting,
}

/// What to stop.
#[derive(Debug, clap::Args)]
#[group(required = true, multiple = false)]
struct ScopeArgs {
    /// Everything
    #[arg(long)]
    all: bool,
    /// Jobs of one kind
    #[arg(long)]
    kind: Option<String>,
    /// Jobs of all kinds that speak to this system
    #[arg(long)]
    connector: Option<String>,
    /// Jobs of one batch, by id or reference
    #[arg(long)]
    batch: Option<String>,
}

/// Releases a brake; what rests because of it goes on.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:
  clerkwork brake off 0190c8f0-0000-7000-8000-000000000001 --reason 'mended' --as bob")]
pub struct OffArgs {
    /// Id of the brake, as `clerkwork brake list` shows it
    brake: BrakeId,
    /// Why; no personal data, it is shown to everybody
    #[arg(long)]
    reason: String,
    #[command(flatten)]
    acting: Acting,
}

/// Lists the brakes that are on; with --released the earlier ones too, newest first.
///
/// With --json: {"items": […], "next": "id" or null}; hand `next` to --after for the next page.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  clerkwork brake list --released --as bob")]
pub struct ListArgs {
    /// Also those that were released
    #[arg(long)]
    released: bool,
    /// At most so many
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=500))]
    limit: u32,
    /// Go on after this one: `next` of the page before
    #[arg(long, value_name = "ID")]
    after: Option<BrakeId>,
    #[command(flatten)]
    acting: Acting,
}

impl Verb {
    /// Does it.
    pub async fn run(self, context: &Context) -> Outcome {
        match self {
            Self::On(args) => on(context, args).await,
            Self::Off(args) => off(context, args).await,
            Self::List(args) => list(context, args).await,
        }
    }
}

/// The scope that was named; what it names must be there.
async fn scope(config: &Config, ledger: &Ledger, args: ScopeArgs) -> Result<Scope, Failure> {
    let kinds = clerkwork_runtime::kinds(config);
    if let Some(name) = args.kind {
        let kind = installation::kind(&kinds, &name)?;
        return Ok(Scope::Kind(KindName::new(kind.name())));
    }
    if let Some(name) = args.connector {
        let mut known: Vec<_> = kinds.iter().flat_map(|kind| kind.connectors()).collect();
        known.sort_unstable();
        known.dedup();
        if known.iter().any(|connector| **connector == name) {
            return Ok(Scope::Connector(name));
        }
        let known: Vec<_> = known.into_iter().copied().collect();
        return Err(Failure::usage(format!(
            "no kind speaks to a connector `{name}`; use one of {}",
            known.join(", ")
        )));
    }
    if let Some(name) = args.batch {
        let found = match name.parse::<BatchId>() {
            Ok(id) => ledger.batch(id).await?,
            Err(_) => ledger.batch_by_reference(&name).await?,
        };
        let batch = found.ok_or_else(|| {
            Failure::not_found(format!(
                "there is no batch `{name}`; `clerkwork batch status` shows them"
            ))
        })?;
        return Ok(Scope::Batch(batch.id));
    }
    Ok(Scope::All)
}

async fn on(context: &Context, args: OnArgs) -> Outcome {
    let why = reason(&args.reason)?;
    let opened = installation::open(context).await?;
    let principal = context
        .authorise(&opened, &args.acting, "brake.on", None)
        .await?;
    let scope = scope(&opened.config, &opened.ledger, args.scope).await?;
    let put = opened
        .ledger
        .put_brake(scope.clone(), &why, principal.actor())
        .await?;
    let (id, new) = match put {
        BrakePut::New(id) => (id, true),
        BrakePut::Already(id) => (id, false),
    };
    let out = &context.out;
    let state = if new {
        &texts::BRAKE_PUT
    } else {
        &texts::BRAKE_WAS_ON
    };
    out.line(format!("{} ({scope}): {id}", out.both(state)));
    out.json(&json!({
        "brake": id, "scope": scope.name(), "target": scope.target(), "new": new,
    }));
    Ok(Exit::Done)
}

async fn off(context: &Context, args: OffArgs) -> Outcome {
    let why = reason(&args.reason)?;
    let opened = installation::open(context).await?;
    let principal = context
        .authorise(&opened, &args.acting, "brake.off", None)
        .await?;
    let ledger = &opened.ledger;
    match ledger
        .release_brake(args.brake, &why, &principal.authority())
        .await?
    {
        BrakeReleased::Yes(brake) => {
            let woken = ledger.wake(&brake.topic(), principal.actor()).await?;
            let out = &context.out;
            let released = out.both(&texts::BRAKE_RELEASED);
            out.line(format!("{released} ({}): {woken}", brake.scope));
            out.json(&json!({"brake": brake.id, "woken": woken}));
            Ok(Exit::Done)
        }
        BrakeReleased::Already(brake) => {
            let by = brake.released_by.unwrap_or_default();
            let at = brake.released_at.map(moment::show).unwrap_or_default();
            Err(Failure::refused(
                "released",
                format!("this brake was released by `{by}` at {at}"),
            ))
        }
        BrakeReleased::AuthorityChanged(name) => Err(Failure::refused(
            "access",
            format!("the rights of `{name}` were changed a moment ago; sign in again"),
        )),
        BrakeReleased::NoSuchBrake => Err(Failure::not_found(format!(
            "there is no brake `{}`; `clerkwork brake list` shows them",
            args.brake
        ))),
    }
}

fn as_json(brake: &Brake) -> Value {
    json!({
        "brake": brake.id,
        "scope": brake.scope.name(),
        "target": brake.scope.target(),
        "reason": brake.reason,
        "put_by": brake.put_by.to_string(),
        "put_at": brake.put_at.to_string(),
        "released_by": brake.released_by,
        "released_at": brake.released_at.map(|at| at.to_string()),
        "release_reason": brake.release_reason,
    })
}

async fn list(context: &Context, args: ListArgs) -> Outcome {
    let opened = installation::open(context).await?;
    context
        .authorise(&opened, &args.acting, "brake.list", None)
        .await?;
    let page = Page {
        after: args.after,
        limit: args.limit + 1,
    };
    let mut brakes = match args.released {
        true => opened.ledger.brakes(page).await?,
        false => opened.ledger.control().await?.brakes,
    };
    let more = args.released && brakes.len() > args.limit as usize;
    if more {
        brakes.truncate(args.limit as usize);
    }
    let next = brakes
        .last()
        .filter(|_| more)
        .map(|brake| brake.id.to_string());
    let out = &context.out;
    let rows = brakes.iter().map(|brake| {
        let released = match (&brake.released_by, brake.released_at) {
            (Some(by), Some(at)) => format!("{by}, {}", moment::show(at)),
            _ => String::new(),
        };
        vec![
            brake.id.to_string(),
            brake.scope.to_string(),
            brake.reason.clone(),
            format!("{}, {}", brake.put_by, moment::show(brake.put_at)),
            released,
        ]
    });
    let headers = [
        texts::ID,
        texts::SCOPE,
        texts::REASON,
        texts::PUT_BY,
        texts::RELEASED_BY,
    ];
    out.table(&headers, rows.collect(), &texts::NO_BRAKES);
    if let Some(next) = &next {
        out.line(format!("more: --after {next}"));
    }
    out.json_page(brakes.iter().map(as_json).collect(), next);
    Ok(Exit::Done)
}
