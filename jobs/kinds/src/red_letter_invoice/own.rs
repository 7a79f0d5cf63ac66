//! Which of what stands upstream is this job's own doing, told from its journal.
//!
//! A decision is bound to the facts, so what the job itself did must not change them: its form is
//! no other open form, its red invoice no earlier reversal, its settlement not tax that is gone.
//! Everything here takes the journal's word for what was done and the dossier's for where it stands.

use clerkwork_connectors_api::red_letter::{
    BlueTraces, ConfirmationForm, RedLetterApplication, RedLetterStatus, Side,
};
use clerkwork_core::{EffectRecord, EffectState};
use serde_json::Value;

use crate::Past;

use super::{
    basis::same_content,
    effect::{CONFIRM_FORM, CREATE_FORM, ISSUE_RED, RETURN, SETTLE_TAX, is_target, word},
    meant::Meant,
};

/// What the job did so far.
pub(super) struct Own<'d> {
    /// The other side's form was answered, or is about to be.
    pub(super) answered: bool,
    /// Number of the job's form.
    pub(super) number: Option<String>,
    /// The form itself; nothing when the upstream does not hold it.
    pub(super) form: Option<&'d ConfirmationForm>,
    /// Number of the red invoice that was issued on it.
    pub(super) red_number: Option<String>,
    /// The tax was refunded or set off, as far as the journal knows.
    pub(super) settled: bool,
    /// That is not clear yet.
    pub(super) settling: bool,
    /// The application was returned, or is about to be.
    returning: bool,
    /// Other forms of the same content that appeared since the job's own was announced.
    pub(super) seconds: usize,
    /// The other side's form of the same content that waits for the applicant's side.
    pub(super) target: Option<&'d ConfirmationForm>,
}

/// An effect that was announced and not refused.
pub(super) fn announced<'p>(past: Past<'p>, name: &str) -> Option<&'p EffectRecord> {
    past.effect(name)
        .filter(|effect| effect.state != EffectState::Refused)
}

/// Whether the job itself may be entering a form at this moment.
pub(super) fn entering(past: Past<'_>) -> bool {
    past.effect(CREATE_FORM)
        .is_some_and(|effect| matches!(effect.state, EffectState::Intended | EffectState::Unknown))
}

/// The form that a journal's record names, in its result or in what was recorded before.
pub(super) fn named_form(effect: &EffectRecord) -> Option<&str> {
    word(effect.result.as_ref(), "form_number").or(word(effect.before.as_ref(), "form_number"))
}

/// Whether a form was there already when one was announced. `before` is the list of their numbers.
pub(super) fn was_there(before: Option<&Value>, number: &str) -> bool {
    before
        .and_then(Value::as_array)
        .is_some_and(|numbers| numbers.iter().any(|known| known.as_str() == Some(number)))
}

/// Whether a form may be what the job entered: its side, its content, and not there before.
pub(super) fn fits(
    form: &ConfirmationForm,
    before: Option<&Value>,
    application: &RedLetterApplication,
) -> bool {
    form.draft.started_by == application.started_by
        && same_content(&form.draft, application)
        && !was_there(before, &form.number)
}

impl<'d> Own<'d> {
    pub(super) fn of(
        past: Past<'_>,
        traces: &'d BlueTraces,
        application: &RedLetterApplication,
    ) -> Self {
        // Another form under the number is not the job's.
        let held = |effect: &EffectRecord, started_by: Side| {
            let number = named_form(effect)?;
            let meant = Meant::of(effect, application, Some(started_by));
            let mut forms = traces.forms.iter();
            forms.find(|form| form.number == number && meant.is(form))
        };
        let ours = application.started_by;
        let confirm = announced(past, CONFIRM_FORM);
        let create = announced(past, CREATE_FORM);
        let (mut number, mut form) = (None, None);
        if let Some(effect) = confirm {
            let named = named_form(effect);
            let found = held(effect, ours.other());
            // Not answered while it still waits for the answer.
            let waits = found.is_some_and(|form| form.state.waits_for() == Some(ours));
            if effect.state == EffectState::Confirmed || (found.is_some() && !waits) {
                (number, form) = (named.map(str::to_owned), found);
            }
        } else if let Some(effect) = create {
            if effect.state == EffectState::Confirmed {
                let named = named_form(effect);
                (number, form) = (named.map(str::to_owned), held(effect, ours));
            } else {
                let before = effect.before.as_ref();
                let mut fitting = traces
                    .forms
                    .iter()
                    .filter(|form| fits(form, before, application));
                if let (Some(only), None) = (fitting.next(), fitting.next()) {
                    (number, form) = (Some(only.number.clone()), Some(only));
                }
            }
        }
        let seconds = create.map_or(0, |effect| {
            let before = effect.before.as_ref();
            let second = |form: &&ConfirmationForm| {
                number.as_deref() != Some(form.number.as_str())
                    && !form.state.is_void()
                    && !was_there(before, &form.number)
                    && same_content(&form.draft, application)
            };
            traces.forms.iter().filter(second).count()
        });
        let target = traces
            .forms
            .iter()
            .find(|form| number.is_none() && is_target(form, application, ours));
        let red_number = word(past.result(ISSUE_RED), "red_number")
            .map(str::to_owned)
            .or_else(|| form.and_then(|form| form.red_number.clone()));
        let settle = announced(past, SETTLE_TAX).map(|effect| effect.state);
        Self {
            answered: confirm.is_some(),
            number,
            form,
            red_number,
            settled: settle == Some(EffectState::Confirmed),
            settling: matches!(settle, Some(EffectState::Intended | EffectState::Unknown)),
            returning: announced(past, RETURN).is_some(),
            seconds,
            target,
        }
    }

    /// Whether a form is the job's own.
    pub(super) fn is(&self, form: &ConfirmationForm) -> bool {
        self.number.as_deref() == Some(form.number.as_str())
    }

    /// The forms of others that may still lead, or led, to a red invoice, without the one that is
    /// to be answered.
    pub(super) fn others<'t>(
        &self,
        traces: &'t BlueTraces,
    ) -> impl Iterator<Item = &'t ConfirmationForm> {
        let target = self.target.map(|form| form.number.clone());
        let own = self.number.clone();
        traces.forms.iter().filter(move |form| {
            let number = Some(&form.number);
            number != own.as_ref() && number != target.as_ref() && !form.state.is_void()
        })
    }

    /// The job's form was entered, and the upstream does not hold it.
    pub(super) fn vanished(&self) -> bool {
        self.number.is_some() && self.form.is_none()
    }

    /// The red invoice is in what the dossier says is left.
    pub(super) fn red_is_counted(&self) -> bool {
        self.form.is_some_and(|form| form.red_number.is_some())
    }

    /// Where the application stands but for the job's own report.
    pub(super) fn status<'s>(
        &self,
        status: Option<&'s RedLetterStatus>,
    ) -> Option<&'s RedLetterStatus> {
        match status {
            Some(RedLetterStatus::Done { red_number })
                if self.red_number.as_ref() == Some(red_number) =>
            {
                Some(&RedLetterStatus::Pending)
            }
            Some(RedLetterStatus::Returned) if self.returning => Some(&RedLetterStatus::Pending),
            Some(
                RedLetterStatus::Pending
                | RedLetterStatus::Done { .. }
                | RedLetterStatus::Returned
                | RedLetterStatus::Withdrawn,
            )
            | None => status,
        }
    }
}
