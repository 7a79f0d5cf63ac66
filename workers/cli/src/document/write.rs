//! `clerkwork document write`

use std::{
    fs::{self, OpenOptions},
    io::Write,
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};

use clerkwork_audit::{EventDraft, EventType};
use clerkwork_connectors_api::red_letter::RedLetterApplication;
use clerkwork_core::{Job, State};
use clerkwork_documents::{InvoiceDocument, Issue};
use serde_json::{Value, json};

use super::{Format, KIND, local};
use crate::{
    context::Context,
    failure::{Exit, Failure, Outcome},
    installation, job,
    sign_in::Acting,
    view,
};

/// Writes the red invoice that a completed job issued.
///
/// The file holds personal data: it needs your name, and is itself recorded before it is written.
/// A file that is there is left as it is unless --force. Without --out it goes to stdout.
/// With --json: {"job", "format", "file"}, or {"job", "format", "document"} without --out.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  clerkwork document write HZ-1 --format einvoice --out red.xml --as alice
  clerkwork document write HZ-1 --format ubl --as alice > credit-note.xml")]
pub struct Args {
    /// Id or reference
    job: String,
    /// Which file
    #[arg(long, value_enum)]
    format: Format,
    /// Where to; default stdout
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Replaces a file that is there
    #[arg(long, requires = "out")]
    force: bool,
    #[command(flatten)]
    acting: Acting,
}

/// Does it.
pub async fn run(context: &Context, args: Args) -> Outcome {
    let opened = installation::open(context).await?;
    let ledger = &opened.ledger;
    let verb = "document.write";
    let (reader, job) = job::find_for(context, &opened, &args.acting, verb, &args.job).await?;
    completed(&job)?;
    let events = ledger.events_of(job.id).await?;
    let events: Vec<_> = events.iter().map(view::event).collect();
    let issue = issued(&job, &events)?;
    let application: RedLetterApplication = serde_json::from_str(&job.payload)
        .map_err(|error| Failure::missing("ledger_damaged", format!("job {}: {error}", job.id)))?;
    let document = InvoiceDocument::issued(&application, &issue);
    let format = clerkwork_documents::Format::from(args.format);
    let text = clerkwork_documents::write(&document, format).map_err(|error| {
        Failure::refused(
            "not_writable",
            format!(
                "job {} cannot be written as {}: {error}",
                job.id,
                format.as_str()
            ),
        )
    })?;
    if let Some(path) = &args.out
        && !args.force
        && path.symlink_metadata().is_ok()
    {
        return Err(taken(path));
    }
    let data = json!({
        "job": job.id.to_string(),
        "what": "personal data",
        "format": format.as_str(),
    });
    let event = EventDraft::new(EventType::AuditRead, reader.actor(), reader.noted(data));
    // Recorded before anything is written.
    ledger.record(job.office.clone(), event).await?;
    let out = &context.out;
    match &args.out {
        Some(path) => {
            save(path, &text, args.force)?;
            out.line(format!("written: {}", path.display()));
            out.json(&json!({
                "job": job.id,
                "format": format.as_str(),
                "file": path.display().to_string(),
            }));
        }
        None if out.json => {
            out.json(&json!({"job": job.id, "format": format.as_str(), "document": text}));
        }
        None => out.document(&text),
    }
    Ok(Exit::Done)
}

/// Refuses a job that issued nothing.
fn completed(job: &Job) -> Result<(), Failure> {
    if job.kind.as_str() != KIND {
        return Err(Failure::refused(
            "wrong_kind",
            format!(
                "job {} is of the kind `{}`, which issues no red invoice; name one of `{KIND}`",
                job.id, job.kind
            ),
        ));
    }
    if job.state != State::Completed {
        return Err(Failure::refused(
            "not_completed",
            format!(
                "job {} is {}, and a red invoice is issued when it is completed; look again with \
                 `clerkwork job show {}`",
                job.id,
                job.state.as_str(),
                job.id
            ),
        ));
    }
    Ok(())
}

/// What the completion says: the numbers, and its time.
fn issued(job: &Job, events: &[Value]) -> Result<Issue, Failure> {
    let kind = EventType::JobCompleted.as_str();
    let event = events
        .iter()
        .rev()
        .find(|event| event.get("type").and_then(Value::as_str) == Some(kind));
    let summary = event.and_then(|event| event.get("data")?.get("summary"));
    let number = |name: &str| {
        let text = summary?.get(name)?.as_str()?;
        (!text.is_empty()).then(|| text.to_owned())
    };
    let at = event
        .and_then(|event| event.get("at")?.as_i64())
        .and_then(local);
    match (number("red_number"), number("form_number"), at) {
        (Some(red_number), Some(form_number), Some(at)) => Ok(Issue {
            red_number,
            form_number,
            at,
        }),
        _ => Err(Failure::refused(
            "nothing_issued",
            format!(
                "job {} was completed without a red invoice of ours; `clerkwork job show {}` \
                 tells how",
                job.id, job.id
            ),
        )),
    }
}

fn taken(path: &Path) -> Failure {
    Failure::refused(
        "file_exists",
        format!(
            "`{}` is there already; name another file, or add `--force` to replace it",
            path.display()
        ),
    )
}

/// Writes the whole file or none of it, for its owner alone.
fn save(path: &Path, text: &str, force: bool) -> Result<(), Failure> {
    let failed = |error: std::io::Error| {
        Failure::missing("not_written", format!("`{}`: {error}", path.display()))
    };
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(format!(".new-{}", std::process::id()));
    let draft = path.with_file_name(name);
    let written = create(&draft, text).and_then(|()| {
        if force {
            fs::rename(&draft, path)
        } else {
            // Unlike renaming, linking never replaces what came there meanwhile.
            fs::hard_link(&draft, path)?;
            fs::remove_file(&draft)
        }
    });
    written.map_err(|error| {
        let _ = fs::remove_file(&draft);
        match error.kind() {
            std::io::ErrorKind::AlreadyExists => taken(path),
            _ => failed(error),
        }
    })
}

fn create(path: &Path, text: &str) -> std::io::Result<()> {
    let mut options = OpenOptions::new();
    let mut file = options
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;
    use clerkwork_core::{Digest, JobId, KindName, Lane, Office, Timestamp};
    use std::os::unix::fs::PermissionsExt;

    fn job(kind: &str, state: State) -> Job {
        Job {
            id: JobId(uuid::Uuid::from_u128(1)),
            kind: KindName::new(kind),
            reference: "HZ-1".into(),
            office: Office::default(),
            batch: None,
            lane: Lane::Standard,
            deadline: None,
            submitter: "alice".into(),
            state,
            attempt: 1,
            failures: 0,
            run_at: Timestamp(0),
            created_at: Timestamp(0),
            updated_at: Timestamp(0),
            seq: 1,
            payload: "{}".into(),
            payload_digest: Digest::of(&[]),
            verdict: None,
            last_error: None,
            cancel_requested: false,
            worker: None,
            traceparent: None,
        }
    }

    #[test]
    fn only_a_completed_job_of_the_kind_issued_a_red_invoice() {
        assert!(completed(&job(KIND, State::Completed)).is_ok());
        let failure = completed(&job(KIND, State::Waiting)).unwrap_err();
        assert_eq!(
            (failure.exit, failure.code),
            (Exit::Refused, "not_completed")
        );
        let failure = completed(&job("agent_invoice_review", State::Completed)).unwrap_err();
        assert_eq!((failure.exit, failure.code), (Exit::Refused, "wrong_kind"));
    }

    #[test]
    fn the_numbers_are_those_of_the_last_completion() {
        let job = job(KIND, State::Completed);
        let event = |at: i64, red: &str| {
            json!({"type": "job.completed", "at": at, "data": {"summary": {
                "red_number": red, "form_number": "11011526030900000001",
            }}})
        };
        let other = json!({"type": "job.claimed", "at": 5, "data": {}});
        let events = [
            event(1, "1"),
            event(1_772_380_800_000_000, "2"),
            other.clone(),
        ];
        let issue = issued(&job, &events).unwrap();
        assert_eq!(issue.red_number, "2");
        assert_eq!(issue.form_number, "11011526030900000001");
        assert_eq!(issue.at.to_string(), "2026-03-02T00:00:00");
        for events in [vec![], vec![other], vec![event(1, "")]] {
            let failure = issued(&job, &events).unwrap_err();
            assert_eq!(failure.code, "nothing_issued");
        }
    }

    #[test]
    fn a_file_that_is_there_is_replaced_only_by_force() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("red.xml");
        save(&path, "one", false).unwrap();
        let failure = save(&path, "two", false).unwrap_err();
        assert_eq!((failure.exit, failure.code), (Exit::Refused, "file_exists"));
        assert_eq!(fs::read_to_string(&path).unwrap(), "one");
        save(&path, "two", true).unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "two");
        let mode = fs::metadata(&path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode, 0o600);
        assert_eq!(
            fs::read_dir(dir.path()).unwrap().count(),
            1,
            "no draft is left"
        );
        let failure = save(&dir.path().join("no/red.xml"), "x", false).unwrap_err();
        assert_eq!(failure.exit, Exit::Missing);
    }
}
