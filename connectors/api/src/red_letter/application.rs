//! What an application to reverse a blue invoice says.

use clerkwork_core::Cents;
use jiff::civil::Date;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

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
