//! What the upstream knows about an application.

use clerkwork_core::{Cents, Timestamp};
use jiff::civil::Date;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::Page;

/// Risk class of a taxpayer (`fxnsrlx`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum RiskClass {
    /// Ⅰ.
    High,
    /// Ⅱ.
    Medium,
    /// Ⅲ.
    Low,
    /// Ⅳ, or not classed.
    None,
}

/// Early warning on a taxpayer (`nsryjjb`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Warning {
    /// No warning.
    None,
    /// 03.
    Blue,
    /// 02.
    Yellow,
    /// 01.
    Red,
}

/// Registration status of a taxpayer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Registration {
    /// 正常.
    Normal,
    /// 非正常.
    Abnormal,
    /// 注销.
    Deregistered,
}

/// What the upstream knows about a taxpayer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TaxpayerRisk {
    /// Registration status.
    pub registration: Registration,
    /// Registered name.
    pub name: String,
    /// Risk class.
    pub class: RiskClass,
    /// Early warning.
    pub warning: Warning,
    /// Credit grade A, B, C, D or M, when graded.
    pub credit_grade: Option<String>,
}

/// What a seller has applied for over all bureaux, this application included, whatever its state
/// unless it was returned. So a seller's second application of a day sees the first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Accumulation {
    /// Applications on the transaction day.
    pub day_count: u32,
    /// Net amount on the transaction day.
    pub day_net: Cents,
    /// Applications in the calendar month.
    pub month_count: u32,
    /// Net amount in the calendar month.
    pub month_net: Cents,
    /// Net amount in the calendar quarter.
    pub quarter_net: Cents,
    /// Net amount in the 12 months that end with the transaction month.
    pub twelve_months_net: Cents,
}

/// How one application stands among the others of the last 30 days.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Relations {
    /// Other applications with the same seller, buyer, first item code and gross amount.
    pub duplicates: u32,
    /// Different natural persons who sell to this buyer.
    pub sellers_of_buyer: u32,
    /// Different sellers this agent acts for; 0 without an agent.
    pub sellers_of_agent: u32,
    /// Different sellers that give this telephone number; 0 without one.
    pub sellers_of_phone: u32,
    /// Applications for this buyer.
    pub buyer_counts: Counts,
    /// Applications this agent makes; 0 without an agent.
    pub agent_counts: Counts,
    /// Applications that give this telephone number; 0 without one.
    pub phone_counts: Counts,
}

/// Applications around the transaction day over all bureaux, this one included. What the upstream
/// does not say is nothing.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Counts {
    /// On the transaction day.
    pub day: Option<u32>,
    /// In its calendar month.
    pub month: Option<u32>,
}

/// A tax receipt.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TaxReceipt {
    /// Tax paid.
    pub tax_paid: Cents,
    /// Tax id of the payer.
    pub payer_tax_id: String,
    /// It was already used for another invoice.
    pub used: bool,
}

/// Where the upstream says an application stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum ApplicationStatus {
    /// Not decided yet.
    Pending,
    /// The invoice was issued.
    Issued {
        /// Number of the invoice, 20 digits.
        invoice_number: String,
    },
    /// It was returned to the applicant.
    Returned,
    /// The applicant withdrew it.
    Withdrawn,
}

/// The facts that the upstream holds on one application.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Dossier {
    /// When the upstream gave them.
    #[schemars(with = "i64")]
    pub as_of: Timestamp,
    /// Where the application stands; nothing when the upstream does not know it.
    pub status: Option<ApplicationStatus>,
    /// The seller; nothing when not registered (common for natural persons).
    pub seller: Option<TaxpayerRisk>,
    /// The buyer; nothing when not registered or without a tax id.
    pub buyer: Option<TaxpayerRisk>,
    /// The seller's accumulation.
    pub accumulation: Accumulation,
    /// Relations to other applications.
    pub relations: Relations,
    /// The receipt named in the application; nothing when none was named or none exists.
    pub receipt: Option<TaxReceipt>,
    /// The upstream's answer as it came, for whoever decides; nothing when the connector keeps none.
    #[serde(skip)]
    pub page: Option<Page>,
}

/// Which dossier is wanted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DossierQuery {
    /// The application.
    pub application_number: String,
    /// The seller's tax id.
    pub seller_tax_id: String,
    /// The buyer's tax id, may be empty.
    pub buyer_tax_id: String,
    /// The receipt to look at, if one was named.
    pub tax_receipt_number: Option<String>,
    /// Day of the transaction.
    #[schemars(with = "String", extend("format" = "date"))]
    pub transaction_date: Date,
}
