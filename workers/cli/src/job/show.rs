//! `clerkwork job show`

use std::collections::BTreeMap;

use clerkwork_audit::{EventDraft, EventType};
use clerkwork_core::{EventId, Job, Text, Timestamp};
use clerkwork_ledger::{Ledger, LedgerError};
use serde_json::{Value, json};

use super::{
    story::{self, Known},
    timeline::Teller,
};
use crate::{
    context::Context,
    failure::{Exit, Outcome},
    installation, moment,
    sign_in::Acting,
    texts, view,
};

/// Shows a job's whole story: who did what, by which rule, with which effect.
///
/// Personal data are masked; --reveal shows them, needs your name, and is itself recorded.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  clerkwork job show DK-1
  clerkwork job show DK-1 --reveal --as alice")]
pub struct Args {
    /// Id or reference
    job: String,
    /// Show personal data; recorded in the audit trail
    #[arg(long)]
    reveal: bool,
    #[command(flatten)]
    acting: Acting,
}

/// Does it.
pub async fn run(context: &Context, args: Args) -> Outcome {
    let opened = installation::open(context).await?;
    let ledger = &opened.ledger;
    let verb = match args.reveal {
        true => "job.reveal",
        false => "job.show",
    };
    let (reader, job) = super::find_for(context, &opened, &args.acting, verb, &args.job).await?;
    let known = Known::about(ledger, job).await?;
    let mut sealed = BTreeMap::new();
    if args.reveal {
        let data = json!({"job": known.job.id.to_string(), "what": "personal data"});
        let data = reader.noted(data);
        let event = EventDraft::new(EventType::AuditRead, reader.actor(), data);
        // Recorded before anything is shown.
        ledger.record(known.job.office.clone(), event).await?;
        sealed = opened_values(ledger, &known).await?;
    }
    let payload = story::payload(&known.job, args.reveal);
    if context.out.json {
        context
            .out
            .json(&as_json(&known, &payload, &sealed, args.reveal));
    } else {
        show(context, &known, &payload, &sealed, args.reveal);
    }
    Ok(Exit::Done)
}

type Opened = BTreeMap<EventId, BTreeMap<String, String>>;

async fn opened_values(ledger: &Ledger, known: &Known) -> Result<Opened, LedgerError> {
    let mut values = BTreeMap::new();
    for (id, event) in &known.events {
        if event.get("sealed").is_some() {
            values.insert(*id, ledger.open_sealed(*id).await?);
        }
    }
    Ok(values)
}

fn as_json(known: &Known, payload: &Value, sealed: &Opened, revealed: bool) -> Value {
    let events = known.events.iter().map(|(id, event)| {
        let mut event = event.clone();
        if let (Some(values), Value::Object(map)) = (sealed.get(id), &mut event) {
            map.insert("revealed".into(), json!(values));
        }
        event
    });
    let mut value = view::job(&known.job);
    if let Value::Object(map) = &mut value {
        map.insert("payload".into(), payload.clone());
        map.insert("payload_digest".into(), json!(known.job.payload_digest));
        map.insert(
            "decisions".into(),
            known.decisions.iter().map(view::decision).collect(),
        );
        map.insert(
            "effects".into(),
            known.effects.iter().map(view::effect).collect(),
        );
        map.insert(
            "reviews".into(),
            known
                .reviews
                .iter()
                .map(|review| view::review(review, revealed))
                .collect(),
        );
        map.insert("events".into(), events.collect());
        let since = known.waits_since();
        let wait = known.wait.as_ref().map(|wait| view::wait(wait, since));
        map.insert("wait".into(), json!(wait));
    }
    value
}

fn show(context: &Context, known: &Known, payload: &Value, sealed: &Opened, revealed: bool) {
    let out = &context.out;
    head(context, &known.job, known.title.as_ref());
    waits(context, known);
    out.line(format!("\n{}", out.both(&texts::PAYLOAD)));
    for line in story::item(payload) {
        out.line(format!("  {line}"));
    }
    if !revealed {
        out.line(format!("  ({})", out.one(&texts::MASKED)));
    }
    story::evidence(out, known.decisions.last());
    if !known.effects.is_empty() {
        out.line(format!("\n{}", out.both(&texts::EFFECTS)));
        for effect in &known.effects {
            let state = out.both(&texts::effect(effect.state));
            let result = effect.result.as_ref().map(story::plain).unwrap_or_default();
            out.line(format!("  {} [{state}] {result}", effect.name));
        }
    }
    out.line(format!("\n{}", out.both(&texts::TIMELINE)));
    let mut teller = Teller::new(known, out);
    for (id, event) in &known.events {
        let values = sealed.get(id).cloned().unwrap_or_default();
        for line in teller.tell(event, &values) {
            out.line(line);
        }
    }
}

/// What a waiting job waits for, and until when.
fn waits(context: &Context, known: &Known) {
    let out = &context.out;
    let Some(wait) = &known.wait else { return };
    let time = |label: &Text, at: Timestamp| {
        out.line(format!("    {}: {}", out.both(label), moment::show(at)));
    };
    out.line(format!("  {}: {}", out.both(&texts::WAITS_FOR), wait.topic));
    out.line(out.sentence("    ", &wait.why));
    if let Some(since) = known.waits_since() {
        time(&texts::WAITS_SINCE, since);
    }
    if let Some(deadline) = wait.deadline {
        time(&texts::WAITS_UNTIL, deadline);
    }
    time(&texts::NEXT_LOOK, wait.next_look);
}

fn head(context: &Context, job: &Job, title: Option<&Text>) {
    let out = &context.out;
    let state = out.both(&texts::state(job.state));
    out.line(format!("{} {}    {state}", out.both(&texts::JOB), job.id));
    let kind = match title {
        Some(title) => format!("{} ({})", out.both(title), job.kind),
        None => job.kind.to_string(),
    };
    let mut lines = vec![
        (texts::KIND, kind),
        (texts::REFERENCE, job.reference.clone()),
        (texts::OFFICE, job.office.to_string()),
        (texts::SUBMITTER, job.submitter.clone()),
        (texts::LANE, out.both(&texts::lane(job.lane))),
        (texts::ATTEMPT, job.attempt.to_string()),
        (texts::CREATED, moment::show(job.created_at)),
        (texts::UPDATED, moment::show(job.updated_at)),
    ];
    if let Some(deadline) = job.deadline {
        lines.push((texts::DEADLINE, moment::show(deadline)));
    }
    if let Some(batch) = job.batch {
        lines.push((texts::BATCH, batch.to_string()));
    }
    if let Some(verdict) = job.verdict {
        lines.push((texts::VERDICT, out.both(&texts::verdict(verdict))));
    }
    if let Some(error) = &job.last_error {
        lines.push((texts::LAST_ERROR, error.clone()));
    }
    for (label, value) in lines {
        out.line(format!("  {}: {value}", out.both(&label)));
    }
}
