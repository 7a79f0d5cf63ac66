//! What the writer is asked and what it answers.

use std::any::Any;

use clerkwork_audit::{EventDraft, Pseudonym};
use clerkwork_core::{
    Actor, BatchId, Digest, Entry, EventId, JobId, Lane, Office, Timestamp, WorkerId,
};
use tokio::sync::oneshot;

use super::register::Registered;
use crate::{
    Accepted, CancelOutcome, Change, Changed, Claim, Claimed, LedgerError, NewBatch, NewJob,
};

/// A job whose costly parts (canonical form, digests, pseudonym) were made by its caller, so that
/// the writer does not have to.
#[derive(Debug)]
pub(crate) struct PreparedJob {
    pub(crate) new: NewJob,
    pub(crate) payload: String,
    pub(crate) salt: [u8; 16],
    pub(crate) digest: Digest,
    pub(crate) person: Pseudonym,
}

/// One request.
#[derive(Debug)]
pub(crate) enum Work {
    /// Anything outside the hot path.
    Register(Box<dyn Registered>),
    Accept(Vec<PreparedJob>),
    CreateBatch(NewBatch, Actor),
    Claim(Claim),
    Change(Box<Change>),
    Cancel {
        job: JobId,
        actor: Actor,
        reason: String,
    },
    Redrive {
        job: JobId,
        actor: Actor,
        reason: String,
    },
    Record(Office, EventDraft),
    Heartbeat(WorkerId, String),
    Rescue {
        worker: WorkerId,
        max: u32,
    },
    Retire(WorkerId),
    Promote {
        now: Timestamp,
        limit: u32,
    },
    Wake {
        topic: String,
        actor: Actor,
    },
    Hold {
        job: JobId,
        topic: String,
    },
    Dispatch {
        lane: Lane,
        room: u32,
        now: Timestamp,
        urgent_before: Timestamp,
    },
    Undispatch {
        lane: Lane,
        before: Timestamp,
        limit: u32,
    },
    Lead {
        role: String,
        who: WorkerId,
        until: Timestamp,
        now: Timestamp,
    },
}

/// The answer to one request.
#[derive(Debug)]
pub(crate) enum Answer {
    Accepted(Vec<Accepted>),
    Batch(BatchId, bool),
    Claimed(Claimed),
    Changed(Changed),
    Cancel(CancelOutcome),
    Event(EventId),
    Entries(Vec<Entry>),
    Count(u64),
    Lead(bool),
    Held(bool),
    Registered(Box<dyn Any + Send>),
    Done,
}

pub(crate) type Answered = Result<Answer, LedgerError>;

/// A request and who waits for its answer.
#[derive(Debug)]
pub(crate) struct Request {
    pub(crate) work: Work,
    pub(crate) reply: oneshot::Sender<Answered>,
}
