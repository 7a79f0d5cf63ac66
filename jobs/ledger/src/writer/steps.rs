//! The requests that move jobs, each as steps of the plan.

use clerkwork_audit::{EventDraft, EventType};
use clerkwork_core::{Actor, JobId, State, Timestamp, WorkerId};
use serde_json::json;

use super::plan::{Plan, Step};
use crate::{CancelOutcome, Changed, Claim, LedgerError, Refused};

impl Plan<'_> {
    /// Available → running. `false`: the queue entry is stale.
    pub(crate) fn claim(&mut self, claim: &Claim) -> Result<bool, LedgerError> {
        if self
            .check(claim.job, State::Available, claim.attempt)
            .is_err()
        {
            return Ok(false);
        }
        let draft = EventDraft::new(
            EventType::JobClaimed,
            claim.actor.clone(),
            json!({"attempt": claim.attempt, "worker": claim.worker.to_string()}),
        );
        self.go(claim.job, State::Running, claim.attempt, draft)?;
        self.edit(claim.job, |row| row.worker = Some(claim.worker));
        Ok(true)
    }

    fn go(
        &mut self,
        job: JobId,
        to: State,
        next_attempt: u32,
        draft: EventDraft,
    ) -> Result<(), LedgerError> {
        let step = Step {
            job,
            to,
            next_attempt,
            change: None,
        };
        self.step(step, &[draft])
    }

    /// Cancels at once; a job that runs, or whose act may have happened, is only asked.
    pub(crate) fn cancel(
        &mut self,
        job: JobId,
        actor: &Actor,
        reason: &str,
    ) -> Result<CancelOutcome, LedgerError> {
        let Some(row) = self.row(job) else {
            return Ok(CancelOutcome::No(Refused::NoSuchJob));
        };
        let (state, attempt, at) = (row.state, row.attempt, self.at);
        // What a person writes may name a person.
        let draft =
            |kind| EventDraft::new(kind, actor.clone(), json!({})).with_personal("reason", reason);
        // An act that may have happened is looked up before the job ends: the next attempt does so
        // and cancels if nothing happened.
        let unsettled = !state.is_terminal() || state == State::Failed;
        if state == State::Running || (unsettled && self.open_effects.contains(&job)) {
            if row.cancel_asked_at.is_none() {
                self.go(job, state, attempt, draft(EventType::JobCancelRequested))?;
                self.edit(job, |row| row.cancel_asked_at = Some(at));
            }
            Ok(CancelOutcome::Requested)
        } else if state.may_become(State::Cancelled) {
            let done = draft(EventType::JobCancelled);
            self.go(job, State::Cancelled, attempt, done)?;
            self.released.insert(job);
            self.waits.remove(&job);
            Ok(CancelOutcome::Cancelled)
        } else {
            Ok(CancelOutcome::No(Refused::JobIs { state, attempt }))
        }
    }

    /// Failed → available with a clean slate.
    pub(crate) fn redrive(
        &mut self,
        job: JobId,
        actor: &Actor,
        reason: &str,
    ) -> Result<Changed, LedgerError> {
        let (state, attempt) = match self.row(job) {
            None => return Ok(Changed::No(Refused::NoSuchJob)),
            Some(row) => (row.state, row.attempt),
        };
        if state != State::Failed {
            return Ok(Changed::No(Refused::JobIs { state, attempt }));
        }
        let draft = EventDraft::new(
            EventType::JobRedriven,
            actor.clone(),
            json!({"attempt": attempt + 1}),
        )
        .with_personal("reason", reason);
        self.go(job, State::Available, attempt + 1, draft)?;
        self.edit_fully(job, |row| {
            row.failures = 0;
            row.rescues = 0;
            row.cancel_asked_at = None;
        });
        Ok(Changed::Yes)
    }

    /// A waiting job whose time has come. `false`: it has been moved meanwhile.
    pub(crate) fn promote(&mut self, job: JobId, now: Timestamp) -> Result<bool, LedgerError> {
        let Some(row) = self.row(job) else {
            return Ok(false);
        };
        let waits = matches!(
            row.state,
            State::Scheduled | State::Retryable | State::Waiting
        );
        if !waits || row.run_at > now {
            return Ok(false);
        }
        let (from, attempt) = (row.state, row.attempt.max(row.claimed_attempt + 1));
        let draft = EventDraft::new(
            EventType::JobAvailable,
            Actor::System("dispatcher".into()),
            json!({"attempt": attempt, "from": from.as_str()}),
        );
        self.go(job, State::Available, attempt, draft)?;
        Ok(true)
    }

    /// A waiting job of whose matter somebody heard. `false`: it waits no longer.
    pub(crate) fn wake(&mut self, job: JobId, actor: &Actor) -> Result<bool, LedgerError> {
        let Some(row) = self.row(job) else {
            return Ok(false);
        };
        if row.state != State::Waiting {
            return Ok(false);
        }
        let (from, attempt) = (row.state, row.attempt.max(row.claimed_attempt + 1));
        let draft = EventDraft::new(
            EventType::JobAvailable,
            actor.clone(),
            json!({"attempt": attempt, "from": from.as_str()}),
        );
        self.go(job, State::Available, attempt, draft)?;
        Ok(true)
    }

    /// Takes a job from a dead worker. `false`: the worker holds it no longer.
    pub(crate) fn rescue(
        &mut self,
        job: JobId,
        worker: WorkerId,
        max: u32,
    ) -> Result<bool, LedgerError> {
        let Some((attempt, rescues)) = self.held_by(job, worker) else {
            return Ok(false);
        };
        let actor = Actor::System("rescuer".into());
        let worker = worker.to_string();
        if rescues >= max {
            let error = "worker_lost";
            let data = json!({"error": error, "rescues": rescues, "worker": worker});
            let draft = EventDraft::new(EventType::JobFailed, actor, data);
            self.go(job, State::Failed, attempt, draft)?;
            self.edit_fully(job, |row| row.last_error = Some(error.into()));
        } else {
            let data = json!({"attempt": attempt + 1, "rescues": rescues + 1, "worker": worker});
            let draft = EventDraft::new(EventType::JobRescued, actor, data);
            self.go(job, State::Available, attempt + 1, draft)?;
            self.edit_fully(job, |row| row.rescues += 1);
        }
        Ok(true)
    }

    /// Gives back a job of a worker that stops. `false`: the worker holds it no longer.
    pub(crate) fn release(
        &mut self,
        job: JobId,
        worker: WorkerId,
        actor: &Actor,
    ) -> Result<bool, LedgerError> {
        let Some((attempt, _)) = self.held_by(job, worker) else {
            return Ok(false);
        };
        let data = json!({"attempt": attempt + 1, "worker": worker.to_string()});
        let draft = EventDraft::new(EventType::JobReleased, actor.clone(), data);
        self.go(job, State::Available, attempt + 1, draft)?;
        Ok(true)
    }

    fn held_by(&self, job: JobId, worker: WorkerId) -> Option<(u32, u32)> {
        self.row(job)
            .filter(|row| row.state == State::Running && row.worker == Some(worker))
            .map(|row| (row.attempt, row.rescues))
    }
}
