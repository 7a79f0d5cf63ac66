//! `clerkwork job retry` and `clerkwork job cancel`

use clerkwork_core::{EffectRecord, EffectState, JobId};
use clerkwork_ledger::{CancelOutcome, Changed, Refused};
use serde_json::json;

use crate::{
    context::Context,
    failure::{Exit, Failure, Outcome},
    installation,
    sign_in::Acting,
    texts,
};

/// Gives a failed job another chance.
///
/// Its failures are counted from zero again. Effects that an earlier attempt left unclear are
/// looked up before anything is done again.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:
  clerkwork job retry DK-1 --reason 'the platform is back' --as alice")]
pub struct RetryArgs {
    /// Id or reference
    job: String,
    /// Why; goes into the audit trail
    #[arg(long)]
    reason: String,
    #[command(flatten)]
    acting: Acting,
}

/// Calls a job off.
///
/// A running job is told so and stops before its next effect; what was done upstream already stays
/// there.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:
  clerkwork job cancel DK-1 --reason 'withdrawn by the applicant' --as alice")]
pub struct CancelArgs {
    /// Id or reference
    job: String,
    /// Why; goes into the audit trail
    #[arg(long)]
    reason: String,
    #[command(flatten)]
    acting: Acting,
}

/// Gives a failed job another chance.
pub async fn retry(context: &Context, args: RetryArgs) -> Outcome {
    let reason = reason(&args.reason)?;
    let opened = installation::open(context).await?;
    let (principal, job) =
        super::find_for(context, &opened, &args.acting, "job.retry", &args.job).await?;
    let changed = opened
        .ledger
        .redrive(job.id, principal.actor(), &reason)
        .await?;
    match changed {
        Changed::Yes => {
            context.out.line(format!("job {} is due again", job.id));
            context
                .out
                .json(&json!({"id": job.id, "outcome": "redriven"}));
            Ok(Exit::Done)
        }
        Changed::No(refused) => Err(refusal(
            context,
            job.id,
            refused,
            "only a failed job can be given another chance",
        )),
    }
}

/// Calls a job off.
pub async fn cancel(context: &Context, args: CancelArgs) -> Outcome {
    let reason = reason(&args.reason)?;
    let opened = installation::open(context).await?;
    let (principal, job) =
        super::find_for(context, &opened, &args.acting, "job.cancel", &args.job).await?;
    let outcome = opened
        .ledger
        .request_cancel(job.id, principal.actor(), &reason)
        .await?;
    let (text, outcome) = match outcome {
        CancelOutcome::Cancelled => (format!("job {} is cancelled", job.id), "cancelled"),
        CancelOutcome::Requested => (
            format!(
                "job {} is running, or its last effect is not settled yet; it stops before its next effect",
                job.id
            ),
            "requested",
        ),
        CancelOutcome::No(refused) => {
            return Err(refusal(
                context,
                job.id,
                refused,
                "a job that is done stays done",
            ));
        }
    };
    // Somebody else may go on with what stands there.
    let effects = opened.ledger.effects(job.id).await?;
    let confirmed = |effect: &EffectRecord| effect.state == EffectState::Confirmed;
    let stays = outcome == "cancelled" && effects.iter().any(confirmed);
    let out = &context.out;
    out.line(text);
    if stays {
        out.line(out.sentence("  ", &texts::STAYS_UPSTREAM));
    }
    out.json(&json!({"id": job.id, "outcome": outcome, "stays_upstream": stays}));
    Ok(Exit::Done)
}

/// A reason that says something.
pub fn reason(text: &str) -> Result<String, Failure> {
    let text = text.trim();
    if text.is_empty() || text.chars().count() > 1_000 {
        return Err(Failure::usage(
            "`--reason` must say why, in 1 to 1000 characters",
        ));
    }
    Ok(text.to_owned())
}

fn refusal(context: &Context, job: JobId, refused: Refused, rule: &str) -> Failure {
    match refused {
        Refused::NoSuchJob => Failure::not_found(format!("there is no job `{job}`")),
        Refused::JobIs { state, .. } => Failure::refused(
            "state",
            format!(
                "job {job} is {}; {rule}",
                context.out.both(&texts::state(state))
            ),
        ),
        Refused::CancelRequested => {
            Failure::refused("state", format!("job {job} is to be cancelled; {rule}"))
        }
        Refused::ReviewNotOpen | Refused::Review(_) => Failure::refused(
            "state",
            format!("the review of job {job} is decided; {rule}"),
        ),
        // Only acts are refused so, and no verb announces one.
        Refused::Braked(_) | Refused::PolicyChanged => {
            Failure::refused("state", format!("job {job} may not act now; {rule}"))
        }
    }
}
