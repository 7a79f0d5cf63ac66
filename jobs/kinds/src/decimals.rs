//! Reading numbers that arrive as text.

use rust_decimal::Decimal;

/// Reads a rate: a plain decimal from 0 to below 1.
pub(crate) fn rate(text: &str) -> Option<Decimal> {
    plain_decimal(text, 6).filter(|rate| *rate < Decimal::ONE)
}

/// Reads digits with at most `scale` decimals: no sign, no exponent, no blanks.
pub(crate) fn plain_decimal(text: &str, scale: usize) -> Option<Decimal> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    if !digits(whole) || !digits(fraction) || whole.len() > 15 || fraction.len() > scale {
        return None;
    }
    text.parse().ok()
}
