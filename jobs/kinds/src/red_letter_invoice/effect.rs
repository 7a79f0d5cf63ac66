//! The writes of a reversal, and how each is found again.
//!
//! The upstream knows no idempotency key. A form is found by what it says among those that were not
//! there before; everything after it by the form's number, or by where the application stands. What
//! a lookup needs is recorded with the announcement (`before`), so that it can be asked for the
//! journal's record alone.

use async_trait::async_trait;
use clerkwork_connectors_api::{
    ConnectorError, ErrorKind,
    red_letter::{
        ConfirmationForm, FormAnswer, FormState, RedLetterApplication, RedLetterStatus, RedLetters,
        SettlementOrder, Side, WriteBack,
    },
};
use clerkwork_core::{IdempotencyKey, Text};
use serde_json::{Value, json};

use crate::{EffectCall, Lookup};

use super::{
    Latest,
    basis::{draft, same_content},
    own::fits,
};

pub(super) const CREATE_FORM: &str = "create_form";
pub(super) const CONFIRM_FORM: &str = "confirm_form";
pub(super) const ISSUE_RED: &str = "issue_red";
pub(super) const SETTLE_TAX: &str = "settle_tax";
pub(super) const WRITE_BACK: &str = "write_back";
pub(super) const RETURN: &str = "return_to_applicant";

/// Code of a write that was not made, because what it rests on changed while the gate was asked.
pub(super) const OVERTAKEN: &str = "overtaken";

/// A word of a journal's record.
pub(super) fn word<'v>(value: Option<&'v Value>, name: &str) -> Option<&'v str> {
    value?.get(name)?.as_str()
}

fn error(operation: &'static str, kind: ErrorKind, message: &str) -> ConnectorError {
    ConnectorError {
        connector: "red_letter_invoice",
        operation,
        kind,
        code: (kind == ErrorKind::Rejected).then(|| OVERTAKEN.into()),
        message: message.into(),
        source: None,
    }
}

/// The upstream is about to show a form that it does not show yet.
pub(super) fn still_saving(operation: &'static str) -> ConnectorError {
    error(
        operation,
        ErrorKind::Transient,
        "the upstream is still saving a form for this invoice; ask again",
    )
}

/// Somebody's form is about to appear, so what is seen of the blue invoice is not whole.
pub(super) fn saving_another() -> ConnectorError {
    error(
        "dossier",
        ErrorKind::Transient,
        "the upstream is saving another form for this invoice; ask again",
    )
}

/// What the journal keeps of a form.
pub(super) fn form_result(form: &ConfirmationForm) -> Value {
    json!({
        "form_number": form.number,
        "uuid": form.uuid,
        "entered_at": form.entered_at.0,
        "state": form.state.as_str(),
    })
}

/// Enters the form.
pub(super) struct CreateForm<'a> {
    pub(super) api: &'a dyn RedLetters,
    pub(super) application: &'a RedLetterApplication,
    pub(super) latest: &'a Latest,
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
pub(super) fn is_target(
    form: &ConfirmationForm,
    application: &RedLetterApplication,
    ours: Side,
) -> bool {
    form.state.waits_for() == Some(ours)
        && form.draft.started_by == ours.other()
        && same_content(&form.draft, application)
}

/// Which of the forms is the one that was to be entered.
pub(super) fn entered(
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
pub(super) struct ConfirmForm<'a> {
    pub(super) api: &'a dyn RedLetters,
    pub(super) number: &'a str,
    pub(super) side: Side,
}

#[async_trait]
impl EffectCall for ConfirmForm<'_> {
    fn before(&self) -> Option<Value> {
        Some(json!({ "form_number": self.number }))
    }

    async fn call(&self, key: &IdempotencyKey) -> Result<Value, ConnectorError> {
        let form = self.api.form(self.number).await?;
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
        Ok(answered(form.as_ref(), self.side))
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
pub(super) fn answered(form: Option<&ConfirmationForm>, side: Side) -> Lookup {
    let Some(form) = form else {
        return Lookup::Unclear(NO_FORM);
    };
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

const NO_FORM: Text = Text::new(
    "上游系统查无该红字发票信息确认单",
    "the upstream does not hold the form",
);

/// Issues the red invoice.
pub(super) struct IssueRed<'a> {
    pub(super) api: &'a dyn RedLetters,
    pub(super) form_number: &'a str,
}

#[async_trait]
impl EffectCall for IssueRed<'_> {
    fn before(&self) -> Option<Value> {
        Some(json!({ "form_number": self.form_number }))
    }

    async fn call(&self, key: &IdempotencyKey) -> Result<Value, ConnectorError> {
        let red = self.api.issue_red(key, self.form_number).await?;
        Ok(json!({ "red_number": red.number }))
    }

    async fn lookup(
        &self,
        _: &IdempotencyKey,
        _: Option<&Value>,
    ) -> Result<Lookup, ConnectorError> {
        Ok(issued(self.api.form(self.form_number).await?.as_ref()))
    }
}

/// Whether the red invoice was issued on a form.
pub(super) fn issued(form: Option<&ConfirmationForm>) -> Lookup {
    match form.map(|form| &form.red_number) {
        Some(Some(red)) => Lookup::Happened(json!({ "red_number": red })),
        Some(None) => Lookup::DidNotHappen,
        None => Lookup::Unclear(NO_FORM),
    }
}

/// Opens the refund or the offset.
pub(super) struct SettleTax<'a> {
    pub(super) api: &'a dyn RedLetters,
    pub(super) order: SettlementOrder,
}

#[async_trait]
impl EffectCall for SettleTax<'_> {
    fn before(&self) -> Option<Value> {
        Some(json!({ "red_number": self.order.red_number }))
    }

    async fn call(&self, key: &IdempotencyKey) -> Result<Value, ConnectorError> {
        let number = self.api.open_settlement(key, &self.order).await?;
        Ok(json!({ "settlement_number": number }))
    }

    async fn lookup(
        &self,
        _: &IdempotencyKey,
        _: Option<&Value>,
    ) -> Result<Lookup, ConnectorError> {
        let number = self.api.settlement_of(&self.order.red_number).await?;
        Ok(settled(number.as_deref()))
    }
}

/// Whether a settlement rests on the red invoice.
pub(super) fn settled(number: Option<&str>) -> Lookup {
    number.map_or(Lookup::DidNotHappen, |number| {
        Lookup::Happened(json!({ "settlement_number": number }))
    })
}

/// Reports the application as done.
pub(super) struct Report<'a> {
    pub(super) api: &'a dyn RedLetters,
    pub(super) application_number: &'a str,
    pub(super) outcome: WriteBack,
}

#[async_trait]
impl EffectCall for Report<'_> {
    fn before(&self) -> Option<Value> {
        Some(json!({ "red_number": self.outcome.red_number }))
    }

    async fn call(&self, key: &IdempotencyKey) -> Result<Value, ConnectorError> {
        self.api
            .write_back(key, self.application_number, &self.outcome)
            .await?;
        Ok(json!({ "written_back": true }))
    }

    async fn lookup(
        &self,
        _: &IdempotencyKey,
        _: Option<&Value>,
    ) -> Result<Lookup, ConnectorError> {
        let status = self.api.status(self.application_number).await?;
        Ok(reported(status.as_ref(), Some(&self.outcome.red_number)))
    }
}

/// Whether the application is done with this red invoice.
pub(super) fn reported(status: Option<&RedLetterStatus>, red: Option<&str>) -> Lookup {
    match status {
        Some(RedLetterStatus::Done { red_number }) if red == Some(red_number) => {
            Lookup::Happened(json!({ "written_back": true }))
        }
        Some(RedLetterStatus::Pending) => Lookup::DidNotHappen,
        Some(RedLetterStatus::Done { .. }) => Lookup::Unclear(Text::new(
            "准备回写办理结果，但上游系统登记的是另一张红字发票",
            "to be reported as done, but the upstream names another red invoice",
        )),
        Some(RedLetterStatus::Returned) => Lookup::Unclear(Text::new(
            "准备回写办理结果，但上游系统显示该申请已退回",
            "to be reported as done, but the upstream reports the application as returned",
        )),
        Some(RedLetterStatus::Withdrawn) => Lookup::Unclear(Text::new(
            "准备回写办理结果，但上游系统显示申请人已撤回",
            "to be reported as done, but the upstream reports the application as withdrawn",
        )),
        None => Lookup::Unclear(NOT_KNOWN),
    }
}

/// Sends the application back.
pub(super) struct Return<'a> {
    pub(super) api: &'a dyn RedLetters,
    pub(super) application_number: &'a str,
    pub(super) reasons: &'a [String],
}

#[async_trait]
impl EffectCall for Return<'_> {
    async fn call(&self, key: &IdempotencyKey) -> Result<Value, ConnectorError> {
        self.api
            .return_to_applicant(key, self.application_number, self.reasons)
            .await?;
        Ok(json!({ "returned": true }))
    }

    async fn lookup(
        &self,
        _: &IdempotencyKey,
        _: Option<&Value>,
    ) -> Result<Lookup, ConnectorError> {
        let status = self.api.status(self.application_number).await?;
        Ok(returned(status.as_ref()))
    }
}

/// Whether the application was returned.
pub(super) fn returned(status: Option<&RedLetterStatus>) -> Lookup {
    match status {
        Some(RedLetterStatus::Returned) => Lookup::Happened(json!({ "returned": true })),
        Some(RedLetterStatus::Pending) => Lookup::DidNotHappen,
        Some(RedLetterStatus::Done { .. }) => Lookup::Unclear(Text::new(
            "准备退回申请，但上游系统显示该申请已办结",
            "to be returned, but the upstream reports the application as done",
        )),
        Some(RedLetterStatus::Withdrawn) => Lookup::Unclear(Text::new(
            "准备退回申请，但上游系统显示申请人已撤回",
            "to be returned, but the upstream reports the application as withdrawn",
        )),
        None => Lookup::Unclear(NOT_KNOWN),
    }
}

const NOT_KNOWN: Text = Text::new(
    "上游系统查无此申请",
    "the upstream does not know the application",
);
