//! `clerkwork review show`

use serde_json::{Value, json};

use super::{evidence::Evidence, settlement::Settlement};
use crate::{
    context::Context,
    failure::{Exit, Outcome},
    installation,
    job::{self, Known},
    moment,
    sign_in::Acting,
    texts, view,
};

/// Shows a review with its evidence: rules, findings, facts, the item, other items and open reviews
/// of the taxpayer, and how others decided the same question. What it prints as shown is handed to
/// `review approve` or `review return`.
///
/// Where the outcome of an act is unclear, it also tells what was tried, asks the upstream what it
/// says now, and names the ways to settle it.
///
/// Personal data are masked; `clerkwork job show --reveal` shows them.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  clerkwork review show DK-1")]
pub struct Args {
    /// Id of the review, or id or reference of its job
    review: String,
    #[command(flatten)]
    acting: Acting,
}

/// Does it.
pub async fn run(context: &Context, args: Args) -> Outcome {
    let opened = installation::open(context).await?;
    let (acting, verb) = (&args.acting, "review.show");
    let (reader, review, job) =
        super::find_for(context, &opened, acting, verb, &args.review).await?;
    let known = Known::about(&opened.ledger, job).await?;
    let payload = job::masked(&known.job);
    let decision = known.decisions.last();
    let out = &context.out;
    let config = &opened.config;
    let settlement = Settlement::about(&opened, reader.actor(), &review, &known).await;
    let evidence = Evidence::about(&opened.ledger, &review, reader.office()).await?;
    if out.json {
        let mut value = view::review(&review, true);
        if let Value::Object(map) = &mut value {
            map.insert("job".into(), view::job(&known.job));
            map.insert("payload".into(), payload);
            map.insert("decision".into(), json!(decision.map(view::decision)));
            let settlement = settlement.map(|settlement| settlement.as_json(context, config));
            map.insert("settlement".into(), json!(settlement));
            for (name, value) in evidence.as_json(context, &opened, acting) {
                map.insert(name.into(), value);
            }
        }
        out.json(&value);
        return Ok(Exit::Done);
    }
    let state = out.both(&texts::review(review.state));
    out.line(format!(
        "{} {}    {state}",
        out.both(&texts::REVIEW),
        review.id
    ));
    out.line(format!(
        "  {}: {} `{}`",
        out.both(&texts::JOB),
        known.job.id,
        known.job.reference
    ));
    out.line(format!(
        "  {}: {}",
        out.both(&texts::SUBMITTER),
        known.job.submitter
    ));
    out.line(format!(
        "  {}: {}",
        out.both(&texts::OPENED),
        moment::show(review.opened_at)
    ));
    if let Some(assignee) = &review.assigned_to {
        out.line(format!("  {}: {assignee}", out.both(&texts::ASSIGNED_TO)));
    }
    if let (Some(who), Some(until)) = (&review.claimed_by, review.claim_until) {
        let (title, until) = (out.both(&texts::CLAIMED_BY), moment::show(until));
        out.line(format!("  {title}: {who}, {until}"));
    }
    if let Some(until) = review.asked_until {
        let title = out.both(&texts::ASKED_UNTIL);
        out.line(format!("  {title}: {}", moment::show(until)));
    }
    for approval in &review.approvals {
        let (title, at) = (out.both(&texts::APPROVED_BY), moment::show(approval.at));
        out.line(format!("  {title}: {}, {at}", approval.by));
    }
    if let (Some(by), Some(at)) = (&review.decided_by, review.decided_at) {
        out.line(format!(
            "  {}: {by}, {}",
            out.both(&texts::DECIDED_BY),
            moment::show(at)
        ));
        let reason = review.reason.clone().unwrap_or_default();
        out.line(format!("  {}: {reason}", out.both(&texts::REASON)));
    }
    out.line(format!("\n{}", out.both(&texts::RULES)));
    for hit in &review.rules {
        for line in job::rule(out, "  ", hit) {
            out.line(line);
        }
    }
    if let Some(settlement) = settlement {
        settlement.show(context, config);
    }
    job::evidence(out, decision);
    out.line(format!("\n{}", out.both(&texts::PAYLOAD)));
    for line in job::item(&payload) {
        out.line(format!("  {line}"));
    }
    evidence.show(context, &opened, acting);
    Ok(Exit::Done)
}
