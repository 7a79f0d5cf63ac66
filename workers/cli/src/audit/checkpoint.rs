//! `clerkwork audit checkpoint`

use serde_json::json;

use super::{no_log, note_read};
use crate::{
    context::Context,
    failure::{Exit, Outcome},
    installation,
    out_file::To,
    sign_in::Acting,
};

/// Prints the latest signed head of the log, to be kept where the log's keepers cannot reach it.
///
/// It is 200 bytes long. Whoever has one can tell later whether anything before it was changed or
/// left out: `clerkwork audit verify --saved FILE`.
/// With --json: {"size", "root", "at", "note" or "file"}.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:
  clerkwork audit checkpoint --out 2026-11.checkpoint --as frank")]
pub struct Args {
    #[command(flatten)]
    to: To,
    #[command(flatten)]
    acting: Acting,
}

/// Does it.
pub async fn run(context: &Context, args: Args) -> Outcome {
    let opened = installation::open(context).await?;
    let verb = "audit.checkpoint";
    let reader = context.authorise(&opened, &args.acting, verb, None).await?;
    args.to.free()?;
    note_read(&opened, &reader, json!({"what": "audit checkpoint"})).await?;
    let head = opened.ledger.checkpoint(None).await?.ok_or_else(no_log)?;
    let value = json!({
        "size": head.size,
        "root": head.root.to_string(),
        "at": head.at.to_string(),
    });
    args.to.hand_out(&context.out, "note", &head.note, value)?;
    Ok(Exit::Done)
}
