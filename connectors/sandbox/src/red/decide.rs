//! Whether an act is allowed. What is allowed becomes a deed.
//!
//! What a decision needs of the world is built outside the desk's lock and handed in.

use clerkwork_connectors_api::red_letter::{
    ConfirmationForm, FormAnswer, FormState, ReversalDraft, SettlementOrder, Side, Trader,
};
use clerkwork_core::{Cents, Timestamp};

use super::{
    deed::{Deed, Entry, Reported},
    desk::{Place, RedDesk},
    form::Form,
    refusal::Refusal,
    remainder::{Amounts, add, fits},
    script::{Script, Step},
    world::{Blue, RedCase},
};

/// A new form and whether the platform is still saving it.
pub(crate) struct Entering {
    pub(crate) blue: u32,
    pub(crate) case: RedCase,
    pub(crate) application: Option<usize>,
    pub(crate) draft: ReversalDraft,
    pub(crate) saving_until: Option<Timestamp>,
}

impl RedDesk {
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
        let same = |a: &Trader, b: &Trader| a.tax_id == b.tax_id && a.name == b.name;
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
        Cents(self.settled_receipts.get(receipt).copied().unwrap_or(0))
    }

    /// Number of the settlement that rests on the red invoice of this form.
    pub(crate) fn settlement_of(&self, form: u32) -> Option<String> {
        let place = self.settled_forms.get(&form)?;
        Some(self.numbers.settlement(*place))
    }

    /// Opens a refund or an offset; its number. `paid` is the receipt's tax, `blue` the invoice
    /// behind it.
    pub(crate) fn settle(
        &mut self,
        form: u32,
        order: &SettlementOrder,
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
