//! Agent-issued invoices (代开发票): the vocabulary and the upstream's contract.
//!
//! An applicant who cannot issue an invoice applies; the bureau reviews, collects the tax and
//! issues on the applicant's behalf. Field names here are plain English; the upstream's own names
//! live in each connector's wire types.
//!
//! [`operations`] are those that a [`Connector`](crate::contract::Connector) declares to serve this field;
//! [`Over`] makes the trait out of one.

mod application;
mod dossier;
mod operations;

use async_trait::async_trait;
use clerkwork_core::IdempotencyKey;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use application::*;
pub use dossier::*;
pub use operations::{Over, call, lookup, operations, poll};

use crate::ConnectorError;

/// An invoice that was issued.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Issued {
    /// Number of the invoice, 20 digits.
    pub invoice_number: String,
}

/// An upstream system that takes and issues agent-issued invoices.
///
/// Reads may be repeated freely. A write whose outcome is unclear ends with
/// [`ErrorKind::OutcomeUnknown`](crate::ErrorKind::OutcomeUnknown); the caller asks
/// [`status`](Self::status) before anything is tried again.
#[async_trait]
pub trait AgentInvoices: Send + Sync {
    /// What the upstream knows about one application. Calls of many workers are coalesced.
    async fn dossier(&self, query: DossierQuery) -> Result<Dossier, ConnectorError>;

    /// Where the application stands now, never from a cache; nothing when it is not known.
    async fn status(
        &self,
        application_number: &str,
    ) -> Result<Option<ApplicationStatus>, ConnectorError>;

    /// Approves the application and issues its invoice.
    async fn approve_and_issue(
        &self,
        key: &IdempotencyKey,
        application_number: &str,
    ) -> Result<Issued, ConnectorError>;

    /// Sends the application back to the applicant with reasons (Chinese, one line each).
    async fn return_to_applicant(
        &self,
        key: &IdempotencyKey,
        application_number: &str,
        reasons: &[String],
    ) -> Result<(), ConnectorError>;

    /// Applications not decided yet, in the order of their numbers, after `after`; at most `limit`.
    async fn pending(
        &self,
        after: Option<&str>,
        limit: u32,
    ) -> Result<Vec<Application>, ConnectorError>;
}
