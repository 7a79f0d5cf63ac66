//! What is left of a blue invoice, line by line, to the cent.

use std::collections::BTreeMap;

use clerkwork_connectors_api::red_letter::{
    BlueInvoice, BlueLine, BlueStatus, LineRole, ReversalLine,
};
use rust_decimal::Decimal;

/// What was or would be reversed of a line; magnitudes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Amount {
    pub(crate) quantity: Decimal,
    pub(crate) net: i64,
    pub(crate) tax: i64,
}

/// Amounts by the line of the blue invoice.
pub(crate) type Amounts = BTreeMap<u32, Amount>;

/// Adds what `lines` reverse.
pub(crate) fn add(amounts: &mut Amounts, lines: &[ReversalLine]) {
    for line in lines {
        let amount = amounts.entry(line.blue_line).or_default();
        amount.quantity -= number(line.quantity.as_deref());
        amount.net -= line.net.0;
        amount.tax -= line.tax.0;
    }
}

fn number(text: Option<&str>) -> Decimal {
    text.and_then(|text| text.parse().ok()).unwrap_or_default()
}

/// The lines that a reversal can name with what is left of each, a discount merged into the line
/// that it discounts.
fn accounts(lines: &[BlueLine]) -> Vec<(u32, Amount)> {
    let mut accounts = Vec::<(u32, Amount)>::with_capacity(lines.len());
    for line in lines {
        match (line.role, accounts.last_mut()) {
            (LineRole::Discount, Some((_, discounted))) => {
                discounted.net += line.remaining_net.0;
                discounted.tax += line.remaining_tax.0;
            }
            (LineRole::Normal | LineRole::Discounted | LineRole::Discount, _) => accounts.push((
                line.line,
                Amount {
                    quantity: number(line.remaining_quantity.as_deref()),
                    net: line.remaining_net.0,
                    tax: line.remaining_tax.0,
                },
            )),
        }
    }
    accounts
}

/// Whether `wanted` fits into what is left of the invoice after `spoken_for`.
pub(crate) fn fits(blue: &BlueInvoice, spoken_for: &Amounts, wanted: &Amounts) -> bool {
    let accounts: BTreeMap<u32, Amount> = accounts(&blue.lines).into_iter().collect();
    wanted.iter().all(|(line, wanted)| {
        let Some(left) = accounts.get(line) else {
            return false;
        };
        let taken = spoken_for.get(line).copied().unwrap_or_default();
        wanted.net > 0
            && wanted.net <= left.net - taken.net
            && wanted.tax <= left.tax - taken.tax
            && wanted.quantity <= left.quantity - taken.quantity
    })
}

/// The invoice as it is after `reversed`.
pub(crate) fn less(mut blue: BlueInvoice, reversed: &Amounts) -> BlueInvoice {
    if reversed.is_empty() {
        return blue;
    }
    let mut merged = None::<(usize, Amount)>;
    for i in 0..blue.lines.len() {
        let role = blue.lines[i].role;
        let Some(taken) = reversed.get(&blue.lines[i].line).copied() else {
            if let (LineRole::Discount, Some((before, left))) = (role, merged.take()) {
                share(&mut blue.lines, before, i, left);
            }
            merged = None;
            continue;
        };
        let line = &mut blue.lines[i];
        line.remaining_net.0 -= taken.net;
        line.remaining_tax.0 -= taken.tax;
        if let Some(quantity) = &mut line.remaining_quantity {
            let left = number(Some(quantity)) - taken.quantity;
            *quantity = left.normalize().to_string();
        }
        merged = (role == LineRole::Discounted).then_some((i, taken));
    }
    let left = |line: &BlueLine| line.remaining_net.0 != 0 || line.remaining_tax.0 != 0;
    blue.status = if blue.lines.iter().any(left) {
        BlueStatus::PartlyReversed
    } else {
        BlueStatus::Reversed
    };
    blue
}

/// Spreads what was taken of a discounted line over it and its discount, so that both end at zero
/// together and their sum is always what is left.
fn share(lines: &mut [BlueLine], discounted: usize, discount: usize, taken: Amount) {
    let both = |lines: &[BlueLine], amount: fn(&BlueLine) -> i64| {
        (amount(&lines[discounted]), amount(&lines[discount]))
    };
    let part = |of: i64, left: i64, whole: i64| if whole == 0 { 0 } else { of * left / whole };
    let (first, second) = both(lines, |line| line.remaining_net.0);
    let (left, whole) = (first + second, first + second + taken.net);
    let net = part(second, left, whole);
    lines[discount].remaining_net.0 = net;
    lines[discounted].remaining_net.0 = left - net;
    let (first, second) = both(lines, |line| line.remaining_tax.0);
    let (left, whole) = (first + second, first + second + taken.tax);
    let tax = part(second, left, whole);
    lines[discount].remaining_tax.0 = tax;
    lines[discounted].remaining_tax.0 = left - tax;
}
