//! `clerkwork batch submit`

use clerkwork_core::{Actor, Lane, Office};
use clerkwork_ledger::NewBatch;
use serde_json::json;

use super::{file, upstream};
use crate::{
    context::Context,
    failure::{Exit, Failure, Outcome},
    installation::{self, Opened},
    intake::{self, Defaults},
    moment,
    sign_in::Acting,
};

/// Hands in a file of items, or what waits at the upstream, as one batch.
///
/// A file holds one object a line: {"reference", "payload"} and, if wanted, "lane", "deadline",
/// "run_at", "office". All lines are checked first; when one is wrong nothing is submitted, unless
/// --skip-invalid. Handing in the same file again goes on where it stopped.
/// With --json: {"id", "reference", "accepted", "same", "conflict", "invalid", "problems"}.
/// Exit code 4 when a reference is taken with other content, 1 when lines were skipped.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  clerkwork batch submit --kind agent_invoice_review --file items.jsonl --reference 2026-03-01 --as alice
  clerkwork batch submit --from-upstream --kind red_letter_invoice --reference morning --as alice")]
pub struct Args {
    /// Kind of work; `clerkwork job kinds` lists them. From the upstream, agent_invoice_review
    /// unless told otherwise
    #[arg(long, required_unless_present = "from_upstream")]
    kind: Option<String>,
    /// One object a line; `-` reads from stdin
    #[arg(long, required_unless_present = "from_upstream")]
    file: Option<String>,
    /// Takes the applications of the kind that wait at the upstream
    #[arg(long, conflicts_with = "file")]
    from_upstream: bool,
    /// At most so many from the upstream
    #[arg(long, value_name = "N", requires = "from_upstream")]
    items: Option<u32>,
    /// Your name for the batch, unique
    #[arg(long)]
    reference: String,
    /// Share of a lane against other batches
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=1000))]
    weight: u32,
    /// express, standard or bulk
    #[arg(long, default_value = "standard")]
    lane: Lane,
    /// When it should be done: a span such as 2h, or a time
    #[arg(long, value_name = "TIME")]
    deadline: Option<String>,
    /// Whose work it is; default as configured
    #[arg(long)]
    office: Option<String>,
    /// Submit the lines that are right and report the others
    #[arg(long, conflicts_with = "from_upstream")]
    skip_invalid: bool,
    #[command(flatten)]
    acting: Acting,
}

/// Does it.
pub async fn run(context: &Context, args: Args) -> Outcome {
    let reference = intake::checked_reference(args.reference.clone()).map_err(Failure::usage)?;
    let now = context.now();
    let deadline = args
        .deadline
        .as_deref()
        .map(|text| moment::deadline(text, now));
    let deadline = deadline.transpose()?;
    let office = args.office.clone().map(Office::new).transpose();
    let office = office.map_err(|error| Failure::usage(error.to_string()))?;
    let opened = installation::open(context).await?;
    let (verb, named) = ("batch.submit", office.as_ref());
    let principal = context
        .authorise(&opened, &args.acting, verb, named)
        .await?;
    let office = principal.office_or(office, &opened.config);
    let submitter = principal.name().to_owned();
    let defaults = Defaults {
        office: office.clone(),
        within: principal.office().clone(),
        lane: args.lane,
        deadline,
        run_at: None,
        batch: None,
        submitter: submitter.clone(),
        reference: None,
        now,
    };
    let batch = NewBatch {
        reference,
        office,
        submitter,
        weight: args.weight,
    };
    match (&args.file, &args.kind) {
        (Some(path), Some(kind)) => {
            from_file(context, &opened, &args, (path, kind), batch, defaults).await
        }
        (_, kind) => {
            let kind = kind.as_deref().unwrap_or("agent_invoice_review");
            from_upstream(context, &opened, &args, kind, batch, defaults).await
        }
    }
}

async fn from_file(
    context: &Context,
    opened: &Opened,
    args: &Args,
    (path, kind): (&str, &str),
    batch: NewBatch,
    mut defaults: Defaults,
) -> Outcome {
    let kinds = installation::kinds();
    let kind = installation::kind(&kinds, kind)?;
    let source = file::Source::of(path)?;
    let checked = file::check(&context.out, kind, &source, &defaults)?;
    if checked.items == 0 && checked.problems.is_empty() {
        return Err(Failure::input(format!("`{path}` holds no item")));
    }
    if checked.invalid > 0 && !args.skip_invalid {
        for problem in &checked.problems {
            context.out.note(problem);
        }
        let first = checked.problems.first().cloned().unwrap_or_default();
        return Err(Failure::input(format!(
            "{} of {} lines of `{path}` are wrong, the first: {first}; nothing was submitted, \
             correct them or add `--skip-invalid`",
            checked.invalid, checked.items
        )));
    }
    let (id, reference) = create(opened, batch).await?;
    defaults.batch = Some(id);
    let mut report = file::submit(&context.out, &opened.ledger, kind, &source, &defaults).await?;
    report.invalid = checked.invalid;
    report.problems.splice(0..0, checked.problems);
    let out = &context.out;
    out.line(format!("batch `{reference}`: {report}"));
    for problem in &report.problems {
        out.line(format!("  {problem}"));
    }
    out.line(format!(
        "watch it: {}",
        context.command(
            &opened.config,
            &format!("batch watch {reference}{}", args.acting.option())
        )
    ));
    out.json(&json!({
        "id": id,
        "reference": reference,
        "accepted": report.new,
        "same": report.same,
        "conflict": report.conflict,
        "invalid": report.invalid,
        "problems": report.problems,
    }));
    Ok(match (report.conflict, report.invalid) {
        (0, 0) => Exit::Done,
        (0, _) => Exit::WorkFailed,
        _ => Exit::Refused,
    })
}

async fn from_upstream(
    context: &Context,
    opened: &Opened,
    args: &Args,
    kind: &str,
    batch: NewBatch,
    mut defaults: Defaults,
) -> Outcome {
    let kinds = installation::kinds();
    let kind = installation::kind(&kinds, kind)?;
    let by = Actor::User(batch.submitter.clone());
    let log = installation::recorded(opened, by);
    let upstreams = installation::upstreams(context.config()?, log)?;
    // Before the batch is opened: a refused one must not stay behind, empty.
    upstream::offered(kind, &upstreams).await?;
    let (id, reference) = create(opened, batch).await?;
    defaults.batch = Some(id);
    let most = args.items.unwrap_or(u32::MAX);
    let pulled = upstream::pull(kind, &upstreams, &opened.ledger, &defaults, most, |_| ()).await?;
    context.out.line(format!("batch `{reference}`: {pulled}"));
    context.out.json(&json!({
        "id": id,
        "reference": reference,
        "accepted": pulled.new,
        "same": pulled.same,
        "conflict": pulled.conflict,
        "invalid": 0,
        "problems": [],
    }));
    Ok(if pulled.conflict > 0 {
        Exit::Refused
    } else {
        Exit::Done
    })
}

/// Opens the batch, or goes on with the one that is there.
async fn create(
    opened: &Opened,
    batch: NewBatch,
) -> Result<(clerkwork_core::BatchId, String), Failure> {
    let reference = batch.reference.clone();
    let actor = Actor::User(batch.submitter.clone());
    let (id, _) = opened.ledger.create_batch(batch, actor).await?;
    Ok((id, reference))
}
