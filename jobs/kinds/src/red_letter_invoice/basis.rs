//! What an application comes down to before anything is judged: the rules of its day, and its
//! numbers read as numbers.

use clerkwork_connectors_api::red_letter::{
    RedLetterApplication, ReversalDraft, ReversalLine, Side, Trader, rate_word,
};
use clerkwork_core::Cents;
use jiff::civil::Date;
use rust_decimal::Decimal;

use crate::{
    dated::RedLetterRules,
    decimals::{plain_decimal, rate},
    identifiers::TaxId,
    names,
};

/// Decimals of a quantity, of a unit price.
const QUANTITY_SCALE: usize = 13;
const PRICE_SCALE: usize = 10;

/// A rate as it is compared and reckoned with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Rate {
    /// Printed as a number.
    Number(Decimal),
    /// 免税.
    Exempt,
    /// 不征税.
    NotTaxed,
    /// 差额征税: tax and net amount have no printed ratio.
    Margin,
}

impl Rate {
    pub(super) fn read(text: &str) -> Option<Self> {
        match text {
            rate_word::EXEMPT => Some(Self::Exempt),
            rate_word::NOT_TAXED => Some(Self::NotTaxed),
            rate_word::MARGIN => Some(Self::Margin),
            number => rate(number).map(Self::Number),
        }
    }
}

/// Reads a quantity to be reversed: digits after a minus, not all zero. The size of it.
pub(super) fn reversed_quantity(text: &str) -> Option<Decimal> {
    positive(text.strip_prefix('-')?, QUANTITY_SCALE)
}

/// Reads a unit price.
pub(super) fn price(text: &str) -> Option<Decimal> {
    positive(text, PRICE_SCALE)
}

fn positive(text: &str, scale: usize) -> Option<Decimal> {
    plain_decimal(text, scale).filter(|value| !value.is_zero())
}

/// Whether an exact product and an amount differ by `tolerance` at most. A product that does not
/// fit is no amount.
pub(super) fn near(product: Option<Decimal>, amount: Decimal, tolerance: Decimal) -> bool {
    product
        .and_then(|product| product.checked_sub(amount))
        .is_some_and(|difference| difference.abs() <= tolerance)
}

/// Whether a line's tax is that of its net amount at its rate; nothing where the two are in no
/// printed ratio or the rate cannot be read.
pub(super) fn tax_fits(line: &ReversalLine, tolerance: Decimal) -> Option<bool> {
    match Rate::read(&line.rate)? {
        Rate::Number(rate) => Some(near(
            line.net.yuan().checked_mul(rate),
            line.tax.yuan(),
            tolerance,
        )),
        Rate::Exempt | Rate::NotTaxed | Rate::Margin => None,
    }
}

/// The size of an amount, also of the smallest that fits.
pub(super) fn size(amount: Cents) -> i128 {
    i128::from(amount.0).abs()
}

/// As many cents as a fact can hold.
pub(super) fn long(size: i128) -> i64 {
    i64::try_from(size).unwrap_or(i64::MAX)
}

/// Whether a party is a natural person; nothing when its tax id cannot be right.
pub(super) fn is_person(party: &Trader, on: Date) -> Option<bool> {
    if party.tax_id.is_empty() {
        return Some(!names::is_organisation(&party.name));
    }
    let form = TaxId::read(&party.tax_id, on).ok()?;
    Some(form.is_natural_person())
}

/// Whether two names and ids are of one party. Somebody without an id is known by the name.
pub(super) fn same_party(a: &Trader, b: &Trader) -> bool {
    a.tax_id.eq_ignore_ascii_case(&b.tax_id) && names::same(&a.name, &b.name)
}

/// The party on a side of an application.
pub(super) fn party(application: &RedLetterApplication, side: Side) -> &Trader {
    match side {
        Side::Seller => &application.seller,
        Side::Buyer => &application.buyer,
    }
}

/// The rules of the application's day.
pub(super) fn rules(application: &RedLetterApplication) -> RedLetterRules {
    RedLetterRules::on(application.applied_on)
}

/// What the form is to say.
pub(super) fn draft(application: &RedLetterApplication) -> ReversalDraft {
    ReversalDraft {
        started_by: application.started_by,
        blue: application.blue.clone(),
        seller: application.seller.clone(),
        buyer: application.buyer.clone(),
        reason: application.reason,
        lines: application.lines.clone(),
        net: application.total_net,
        tax: application.total_tax,
    }
}

/// Whether a form says the same as an application, whoever started it: blue invoice, reason,
/// totals, and each line by its place, amounts and quantity. How names are written does not matter.
pub(super) fn same_content(draft: &ReversalDraft, application: &RedLetterApplication) -> bool {
    draft.blue.code.as_deref().unwrap_or_default()
        == application.blue.code.as_deref().unwrap_or_default()
        && draft.blue.number == application.blue.number
        && draft.reason == application.reason
        && draft.net == application.total_net
        && draft.tax == application.total_tax
        && same_lines(&draft.lines, &application.lines)
}

fn same_lines(a: &[ReversalLine], b: &[ReversalLine]) -> bool {
    let key = |line: &ReversalLine| {
        let quantity = line.quantity.as_deref().map(str::trim);
        let quantity = quantity.filter(|text| !text.is_empty()).map(|text| {
            let number = text.parse::<Decimal>().map(|number| number.normalize());
            number.map_or_else(|_| text.to_owned(), |number| number.to_string())
        });
        (line.blue_line, line.net, line.tax, quantity)
    };
    let sorted = |lines: &[ReversalLine]| {
        let mut keys: Vec<_> = lines.iter().map(key).collect();
        keys.sort();
        keys
    };
    a.len() == b.len() && sorted(a) == sorted(b)
}
