//! Red-letter invoices (红字发票): the vocabulary and the upstream's contract.
//!
//! A blue invoice that saw a return, a mistake, a stopped service or an allowance is reversed by a
//! red one (国家税务总局公告2024年第11号). Every reversal begins with a confirmation form
//! (红字发票信息确认单). Where neither use nor booking of the blue invoice is confirmed, the form
//! needs no confirmation and its issuer issues at once; otherwise the other side has 72 hours to
//! confirm it. Amounts that are reversed are negative here.
//!
//! The upstream knows no idempotency key. [`create_form`](RedLetters::create_form) is found again
//! by what the form says, among the forms of its blue invoice ([`traces`](RedLetters::traces));
//! everything after it by the form's number.

use async_trait::async_trait;
use clerkwork_core::{Cents, IdempotencyKey, Timestamp};
use jiff::civil::Date;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    ConnectorError, Page,
    agent_invoice::{InvoiceType, TaxpayerRisk},
};

/// The currency of every invoice of the upstream.
pub const CURRENCY: &str = "CNY";

/// An application to reverse a blue invoice: the payload of the kind `red_letter_invoice`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RedLetterApplication {
    /// The upstream's number of the application, 1 to 40 letters, digits and `-`.
    pub application_number: String,
    /// The day the application was made (local date).
    #[schemars(with = "String", extend("format" = "date"))]
    pub applied_on: Date,
    /// Which side applies, and so starts the form.
    pub started_by: Side,
    /// Tax id of the applicant: that of the side that applies, or of the person on whose behalf
    /// the bureau issued the blue invoice.
    pub applicant_tax_id: String,
    /// The invoice to be reversed.
    pub blue: BlueReference,
    /// Who sold.
    pub seller: Trader,
    /// Who bought.
    pub buyer: Trader,
    /// Why.
    pub reason: ReversalReason,
    /// Currency of all amounts, ISO 4217.
    #[serde(default = "cny")]
    pub currency: String,
    /// What is reversed, 1 to 100 lines.
    pub lines: Vec<ReversalLine>,
    /// Sum of the lines' net amounts, negative.
    pub total_net: Cents,
    /// Sum of the lines' taxes, negative or zero.
    pub total_tax: Cents,
    /// Net plus tax, negative.
    pub total_gross: Cents,
    /// Free remark of the applicant.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub remark: String,
    /// What is to become of the tax, for an invoice that the bureau issued on somebody's behalf.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub settlement: Option<SettlementKind>,
}

fn cny() -> String {
    CURRENCY.into()
}

/// A side of a sale (`lrfsf`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Side {
    /// 销方, 0.
    Seller,
    /// 购方, 1.
    Buyer,
}

impl Side {
    /// The name on the wire and in facts.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Seller => "seller",
            Self::Buyer => "buyer",
        }
    }

    /// The side across the table.
    pub const fn other(self) -> Self {
        match self {
            Self::Seller => Self::Buyer,
            Self::Buyer => Self::Seller,
        }
    }
}

/// Names a blue invoice.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BlueReference {
    /// Code of a legacy invoice, 10 or 12 digits; absent for a fully digital one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// Number: 20 digits, or 8 beside a code.
    pub number: String,
    /// The day it was issued (local date).
    #[schemars(with = "String", extend("format" = "date"))]
    pub issued_on: Date,
}

/// A party as an invoice names it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Trader {
    /// Full name.
    pub name: String,
    /// Tax id; empty for a buyer who is a natural person without one.
    #[serde(default)]
    pub tax_id: String,
}

/// Why a blue invoice is reversed (`chyyDm`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ReversalReason {
    /// 01 开票有误.
    IssuingMistake,
    /// 02 销货退回.
    ReturnOfGoods,
    /// 03 服务中止.
    ServiceStopped,
    /// 04 销售折让.
    SalesAllowance,
}

impl ReversalReason {
    /// All of them, in the order of their codes.
    pub const ALL: [Self; 4] = [
        Self::IssuingMistake,
        Self::ReturnOfGoods,
        Self::ServiceStopped,
        Self::SalesAllowance,
    ];

    /// The name on the wire and in facts.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::IssuingMistake => "issuing_mistake",
            Self::ReturnOfGoods => "return_of_goods",
            Self::ServiceStopped => "service_stopped",
            Self::SalesAllowance => "sales_allowance",
        }
    }
}

/// One line of a reversal. Amounts and quantity are negative.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReversalLine {
    /// The line of the blue invoice that it reverses, from 1.
    pub blue_line: u32,
    /// Item name as printed, `*short name*name`.
    pub item_name: String,
    /// Item code (税收分类编码), 19 digits; empty where a file did not give one.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub item_code: String,
    /// Specification.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub specification: String,
    /// Unit.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub unit: String,
    /// Quantity as a decimal string, negative, when the line has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quantity: Option<String>,
    /// Net price of one unit as a decimal string, positive, at most 10 decimals.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit_price: Option<String>,
    /// Net amount, negative.
    pub net: Cents,
    /// Rate as a decimal string such as `0.13`, or one of the words `exempt`, `not_taxed` and
    /// `margin` (all printed as `***`).
    pub rate: String,
    /// Tax, negative or zero.
    pub tax: Cents,
}

/// The words that stand in a line's `rate` where no number is printed.
pub mod rate_word {
    /// 免税.
    pub const EXEMPT: &str = "exempt";
    /// 不征税.
    pub const NOT_TAXED: &str = "not_taxed";
    /// 差额征税: taxed on the margin, the rate is not printed.
    pub const MARGIN: &str = "margin";
}

/// What becomes of the tax of an agent-issued invoice that is reversed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SettlementKind {
    /// 退税: paid back.
    Refund,
    /// 抵缴: set off against other tax.
    Offset,
}

impl SettlementKind {
    /// The name on the wire and in facts.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Refund => "refund",
            Self::Offset => "offset",
        }
    }
}

/// Where a blue invoice stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BlueStatus {
    /// Nothing was reversed.
    Normal,
    /// A part was reversed.
    PartlyReversed,
    /// All of it was reversed.
    Reversed,
    /// It was voided.
    Voided,
}

/// What the buyer did with the tax (`zzsytDm`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum VatUse {
    /// 03: not ticked.
    Unticked,
    /// 00: ticked, not confirmed.
    Ticked,
    /// 01: confirmed; the tax is deducted.
    Confirmed,
}

/// A line of a blue invoice with what is left of it to reverse. All amounts are positive, those of
/// a discount line negative.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BlueLine {
    /// Its number, from 1.
    pub line: u32,
    /// An ordinary line, a discount, or a line that the next one discounts.
    pub role: LineRole,
    /// Item name as printed.
    pub item_name: String,
    /// Item code, 19 digits.
    pub item_code: String,
    /// Specification.
    pub specification: String,
    /// Unit.
    pub unit: String,
    /// Quantity as a decimal string, when it has one.
    pub quantity: Option<String>,
    /// Net price of one unit as a decimal string.
    pub unit_price: Option<String>,
    /// Net amount.
    pub net: Cents,
    /// Rate as in [`ReversalLine::rate`].
    pub rate: String,
    /// Tax.
    pub tax: Cents,
    /// What is left of the quantity.
    pub remaining_quantity: Option<String>,
    /// What is left of the net amount.
    pub remaining_net: Cents,
    /// What is left of the tax.
    pub remaining_tax: Cents,
}

/// What a line is among its neighbours (`fphxz`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LineRole {
    /// 0.
    Normal,
    /// 1: a discount on the line before it.
    Discount,
    /// 2: the line after it is its discount.
    Discounted,
}

/// On whose behalf the bureau issued an invoice, and against which tax.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AgentIssued {
    /// Who asked the bureau.
    pub principal: Trader,
    /// The receipt of the tax that was paid; nothing for an exempt one.
    pub tax_receipt_number: Option<String>,
}

/// A blue invoice as the upstream holds it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BlueInvoice {
    /// Its name.
    pub reference: BlueReference,
    /// Special or ordinary.
    pub invoice_type: InvoiceType,
    /// Who sold.
    pub seller: Trader,
    /// Who bought.
    pub buyer: Trader,
    /// Currency, ISO 4217.
    pub currency: String,
    /// Net amount of the whole invoice.
    pub total_net: Cents,
    /// Tax of the whole invoice.
    pub total_tax: Cents,
    /// Where it stands.
    pub status: BlueStatus,
    /// What the buyer did with the tax.
    pub vat_use: VatUse,
    /// The use for consumption tax is confirmed (`xfsytDm` 01).
    pub consumption_use_confirmed: bool,
    /// It is booked (`fprzztDm` 01).
    pub booked: bool,
    /// Taxed on the margin (差额征税).
    pub margin: bool,
    /// Set when the bureau issued it on somebody's behalf.
    pub agent_issued: Option<AgentIssued>,
    /// All lines with what is left of each, in their order.
    pub lines: Vec<BlueLine>,
}

impl BlueInvoice {
    /// Whether the other side must confirm a form: use or booking is confirmed (公告2024年第11号).
    pub fn needs_confirmation(&self) -> bool {
        self.vat_use == VatUse::Confirmed || self.consumption_use_confirmed || self.booked
    }
}

/// Where a confirmation form stands (`hzqrxxztDm`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FormState {
    /// 01 无需确认: may be issued at once.
    NotNeeded,
    /// 02 销方录入待购方确认.
    WaitsForBuyer,
    /// 03 购方录入待销方确认.
    WaitsForSeller,
    /// 04 购销双方已确认: may be issued.
    Confirmed,
    /// 05 作废（销方录入购方否认）.
    RefusedByBuyer,
    /// 06 作废（购方录入销方否认）.
    RefusedBySeller,
    /// 07 作废（超72小时未确认）.
    Lapsed,
    /// 08 作废（发起方已撤销）.
    Withdrawn,
    /// 09 作废（确认后撤销）.
    WithdrawnAfterConfirmation,
    /// 10 作废（异常凭证）.
    Abnormal,
}

impl FormState {
    /// All ten, in the order of their codes 01 to 10.
    pub const ALL: [Self; 10] = [
        Self::NotNeeded,
        Self::WaitsForBuyer,
        Self::WaitsForSeller,
        Self::Confirmed,
        Self::RefusedByBuyer,
        Self::RefusedBySeller,
        Self::Lapsed,
        Self::Withdrawn,
        Self::WithdrawnAfterConfirmation,
        Self::Abnormal,
    ];

    /// The name in facts.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NotNeeded => "not_needed",
            Self::WaitsForBuyer => "waits_for_buyer",
            Self::WaitsForSeller => "waits_for_seller",
            Self::Confirmed => "confirmed",
            Self::RefusedByBuyer => "refused_by_buyer",
            Self::RefusedBySeller => "refused_by_seller",
            Self::Lapsed => "lapsed",
            Self::Withdrawn => "withdrawn",
            Self::WithdrawnAfterConfirmation => "withdrawn_after_confirmation",
            Self::Abnormal => "abnormal",
        }
    }

    /// The side whose answer is awaited.
    pub const fn waits_for(self) -> Option<Side> {
        match self {
            Self::WaitsForBuyer => Some(Side::Buyer),
            Self::WaitsForSeller => Some(Side::Seller),
            Self::NotNeeded
            | Self::Confirmed
            | Self::RefusedByBuyer
            | Self::RefusedBySeller
            | Self::Lapsed
            | Self::Withdrawn
            | Self::WithdrawnAfterConfirmation
            | Self::Abnormal => None,
        }
    }

    /// The red invoice may be issued on it.
    pub const fn may_be_issued(self) -> bool {
        matches!(self, Self::NotNeeded | Self::Confirmed)
    }

    /// It ended without a red invoice.
    pub const fn is_void(self) -> bool {
        !self.may_be_issued() && self.waits_for().is_none()
    }
}

/// What a reversal is to say: everything of a form that its starter chooses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReversalDraft {
    /// Who starts it.
    pub started_by: Side,
    /// The invoice to be reversed.
    pub blue: BlueReference,
    /// Who sold.
    pub seller: Trader,
    /// Who bought.
    pub buyer: Trader,
    /// Why.
    pub reason: ReversalReason,
    /// The lines.
    pub lines: Vec<ReversalLine>,
    /// Sum of the net amounts, negative.
    pub net: Cents,
    /// Sum of the taxes, negative or zero.
    pub tax: Cents,
}

/// A confirmation form as the upstream holds it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfirmationForm {
    /// Its number, 20 digits.
    pub number: String,
    /// The upstream's own id, 32 characters; its methods ask for it beside the number.
    pub uuid: String,
    /// What it says.
    pub draft: ReversalDraft,
    /// Where it stands.
    pub state: FormState,
    /// When it was entered: the 72 hours run from here.
    pub entered_at: Timestamp,
    /// When the other side answered.
    pub answered_at: Option<Timestamp>,
    /// Number of the red invoice that was issued on it.
    pub red_number: Option<String>,
}

/// What somebody says to a form (`qrlx`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FormAnswer {
    /// Y.
    Agree,
    /// N.
    Refuse,
    /// C: the starter takes it back.
    Withdraw,
}

/// A red invoice that was issued.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RedInvoice {
    /// Its number, 20 digits.
    pub number: String,
    /// The form it was issued on.
    pub form_number: String,
    /// When.
    pub issued_at: Timestamp,
}

/// Everything that was begun about one blue invoice, as of now, never from a cache.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct BlueTraces {
    /// All forms, ended ones too, in the order in which they were entered.
    pub forms: Vec<ConfirmationForm>,
    /// The upstream is saving a form at this moment: it is not among `forms` yet, and may be soon.
    pub saving: bool,
}

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
