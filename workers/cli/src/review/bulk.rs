//! `clerkwork review bulk`
//!
//! One decision on many reviews, in two steps: a preview names what would be decided and prints the
//! digest of the plan; the second step names that digest and is refused when any of the reviews is
//! another now. Each review is then decided by itself, with an outcome of its own, so one that is
//! refused holds up no other.

use clap::ValueEnum;
use clerkwork_core::{Digest, Job, ReasonCode, ReasonFor, ReviewState, Tier};
use clerkwork_ledger::{Page, ReviewFilter};
use clerkwork_policy::ReviewAct;
use serde_json::json;

use super::{
    decide::{Ruling, fits, note, verb},
    gate::Gate,
    list::tier,
    sheet::Sheet,
};
use crate::{
    context::Context,
    failure::{Exit, Failure, Outcome},
    installation, job,
    sign_in::Acting,
    texts,
};

/// So many reviews are decided at once at most.
const MOST: u32 = 100;

/// Decides many open reviews in the same way: first --preview, then --plan with what it printed.
///
/// Each is decided by itself and its outcome told. A decision cannot be undone once its first act has
/// started, and workers start at once.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  clerkwork review bulk approve --group desk --code checked --note 'seen' --preview --as bob
  clerkwork review bulk return --taxpayer-of DK-1 --code no_answer --note '逾期' --plan 3f9a01c2 --as bob")]
pub struct Args {
    /// What is decided
    decision: Way,
    /// Handed over to this group
    #[arg(long)]
    group: Option<String>,
    /// Handed over to you, or claimed by you
    #[arg(long)]
    mine: bool,
    /// Of this tier: business, enforcement or integrity
    #[arg(long, value_parser = tier)]
    tier: Option<Tier>,
    /// Of the taxpayer of this review or job
    #[arg(long, value_name = "REVIEW", conflicts_with_all = ["group", "mine", "tier"])]
    taxpayer_of: Option<String>,
    /// Why, from the list
    #[arg(long)]
    code: ReasonCode,
    /// Why, in your words; kept sealed in the audit trail
    #[arg(long)]
    note: String,
    /// Only tell what would be decided
    #[arg(long, conflicts_with = "plan")]
    preview: bool,
    /// Decide what the preview with this digest told
    #[arg(long, value_name = "HASH")]
    plan: Option<String>,
    #[command(flatten)]
    acting: Acting,
}

/// The two decisions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Way {
    Approve,
    Return,
}

/// Does it.
pub async fn run(context: &Context, args: Args) -> Outcome {
    let approve = args.decision == Way::Approve;
    let note = note(&args.note)?;
    let (gives, act) = match approve {
        true => (ReasonFor::Approve, ReviewAct::Approve),
        false => (ReasonFor::Return, ReviewAct::Return),
    };
    fits(args.code, gives)?;
    if args.group.is_none() && !args.mine && args.tier.is_none() && args.taxpayer_of.is_none() {
        return Err(Failure::usage(
            "say which reviews: `--group`, `--mine`, `--tier` or `--taxpayer-of`",
        ));
    }
    if !args.preview && args.plan.is_none() {
        return Err(Failure::usage(
            "look first with `--preview`, then decide with the `--plan HASH` that it prints",
        ));
    }
    let opened = installation::open(context).await?;
    let ledger = &opened.ledger;
    let principal = context
        .authorise(&opened, &args.acting, "review.bulk", None)
        .await?;
    context
        .allow(&opened, &principal, verb(approve), None)
        .await?;
    let office = principal.office();
    let mut reviews = match &args.taxpayer_of {
        Some(text) => {
            let (_, job) = super::find(ledger, text).await?;
            context
                .allow(&opened, &principal, "review.bulk", Some(&job.office))
                .await?;
            let mut found = ledger
                .open_reviews_of_same_taxpayer(job.id, Some(office), MOST + 1)
                .await?;
            // What joined another of them is decided with it.
            let ids: Vec<_> = found.iter().map(|review| review.id).collect();
            found.retain(|review| review.joined_to.is_none_or(|first| !ids.contains(&first)));
            found
        }
        None => {
            let filter = ReviewFilter {
                state: Some(ReviewState::Open),
                office: Some(office.clone()),
                assigned_to: args.group.as_ref().map(|group| format!("group:{group}")),
                of_user: args.mine.then(|| principal.name().to_owned()),
                tier: args.tier,
                apart: true,
                ..ReviewFilter::default()
            };
            ledger.reviews(&filter, Page::first(MOST + 1)).await?
        }
    };
    if reviews.len() > MOST as usize {
        return Err(Failure::usage(format!(
            "more than {MOST} reviews fit; narrow them down"
        )));
    }
    reviews.sort_by_key(|review| review.id);
    let mut sheets: Vec<(Sheet, Job)> = Vec::with_capacity(reviews.len());
    for review in reviews {
        let job = job::find(ledger, &review.job.to_string()).await?;
        // Approvals are part of what is shown, and come with the single review.
        let review = ledger.review(review.id).await?.unwrap_or(review);
        sheets.push((Sheet::read(ledger, review).await?, job));
    }
    let plan = plan(approve, &sheets);
    let gate = Gate::open(context, &opened, &principal).await?;
    let out = &context.out;
    if args.preview {
        let mut items = Vec::with_capacity(sheets.len());
        for (sheet, job) in &sheets {
            let denied = gate.denied(&sheet.review, job, act).await?;
            let why = denied.map(|denied| denied.to_string());
            let told = why.as_deref().unwrap_or("ok");
            out.line(format!("{}  `{}`  {told}", sheet.review.id, job.reference));
            items.push(json!({"review": sheet.review.id, "job": job.id,
                "reference": job.reference, "joined": sheet.joined.len(), "refused": why}));
        }
        out.line(out.sentence("", &texts::NOT_UNDONE));
        out.line(format!("--plan {plan}"));
        out.json(&json!({"plan": plan.to_string(), "items": items}));
        return Ok(Exit::Done);
    }
    let named = args.plan.unwrap_or_default();
    if named.len() < 8 || !plan.to_string().starts_with(&named) {
        return Err(Failure::refused(
            "stale",
            "these are not the reviews that the preview told, or not as they were shown; look at \
             it again with `--preview`",
        ));
    }
    let ruling = Ruling {
        context,
        opened: &opened,
        gate: &gate,
        approve,
        code: args.code,
        note: &note,
    };
    let (mut items, mut exit) = (Vec::with_capacity(sheets.len()), Exit::Done);
    for (sheet, job) in &sheets {
        let shown = sheet.shown().to_string();
        items.push(match ruling.make(sheet, job, &shown).await {
            Ok(told) => told,
            Err(failure) => {
                out.line(format!(
                    "{}  `{}`  {failure}",
                    sheet.review.id, job.reference
                ));
                exit = Exit::Refused;
                json!({"review": sheet.review.id, "job": job.id,
                    "refused": {"code": failure.code, "message": failure.message}})
            }
        });
    }
    out.line(out.sentence("", &texts::NOT_UNDONE));
    out.json(&json!({"plan": plan.to_string(), "items": items}));
    Ok(exit)
}

/// Digest of what is decided on what.
fn plan(approve: bool, sheets: &[(Sheet, Job)]) -> Digest {
    let mut parts = vec![verb(approve).to_owned()];
    parts.extend(sheets.iter().map(|(sheet, _)| sheet.shown().to_string()));
    Digest::of(&[parts.join("\n").as_bytes()])
}
