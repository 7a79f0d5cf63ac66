//! `clerkwork review by-hand`
//!
//! A person did in the business system, or at the counter, what the item asks for. The job ends as
//! completed and no robot acts on it. Refused while the outcome of one of its acts is not known,
//! because then nobody knows what stands upstream.

use clerkwork_audit::{EventDraft, EventType};
use clerkwork_core::{ReasonCode, ReasonFor, ReviewState, State};
use clerkwork_ledger::{Change, Changed, ReviewWrite};
use clerkwork_policy::ReviewAct;
use serde_json::json;

use super::{
    decide::{fits, note, terms},
    gate::Gate,
    refusals::{decided, overtaken},
    sheet::Sheet,
};
use crate::{
    context::Context,
    failure::{Exit, Failure, Outcome},
    installation,
    sign_in::Acting,
    texts,
};

/// Notes that a person did by hand what the item asks for; its job is completed.
///
/// Items of the same matter that joined the review are not completed with it: each then stands for
/// itself.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:
  clerkwork review by-hand DK-1 --number 26440000000000000001 --shown 3f9a01c2 --code done_at_counter --note 'issued at the counter' --as bob")]
pub struct Args {
    /// Id of the review, or id or reference of its job
    review: String,
    /// Number under which the result stands in the business system
    #[arg(long)]
    number: String,
    /// What you saw: the first 8 or more digits that `review show` prints as shown
    #[arg(long, value_name = "HASH")]
    shown: String,
    /// Why, from the list
    #[arg(long)]
    code: ReasonCode,
    /// Why, in your words; kept sealed in the audit trail
    #[arg(long)]
    note: String,
    #[command(flatten)]
    acting: Acting,
}

/// Does it.
pub async fn run(context: &Context, args: Args) -> Outcome {
    let reason = note(&args.note)?;
    fits(args.code, ReasonFor::ByHand)?;
    let number = args.number.trim();
    let proper = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '/' | '.');
    if !(1..=64).contains(&number.len()) || !number.chars().all(proper) {
        return Err(Failure::usage(
            "`--number` takes 1 to 64 letters and digits, as the number stands in the system",
        ));
    }
    let opened = installation::open(context).await?;
    let ledger = &opened.ledger;
    let verb = "review.by_hand";
    let (principal, review, job) =
        super::find_for(context, &opened, &args.acting, verb, &args.review).await?;
    if review.state != ReviewState::Open {
        return Err(decided(context, &review));
    }
    let sheet = Sheet::read(ledger, review).await?;
    sheet.check(&args.shown)?;
    let review = &sheet.review;
    let gate = Gate::open(context, &opened, &principal).await?;
    gate.ask(review, &job, ReviewAct::Work, verb).await?;
    let terms = terms(&principal, &gate, &sheet, args.code);
    let data = json!({
        "review": review.id.to_string(),
        "number": number,
        "code": args.code.as_str(),
        "shown": terms.shown.to_string(),
    });
    let done = EventDraft::new(
        EventType::ReviewDoneByHand,
        principal.actor(),
        principal.noted(data),
    );
    let summary = json!({"summary": {"by_hand": true, "number": number}});
    let completed = EventDraft::new(EventType::JobCompleted, principal.actor(), summary);
    let mut change = Change::new(job.id, State::Blocked, job.attempt, State::Completed)
        .event(done.with_personal("reason", reason.as_str()))
        .event(completed);
    change.release = true;
    change.review = Some(ReviewWrite::ByHand {
        id: review.id,
        by: principal.name().to_owned(),
        reason,
        terms: Box::new(terms),
    });
    if let Changed::No(refused) = ledger.change(change).await? {
        return Err(overtaken(context, ledger, review, &job, refused).await?);
    }
    let out = &context.out;
    out.line(format!(
        "{}: {} {} (`{}`), {number}",
        out.both(&texts::event("review.done_by_hand")),
        out.both(&texts::JOB),
        job.id,
        job.reference
    ));
    out.json(&json!({
        "review": review.id,
        "job": job.id,
        "state": State::Completed,
        "number": number,
        "done_by": principal.name(),
    }));
    Ok(Exit::Done)
}
