//! `clerkwork review page`

use clerkwork_audit::{EventDraft, EventType};
use clerkwork_core::{EventId, Review};
use clerkwork_ledger::{Ledger, LedgerError};
use serde_json::{Value, json};

use crate::{
    context::Context,
    failure::{Exit, Failure, Outcome},
    installation, moment,
    out_file::To,
    sign_in::Acting,
    view,
};

/// Shows a page of the upstream that was kept as evidence for a review: its answer, as it came.
///
/// It holds personal data: that you read it is itself recorded, before it is shown. Pages are numbered
/// as `clerkwork review show` lists them. Without --out it goes to stdout.
/// With --json: {"review", "source", "at", "media_type", "bytes", "cut", "page" or "file"}.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  clerkwork review page DK-1 --as bob
  clerkwork review page DK-1 2 --out page.json --as bob")]
pub struct Args {
    /// Id of the review, or id or reference of its job
    review: String,
    /// Number of the page
    #[arg(default_value_t = 1)]
    page: usize,
    #[command(flatten)]
    to: To,
    #[command(flatten)]
    acting: Acting,
}

/// A page as the trail knows it; the text itself is sealed.
#[derive(Debug)]
pub struct Kept {
    event: EventId,
    data: Value,
}

impl Kept {
    /// The pages of a review, in their order.
    pub async fn of(ledger: &Ledger, review: &Review) -> Result<Vec<Self>, LedgerError> {
        let events = ledger.events_of(review.job).await?;
        let kind = EventType::EvidenceKept.as_str();
        let id = review.id.to_string();
        let kept = events.iter().filter_map(|stored| {
            let mut event = view::event(stored);
            let ours = event["type"] == kind && event["data"]["review"] == id.as_str();
            ours.then(|| Self {
                event: stored.id,
                data: event["data"].take(),
            })
        });
        Ok(kept.collect())
    }

    /// In one line: where it is from, when, what and how long.
    pub fn line(&self) -> String {
        let at = self.data["at"].as_i64().unwrap_or_default();
        let text = |name: &str| self.data[name].as_str().unwrap_or_default().to_owned();
        let cut = match self.data["cut"] == true {
            true => ", cut",
            false => "",
        };
        format!(
            "{}  {}  {}  {} B{cut}",
            text("source"),
            moment::show(clerkwork_core::Timestamp(at)),
            text("media_type"),
            self.data["bytes"]
        )
    }

    /// What is known about it without opening it.
    pub fn as_json(&self) -> Value {
        self.data.clone()
    }
}

/// Does it.
pub async fn run(context: &Context, args: Args) -> Outcome {
    let opened = installation::open(context).await?;
    let (ledger, verb) = (&opened.ledger, "review.page");
    let (reader, review, job) =
        super::find_for(context, &opened, &args.acting, verb, &args.review).await?;
    let mut pages = Kept::of(ledger, &review).await?;
    let count = pages.len();
    if args.page == 0 || args.page > count {
        let kept = match count {
            0 => "no page of an upstream was kept for it".to_owned(),
            1 => "one page was kept for it; give 1".to_owned(),
            _ => format!("{count} pages were kept for it; give 1 to {count}"),
        };
        let message = format!("review {} has no page {}: {kept}", review.id, args.page);
        return Err(Failure::not_found(message));
    }
    let page = pages.swap_remove(args.page - 1);
    args.to.free()?;
    let data = json!({
        "job": job.id.to_string(),
        "review": review.id.to_string(),
        "what": "a kept page",
        "event": page.event.to_string(),
    });
    let event = EventDraft::new(EventType::AuditRead, reader.actor(), reader.noted(data));
    // Recorded before anything is shown.
    ledger.record(job.office.clone(), event).await?;
    let text = ledger.open_sealed(page.event).await?.remove("page");
    let text = text.ok_or_else(|| {
        let message = format!("event {}: the sealed page is missing", page.event);
        Failure::missing("ledger_damaged", message)
    })?;
    args.to
        .hand_out(&context.out, "page", &text, page.as_json())?;
    Ok(Exit::Done)
}
