//! What writers hand to the ledger.

use std::time::Duration;

use clerkwork_audit::EventDraft;
use clerkwork_core::{
    Actor, BatchId, Binding, BrakeId, Decision, Digest, EffectRecord, EffectState, Facts, Finding,
    IdempotencyKey, Job, JobId, KindName, Lane, MadeBy, Office, Review, ReviewId, RuleHit, State,
    Text, Tier, Timestamp, Verdict, WorkerId,
};
use serde_json::Value;

use crate::Gate;

/// A job to be accepted.
#[derive(Debug, Clone)]
pub struct NewJob {
    /// What kind of work.
    pub kind: KindName,
    /// The submitter's name for it; unique per kind.
    pub reference: String,
    /// Whose work.
    pub office: Office,
    /// Its batch.
    pub batch: Option<BatchId>,
    /// Its lane.
    pub lane: Lane,
    /// When it should be done.
    pub deadline: Option<Timestamp>,
    /// Not before this time; absent: at once.
    pub run_at: Option<Timestamp>,
    /// The user who submits it.
    pub submitter: String,
    /// The item, already checked by its kind.
    pub payload: Value,
    /// Id of the person it is about; becomes a pseudonym.
    pub subject_id: String,
    /// Name of that person; sealed in the event, with the id.
    pub subject_name: String,
    /// W3C trace context of the intake.
    pub traceparent: Option<String>,
}

/// What became of a job that was handed in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Accepted {
    /// It is new.
    New(JobId),
    /// The same reference with the same content was there already.
    Same(JobId),
    /// The reference is taken by a job with other content.
    Conflict(JobId),
}

/// A batch to be opened.
#[derive(Debug, Clone)]
pub struct NewBatch {
    /// The submitter's name for it; unique.
    pub reference: String,
    /// Whose work.
    pub office: Office,
    /// The user who opens it.
    pub submitter: String,
    /// Share of a lane against other batches, from 1.
    pub weight: u32,
}

/// A worker asks for a job.
#[derive(Debug, Clone)]
pub struct Claim {
    /// The job.
    pub job: JobId,
    /// The attempt that the queue entry names.
    pub attempt: u32,
    /// The process that asks.
    pub worker: WorkerId,
    /// Its name in the event.
    pub actor: Actor,
}

/// The answer to a claim.
#[derive(Debug, Clone)]
pub enum Claimed {
    /// The job is this worker's.
    Yes(Box<ClaimedJob>),
    /// The queue entry is stale: the job is gone, taken, or at another attempt.
    Stale,
}

/// A claimed job with what earlier attempts left.
#[derive(Debug, Clone)]
pub struct ClaimedJob {
    /// The job, now running.
    pub job: Job,
    /// The journal, oldest first.
    pub effects: Vec<EffectRecord>,
    /// The latest review, if there was one.
    pub review: Option<Review>,
    /// What else there was of the same taxpayer.
    pub history: History,
}

/// What became of other items of the same taxpayer, of all kinds, that were accepted within the last
/// 90 days; of very many the newest 500 count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct History {
    /// How many were sent back to the applicant.
    pub returned: u32,
    /// How many a person approved although rules stood against them.
    pub overridden: u32,
    /// As of when.
    pub at: Timestamp,
}

impl History {
    /// There was nothing else.
    pub const fn none(at: Timestamp) -> Self {
        Self {
            returned: 0,
            overridden: 0,
            at,
        }
    }
}

/// One change of one job: refused as a whole unless the job is in `expect` at `attempt`.
/// State, journal, review and events commit together or not at all.
#[derive(Debug, Clone)]
pub struct Change {
    /// The job.
    pub job: JobId,
    /// The state it must be in.
    pub expect: State,
    /// The attempt it must be at.
    pub attempt: u32,
    /// The state it gets; the same for a journal entry. Must be in the table of transitions.
    pub to: State,
    /// The attempt it gets.
    pub next_attempt: u32,
    /// The count of failures it gets; absent: as it is.
    pub failures: Option<u32>,
    /// Not before this time; absent: as it is.
    pub run_at: Option<Timestamp>,
    /// The verdict it gets; absent: as it is.
    pub verdict: Option<Verdict>,
    /// The last error it gets; absent: as it is.
    pub last_error: Option<String>,
    /// Refuse also when a person asked to cancel the job ([`Refused::CancelRequested`]): set when
    /// an effect is announced, so that a request that came in time stops the act.
    pub unless_cancelled: bool,
    /// Refuse also when a brake stops the act or another policy has come into force
    /// ([`Refused::Braked`], [`Refused::PolicyChanged`]): set when an effect is announced.
    pub gate: Option<Gate>,
    /// A decision to keep, with what it was made from. One attempt may leave several.
    pub decision: Option<Box<DecisionRecord>>,
    /// Journal entries.
    pub effects: Vec<EffectWrite>,
    /// A change of a review.
    pub review: Option<ReviewWrite>,
    /// What the job waits for from now on; goes with `to: State::Waiting`.
    pub wait: Option<WaitWrite>,
    /// Gives back the matter that the job [holds](crate::Ledger::hold), for other jobs to take.
    pub release: bool,
    /// The events, in order. At least one.
    pub events: Vec<EventDraft>,
}

impl Change {
    /// A change that keeps the attempt and everything else as it is.
    pub fn new(job: JobId, expect: State, attempt: u32, to: State) -> Self {
        Self {
            job,
            expect,
            attempt,
            to,
            next_attempt: attempt,
            failures: None,
            run_at: None,
            verdict: None,
            last_error: None,
            unless_cancelled: false,
            gate: None,
            decision: None,
            effects: Vec::new(),
            review: None,
            wait: None,
            release: false,
            events: Vec::new(),
        }
    }

    /// Adds an event.
    #[must_use]
    pub fn event(mut self, event: EventDraft) -> Self {
        self.events.push(event);
        self
    }
}

/// A decision with its inputs, so that it can be explained and made again.
#[derive(Debug, Clone)]
pub struct DecisionRecord {
    /// The decision.
    pub decision: Decision,
    /// Who made it.
    pub made_by: MadeBy,
    /// The facts it was shown.
    pub facts: Facts,
    /// All findings.
    pub findings: Vec<Finding>,
}

/// An entry of the journal.
#[derive(Debug, Clone)]
pub enum EffectWrite {
    /// Announces an effect. A key that stands already is set to `intended` again, by this attempt.
    Intend {
        /// Its key.
        key: IdempotencyKey,
        /// Its name.
        name: String,
        /// What stood upstream just before, as far as its lookup needs it; no personal data.
        before: Option<Value>,
    },
    /// Records an outcome.
    Resolve {
        /// Its key.
        key: IdempotencyKey,
        /// `confirmed`, `refused` or `unknown`.
        state: EffectState,
        /// What the upstream answered, without personal data.
        result: Option<Value>,
    },
}

/// What a job waits for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WaitWrite {
    /// Its name, by which [`Ledger::wake`](crate::Ledger::wake) finds the job.
    pub topic: String,
    /// When waiting ends by law or contract, if it does.
    pub deadline: Option<Timestamp>,
    /// What is awaited, for people; no personal data.
    pub why: Text,
}

/// A change of a review.
#[derive(Debug, Clone)]
pub enum ReviewWrite {
    /// Puts a question to people.
    Open {
        /// Its id.
        id: ReviewId,
        /// The rules that blocked.
        rules: Vec<RuleHit>,
        /// What a decision is bound to.
        binding: Binding,
        /// What makes another item the same matter; see [`Review::joined_to`](clerkwork_core::Review).
        concern: Option<String>,
    },
    /// A person decides; refused unless the review is open. The first of two approvals leaves the job
    /// where it is (`to: State::Blocked`).
    Decide {
        /// The review.
        id: ReviewId,
        /// Approved (`true`) or returned.
        approve: bool,
        /// The user.
        by: String,
        /// The reason given.
        reason: String,
        /// Under what they decide. Without them it is a statement of fact (how an act ended), which is
        /// refused where two must approve.
        terms: Option<Box<Terms>>,
    },
    /// A person did by hand what the item asks for: the review ends as approved and its job is
    /// completed (`to: State::Completed`) without the robot. One person is enough, because nothing is
    /// let pass. Refused while the outcome of an act of the job is not known.
    ByHand {
        /// The review.
        id: ReviewId,
        /// The user.
        by: String,
        /// The reason given.
        reason: String,
        /// Under what they say so.
        terms: Box<Terms>,
    },
    /// An open review as a task: who works on it, until when. Refused unless it is open and at this
    /// revision.
    Patch {
        /// The review.
        id: ReviewId,
        /// The revision that the change was made from.
        revision: u64,
        /// What is to be otherwise.
        patch: Box<ReviewPatch>,
    },
    /// An open review goes to somebody else; its job stays blocked. A later hand-over replaces an
    /// earlier one.
    HandOver {
        /// The review.
        id: ReviewId,
        /// A user, or `group:` and a name; see [`is_assignee`](clerkwork_core::is_assignee).
        to: String,
    },
    /// What it was bound to has changed, or the job was cancelled.
    Lapse {
        /// The review.
        id: ReviewId,
    },
}

/// Why a change of an open review was refused. Nothing was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReviewRefused {
    /// The review was changed by somebody else meanwhile.
    Moved,
    /// What was shown is not what stands there now.
    Stale,
    /// Another policy has come into force than the one that blocked the item.
    StalePolicy,
    /// Somebody else works on the review.
    ClaimedByAnother,
    /// The applicant was asked and has time to answer.
    WaitsForApplicant,
    /// This person, or the one they act for, has approved before.
    ApprovedBefore,
    /// The user, or the one they act for, was changed meanwhile: a role, an office, or disabled.
    AuthorityChanged,
    /// Two must approve, and under terms.
    NeedsTerms,
    /// Whether an act of the job happened is not known; that is settled first.
    EffectOpen,
}

impl From<ReviewRefused> for Refused {
    fn from(refused: ReviewRefused) -> Self {
        Self::Review(refused)
    }
}

/// Under what a person decides.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Terms {
    /// Digest of what they were shown: [`Review::shown`](clerkwork_core::Review::shown).
    pub shown: Digest,
    /// The policy in force, as they saw it.
    pub policy: Digest,
    /// In whose place they act, if as a substitute.
    pub on_behalf_of: Option<String>,
    /// Up to which tier they, or the one they act for, decide.
    pub tier: Tier,
    /// The reason code.
    pub code: String,
    /// The users whose rights it rests on, each with the revision that was judged.
    pub authority: Vec<(String, u64)>,
}

/// What of an open review is to be otherwise; what is absent stays.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ReviewPatch {
    /// Who is to decide.
    pub assigned_to: Option<Option<String>>,
    /// Who works on it, and until when nobody else may.
    pub claim: Option<Option<(String, Timestamp)>>,
    /// Its level.
    pub level: Option<u32>,
    /// When it goes to the next level.
    pub due_at: Option<Option<Timestamp>>,
    /// When a reminder was sent at this level.
    pub reminded_at: Option<Option<Timestamp>>,
    /// Until when the applicant may answer.
    pub asked_until: Option<Option<Timestamp>>,
    /// When the last level's time ran out.
    pub expired_at: Option<Option<Timestamp>>,
}

/// The answer to a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Changed {
    /// Committed and durable.
    Yes,
    /// Refused: the job is elsewhere (shown), or does not exist, or the review is decided.
    No(Refused),
}

/// Why a change was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refused {
    /// There is no such job.
    NoSuchJob,
    /// The job is in this state at this attempt.
    JobIs {
        /// Its state.
        state: State,
        /// Its attempt.
        attempt: u32,
    },
    /// The review is not open (any more).
    ReviewNotOpen,
    /// The review does not allow it.
    Review(ReviewRefused),
    /// A person asked to cancel the job, and the change was to be made only if nobody did.
    CancelRequested,
    /// A brake stops the act.
    Braked(BrakeId),
    /// Another policy has come into force than the one that let the act pass.
    PolicyChanged,
}

/// What became of a wish to cancel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CancelOutcome {
    /// The job is cancelled; an open review has lapsed.
    Cancelled,
    /// The job is running, or an act of its was announced and its outcome is not known: it will be
    /// cancelled before its next act unless that one turns out to have happened.
    Requested,
    /// There is no such job, or it is done.
    No(Refused),
}

/// How the ledger works.
#[derive(Debug, Clone, Copy)]
pub struct LedgerOptions {
    /// How writes are grouped.
    pub group: GroupCommit,
    /// Connections that read, at least 1.
    pub readers: u32,
    /// Connections that write at the same time, at least 1; SQLite always has one.
    pub writers: u32,
    /// Refuses to write an event that is not as the schema of events says.
    pub strict_events: bool,
}

impl Default for LedgerOptions {
    fn default() -> Self {
        Self {
            group: GroupCommit::default(),
            readers: 4,
            writers: 2,
            // A slip of ours: found by tests, and no reason to stop the work of a centre.
            strict_events: cfg!(debug_assertions),
        }
    }
}

/// How many transitions one transaction may hold and how long the first may wait for company.
#[derive(Debug, Clone, Copy)]
pub struct GroupCommit {
    /// At most this many requests a transaction.
    pub max: usize,
    /// Waits this long for more, only while another commit is not under way; zero: never waits.
    pub linger: Duration,
}

impl Default for GroupCommit {
    fn default() -> Self {
        Self {
            max: 512,
            linger: Duration::ZERO,
        }
    }
}
