//! `clerkwork dead-letters …`: what was found in the queue and is no entry.

use clap::Subcommand;
use serde_json::{Map, Value, json};

use crate::{
    context::Context,
    failure::{Exit, Outcome},
    installation, moment,
    sign_in::Acting,
    texts,
};

/// What can be done with dead letters.
#[derive(Debug, Subcommand)]
pub enum Verb {
    List(Args),
}

/// Lists dead letters, the oldest first.
///
/// A dead letter is an entry of the queue that no worker could read. No work is lost with it: jobs
/// live in the ledger and are pushed again.
/// With --json: {"items": […], "next": "id" or null}; hand `next` to --after for the next page.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  clerkwork dead-letters list")]
pub struct Args {
    /// At most so many
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=500))]
    limit: u32,
    /// Go on after this one: `next` of the page before
    #[arg(long, value_name = "ID")]
    after: Option<String>,
    #[command(flatten)]
    acting: Acting,
}

impl Verb {
    /// Does it.
    pub async fn run(self, context: &Context) -> Outcome {
        match self {
            Self::List(args) => list(context, args).await,
        }
    }
}

async fn list(context: &Context, args: Args) -> Outcome {
    let opened = installation::open(context).await?;
    let (acting, verb) = (&args.acting, "dead_letters.list");
    context.authorise(&opened, acting, verb, None).await?;
    let queue = installation::queue(context.config()?).await?;
    let limit = args.limit as usize;
    let mut letters = queue.dead_letters(args.after.as_deref(), limit + 1).await?;
    let more = letters.len() > limit;
    letters.truncate(limit);
    let next = letters
        .last()
        .filter(|_| more)
        .map(|letter| letter.id.clone());
    let out = &context.out;
    let rows = letters.iter().map(|letter| {
        let fields = letter
            .fields
            .iter()
            .map(|(name, value)| format!("{name}={value}"));
        vec![
            letter.id.clone(),
            moment::show(letter.at),
            letter.reason.clone(),
            fields.collect::<Vec<_>>().join(" "),
        ]
    });
    let headers = [texts::ID, texts::TIME, texts::WHY, texts::FIELDS];
    out.table(&headers, rows.collect(), &texts::NO_LETTERS);
    if let Some(next) = &next {
        out.line(format!("more: --after {next}"));
    }
    let items = letters.iter().map(|letter| {
        let fields: Map<String, Value> = letter
            .fields
            .iter()
            .map(|(name, value)| (name.clone(), json!(value)))
            .collect();
        json!({
            "id": letter.id,
            "lane": letter.lane,
            "at": letter.at.to_string(),
            "reason": letter.reason,
            "fields": fields,
        })
    });
    out.json_page(items.collect(), next);
    Ok(Exit::Done)
}
