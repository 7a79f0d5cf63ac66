//! `clerkwork review settle`
//!
//! A write whose outcome is unclear stops its job: nobody writes a second time on a guess. A person
//! says how it ended, and the upstream is asked once more before that is believed. Their word, the
//! journal's outcome and the end of the review are one change; of two people who settle at once one
//! does, and the other is told.

use clerkwork_audit::{EventDraft, EventType};
use clerkwork_core::{EffectState, Job, Review, ReviewState, State, is_assignee};
use clerkwork_ledger::{Change, Changed, EffectWrite, ReviewWrite};
use clerkwork_policy::ReviewAct;
use clerkwork_runtime::Config;
use serde_json::json;

use super::{
    gate::Gate,
    refusals::{decided, overtaken},
    settlement::Settlement,
    ways::{self, End},
};
use crate::{
    context::Context,
    failure::{Exit, Failure, Outcome},
    installation::{self, Opened},
    job::{Known, reason},
    sign_in::{Acting, Principal},
    texts,
};

/// Says how an act ended whose outcome is unclear, or hands the review to somebody else.
///
/// `clerkwork review show` tells what was tried, what the upstream says now, and which of the three
/// ways are open. The upstream is asked again before --done and --again. It must bear out --done.
/// --again is refused where the upstream says that it happened, holds anything that fits, or cannot
/// tell now; where it leaves it open and holds nothing that fits, that is your call. Where the item
/// was being sent back to the applicant, --again tells them your reason, too.
///
/// Any open review can be handed over. That says who should look, and binds nobody yet: whoever may
/// decide still may.
///
/// Not by the one who submitted the item, in any of these ways.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  clerkwork review settle HZ-1 --done 26440000000000000001 --reason 'seen on the platform' --as bob
  clerkwork review settle HZ-1 --again --reason 'nothing there, asked the platform' --as bob
  clerkwork review settle HZ-1 --hand-over group:red-letter --reason 'needs a look' --as bob")]
pub struct Args {
    /// Id of the review, or id or reference of its job
    review: String,
    #[command(flatten)]
    way: Way,
    /// Why; kept sealed in the audit trail
    #[arg(long)]
    reason: String,
    #[command(flatten)]
    acting: Acting,
}

/// How it is settled.
#[derive(Debug, clap::Args)]
#[group(required = true, multiple = false)]
struct Way {
    /// It happened, and this is what came of it: a number that `review show` lists as fitting
    #[arg(long, value_name = "NUMBER")]
    done: Option<String>,
    /// It did not happen, and nothing that fits stands upstream: the next attempt does it anew
    #[arg(long)]
    again: bool,
    /// Somebody else should look: a user, or group: and a name
    #[arg(long, value_name = "USER")]
    hand_over: Option<String>,
}

/// Does it.
pub async fn run(context: &Context, args: Args) -> Outcome {
    let why = reason(&args.reason)?;
    let opened = installation::open(context).await?;
    let ledger = &opened.ledger;
    let verb = match args.way.hand_over {
        Some(_) => "review.hand_over",
        None => "review.settle",
    };
    let (principal, review, job) =
        super::find_for(context, &opened, &args.acting, verb, &args.review).await?;
    let user = principal.name();
    if review.state != ReviewState::Open {
        return Err(decided(context, &review));
    }
    if let Some(to) = &args.way.hand_over {
        return hand_over(context, &opened, &review, &job, to, &principal, why).await;
    }
    let known = Known::about(ledger, job).await?;
    let config = &opened.config;
    let Some(settlement) = Settlement::about(&opened, principal.actor(), &review, &known).await
    else {
        return Err(Failure::refused(
            "nothing_to_settle",
            format!(
                "review {} is not about an act whose outcome is unclear; decide it with \
                 `clerkwork review approve` or `clerkwork review return`",
                review.id
            ),
        ));
    };
    let job = &known.job;
    let act = match settlement.sending_back {
        true => ReviewAct::Return,
        false => ReviewAct::Approve,
    };
    let gate = Gate::open(context, &opened, &principal).await?;
    gate.ask(&review, job, act, verb).await?;
    let (effect, asked) = (&settlement.effect.name, &settlement.asked);
    let end = match &args.way.done {
        Some(number) => ways::done(effect, asked, number)?,
        None => ways::again(effect, asked)?,
    };
    let change = settle(config, &settlement, &review, job, &end, &principal, why);
    match ledger.change(change).await? {
        Changed::Yes => {
            let out = &context.out;
            out.line(format!(
                "{} [{}]: {} {} (`{}`) {}",
                settlement.effect.name,
                out.both(&end.text),
                out.both(&texts::JOB),
                job.id,
                job.reference,
                out.both(&texts::GOES_ON)
            ));
            out.json(&json!({
                "review": review.id,
                "job": job.id,
                "effect": settlement.effect.name,
                "outcome": end.state,
                "result": end.result,
                "settled_by": user,
            }));
            Ok(Exit::Done)
        }
        Changed::No(refused) => Err(overtaken(context, ledger, &review, job, refused).await?),
    }
}

/// One change: the journal's outcome, the review's end, the job's way on. Whether it goes on to
/// complete the item or to send it back is as it was before.
fn settle(
    config: &Config,
    settlement: &Settlement,
    review: &Review,
    job: &Job,
    end: &End,
    principal: &Principal,
    why: String,
) -> Change {
    let effect = &settlement.effect;
    let (user, actor) = (principal.name(), principal.actor());
    let happened = end.state == EffectState::Confirmed;
    let kind = match happened {
        true => EventType::EffectConfirmed,
        false => EventType::EffectRefused,
    };
    let kinds = clerkwork_runtime::kinds(config);
    let connectors = kinds.get(job.kind.as_str()).map(|kind| kind.connectors());
    let data = json!({
        "by": "person",
        "connector": connectors.and_then(<[_]>::first),
        "effect": effect.name,
        "key": effect.key.0,
        "result": end.result,
    });
    let outcome = EventDraft::new(kind, actor.clone(), principal.noted(data));
    let kind = match settlement.sending_back {
        true => EventType::ReviewReturned,
        false => EventType::ReviewApproved,
    };
    let data = json!({
        "review": review.id.to_string(),
        "payload": review.binding.payload.to_string(),
        "facts": review.binding.facts.to_string(),
        "policy": review.binding.policy.to_string(),
        "settled": effect.name,
    });
    let settled =
        EventDraft::new(kind, actor, principal.noted(data)).with_personal("reason", why.clone());
    let mut change = Change::new(job.id, State::Blocked, job.attempt, State::Available)
        .event(outcome)
        .event(settled);
    change.next_attempt = job.attempt.saturating_add(1);
    change.effects.push(EffectWrite::Resolve {
        key: effect.key.clone(),
        state: end.state,
        result: Some(end.result.clone()),
    });
    change.review = Some(ReviewWrite::Decide {
        terms: None,
        id: review.id,
        approve: !settlement.sending_back,
        by: user.to_owned(),
        reason: why,
    });
    change
}

async fn hand_over(
    context: &Context,
    opened: &Opened,
    review: &Review,
    job: &Job,
    to: &str,
    principal: &Principal,
    why: String,
) -> Outcome {
    if !is_assignee(to) {
        return Err(Failure::usage(format!(
            "`{to}` is nobody to hand over to; name a user, or `group:` and a name, of up to 64 \
             letters, digits, `.`, `_`, `-` and `@`"
        )));
    }
    // Whoever may not decide may not choose who looks, either.
    let gate = Gate::open(context, opened, principal).await?;
    gate.ask(review, job, ReviewAct::Work, "review.hand_over")
        .await?;
    let ledger = &opened.ledger;
    let data = json!({"review": review.id.to_string(), "to": to});
    let event = EventDraft::new(
        EventType::ReviewHandedOver,
        principal.actor(),
        principal.noted(data),
    );
    let mut change = Change::new(job.id, State::Blocked, job.attempt, State::Blocked)
        .event(event.with_personal("reason", why));
    change.review = Some(ReviewWrite::HandOver {
        id: review.id,
        to: to.to_owned(),
    });
    match ledger.change(change).await? {
        Changed::Yes => {
            let out = &context.out;
            out.line(format!(
                "{} {}: {} {to}",
                out.both(&texts::REVIEW),
                review.id,
                out.both(&texts::HANDED_TO)
            ));
            out.json(&json!({
                "review": review.id,
                "job": job.id,
                "state": review.state,
                "assigned_to": to,
                "handed_over_by": principal.name(),
            }));
            Ok(Exit::Done)
        }
        Changed::No(refused) => Err(overtaken(context, ledger, review, job, refused).await?),
    }
}
