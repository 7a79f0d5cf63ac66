//! `clerkwork audit prove`

use clerkwork_audit::log::{Known, Receipt, inclusion, inclusion_needs};
use clerkwork_core::EventId;
use clerkwork_ledger::Ledger;
use serde_json::json;

use super::{not_verified, note_read};
use crate::{
    context::Context,
    failure::{Exit, Failure, Outcome},
    installation,
    out_file::To,
    sign_in::Acting,
    view,
};

/// Writes a receipt: the event, and the proof that it is in the log.
///
/// Anybody can check it, without this installation: `clerkwork audit verify --receipt`, or any tool
/// that reads C2SP tlog-proof. It holds no personal data, only commitments to them.
/// With --json: {"event", "index", "size", "receipt" or "file"}.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:
  clerkwork audit prove 0190c8f0-0000-7000-8000-000000000001 --out event.tlog-proof --as frank")]
pub struct Args {
    /// Id of the event
    event: EventId,
    #[command(flatten)]
    to: To,
    #[command(flatten)]
    acting: Acting,
}

/// Does it.
pub async fn run(context: &Context, args: Args) -> Outcome {
    let opened = installation::open(context).await?;
    let verb = "audit.prove";
    let reader = context.authorise(&opened, &args.acting, verb, None).await?;
    let office = match opened.ledger.event(args.event).await? {
        Some(stored) => view::office_of(&stored),
        None => None,
    };
    context
        .allow(&opened, &reader, verb, office.as_ref())
        .await?;
    args.to.free()?;
    let data = json!({"what": "audit prove", "event": args.event.to_string()});
    note_read(&opened, &reader, data).await?;
    let (receipt, size) = receipt(&opened.ledger, args.event).await?;
    let value = json!({
        "event": args.event.to_string(),
        "index": receipt.index,
        "size": size,
    });
    args.to
        .hand_out(&context.out, "receipt", &receipt.to_text(), value)?;
    Ok(Exit::Done)
}

/// The receipt of an event, and the size of the head that it leads to.
async fn receipt(ledger: &Ledger, event: EventId) -> Result<(Receipt, u64), Failure> {
    let Some(index) = ledger.entry_of(event).await? else {
        return Err(Failure::not_found(format!(
            "event `{event}` is not in the log: there is none of that id, or it has no number yet; \
             it gets one within seconds while `clerkwork up` or a scheduler runs"
        )));
    };
    let head = ledger.checkpoint_over(index).await?;
    let head = head.ok_or_else(super::no_log)?;
    let mut known = Known::default();
    for at in inclusion_needs(head.size, index) {
        let tile = ledger.tile(at).await?;
        let missing = || not_verified(format!("tile {}/{} is missing", at.level, at.n));
        known.put(tile.ok_or_else(missing)?);
    }
    let proof = inclusion(head.size, index, &known);
    let proof = proof.map_err(|error| not_verified(error.to_string()))?;
    let entry = ledger.entries(index, None, 1).await?.pop();
    let missing = || not_verified(format!("entry {index} is missing"));
    let receipt = Receipt {
        entry: entry.ok_or_else(missing)?.bytes,
        index,
        proof,
        checkpoint: head.note,
    };
    // What is handed out must hold.
    let keys = ledger.log_keys().await?;
    let keys = super::verifiers(keys.iter().map(|key| key.vkey.as_str()))?;
    let state = ledger.log_state().await?.ok_or_else(super::no_log)?;
    let checked = receipt.check(&state.origin, &keys);
    checked.map_err(|error| not_verified(error.to_string()))?;
    Ok((receipt, head.size))
}
