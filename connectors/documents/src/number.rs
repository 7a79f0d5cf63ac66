//! Decimal numbers as documents write them: plain digits, a point, and a minus sign before them.

use clerkwork_core::Cents;
use rust_decimal::{Decimal, RoundingStrategy};

/// The greatest amount, in cents: 15 digits of yuan, what [`Cents`] reads back.
const GREATEST: u64 = 99_999_999_999_999_999;

/// A plain decimal number of at most 28 digits.
pub(crate) fn decimal(text: &str) -> Option<Decimal> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, "0"));
    let plain = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    if !plain(whole) || !plain(fraction) || text.len() > 28 {
        return None;
    }
    text.parse().ok()
}

/// An amount: a decimal number without a part of a cent.
pub(crate) fn cents(text: &str) -> Option<Cents> {
    let yuan = decimal(text)?.normalize();
    if yuan.scale() > 2 {
        return None;
    }
    Cents::from_yuan(yuan).filter(|amount| amount.0.unsigned_abs() <= GREATEST)
}

/// The number without zeros that say nothing.
pub(crate) fn normal(number: Decimal) -> String {
    number.normalize().to_string()
}

/// The same number with the other sign; zero has none.
pub(crate) fn negated(text: &str) -> String {
    match text.strip_prefix('-') {
        Some(positive) => positive.to_owned(),
        None if text.bytes().all(|byte| matches!(byte, b'0' | b'.')) => text.to_owned(),
        None => format!("-{text}"),
    }
}

/// The amount with the other sign.
pub(crate) const fn minus(amount: Cents) -> Cents {
    Cents(amount.0.saturating_neg())
}

/// The price of one unit, to ten decimals.
pub(crate) fn price(net: Cents, quantity: Decimal) -> Option<Decimal> {
    let price = net.yuan().checked_div(quantity)?;
    let rounded = price.round_dp_with_strategy(10, RoundingStrategy::MidpointAwayFromZero);
    Some(rounded.normalize())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_plain_and_amounts_have_no_part_of_a_cent() {
        for good in ["0", "-1.50", "198.0400", "000.1"] {
            assert!(decimal(good).is_some(), "{good}");
        }
        for bad in [
            "", "-", ".5", "1.", "+1", "1e3", "１", "1,000.00", "--1", " 1",
        ] {
            assert!(decimal(bad).is_none(), "{bad}");
        }
        assert_eq!(cents("198.0400"), Some(Cents(19_804)));
        assert_eq!(cents("1.005"), None);
        assert_eq!(cents("999999999999999.99"), Some(Cents(GREATEST as i64)));
        assert_eq!(cents("1000000000000000.00"), None);
        assert_eq!(decimal(&"9".repeat(29)), None);
    }

    #[test]
    fn a_sign_is_turned_and_zero_has_none() {
        assert_eq!(negated("2.50"), "-2.50");
        assert_eq!(negated("-2.50"), "2.50");
        assert_eq!(negated("0.0"), "0.0");
    }

    #[test]
    fn a_price_has_ten_decimals_at_most() {
        let third = price(Cents(100), Decimal::from(3)).unwrap();
        assert_eq!(normal(third), "0.3333333333");
        assert_eq!(price(Cents(1), Decimal::ZERO), None);
    }
}
