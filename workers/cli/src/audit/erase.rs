//! `clerkwork audit erase`

use clerkwork_ledger::{Erased, Holdings, Ledger, Looked, PersonNumber};
use serde_json::{Value, json};

use super::which;
use crate::{
    batch::bar,
    context::Context,
    failure::{Exit, Failure, Outcome},
    installation,
    out::Out,
    sign_in::Acting,
    texts,
};

/// Destroys what the ledger holds of a person: their items, what was decided and kept with them, what items
/// of others say of them, and the salts and keys that open their sealed data.
///
/// Without --yes it only tells what would go. No event is changed, so every proof and receipt still holds: of
/// the person it held commitments alone, and those open no more. Items must be finished first. What lies
/// outside the ledger is not reached: backups, exported files, the upstream. Undone it cannot be.
/// With --json: {"items", "mentions", "values", "relations", "unfinished": […], "erased": subject or null}.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  clerkwork audit erase --subject - --reason 'request 2026-114' --as dave
  clerkwork audit erase --subject - --reason 'request 2026-114' --yes --as dave")]
pub struct Args {
    /// Tax or identity number of the person. `-` reads it from stdin, so that it stands in no list of
    /// processes; it is not recorded
    #[arg(long, value_name = "NUMBER")]
    subject: String,
    /// Why, for the record; no personal data
    #[arg(long, value_name = "TEXT")]
    reason: String,
    /// Do it
    #[arg(long)]
    yes: bool,
    #[command(flatten)]
    acting: Acting,
}

/// Does it.
pub async fn run(context: &Context, args: Args) -> Outcome {
    let opened = installation::open(context).await?;
    let verb = "audit.erase";
    let admin = context.authorise(&opened, &args.acting, verb, None).await?;
    let number = PersonNumber::new(&which::number("--subject", &args.subject)?)?;
    let ledger = &opened.ledger;
    let out = &context.out;
    let found = look(out, ledger, &number).await?;
    let mut said = as_json(&found);
    if !args.yes {
        tell(out, &found);
        said["erased"] = Value::Null;
        out.json(&said);
        return Ok(Exit::Done);
    }
    match ledger
        .erase(&number, found, &args.reason, &admin.authority())
        .await?
    {
        Erased::Yes(subject) => {
            // What came in meanwhile is told, not touched: it is a new matter.
            let left = look(out, ledger, &number).await?;
            out.line(out.both(&texts::ERASED));
            if !left.is_empty() {
                tell(out, &left);
            }
            said["erased"] = subject.to_string().into();
            said["left"] = as_json(&left);
            out.json(&said);
            Ok(Exit::Done)
        }
        Erased::Unfinished(jobs) => {
            let some: Vec<_> = jobs.iter().take(5).map(ToString::to_string).collect();
            Err(Failure::refused(
                "unfinished",
                format!(
                    "{} items are not finished, and nothing was erased; let them end or cancel them first: {}",
                    jobs.len(),
                    some.join(", ")
                ),
            ))
        }
        Erased::Nothing => Err(Failure::not_found(
            "the ledger holds nothing of a person with this number".to_owned(),
        )),
        Erased::AuthorityChanged(name) => Err(Failure::refused(
            "authority_changed",
            format!("the rights of `{name}` were changed a moment ago; try again"),
        )),
    }
}

async fn look(out: &Out, ledger: &Ledger, number: &PersonNumber) -> Result<Holdings, Failure> {
    let progress = bar(out, 0);
    let told = |looked: Looked| {
        progress.set_position(looked.items + looked.values);
        progress.set_message(format!("{} items, {} values", looked.items, looked.values));
    };
    let found = ledger.holdings(number, told).await;
    progress.finish_and_clear();
    Ok(found?)
}

fn as_json(found: &Holdings) -> Value {
    let unfinished: Vec<_> = found.unfinished.iter().map(ToString::to_string).collect();
    json!({
        "items": found.own.len(),
        "mentions": found.mentions.len(),
        "values": found.sealed,
        "relations": found.relations,
        "unfinished": unfinished,
    })
}

fn tell(out: &Out, found: &Holdings) {
    let rows = [
        (&texts::THEIR_ITEMS, found.own.len() as u64),
        (&texts::MENTIONS, found.mentions.len() as u64),
        (&texts::SEALED_VALUES, found.sealed),
        (&texts::RELATIONS, found.relations),
        (&texts::UNFINISHED, found.unfinished.len() as u64),
    ];
    for (text, count) in rows {
        out.line(format!("{}: {count}", out.both(text)));
    }
}
