//! Whether facts and policy are still those that a person was shown.
//!
//! Before an approval they are gathered again. When they are others, the approval is refused with
//! their names, the review lapses and its job goes round again, so that people are asked anew with
//! what is so now. When the upstream cannot be reached, the fleet finds out before it acts.

use clerkwork_audit::{EventDraft, EventType};
use clerkwork_core::{Actor, EffectState, Facts, Job, Review, State};
use clerkwork_kinds::{Found, Past};
use clerkwork_ledger::{Change, Changed, ReviewWrite};
use serde_json::json;

use super::{gate::Gate, refusals::overtaken, sheet::stale};
use crate::{
    context::Context,
    failure::Failure,
    installation::{self, Opened},
    policy::bundles,
    sign_in::Principal,
};

/// Refuses what is out of date.
pub async fn check(
    context: &Context,
    opened: &Opened,
    principal: &Principal,
    review: &Review,
    job: &Job,
) -> Result<(), Failure> {
    let ledger = &opened.ledger;
    let effects = ledger.effects(job.id).await?;
    // Its own acts change the facts; then the order under way goes on, whatever they are.
    if effects
        .iter()
        .any(|effect| effect.state != EffectState::Refused)
    {
        return Ok(());
    }
    let kept = ledger.decisions(job.id).await?;
    let mut newest_first = kept.iter().rev();
    let seen = newest_first.find(|kept| kept.facts.digest() == review.binding.facts);
    let Some(seen) = seen.filter(|seen| !seen.facts.0.is_empty()) else {
        return Ok(());
    };
    let Some(now) = gather(context, opened, principal.actor(), job, Past(&effects)).await else {
        return Ok(());
    };
    if now.digest() == review.binding.facts {
        return Ok(());
    }
    let changed: Vec<_> = seen.facts.differing(&now).into_iter().collect();
    let why = format!("the facts have changed: {}", changed.join(", "));
    ask_anew(context, opened, principal, review, job, &changed, &why).await
}

/// Refuses what another policy blocked than the one in force: its rules may ask for less, or more.
pub async fn check_policy(
    context: &Context,
    opened: &Opened,
    gate: &Gate<'_>,
    review: &Review,
    job: &Job,
) -> Result<(), Failure> {
    let (was, is) = (review.binding.policy, gate.engine.version());
    if was == is {
        return Ok(());
    }
    let (was, is) = (bundles::short(was), bundles::short(is));
    let why = format!("the policy has changed, from {was} to {is}");
    let principal = gate.principal;
    ask_anew(context, opened, principal, review, job, &["policy"], &why).await
}

/// Lets the review lapse and its job go round again; always a refusal.
async fn ask_anew(
    context: &Context,
    opened: &Opened,
    principal: &Principal,
    review: &Review,
    job: &Job,
    changed: &[&str],
    why: &str,
) -> Result<(), Failure> {
    let ledger = &opened.ledger;
    let data = json!({"review": review.id.to_string(), "changed": changed});
    let event = EventDraft::new(
        EventType::ReviewLapsed,
        principal.actor(),
        principal.noted(data),
    );
    let mut change =
        Change::new(job.id, State::Blocked, job.attempt, State::Available).event(event);
    change.next_attempt = job.attempt.saturating_add(1);
    change.review = Some(ReviewWrite::Lapse { id: review.id });
    if let Changed::No(refused) = ledger.change(change).await? {
        return Err(overtaken(context, ledger, review, job, refused).await?);
    }
    Err(stale(
        review,
        &format!("{why}; the item is asked about anew"),
    ))
}

async fn gather(
    context: &Context,
    opened: &Opened,
    by: Actor,
    job: &Job,
    past: Past<'_>,
) -> Option<Facts> {
    let kinds = clerkwork_runtime::kinds(&opened.config);
    let kind = installation::kind(&kinds, job.kind.as_str()).ok()?;
    let item = kind.parse(&serde_json::from_str(&job.payload).ok()?).ok()?;
    let upstreams = {
        let log = installation::recorded(opened, by);
        installation::upstreams(&opened.config, log).ok()?
    };
    let clock = context.clock().ok()?;
    let mut found = Found::by(item.as_ref());
    let gathered = item.gather(&upstreams, clock.as_ref(), past, &mut found);
    gathered.await.ok()
}
