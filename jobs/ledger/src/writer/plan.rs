//! What a transaction will write, worked out in memory from the rows it has read and locked.
//!
//! Requests are applied one after the other to the rows, so two for one job see each other. A
//! request that is refused or fails leaves no trace: everything that may fail happens before the
//! first change. At the end each touched row is written once.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use clerkwork_audit::{Envelope, EventDraft, PersonKey, RenderError, Sealer, schema::schema};
use clerkwork_core::{
    BatchId, EffectState, EventId, JobId, Office, ReviewId, ReviewState, State, Timestamp,
};
use serde_json::Value;
use uuid::Uuid;

use super::{Shared, reviews::ReviewRow};
use crate::{
    Change, Changed, Control, DecisionRecord, EffectWrite, LedgerError, Refused, ReviewWrite,
    WaitWrite, mint::Mint, row::JobRow,
};

/// An event, ready to be inserted.
#[derive(Debug)]
pub(crate) struct EventOut {
    pub(crate) id: EventId,
    pub(crate) kind: &'static str,
    pub(crate) actor: String,
    pub(crate) office: Office,
    pub(crate) job: Option<(JobId, u64)>,
    pub(crate) rendered: clerkwork_audit::Rendered,
    /// The pseudonym of the person whose data are sealed beside it.
    pub(crate) person: Option<[u8; 32]>,
}

/// The last write of one transaction to one effect.
#[derive(Debug)]
pub(crate) enum EffectOut {
    /// The whole row.
    Put {
        name: String,
        attempt: u32,
        state: EffectState,
        result: Option<Value>,
        before: Option<Value>,
    },
    /// The outcome of an effect that stands already.
    Resolve {
        state: EffectState,
        result: Option<Value>,
    },
}

/// A row with what was done to it.
#[derive(Debug)]
pub(crate) struct Slot {
    pub(crate) row: JobRow,
    /// Only columns without an index changed.
    pub(crate) touched: bool,
    /// Anything may have changed.
    pub(crate) moved: bool,
}

/// A person's key, found for an event that holds personal data.
#[derive(Debug, Clone)]
pub(crate) struct Person {
    pub(crate) pseudonym: [u8; 32],
    pub(crate) key: PersonKey,
}

/// The plan of one transaction.
pub(crate) struct Plan<'a> {
    pub(crate) at: Timestamp,
    mint: &'a Mint,
    sealer: &'a Sealer,
    strict: bool,
    pub(crate) jobs: HashMap<JobId, Slot>,
    /// Jobs that this transaction brings in.
    pub(crate) entered: Vec<JobRow>,
    pub(crate) persons: HashMap<JobId, Person>,
    pub(crate) reviews: BTreeMap<ReviewId, ReviewRow>,
    /// The open review that was first of each concern, as far as reviews of it are to be opened.
    pub(crate) concerns: HashMap<String, ReviewId>,
    /// Users who are not what they were when something was allowed to them, with what they were.
    pub(crate) lost_authority: BTreeSet<(String, u64)>,
    /// Of the jobs to be cancelled, those with an announced effect whose outcome is not known.
    pub(crate) open_effects: BTreeSet<JobId>,
    pub(crate) events: Vec<EventOut>,
    pub(crate) effects: BTreeMap<(JobId, String), EffectOut>,
    pub(crate) decisions: Vec<(JobId, Option<BatchId>, u32, Box<DecisionRecord>)>,
    pub(crate) counts: BTreeMap<(Uuid, State), i64>,
    pub(crate) waits: BTreeMap<JobId, WaitWrite>,
    /// Jobs that give back what they held and wait for nothing any more.
    pub(crate) released: BTreeSet<JobId>,
    /// What stands above single jobs; read only when a change asks for it.
    pub(crate) control: Option<Control>,
    /// Something became available.
    pub(crate) work_appeared: bool,
}

/// A state change with everything that goes with it.
#[derive(Debug)]
pub(crate) struct Step<'c> {
    pub(crate) job: JobId,
    pub(crate) to: State,
    pub(crate) next_attempt: u32,
    pub(crate) change: Option<&'c Change>,
}

impl<'a> Plan<'a> {
    pub(crate) fn new(at: Timestamp, shared: &'a Shared) -> Self {
        Self {
            at,
            mint: &shared.mint,
            sealer: &shared.sealer,
            strict: shared.strict,
            jobs: HashMap::new(),
            entered: Vec::new(),
            persons: HashMap::new(),
            reviews: BTreeMap::new(),
            concerns: HashMap::new(),
            lost_authority: BTreeSet::new(),
            events: Vec::new(),
            effects: BTreeMap::new(),
            open_effects: BTreeSet::new(),
            decisions: Vec::new(),
            counts: BTreeMap::new(),
            waits: BTreeMap::new(),
            released: BTreeSet::new(),
            control: None,
            work_appeared: false,
        }
    }

    pub(crate) fn add_job(&mut self, row: JobRow) {
        self.jobs.insert(
            row.id,
            Slot {
                row,
                touched: false,
                moved: false,
            },
        );
    }

    pub(crate) fn id(&self) -> Uuid {
        self.mint.id(self.at)
    }

    pub(crate) fn row(&self, job: JobId) -> Option<&JobRow> {
        self.jobs.get(&job).map(|slot| &slot.row)
    }

    /// Adds to the counters of a batch and of all.
    pub(crate) fn count(&mut self, batch: Option<BatchId>, state: State, by: i64) {
        *self.counts.entry((Uuid::nil(), state)).or_default() += by;
        if let Some(batch) = batch {
            *self.counts.entry((batch.0, state)).or_default() += by;
        }
    }

    /// Renders an event that belongs to no known job row.
    pub(crate) fn render(
        &self,
        draft: &EventDraft,
        office: &Office,
        job: Option<(JobId, u64)>,
        batch: Option<BatchId>,
        person: Option<&Person>,
    ) -> Result<EventOut, LedgerError> {
        let envelope = Envelope {
            id: EventId(self.id()),
            at: self.at,
            office: office.clone(),
            job,
            batch,
        };
        if self.strict {
            draft.check(&envelope).map_err(RenderError::from)?;
        }
        let rendered = draft.render(&envelope, self.sealer, person.map(|person| &person.key))?;
        Ok(EventOut {
            id: envelope.id,
            kind: draft.kind.as_str(),
            actor: draft.actor.name().to_owned(),
            office: envelope.office,
            job,
            person: (!rendered.sealed.is_empty())
                .then(|| person.map(|person| person.pseudonym))
                .flatten(),
            rendered,
        })
    }

    fn render_all<'d>(
        &self,
        row: &JobRow,
        drafts: impl IntoIterator<Item = &'d EventDraft>,
    ) -> Result<Vec<EventOut>, LedgerError> {
        let person = self.persons.get(&row.id);
        drafts
            .into_iter()
            .zip(row.seq + 1..)
            .map(|(draft, seq)| {
                self.render(draft, &row.office, Some((row.id, seq)), row.batch, person)
            })
            .collect()
    }

    /// Whether the job is where the writer expects it.
    pub(crate) fn check(&self, job: JobId, expect: State, attempt: u32) -> Result<(), Refused> {
        match self.row(job) {
            None => Err(Refused::NoSuchJob),
            Some(row) if row.state == expect && row.attempt == attempt => Ok(()),
            Some(row) => Err(Refused::JobIs {
                state: row.state,
                attempt: row.attempt,
            }),
        }
    }

    /// Applies a change, or refuses it and leaves everything as it was.
    pub(crate) fn change(&mut self, change: &Change) -> Result<Changed, LedgerError> {
        let refused = self
            .check(change.job, change.expect, change.attempt)
            .and_then(|()| self.check_cancel(change))
            .and_then(|()| self.check_gate(change))
            .and_then(|()| self.check_review(change));
        if let Err(refused) = refused {
            return Ok(Changed::No(refused));
        }
        self.check_shape(change)?;
        let step = Step {
            job: change.job,
            to: change.to,
            next_attempt: change.next_attempt,
            change: Some(change),
        };
        match self.joining(change) {
            Some(joined) => {
                // The last event says what became of the job.
                let mut events = change.events.clone();
                events.insert(events.len().saturating_sub(1), joined);
                self.step(step, &events)?;
            }
            None => self.step(step, &change.events)?,
        }
        Ok(Changed::Yes)
    }

    fn check_cancel(&self, change: &Change) -> Result<(), Refused> {
        match self.row(change.job) {
            Some(row) if change.unless_cancelled && row.cancel_asked_at.is_some() => {
                Err(Refused::CancelRequested)
            }
            _ => Ok(()),
        }
    }

    /// Without knowing what stands above the job, no act is announced.
    fn check_gate(&self, change: &Change) -> Result<(), Refused> {
        let Some(gate) = &change.gate else {
            return Ok(());
        };
        let refused = match &self.control {
            Some(control) => control.refuses(gate),
            None => Some(Refused::PolicyChanged),
        };
        refused.map_or(Ok(()), Err)
    }

    /// Moves a job. The caller has checked where it stands.
    pub(crate) fn step(
        &mut self,
        step: Step<'_>,
        drafts: &[EventDraft],
    ) -> Result<(), LedgerError> {
        let Some(row) = self.row(step.job) else {
            return Err(LedgerError::Invalid(format!("no job `{}`", step.job)));
        };
        if !row.state.may_become(step.to) {
            return Err(LedgerError::IllegalTransition {
                job: step.job,
                from: row.state,
                to: step.to,
            });
        }
        if self.strict {
            let ends = |draft: &EventDraft| {
                let of = schema().ok().and_then(|schema| schema.of(draft.kind));
                of.is_some_and(|of| of.ends(row.state, step.to))
            };
            if !drafts.last().is_some_and(ends) {
                let said: Vec<_> = drafts.iter().map(|draft| draft.kind.as_str()).collect();
                return Err(LedgerError::Invalid(format!(
                    "a job that goes from {} to {} does not end with {said:?} by events.toml",
                    row.state, step.to
                )));
            }
        }
        let lapsing = if step.to == State::Cancelled {
            self.open_review_of(step.job)
        } else {
            None
        };
        let mut events = self.render_all(row, drafts)?;
        if let (Some(review), Some(first)) = (lapsing, drafts.first()) {
            let draft = EventDraft::new(
                clerkwork_audit::EventType::ReviewLapsed,
                first.actor.clone(),
                serde_json::json!({"review": review.to_string()}),
            );
            let seq = row.seq + 1 + events.len() as u64;
            let (office, batch) = (&row.office, row.batch);
            events.push(self.render(&draft, office, Some((step.job, seq)), batch, None)?);
        }
        // From here on nothing fails.
        if let Some(id) = lapsing {
            self.attach_review(step.job, &ReviewWrite::Lapse { id });
        }
        self.move_row(&step, events.len() as u64);
        self.events.extend(events);
        if let Some(change) = step.change {
            self.attach(change);
        }
        Ok(())
    }

    fn open_review_of(&self, job: JobId) -> Option<ReviewId> {
        self.reviews
            .iter()
            .find(|(_, row)| row.review.job == job && row.review.state == ReviewState::Open)
            .map(|(id, _)| *id)
    }

    fn move_row(&mut self, step: &Step<'_>, events: u64) {
        let at = self.at;
        let Some(slot) = self.jobs.get_mut(&step.job) else {
            return;
        };
        let row = &mut slot.row;
        let stays = row.state == step.to && row.attempt == step.next_attempt;
        if let Some(change) = step.change {
            row.failures = change.failures.unwrap_or(row.failures);
            row.verdict = change.verdict.or(row.verdict);
            if change.last_error.is_some() {
                row.last_error.clone_from(&change.last_error);
            }
            if let Some(run_at) = change.run_at {
                slot.moved |= run_at != row.run_at;
                row.run_at = run_at;
            }
        }
        row.seq += events;
        row.updated_at = at;
        slot.touched = true;
        if stays {
            return;
        }
        slot.moved = true;
        let before = std::mem::replace(&mut row.state, step.to);
        row.attempt = step.next_attempt;
        match step.to {
            State::Running => row.claimed_attempt = row.claimed_attempt.max(row.attempt),
            State::Waiting => {
                row.worker = None;
                // What comes after a wait is a new stretch of the way.
                row.rescues = 0;
            }
            State::Available => {
                row.worker = None;
                // A late finish of an earlier holder must never pass for the next one's.
                row.attempt = row.attempt.max(row.claimed_attempt + 1);
                self.work_appeared = true;
            }
            _ => row.worker = None,
        }
        row.finished_at = step.to.is_terminal().then_some(at);
        let batch = row.batch;
        self.count(batch, before, -1);
        self.count(batch, step.to, 1);
    }

    fn attach(&mut self, change: &Change) {
        let job = change.job;
        if let Some(record) = &change.decision {
            let batch = self.row(job).and_then(|row| row.batch);
            self.decisions
                .push((job, batch, change.attempt, record.clone()));
        }
        for effect in &change.effects {
            match effect {
                EffectWrite::Intend { key, name, before } => {
                    let put = EffectOut::Put {
                        name: name.clone(),
                        attempt: change.attempt,
                        state: EffectState::Intended,
                        result: None,
                        before: before.clone(),
                    };
                    self.effects.insert((job, key.0.clone()), put);
                }
                EffectWrite::Resolve { key, state, result } => {
                    let (new_state, new_result) = (*state, result.clone());
                    self.effects
                        .entry((job, key.0.clone()))
                        .and_modify(|out| match out {
                            EffectOut::Put { state, result, .. }
                            | EffectOut::Resolve { state, result } => {
                                *state = new_state;
                                result.clone_from(&new_result);
                            }
                        })
                        .or_insert(EffectOut::Resolve {
                            state: new_state,
                            result: new_result,
                        });
                }
            }
        }
        if let Some(wait) = &change.wait {
            self.waits.insert(job, wait.clone());
        }
        if change.release {
            self.released.insert(job);
        }
        if let Some(review) = &change.review {
            self.attach_review(job, review);
        }
    }

    /// Changes what a step does not, for example the number of rescues.
    pub(crate) fn edit(&mut self, job: JobId, edit: impl FnOnce(&mut JobRow)) {
        if let Some(slot) = self.jobs.get_mut(&job) {
            edit(&mut slot.row);
            slot.touched = true;
        }
    }

    /// Like [`edit`](Self::edit), for columns that [`Slot::touched`] does not write.
    pub(crate) fn edit_fully(&mut self, job: JobId, edit: impl FnOnce(&mut JobRow)) {
        if let Some(slot) = self.jobs.get_mut(&job) {
            edit(&mut slot.row);
            slot.moved = true;
        }
    }
}
