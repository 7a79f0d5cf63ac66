//! `clerkwork audit publish`

use std::path::PathBuf;

use clerkwork_core::Office;
use clerkwork_runtime::{PublishError, Witness, WitnessError, publish};
use serde_json::json;

use super::{no_log, not_verified};
use crate::{
    context::Context,
    failure::{Exit, Failure, Outcome},
    installation,
    sign_in::Acting,
};

/// Hands the latest signed checkpoint to others, out of reach of whoever keeps the log.
///
/// Whoever holds one can tell for ever whether the log grew out of it. Without a place, those of the settings
/// are told (`audit.publish_…`), as the scheduler does by itself from time to time. A folder that holds a later
/// head, or another of the same size, is proof that the log was set back: exit code 1.
/// With --json: {"published": [{"to", "size"}]}.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  clerkwork audit publish --as frank
  clerkwork audit publish --folder /mnt/archive/checkpoints --as frank
  clerkwork audit publish --webhook https://archive.example.org/heads --as frank
  clerkwork audit publish --spool /var/spool/cw --mail-to audit@example.org --as frank")]
pub struct Args {
    /// A folder that gets a file for each checkpoint. May be repeated
    #[arg(long, value_name = "FOLDER")]
    folder: Vec<PathBuf>,
    /// An address that the checkpoint is posted to. May be repeated
    #[arg(long, value_name = "URL")]
    webhook: Vec<String>,
    /// A Maildir that gets a message with the checkpoint
    #[arg(long, value_name = "FOLDER", requires = "mail_to")]
    spool: Option<PathBuf>,
    /// Whom the message is for
    #[arg(long, value_name = "ADDRESS", requires = "spool")]
    mail_to: Option<String>,
    #[command(flatten)]
    acting: Acting,
}

/// Does it.
pub async fn run(context: &Context, args: Args) -> Outcome {
    let opened = installation::open(context).await?;
    let verb = "audit.publish";
    let everywhere = Office::default();
    let auditor = context
        .authorise(&opened, &args.acting, verb, Some(&everywhere))
        .await?;
    let config = &opened.config.audit;
    let mut witnesses: Vec<_> = args.folder.iter().cloned().map(Witness::Folder).collect();
    for url in &args.webhook {
        witnesses.push(Witness::webhook(url).map_err(failed)?);
    }
    if let (Some(folder), Some(to)) = (&args.spool, &args.mail_to) {
        let from = &config.publish_mail_from;
        witnesses.push(Witness::spool(folder.clone(), to, from).map_err(failed)?);
    }
    if witnesses.is_empty() {
        witnesses = Witness::configured(config).map_err(failed)?;
    }
    if witnesses.is_empty() {
        return Err(Failure::usage(
            "say where to: `--folder`, `--webhook` or `--spool`, or `audit.publish_…` in the settings",
        ));
    }
    let mut published = Vec::new();
    for witness in &witnesses {
        let by = auditor.actor();
        let done = publish(&opened.ledger, witness, by, everywhere.clone()).await;
        let size = match done {
            Ok(size) => size.ok_or_else(no_log)?,
            Err(PublishError::Witness(error)) => {
                let failure = failed(error);
                let message = format!("{}: {}", witness.shown(), failure.message);
                return Err(Failure { message, ..failure });
            }
            Err(PublishError::Ledger(error)) => return Err(error.into()),
        };
        context
            .out
            .line(format!("{}: {size} entries", witness.shown()));
        published.push(json!({"to": witness.shown(), "size": size}));
    }
    context.out.json(&json!({"published": published}));
    Ok(Exit::Done)
}

fn failed(error: WitnessError) -> Failure {
    match error {
        WitnessError::Wrong(_) => Failure::usage(error.to_string()),
        WitnessError::Contradicted(_) => not_verified(error.to_string()),
        WitnessError::File { .. } | WitnessError::Webhook(_) => {
            Failure::missing("not_published", error.to_string())
        }
    }
}
