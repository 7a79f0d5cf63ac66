//! VAT categories, and the tax of a line from the tax of its subtotal.

use clerkwork_core::Cents;
use rust_decimal::Decimal;

use crate::error::DocumentError;

/// A category of VAT that has a place in a reversal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Category {
    /// S: a rate.
    Standard,
    /// Z: a rate of 0.
    Zero,
    /// E: exempt.
    Exempt,
    /// O: outside of the tax.
    Outside,
}

impl Category {
    pub(super) fn read(path: &str, code: &str) -> Result<Self, DocumentError> {
        match code {
            "S" => Ok(Self::Standard),
            "Z" => Ok(Self::Zero),
            "E" => Ok(Self::Exempt),
            "O" => Ok(Self::Outside),
            other => Err(DocumentError::value(
                path,
                other,
                "a VAT category of `S`, `Z`, `E` or `O`",
            )),
        }
    }

    pub(super) const fn code(self) -> &'static str {
        match self {
            Self::Standard => "S",
            Self::Zero => "Z",
            Self::Exempt => "E",
            Self::Outside => "O",
        }
    }
}

/// What lines and subtotals are matched by: the category, and the percentage of a rate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Group {
    pub(super) category: Category,
    /// Zero but for a rate.
    pub(super) percent: Decimal,
}

/// The taxes of lines with these net amounts: net × percent, and the rest of `total` on the largest
/// ones, a cent each. Nothing when more than a cent a line is left.
pub(super) fn allocate(nets: &[Cents], percent: Decimal, total: Cents) -> Option<Vec<Cents>> {
    let rate = percent.checked_div(Decimal::ONE_HUNDRED)?;
    let mut taxes: Vec<Cents> = nets
        .iter()
        .map(|net| net.times(rate))
        .collect::<Option<_>>()?;
    let rest = total.minus(Cents::sum(taxes.iter().copied())?)?;
    let count = usize::try_from(rest.0.unsigned_abs()).ok()?;
    if count > nets.len() {
        return None;
    }
    let mut largest: Vec<usize> = (0..nets.len()).collect();
    largest.sort_by_key(|index| {
        let net = nets.get(*index).map_or(0, |net| net.0.unsigned_abs());
        std::cmp::Reverse(net)
    });
    for index in largest.into_iter().take(count) {
        let tax = taxes.get_mut(index)?;
        *tax = tax.plus(Cents(rest.0.signum()))?;
    }
    Some(taxes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rest_goes_to_the_largest_lines_a_cent_each() {
        let nets = [Cents(333), Cents(1_000), Cents(334)];
        let thirteen = Decimal::from(13);
        // 0.43, 1.30 and 0.43 make 2.16; 13 % of the sum is 2.17.
        let taxes = allocate(&nets, thirteen, Cents(217)).unwrap();
        assert_eq!(taxes, [Cents(43), Cents(131), Cents(43)]);
        let taxes = allocate(&nets, thirteen, Cents(214)).unwrap();
        assert_eq!(taxes, [Cents(43), Cents(129), Cents(42)]);
        assert_eq!(allocate(&nets, thirteen, Cents(220)), None);
        assert_eq!(allocate(&[], thirteen, Cents(1)), None);
    }
}
