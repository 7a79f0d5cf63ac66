//! The form: entered by the job, or the other side's agreed to.

use async_trait::async_trait;
use clerkwork_connectors_api::{
    ConnectorError, ErrorKind,
    red_letter::{ConfirmationForm, FormAnswer, FormState, RedLetterApplication, RedLetters, Side},
};
use clerkwork_core::{IdempotencyKey, Text};
use serde_json::{Value, json};

use crate::{EffectCall, Lookup};

use super::{
    super::{
        Latest,
        basis::{draft, same_content},
        meant::{ANOTHER, Meant},
        own::fits,
    },
    ANOTHER_FORM, CONFIRM_FORM, CREATE_FORM, NO_FORM, error, still_saving,
};

/// What the journal keeps of a form.
pub(in super::super) fn form_result(form: &ConfirmationForm) -> Value {
    json!({
        "form_number": form.number,
        "uuid": form.uuid,
        "entered_at": form.entered_at.0,
        "state": form.state.as_str(),
    })
}

/// Enters the form.
pub(in super::super) struct CreateForm<'a> {
    pub(in super::super) api: &'a dyn RedLetters,
    pub(in super::super) application: &'a RedLetterApplication,
    pub(in super::super) latest: &'a Latest,
}

#[async_trait]
impl EffectCall for CreateForm<'_> {
    fn before(&self) -> Option<Value> {
        let known = self.latest.get();
        let mut numbers: Vec<_> = known
            .iter()
            .flat_map(|dossier| &dossier.traces.forms)
            .map(|form| form.number.as_str())
            .collect();
        numbers.sort_unstable();
        Some(json!(numbers))
    }

    async fn call(&self, key: &IdempotencyKey) -> Result<Value, ConnectorError> {
        // The gate gathers: the other side may have entered its form since the route was chosen.
        let known = self.latest.get();
        let overtaken = known.is_some_and(|dossier| {
            let ours = self.application.started_by;
            let mut forms = dossier.traces.forms.iter();
            forms.any(|form| is_target(form, self.application, ours))
        });
        if overtaken {
            return Err(error(
                CREATE_FORM,
                ErrorKind::Rejected,
                "the other side entered the same form meanwhile; decide again",
            ));
        }
        let form = self.api.create_form(key, &draft(self.application)).await?;
        Ok(form_result(&form))
    }

    async fn lookup(
        &self,
        _: &IdempotencyKey,
        before: Option<&Value>,
    ) -> Result<Lookup, ConnectorError> {
        let traces = self.api.traces(&self.application.blue).await?;
        let found = entered(&traces.forms, before, self.application);
        if found == Lookup::DidNotHappen && traces.saving {
            return Err(still_saving(CREATE_FORM));
        }
        Ok(found)
    }
}

/// Whether a form of the other side says the same and waits for ours.
pub(in super::super) fn is_target(
    form: &ConfirmationForm,
    application: &RedLetterApplication,
    ours: Side,
) -> bool {
    form.state.waits_for() == Some(ours)
        && form.draft.started_by == ours.other()
        && same_content(&form.draft, application)
}

/// Which of the forms is the one that was to be entered.
pub(in super::super) fn entered(
    forms: &[ConfirmationForm],
    before: Option<&Value>,
    application: &RedLetterApplication,
) -> Lookup {
    let mut fitting = forms.iter().filter(|form| fits(form, before, application));
    match (fitting.next(), fitting.next(), before) {
        (None, _, _) => Lookup::DidNotHappen,
        (Some(only), None, Some(_)) => Lookup::Happened(form_result(only)),
        (Some(_), Some(_), _) => Lookup::Unclear(Text::new(
            "存在多份内容相同的红字发票信息确认单，无法判断哪一份是本次录入的",
            "several forms of the same content stand there; which one was entered here cannot be told",
        )),
        (Some(_), None, None) => Lookup::Unclear(Text::new(
            "存在内容相同的红字发票信息确认单，但没有录入前的记录，无法判断是否为本次录入",
            "a form of the same content stands there, and what stood there before is not on record",
        )),
    }
}

/// Agrees to the other side's form.
pub(in super::super) struct ConfirmForm<'a> {
    pub(in super::super) api: &'a dyn RedLetters,
    pub(in super::super) number: &'a str,
    pub(in super::super) side: Side,
    pub(in super::super) meant: Meant<'a>,
}

#[async_trait]
impl EffectCall for ConfirmForm<'_> {
    fn before(&self) -> Option<Value> {
        Some(json!({ "form_number": self.number }))
    }

    async fn call(&self, key: &IdempotencyKey) -> Result<Value, ConnectorError> {
        let form = self.api.form(self.number).await?;
        if self.meant.is_another(form.as_ref()) {
            return Err(ConnectorError {
                code: Some(ANOTHER_FORM.into()),
                ..error(
                    CONFIRM_FORM,
                    ErrorKind::Rejected,
                    "another form stands under the number; nothing was confirmed",
                )
            });
        }
        let waits = form.filter(|form| form.state.waits_for() == Some(self.side));
        let Some(form) = waits else {
            return Err(error(
                CONFIRM_FORM,
                ErrorKind::Rejected,
                "the form no longer waits for this side; decide again",
            ));
        };
        self.api
            .answer_form(key, &form, self.side, FormAnswer::Agree)
            .await?;
        Ok(confirmed_result(&form))
    }

    async fn lookup(
        &self,
        _: &IdempotencyKey,
        _: Option<&Value>,
    ) -> Result<Lookup, ConnectorError> {
        let form = self.api.form(self.number).await?;
        Ok(answered(form.as_ref(), self.side, &self.meant))
    }
}

fn confirmed_result(form: &ConfirmationForm) -> Value {
    json!({
        "form_number": form.number,
        "uuid": form.uuid,
        "entered_at": form.entered_at.0,
        "state": "confirmed",
    })
}

/// Whether the other side's form was agreed to by `side`.
pub(in super::super) fn answered(
    form: Option<&ConfirmationForm>,
    side: Side,
    meant: &Meant<'_>,
) -> Lookup {
    let Some(form) = form else {
        return Lookup::Unclear(NO_FORM);
    };
    if !meant.is(form) {
        return Lookup::Unclear(ANOTHER);
    }
    match form.state {
        FormState::Confirmed => Lookup::Happened(confirmed_result(form)),
        state if state.waits_for() == Some(side) => Lookup::DidNotHappen,
        FormState::NotNeeded
        | FormState::WaitsForBuyer
        | FormState::WaitsForSeller
        | FormState::RefusedByBuyer
        | FormState::RefusedBySeller
        | FormState::Lapsed
        | FormState::Withdrawn
        | FormState::WithdrawnAfterConfirmation
        | FormState::Abnormal => Lookup::Unclear(Text::new(
            "准备确认对方录入的红字发票信息确认单，但该确认单已不在待确认状态",
            "the other side's form was to be agreed to, but it waits no more and is not confirmed",
        )),
    }
}
