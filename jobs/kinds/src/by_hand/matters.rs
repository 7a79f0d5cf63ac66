//! What comes with each matter, as the payload of its item.

use clerkwork_core::Cents;
use jiff::civil::Date;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The taxpayer a matter is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Taxpayer {
    /// Tax id.
    pub tax_id: String,
    /// Registered name.
    pub name: String,
}

/// A change of the quota of digital invoices (数电票赋额).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct InvoiceQuota {
    /// The upstream's number of the request.
    pub request_number: String,
    /// Who asks.
    pub taxpayer: Taxpayer,
    /// The month, `yyyyMM`.
    #[schemars(regex(pattern = r"^\d{4}(0[1-9]|1[0-2])$"))]
    pub period: String,
    /// Issuing is suspended.
    pub suspended: bool,
    /// Quota of the month.
    pub month_quota: Cents,
    /// What is left of it.
    pub remaining: Cents,
    /// Downloaded to issuing software.
    pub downloaded: Cents,
    /// Downloaded and not used.
    pub downloaded_unused: Cents,
    /// The quota that is asked for.
    pub requested_quota: Cents,
    /// Why, in the taxpayer's words.
    pub reason: String,
    /// What the watch over issuing says of the taxpayer.
    #[serde(default)]
    pub indicators: QuotaIndicators,
}

/// What a watch over the issuing of invoices says of a taxpayer. What it does not know is left out.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct QuotaIndicators {
    /// Days after which the month's quota was used up, or would be at the present pace.
    pub days_to_use_up: Option<u32>,
    /// Purchases by invoice for 1,000 yuan of sales, in yuan.
    pub purchases_permille: Option<u32>,
    /// Share of the invoices issued at night, in thousandths.
    pub night_permille: Option<u32>,
    /// Share of the invoices just under the quota of a single one, in thousandths.
    pub top_of_quota_permille: Option<u32>,
    /// Share of the invoices reversed or voided, in thousandths.
    pub red_void_permille: Option<u32>,
    /// Share of the sales to buyers far away, in thousandths.
    pub distant_buyers_permille: Option<u32>,
    /// Other taxpayers who issue from the same device.
    pub same_device_taxpayers: Option<u32>,
    /// Risky companies that share an officer with this one.
    pub shared_officer_companies: Option<u32>,
    /// Owner, head of finance and tax agent are one person.
    pub one_person_all_roles: Option<bool>,
    /// Buyers and suppliers of high risk.
    pub risky_partners: Option<u32>,
    /// Periods without a return.
    pub unfiled_periods: Option<u32>,
    /// Why the score of risk is what it is.
    pub score_cause: Option<ScoreCause>,
}

/// What a taxpayer's score of risk rests on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ScoreCause {
    /// Indicators alone (指标).
    Indicator,
    /// The credit grade (信用等级).
    Grade,
    /// A list of trusted taxpayers (白名单).
    Whitelist,
    /// Somebody changed it by hand (人工调整).
    Manual,
}

/// Deregistration by the general procedure (一般注销).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Deregistration {
    /// The upstream's number of the request.
    pub request_number: String,
    /// Who asks.
    pub taxpayer: Taxpayer,
    /// The day of the request (local date).
    #[schemars(with = "String", extend("format" = "date"))]
    pub applied_on: Date,
    /// Periods without a return.
    pub unfiled_periods: u32,
    /// Tax owed.
    pub arrears: Cents,
    /// Invoices held and not used.
    pub unused_invoices: u32,
    /// An inspection is open.
    pub open_inspection: bool,
    /// Refunds not settled yet.
    pub open_refunds: u32,
    /// Input tax not yet credited.
    pub credit_balance: Cents,
    /// Red-letter invoices issued within 90 days before the request.
    #[serde(default)]
    pub red_letters_90_days: Option<u32>,
    /// Changes of the legal representative within twelve months before the request.
    #[serde(default)]
    pub legal_rep_changes_12_months: Option<u32>,
}

/// A transfer of shares by a natural person (股权转让, 公告2014年第67号).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EquityTransfer {
    /// The upstream's number of the request.
    pub request_number: String,
    /// Who transfers.
    pub taxpayer: Taxpayer,
    /// The company whose shares they are.
    pub company: Taxpayer,
    /// The day of the contract (local date).
    #[schemars(with = "String", extend("format" = "date"))]
    pub contract_date: Date,
    /// Number of the contract.
    pub contract_number: String,
    /// Agreed price.
    pub price: Cents,
    /// Share in the company's net assets.
    pub net_asset_share: Cents,
    /// What the shares cost.
    pub cost: Cents,
    /// What was paid so far.
    pub paid: Cents,
    /// Real estate and intellectual property in the company's assets, in thousandths; over 200 an
    /// appraisal is needed.
    pub property_permille: u32,
    /// An appraisal is attached.
    pub appraisal_attached: bool,
}

/// A refund of uncredited input tax (留抵退税).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CreditRefund {
    /// The upstream's number of the request.
    pub request_number: String,
    /// Who asks.
    pub taxpayer: Taxpayer,
    /// Credit grade.
    pub credit_grade: CreditGrade,
    /// Industry, as registered.
    pub industry: String,
    /// Size.
    pub size: Size,
    /// Credit from before the policy began.
    pub stock_credit: Cents,
    /// Credit since.
    pub new_credit: Cents,
    /// Share of the input tax that counts for the refund (进项构成比例), in thousandths.
    pub input_composition_permille: u32,
    /// Share of the credit that is refunded, in thousandths.
    pub refundable_permille: u32,
    /// What is asked for.
    pub requested: Cents,
    /// Input tax of the twelve months before the request.
    #[serde(default)]
    pub input_tax_12_months: Option<Cents>,
    /// Input invoices that were found abnormal (异常凭证) and are not cleared.
    #[serde(default)]
    pub abnormal_vouchers: Option<u32>,
    /// Risks that the profile of the taxpayer names and nobody has cleared.
    #[serde(default)]
    pub open_risks: Option<u32>,
}

/// Credit grade of a taxpayer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum CreditGrade {
    /// The best.
    A,
    /// Good.
    B,
    /// Fair.
    C,
    /// Bad.
    D,
    /// Newly registered.
    M,
}

/// Size of a business.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Size {
    /// 大型.
    Large,
    /// 中型.
    Medium,
    /// 小型.
    Small,
    /// 微型.
    Micro,
}
