//! `clerkwork review approve` and `clerkwork review return`
//!
//! Four eyes: the policy says who may decide, and never the one who submitted. The decision is
//! bound to what was shown when the review was opened; the fleet carries it out only if item,
//! facts and policy are still the same.

use clerkwork_audit::{EventDraft, EventType};
use clerkwork_core::{
    Actor, Job, Review, ReviewState, Role, State, Tier, Timestamp, User, Verdict,
};
use clerkwork_ledger::{Change, Changed, Ledger, Refused, ReviewWrite};
use clerkwork_policy::{Denied, ReviewAct, ReviewQuestion};
use serde_json::json;

use super::settlement;
use crate::{
    context::Context,
    failure::{Exit, Failure, Outcome},
    installation,
    job::reason,
    moment,
    sign_in::Acting,
    texts,
};

/// Lets the item pass.
///
/// Not by the one who submitted it. A worker carries it out at once if item, facts and policy are
/// still what was shown; otherwise the approval lapses and the item comes back. An act whose outcome
/// is unclear is looked up again; `review settle` says how it ended.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:
  clerkwork review approve DK-1 --reason 'contract seen, amount is right' --as bob")]
pub struct ApproveArgs {
    /// Id of the review, or id or reference of its job
    review: String,
    /// Why; kept sealed in the audit trail
    #[arg(long)]
    reason: String,
    #[command(flatten)]
    acting: Acting,
}

/// Sends the item back to the applicant.
///
/// Not by the one who submitted it. The reason is told to the applicant.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:
  clerkwork review return DK-1 --reason '合同金额与申请金额不符' --as bob")]
pub struct ReturnArgs {
    /// Id of the review, or id or reference of its job
    review: String,
    /// Why; told to the applicant and kept sealed in the audit trail
    #[arg(long)]
    reason: String,
    #[command(flatten)]
    acting: Acting,
}

/// Lets the item pass.
pub async fn approve(context: &Context, args: ApproveArgs) -> Outcome {
    decide(context, &args.review, &args.reason, &args.acting, true).await
}

/// Sends the item back.
pub async fn send_back(context: &Context, args: ReturnArgs) -> Outcome {
    decide(context, &args.review, &args.reason, &args.acting, false).await
}

async fn decide(
    context: &Context,
    review: &str,
    why: &str,
    acting: &Acting,
    approve: bool,
) -> Outcome {
    let why = reason(why)?;
    let opened = installation::open(context).await?;
    let ledger = &opened.ledger;
    let act = match approve {
        true => "review.approve",
        false => "review.return",
    };
    let (principal, review, job) = super::find_for(context, &opened, acting, act, review).await?;
    let user = principal.name().to_owned();
    if review.state != ReviewState::Open {
        return Err(decided(context, &review));
    }
    // Neither the substitute nor whom they stand in for decides on what they submitted.
    for user in principal.names() {
        ask_policy(context, ledger, user, &review, &job, act).await?;
    }
    let effects = ledger.effects(job.id).await?;
    let looks_again = approve && settlement::unclear(&review, &effects).is_some();
    let (kind, outcome) = match approve {
        true => (EventType::ReviewApproved, ReviewState::Approved),
        false => (EventType::ReviewReturned, ReviewState::Returned),
    };
    let data = json!({
        "review": review.id.to_string(),
        "payload": review.binding.payload.to_string(),
        "facts": review.binding.facts.to_string(),
        "policy": review.binding.policy.to_string(),
    });
    let event = EventDraft::new(kind, principal.actor(), principal.noted(data));
    let mut change = Change::new(job.id, State::Blocked, job.attempt, State::Available)
        .event(event.with_personal("reason", why.clone()));
    change.next_attempt = job.attempt.saturating_add(1);
    change.review = Some(ReviewWrite::Decide {
        terms: None,
        id: review.id,
        approve,
        by: user.clone(),
        reason: why,
    });
    match ledger.change(change).await? {
        Changed::Yes => {
            let out = &context.out;
            out.line(format!(
                "{}: job {} (`{}`) goes on",
                out.both(&texts::review(outcome)),
                job.id,
                job.reference
            ));
            if looks_again {
                out.line(out.sentence("  ", &texts::LOOKS_AGAIN));
            }
            out.json(&json!({
                "review": review.id,
                "job": job.id,
                "state": outcome,
                "decided_by": user,
                "upstream_is_asked_again": looks_again,
            }));
            Ok(Exit::Done)
        }
        Changed::No(refused) => Err(overtaken(context, ledger, &review, &job, refused).await?),
    }
}

/// Asks whether this user may decide; a refusal is recorded, with what they were about to do, before
/// it is told.
pub(super) async fn ask_policy(
    context: &Context,
    ledger: &Ledger,
    user: &str,
    review: &Review,
    job: &Job,
    act: &'static str,
) -> Result<(), Failure> {
    let engine = installation::engine(context.config()?)?;
    let kinds = installation::kinds();
    let kind = installation::kind(&kinds, job.kind.as_str())?;
    let item = job.id.to_string();
    // Until accounts are asked, whoever is named counts as a supervisor of the item's office, up to
    // the highest tier. One of two approvals is then denied, as the first must be of a lower tier.
    let account = User {
        name: user.into(),
        office: job.office.clone(),
        roles: vec![Role::Supervisor(Tier::Integrity)],
        groups: Vec::new(),
        enabled: true,
        revision: 0,
        created_at: Timestamp(0),
    };
    let tiers = review.rules.iter().map(|rule| rule.tier);
    let question = ReviewQuestion {
        user: &account,
        on_behalf_of: None,
        act: match act {
            "review.approve" => ReviewAct::Approve,
            "review.return" => ReviewAct::Return,
            _ => ReviewAct::Work,
        },
        related: false,
        resource_type: kind.resource_type(),
        item: &item,
        office: &job.office,
        submitter: &job.submitter,
        batch_starter: None,
        policy_authors: &[],
        tier: tiers.max().unwrap_or(Tier::Integrity),
        approvals_needed: Verdict::asked_by(&review.rules).approvals(),
        approvals: &[],
    };
    let Err(denied) = engine.may_decide_review(&question) else {
        return Ok(());
    };
    let ids: Vec<_> = denied.rules.iter().map(|rule| rule.id.clone()).collect();
    let data = json!({
        "action": act,
        "job": job.id.to_string(),
        "review": review.id.to_string(),
        "rules": ids,
        "policy": denied.policy_version.to_string(),
    });
    let event = EventDraft::new(EventType::AccessRefused, Actor::User(user.into()), data);
    ledger.record(job.office.clone(), event).await?;
    Err(refused_by(context, user, &denied))
}

fn refused_by(context: &Context, user: &str, denied: &Denied) -> Failure {
    let reasons = denied.rules.iter().map(|rule| {
        let reason = match context.out.lang {
            crate::out::Lang::Zh => format!("{} / {}", rule.reason.zh, rule.reason.en),
            crate::out::Lang::En => rule.reason.en.to_string(),
        };
        format!("{reason} ({})", rule.id)
    });
    let reasons = reasons.collect::<Vec<_>>().join("; ");
    Failure::refused("policy", format!("`{user}` may not decide this: {reasons}"))
}

/// By whom and when it was decided.
pub(super) fn decided(context: &Context, review: &Review) -> Failure {
    let state = context.out.both(&texts::review(review.state));
    let by = match (&review.decided_by, review.decided_at) {
        (Some(by), Some(at)) => format!(" by `{by}` at {}", moment::show(at)),
        (Some(by), None) => format!(" by `{by}`"),
        (None, _) => String::new(),
    };
    let code = match review.state {
        ReviewState::Lapsed => "lapsed",
        ReviewState::Open | ReviewState::Approved | ReviewState::Returned => "already_decided",
    };
    Failure::refused(code, format!("review {} is {state}{by}", review.id))
}

/// Somebody else was faster.
pub(super) async fn overtaken(
    context: &Context,
    ledger: &Ledger,
    review: &Review,
    job: &Job,
    refused: Refused,
) -> Result<Failure, Failure> {
    let now = ledger.review(review.id).await?;
    Ok(match (now, refused) {
        (Some(now), _) if now.state != ReviewState::Open => decided(context, &now),
        (_, Refused::JobIs { state, .. }) => Failure::refused(
            "state",
            format!(
                "job {} is {} now; look at it again",
                job.id,
                context.out.both(&texts::state(state))
            ),
        ),
        (_, Refused::CancelRequested) => Failure::refused(
            "state",
            format!(
                "job {} is to be cancelled; there is nothing left to decide",
                job.id
            ),
        ),
        (
            _,
            Refused::NoSuchJob
            | Refused::ReviewNotOpen
            | Refused::Review(_)
            | Refused::Braked(_)
            | Refused::PolicyChanged,
        ) => Failure::refused(
            "state",
            format!("review {} is not open any more", review.id),
        ),
    })
}
