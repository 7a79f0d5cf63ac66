//! Blue invoices as the upstream holds them.

use clerkwork_core::Cents;
use serde::{Deserialize, Serialize};

use super::{BlueReference, Trader};
use crate::agent_invoice::InvoiceType;

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
