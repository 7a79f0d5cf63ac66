//! Whether one line keeps to the blue line that it reverses.

use clerkwork_connectors_api::red_letter::{BlueLine, ReversalLine, ReversalReason};
use clerkwork_core::{Cents, Finding};
use rust_decimal::Decimal;

use crate::{dated::RedLetterRules, names};

use super::{
    super::{
        Code,
        basis::{Rate, near, price, tax_fits},
    },
    Amounts, Merged,
};

pub(super) fn same_item(i: usize, line: &ReversalLine, blue: &BlueLine, out: &mut Vec<Finding>) {
    if !line.item_name.trim().is_empty() && !names::same(&line.item_name, &blue.item_name) {
        out.push(Code::LineItemName.at(format!("/lines/{i}/item_name")));
    }
    // A code that the blue invoice does not bear cannot be compared.
    let bears = !blue.item_code.trim().is_empty();
    if bears && !line.item_code.is_empty() && line.item_code != blue.item_code {
        out.push(Code::LineItemCode.at(format!("/lines/{i}/item_code")));
    }
    // A rate that cannot be read is a finding of its own.
    if let Some(rate) = Rate::read(&line.rate)
        && Rate::read(&blue.rate) != Some(rate)
    {
        out.push(Code::LineRate.at(format!("/lines/{i}/rate")));
    }
}

pub(super) fn within(i: usize, line: &ReversalLine, rest: &Amounts, out: &mut Vec<Finding>) {
    let wanted = Amounts::of(line);
    if wanted.net > rest.net {
        out.push(Code::NetOver.at(format!("/lines/{i}/net")));
    } else if wanted.tax > rest.tax {
        out.push(Code::TaxOver.at(format!("/lines/{i}/tax")));
    } else if rest.tax != 0 && (wanted.net == rest.net) != (wanted.tax == rest.tax) {
        // Where no tax is left, as on an exempt line, it says nothing about the amount.
        out.push(Code::RestDisagrees.at(format!("/lines/{i}/tax")));
    }
    if let (Some(wanted), Some(rest)) = (wanted.quantity, rest.quantity)
        && wanted > rest
    {
        out.push(Code::QuantityOver.at(format!("/lines/{i}/quantity")));
    }
}

/// A blue line may be off by the narrow tolerance, and each discount merged into it as well.
pub(super) fn full_tax(
    i: usize,
    line: &ReversalLine,
    discounts: u32,
    rules: &RedLetterRules,
    out: &mut Vec<Finding>,
) {
    let (Some(full), Some(partial)) = (rules.full_tax_tolerance, rules.partial_tax_tolerance)
    else {
        return;
    };
    let tolerance = full.value * Decimal::from(discounts.saturating_add(1));
    // What is off by more than a partial reversal may be is a finding already.
    if tax_fits(line, tolerance) == Some(false) && tax_fits(line, partial.value) == Some(true) {
        out.push(Code::FullTaxMismatch.at(format!("/lines/{i}/tax")));
    }
}

/// What the reason allows a line to change.
pub(super) fn allowed(
    i: usize,
    line: &ReversalLine,
    merged: &Merged<'_>,
    reason: ReversalReason,
    rules: &RedLetterRules,
    out: &mut Vec<Finding>,
) {
    match reason {
        // Quantities are a finding of their own there.
        ReversalReason::SalesAllowance => return,
        ReversalReason::ReturnOfGoods => {
            if merged.whole.quantity.is_some() && line.quantity.is_none() {
                out.push(Code::ReturnWithoutQuantity.at(format!("/lines/{i}/quantity")));
            }
        }
        ReversalReason::IssuingMistake | ReversalReason::ServiceStopped => {}
    }
    if merged.whole.quantity.is_none() && line.quantity.is_some() {
        out.push(Code::QuantityNotOnBlue.at(format!("/lines/{i}/quantity")));
    }
    let shown = line.unit_price.as_deref().and_then(price);
    let tolerance = rules.price_tolerance.map(|row| row.value);
    if let (Some(shown), Some(tolerance)) = (shown, tolerance)
        && !is_price_of(shown, merged, tolerance)
    {
        out.push(Code::PriceChanged.at(format!("/lines/{i}/unit_price")));
    }
}

/// Whether a unit price is that of the blue line. That of a discounted line is what its amount
/// after the discount comes to for one unit.
fn is_price_of(shown: Decimal, merged: &Merged<'_>, tolerance: Decimal) -> bool {
    let (Some(blue), Some(quantity)) = (&merged.line.unit_price, merged.whole.quantity) else {
        return true;
    };
    if merged.discounts == 0 {
        return blue.trim().parse::<Decimal>() == Ok(shown);
    }
    let Ok(net) = i64::try_from(merged.whole.net) else {
        return false;
    };
    let tolerance = tolerance * Decimal::from(merged.discounts.saturating_add(1));
    near(shown.checked_mul(quantity), Cents(net).yuan(), tolerance)
}
