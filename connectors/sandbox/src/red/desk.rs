//! The desk: keeps what was done. Whether an act is allowed is decided in [`decide`](super::decide).
//!
//! All of it lies behind one short lock. Every act is a [`Deed`], and [`RedDesk::apply`] alone
//! changes the memory, so that the deeds, applied again, give the same one.

use std::collections::{BTreeSet, HashMap};

use clerkwork_connectors_api::red_letter::{ConfirmationForm, FormState, SettlementKind};
use clerkwork_core::{Cents, Timestamp};

use super::{
    deed::{Deed, Entry, Reported, Stamped},
    form::Form,
    numbers::Numbers,
    remainder::{Amounts, add},
};
use crate::memory::Journal;

/// A form whose state changed.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct FormChange {
    /// Number of the form, 20 digits.
    pub form_number: String,
    /// Where it stands now.
    pub state: FormState,
    /// When the change was noticed, in microseconds since 1970 UTC.
    pub at: Timestamp,
}

/// Where an application ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    /// With the red invoice of this form.
    Done(u32),
    Returned,
    Withdrawn,
}

/// What was begun about one blue invoice.
#[derive(Debug, Default)]
pub(super) struct File {
    pub(super) forms: Vec<u32>,
    /// What red invoices reversed.
    pub(super) reversed: Amounts,
    /// The other side's form was found.
    found: bool,
}

/// A refund or an offset.
#[derive(Debug, Clone)]
pub(crate) struct Settlement {
    pub(crate) form: u32,
    pub(crate) receipt: String,
    pub(crate) kind: SettlementKind,
    pub(crate) amount: Cents,
    pub(crate) at: Timestamp,
}

/// The changing part of the platform that concerns red-letter invoices.
#[derive(Debug)]
pub(crate) struct RedDesk {
    pub(crate) numbers: Numbers,
    pending: BTreeSet<u32>,
    pub(super) places: HashMap<u32, Place>,
    pub(super) files: HashMap<u32, File>,
    pub(crate) forms: Vec<Form>,
    pub(crate) settlements: Vec<Settlement>,
    /// Index of the settlement that rests on a form's red invoice.
    pub(super) settled_forms: HashMap<u32, usize>,
    /// What was settled on each receipt.
    pub(super) settled_receipts: HashMap<String, i64>,
    pub(crate) reports: Vec<(u32, Reported, Timestamp)>,
    pub(crate) returns: Vec<(u32, Vec<String>, Timestamp)>,
    pub(crate) withdrawn: usize,
    turned_away: usize,
    /// When forms may change by themselves.
    due: BTreeSet<(Timestamp, u32)>,
    pub(crate) changes: Vec<FormChange>,
    journal: Option<Journal>,
}

impl RedDesk {
    pub(crate) fn new(numbers: Numbers, applications: usize) -> Self {
        Self {
            numbers,
            pending: (0..applications as u32).collect(),
            places: HashMap::new(),
            files: HashMap::new(),
            forms: Vec::new(),
            settlements: Vec::new(),
            settled_forms: HashMap::new(),
            settled_receipts: HashMap::new(),
            reports: Vec::new(),
            returns: Vec::new(),
            withdrawn: 0,
            turned_away: 0,
            due: BTreeSet::new(),
            changes: Vec::new(),
            journal: None,
        }
    }

    /// Writes every deed from now on into this journal.
    pub(crate) fn keep(&mut self, journal: Journal) {
        // What changed before was told before.
        self.changes.clear();
        self.journal = Some(journal);
    }

    /// Refuses, and says how often it did before: that chooses the wording.
    pub(crate) fn turn_away(&mut self) -> usize {
        self.turned_away += 1;
        self.turned_away - 1
    }

    pub(crate) fn turned_away(&self) -> usize {
        self.turned_away
    }

    pub(super) fn commit(&mut self, at: Timestamp, deed: Deed) {
        let stamped = Stamped { at, deed };
        if let Some(journal) = &self.journal {
            journal.red(&stamped);
        }
        self.apply(stamped);
    }

    /// Changes the memory as the deed says. Nothing is checked here.
    pub(crate) fn apply(&mut self, Stamped { at, deed }: Stamped) {
        self.sweep(at);
        match deed {
            Deed::Entered(entry) => {
                let index = self.forms.len() as u32;
                let file = self.files.entry(entry.blue).or_default();
                file.forms.push(index);
                file.found |= entry.found;
                let form = Form::new(*entry);
                self.due
                    .extend(form.due().into_iter().map(|at| (at, index)));
                self.forms.push(form);
            }
            Deed::Answered { form, step } => {
                if let Some(answered) = self.forms.get_mut(form as usize) {
                    answered.answers.push((at, step));
                }
                self.notice(form, at);
            }
            Deed::Issued { form } => {
                let Some(issued) = self.forms.get_mut(form as usize) else {
                    return;
                };
                issued.issued_at = Some(at);
                let file = self.files.entry(issued.entry.blue).or_default();
                add(&mut file.reversed, &issued.entry.draft.lines);
            }
            Deed::Settled {
                form,
                receipt,
                kind,
                amount,
            } => {
                self.settled_forms.insert(form, self.settlements.len());
                let settled = self.settled_receipts.entry(receipt.clone()).or_default();
                *settled += amount.0;
                self.settlements.push(Settlement {
                    form,
                    receipt,
                    kind,
                    amount,
                    at,
                });
            }
            Deed::WrittenBack {
                application,
                form,
                outcome,
            } => {
                self.reports.push((application, outcome, at));
                self.put(application, Place::Done(form));
            }
            Deed::Returned {
                application,
                reasons,
            } => {
                self.returns.push((application, reasons, at));
                self.put(application, Place::Returned);
            }
            Deed::Withdrawn { application } => {
                self.withdrawn += 1;
                self.put(application, Place::Withdrawn);
            }
        }
    }

    fn put(&mut self, application: u32, place: Place) {
        self.pending.remove(&application);
        self.places.insert(application, place);
    }

    /// Notices what has changed by itself.
    pub(crate) fn sweep(&mut self, now: Timestamp) {
        while let Some((at, form)) = self.due.first().copied().filter(|(at, _)| *at <= now) {
            self.due.remove(&(at, form));
            self.notice(form, now);
        }
    }

    fn notice(&mut self, index: u32, now: Timestamp) {
        let Some(form) = self.forms.get_mut(index as usize) else {
            return;
        };
        let (state, _) = form.state(now);
        if state != form.noticed {
            form.noticed = state;
            self.changes.push(FormChange {
                form_number: self.numbers.form(index),
                state,
                at: now,
            });
        }
    }

    pub(crate) fn pending(&self) -> usize {
        self.pending.len()
    }

    /// Indexes of undecided applications from `first` on.
    pub(crate) fn pending_from(&self, first: usize, limit: usize) -> Vec<usize> {
        let first = u32::try_from(first).unwrap_or(u32::MAX);
        self.pending
            .range(first..)
            .take(limit)
            .map(|i| *i as usize)
            .collect()
    }

    /// Where a decided application ended.
    pub(crate) fn place(&self, application: usize) -> Option<Place> {
        let application = u32::try_from(application).ok()?;
        self.places.get(&application).copied()
    }

    /// Whether the other side's form was found already.
    pub(crate) fn found(&self, blue: u32) -> bool {
        self.files.get(&blue).is_some_and(|file| file.found)
    }

    /// Finds the other side's form, unless somebody else just did.
    pub(crate) fn find(&mut self, entry: Entry, now: Timestamp) {
        if !self.found(entry.blue) {
            self.commit(now, Deed::Entered(Box::new(entry)));
        }
    }

    /// What red invoices reversed of the invoice since the world began.
    pub(crate) fn reversed(&self, blue: u32) -> Amounts {
        self.files
            .get(&blue)
            .map(|file| file.reversed.clone())
            .unwrap_or_default()
    }

    /// The forms of a blue invoice that are saved, and whether one is being saved.
    pub(crate) fn forms_of(&self, blue: u32, now: Timestamp) -> (Vec<ConfirmationForm>, bool) {
        let indexes = self.files.get(&blue).map_or(&[][..], |file| &file.forms);
        let saved = |index: &&u32| {
            let form = self.forms.get(**index as usize);
            form.is_some_and(|form| form.is_saved(now))
        };
        let shown: Vec<_> = indexes
            .iter()
            .filter(saved)
            .filter_map(|index| self.show(*index, now))
            .collect();
        let saving = shown.len() < indexes.len();
        (shown, saving)
    }

    /// A form as the platform shows it; nothing while it is being saved.
    pub(crate) fn show(&self, index: u32, now: Timestamp) -> Option<ConfirmationForm> {
        let form = self.forms.get(index as usize)?;
        let red = form.issued_at.map(|at| self.numbers.red(index, at));
        form.is_saved(now)
            .then(|| form.show(now, self.numbers.form(index), self.numbers.uuid(index), red))
    }
}
