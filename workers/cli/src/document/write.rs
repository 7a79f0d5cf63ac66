//! `clerkwork document write`

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
    out_file::To,
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
    #[command(flatten)]
    to: To,
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
    args.to.free()?;
    let data = json!({
        "job": job.id.to_string(),
        "what": "personal data",
        "format": format.as_str(),
    });
    let event = EventDraft::new(EventType::AuditRead, reader.actor(), reader.noted(data));
    // Recorded before anything is written.
    ledger.record(job.office.clone(), event).await?;
    let value = json!({"job": job.id, "format": format.as_str()});
    args.to.hand_out(&context.out, "document", &text, value)?;
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

#[cfg(test)]
mod tests {
    use super::*;
    use clerkwork_core::{Digest, JobId, KindName, Lane, Office, Timestamp};

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
}
