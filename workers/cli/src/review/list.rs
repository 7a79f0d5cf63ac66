//! `clerkwork review list`

use clap::ValueEnum;
use clerkwork_core::{Office, ReviewId, ReviewState, Tier};
use clerkwork_ledger::{Page, ReviewFilter};
use serde_json::json;

use crate::{
    context::Context,
    failure::{Exit, Failure, Outcome},
    installation, moment,
    sign_in::Acting,
    texts, view,
};

/// Lists reviews, the newest first; the open ones unless told otherwise.
///
/// An open one of the same matter as another stands in `review show` of that one.
///
/// With --json: {"items": […], "next": "id" or null}; hand `next` to --after for the next page.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  clerkwork review list
  clerkwork review list --mine --overdue
  clerkwork review list --state approved --json
  clerkwork review list --assigned-to group:red-letter")]
pub struct Args {
    /// In this state
    #[arg(long, value_enum, default_value_t = Which::Open)]
    state: Which,
    /// Of jobs of this office or one below it
    #[arg(long)]
    office: Option<String>,
    /// Handed over to this user or group
    #[arg(long, value_name = "USER")]
    assigned_to: Option<String>,
    /// Handed over to this group
    #[arg(long, conflicts_with = "assigned_to")]
    group: Option<String>,
    /// Handed over to you, or claimed by you
    #[arg(long)]
    mine: bool,
    /// Handed over to nobody
    #[arg(long, conflicts_with_all = ["assigned_to", "group"])]
    unassigned: bool,
    /// Due before now
    #[arg(long)]
    overdue: bool,
    /// Of this tier: business, enforcement or integrity
    #[arg(long, value_parser = tier)]
    tier: Option<Tier>,
    /// At this level
    #[arg(long)]
    level: Option<u32>,
    /// At most so many
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=500))]
    limit: u32,
    /// Go on after this review: `next` of the page before
    #[arg(long, value_name = "ID")]
    after: Option<ReviewId>,
    #[command(flatten)]
    acting: Acting,
}

/// States to choose from.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum Which {
    Open,
    Approved,
    Returned,
    Lapsed,
    All,
}

/// Reads the name of a tier.
pub fn tier(text: &str) -> Result<Tier, String> {
    let known = Tier::ALL.into_iter().find(|tier| tier.as_str() == text);
    known.ok_or_else(|| format!("unknown tier `{text}`; use business, enforcement or integrity"))
}

/// Does it.
pub async fn run(context: &Context, args: Args) -> Outcome {
    let office = args.office.map(Office::new).transpose();
    let office = office.map_err(|error| Failure::usage(error.to_string()))?;
    let opened = installation::open(context).await?;
    let (verb, named) = ("review.list", office.as_ref());
    let principal = context
        .authorise(&opened, &args.acting, verb, named)
        .await?;
    let filter = ReviewFilter {
        state: match args.state {
            Which::Open => Some(ReviewState::Open),
            Which::Approved => Some(ReviewState::Approved),
            Which::Returned => Some(ReviewState::Returned),
            Which::Lapsed => Some(ReviewState::Lapsed),
            Which::All => None,
        },
        job: None,
        office: Some(principal.narrowed(office)),
        assigned_to: args
            .assigned_to
            .or(args.group.map(|group| format!("group:{group}"))),
        of_user: args.mine.then(|| principal.name().to_owned()),
        unassigned: args.unassigned,
        due_before: args.overdue.then(|| context.now()),
        tier: args.tier,
        level: args.level,
        // What is decided with another one is shown there.
        apart: matches!(args.state, Which::Open),
    };
    let page = Page {
        after: args.after,
        limit: args.limit + 1,
    };
    let mut reviews = opened.ledger.reviews(&filter, page).await?;
    let more = reviews.len() > args.limit as usize;
    reviews.truncate(args.limit as usize);
    let next = reviews
        .last()
        .filter(|_| more)
        .map(|review| review.id.to_string());
    let out = &context.out;
    let mut rows = Vec::with_capacity(reviews.len());
    let mut items = Vec::with_capacity(reviews.len());
    for review in &reviews {
        let job = opened.ledger.job(review.job).await?;
        let reference = job.as_ref().map(|job| job.reference.clone());
        let reasons = review.rules.iter().map(|rule| out.one(&rule.reason));
        rows.push(vec![
            review.id.to_string(),
            reference.clone().unwrap_or_default(),
            out.both(&texts::review(review.state)),
            reasons.collect::<Vec<_>>().join("\n"),
            review.assigned_to.clone().unwrap_or_default(),
            moment::show(review.opened_at),
        ]);
        let mut item = view::review(review, false);
        if let serde_json::Value::Object(map) = &mut item {
            map.insert("reference".into(), json!(reference));
            map.insert("kind".into(), json!(job.as_ref().map(|job| &job.kind)));
            map.insert(
                "submitter".into(),
                json!(job.as_ref().map(|job| &job.submitter)),
            );
        }
        items.push(item);
    }
    let headers = [
        texts::ID,
        texts::REFERENCE,
        texts::STATE,
        texts::REASON,
        texts::ASSIGNED_TO,
        texts::OPENED,
    ];
    out.table(&headers, rows, &texts::NO_REVIEWS);
    if let Some(next) = &next {
        out.line(format!("more: --after {next}"));
    }
    out.json_page(items, next);
    Ok(Exit::Done)
}
