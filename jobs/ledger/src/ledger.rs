//! The handle, and the requests that change something.

use std::{
    collections::BTreeSet,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use clerkwork_audit::{EventDraft, Sealer};
use clerkwork_core::{
    Actor, BatchId, Clock, Digest, Entry, EventId, JobId, Lane, Office, State, Timestamp, WorkerId,
    canonical, is_assignee,
};
use tokio::{
    sync::{mpsc, oneshot, watch},
    task::JoinHandle,
};

use crate::{
    Accepted, CancelOutcome, Change, Changed, Claim, Claimed, EffectWrite, LedgerError,
    LedgerOptions, LedgerStats, NewBatch, NewJob, ReviewWrite,
    engine::{Engine, connect},
    keyring,
    writer::{
        self, Shared,
        request::{Answer, PreparedJob, Request, Work},
    },
};

/// Requests that may wait for the writer; beyond that callers wait to hand theirs in.
const QUEUED: usize = 8_192;

/// A handle on the ledger. Cloning is cheap; all clones share connections and writer.
#[derive(Debug)]
pub struct Ledger {
    inner: Arc<Inner>,
    /// How far this handle has followed the news of new work.
    seen: AtomicU64,
}

#[derive(Debug)]
struct Inner {
    url: String,
    shared: Arc<Shared>,
    queue: mpsc::Sender<Request>,
    closing: watch::Sender<bool>,
    asked: AtomicU64,
    writers: Mutex<Vec<JoinHandle<()>>>,
}

impl Clone for Ledger {
    fn clone(&self) -> Self {
        Self {
            inner: self.inner.clone(),
            seen: AtomicU64::new(self.seen.load(Ordering::Relaxed)),
        }
    }
}

impl Ledger {
    /// Opens the ledger at `url`, creates it if it is a file that is not there yet, and brings its
    /// schema up to date. `sqlite:PATH` or `postgres://user@host/database`.
    ///
    /// # Errors
    /// [`LedgerError::Misconfigured`] says what to do: the folder is missing or not writable, the
    /// file is no database, the schema is newer than this program, the server cannot be reached or
    /// refuses the user.
    pub async fn open(
        url: &str,
        sealer: Sealer,
        clock: Arc<dyn Clock>,
        options: LedgerOptions,
    ) -> Result<Self, LedgerError> {
        let pools = connect::open(url, options).await?;
        let sealer = keyring::find(&connect::redacted(url), &pools, &sealer, clock.now()).await?;
        let writers = match pools.engine() {
            Engine::Sqlite => 1,
            Engine::Postgres => options.writers.max(1),
        };
        let shared = Arc::new(Shared::new(pools, sealer, clock, options.strict_events));
        let (queue, waiting) = mpsc::channel(QUEUED);
        let waiting = Arc::new(tokio::sync::Mutex::new(waiting));
        let (closing, _) = watch::channel(false);
        let spawn = |_| {
            tokio::spawn(writer::run(
                shared.clone(),
                waiting.clone(),
                options.group,
                closing.subscribe(),
            ))
        };
        let writers = (0..writers).map(spawn).collect();
        Ok(Self {
            inner: Arc::new(Inner {
                url: connect::redacted(url),
                shared,
                queue,
                closing,
                asked: AtomicU64::default(),
                writers: Mutex::new(writers),
            }),
            seen: AtomicU64::default(),
        })
    }

    /// Whether there is anything in the ledger at `url` that a master key was needed for. What is not
    /// there yet is made.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    pub async fn is_sealed(url: &str, options: LedgerOptions) -> Result<bool, LedgerError> {
        let pools = connect::open(url, options).await?;
        let sql = "SELECT 1 FROM keyring UNION ALL SELECT 1 FROM person LIMIT 1";
        let found = pools.fetch(sql, Vec::new()).await;
        pools.close().await;
        Ok(!found?.is_empty())
    }

    /// The address without a password.
    pub fn url_redacted(&self) -> String {
        self.inner.url.clone()
    }

    /// The types of the events that were written here, as far as events are
    /// [strict](LedgerOptions::strict_events).
    pub fn recorded(&self) -> BTreeSet<&'static str> {
        let recorded = self.inner.shared.recorded.lock();
        recorded.unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The clock that the ledger goes by.
    pub fn clock(&self) -> Arc<dyn Clock> {
        self.inner.shared.clock.clone()
    }

    /// Figures of this process.
    pub fn stats(&self) -> LedgerStats {
        LedgerStats {
            commits: self.inner.shared.commits.load(Ordering::Relaxed),
            requests: self.inner.shared.requests.load(Ordering::Relaxed),
            asked: self.inner.asked.load(Ordering::Relaxed),
        }
    }

    /// Does what is queued, then closes all connections. Other handles get
    /// [`LedgerError::Closed`] from then on.
    pub async fn close(self) {
        self.inner.closing.send_replace(true);
        let writers = {
            let writers = self.inner.writers.lock();
            std::mem::take(&mut *writers.unwrap_or_else(PoisonError::into_inner))
        };
        for writer in writers {
            // A writer that panicked has dropped its group, whose callers were told.
            let _ = writer.await;
        }
        self.inner.shared.wake.close().await;
        self.inner.shared.pools.close().await;
    }

    pub(crate) fn shared(&self) -> &Shared {
        &self.inner.shared
    }

    pub(crate) async fn ask(&self, work: Work) -> Result<Answer, LedgerError> {
        self.inner.asked.fetch_add(1, Ordering::Relaxed);
        let (reply, answer) = oneshot::channel();
        let request = Request { work, reply };
        let sent = self.inner.queue.send(request).await;
        sent.map_err(|_| LedgerError::Closed)?;
        answer.await.map_err(|_| LedgerError::Closed)?
    }

    /// Takes jobs in, all in one transaction, each with the event `job.accepted`; answers in the
    /// order of `jobs`. Meant for up to some hundreds at once.
    ///
    /// # Errors
    /// [`LedgerError::Invalid`] when a payload or reference cannot be stored,
    /// [`LedgerError::NoSuchBatch`]; then none of these jobs was taken in.
    pub async fn accept(&self, jobs: Vec<NewJob>) -> Result<Vec<Accepted>, LedgerError> {
        if jobs.is_empty() {
            return Ok(Vec::new());
        }
        let jobs = jobs
            .into_iter()
            .map(|job| prepare(&self.inner.shared.sealer, job))
            .collect::<Result<_, _>>()?;
        match self.ask(Work::Accept(jobs)).await? {
            Answer::Accepted(accepted) => Ok(accepted),
            other => Err(mixed_up(&other)),
        }
    }

    /// Opens a batch, with an event. The same reference from the same office and submitter is the
    /// same batch; the second part of the answer tells whether it is new.
    pub async fn create_batch(
        &self,
        batch: NewBatch,
        actor: Actor,
    ) -> Result<(BatchId, bool), LedgerError> {
        storable("batch reference", &batch.reference)?;
        match self.ask(Work::CreateBatch(batch, actor)).await? {
            Answer::Batch(id, new) => Ok((id, new)),
            other => Err(mixed_up(&other)),
        }
    }

    /// Gives an available job to a worker. Journal and latest review come with it when it has been
    /// attempted before.
    pub async fn claim(&self, claim: Claim) -> Result<Claimed, LedgerError> {
        match self.ask(Work::Claim(claim)).await? {
            Answer::Claimed(claimed) => Ok(claimed),
            other => Err(mixed_up(&other)),
        }
    }

    /// Changes a job. Durable when answered. A job that becomes available gets an attempt above
    /// every one that was claimed, whatever `next_attempt` says.
    ///
    /// # Errors
    /// [`LedgerError::IllegalTransition`] and [`LedgerError::Invalid`] are programming errors; the
    /// database was not asked. After [`LedgerError::OutcomeUnknown`] the same change may be tried
    /// again: if it was done, it is refused, and the job shows it.
    pub async fn change(&self, change: Change) -> Result<Changed, LedgerError> {
        check(&change)?;
        match self.ask(Work::Change(Box::new(change))).await? {
            Answer::Changed(changed) => Ok(changed),
            other => Err(mixed_up(&other)),
        }
    }

    /// Cancels a job: at once unless it is running, then by asking the worker that holds it. An
    /// open review lapses.
    pub async fn request_cancel(
        &self,
        job: JobId,
        actor: Actor,
        reason: &str,
    ) -> Result<CancelOutcome, LedgerError> {
        let reason = reason.to_owned();
        match self.ask(Work::Cancel { job, actor, reason }).await? {
            Answer::Cancel(outcome) => Ok(outcome),
            other => Err(mixed_up(&other)),
        }
    }

    /// Gives a failed job another chance: its failures and rescues count from zero again.
    pub async fn redrive(
        &self,
        job: JobId,
        actor: Actor,
        reason: &str,
    ) -> Result<Changed, LedgerError> {
        let reason = reason.to_owned();
        match self.ask(Work::Redrive { job, actor, reason }).await? {
            Answer::Changed(changed) => Ok(changed),
            other => Err(mixed_up(&other)),
        }
    }

    /// Records an event that is about no job. It must hold no personal data.
    pub async fn record(&self, office: Office, event: EventDraft) -> Result<EventId, LedgerError> {
        match self.ask(Work::Record(office, event)).await? {
            Answer::Event(id) => Ok(id),
            other => Err(mixed_up(&other)),
        }
    }

    /// A worker process is alive. Its first heartbeat records `worker.started`.
    pub async fn heartbeat(&self, id: WorkerId, name: &str) -> Result<(), LedgerError> {
        self.ask(Work::Heartbeat(id, name.to_owned())).await?;
        Ok(())
    }

    /// Gives up a worker: it is marked lost (`worker.lost`) and its jobs become available again at
    /// the next attempt, but those that have been rescued `max_rescues` times before fail. Answers
    /// the number of jobs.
    pub async fn rescue(&self, worker: WorkerId, max_rescues: u32) -> Result<u64, LedgerError> {
        let max = max_rescues;
        self.counted(Work::Rescue { worker, max }).await
    }

    /// A worker stops by itself: it is marked stopped (`worker.stopped`), jobs that it still holds
    /// become available again at the next attempt. Answers the number of jobs.
    pub async fn retire(&self, worker: WorkerId) -> Result<u64, LedgerError> {
        self.counted(Work::Retire(worker)).await
    }

    /// Makes jobs available whose time has come, at most `limit`. Answers the number.
    pub async fn promote_due(&self, now: Timestamp, limit: u32) -> Result<u64, LedgerError> {
        self.counted(Work::Promote { now, limit }).await
    }

    /// Makes the jobs available that wait for `topic`, because somebody heard of it. Answers the
    /// number; zero when none waits for it. What was heard is not believed: the job asks the
    /// upstream itself.
    pub async fn wake(&self, topic: &str, actor: Actor) -> Result<u64, LedgerError> {
        storable("topic", topic)?;
        // A brake may have stopped very many: some at a time, so that others get their turn.
        let mut woken = 0;
        loop {
            let (topic, actor) = (topic.to_owned(), actor.clone());
            match self.counted(Work::Wake { topic, actor }).await? {
                0 => return Ok(woken),
                some => woken += some,
            }
        }
    }

    /// Takes a matter for a running job, so that no other job works on it. Kept until a change
    /// [releases](Change::release) it or the job is cancelled. `false`: another job holds it, or
    /// this one does not run any more.
    pub async fn hold(&self, job: JobId, topic: &str) -> Result<bool, LedgerError> {
        storable("matter", topic)?;
        let topic = topic.to_owned();
        match self.ask(Work::Hold { job, topic }).await? {
            Answer::Held(held) => Ok(held),
            other => Err(mixed_up(&other)),
        }
    }

    async fn counted(&self, work: Work) -> Result<u64, LedgerError> {
        match self.ask(work).await? {
            Answer::Count(n) => Ok(n),
            other => Err(mixed_up(&other)),
        }
    }

    /// Picks at most `room` ready jobs of a lane for the queue and marks them, in one transaction:
    /// first those whose deadline is at or before `urgent_before`, by deadline; then the rest in
    /// fair shares by the batches' weights, jobs without a batch as one batch of weight 1. The cost
    /// does not depend on how many jobs are ready.
    pub async fn dispatch(
        &self,
        lane: Lane,
        room: u32,
        now: Timestamp,
        urgent_before: Timestamp,
    ) -> Result<Vec<Entry>, LedgerError> {
        if room == 0 {
            return Ok(Vec::new());
        }
        let work = Work::Dispatch {
            lane,
            room,
            now,
            urgent_before,
        };
        match self.ask(work).await? {
            Answer::Entries(entries) => Ok(entries),
            other => Err(mixed_up(&other)),
        }
    }

    /// The queue lost its entries: all jobs that were in it may be picked again.
    pub async fn undispatch(&self, lane: Option<Lane>) -> Result<u64, LedgerError> {
        let lanes = lane.map_or(Lane::ALL.to_vec(), |lane| vec![lane]);
        let mut sum = 0;
        for lane in lanes {
            sum += self
                .undispatch_older(lane, Timestamp(i64::MAX), u32::MAX)
                .await?;
        }
        Ok(sum)
    }

    /// Jobs that were put into the queue before `before` and are still available may be picked
    /// again; at most `limit`, the oldest first.
    pub async fn undispatch_older(
        &self,
        lane: Lane,
        before: Timestamp,
        limit: u32,
    ) -> Result<u64, LedgerError> {
        let work = Work::Undispatch {
            lane,
            before,
            limit,
        };
        self.counted(work).await
    }

    /// Takes or keeps the lead of a role for `ttl`. Nothing is written while more than half of the
    /// time is left.
    pub async fn lead(
        &self,
        role: &str,
        who: WorkerId,
        ttl: Duration,
    ) -> Result<bool, LedgerError> {
        let now = self.inner.shared.clock.now();
        let sql = "SELECT 1 FROM lease WHERE role = $1 AND holder = $2 AND until > $3";
        let enough = now.after(ttl / 2);
        let cells = vec![role.into(), who.0.into(), enough.into()];
        if !self.inner.shared.pools.fetch(sql, cells).await?.is_empty() {
            return Ok(true);
        }
        let work = Work::Lead {
            role: role.to_owned(),
            who,
            until: now.after(ttl),
            now,
        };
        match self.ask(work).await? {
            Answer::Lead(leads) => Ok(leads),
            other => Err(mixed_up(&other)),
        }
    }

    /// Returns when something may have become available since this handle last returned from here,
    /// in this or another process, or after `timeout`. Each waiting task should hold a handle of
    /// its own. It may return without cause; the first call does, because nobody listened to other
    /// processes before it.
    pub async fn wait_for_work(&self, timeout: Duration) {
        let seen = self.seen.load(Ordering::Relaxed);
        let shared = &self.inner.shared;
        let now = shared.wake.wait(seen, timeout, &shared.pools).await;
        self.seen.store(now, Ordering::Relaxed);
    }
}

/// The writer answers each kind of request with its own kind of answer.
pub(crate) fn mixed_up(answer: &Answer) -> LedgerError {
    LedgerError::Invalid(format!(
        "the writer gave an answer of another kind: {answer:?}"
    ))
}

/// PostgreSQL stores no NUL in a text.
fn storable(what: &str, text: &str) -> Result<(), LedgerError> {
    if text.is_empty() || text.len() > 200 || text.contains('\0') {
        let shown: String = text.chars().take(40).collect();
        return Err(LedgerError::Invalid(format!(
            "`{shown}` is not a {what}; use 1 to 200 bytes without NUL"
        )));
    }
    Ok(())
}

fn prepare(sealer: &Sealer, job: NewJob) -> Result<PreparedJob, LedgerError> {
    storable("reference", &job.reference)?;
    let bytes = canonical::to_bytes(&job.payload)
        .map_err(|error| LedgerError::Invalid(error.to_string()))?;
    let payload =
        String::from_utf8(bytes).map_err(|error| LedgerError::Invalid(error.to_string()))?;
    let salt: [u8; 16] = rand::random();
    Ok(PreparedJob {
        digest: Digest::of(&[&salt, payload.as_bytes()]),
        person: sealer.pseudonym(&job.subject_id),
        salt,
        payload,
        new: job,
    })
}

/// What can be said about a change without asking the database.
fn check(change: &Change) -> Result<(), LedgerError> {
    if !change.expect.may_become(change.to) {
        return Err(LedgerError::IllegalTransition {
            job: change.job,
            from: change.expect,
            to: change.to,
        });
    }
    if change.events.is_empty() {
        return Err(LedgerError::Invalid(
            "a change needs at least one event; nothing happens off the record".into(),
        ));
    }
    if change.next_attempt < change.attempt {
        return Err(LedgerError::Invalid("attempts never go back".into()));
    }
    if change.wait.is_some() != (change.to == State::Waiting) {
        return Err(LedgerError::Invalid(
            "a job that becomes waiting says what it waits for, and no other does".into(),
        ));
    }
    if let Some(wait) = &change.wait {
        storable("topic", &wait.topic)?;
    }
    if let Some(ReviewWrite::HandOver { to, .. }) = &change.review
        && !is_assignee(to)
    {
        return Err(LedgerError::Invalid(
            "a review is handed over to a user or to `group:` and a name".into(),
        ));
    }
    let own = format!("cw-{}-", change.job);
    for effect in &change.effects {
        let (EffectWrite::Intend { key, .. } | EffectWrite::Resolve { key, .. }) = effect;
        if !key.0.starts_with(&own) {
            return Err(LedgerError::Invalid(format!(
                "effect key `{key}` does not name its job; make it with `IdempotencyKey::of`"
            )));
        }
    }
    Ok(())
}
