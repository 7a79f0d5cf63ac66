//! `clerkwork audit search`

use clerkwork_audit::{EventDraft, EventType};
use clerkwork_core::{EventId, Timestamp};
use clerkwork_ledger::{EventFilter, Found, Ledger, Order, Page};
use serde_json::{Value, json};

use super::which::{Asked, Which};
use crate::{
    batch::bar,
    context::Context,
    failure::{Exit, Failure, Outcome},
    installation, job, moment,
    sign_in::Acting,
    texts, view,
};

/// Finds events, the newest first.
///
/// Every given part must fit. Rules, connectors, verdicts, words and the like are found within a second or
/// two of the event, when it has its number in the log. That the trail was read is itself an event, under
/// your name. With --json: {"items": […], "next": "id" or null}; hand `next` to --after for the next page.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  clerkwork audit search --type review.approved --since 7d --as frank
  clerkwork audit search --rule agent_invoice.day_split --verdict review --as frank
  clerkwork audit search --connector etax --outcome unknown --text timeout --as frank
  clerkwork audit search --job DK-1 --json --as frank")]
pub struct Args {
    #[command(flatten)]
    which: Which,
    /// At most so many
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=500))]
    limit: u32,
    /// Go on after this event: `next` of the page before
    #[arg(long, value_name = "ID")]
    after: Option<EventId>,
    #[command(flatten)]
    acting: Acting,
}

/// A page, however much has to be looked at for it.
async fn look(
    context: &Context,
    ledger: &Ledger,
    filter: &EventFilter,
    args: &Args,
) -> Result<Found, Failure> {
    let progress = bar(&context.out, 0);
    let mut found = Found {
        events: Vec::new(),
        next: args.after,
    };
    loop {
        let page = Page {
            after: found.next,
            limit: args.limit - found.events.len() as u32,
        };
        let more = ledger.search(filter, Order::Newest, page).await?;
        found.events.extend(more.events);
        found.next = more.next;
        let full = found.events.len() >= args.limit as usize;
        let Some(next) = found.next.filter(|_| !full) else {
            progress.finish_and_clear();
            return Ok(found);
        };
        progress.set_message(format!("looked back to {}", moment::show(next.at())));
        progress.inc(1);
    }
}

/// Does it.
pub async fn run(context: &Context, args: Args) -> Outcome {
    let opened = installation::open(context).await?;
    let asked = args
        .which
        .ask(context, &opened, &args.acting, "audit.search");
    let Asked {
        reader,
        filter,
        mut data,
        office,
    } = asked.await?;
    data["what"] = "audit search".into();
    data["after"] = json!(args.after.map(|id| id.to_string()));
    data["limit"] = args.limit.into();
    // Counted before the search: it finds these at least.
    let log = match filter.terms.is_empty() {
        true => None,
        false => opened.ledger.log_state().await?,
    };
    let missed = log.map_or(0, |log| log.size.saturating_sub(log.termed));
    let Found { events, next } = look(context, &opened.ledger, &filter, &args).await?;
    let next = next.map(|id| id.to_string());
    // Recorded before anything is shown: what cannot be recorded is not read.
    let read = EventDraft::new(EventType::AuditRead, reader.actor(), reader.noted(data));
    opened.ledger.record(office, read).await?;
    let events: Vec<Value> = events.iter().map(view::event).collect();
    let out = &context.out;
    let text = |event: &Value, name: &str| {
        let value = event.get(name).and_then(Value::as_str);
        value.unwrap_or_default().to_owned()
    };
    let rows = events.iter().map(|event| {
        let at = event.get("at").and_then(Value::as_i64).unwrap_or_default();
        let kind = text(event, "type");
        vec![
            moment::show(Timestamp(at)),
            format!("{} {kind}", out.one(&texts::event(&kind))),
            job::actor(event),
            text(event, "job"),
            text(event, "office"),
        ]
    });
    let headers = [
        texts::TIME,
        texts::EVENT,
        texts::ACTOR,
        texts::JOB,
        texts::OFFICE,
    ];
    out.table(&headers, rows.collect(), &texts::NO_EVENTS);
    if missed > 0 {
        out.note(format!(
            "the last {missed} events of the log cannot be found by what they say yet; ask again soon"
        ));
    }
    if let Some(next) = &next {
        out.line(format!("more: --after {next}"));
    }
    out.json_page(events, next);
    Ok(Exit::Done)
}
