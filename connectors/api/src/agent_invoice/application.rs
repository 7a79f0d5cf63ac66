//! What an application says.

use clerkwork_core::Cents;
use jiff::civil::Date;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

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
