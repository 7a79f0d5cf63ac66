//! From rows to the types of the domain. A value that cannot be understood names table and row.

use clerkwork_core::{
    Approval, Binding, Decision, Digest, EffectRecord, EffectState, EventId, IdempotencyKey, Job,
    JobId, KindName, Review, ReviewId, ReviewState, Tier, Timestamp, Verdict, WorkerId,
};

use crate::{
    BatchStatus, Counts, DecisionKey, JobWait, KeptDecision, LedgerError, StoredEvent,
    WorkerProcess,
    engine::cell::{Cells, Damage},
    row::{JobRow, batch_of, deadline_of, verdict_of},
};

pub(crate) fn named<T>(
    table: &'static str,
    row: &Cells,
    read: Result<T, Damage>,
) -> Result<T, LedgerError> {
    read.map_err(|damage| LedgerError::corrupt(table, row.name_of_row(0), damage.0))
}

fn time(row: &Cells, column: usize) -> Result<Timestamp, Damage> {
    row.int(column).map(Timestamp)
}

fn opt_time(row: &Cells, column: usize) -> Result<Option<Timestamp>, Damage> {
    Ok(row.opt_int(column)?.map(Timestamp))
}

fn digest(row: &Cells, column: usize) -> Result<Digest, Damage> {
    row.bytes(column).map(Digest)
}

/// What [`job`] reads, for `FROM job … job_item i`.
pub(crate) const JOB: &str = "\
    i.id, i.kind, i.reference, job.office, job.batch, job.lane, job.deadline, i.submitter, \
    job.state, job.attempt, job.failures, job.run_at, i.created_at, job.updated_at, job.seq, \
    i.payload, i.payload_digest, job.verdict, job.last_error, job.cancel_asked_at, job.worker, \
    i.traceparent";

pub(crate) fn job(row: &Cells) -> Result<Job, LedgerError> {
    let read = || {
        Ok(Job {
            id: JobId(row.uuid(0)?),
            kind: KindName::new(&row.text(1)?),
            reference: row.text(2)?,
            office: row
                .text(3)?
                .try_into()
                .map_err(|error| row.damage(3, error))?,
            batch: batch_of(row.uuid(4)?),
            lane: row.parse(5)?,
            deadline: deadline_of(row.int(6)?),
            submitter: row.text(7)?,
            state: row.parse(8)?,
            attempt: row.count(9)?,
            failures: row.count(10)?,
            run_at: time(row, 11)?,
            created_at: time(row, 12)?,
            updated_at: time(row, 13)?,
            seq: u64::from(row.count(14)?),
            payload: row.text(15)?,
            payload_digest: digest(row, 16)?,
            verdict: verdict_of(row, 17)?,
            last_error: row.opt_text(18)?,
            cancel_requested: row.opt_int(19)?.is_some(),
            worker: row.opt_uuid(20)?.map(WorkerId),
            traceparent: row.opt_text(21)?,
        })
    };
    named("job", row, read())
}

/// The part of a job that never changes.
pub(crate) struct Item {
    pub(crate) id: JobId,
    kind: KindName,
    reference: String,
    submitter: String,
    created_at: Timestamp,
    traceparent: Option<String>,
    payload: String,
    payload_digest: Digest,
}

pub(crate) fn item(row: &Cells) -> Result<Item, LedgerError> {
    let read = || {
        Ok(Item {
            id: JobId(row.uuid(0)?),
            kind: KindName::new(&row.text(1)?),
            reference: row.text(2)?,
            submitter: row.text(3)?,
            created_at: time(row, 4)?,
            traceparent: row.opt_text(5)?,
            payload: row.text(6)?,
            payload_digest: digest(row, 7)?,
        })
    };
    named("job_item", row, read())
}

impl Item {
    /// The whole job.
    pub(crate) fn with(self, row: JobRow) -> Job {
        Job {
            id: row.id,
            kind: self.kind,
            reference: self.reference,
            office: row.office,
            batch: row.batch,
            lane: row.lane,
            deadline: row.deadline,
            submitter: self.submitter,
            state: row.state,
            attempt: row.attempt,
            failures: row.failures,
            run_at: row.run_at,
            created_at: self.created_at,
            updated_at: row.updated_at,
            seq: row.seq,
            payload: self.payload,
            payload_digest: self.payload_digest,
            verdict: row.verdict,
            last_error: row.last_error,
            cancel_requested: row.cancel_asked_at.is_some(),
            worker: row.worker,
            traceparent: self.traceparent,
        }
    }
}

/// The columns are those of `sql/effect_of.sql`.
pub(crate) fn effect(row: &Cells) -> Result<(JobId, EffectRecord), LedgerError> {
    const STATES: [EffectState; 4] = [
        EffectState::Intended,
        EffectState::Confirmed,
        EffectState::Refused,
        EffectState::Unknown,
    ];
    let read = || {
        let state = row.text(2)?;
        let result = match row.opt_text(4)? {
            Some(_) => Some(row.json(4)?),
            None => None,
        };
        let before = match row.opt_text(8)? {
            Some(_) => Some(row.json(8)?),
            None => None,
        };
        let record = EffectRecord {
            key: IdempotencyKey(row.text(0)?),
            name: row.text(1)?,
            state: STATES
                .into_iter()
                .find(|known| known.as_str() == state)
                .ok_or_else(|| row.damage(2, format!("unknown state `{state}`")))?,
            attempt: row.count(3)?,
            before,
            result,
            intended_at: time(row, 5)?,
            resolved_at: opt_time(row, 6)?,
        };
        Ok((JobId(row.uuid(7)?), record))
    };
    named("effect", row, read())
}

/// The columns are those of `Ledger::wait_of`.
pub(crate) fn wait(job: JobId, row: &Cells) -> Result<JobWait, LedgerError> {
    let read = || {
        Ok::<_, Damage>(JobWait {
            topic: row.text(0)?,
            deadline: opt_time(row, 1)?,
            why: row.json(2)?,
            next_look: time(row, 3)?,
        })
    };
    read().map_err(|damage| LedgerError::corrupt("wait", job, damage.0))
}

fn review_state(row: &Cells, column: usize) -> Result<ReviewState, Damage> {
    const STATES: [ReviewState; 4] = [
        ReviewState::Open,
        ReviewState::Approved,
        ReviewState::Returned,
        ReviewState::Lapsed,
    ];
    let name = row.text(column)?;
    STATES
        .into_iter()
        .find(|state| state.as_str() == name)
        .ok_or_else(|| row.damage(column, format!("unknown state `{name}`")))
}

/// What [`review`] reads, for `FROM review r`.
pub(crate) const REVIEW: &str = "\
    r.id, r.job, r.state, r.rules, r.payload, r.facts, r.policy, r.opened_at, r.decided_by, \
    r.decided_at, r.reason, r.assigned_to, r.revision, r.approvals_needed, r.tier, r.level, \
    r.claimed_by, r.claim_until, r.due_at, r.reminded_at, r.asked_until, r.expired_at, \
    r.joined_to, r.code, r.on_behalf_of";

pub(crate) fn review(row: &Cells) -> Result<Review, LedgerError> {
    let read = || {
        Ok(Review {
            id: ReviewId(row.uuid(0)?),
            job: JobId(row.uuid(1)?),
            state: review_state(row, 2)?,
            rules: row.json(3)?,
            binding: Binding {
                payload: digest(row, 4)?,
                facts: digest(row, 5)?,
                policy: digest(row, 6)?,
            },
            opened_at: time(row, 7)?,
            assigned_to: row.opt_text(11)?,
            decided_by: row.opt_text(8)?,
            decided_at: opt_time(row, 9)?,
            reason: row.opt_text(10)?,
            revision: u64::try_from(row.int(12)?).map_err(|error| row.damage(12, error))?,
            approvals_needed: row.count(13)?,
            tier: tier(row, 14)?,
            level: row.count(15)?,
            claimed_by: row.opt_text(16)?,
            claim_until: opt_time(row, 17)?,
            due_at: opt_time(row, 18)?,
            reminded_at: opt_time(row, 19)?,
            asked_until: opt_time(row, 20)?,
            expired_at: opt_time(row, 21)?,
            joined_to: row.opt_uuid(22)?.map(ReviewId),
            approvals: Vec::new(),
            code: row.opt_text(23)?,
            on_behalf_of: row.opt_text(24)?,
        })
    };
    named("review", row, read())
}

fn tier(row: &Cells, column: usize) -> Result<Tier, Damage> {
    let name = row.text(column)?;
    Tier::ALL
        .into_iter()
        .find(|tier| tier.as_str() == name)
        .ok_or_else(|| row.damage(column, format!("unknown tier `{name}`")))
}

/// Columns: review, by_user, on_behalf_of, tier, at.
pub(crate) fn approval(row: &Cells) -> Result<(ReviewId, Approval), LedgerError> {
    let read = || {
        let approval = Approval {
            by: row.text(1)?,
            on_behalf_of: row.opt_text(2)?,
            tier: tier(row, 3)?,
            at: time(row, 4)?,
        };
        Ok((ReviewId(row.uuid(0)?), approval))
    };
    named("review_approval", row, read())
}

/// What [`decision`] reads, for `FROM decision d`.
pub(crate) const DECISION: &str = "\
    d.id, d.job, d.attempt, d.at, d.verdict, d.policy_version, d.facts_digest, d.rules, d.facts, \
    d.findings";

pub(crate) fn decision(row: &Cells) -> Result<KeptDecision, LedgerError> {
    let read = || {
        Ok(KeptDecision {
            key: DecisionKey(row.uuid(0)?),
            job: JobId(row.uuid(1)?),
            attempt: row.count(2)?,
            at: time(row, 3)?,
            decision: Decision {
                // A null here is damage, too: fail closed.
                verdict: verdict_of(row, 4)?.unwrap_or(Verdict::Review),
                policy_version: digest(row, 5)?,
                facts_digest: digest(row, 6)?,
                rules: row.json(7)?,
            },
            facts: row.json(8)?,
            findings: row.json(9)?,
        })
    };
    named("decision", row, read())
}

/// Columns: id, bytes.
pub(crate) fn event(row: &Cells) -> Result<StoredEvent, LedgerError> {
    let read = || {
        Ok(StoredEvent {
            id: EventId(row.uuid(0)?),
            bytes: row.blob(1)?,
        })
    };
    named("event", row, read())
}

/// Columns: id, name, started_at, heartbeat_at.
pub(crate) fn worker(row: &Cells) -> Result<WorkerProcess, LedgerError> {
    let read = || {
        Ok(WorkerProcess {
            id: WorkerId(row.uuid(0)?),
            name: row.text(1)?,
            started_at: time(row, 2)?,
            heartbeat_at: time(row, 3)?,
        })
    };
    named("worker", row, read())
}

/// Columns: id, reference, office, submitter, weight, created_at.
pub(crate) fn batch(row: &Cells, counts: Counts) -> Result<BatchStatus, LedgerError> {
    let read = || {
        Ok(BatchStatus {
            id: clerkwork_core::BatchId(row.uuid(0)?),
            reference: row.text(1)?,
            office: row
                .text(2)?
                .try_into()
                .map_err(|error| row.damage(2, error))?,
            submitter: row.text(3)?,
            weight: row.count(4)?,
            created_at: time(row, 5)?,
            counts,
        })
    };
    named("batch", row, read())
}

/// Columns: batch, state, n.
pub(crate) fn count(row: &Cells) -> Result<(uuid::Uuid, clerkwork_core::State, u64), LedgerError> {
    let read = || {
        let n = u64::try_from(row.int(2)?).map_err(|error| row.damage(2, error))?;
        Ok((row.uuid(0)?, row.parse(1)?, n))
    };
    named("job_count", row, read())
}
