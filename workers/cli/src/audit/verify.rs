//! `clerkwork audit verify`

use std::{
    fs,
    path::{Path, PathBuf},
};

use clerkwork_audit::log::{Checkpoint, LogVerifiers, Receipt, ReceiptError};
use indicatif::ProgressBar;
use serde_json::json;

use super::{
    broken_head, bundle, not_verified, note_read,
    source::Source,
    verifiers,
    walk::{range, walk},
};
use crate::{
    batch::bar,
    context::Context,
    failure::{Exit, Failure, Outcome},
    installation,
    sign_in::Acting,
};

/// Longest receipt or checkpoint that is read, in bytes.
const MAX_FILE: u64 = 1 << 20;

/// Proves that the log is whole and unchanged, or names the first thing that is not.
///
/// Every event is hashed anew; tiles and root must be what that gives, the head must be signed, and no job may
/// lack an event. With --from and --to only those entries are, and that the signed head covers them. A bundle's
/// files must be those of its signed manifest.
/// A bundle, a receipt and a saved checkpoint are checked without the ledger and without an account,
/// by the keys that you name; get those from somebody whom you trust, not out of the bundle.
///
/// Exit code 0: verified. 1: not verified, with the first thing that is wrong.
/// With --json: {"verified": true, "origin", "size", "root", …}.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  clerkwork audit verify --as frank
  clerkwork audit verify --from 100000 --to 200000 --as frank
  clerkwork audit verify --saved last-month.checkpoint --as frank
  clerkwork audit verify --bundle trail/ --key 'tax.example/cw+1234abcd+AbC…'
  clerkwork audit verify --receipt event.tlog-proof --key 'tax.example/cw+1234abcd+AbC…'")]
pub struct Args {
    /// A folder that `audit export` wrote, instead of the ledger
    #[arg(long, value_name = "FOLDER")]
    bundle: Option<PathBuf>,
    /// A receipt that `audit prove` wrote, alone
    #[arg(long, value_name = "FILE", conflicts_with = "bundle")]
    receipt: Option<PathBuf>,
    /// Only the entries from this number on, counted from 0
    #[arg(long, value_name = "N", conflicts_with_all = ["receipt", "saved"])]
    from: Option<u64>,
    /// Only the entries up to this number, which is not one of them
    #[arg(long, value_name = "N", conflicts_with_all = ["receipt", "saved"])]
    to: Option<u64>,
    /// A checkpoint that was saved earlier: the log must have grown out of it. May be repeated
    #[arg(long, value_name = "FILE")]
    saved: Vec<PathBuf>,
    /// A key whose signature counts. May be repeated. Default: those in the ledger
    #[arg(long, value_name = "KEY")]
    key: Vec<String>,
    #[command(flatten)]
    acting: Acting,
}

/// Does it.
pub async fn run(context: &Context, args: Args) -> Outcome {
    let keys = || named_keys(&args.key);
    if let Some(path) = &args.receipt {
        return receipt(context, path, &args.key, &args.saved);
    }
    let bar = bar(&context.out, 0);
    let head = if let Some(folder) = &args.bundle {
        let keys = keys()?;
        let saved = saved(&args.saved, &keys)?;
        let source = Source::Folder(folder.as_path().into());
        let head = proven(&source, &args, &keys, &saved, &bar).await?;
        if args.from.is_none() && args.to.is_none() {
            bundle::check(folder, &head, &keys)?;
        }
        head
    } else {
        let opened = installation::open(context).await?;
        let verb = "audit.verify";
        let reader = context.authorise(&opened, &args.acting, verb, None).await?;
        note_read(&opened, &reader, json!({"what": "audit verify"})).await?;
        let known = opened.ledger.log_keys().await?;
        let own = known.iter().map(|key| key.vkey.as_str());
        let keys = match args.key.is_empty() {
            true => verifiers(own)?,
            false => keys()?,
        };
        let saved = saved(&args.saved, &keys)?;
        let source = Source::Ledger(opened.ledger.clone());
        proven(&source, &args, &keys, &saved, &bar).await?
    };
    let out = &context.out;
    let (from, to) = (args.from.unwrap_or(0), args.to.unwrap_or(head.size));
    out.line(format!(
        "verified: {} entries of `{}`, {from} to {to} of {}, root {}",
        to - from,
        head.origin,
        head.size,
        head.root
    ));
    out.json(&json!({
        "verified": true,
        "origin": head.origin,
        "size": head.size,
        "root": head.root.to_string(),
        "from": from,
        "to": to,
        "saved": args.saved.len(),
    }));
    Ok(Exit::Done)
}

/// Goes through the whole log or the range that is wanted.
async fn proven(
    source: &Source,
    args: &Args,
    keys: &LogVerifiers,
    saved: &[Checkpoint],
    bar: &ProgressBar,
) -> Result<Checkpoint, Failure> {
    match (args.from, args.to) {
        (None, None) => walk(source, keys, saved, bar).await,
        (from, to) => range(source, keys, from.unwrap_or(0), to, bar).await,
    }
}

fn named_keys(keys: &[String]) -> Result<LogVerifiers, Failure> {
    if keys.is_empty() {
        return Err(Failure::usage(
            "name the key that you trust with `--key`; `clerkwork audit keys` shows those of the \
             log, and whoever runs it should have told you by another way",
        ));
    }
    verifiers(keys.iter().map(String::as_str))
}

/// Checkpoints that were saved, each signed by one of the keys.
fn saved(paths: &[PathBuf], keys: &LogVerifiers) -> Result<Vec<Checkpoint>, Failure> {
    let read = |path: &PathBuf| {
        let note = read(path)?;
        let head = Checkpoint::open(note.as_bytes(), keys);
        head.map_err(|error| not_verified(format!("`{}`: {error}", path.display())))
    };
    paths.iter().map(read).collect()
}

fn receipt(context: &Context, path: &Path, keys: &[String], saved: &[PathBuf]) -> Outcome {
    if !saved.is_empty() {
        return Err(Failure::usage(
            "a receipt proves one entry; check a saved checkpoint against the log or a bundle",
        ));
    }
    let known = named_keys(keys)?;
    let named = |error: ReceiptError| not_verified(format!("`{}`: {error}", path.display()));
    let receipt = Receipt::read(&read(path)?).map_err(named)?;
    let head = Checkpoint::peek(receipt.checkpoint.as_bytes()).map_err(broken_head)?;
    // The name of a key is the origin of its log.
    let origins: Vec<_> = keys
        .iter()
        .filter_map(|key| key.split('+').next())
        .collect();
    let origin = match origins.contains(&head.origin.as_str()) {
        true => head.origin,
        false => origins.first().copied().unwrap_or_default().to_owned(),
    };
    let head = receipt.check(&origin, &known).map_err(named)?;
    let event: serde_json::Value = serde_json::from_slice(&receipt.entry).map_err(|error| {
        not_verified(format!(
            "`{}`: the entry is no event: {error}",
            path.display()
        ))
    })?;
    let out = &context.out;
    out.line(format!(
        "verified: entry {} of {} of `{}`\n{}",
        receipt.index,
        head.size,
        head.origin,
        String::from_utf8_lossy(&receipt.entry)
    ));
    out.json(&json!({
        "verified": true,
        "origin": head.origin,
        "size": head.size,
        "root": head.root.to_string(),
        "index": receipt.index,
        "event": event,
    }));
    Ok(Exit::Done)
}

fn read(path: &Path) -> Result<String, Failure> {
    let failed = |why: String| Failure::input(format!("`{}`: {why}", path.display()));
    let length = fs::metadata(path)
        .map_err(|error| failed(error.to_string()))?
        .len();
    if length > MAX_FILE {
        return Err(failed("it is longer than any receipt or checkpoint".into()));
    }
    fs::read_to_string(path).map_err(|error| failed(error.to_string()))
}
