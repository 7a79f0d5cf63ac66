//! The upstream's contract.

use async_trait::async_trait;
use clerkwork_core::IdempotencyKey;

use super::{
    BlueReference, BlueTraces, ConfirmationForm, FormAnswer, RedInvoice, RedLetterApplication,
    RedLetterDossier, RedLetterQuery, RedLetterStatus, ReversalDraft, SettlementOrder, Side,
    WriteBack,
};
use crate::ConnectorError;

/// An upstream system that holds blue invoices and takes their reversals.
///
/// Reads may be repeated freely. A write whose outcome is unclear, also one that the upstream
/// refuses with "nothing left to reverse" or "a form is being saved", ends with
/// [`ErrorKind::OutcomeUnknown`](crate::ErrorKind::OutcomeUnknown); the caller looks it up.
#[async_trait]
pub trait RedLetters: Send + Sync {
    /// What the upstream knows about one application. Calls of many workers are coalesced.
    async fn dossier(&self, query: RedLetterQuery) -> Result<RedLetterDossier, ConnectorError>;

    /// The forms of a blue invoice.
    async fn traces(&self, blue: &BlueReference) -> Result<BlueTraces, ConnectorError>;

    /// One form by its number, never from a cache; nothing when there is none. Calls of many
    /// workers are coalesced.
    async fn form(&self, number: &str) -> Result<Option<ConfirmationForm>, ConnectorError>;

    /// Enters a form. Where no confirmation is needed it comes back as
    /// [`FormState::NotNeeded`].
    async fn create_form(
        &self,
        key: &IdempotencyKey,
        draft: &ReversalDraft,
    ) -> Result<ConfirmationForm, ConnectorError>;

    /// Answers a form, for `side`. Refused with `31120` for a taxpayer of high risk and `31121`
    /// under a red warning.
    async fn answer_form(
        &self,
        key: &IdempotencyKey,
        form: &ConfirmationForm,
        side: Side,
        answer: FormAnswer,
    ) -> Result<(), ConnectorError>;

    /// Issues the red invoice on a form.
    async fn issue_red(
        &self,
        key: &IdempotencyKey,
        form_number: &str,
    ) -> Result<RedInvoice, ConnectorError>;

    /// Opens a refund or an offset; its number.
    async fn open_settlement(
        &self,
        key: &IdempotencyKey,
        order: &SettlementOrder,
    ) -> Result<String, ConnectorError>;

    /// Number of the settlement that rests on a red invoice; nothing when there is none.
    async fn settlement_of(&self, red_number: &str) -> Result<Option<String>, ConnectorError>;

    /// Reports an application as done.
    async fn write_back(
        &self,
        key: &IdempotencyKey,
        application_number: &str,
        outcome: &WriteBack,
    ) -> Result<(), ConnectorError>;

    /// Sends the application back to the applicant with reasons (Chinese, one line each).
    async fn return_to_applicant(
        &self,
        key: &IdempotencyKey,
        application_number: &str,
        reasons: &[String],
    ) -> Result<(), ConnectorError>;

    /// Where the application stands now, never from a cache; nothing when it is not known.
    async fn status(
        &self,
        application_number: &str,
    ) -> Result<Option<RedLetterStatus>, ConnectorError>;

    /// Applications not decided yet, in the order of their numbers, after `after`; at most `limit`.
    async fn pending(
        &self,
        after: Option<&str>,
        limit: u32,
    ) -> Result<Vec<RedLetterApplication>, ConnectorError>;
}

/// In the place of an upstream that an installation does not have: every call is refused as
/// misconfigured, so that an item of this field of work ends at the exceptions desk.
#[derive(Debug, Clone, Copy, Default)]
pub struct NotConnected;

impl NotConnected {
    fn refuse<T>(operation: &'static str) -> Result<T, ConnectorError> {
        Err(ConnectorError {
            connector: "none",
            operation,
            kind: crate::ErrorKind::Misconfigured,
            code: None,
            message: "no upstream for red-letter invoices is connected; see the wiring".into(),
            page: None,
            source: None,
        })
    }
}

#[async_trait]
impl RedLetters for NotConnected {
    async fn dossier(&self, _: RedLetterQuery) -> Result<RedLetterDossier, ConnectorError> {
        Self::refuse("dossier")
    }

    async fn traces(&self, _: &BlueReference) -> Result<BlueTraces, ConnectorError> {
        Self::refuse("traces")
    }

    async fn form(&self, _: &str) -> Result<Option<ConfirmationForm>, ConnectorError> {
        Self::refuse("form")
    }

    async fn create_form(
        &self,
        _: &IdempotencyKey,
        _: &ReversalDraft,
    ) -> Result<ConfirmationForm, ConnectorError> {
        Self::refuse("create_form")
    }

    async fn answer_form(
        &self,
        _: &IdempotencyKey,
        _: &ConfirmationForm,
        _: Side,
        _: FormAnswer,
    ) -> Result<(), ConnectorError> {
        Self::refuse("answer_form")
    }

    async fn issue_red(&self, _: &IdempotencyKey, _: &str) -> Result<RedInvoice, ConnectorError> {
        Self::refuse("issue_red")
    }

    async fn open_settlement(
        &self,
        _: &IdempotencyKey,
        _: &SettlementOrder,
    ) -> Result<String, ConnectorError> {
        Self::refuse("open_settlement")
    }

    async fn settlement_of(&self, _: &str) -> Result<Option<String>, ConnectorError> {
        Self::refuse("settlement_of")
    }

    async fn write_back(
        &self,
        _: &IdempotencyKey,
        _: &str,
        _: &WriteBack,
    ) -> Result<(), ConnectorError> {
        Self::refuse("write_back")
    }

    async fn return_to_applicant(
        &self,
        _: &IdempotencyKey,
        _: &str,
        _: &[String],
    ) -> Result<(), ConnectorError> {
        Self::refuse("return_to_applicant")
    }

    async fn status(&self, _: &str) -> Result<Option<RedLetterStatus>, ConnectorError> {
        Self::refuse("status")
    }

    async fn pending(
        &self,
        _: Option<&str>,
        _: u32,
    ) -> Result<Vec<RedLetterApplication>, ConnectorError> {
        Self::refuse("pending")
    }
}
