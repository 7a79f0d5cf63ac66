//! The platform's memory of red-letter invoices, as the API, tests and the admin API see it.

use std::{
    sync::{MutexGuard, PoisonError},
    time::Duration,
};

use clerkwork_connectors_api::red_letter::{
    BlueReference, BlueTraces, ConfirmationForm, FormAnswer, RedInvoice, RedLetterDossier,
    RedLetterQuery, RedLetterStatus, ReversalDraft, SettlementOrder, SettlementReceipt, Side,
    WriteBack,
};
use clerkwork_core::{Cents, Clock, Timestamp};
use serde::{Deserialize, Serialize};

use super::{
    book::{RedBook, book},
    decide::{Entering, whole_second},
    deed::Entry,
    desk::{FormChange, Place, RedDesk},
    refusal::Refusal,
    remainder::less,
    script::{Script, Step},
    world::{RedCase, RedWorld},
};
use crate::{State, generate::draw::Draw};

/// What the other side, or the platform, can be made to say to a form by hand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Play {
    /// The other side confirms.
    Agree,
    /// The other side refuses.
    Refuse,
    /// The starter withdraws.
    Withdraw,
    /// The blue invoice is declared an abnormal voucher.
    Abnormal,
}

/// A refusal and how often the desk refused before.
pub(crate) type Refused = (Refusal, usize);

impl State {
    /// The red-letter applications.
    pub fn red_world(&self) -> &RedWorld {
        &self.memory().red_world
    }

    /// Everything that was done about red-letter invoices.
    pub fn red_book(&self) -> RedBook {
        let now = self.now();
        book(self.red_world(), &self.red_desk(), now)
    }

    /// Where an application for a red-letter invoice stands; nothing when there is none.
    pub fn red_status(&self, application_number: &str) -> Option<RedLetterStatus> {
        let i = self.red_world().index_of(application_number)?;
        let desk = self.red_desk();
        let now = self.now();
        Some(match desk.place(i) {
            None => RedLetterStatus::Pending,
            Some(Place::Done(form)) => RedLetterStatus::Done {
                red_number: desk.show(form, now).and_then(|form| form.red_number)?,
            },
            Some(Place::Returned) => RedLetterStatus::Returned,
            Some(Place::Withdrawn) => RedLetterStatus::Withdrawn,
        })
    }

    /// The forms whose state changed since the platform started, in the order in which that was
    /// noticed; what has changed until now is noticed by this call.
    pub fn changed_forms(&self) -> Vec<FormChange> {
        self.changed_forms_from(0)
    }

    /// The same without the first `known` ones.
    pub(crate) fn changed_forms_from(&self, known: usize) -> Vec<FormChange> {
        let now = self.now();
        let mut desk = self.red_desk();
        desk.sweep(now);
        desk.changes.get(known..).unwrap_or_default().to_vec()
    }

    /// A confirmation form by its number.
    pub fn form(&self, number: &str) -> Option<ConfirmationForm> {
        let now = self.now();
        let desk = self.red_desk();
        if let Some(index) = desk.numbers.index_of_form(number)
            && let Some(form) = desk.show(index, now)
        {
            return Some(form);
        }
        drop(desk);
        self.red_world().old_form(number)
    }

    /// Plays the other side of a form, or the platform, by hand; `false` when there is no such
    /// form or its state does not allow it.
    pub fn play_form(&self, number: &str, play: Play) -> bool {
        let step = match play {
            Play::Agree => Step::Agree,
            Play::Refuse => Step::Refuse,
            Play::Withdraw => Step::Withdraw,
            Play::Abnormal => Step::Abnormal,
        };
        let now = self.now();
        let mut desk = self.red_desk();
        let Some(index) = desk.numbers.index_of_form(number) else {
            return false;
        };
        let played = desk.play(index, step, now).is_ok();
        drop(desk);
        self.memory().changed.notify_one();
        played
    }

    /// Moves the platform's clock forward.
    pub fn advance_clock(&self, duration: Duration) {
        let memory = self.memory();
        memory.clock.advance(duration);
        if let Some(journal) = memory.journal.get() {
            journal.clock(duration);
        }
        memory.changed.notify_one();
    }

    /// How far the platform's clock was moved.
    pub fn clock_offset(&self) -> Duration {
        self.memory().clock.offset()
    }

    /// The platform's time.
    pub fn now(&self) -> Timestamp {
        self.memory().clock.now()
    }

    pub(crate) fn red_desk(&self) -> MutexGuard<'_, RedDesk> {
        let desk = self.memory().red_desk.lock();
        desk.unwrap_or_else(PoisonError::into_inner)
    }

    /// Does a write at the desk; a refusal comes with the number of its turn.
    fn write<T>(
        &self,
        act: impl FnOnce(&mut RedDesk, Timestamp) -> Result<T, Refusal>,
    ) -> Result<T, Refused> {
        let now = self.now();
        let mut desk = self.red_desk();
        let done = act(&mut desk, now).map_err(|refusal| (refusal, desk.turn_away()));
        drop(desk);
        self.memory().changed.notify_one();
        done
    }

    fn blue_index(&self, blue: &BlueReference) -> Option<u32> {
        self.red_world()
            .blue_index(blue.code.as_deref(), &blue.number)
    }

    /// Lets the other side's form be there when somebody first looks.
    fn touch(&self, blue: u32, now: Timestamp) {
        let world = self.red_world();
        if !world.has_preset(blue) || self.red_desk().found(blue) {
            return;
        }
        let Some(draft) = world.preset(blue) else {
            return;
        };
        let mut draw = Draw::new(world.seed() ^ 0xF0_04, u64::from(blue));
        let age = Duration::from_secs(3600 + draw.below(19 * 3600));
        let application = world.asking_for(blue, &draft);
        let entry = Entry {
            blue,
            application: application.and_then(|i| u32::try_from(i).ok()),
            found: true,
            entered_at: whole_second(now.before(age)),
            saving_until: None,
            state: match draft.started_by {
                Side::Seller => clerkwork_connectors_api::red_letter::FormState::WaitsForBuyer,
                Side::Buyer => clerkwork_connectors_api::red_letter::FormState::WaitsForSeller,
            },
            script: Script::Silent,
            draft: draft.into(),
        };
        self.red_desk().find(entry, now);
    }

    pub(crate) fn red_traces(&self, blue: &BlueReference, now: Timestamp) -> Option<BlueTraces> {
        let index = self.blue_index(blue)?;
        self.touch(index, now);
        let mut forms = self.red_world().blue(index)?.history;
        let (new, saving) = self.red_desk().forms_of(index, now);
        forms.extend(new);
        Some(BlueTraces { forms, saving })
    }

    pub(crate) fn red_dossier(&self, query: &RedLetterQuery, now: Timestamp) -> RedLetterDossier {
        let index = self.blue_index(&query.blue);
        let traces = self.red_traces(&query.blue, now).unwrap_or_default();
        let known = index.and_then(|index| Some((index, self.red_world().blue(index)?)));
        let (blue, receipt) = match known {
            None => (None, None),
            Some((index, blue)) => {
                let reversed = self.red_desk().reversed(index);
                let number = blue.invoice.agent_issued.as_ref();
                let number = number.and_then(|agent| agent.tax_receipt_number.as_deref());
                let settled = number.map_or(Cents::ZERO, |n| self.red_desk().settled(n));
                let receipt = blue.receipt.map(|receipt| SettlementReceipt {
                    settled: Cents(receipt.settled.0 + settled.0),
                    ..receipt
                });
                (Some(less(blue.invoice, &reversed)), receipt)
            }
        };
        RedLetterDossier {
            as_of: now,
            status: self.red_status(&query.application_number),
            application: (self.red_world().index_of(&query.application_number))
                .and_then(|i| self.red_world().application(i)),
            blue,
            traces,
            seller: self.taxpayer(&query.seller_tax_id),
            buyer: self.taxpayer(&query.buyer_tax_id),
            activity: self.red_world().activity(&query.seller_tax_id),
            page: None,
            receipt,
        }
    }

    pub(crate) fn enter_form(
        &self,
        draft: ReversalDraft,
        saving: Option<Duration>,
    ) -> Result<ConfirmationForm, Refused> {
        let world = self.red_world();
        let found = self.blue_index(&draft.blue).and_then(|index| {
            self.touch(index, self.now());
            Some((index, world.blue(index)?, world.case_of_blue(index)?))
        });
        let Some((index, blue, case)) = found else {
            return self.write(|_, _| Err(Refusal::UnknownBlue));
        };
        let application = world.asking_for(index, &draft);
        self.write(|desk, now| {
            let entering = Entering {
                blue: index,
                case,
                application,
                draft,
                saving_until: saving.map(|saving| now.after(saving)),
            };
            desk.enter(&blue, entering, now)
        })
    }

    pub(crate) fn answer_form(
        &self,
        number: &str,
        uuid: &str,
        side: Side,
        answer: FormAnswer,
    ) -> Result<Timestamp, Refused> {
        self.write(|desk, now| {
            let index = desk.numbers.index_of_form(number);
            let index = index
                .filter(|index| desk.numbers.uuid(*index) == uuid)
                .ok_or(Refusal::UnknownForm)?;
            let blue = desk.forms.get(index as usize).map(|form| form.entry.blue);
            let case = blue.and_then(|blue| self.red_world().case_of_blue(blue));
            let forbidden = match case {
                Some(RedCase::ConfirmingForbiddenHighRisk) => Some(Refusal::HighRisk),
                Some(RedCase::ConfirmingForbiddenRedWarning) => Some(Refusal::RedWarning),
                _ => None,
            };
            desk.answer(index, side, answer, forbidden, now)?;
            Ok(now)
        })
    }

    pub(crate) fn issue_red(&self, form_number: &str) -> Result<RedInvoice, Refused> {
        self.write(|desk, now| {
            let index = desk.numbers.index_of_form(form_number);
            let Some(index) = index else {
                // A form from before the world began was issued then.
                let old = self.red_world().old_form(form_number);
                return Err(old.map_or(Refusal::UnknownForm, |_| Refusal::AlreadyIssued));
            };
            Ok(RedInvoice {
                number: desk.issue(index, now)?,
                form_number: form_number.into(),
                issued_at: now,
            })
        })
    }

    pub(crate) fn open_settlement(&self, order: &SettlementOrder) -> Result<String, Refused> {
        let receipt = self.red_world().receipt(&order.receipt_number);
        self.write(|desk, now| {
            let form = desk.form_of_red(&order.red_number);
            let (blue, receipt) = receipt.ok_or(Refusal::NothingToSettle)?;
            let form = form.ok_or(Refusal::NothingToSettle)?;
            desk.settle(form, order, blue, receipt.tax_paid, now)
        })
    }

    pub(crate) fn settlement_of(&self, red_number: &str) -> Option<String> {
        let desk = self.red_desk();
        desk.settlement_of(desk.form_of_red(red_number)?)
    }

    pub(crate) fn write_back(
        &self,
        application_number: &str,
        outcome: WriteBack,
    ) -> Result<(), Refused> {
        let i = self.red_world().index_of(application_number);
        self.write(|desk, now| {
            let i = i.ok_or(Refusal::UnknownApplication)?;
            let blue = self.red_world().blue_index_of(i);
            let blue = blue.ok_or(Refusal::UnknownApplication)?;
            desk.write_back(i, blue, outcome.into(), now)
        })
    }

    pub(crate) fn return_red(
        &self,
        application_number: &str,
        reasons: Vec<String>,
    ) -> Result<(), Refused> {
        let i = self.red_world().index_of(application_number);
        self.write(|desk, now| {
            let i = i.ok_or(Refusal::UnknownApplication)?;
            desk.give_back(i, reasons, now)
        })
    }

    /// Lets the applicant withdraw; `false` when the application is unknown or already decided.
    pub(crate) fn withdraw_red(&self, application_number: &str) -> bool {
        let now = self.now();
        let index = self.red_world().index_of(application_number);
        index.is_some_and(|i| self.red_desk().withdraw(i, now).is_ok())
    }
}
