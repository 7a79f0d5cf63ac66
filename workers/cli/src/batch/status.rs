//! `clerkwork batch status` and `clerkwork batch list`

use clerkwork_core::{BatchId, State};
use clerkwork_ledger::{BatchStatus, Page};

use crate::{
    context::Context,
    failure::{Exit, Outcome},
    installation, moment,
    out::Out,
    sign_in::Acting,
    texts, view,
};

/// Shows how far a batch has come.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  clerkwork batch status demo-42")]
pub struct Args {
    /// Reference or id
    batch: String,
    #[command(flatten)]
    acting: Acting,
}

/// Lists batches, the newest first.
///
/// With --json: {"items": […], "next": "id" or null}; hand `next` to --after for the next page.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  clerkwork batch list --limit 10")]
pub struct ListArgs {
    /// At most so many
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=500))]
    limit: u32,
    /// Go on after this batch: `next` of the page before
    #[arg(long, value_name = "ID")]
    after: Option<BatchId>,
    #[command(flatten)]
    acting: Acting,
}

/// Shows how far a batch has come.
pub async fn run(context: &Context, args: Args) -> Outcome {
    let opened = installation::open(context).await?;
    let (acting, verb) = (&args.acting, "batch.status");
    let batch = super::find_for(context, &opened, acting, verb, &args.batch).await?;
    show(&context.out, &batch);
    context.out.json(&view::batch(&batch));
    Ok(Exit::Done)
}

/// The batch with its counts.
pub fn show(out: &Out, batch: &BatchStatus) {
    let total: u64 = batch.counts.values().sum();
    out.line(format!("{} {}", out.both(&texts::BATCH), batch.reference));
    for (label, value) in [
        (texts::ID, batch.id.to_string()),
        (texts::OFFICE, batch.office.to_string()),
        (texts::SUBMITTER, batch.submitter.clone()),
        (texts::WEIGHT, batch.weight.to_string()),
        (texts::CREATED, moment::show(batch.created_at)),
        (texts::TOTAL, total.to_string()),
    ] {
        out.line(format!("  {}: {value}", out.both(&label)));
    }
    let rows = State::ALL.into_iter().filter_map(|state| {
        let count = batch.counts.get(&state).filter(|count| **count > 0)?;
        Some(vec![out.both(&texts::state(state)), count.to_string()])
    });
    let rows: Vec<_> = rows.collect();
    out.table(&[texts::STATE, texts::COUNT], rows, &texts::NO_JOBS);
}

/// Lists batches.
pub async fn list(context: &Context, args: ListArgs) -> Outcome {
    let opened = installation::open(context).await?;
    let (acting, verb) = (&args.acting, "batch.list");
    let principal = context.authorise(&opened, acting, verb, None).await?;
    let page = Page {
        after: args.after,
        limit: args.limit + 1,
    };
    let mut batches = opened
        .ledger
        .batches_within(principal.office(), page)
        .await?;
    let more = batches.len() > args.limit as usize;
    batches.truncate(args.limit as usize);
    let next = batches
        .last()
        .filter(|_| more)
        .map(|batch| batch.id.to_string());
    let out = &context.out;
    let rows = batches.iter().map(|batch| {
        let total: u64 = batch.counts.values().sum();
        let under_way = super::watch::under_way(&batch.counts);
        vec![
            batch.reference.clone(),
            batch.id.to_string(),
            batch.submitter.clone(),
            moment::show(batch.created_at),
            total.to_string(),
            under_way.to_string(),
        ]
    });
    let headers = [
        texts::REFERENCE,
        texts::ID,
        texts::SUBMITTER,
        texts::CREATED,
        texts::TOTAL,
        texts::state(State::Running),
    ];
    out.table(&headers, rows.collect(), &texts::NO_BATCHES);
    if let Some(next) = &next {
        out.line(format!("more: --after {next}"));
    }
    out.json_page(batches.iter().map(view::batch).collect(), next);
    Ok(Exit::Done)
}
