//! `clerkwork audit list`

use clerkwork_audit::{EventDraft, EventType};
use clerkwork_core::{EventId, Office, Timestamp};
use clerkwork_ledger::{EventFilter, Page};
use serde_json::{Value, json};

use crate::{
    context::Context,
    failure::{Exit, Failure, Outcome},
    installation, job, moment,
    sign_in::Acting,
    texts, view,
};

/// Lists events, the newest first.
///
/// That the trail was read is itself an event, under your name.
/// With --json: {"items": […], "next": "id" or null}; hand `next` to --after for the next page.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  clerkwork audit list --type review.approved --since 7d --as frank
  clerkwork audit list --job DK-1 --json --as frank")]
pub struct Args {
    /// About this job, by id or reference
    #[arg(long)]
    job: Option<String>,
    /// Of this type, for example job.decided; the table of types stands in `jobs/audit`
    #[arg(long = "type", value_name = "TYPE")]
    kind: Option<EventType>,
    /// By this actor, by name
    #[arg(long)]
    actor: Option<String>,
    /// Of this office or one below it
    #[arg(long)]
    office: Option<String>,
    /// At or after: a span such as 2h (ago), or a time
    #[arg(long, value_name = "TIME")]
    since: Option<String>,
    /// Before: a span such as 2h (ago), or a time
    #[arg(long, value_name = "TIME")]
    until: Option<String>,
    /// At most so many
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=500))]
    limit: u32,
    /// Go on after this event: `next` of the page before
    #[arg(long, value_name = "ID")]
    after: Option<EventId>,
    #[command(flatten)]
    acting: Acting,
}

/// Does it.
pub async fn run(context: &Context, args: Args) -> Outcome {
    let time = |text: &Option<String>| -> Result<Option<Timestamp>, Failure> {
        text.as_deref()
            .map(|text| moment::past(text, context.now()))
            .transpose()
    };
    let (since, until) = (time(&args.since)?, time(&args.until)?);
    let office = args.office.clone().map(Office::new).transpose();
    let office = office.map_err(|error| Failure::usage(error.to_string()))?;
    let opened = installation::open(context).await?;
    let (verb, named) = ("audit.list", office.as_ref());
    let reader = context
        .authorise(&opened, &args.acting, verb, named)
        .await?;
    let about = match &args.job {
        Some(text) => Some(job::find(&opened.ledger, text).await?),
        None => None,
    };
    if let Some(job) = &about {
        let office = Some(&job.office);
        context.allow(&opened, &reader, verb, office).await?;
    }
    let office = reader.narrowed(office);
    let data = json!({
        "what": "audit list",
        "job": about.as_ref().map(|job| job.id.to_string()),
        "type": args.kind.map(|kind| kind.as_str()),
        "actor": args.actor,
        "office": office.as_str(),
        "since": since.map(|time| time.0),
        "until": until.map(|time| time.0),
        "after": args.after.map(|id| id.to_string()),
        "limit": args.limit,
    });
    let filter = EventFilter {
        office: Some(office),
        job: about.as_ref().map(|job| job.id),
        kind: args.kind.map(|kind| kind.as_str().to_owned()),
        actor: args.actor,
        since,
        until,
    };
    let page = Page {
        after: args.after,
        limit: args.limit + 1,
    };
    let mut events = opened.ledger.events(&filter, page).await?;
    let more = events.len() > args.limit as usize;
    events.truncate(args.limit as usize);
    let next = events
        .last()
        .filter(|_| more)
        .map(|event| event.id.to_string());
    // Recorded before anything is shown: what cannot be recorded is not read.
    let read_of = about.map_or_else(|| opened.config.office.clone(), |job| job.office);
    let read = EventDraft::new(EventType::AuditRead, reader.actor(), reader.noted(data));
    opened.ledger.record(read_of, read).await?;
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
    if let Some(next) = &next {
        out.line(format!("more: --after {next}"));
    }
    out.json_page(events, next);
    Ok(Exit::Done)
}
