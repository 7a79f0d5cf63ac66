//! Agent-issued invoices (代开发票): the vocabulary and the upstream's contract.
//!
//! An applicant who cannot issue an invoice applies; the bureau reviews, collects the tax and
//! issues on the applicant's behalf. Field names here are plain English; the upstream's own names
//! live in each connector's wire types.
//!
//! [`operations`] are those that a [`Connector`](crate::contract::Connector) declares to serve this field;
//! [`Over`] makes the trait out of one.

mod operations;

use async_trait::async_trait;
use clerkwork_core::{Cents, IdempotencyKey, Timestamp};
use jiff::civil::Date;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use operations::{Over, call, lookup, operations, poll};

use crate::{ConnectorError, Page};

/// An application for an agent-issued invoice: the payload of the kind `agent_invoice_review`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Application {
    /// The upstream's number of the application, 1 to 40 letters, digits and `-`.
    pub application_number: String,
    /// The day the application was made (local date).
    #[schemars(with = "String", extend("format" = "date"))]
    pub applied_on: Date,
    /// The day of the transaction (local date): rates and thresholds are those of this day.
    #[schemars(with = "String", extend("format" = "date"))]
    pub transaction_date: Date,
    /// What is to be issued.
    pub invoice_type: InvoiceType,
    /// Who applies.
    pub applicant_kind: ApplicantKind,
    /// Who sells, and so who applies.
    pub seller: Party,
    /// Who buys.
    pub buyer: Party,
    /// The person who acts for the seller, if another.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agent: Option<Agent>,
    /// Exemption claimed, if any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exemption: Option<Exemption>,
    /// The lines, 1 to 100.
    pub lines: Vec<Line>,
    /// Sum of the lines' net amounts.
    pub total_net: Cents,
    /// Sum of the lines' taxes.
    pub total_tax: Cents,
    /// Net plus tax.
    pub total_gross: Cents,
    /// The gross total in Chinese capitals, for example `肆仟肆佰肆拾玖元整`.
    pub total_in_words: String,
    /// The special element (特定要素) that the item codes require, if any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub special_element: Option<SpecialElement>,
    /// Free remark.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub remark: String,
    /// Number of the tax receipt (完税凭证号), when tax was paid.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tax_receipt_number: Option<String>,
    /// The contract behind the sale, if one was attached.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contract: Option<Contract>,
    /// What was attached.
    #[serde(default)]
    pub attachments: Vec<Attachment>,
}

/// Which invoice is to be issued.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum InvoiceType {
    /// 专票: the buyer may deduct the tax.
    Special,
    /// 普票.
    Ordinary,
}

/// Who applies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ApplicantKind {
    /// 自然人.
    NaturalPerson,
    /// 其他纳税人.
    OtherTaxpayer,
}

/// A party to the sale.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Party {
    /// Full name.
    pub name: String,
    /// Tax id: 15, 17, 18 or 20 characters. Empty for a buyer who is a natural person without one.
    #[serde(default)]
    pub tax_id: String,
    /// Address.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub address: String,
    /// Telephone.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub phone: String,
    /// Bank.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub bank: String,
    /// Account number.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub account: String,
}

/// The person who acts for the seller (经办人).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Agent {
    /// Full name.
    pub name: String,
    /// Resident identity number.
    pub identity_number: String,
    /// Telephone.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub phone: String,
}

/// A claimed exemption.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Exemption {
    /// The exempt tax: that of the lines, or, where a line shows rate `0`, that of the levy rate
    /// which would apply.
    pub tax: Cents,
    /// Code of the relief, for example `0001011814`.
    pub code: String,
    /// The reason given.
    pub reason: String,
}

/// One line of the invoice.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Line {
    /// Item name as printed, `*short name*name`.
    pub item_name: String,
    /// Item code (税收分类编码), 19 digits.
    pub item_code: String,
    /// Specification.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub specification: String,
    /// Unit.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub unit: String,
    /// Quantity as a decimal string, when the line has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quantity: Option<String>,
    /// Net price of one unit as a decimal string with at most 10 decimals.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit_price: Option<String>,
    /// Net amount.
    pub net: Cents,
    /// Levy rate as a decimal string, for example `0.01`.
    pub levy_rate: String,
    /// Tax.
    pub tax: Cents,
}

/// The special element (特定要素) of certain trades.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub enum SpecialElement {
    /// 03 construction services.
    Construction {
        /// Place.
        place: String,
        /// Name of the project.
        project_name: String,
        /// The work is in another city than the seller.
        cross_city: bool,
        /// Number of the cross-region report, required when `cross_city`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        cross_region_report: Option<String>,
    },
    /// 04 freight.
    Freight {
        /// Start.
        from: String,
        /// End.
        to: String,
        /// Kind of vehicle.
        vehicle_kind: String,
        /// Number plate.
        plate: String,
        /// What was carried.
        goods: String,
    },
    /// 06 letting of real estate.
    RealEstateLetting {
        /// Address.
        address: String,
        /// Title number, or the reason why there is none.
        title_number: String,
        /// First day of the period.
        #[schemars(with = "String", extend("format" = "date"))]
        from: Date,
        /// Last day of the period.
        #[schemars(with = "String", extend("format" = "date"))]
        to: Date,
        /// Unit of area, for example `平方米`.
        area_unit: String,
    },
    /// 05 sale of real estate.
    RealEstateSale {
        /// Address.
        address: String,
        /// Title number.
        title_number: String,
        /// Unit of area.
        area_unit: String,
    },
}

/// The contract behind the sale.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Contract {
    /// Its number.
    pub number: String,
    /// Agreed gross amount.
    pub amount: Cents,
    /// Seller as named there.
    pub seller_name: String,
    /// Buyer as named there.
    pub buyer_name: String,
}

/// What was attached.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Attachment {
    /// Identity document of the applicant.
    IdentityDocument,
    /// Business licence.
    Licence,
    /// Contract.
    Contract,
    /// The payer's confirmation.
    PayerConfirmation,
}

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
