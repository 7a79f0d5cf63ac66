//! An invoice as a file holds it, blue or red.

use clerkwork_connectors_api::red_letter::{
    RedLetterApplication, ReversalLine, ReversalReason, Trader,
};
use clerkwork_core::Cents;
use jiff::civil::{Date, DateTime, Time};

use crate::{Format, error::DocumentError, number};

/// An invoice. The amounts and quantities of a red one are negative.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvoiceDocument {
    /// Its number: 20 digits of a digital one.
    pub number: String,
    /// Code of a legacy invoice; absent for a digital one.
    pub code: Option<String>,
    /// The day it was issued (local date).
    pub issued_on: Date,
    /// The time of that day, where the file tells it. A credit note does not.
    pub issued_at: Option<Time>,
    /// Blue, or red with what it reverses.
    pub kind: InvoiceKind,
    /// Who sold.
    pub seller: Trader,
    /// Who bought.
    pub buyer: Trader,
    /// Currency of all amounts, ISO 4217.
    pub currency: String,
    /// Its lines, at least one.
    pub lines: Vec<InvoiceLine>,
    /// Sum of the net amounts.
    pub total_net: Cents,
    /// Sum of the taxes.
    pub total_tax: Cents,
    /// Net plus tax.
    pub total_gross: Cents,
    /// What was deducted before tax, of an invoice taxed on the margin (差额征税).
    pub margin_deduction: Option<Cents>,
    /// The remark, without what stands in the fields above.
    pub remark: String,
}

/// What an invoice is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum InvoiceKind {
    /// 蓝字: an ordinary one.
    Blue,
    /// 红字, or a credit note.
    Red(Reversed),
}

/// What a red invoice says about the blue one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reversed {
    /// Code of a legacy invoice.
    pub code: Option<String>,
    /// Its number.
    pub number: String,
    /// The day it was issued; a digital red invoice does not tell.
    pub issued_on: Option<Date>,
    /// Number of the confirmation form (红字发票信息确认单编号).
    pub form_number: Option<String>,
    /// Why it was reversed; a digital red invoice does not tell.
    pub reason: Option<ReversalReason>,
}

/// A line of an invoice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvoiceLine {
    /// Its number from 1; on a red invoice, that of the blue invoice's line that it reverses.
    pub number: u32,
    /// Item name as printed, `*short name*name`.
    pub item_name: String,
    /// Item code, 19 digits; empty where the file does not give one.
    pub item_code: String,
    /// Specification, may be empty.
    pub specification: String,
    /// Unit, may be empty.
    pub unit: String,
    /// Quantity as a decimal string.
    pub quantity: Option<String>,
    /// Net price of one unit as a decimal string.
    pub unit_price: Option<String>,
    /// Net amount.
    pub net: Cents,
    /// Rate as in [`ReversalLine::rate`].
    pub rate: String,
    /// Tax.
    pub tax: Cents,
}

/// What issuing added to an application.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Issue {
    /// Number of the red invoice.
    pub red_number: String,
    /// Number of the form it was issued on.
    pub form_number: String,
    /// When, in local time.
    pub at: DateTime,
}

impl InvoiceDocument {
    /// The red invoice that was issued on an application.
    pub fn issued(application: &RedLetterApplication, issue: &Issue) -> Self {
        Self {
            number: issue.red_number.clone(),
            code: None,
            issued_on: issue.at.date(),
            issued_at: Some(issue.at.time()),
            kind: InvoiceKind::Red(Reversed {
                code: application.blue.code.clone(),
                number: application.blue.number.clone(),
                issued_on: Some(application.blue.issued_on),
                form_number: Some(issue.form_number.clone()),
                reason: Some(application.reason),
            }),
            seller: application.seller.clone(),
            buyer: application.buyer.clone(),
            currency: application.currency.clone(),
            lines: application.lines.iter().map(line_of).collect(),
            total_net: application.total_net,
            total_tax: application.total_tax,
            total_gross: application.total_gross,
            margin_deduction: None,
            remark: application.remark.clone(),
        }
    }

    /// The document as it comes back from a file of `format`: without what that format cannot hold.
    pub fn as_written(&self, format: Format) -> Self {
        let mut document = self.clone();
        for line in &mut document.lines {
            if let Some(rate) = number::decimal(&line.rate) {
                line.rate = number::normal(rate);
            }
        }
        let red = match &mut document.kind {
            InvoiceKind::Blue => None,
            InvoiceKind::Red(reversed) => Some(reversed),
        };
        match (format, red) {
            (Format::EInvoice, Some(reversed)) => {
                reversed.issued_on = None;
                reversed.reason = None;
                for (number, line) in (1..).zip(&mut document.lines) {
                    line.number = number;
                }
            }
            (Format::EInvoice, None) => {}
            (Format::Ubl, _) => {
                document.issued_at = None;
                document.code = None;
            }
        }
        document
    }

    /// Checks that the totals are the sums of the lines; `paths` name the three total elements.
    pub(crate) fn check_sums(&self, paths: [&str; 3]) -> Result<(), DocumentError> {
        let [net_path, tax_path, gross_path] = paths;
        let net = sum(net_path, self.lines.iter().map(|line| line.net))?;
        let tax = sum(tax_path, self.lines.iter().map(|line| line.tax))?;
        let gross = sum(gross_path, [self.total_net, self.total_tax])?;
        let totals = [
            (net_path, self.total_net, net),
            (tax_path, self.total_tax, tax),
            (gross_path, self.total_gross, gross),
        ];
        for (path, found, expected) in totals {
            if found != expected {
                return Err(DocumentError::sum(path, found, expected));
            }
        }
        Ok(())
    }
}

/// The sum of amounts, for the element at `path`.
pub(crate) fn sum(
    path: &str,
    amounts: impl IntoIterator<Item = Cents>,
) -> Result<Cents, DocumentError> {
    Cents::sum(amounts).ok_or_else(|| {
        DocumentError::unfit(path, "its parts are too large to be added; correct them")
    })
}

fn line_of(line: &ReversalLine) -> InvoiceLine {
    InvoiceLine {
        number: line.blue_line,
        item_name: line.item_name.clone(),
        item_code: line.item_code.clone(),
        specification: line.specification.clone(),
        unit: line.unit.clone(),
        quantity: line.quantity.clone(),
        unit_price: line.unit_price.clone(),
        net: line.net,
        rate: line.rate.clone(),
        tax: line.tax,
    }
}

/// Refuses a document that no file can hold: numbers and totals that are wrong. Writers ask first,
/// since what they write must be readable.
pub(crate) fn writable(document: &InvoiceDocument) -> Result<(), DocumentError> {
    if document.lines.is_empty() {
        return Err(DocumentError::unfit("lines", "there are none; give one"));
    }
    for (index, line) in document.lines.iter().enumerate() {
        let path = |name| format!("lines[{index}].{name}");
        let numbers = [
            ("quantity", &line.quantity),
            ("unit_price", &line.unit_price),
        ];
        for (name, value) in numbers {
            if let Some(value) = value
                && number::decimal(value).is_none()
            {
                return Err(DocumentError::value(
                    path(name),
                    value,
                    "a decimal number such as `1.5`",
                ));
            }
        }
        if !crate::reversal::is_rate(&line.rate) {
            return Err(DocumentError::value(
                path("rate"),
                &line.rate,
                "a rate such as `0.13`, `exempt`, `not_taxed` or `margin`",
            ));
        }
        if line.item_name.trim().is_empty() {
            return Err(DocumentError::unfit(
                path("item_name"),
                "it is empty; name the item",
            ));
        }
    }
    document.check_sums(["total_net", "total_tax", "total_gross"])
}
