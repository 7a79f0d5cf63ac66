//! From the plan to the tables: one statement for each table that changes.

use clerkwork_core::{EffectState, ReviewState, Timestamp, rules_key};

use super::{
    plan::{EffectOut, EventOut, Plan},
    templates as sql,
};
use crate::{
    LedgerError,
    engine::{Tx, bulk::Rows, cell::Cell},
    row::{JobRow, batch_cell},
};

fn json(value: &impl serde::Serialize) -> Result<String, LedgerError> {
    serde_json::to_string(value).map_err(|error| LedgerError::Invalid(error.to_string()))
}

/// Writes everything that the plan holds; answers the rows as they stand then.
pub(crate) async fn write(
    tx: &mut Tx,
    plan: Plan<'_>,
    shard: i64,
) -> Result<Vec<JobRow>, LedgerError> {
    write_jobs(tx, &plan).await?;
    write_effects(tx, &plan).await?;
    write_decisions(tx, &plan).await?;
    write_reviews(tx, &plan).await?;
    write_waits(tx, &plan).await?;
    let Plan {
        at,
        events,
        counts,
        jobs,
        mut entered,
        ..
    } = plan;
    write_events(tx, at, events).await?;
    let mut rows = Rows::with_capacity(counts.len(), 4);
    for ((batch, state), n) in counts {
        if n != 0 {
            rows.push([batch.into(), state.as_str().into(), shard.into(), n.into()]);
        }
    }
    tx.bulk(&sql::COUNT_ADD, rows).await?;
    entered.extend(jobs.into_values().map(|slot| slot.row));
    Ok(entered)
}

fn verdict(row: &JobRow) -> Cell {
    Cell::Text(row.verdict.map(|verdict| verdict.as_str().to_owned()))
}

async fn write_jobs(tx: &mut Tx, plan: &Plan<'_>) -> Result<(), LedgerError> {
    // In the order of the table, so that neighbours are written together.
    let mut slots: Vec<_> = plan
        .jobs
        .values()
        .filter(|s| s.touched || s.moved)
        .collect();
    slots.sort_unstable_by_key(|slot| slot.row.id);
    let mut moved = Rows::with_capacity(slots.len(), sql::JOB_UPDATE.types.len());
    let mut touched = Rows::default();
    for slot in slots {
        let row = &slot.row;
        let seq = Cell::Int(i64::try_from(row.seq).ok());
        if slot.moved {
            moved.push([
                row.id.0.into(),
                row.state.as_str().into(),
                row.attempt.into(),
                row.claimed_attempt.into(),
                row.failures.into(),
                row.rescues.into(),
                row.run_at.into(),
                row.updated_at.into(),
                row.finished_at.into(),
                seq,
                verdict(row),
                row.last_error.clone().into(),
                row.cancel_asked_at.into(),
                row.worker.map(|worker| worker.0).into(),
            ]);
        } else {
            touched.push([
                row.id.0.into(),
                row.failures.into(),
                row.updated_at.into(),
                seq,
                verdict(row),
                row.last_error.clone().into(),
                row.cancel_asked_at.into(),
            ]);
        }
    }
    tx.bulk(&sql::JOB_UPDATE, moved).await?;
    tx.bulk(&sql::JOB_TOUCH, touched).await?;
    Ok(())
}

async fn write_effects(tx: &mut Tx, plan: &Plan<'_>) -> Result<(), LedgerError> {
    let (mut put, mut resolve) = (Rows::default(), Rows::default());
    for ((job, key), effect) in &plan.effects {
        match effect {
            EffectOut::Put {
                name,
                attempt,
                state,
                result,
                before,
            } => put.push([
                job.0.into(),
                key.as_str().into(),
                name.as_str().into(),
                state.as_str().into(),
                (*attempt).into(),
                result.as_ref().map(json).transpose()?.into(),
                plan.at.into(),
                (*state != EffectState::Intended).then_some(plan.at).into(),
                before.as_ref().map(json).transpose()?.into(),
            ]),
            EffectOut::Resolve { state, result } => resolve.push([
                job.0.into(),
                key.as_str().into(),
                state.as_str().into(),
                result.as_ref().map(json).transpose()?.into(),
                plan.at.into(),
            ]),
        }
    }
    let expected = resolve.count as u64;
    tx.bulk(&sql::EFFECT_PUT, put).await?;
    if tx.bulk(&sql::EFFECT_RESOLVE, resolve).await? != expected {
        return Err(LedgerError::Invalid(
            "an outcome was given for an effect that was never announced; intend it first".into(),
        ));
    }
    Ok(())
}

async fn write_decisions(tx: &mut Tx, plan: &Plan<'_>) -> Result<(), LedgerError> {
    let mut rows = Rows::with_capacity(plan.decisions.len(), 12);
    for (job, batch, attempt, record) in &plan.decisions {
        let decision = &record.decision;
        rows.push([
            plan.id().into(),
            job.0.into(),
            batch_cell(*batch).into(),
            (*attempt).into(),
            plan.at.into(),
            decision.verdict.as_str().into(),
            decision.policy_version.0.to_vec().into(),
            decision.facts_digest.0.to_vec().into(),
            json(&decision.rules)?.into(),
            json(&record.facts)?.into(),
            json(&record.findings)?.into(),
            record.made_by.as_str().into(),
        ]);
    }
    tx.bulk(&sql::DECISION_INSERT, rows).await?;
    Ok(())
}

async fn write_reviews(tx: &mut Tx, plan: &Plan<'_>) -> Result<(), LedgerError> {
    let (mut new, mut changed, mut approvals) = (Rows::default(), Rows::default(), Rows::default());
    for (id, row) in &plan.reviews {
        let review = &row.review;
        if let Some(concern) = &row.opened {
            new.push([
                id.0.into(),
                review.job.0.into(),
                ReviewState::Open.as_str().into(),
                json(&review.rules)?.into(),
                review.binding.payload.0.to_vec().into(),
                review.binding.facts.0.to_vec().into(),
                review.binding.policy.0.to_vec().into(),
                review.opened_at.into(),
                review.approvals_needed.into(),
                review.tier.as_str().into(),
                review.joined_to.map(|id| id.0).into(),
                concern.clone().into(),
                rules_key(&review.rules).0.to_vec().into(),
            ]);
        }
        if row.changed {
            changed.push([
                id.0.into(),
                review.state.as_str().into(),
                Cell::Int(i64::try_from(review.revision).ok()),
                review.decided_by.clone().into(),
                review.decided_at.into(),
                review.reason.clone().into(),
                review.assigned_to.clone().into(),
                review.level.into(),
                review.claimed_by.clone().into(),
                review.claim_until.into(),
                review.due_at.into(),
                review.reminded_at.into(),
                review.asked_until.into(),
                review.expired_at.into(),
                review.code.clone().into(),
                review.on_behalf_of.clone().into(),
            ]);
        }
        for (approval, code) in &row.approvals {
            approvals.push([
                id.0.into(),
                approval.by.as_str().into(),
                approval.on_behalf_of.clone().into(),
                approval.tier.as_str().into(),
                approval.at.into(),
                code.as_str().into(),
            ]);
        }
    }
    // What lapses makes room for what is opened: only one review of a job may be open. One that is
    // opened and changed in the same transaction is there before it is changed.
    tx.bulk(&sql::REVIEW_UPDATE, changed.clone()).await?;
    if !new.is_empty() {
        tx.bulk(&sql::REVIEW_INSERT, new).await?;
        tx.bulk(&sql::REVIEW_UPDATE, changed).await?;
    }
    tx.bulk(&sql::APPROVAL_INSERT, approvals).await?;
    Ok(())
}

/// What jobs wait for and hold. A job that gives its matter back in the same transaction in which
/// it waits keeps the wait.
async fn write_waits(tx: &mut Tx, plan: &Plan<'_>) -> Result<(), LedgerError> {
    let (mut done, mut free) = (Rows::default(), Rows::default());
    for job in &plan.released {
        done.push([job.0.into()]);
        free.push([job.0.into()]);
    }
    tx.bulk(&sql::WAIT_DROP, done).await?;
    tx.bulk(&sql::MATTER_DROP, free).await?;
    let mut waits = Rows::default();
    for (job, wait) in &plan.waits {
        waits.push([
            job.0.into(),
            wait.topic.as_str().into(),
            wait.deadline.into(),
            json(&wait.why)?.into(),
        ]);
    }
    tx.bulk(&sql::WAIT_PUT, waits).await?;
    Ok(())
}

async fn write_events(
    tx: &mut Tx,
    at: Timestamp,
    events: Vec<EventOut>,
) -> Result<(), LedgerError> {
    let mut rows = Rows::with_capacity(events.len(), 8);
    let mut sealed = Rows::default();
    for event in events {
        for one in event.rendered.sealed {
            sealed.push([
                event.id.0.into(),
                one.field.into(),
                Cell::Blob(event.person.map(Vec::from)),
                one.salt.to_vec().into(),
                one.ciphertext.into(),
            ]);
        }
        rows.push([
            event.id.0.into(),
            at.into(),
            event.kind.into(),
            event.actor.into(),
            event.office.as_str().into(),
            event.job.map(|(job, _)| job.0).into(),
            Cell::Int(event.job.and_then(|(_, seq)| i64::try_from(seq).ok())),
            event.rendered.bytes.into(),
        ]);
    }
    tx.bulk(&sql::EVENT_INSERT, rows).await?;
    tx.bulk(&sql::SEALED_INSERT, sealed).await?;
    Ok(())
}
