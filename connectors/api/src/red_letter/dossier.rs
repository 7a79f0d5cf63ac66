//! What the upstream knows of an application, and what it is told.

use clerkwork_core::{Cents, Timestamp};

use super::{BlueInvoice, BlueReference, BlueTraces, RedLetterApplication, SettlementKind};
use crate::{Page, agent_invoice::TaxpayerRisk};

/// How the issuer of the blue invoice has been acting, over the last closed filing period unless
/// told otherwise; what policies weigh. What is done now does not change it before the period ends.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct IssuerActivity {
    /// Invoices issued.
    pub issued: u32,
    /// Red ones among them.
    pub red: u32,
    /// Voided ones.
    pub voided: u32,
    /// Those just under the quota of a single invoice.
    pub top_of_quota: u32,
    /// Red ones within the last three days of a month, over the last three closed months.
    pub month_end_reds: u32,
    /// Reversals after which the same goods were invoiced to another buyer.
    pub reissued_to_others: u32,
}

/// The tax receipt behind an agent-issued invoice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SettlementReceipt {
    /// Tax paid.
    pub tax_paid: Cents,
    /// Of it, what was paid back or set off before.
    pub settled: Cents,
    /// Tax id of the payer.
    pub payer_tax_id: String,
}

/// Where the upstream says an application stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RedLetterStatus {
    /// Not decided yet.
    Pending,
    /// Done.
    Done {
        /// Number of the red invoice.
        red_number: String,
    },
    /// Returned to the applicant.
    Returned,
    /// The applicant withdrew it.
    Withdrawn,
}

/// Which dossier is wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RedLetterQuery {
    /// The application.
    pub application_number: String,
    /// The blue invoice.
    pub blue: BlueReference,
    /// Seller's tax id as the application names it.
    pub seller_tax_id: String,
    /// Buyer's tax id as the application names it, may be empty.
    pub buyer_tax_id: String,
}

/// The facts that the upstream holds on one application.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RedLetterDossier {
    /// When the upstream gave them.
    pub as_of: Timestamp,
    /// Where the application stands; nothing when the upstream does not know it.
    pub status: Option<RedLetterStatus>,
    /// The application as the applicant made it; nothing when the upstream does not know it.
    pub application: Option<RedLetterApplication>,
    /// The blue invoice; nothing when there is none.
    pub blue: Option<BlueInvoice>,
    /// What was begun about it.
    pub traces: BlueTraces,
    /// The seller; nothing when not registered.
    pub seller: Option<TaxpayerRisk>,
    /// The buyer; nothing when not registered or without a tax id.
    pub buyer: Option<TaxpayerRisk>,
    /// How the seller has been acting.
    pub activity: IssuerActivity,
    /// The receipt of an agent-issued invoice; nothing when there is none.
    pub receipt: Option<SettlementReceipt>,
    /// The upstream's answer as it came, for whoever decides; nothing when the connector keeps none.
    pub page: Option<Page>,
}

/// A refund or an offset to be opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SettlementOrder {
    /// The receipt of the tax.
    pub receipt_number: String,
    /// Paid back or set off.
    pub kind: SettlementKind,
    /// How much, positive.
    pub amount: Cents,
    /// The red invoice it rests on; at most one settlement rests on each.
    pub red_number: String,
}

/// What is reported back when an application is done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WriteBack {
    /// The form.
    pub form_number: String,
    /// The red invoice.
    pub red_number: String,
    /// Input tax that the buyer must transfer out; nothing when the buyer did not deduct.
    pub transfer_out: Option<Cents>,
    /// Number of the refund or offset, if one was opened.
    pub settlement_number: Option<String>,
}
