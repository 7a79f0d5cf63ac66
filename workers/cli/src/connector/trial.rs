//! `clerkwork connector health` and `try`

use std::{
    fs::File,
    io::{self, Read},
    path::PathBuf,
    time::Instant,
};

use clerkwork_connectors_api::{
    contract::{Connector, Operation},
    http::{Access, Rehearsal, Rehearsed},
};
use clerkwork_core::IdempotencyKey;
use serde_json::{Map, Value, json};

use super::{all, failed, named, note, noted};
use crate::{
    context::Context,
    failure::{Exit, Failure, Outcome},
    installation,
    sign_in::Acting,
};

/// Asks a connector's upstream whether it is there and takes our credentials. Changes nothing there.
///
/// That it was asked is an event, under your name. Exit code 3 when it is not there.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  clerkwork connector health etax --as dora")]
pub struct HealthArgs {
    /// Its name, as `connector list` shows it
    connector: String,
    #[command(flatten)]
    acting: Acting,
}

/// Calls an operation that reads, and shows what it gives; personal data included.
///
/// A write is never made from here: it goes through a job, the policy and the journal. With --dry-run an input
/// is checked, and what would go out before the first answer is shown, without credentials; nothing is sent. That
/// it was called is an event, under your name. With --json: {"output", "ms"}; of an operation that is polled
/// {"items", "next", "ms"}; with --dry-run {"input", "requests", "sent": false}.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  clerkwork connector try etax status --input '{\"application_number\":\"DK-1\"}' --as dora
  clerkwork connector try etax pending --as dora
  clerkwork connector try etax approve_and_issue --input-file item.json --dry-run --as dora")]
pub struct TryArgs {
    /// Its name, as `connector list` shows it
    connector: String,
    /// The operation, as `connector show` shows it
    operation: String,
    /// What it takes, as JSON
    #[arg(long, conflicts_with = "input_file")]
    input: Option<String>,
    /// A file with what it takes; `-` reads from stdin
    #[arg(long, value_name = "FILE")]
    input_file: Option<PathBuf>,
    /// Of an operation that is polled: go on after this, `next` of the page before
    #[arg(long)]
    after: Option<String>,
    /// Check the input, show what would go out, and send nothing
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    acting: Acting,
}

/// Longest input, in bytes.
const LONGEST: u64 = 4 * 1024 * 1024;

/// Items of a page that is polled.
const PAGE: u32 = 20;

/// Asks it.
pub async fn health(context: &Context, args: HealthArgs) -> Outcome {
    let opened = installation::open(context).await?;
    let by = context
        .authorise(&opened, &args.acting, "connector.health", None)
        .await?;
    let connector = named(&all(&opened, &by, None)?, &args.connector)?;
    let name = connector.profile().name;
    let began = Instant::now();
    let answer = connector.health().await;
    note(&opened, &by, name, "health", answer.as_ref().err()).await?;
    answer.map_err(|error| failed(&error))?;
    let ms = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
    context.out.line(format!("{name}: ok, {ms} ms"));
    context
        .out
        .json(&json!({"connector": name, "healthy": true, "ms": ms}));
    Ok(Exit::Done)
}

/// What an operation is to be given.
fn input(args: &TryArgs) -> Result<Value, Failure> {
    let (name, text) = match (&args.input, &args.input_file) {
        (Some(text), _) => ("--input".to_owned(), text.clone()),
        (None, None) => return Ok(json!({})),
        (None, Some(path)) => {
            let text = match path.as_os_str() == "-" {
                true => io::read_to_string(io::stdin().lock().take(LONGEST)),
                false => File::open(path).and_then(|file| io::read_to_string(file.take(LONGEST))),
            };
            let name = path.display().to_string();
            let unreadable = |error| Failure::input(format!("`{name}` cannot be read: {error}"));
            (name.clone(), text.map_err(unreadable)?)
        }
    };
    serde_json::from_str(&text)
        .map_err(|error| Failure::input(format!("`{name}` holds no JSON: {error}")))
}

/// What an operation would send, up to the first answer that it would go by.
async fn rehearsed(
    connector: &dyn Connector,
    operation: &Operation,
    args: &TryArgs,
    input: &Value,
    rehearsal: &Rehearsal,
) -> Result<Vec<Rehearsed>, Failure> {
    let key = IdempotencyKey("dry-run".into());
    let named = (operation.access() == Access::Write).then_some(&key);
    let ended = match operation.polled {
        true => connector
            .poll(operation.name, args.after.as_deref(), PAGE)
            .await
            .map(|_| ()),
        false => connector
            .call(operation.name, named, input)
            .await
            .map(|_| ()),
    };
    let calls = rehearsal.take();
    match ended {
        // Why it would send nothing at all.
        Err(error) if calls.is_empty() => Err(failed(&error)),
        Err(_) => Ok(calls),
        // Nothing can answer where nothing is sent.
        Ok(()) => Err(Failure::internal(
            "the connector answered in a rehearsal: look upstream whether something was done",
        )),
    }
}

/// As HTTP has it.
fn shown(call: &Rehearsed) -> String {
    let mut lines = vec![format!("{} {}", call.method, call.url)];
    let headers = call.headers.iter();
    lines.extend(headers.map(|(name, value)| format!("{name}: {value}")));
    if !call.body.is_empty() {
        lines.push(format!("\n{}", call.body));
    }
    lines.push(String::new());
    lines.join("\n")
}

/// Calls it.
pub async fn call(context: &Context, args: TryArgs) -> Outcome {
    let opened = installation::open(context).await?;
    let by = context
        .authorise(&opened, &args.acting, "connector.try", None)
        .await?;
    let rehearsal = args.dry_run.then(Rehearsal::default);
    let connectors = all(&opened, &by, rehearsal.clone())?;
    let connector = named(&connectors, &args.connector)?;
    let profile = connector.profile();
    let operation = profile.operation(&args.operation);
    let operation = operation.map_err(|error| failed(&error))?;
    let input = input(&args)?;
    let out = &context.out;
    if !operation.polled
        && let Err(why) = operation.input.check(&input)
    {
        return Err(Failure::input(format!(
            "the input of `{}` does not fit: {why}; `connector show {} --operation {} --json` has its schema",
            operation.name, profile.name, operation.name
        )));
    }
    if let Some(rehearsal) = rehearsal {
        let calls = rehearsed(&*connector, operation, &args, &input, &rehearsal).await;
        noted(&opened, &by, profile.name, operation.name).await?;
        let calls = calls?;
        for call in &calls {
            out.line(shown(call));
        }
        out.line(format!(
            "{}.{}: the input fits; nothing was sent",
            profile.name, operation.name
        ));
        let calls = calls.iter().map(|call| {
            let headers: Map<_, _> = call
                .headers
                .iter()
                .map(|(name, value)| (name.clone(), Value::from(value.as_str())))
                .collect();
            json!({"method": call.method, "url": call.url, "headers": headers, "body": call.body})
        });
        let calls: Vec<_> = calls.collect();
        out.json(&json!({"connector": profile.name, "operation": operation.name, "input": input, "sent": false, "requests": calls}));
        return Ok(Exit::Done);
    }
    if operation.access() == Access::Write {
        return Err(Failure::refused(
            "write",
            format!(
                "`{}` changes something upstream: that goes through a job; use --dry-run to check an input",
                operation.name
            ),
        ));
    }
    let began = Instant::now();
    let shown = if operation.polled {
        let page = connector
            .poll(operation.name, args.after.as_deref(), PAGE)
            .await;
        page.map(|page| json!({"items": page.items, "next": page.next}))
    } else {
        let answer = connector.call(operation.name, None, &input).await;
        answer.map(|answer| json!({"output": answer.output}))
    };
    note(
        &opened,
        &by,
        profile.name,
        operation.name,
        shown.as_ref().err(),
    )
    .await?;
    let mut shown = shown.map_err(|error| failed(&error))?;
    out.line(serde_json::to_string_pretty(&shown).unwrap_or_default());
    shown["ms"] = u64::try_from(began.elapsed().as_millis())
        .unwrap_or(u64::MAX)
        .into();
    out.json(&shown);
    Ok(Exit::Done)
}
