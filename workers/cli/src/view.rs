//! How the ledger's things look in JSON: snake_case keys, times as RFC 3339 in UTC.

use clerkwork_core::{EffectRecord, Job, Office, Review, RuleHit, Timestamp};
use clerkwork_ledger::{BatchStatus, Counts, JobWait, KeptDecision, StoredEvent};
use serde_json::{Map, Value, json};

/// A job without its payload.
pub fn job(job: &Job) -> Value {
    json!({
        "id": job.id,
        "kind": job.kind,
        "reference": job.reference,
        "office": job.office,
        "batch": job.batch,
        "lane": job.lane,
        "state": job.state,
        "attempt": job.attempt,
        "failures": job.failures,
        "verdict": job.verdict,
        "submitter": job.submitter,
        "deadline": job.deadline.map(|time| time.to_string()),
        "run_at": job.run_at.to_string(),
        "created_at": job.created_at.to_string(),
        "updated_at": job.updated_at.to_string(),
        "last_error": job.last_error,
        "cancel_requested": job.cancel_requested,
    })
}

/// Jobs by state; every state that has jobs.
pub fn counts(counts: &Counts) -> Value {
    let counts = counts
        .iter()
        .filter(|(_, count)| **count > 0)
        .map(|(state, count)| (state.as_str().to_owned(), json!(count)));
    Value::Object(counts.collect::<Map<_, _>>())
}

/// A batch with its figures.
pub fn batch(batch: &BatchStatus) -> Value {
    let total: u64 = batch.counts.values().sum();
    json!({
        "id": batch.id,
        "reference": batch.reference,
        "office": batch.office,
        "submitter": batch.submitter,
        "weight": batch.weight,
        "created_at": batch.created_at.to_string(),
        "total": total,
        "counts": counts(&batch.counts),
    })
}

/// Rules of a decision.
pub fn rules(rules: &[RuleHit]) -> Value {
    json!(rules)
}

/// A review, without the job's data. The reason is free text of a person and sealed in the trail;
/// so it is shown only where `reason` says so.
pub fn review(review: &Review, reason: bool) -> Value {
    json!({
        "id": review.id,
        "job": review.job,
        "state": review.state,
        "rules": rules(&review.rules),
        "binding": review.binding,
        "opened_at": review.opened_at.to_string(),
        "assigned_to": review.assigned_to,
        "revision": review.revision,
        "approvals_needed": review.approvals_needed,
        "approvals": review.approvals,
        "tier": review.tier,
        "level": review.level,
        "claimed_by": review.claimed_by,
        "claim_until": review.claim_until.map(|time| time.to_string()),
        "due_at": review.due_at.map(|time| time.to_string()),
        "asked_until": review.asked_until.map(|time| time.to_string()),
        "joined_to": review.joined_to,
        "code": review.code,
        "on_behalf_of": review.on_behalf_of,
        "decided_by": review.decided_by,
        "decided_at": review.decided_at.map(|time| time.to_string()),
        "reason": review.reason.as_deref().map(|text| if reason { text } else { "***" }),
    })
}

/// An entry of the journal of effects.
pub fn effect(effect: &EffectRecord) -> Value {
    json!({
        "key": effect.key,
        "name": effect.name,
        "state": effect.state,
        "attempt": effect.attempt,
        "result": effect.result,
        "intended_at": effect.intended_at.to_string(),
        "resolved_at": effect.resolved_at.map(|time| time.to_string()),
    })
}

/// What a job waits for.
pub fn wait(wait: &JobWait, since: Option<Timestamp>) -> Value {
    json!({
        "topic": wait.topic,
        "why": wait.why,
        "since": since.map(|time| time.to_string()),
        "deadline": wait.deadline.map(|time| time.to_string()),
        "next_look": wait.next_look.to_string(),
    })
}

/// A decision with its facts and findings.
pub fn decision(kept: &KeptDecision) -> Value {
    let facts: Map<_, _> = kept
        .facts
        .0
        .iter()
        .map(|(name, fact)| {
            let fact = json!({
                "value": fact.value,
                "source": fact.source,
                "at": fact.at.to_string(),
            });
            (name.clone(), fact)
        })
        .collect();
    json!({
        "attempt": kept.attempt,
        "at": kept.at.to_string(),
        "verdict": kept.decision.verdict,
        "rules": rules(&kept.decision.rules),
        "policy_version": kept.decision.policy_version,
        "facts_digest": kept.decision.facts_digest,
        "facts": facts,
        "findings": kept.findings,
    })
}

/// Whose work an event concerns; nothing when it cannot be read.
pub fn office_of(stored: &StoredEvent) -> Option<Office> {
    let event = event(stored);
    Office::new(event.get("office")?.as_str()?).ok()
}

/// An event's bytes as a value; a text where they are no JSON, so that nothing is hidden.
pub fn event(event: &StoredEvent) -> Value {
    serde_json::from_slice(&event.bytes)
        .unwrap_or_else(|_| Value::String(String::from_utf8_lossy(&event.bytes).into_owned()))
}
