//! From an invoice to the application that reverses it.

use clerkwork_connectors_api::red_letter::{
    BlueReference, RedLetterApplication, ReversalLine, ReversalReason, SettlementKind, Side,
    rate_word,
};
use clerkwork_core::Cents;
use jiff::civil::Date;
use rust_decimal::Decimal;

use crate::{
    InvoiceDocument, InvoiceKind, InvoiceLine,
    error::DocumentError,
    invoice::sum,
    number::{self, minus, negated},
};

/// What an application says that no invoice holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reversal {
    /// The upstream's number of the application.
    pub application_number: String,
    /// The day it is made (local date).
    pub applied_on: Date,
    /// Which side applies.
    pub started_by: Side,
    /// Tax id of the applicant; that of the side that applies unless told otherwise.
    pub applicant_tax_id: Option<String>,
    /// Why. Needed for a blue invoice; a red one may tell itself.
    pub reason: Option<ReversalReason>,
    /// What is to become of the tax of an agent-issued invoice.
    pub settlement: Option<SettlementKind>,
    /// The day the blue invoice was issued, where a red one does not tell.
    pub blue_issued_on: Option<Date>,
    /// The lines of a blue invoice that are reversed, and how much of each; all of it when empty.
    pub parts: Vec<Part>,
}

/// A line that is reversed in part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// The line of the blue invoice.
    pub line: u32,
    /// How much of it.
    pub share: Share,
}

/// How much of a line is reversed. Positive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Share {
    /// So much of the quantity, at the line's price.
    Quantity(String),
    /// So much of the net amount.
    Amount(Cents),
}

impl InvoiceDocument {
    /// The application that this invoice makes: the reversal of a blue one, or what a red one says.
    pub fn apply(&self, reversal: &Reversal) -> Result<RedLetterApplication, DocumentError> {
        match self.kind {
            InvoiceKind::Blue => self.reversal(reversal),
            InvoiceKind::Red(_) => self.application(reversal),
        }
    }

    /// The application to reverse this blue invoice. A discount line is merged into the line that
    /// it discounts, whose unit price becomes what was really paid for one.
    pub fn reversal(&self, reversal: &Reversal) -> Result<RedLetterApplication, DocumentError> {
        let InvoiceKind::Blue = self.kind else {
            return Err(DocumentError::unfit(
                "kind",
                "a red invoice cannot be reversed; give the blue one",
            ));
        };
        let Some(reason) = reversal.reason else {
            return Err(missing("reason", "; say why the invoice is reversed"));
        };
        let merged = merge_discounts(&self.lines)?;
        let lines = if reversal.parts.is_empty() {
            merged
        } else {
            take_parts(&merged, &reversal.parts)?
        };
        let blue = BlueReference {
            code: self.code.clone(),
            number: self.number.clone(),
            issued_on: self.issued_on,
        };
        let lines = lines
            .into_iter()
            .map(|line| reversed(line, reason))
            .collect();
        self.put_together(reversal, blue, reason, lines)
    }

    /// The application that this red invoice or credit note states.
    pub fn application(&self, reversal: &Reversal) -> Result<RedLetterApplication, DocumentError> {
        let InvoiceKind::Red(reversed) = &self.kind else {
            return Err(DocumentError::unfit(
                "kind",
                "a blue invoice states no reversal; reverse it",
            ));
        };
        if !reversal.parts.is_empty() {
            return Err(DocumentError::unfit(
                "parts",
                "a red invoice says itself how much is reversed; leave them out",
            ));
        }
        let Some(reason) = reversal.reason.or(reversed.reason) else {
            return Err(missing("reason", "; the file does not tell, say it"));
        };
        let Some(issued_on) = reversed.issued_on.or(reversal.blue_issued_on) else {
            return Err(missing(
                "blue.issued_on",
                "; the file does not tell when the blue invoice was issued, say it",
            ));
        };
        let blue = BlueReference {
            code: reversed.code.clone(),
            number: reversed.number.clone(),
            issued_on,
        };
        let lines = self.lines.iter().cloned().map(as_reversal).collect();
        self.put_together(reversal, blue, reason, lines)
    }

    fn put_together(
        &self,
        reversal: &Reversal,
        blue: BlueReference,
        reason: ReversalReason,
        lines: Vec<ReversalLine>,
    ) -> Result<RedLetterApplication, DocumentError> {
        let applicant = match reversal.started_by {
            Side::Seller => &self.seller.tax_id,
            Side::Buyer => &self.buyer.tax_id,
        };
        let total_net = sum("total_net", lines.iter().map(|line| line.net))?;
        let total_tax = sum("total_tax", lines.iter().map(|line| line.tax))?;
        Ok(RedLetterApplication {
            application_number: reversal.application_number.clone(),
            applied_on: reversal.applied_on,
            started_by: reversal.started_by,
            applicant_tax_id: reversal
                .applicant_tax_id
                .clone()
                .unwrap_or_else(|| applicant.clone()),
            blue,
            seller: self.seller.clone(),
            buyer: self.buyer.clone(),
            reason,
            currency: self.currency.clone(),
            total_gross: sum("total_gross", [total_net, total_tax])?,
            total_net,
            total_tax,
            lines,
            // The remark of a blue invoice is none on its reversal.
            remark: match self.kind {
                InvoiceKind::Blue => String::new(),
                InvoiceKind::Red(_) => self.remark.clone(),
            },
            settlement: reversal.settlement,
        })
    }
}

fn missing(path: &str, note: &'static str) -> DocumentError {
    DocumentError::Missing {
        path: path.into(),
        note,
    }
}

/// Whether a text is a line's rate: a decimal from 0 to 1, or one of the words.
pub(crate) fn is_rate(text: &str) -> bool {
    let word = [rate_word::EXEMPT, rate_word::NOT_TAXED, rate_word::MARGIN].contains(&text);
    let number = number::decimal(text);
    word || number.is_some_and(|rate| rate >= Decimal::ZERO && rate <= Decimal::ONE)
}

/// Adds each discount (a negative line behind the one that it discounts) to its line.
fn merge_discounts(lines: &[InvoiceLine]) -> Result<Vec<InvoiceLine>, DocumentError> {
    let mut merged: Vec<InvoiceLine> = Vec::with_capacity(lines.len());
    for line in lines {
        if line.net >= Cents::ZERO {
            merged.push(line.clone());
            continue;
        }
        let path = format!("lines[{}]", line.number);
        let Some(discounted) = merged.last_mut() else {
            return Err(DocumentError::unfit(
                path,
                "a discount stands before the line that it discounts; correct it at the issuer",
            ));
        };
        discounted.net = sum(&path, [discounted.net, line.net])?;
        discounted.tax = sum(&path, [discounted.tax, line.tax])?;
        if discounted.net < Cents::ZERO {
            return Err(DocumentError::unfit(
                path,
                "the discount is larger than the line that it discounts; correct it at the issuer",
            ));
        }
        let quantity = discounted.quantity.as_deref().and_then(number::decimal);
        discounted.unit_price = quantity
            .and_then(|quantity| number::price(discounted.net, quantity))
            .map(number::normal);
    }
    Ok(merged)
}

fn take_parts(lines: &[InvoiceLine], parts: &[Part]) -> Result<Vec<InvoiceLine>, DocumentError> {
    let mut taken: Vec<InvoiceLine> = Vec::with_capacity(parts.len());
    for part in parts {
        let path = format!("parts[line {}]", part.line);
        let Some(line) = lines.iter().find(|line| line.number == part.line) else {
            return Err(DocumentError::unfit(
                path,
                "the invoice has no such line, or it is a discount, which goes with the line that \
                 it discounts",
            ));
        };
        if taken.iter().any(|before| before.number == line.number) {
            return Err(DocumentError::Doubled { path });
        }
        taken.push(take_part(line, &part.share, &path)?);
    }
    Ok(taken)
}

fn take_part(line: &InvoiceLine, share: &Share, path: &str) -> Result<InvoiceLine, DocumentError> {
    let mut part = line.clone();
    match share {
        Share::Quantity(text) => {
            let wrong = || DocumentError::value(path, text, "a quantity that the line has");
            let wanted = number::decimal(text).ok_or_else(wrong)?;
            let whole = line.quantity.as_deref().and_then(number::decimal);
            let price = line.unit_price.as_deref().and_then(number::decimal);
            let (Some(whole), Some(price)) = (whole, price) else {
                return Err(DocumentError::unfit(
                    path,
                    "the line has no quantity with a price; give an amount",
                ));
            };
            if wanted <= Decimal::ZERO || wanted > whole {
                return Err(wrong());
            }
            if wanted == whole {
                return Ok(part);
            }
            let net = wanted.checked_mul(price).and_then(Cents::from_yuan);
            part.net = net.ok_or_else(wrong)?;
            part.quantity = Some(number::normal(wanted));
        }
        Share::Amount(amount) => {
            if *amount <= Cents::ZERO || *amount > line.net {
                let text = amount.to_string();
                return Err(DocumentError::value(
                    path,
                    &text,
                    "an amount that the line has",
                ));
            }
            part.quantity = None;
            part.unit_price = None;
            if *amount == line.net {
                return Ok(part);
            }
            part.net = *amount;
        }
    }
    part.tax = match line.rate.as_str() {
        rate_word::EXEMPT | rate_word::NOT_TAXED => Cents::ZERO,
        rate_word::MARGIN => {
            return Err(DocumentError::unfit(
                path,
                "an invoice taxed on the margin is reversed in full only; give no parts",
            ));
        }
        rate => {
            let tax = number::decimal(rate).and_then(|rate| part.net.times(rate));
            // Never more than the line has.
            tax.ok_or_else(|| DocumentError::value(path, rate, "a rate such as `0.13`"))?
                .min(line.tax)
        }
    };
    Ok(part)
}

fn reversed(mut line: InvoiceLine, reason: ReversalReason) -> ReversalLine {
    match reason {
        // An allowance changes amounts only.
        ReversalReason::SalesAllowance => {
            line.quantity = None;
            line.unit_price = None;
        }
        ReversalReason::IssuingMistake
        | ReversalReason::ReturnOfGoods
        | ReversalReason::ServiceStopped => {}
    }
    line.net = minus(line.net);
    line.tax = minus(line.tax);
    line.quantity = line.quantity.as_deref().map(negated);
    as_reversal(line)
}

fn as_reversal(line: InvoiceLine) -> ReversalLine {
    ReversalLine {
        blue_line: line.number,
        item_name: line.item_name,
        item_code: line.item_code,
        specification: line.specification,
        unit: line.unit,
        quantity: line.quantity,
        unit_price: line.unit_price,
        net: line.net,
        rate: line.rate,
        tax: line.tax,
    }
}
