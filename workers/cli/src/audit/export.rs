//! `clerkwork audit export`

use std::{
    fs::{self, File, OpenOptions},
    io::BufWriter,
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};

use clap::ValueEnum;
use clerkwork_audit::schema;
use clerkwork_core::Office;
use clerkwork_ledger::{EventFilter, Ledger, Order, Page};
use indicatif::ProgressBar;
use serde_json::json;

use super::{
    bundle, note_read,
    sheet::{Csv, Lines, Mapped, Sheet, SheetError, Xlsx},
    which::{Asked, Which},
};
use crate::{
    batch::bar,
    context::Context,
    failure::{Exit, Failure, Outcome},
    installation, out_file,
    sign_in::Acting,
};

/// Events read at a time.
const AT_ONCE: u32 = 1_000;

/// Writes the trail into files: the whole log as a bundle that anybody can check, or events as lines or
/// sheets, the oldest first.
///
/// A bundle is a folder in the layout of C2SP tlog-tiles (`checkpoint`, `tile/…`, `tile/entries/…`, beside
/// them `keys` and a signed `manifest` of all files). It is the work of all offices, so it takes an auditor of the centre.
/// jsonl has the exact bytes of each event on a line of its own; csv and xlsx have a row for each, every
/// cell as text; ocsf and ecs are lines for systems that collect events of many programs, with the event
/// itself in each.
///
/// None of it holds personal data, only commitments to them. What is exported is itself an event. A file
/// is written beside its place and moved there when it is whole.
/// With --json: {"folder", "origin", "size", "root"} of a bundle, {"file", "events"} of the others.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  clerkwork audit export trail-2026-11 --as frank
  clerkwork audit verify --bundle trail-2026-11 --key 'tax.example/cw+1234abcd+AbC…'
  clerkwork audit export november.csv --format csv --since 30d --type job.decided --as frank")]
pub struct Args {
    /// The folder or file; there must be none of that name
    out: PathBuf,
    /// What is written
    #[arg(long, value_enum, default_value_t = Format::Bundle)]
    format: Format,
    #[command(flatten)]
    which: Which,
    #[command(flatten)]
    acting: Acting,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    Bundle,
    Jsonl,
    Csv,
    Xlsx,
    /// Lines of JSON in the vocabulary of OCSF
    Ocsf,
    /// Lines of JSON in the vocabulary of ECS
    Ecs,
}

/// Does it.
pub async fn run(context: &Context, args: Args) -> Outcome {
    match args.format {
        Format::Bundle => whole(context, &args).await,
        _ => some(context, &args).await,
    }
}

async fn whole(context: &Context, args: &Args) -> Outcome {
    if args.which.narrows() {
        return Err(Failure::usage(
            "a bundle is the whole log, as only that can be proven; choose `--format jsonl`, `csv` or \
             `xlsx` for some events of it",
        ));
    }
    bundle::free(&args.out)?;
    let opened = installation::open(context).await?;
    let verb = "audit.export";
    let reader = context
        .authorise(&opened, &args.acting, verb, Some(&Office::default()))
        .await?;
    let data = json!({"what": "audit export", "format": "bundle"});
    note_read(&opened, &reader, data).await?;
    let progress = bar(&context.out, 0);
    let said = bundle::export(&opened.ledger, &args.out, &progress).await?;
    progress.finish_and_clear();
    let (out, folder) = (&context.out, args.out.display());
    out.line(format!("written: {folder}, {} entries", said.size));
    out.json(&json!({
        "folder": folder.to_string(),
        "origin": said.origin,
        "size": said.size,
        "root": said.root.to_string(),
    }));
    Ok(Exit::Done)
}

async fn some(context: &Context, args: &Args) -> Outcome {
    out_file::free(&args.out, false)?;
    let opened = installation::open(context).await?;
    let asked = args
        .which
        .ask(context, &opened, &args.acting, "audit.export");
    let Asked {
        reader,
        filter,
        mut data,
        office: _,
    } = asked.await?;
    data["what"] = "audit export".into();
    data["format"] = format!("{:?}", args.format).to_lowercase().into();
    note_read(&opened, &reader, data).await?;
    let mut name = args.out.file_name().unwrap_or_default().to_owned();
    name.push(format!(".new-{}", std::process::id()));
    let draft = args.out.with_file_name(name);
    let progress = bar(&context.out, 0);
    let written = write(&opened.ledger, &filter, args.format, &draft, &progress).await;
    let moved = written.and_then(|events| {
        // Unlike renaming, linking never replaces what came there meanwhile.
        let linked = fs::hard_link(&draft, &args.out);
        linked.map_err(|error| unwritten(&args.out, &error.to_string()))?;
        Ok(events)
    });
    let _ = fs::remove_file(&draft);
    let events = moved?;
    progress.finish_and_clear();
    let (out, file) = (&context.out, args.out.display());
    out.line(format!("written: {file}, {events} events"));
    out.json(&json!({"file": file.to_string(), "events": events}));
    Ok(Exit::Done)
}

fn unwritten(path: &Path, why: &str) -> Failure {
    Failure::missing("not_written", format!("`{}`: {why}", path.display()))
}

/// Writes the events that fit, and tells how many they were.
async fn write(
    ledger: &Ledger,
    filter: &EventFilter,
    format: Format,
    path: &Path,
    progress: &ProgressBar,
) -> Result<u64, Failure> {
    let failed = |error: SheetError| unwritten(path, &error.to_string());
    let mut sheet = sheet(format, create(path)?).map_err(failed)?;
    let (mut after, mut events) = (None, 0);
    loop {
        let page = Page {
            after,
            limit: AT_ONCE,
        };
        let found = ledger.search(filter, Order::Oldest, page).await?;
        for event in &found.events {
            sheet.add(event).map_err(failed)?;
        }
        events += found.events.len() as u64;
        progress.set_position(events);
        after = found.next;
        if after.is_none() {
            break;
        }
    }
    sheet.end().map_err(failed)?;
    Ok(events)
}

fn create(path: &Path) -> Result<BufWriter<File>, Failure> {
    let mut options = OpenOptions::new();
    let opened = options.write(true).create_new(true).mode(0o600).open(path);
    opened
        .map(BufWriter::new)
        .map_err(|error| unwritten(path, &error.to_string()))
}

fn sheet(format: Format, out: BufWriter<File>) -> Result<Box<dyn Sheet>, SheetError> {
    Ok(match format {
        Format::Csv => Box::new(Csv::new(out)?),
        Format::Xlsx => Box::new(Xlsx::new(out)?),
        Format::Ocsf => Box::new(Mapped(out, schema::ocsf)),
        Format::Ecs => Box::new(Mapped(out, schema::ecs)),
        Format::Jsonl | Format::Bundle => Box::new(Lines(out)),
    })
}
