//! The desk: decides whether an act is allowed, and keeps what was done.
//!
//! All of it lies behind one short lock. Every act is a [`Deed`], and [`RedDesk::apply`] alone
//! changes the memory, so that the deeds, applied again, give the same one. What a decision needs
//! of the world is built outside and handed in.

use std::collections::{BTreeSet, HashMap};

use clerkwork_connectors_api::red_letter::{
    ConfirmationForm, FormAnswer, FormState, ReversalDraft, Side,
};
use clerkwork_core::{Cents, Timestamp};

use super::{
    deed::{Deed, Entry, Reported, Stamped},
    form::Form,
    numbers::Numbers,
    refusal::Refusal,
    remainder::{Amounts, add, fits},
    script::{Script, Step},
    world::{Blue, RedCase},
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
struct File {
    forms: Vec<u32>,
    /// What red invoices reversed.
    reversed: Amounts,
    /// The other side's form was found.
    found: bool,
}

/// A refund or an offset.
#[derive(Debug, Clone)]
pub(crate) struct Settlement {
    pub(crate) form: u32,
    pub(crate) receipt: String,
    pub(crate) kind: clerkwork_connectors_api::red_letter::SettlementKind,
    pub(crate) amount: Cents,
    pub(crate) at: Timestamp,
}

/// The changing part of the platform that concerns red-letter invoices.
#[derive(Debug)]
pub(crate) struct RedDesk {
    pub(crate) numbers: Numbers,
    pending: BTreeSet<u32>,
    places: HashMap<u32, Place>,
    files: HashMap<u32, File>,
    pub(crate) forms: Vec<Form>,
    pub(crate) settlements: Vec<Settlement>,
    pub(crate) reports: Vec<(u32, Reported, Timestamp)>,
    pub(crate) returns: Vec<(u32, Vec<String>, Timestamp)>,
    pub(crate) withdrawn: usize,
    turned_away: usize,
    /// When forms may change by themselves.
    due: BTreeSet<(Timestamp, u32)>,
    pub(crate) changes: Vec<FormChange>,
    journal: Option<Journal>,
}

/// A new form and whether the platform is still saving it.
pub(crate) struct Entering {
    pub(crate) blue: u32,
    pub(crate) case: RedCase,
    pub(crate) application: Option<usize>,
    pub(crate) draft: ReversalDraft,
    pub(crate) saving_until: Option<Timestamp>,
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

    fn commit(&mut self, at: Timestamp, deed: Deed) {
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
            } => self.settlements.push(Settlement {
                form,
                receipt,
                kind,
                amount,
                at,
            }),
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

    /// Enters a form.
    pub(crate) fn enter(
        &mut self,
        blue: &Blue,
        entering: Entering,
        now: Timestamp,
    ) -> Result<ConfirmationForm, Refusal> {
        let Entering {
            draft,
            saving_until,
            ..
        } = entering;
        let same = |a: &clerkwork_connectors_api::red_letter::Trader,
                    b: &clerkwork_connectors_api::red_letter::Trader| {
            a.tax_id == b.tax_id && a.name == b.name
        };
        let invoice = &blue.invoice;
        if !same(&draft.seller, &invoice.seller) || !same(&draft.buyer, &invoice.buyer) {
            return Err(Refusal::NotApplicants);
        }
        let file = self.files.entry(entering.blue).or_default();
        let forms = || {
            file.forms
                .iter()
                .filter_map(|i| self.forms.get(*i as usize))
        };
        if forms().any(|form| !form.is_saved(now)) {
            return Err(Refusal::Saving);
        }
        let confirmed = invoice.needs_confirmation();
        if !confirmed && draft.started_by == Side::Buyer {
            return Err(Refusal::WrongSide);
        }
        let mut wanted = Amounts::new();
        add(&mut wanted, &draft.lines);
        let mut spoken_for = file.reversed.clone();
        for form in forms().filter(|form| form.reserves(now)) {
            add(&mut spoken_for, &form.entry.draft.lines);
        }
        if !fits(invoice, &spoken_for, &wanted) {
            return Err(Refusal::NothingToReverse);
        }
        let state = match (confirmed, draft.started_by) {
            (false, _) => FormState::NotNeeded,
            (true, Side::Seller) => FormState::WaitsForBuyer,
            (true, Side::Buyer) => FormState::WaitsForSeller,
        };
        let index = self.forms.len() as u32;
        let entry = Entry {
            blue: entering.blue,
            application: entering.application.and_then(|i| u32::try_from(i).ok()),
            found: false,
            entered_at: whole_second(now),
            saving_until,
            state,
            script: Script::of(entering.case, self.numbers.seed(), entering.blue),
            draft: draft.into(),
        };
        self.commit(now, Deed::Entered(Box::new(entry)));
        self.show(index, now).ok_or(Refusal::Saving)
    }

    /// Answers a form for `side`. `forbidden` is what the platform says to agreeing.
    pub(crate) fn answer(
        &mut self,
        index: u32,
        side: Side,
        answer: FormAnswer,
        forbidden: Option<Refusal>,
        now: Timestamp,
    ) -> Result<(), Refusal> {
        let form = self.saved(index, now)?;
        if form.issued_at.is_some() {
            return Err(Refusal::AlreadyIssued);
        }
        let state = form.state(now).0;
        let (step, by) = match answer {
            FormAnswer::Agree => (Step::Agree, form.entry.draft.started_by.other()),
            FormAnswer::Refuse => (Step::Refuse, form.entry.draft.started_by.other()),
            FormAnswer::Withdraw => (Step::Withdraw, form.entry.draft.started_by),
        };
        if side != by {
            return Err(Refusal::WrongSide);
        }
        if step.after(state).is_none() {
            return Err(Refusal::FormState);
        }
        if let (FormAnswer::Agree, Some(refusal)) = (answer, forbidden) {
            return Err(refusal);
        }
        self.commit(now, Deed::Answered { form: index, step });
        Ok(())
    }

    /// Plays the other side, or the platform, by hand.
    pub(crate) fn play(&mut self, index: u32, step: Step, now: Timestamp) -> Result<(), Refusal> {
        let form = self.saved(index, now)?;
        if form.issued_at.is_some() {
            return Err(Refusal::AlreadyIssued);
        }
        if step.after(form.state(now).0).is_none() {
            return Err(Refusal::FormState);
        }
        self.commit(now, Deed::Answered { form: index, step });
        Ok(())
    }

    fn saved(&self, index: u32, now: Timestamp) -> Result<&Form, Refusal> {
        let form = self.forms.get(index as usize);
        form.filter(|form| form.is_saved(now))
            .ok_or(Refusal::UnknownForm)
    }

    /// Issues the red invoice on a form; its number.
    pub(crate) fn issue(&mut self, index: u32, now: Timestamp) -> Result<String, Refusal> {
        let form = self.saved(index, now)?;
        if form.issued_at.is_some() {
            return Err(Refusal::AlreadyIssued);
        }
        if !form.state(now).0.may_be_issued() {
            return Err(Refusal::FormState);
        }
        self.commit(now, Deed::Issued { form: index });
        Ok(self.numbers.red(index, now))
    }

    /// The form on which the red invoice with this number was issued.
    pub(crate) fn form_of_red(&self, red_number: &str) -> Option<u32> {
        let index = self.numbers.index_of_red(red_number)?;
        let issued_at = self.forms.get(index as usize)?.issued_at?;
        (self.numbers.red(index, issued_at) == red_number).then_some(index)
    }

    /// What was settled on a receipt since the world began.
    pub(crate) fn settled(&self, receipt: &str) -> Cents {
        let of = self.settlements.iter().filter(|s| s.receipt == receipt);
        Cents(of.map(|settlement| settlement.amount.0).sum())
    }

    /// Number of the settlement that rests on the red invoice of this form.
    pub(crate) fn settlement_of(&self, form: u32) -> Option<String> {
        let place = self.settlements.iter().position(|s| s.form == form)?;
        Some(self.numbers.settlement(place))
    }

    /// Opens a refund or an offset; its number. `paid` is the receipt's tax, `blue` the invoice
    /// behind it.
    pub(crate) fn settle(
        &mut self,
        form: u32,
        order: &clerkwork_connectors_api::red_letter::SettlementOrder,
        blue: u32,
        paid: Cents,
        now: Timestamp,
    ) -> Result<String, Refusal> {
        if self.settlement_of(form).is_some() {
            return Err(Refusal::AlreadySettled);
        }
        let entry = self.forms.get(form as usize).map(|form| &form.entry);
        let reversed = entry.filter(|entry| entry.blue == blue);
        let most = reversed.map_or(0, |entry| -entry.draft.tax.0);
        let left = paid.0 - self.settled(&order.receipt_number).0;
        if order.amount.0 <= 0 || order.amount.0 > most.min(left) {
            return Err(Refusal::NothingToSettle);
        }
        let number = self.numbers.settlement(self.settlements.len());
        self.commit(
            now,
            Deed::Settled {
                form,
                receipt: order.receipt_number.clone(),
                kind: order.kind,
                amount: order.amount,
            },
        );
        Ok(number)
    }

    fn decide(&self, application: usize) -> Result<u32, Refusal> {
        let index = u32::try_from(application).map_err(|_| Refusal::UnknownApplication)?;
        match self.places.get(&index) {
            None => Ok(index),
            Some(Place::Done(_)) => Err(Refusal::AlreadyDone),
            Some(Place::Returned | Place::Withdrawn) => Err(Refusal::AlreadyReturned),
        }
    }

    /// Reports an application, about the invoice `blue`, as done.
    pub(crate) fn write_back(
        &mut self,
        application: usize,
        blue: u32,
        outcome: Reported,
        now: Timestamp,
    ) -> Result<(), Refusal> {
        let application = self.decide(application)?;
        let form = self
            .form_of_red(&outcome.red_number)
            .filter(|form| self.numbers.form(*form) == outcome.form_number)
            .ok_or(Refusal::UnknownForm)?;
        let entry = self.forms.get(form as usize).map(|form| &form.entry);
        if entry.is_none_or(|entry| entry.blue != blue) {
            return Err(Refusal::NotApplicants);
        }
        self.commit(
            now,
            Deed::WrittenBack {
                application,
                form,
                outcome,
            },
        );
        Ok(())
    }

    /// Returns an application to the applicant.
    pub(crate) fn give_back(
        &mut self,
        application: usize,
        reasons: Vec<String>,
        now: Timestamp,
    ) -> Result<(), Refusal> {
        let application = self.decide(application)?;
        self.commit(
            now,
            Deed::Returned {
                application,
                reasons,
            },
        );
        Ok(())
    }

    /// The applicant withdraws an application.
    pub(crate) fn withdraw(&mut self, application: usize, now: Timestamp) -> Result<(), Refusal> {
        let application = self.decide(application)?;
        self.commit(now, Deed::Withdrawn { application });
        Ok(())
    }
}

/// Times of forms are whole seconds.
pub(crate) fn whole_second(at: Timestamp) -> Timestamp {
    Timestamp(at.0.div_euclid(1_000_000) * 1_000_000)
}
