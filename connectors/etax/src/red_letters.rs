//! Red-letter invoices (红字发票).
//!
//! What an answer says is compared with what was asked: a form, an invoice or a dossier of another
//! is an error, and after a write an unclear outcome.

use std::sync::Arc;

use async_trait::async_trait;
use clerkwork_connectors_api::{
    ConnectorError,
    http::{Endpoint, HttpStack},
    red_letter::{
        BlueReference, BlueTraces, ConfirmationForm, FormAnswer, RedInvoice, RedLetterApplication,
        RedLetterDossier, RedLetterQuery, RedLetterStatus, RedLetters, ReversalDraft,
        SettlementOrder, Side, WriteBack,
    },
};
use clerkwork_core::IdempotencyKey;
use serde::de::IgnoredAny;

use crate::{
    Etax,
    batches::Batches,
    dossiers::{Forms, RedDossiers},
    pending::page,
    refusal::{broken_contract, content, found, optional_content},
    wire::{self, codes::business, method, red_letter},
};

/// The methods of this field of work.
#[derive(Debug)]
pub(crate) struct Methods {
    dossiers: Batches<RedDossiers>,
    forms: Batches<Forms>,
    traces: Endpoint,
    create_form: Endpoint,
    answer_form: Endpoint,
    issue_red: Endpoint,
    open_settlement: Endpoint,
    settlement_of: Endpoint,
    write_back: Endpoint,
    return_: Endpoint,
    status: Endpoint,
    pending: Endpoint,
}

/// Most dossiers of reversals in one call, fewer than the platform takes. With application, blue
/// invoice and a form of 100 lines each a dossier has about 110 KB, and the answer is to stay below
/// the 8 MiB that the HTTP side reads. Larger answers still are asked for in halves.
pub(crate) const RED_DOSSIERS_PER_CALL: usize = 50;

impl Methods {
    /// Batches hold at most `per_call` questions; at most `calls` of a method are under way.
    pub(crate) fn new(
        connector: &'static str,
        stack: &Arc<HttpStack>,
        per_call: usize,
        calls: usize,
    ) -> Result<Self, ConnectorError> {
        let read = |operation, method| stack.read(operation, &format!("api/{method}"));
        let write = |operation, method| stack.write(operation, &format!("api/{method}"));
        Ok(Self {
            dossiers: Batches::new(
                connector,
                stack,
                read("dossier", method::RED_DOSSIERS)?,
                per_call.clamp(1, RED_DOSSIERS_PER_CALL),
                calls,
            ),
            forms: Batches::new(
                connector,
                stack,
                read("form", method::FORMS)?,
                per_call.clamp(1, wire::MAX_FORMS),
                calls,
            ),
            traces: read("traces", method::FORMS_OF_BLUE)?,
            create_form: write("create_form", method::ENTER_FORM)?,
            answer_form: write("answer_form", method::ANSWER_FORM)?,
            issue_red: write("issue_red", method::ISSUE_RED)?,
            open_settlement: write("open_settlement", method::SETTLE)?,
            settlement_of: read("settlement_of", method::SETTLEMENT)?,
            write_back: write("write_back", method::WRITE_BACK)?,
            return_: write("return_to_applicant", method::RED_RETURN)?,
            status: read("status", method::RED_STATUS)?,
            pending: read("pending", method::RED_PENDING)?,
        })
    }
}

/// Whether a form that was saved is the one that was entered. Its lines are not compared: the
/// platform may write a decimal otherwise.
fn is_of(form: &ReversalDraft, draft: &ReversalDraft) -> bool {
    let says = |d: &ReversalDraft| (d.started_by, d.reason, d.net, d.tax, d.lines.len());
    form.blue == draft.blue && says(form) == says(draft)
}

#[async_trait]
impl RedLetters for Etax {
    async fn dossier(&self, query: RedLetterQuery) -> Result<RedLetterDossier, ConnectorError> {
        self.red_letters.dossiers.ask(query.into()).await
    }

    async fn traces(&self, blue: &BlueReference) -> Result<BlueTraces, ConnectorError> {
        let request = red_letter::TracesRequest::from(blue);
        let endpoint = &self.red_letters.traces;
        let reply = self.stack.call(endpoint, None, &request).await?;
        let answer: red_letter::TracesAnswer = content(&reply)?;
        let traces =
            BlueTraces::try_from(answer).map_err(|error| broken_contract(endpoint, &error))?;
        let own = |form: &ConfirmationForm| {
            form.draft.blue.number == blue.number && form.draft.blue.code == blue.code
        };
        if traces.forms.iter().all(own) {
            Ok(traces)
        } else {
            Err(reply.unreadable("`list` has a form of another blue invoice"))
        }
    }

    async fn form(&self, number: &str) -> Result<Option<ConfirmationForm>, ConnectorError> {
        self.red_letters.forms.ask(number.into()).await
    }

    async fn create_form(
        &self,
        key: &IdempotencyKey,
        draft: &ReversalDraft,
    ) -> Result<ConfirmationForm, ConnectorError> {
        let request = red_letter::EnterRequest { nr: draft.into() };
        let endpoint = &self.red_letters.create_form;
        let reply = self.stack.call(endpoint, Some(key), &request).await?;
        let answer: red_letter::Hzqrd = content(&reply)?;
        let form = ConfirmationForm::try_from(answer)
            .map_err(|error| broken_contract(endpoint, &error))?;
        if is_of(&form.draft, draft) {
            Ok(form)
        } else {
            Err(reply.unreadable("another form came back than was entered"))
        }
    }

    async fn answer_form(
        &self,
        key: &IdempotencyKey,
        form: &ConfirmationForm,
        side: Side,
        answer: FormAnswer,
    ) -> Result<(), ConnectorError> {
        let request = red_letter::AnswerRequest::of(form, side, answer);
        let endpoint = &self.red_letters.answer_form;
        let reply = self.stack.call(endpoint, Some(key), &request).await?;
        optional_content::<IgnoredAny>(&reply).map(|_| ())
    }

    async fn issue_red(
        &self,
        key: &IdempotencyKey,
        form_number: &str,
    ) -> Result<RedInvoice, ConnectorError> {
        let request = red_letter::IssueRequest {
            hzqrdbh: form_number.into(),
        };
        let endpoint = &self.red_letters.issue_red;
        let reply = self.stack.call(endpoint, Some(key), &request).await?;
        let answer: red_letter::IssueAnswer = content(&reply)?;
        let red =
            RedInvoice::try_from(answer).map_err(|error| broken_contract(endpoint, &error))?;
        if red.form_number == form_number {
            Ok(red)
        } else {
            Err(reply.unreadable("the invoice of another form came back"))
        }
    }

    async fn open_settlement(
        &self,
        key: &IdempotencyKey,
        order: &SettlementOrder,
    ) -> Result<String, ConnectorError> {
        let request = red_letter::SettleRequest::from(order);
        let endpoint = &self.red_letters.open_settlement;
        let reply = self.stack.call(endpoint, Some(key), &request).await?;
        let answer: red_letter::SettleAnswer = content(&reply)?;
        answer
            .read()
            .map_err(|error| broken_contract(endpoint, &error))
    }

    async fn settlement_of(&self, red_number: &str) -> Result<Option<String>, ConnectorError> {
        let request = red_letter::SettlementRequest {
            hzfphm: red_number.into(),
        };
        let endpoint = &self.red_letters.settlement_of;
        let reply = self.stack.call(endpoint, None, &request).await?;
        let answer: red_letter::SettlementAnswer = content(&reply)?;
        answer
            .read()
            .map_err(|error| broken_contract(endpoint, &error))
    }

    async fn write_back(
        &self,
        key: &IdempotencyKey,
        application_number: &str,
        outcome: &WriteBack,
    ) -> Result<(), ConnectorError> {
        let request = red_letter::WriteBackRequest::of(application_number, outcome);
        let endpoint = &self.red_letters.write_back;
        let reply = self.stack.call(endpoint, Some(key), &request).await?;
        optional_content::<IgnoredAny>(&reply).map(|_| ())
    }

    async fn return_to_applicant(
        &self,
        key: &IdempotencyKey,
        application_number: &str,
        reasons: &[String],
    ) -> Result<(), ConnectorError> {
        let request = wire::ReturnRequest {
            sqbh: application_number.into(),
            thyy: reasons.to_vec(),
        };
        let endpoint = &self.red_letters.return_;
        let reply = self.stack.call(endpoint, Some(key), &request).await?;
        optional_content::<IgnoredAny>(&reply).map(|_| ())
    }

    async fn status(
        &self,
        application_number: &str,
    ) -> Result<Option<RedLetterStatus>, ConnectorError> {
        let request = wire::StatusRequest {
            sqbh: application_number.into(),
        };
        let endpoint = &self.red_letters.status;
        let reply = self.stack.call(endpoint, None, &request).await?;
        let answer = content::<red_letter::StatusAnswer>(&reply);
        found(answer, business::UNKNOWN_APPLICATION)?
            .map(RedLetterStatus::try_from)
            .transpose()
            .map_err(|error| broken_contract(endpoint, &error))
    }

    async fn pending(
        &self,
        after: Option<&str>,
        limit: u32,
    ) -> Result<Vec<RedLetterApplication>, ConnectorError> {
        let request = wire::PendingRequest {
            sqbhh: after.map(Into::into),
            ts: limit.clamp(1, wire::MAX_PENDING),
        };
        let endpoint = &self.red_letters.pending;
        let reply = self.stack.call(endpoint, None, &request).await?;
        let answer: red_letter::PendingAnswer = content(&reply)?;
        page(&reply, after, answer.list, |sqxx| &sqxx.sqbh)
    }
}
