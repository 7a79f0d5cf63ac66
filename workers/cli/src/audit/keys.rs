//! `clerkwork audit keys`, `add-key` and `retire-key`

use clerkwork_ledger::{LogKeyChanged, StoredLogKey};
use serde_json::{Value, json};

use super::{no_log, note_read};
use crate::{
    context::Context,
    failure::{Exit, Failure, Outcome},
    installation, moment,
    sign_in::Acting,
    texts,
};

/// Lists the keys that sign the heads of the log, those that are retired included.
///
/// Whoever is to check the log needs the keys by a way of their own: print them, sign them, post them.
/// With --json: {"items": [{"key", "added_at", "retired_at"}]}.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  clerkwork audit keys --as frank")]
pub struct ListArgs {
    #[command(flatten)]
    acting: Acting,
}

/// Adds a key: from now on heads are signed by it and by the old ones.
///
/// To rotate: add one, hand it to all who check the log, then retire the old one.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  clerkwork audit add-key --as dave")]
pub struct AddArgs {
    #[command(flatten)]
    acting: Acting,
}

/// Retires a key: it signs no more. What it has signed stays valid.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:
  clerkwork audit retire-key 'clerkwork.local/1a2b3c4d+1234abcd+AbC…' --as dave")]
pub struct RetireArgs {
    /// The key, as `audit keys` shows it
    key: String,
    #[command(flatten)]
    acting: Acting,
}

fn as_json(key: &StoredLogKey) -> Value {
    json!({
        "key": key.vkey,
        "added_at": key.added_at.to_string(),
        "retired_at": key.retired_at.map(|at| at.to_string()),
    })
}

/// Lists them.
pub async fn list(context: &Context, args: ListArgs) -> Outcome {
    let opened = installation::open(context).await?;
    let verb = "audit.keys";
    let reader = context.authorise(&opened, &args.acting, verb, None).await?;
    note_read(&opened, &reader, json!({"what": "audit keys"})).await?;
    let keys = opened.ledger.log_keys().await?;
    let rows = keys.iter().map(|key| {
        let retired = key.retired_at.map(moment::show);
        vec![
            key.vkey.clone(),
            moment::show(key.added_at),
            retired.unwrap_or_default(),
        ]
    });
    let headers = [texts::LOG_KEY, texts::SINCE, texts::RETIRED];
    context
        .out
        .table(&headers, rows.collect(), &texts::NO_LOG_KEYS);
    context
        .out
        .json_page(keys.iter().map(as_json).collect(), None);
    Ok(Exit::Done)
}

/// Adds one.
pub async fn add(context: &Context, args: AddArgs) -> Outcome {
    let opened = installation::open(context).await?;
    let verb = "audit.add_key";
    let admin = context.authorise(&opened, &args.acting, verb, None).await?;
    let (changed, key) = opened.ledger.add_log_key(&admin.authority()).await?;
    done(changed, &key)?;
    context.out.line(format!("added: {key}"));
    context.out.json(&json!({"key": key}));
    Ok(Exit::Done)
}

/// Retires one.
pub async fn retire(context: &Context, args: RetireArgs) -> Outcome {
    let opened = installation::open(context).await?;
    let verb = "audit.retire_key";
    let admin = context.authorise(&opened, &args.acting, verb, None).await?;
    let by = admin.authority();
    let changed = opened.ledger.retire_log_key(&by, &args.key).await?;
    done(changed, &args.key)?;
    context.out.line(format!("retired: {}", args.key));
    context.out.json(&json!({"key": args.key}));
    Ok(Exit::Done)
}

fn done(changed: LogKeyChanged, key: &str) -> Result<(), Failure> {
    match changed {
        LogKeyChanged::Yes => Ok(()),
        LogKeyChanged::NoSuchKey if key.is_empty() => Err(no_log()),
        LogKeyChanged::NoSuchKey => Err(Failure::not_found(format!(
            "no key `{}` signs; `clerkwork audit keys` lists them",
            key.chars().take(100).collect::<String>()
        ))),
        LogKeyChanged::TheOnlyOne => Err(Failure::refused(
            "the_only_key",
            "it is the only key that signs; add another with `clerkwork audit add-key` first",
        )),
        LogKeyChanged::AuthorityChanged(name) => Err(Failure::refused(
            "authority_changed",
            format!("the rights of `{name}` were changed a moment ago; try again"),
        )),
    }
}
