//! Rates and lines of the law as dated rows, looked up by the day of the transaction.
//!
//! The rows are the TOML files under `rates/`, compiled in and read once. Reading them checks that
//! each name has rows, that no row ends before it begins, and that the rows of a name neither
//! overlap nor leave a gap. A day outside every row has no value: callers send the item to a
//! person, they never fall back on a neighbouring row.
//!
//! To change a rate: end the last row, add the next one with its source, run the tests.

mod load;
mod red_letter;

use std::{collections::BTreeMap, sync::LazyLock};

use clerkwork_core::Cents;
use jiff::civil::Date;
use rust_decimal::Decimal;
use serde::Deserialize;

pub use load::TableError;
pub(crate) use load::read;
pub use red_letter::RedLetterRules;

/// Which levy rate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RateName {
    /// What the law sets (征收率).
    Statutory,
    /// What is levied in its place for the time being.
    Reduced,
    /// Selling or letting real estate, and land use rights.
    RealEstate,
    /// Natural persons who let housing.
    HousingLetting,
}

impl RateName {
    const ALL: [Self; 4] = [
        Self::Statutory,
        Self::Reduced,
        Self::RealEstate,
        Self::HousingLetting,
    ];
}

/// Which line of the law.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LineName {
    /// Per transaction, those of a day merged.
    Day,
    /// Per calendar month.
    Month,
    /// Per calendar quarter.
    Quarter,
    /// Over twelve months; over it a business registers as a general taxpayer.
    GeneralTaxpayer,
}

impl LineName {
    const ALL: [Self; 4] = [Self::Day, Self::Month, Self::Quarter, Self::GeneralTaxpayer];
}

/// When an amount is over a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Comparison {
    /// At the line itself (达到).
    Reached,
    /// Only above it (超过).
    Exceeded,
}

/// A line of the law and how amounts compare with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Line {
    /// The line.
    pub amount: Cents,
    /// When an amount is over it.
    pub comparison: Comparison,
}

impl Line {
    /// Whether `amount` is over the line; all of it is taxed then.
    pub fn is_over(self, amount: Cents) -> bool {
        match self.comparison {
            Comparison::Reached => amount >= self.amount,
            Comparison::Exceeded => amount > self.amount,
        }
    }

    /// How far `amount` stays below the line, in thousandths of the line, rounded down; nothing
    /// when it is over the line.
    pub fn gap_permille(self, amount: Cents) -> Option<i64> {
        if self.is_over(amount) || self.amount.0 <= 0 {
            return None;
        }
        let gap = i128::from(self.amount.0) - i128::from(amount.0);
        i64::try_from(gap * 1_000 / i128::from(self.amount.0)).ok()
    }
}

/// A value from a row, and whether the row was confirmed against its source.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Dated<T> {
    /// The value on that day.
    pub value: T,
    /// `false` for general knowledge that still is to be confirmed.
    pub confirmed: bool,
}

/// One row as it is looked up.
#[derive(Debug, Clone, Copy)]
struct Span<T> {
    from: Date,
    to: Date,
    row: usize,
    dated: Dated<T>,
}

type Rows<N, T> = BTreeMap<N, Vec<Span<T>>>;

/// All dated rows.
#[derive(Debug)]
pub struct Tables {
    rates: Rows<RateName, Decimal>,
    lines: Rows<LineName, Line>,
}

static TABLES: LazyLock<Tables> = LazyLock::new(|| {
    #[expect(
        clippy::expect_used,
        reason = "compiled in; a test reads the same text"
    )]
    Tables::load(
        include_str!("../../rates/levy_rates.toml"),
        include_str!("../../rates/thresholds.toml"),
    )
    .expect("the tables under rates/ are valid")
});

/// The rows that were compiled in.
pub fn tables() -> &'static Tables {
    &TABLES
}

impl Tables {
    /// A levy rate on a day; nothing when no row covers the day.
    pub fn rate(&self, name: RateName, on: Date) -> Option<Dated<Decimal>> {
        find(&self.rates, name, on)
    }

    /// A line of the law on a day; nothing when no row covers the day.
    pub fn line(&self, name: LineName, on: Date) -> Option<Dated<Line>> {
        find(&self.lines, name, on)
    }
}

fn find<N: Ord, T: Copy>(rows: &Rows<N, T>, name: N, on: Date) -> Option<Dated<T>> {
    // The latest row comes first to mind and to hand: most items are of this year.
    rows.get(&name)?
        .iter()
        .rev()
        .find(|span| span.from <= on && on <= span.to)
        .map(|span| span.dated)
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    fn line(name: LineName, on: Date) -> Line {
        tables().line(name, on).unwrap().value
    }

    #[test]
    fn a_rate_is_that_of_the_day() {
        let rate = |name, on| tables().rate(name, on).map(|d| d.value.to_string());
        assert_eq!(
            rate(RateName::Reduced, date(2020, 2, 29)).as_deref(),
            Some("0.03")
        );
        assert_eq!(
            rate(RateName::Reduced, date(2020, 3, 1)).as_deref(),
            Some("0.01")
        );
        assert_eq!(
            rate(RateName::Reduced, date(2022, 4, 1)).as_deref(),
            Some("0")
        );
        assert_eq!(
            rate(RateName::Reduced, date(2027, 12, 31)).as_deref(),
            Some("0.01")
        );
        assert_eq!(rate(RateName::Reduced, date(2028, 1, 1)), None);
        assert_eq!(rate(RateName::Reduced, date(2008, 12, 31)), None);
        assert_eq!(
            rate(RateName::RealEstate, date(2026, 1, 1)).as_deref(),
            Some("0.03")
        );
    }

    #[test]
    fn the_line_is_taxed_when_reached_since_2026_and_was_not_before() {
        let at = Cents(10_000_000);
        let (below, above) = (Cents(9_999_999), Cents(10_000_001));
        let old = line(LineName::Month, date(2025, 12, 31));
        assert_eq!(
            [below, at, above].map(|a| old.is_over(a)),
            [false, false, true]
        );
        let new = line(LineName::Month, date(2026, 1, 1));
        assert_eq!(
            [below, at, above].map(|a| new.is_over(a)),
            [false, true, true]
        );
        let day = line(LineName::Day, date(2026, 1, 1));
        assert_eq!(
            [99_999, 100_000].map(|a| day.is_over(Cents(a))),
            [false, true]
        );
        let quarter = line(LineName::Quarter, date(2026, 6, 30));
        assert_eq!(
            [29_999_999, 30_000_000].map(|a| quarter.is_over(Cents(a))),
            [false, true]
        );
        let general = line(LineName::GeneralTaxpayer, date(2026, 6, 30));
        assert_eq!(
            [500_000_000, 500_000_001].map(|a| general.is_over(Cents(a))),
            [false, true]
        );
    }

    #[test]
    fn the_gap_is_in_thousandths_of_the_line() {
        let day = line(LineName::Day, date(2026, 1, 1));
        assert_eq!(day.gap_permille(Cents(99_999)), Some(0));
        assert_eq!(day.gap_permille(Cents(99_000)), Some(10));
        assert_eq!(day.gap_permille(Cents(0)), Some(1_000));
        assert_eq!(day.gap_permille(Cents(100_000)), None);
        let old = line(LineName::Month, date(2025, 1, 1));
        assert_eq!(
            old.gap_permille(Cents(10_000_000)),
            Some(0),
            "at the line, not over it"
        );
    }
}
