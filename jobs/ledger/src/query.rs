//! What readers ask the ledger and what they get.

use std::collections::BTreeMap;

use clerkwork_audit::{Pseudonym, Term};
use clerkwork_core::{
    BatchId, Decision, EventId, Facts, Finding, JobId, KindName, Office, ReviewState, State, Text,
    Tier, Timestamp, Verdict, WorkerId,
};
use uuid::Uuid;

/// Which jobs; every given part must fit.
#[derive(Debug, Clone, Default)]
pub struct JobFilter {
    /// Of this kind.
    pub kind: Option<KindName>,
    /// In this state.
    pub state: Option<State>,
    /// Of this batch.
    pub batch: Option<BatchId>,
    /// Of this office or one below it.
    pub office: Option<Office>,
    /// Accepted at or after.
    pub since: Option<Timestamp>,
    /// Accepted before.
    pub until: Option<Timestamp>,
}

/// A page by key: after `after`, newest first, at most `limit` (1 to 1,000).
#[derive(Debug, Clone, Copy)]
pub struct Page<K> {
    /// The last key of the page before.
    pub after: Option<K>,
    /// At most so many.
    pub limit: u32,
}

impl<K> Page<K> {
    /// The first page.
    pub const fn first(limit: u32) -> Self {
        Self { after: None, limit }
    }
}

/// Which events; every given part must fit.
#[derive(Debug, Clone, Default)]
pub struct EventFilter {
    /// Of this office or one below it.
    pub office: Option<Office>,
    /// About this job.
    pub job: Option<JobId>,
    /// About an item of this person.
    pub party: Option<Pseudonym>,
    /// Of this type, by name.
    pub kind: Option<String>,
    /// By this actor, by name.
    pub actor: Option<String>,
    /// At or after.
    pub since: Option<Timestamp>,
    /// Before.
    pub until: Option<Timestamp>,
    /// With all these terms.
    pub terms: Vec<Term>,
    /// With all these texts in its bytes, in lower case; their words must be among the terms.
    pub text: Vec<String>,
    /// Only what went as it was meant to. What did not is a term.
    pub went_well: bool,
}

/// An event as stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredEvent {
    /// Its id.
    pub id: EventId,
    /// The exact bytes.
    pub bytes: Vec<u8>,
}

/// Names a kept decision; later ones are greater.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct DecisionKey(pub Uuid);

/// A kept decision.
#[derive(Debug, Clone)]
pub struct KeptDecision {
    /// Its key, for paging.
    pub key: DecisionKey,
    /// The job.
    pub job: JobId,
    /// The attempt that was decided.
    pub attempt: u32,
    /// When.
    pub at: Timestamp,
    /// The decision.
    pub decision: Decision,
    /// The facts it was shown.
    pub facts: Facts,
    /// All findings.
    pub findings: Vec<Finding>,
}

/// What a waiting job waits for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JobWait {
    /// Its name.
    pub topic: String,
    /// When waiting ends by law or contract, if it does.
    pub deadline: Option<Timestamp>,
    /// What is awaited, for people.
    pub why: Text,
    /// When the job looks again if nobody wakes it.
    pub next_look: Timestamp,
}

/// A batch with its figures.
#[derive(Debug, Clone)]
pub struct BatchStatus {
    /// Its id.
    pub id: BatchId,
    /// Its reference.
    pub reference: String,
    /// Whose work.
    pub office: Office,
    /// Who opened it.
    pub submitter: String,
    /// Share of a lane against other batches.
    pub weight: u32,
    /// When it was opened.
    pub created_at: Timestamp,
    /// Jobs by state; states without jobs are absent.
    pub counts: Counts,
}

/// Jobs by state.
pub type Counts = BTreeMap<State, u64>;

/// Which decisions.
#[derive(Debug, Clone, Copy, Default)]
pub struct DecisionFilter {
    /// Of jobs of this batch.
    pub batch: Option<BatchId>,
    /// With this verdict.
    pub verdict: Option<Verdict>,
}

/// Which reviews.
#[derive(Debug, Clone, Default)]
pub struct ReviewFilter {
    /// In this state.
    pub state: Option<ReviewState>,
    /// Of this job.
    pub job: Option<JobId>,
    /// Of jobs of this office or one below it.
    pub office: Option<Office>,
    /// Handed over to this user or group.
    pub assigned_to: Option<String>,
    /// Assigned to this user, or claimed by them.
    pub of_user: Option<String>,
    /// Assigned to nobody.
    pub unassigned: bool,
    /// Due before this time.
    pub due_before: Option<Timestamp>,
    /// Of this tier.
    pub tier: Option<Tier>,
    /// At this level.
    pub level: Option<u32>,
    /// Not those that are decided with another open one.
    pub apart: bool,
}

/// A process of the fleet.
#[derive(Debug, Clone)]
pub struct WorkerProcess {
    /// Its id, one per boot.
    pub id: WorkerId,
    /// Its name.
    pub name: String,
    /// When it started.
    pub started_at: Timestamp,
    /// When it was last heard of.
    pub heartbeat_at: Timestamp,
}

/// What lies behind the ledger's address.
#[derive(Debug, Clone)]
pub struct LedgerInfo {
    /// `sqlite` or `postgresql`.
    pub engine: &'static str,
    /// The engine's version.
    pub version: String,
    /// Size of the database in bytes.
    pub size_bytes: u64,
    /// Number of the newest migration that was applied.
    pub schema: i64,
}

/// Figures of this process since the ledger was opened.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct LedgerStats {
    /// Transactions that were committed.
    pub commits: u64,
    /// Requests that these answered.
    pub requests: u64,
    /// Requests that were handed in, answered or not.
    pub asked: u64,
}
