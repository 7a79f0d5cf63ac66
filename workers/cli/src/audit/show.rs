//! `clerkwork audit show`

use clerkwork_core::EventId;
use serde_json::json;

use super::note_read;
use crate::{
    context::Context,
    failure::{Exit, Failure, Outcome},
    installation,
    sign_in::Acting,
    view,
};

/// Shows an event as it is stored, and where it stands in the log.
///
/// With --json: {"event", "index" or null, "checkpoint" or null}.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:
  clerkwork audit show 0190c8f0-0000-7000-8000-000000000001 --as frank")]
pub struct Args {
    /// Id of the event
    event: EventId,
    #[command(flatten)]
    acting: Acting,
}

/// Does it.
pub async fn run(context: &Context, args: Args) -> Outcome {
    let opened = installation::open(context).await?;
    let (ledger, verb) = (&opened.ledger, "audit.show");
    let reader = context.authorise(&opened, &args.acting, verb, None).await?;
    let stored = ledger.event(args.event).await?;
    let stored =
        stored.ok_or_else(|| Failure::not_found(format!("there is no event `{}`", args.event)))?;
    let office = view::office_of(&stored);
    context
        .allow(&opened, &reader, verb, office.as_ref())
        .await?;
    let data = json!({"what": "audit show", "event": args.event.to_string()});
    note_read(&opened, &reader, data).await?;
    let index = ledger.entry_of(args.event).await?;
    let head = match index {
        Some(index) => ledger.checkpoint_over(index).await?,
        None => None,
    };
    let out = &context.out;
    out.line(String::from_utf8_lossy(&stored.bytes));
    match (index, &head) {
        (Some(index), Some(head)) => out.line(format!(
            "entry {index}, covered by the checkpoint over {} entries",
            head.size
        )),
        _ => out.line("not in the log yet"),
    }
    out.json(&json!({
        "event": view::event(&stored),
        "index": index,
        "checkpoint": head.map(|head| head.size),
    }));
    Ok(Exit::Done)
}
