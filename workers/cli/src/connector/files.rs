//! `clerkwork connector lint` and `reload`

use std::{
    fs,
    path::{Path, PathBuf},
};

use clerkwork_audit::{EventDraft, EventType};
use clerkwork_core::Digest;
use clerkwork_declarative::{Finding, Level, lint};
use serde_json::{Value, json};

use crate::{
    context::Context,
    failure::{Exit, Failure, Outcome},
    installation,
    sign_in::Acting,
};

/// Checks files of connectors and names all that is wrong or deserves a look, with line and column.
///
/// Without a file: those of the folder of connectors. Exit code 1 when one cannot be loaded. With --json:
/// {"items": [{"file", "line", "column", "level", "message"}]}.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  clerkwork connector lint\n  clerkwork connector lint erp.toml"
)]
pub struct LintArgs {
    /// The files
    files: Vec<PathBuf>,
}

/// Has the files of the connectors read again, in every process, within about a second.
///
/// A file that is wrong is told, and nothing is read again. That it was done is an event, under your name.
/// With --json: {"connectors": digest, "files": […]}.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  clerkwork connector reload --as dora")]
pub struct ReloadArgs {
    #[command(flatten)]
    acting: Acting,
}

/// The files of a folder that are connectors, by name.
fn files(folder: &Path) -> Result<Vec<PathBuf>, Failure> {
    let unreadable = |error: std::io::Error| {
        let folder = folder.display();
        Failure::missing("connectors", format!("`{folder}` cannot be read: {error}"))
    };
    let mut files = Vec::new();
    if !folder.exists() {
        return Ok(files);
    }
    for entry in fs::read_dir(folder).map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        if path
            .extension()
            .is_some_and(|extension| extension == "toml")
        {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

fn read(path: &Path) -> Result<String, Failure> {
    fs::read_to_string(path)
        .map_err(|error| Failure::input(format!("`{}` cannot be read: {error}", path.display())))
}

fn findings(files: &[PathBuf]) -> Result<Vec<Finding>, Failure> {
    let mut found = Vec::new();
    for path in files {
        found.extend(lint(&read(path)?, &path.display().to_string()));
    }
    Ok(found)
}

fn as_json(finding: &Finding) -> Value {
    let fault = &finding.fault;
    json!({
        "file": fault.file, "line": fault.line, "column": fault.column,
        "level": finding.level.to_string(), "message": fault.message,
    })
}

/// Checks them.
pub fn check(context: &Context, args: LintArgs) -> Outcome {
    let all = match args.files.is_empty() {
        true => files(&context.config()?.connectors_folder())?,
        false => args.files,
    };
    let found = findings(&all)?;
    let out = &context.out;
    for finding in &found {
        out.line(finding);
    }
    let broken = found.iter().filter(|one| one.level == Level::Error).count();
    out.line(format!(
        "{} files, {broken} errors, {} warnings",
        all.len(),
        found.len() - broken
    ));
    out.json_page(found.iter().map(as_json).collect(), None);
    Ok(match broken {
        0 => Exit::Done,
        _ => Exit::WorkFailed,
    })
}

/// Has them read again.
pub async fn reload(context: &Context, args: ReloadArgs) -> Outcome {
    let opened = installation::open(context).await?;
    let verb = "connector.reload";
    let by = context.authorise(&opened, &args.acting, verb, None).await?;
    let all = files(&opened.config.connectors_folder())?;
    let found = findings(&all)?;
    if let Some(broken) = found.iter().find(|one| one.level == Level::Error) {
        return Err(Failure::input(format!(
            "{broken}; nothing was read again, `connector lint` shows all that is wrong"
        )));
    }
    let (mut digests, mut names) = (Vec::new(), Vec::new());
    for path in &all {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let text = read(path)?;
        digests.push(Digest::of(&[name.as_bytes(), b"\0", text.as_bytes()]).0);
        names.push(name.into_owned());
    }
    let digests: Vec<&[u8]> = digests.iter().map(<[u8; 32]>::as_slice).collect();
    let digest = Digest::of(&digests).to_string();
    let data = by.noted(json!({"connectors": digest, "files": names}));
    let event = EventDraft::new(EventType::ConnectorsReloaded, by.actor(), data);
    let office = by.office_or(None, &opened.config);
    opened.ledger.record(office, event).await?;
    context
        .out
        .line(format!("read again: {}", names.join(", ")));
    context
        .out
        .json(&json!({"connectors": digest, "files": names}));
    Ok(Exit::Done)
}
