//! `clerkwork job list`

use clerkwork_core::{JobId, KindName, Office, State};
use clerkwork_ledger::{JobFilter, Page};

use crate::{
    batch,
    context::Context,
    failure::{Exit, Failure, Outcome},
    installation, moment,
    sign_in::Acting,
    texts, view,
};

/// Lists jobs, the newest first.
///
/// With --json: {"items": […], "next": "id" or null}; hand `next` to --after for the next page.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  clerkwork job list --state blocked
  clerkwork job list --since 2h --kind agent_invoice_review --json")]
pub struct Args {
    /// Of this kind
    #[arg(long)]
    kind: Option<String>,
    /// In this state
    #[arg(long)]
    state: Option<State>,
    /// Of this batch, by reference or id
    #[arg(long)]
    batch: Option<String>,
    /// Of this office or one below it
    #[arg(long)]
    office: Option<String>,
    /// Accepted at or after: a span such as 2h (ago), or a time
    #[arg(long, value_name = "TIME")]
    since: Option<String>,
    /// At most so many
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=500))]
    limit: u32,
    /// Go on after this job: `next` of the page before
    #[arg(long, value_name = "ID")]
    after: Option<JobId>,
    #[command(flatten)]
    acting: Acting,
}

/// Does it.
pub async fn run(context: &Context, args: Args) -> Outcome {
    let since = args
        .since
        .as_deref()
        .map(|text| moment::past(text, context.now()));
    let office = args.office.map(Office::new).transpose();
    let office = office.map_err(|error| Failure::usage(error.to_string()))?;
    if let Some(kind) = &args.kind {
        installation::kind(&installation::kinds(), kind)?;
    }
    let opened = installation::open(context).await?;
    let (verb, named) = ("job.list", office.as_ref());
    let principal = context
        .authorise(&opened, &args.acting, verb, named)
        .await?;
    let batch = match &args.batch {
        Some(batch) => Some(batch::find(&opened.ledger, batch).await?.id),
        None => None,
    };
    let filter = JobFilter {
        kind: args.kind.as_deref().map(KindName::new),
        state: args.state,
        batch,
        office: Some(principal.narrowed(office)),
        since: since.transpose()?,
        until: None,
    };
    let page = Page {
        after: args.after,
        limit: args.limit + 1,
    };
    let mut jobs = opened.ledger.jobs(&filter, page).await?;
    let more = jobs.len() > args.limit as usize;
    jobs.truncate(args.limit as usize);
    let next = jobs.last().filter(|_| more).map(|job| job.id.to_string());
    let out = &context.out;
    let rows = jobs.iter().map(|job| {
        vec![
            job.id.to_string(),
            job.reference.clone(),
            job.kind.to_string(),
            out.both(&texts::state(job.state)),
            job.submitter.clone(),
            moment::show(job.created_at),
        ]
    });
    let headers = [
        texts::ID,
        texts::REFERENCE,
        texts::KIND,
        texts::STATE,
        texts::SUBMITTER,
        texts::CREATED,
    ];
    out.table(&headers, rows.collect(), &texts::NO_JOBS);
    if let Some(next) = &next {
        out.line(format!("more: --after {next}"));
    }
    out.json_page(jobs.iter().map(view::job).collect(), next);
    Ok(Exit::Done)
}
