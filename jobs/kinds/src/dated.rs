//! Rates and lines of the law as dated rows, looked up by the day of the transaction.
//!
//! The rows are the TOML files under `rates/`, compiled in and read once. Reading them checks that
//! each name has rows, that no row ends before it begins, and that the rows of a name neither
//! overlap nor leave a gap. A day outside every row has no value: callers send the item to a
//! person, they never fall back on a neighbouring row.
//!
//! To change a rate: end the last row, add the next one with its source, run the tests.

use std::{collections::BTreeMap, sync::LazyLock};

use clerkwork_core::Cents;
use jiff::{ToSpan, civil::Date};
use rust_decimal::Decimal;
use serde::Deserialize;

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

/// Why a table cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TableError {
    /// The file is no table of this form.
    #[error("`{file}`: {message}")]
    Syntax {
        /// The file.
        file: &'static str,
        /// What the reader said.
        message: String,
    },
    /// One row is wrong, counted from 1.
    #[error("`{file}`, row {row}: {message}")]
    Row {
        /// The file.
        file: &'static str,
        /// The row, counted from 1 in the order of the file.
        row: usize,
        /// What is wrong and what to write instead.
        message: String,
    },
    /// A name that is needed has no row.
    #[error("`{file}` has no row named `{name}`; add one")]
    Missing {
        /// The file.
        file: &'static str,
        /// The name.
        name: String,
    },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RateFile {
    rate: Vec<RateRow>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RateRow {
    name: RateName,
    valid_from: Date,
    valid_to: Date,
    value: Decimal,
    confirmed: bool,
    source: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct LineFile {
    threshold: Vec<LineRow>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct LineRow {
    name: LineName,
    valid_from: Date,
    valid_to: Date,
    value: Cents,
    comparison: Comparison,
    confirmed: bool,
    source: String,
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

const RATES_FILE: &str = "rates/levy_rates.toml";
const LINES_FILE: &str = "rates/thresholds.toml";

static TABLES: LazyLock<Tables> = LazyLock::new(|| {
    #[expect(
        clippy::expect_used,
        reason = "compiled in; a test reads the same text"
    )]
    Tables::load(
        include_str!("../rates/levy_rates.toml"),
        include_str!("../rates/thresholds.toml"),
    )
    .expect("the tables under rates/ are valid")
});

/// The rows that were compiled in.
pub fn tables() -> &'static Tables {
    &TABLES
}

impl Tables {
    /// Reads and checks the texts of the two files.
    pub fn load(rates: &str, thresholds: &str) -> Result<Self, TableError> {
        let rates: RateFile = read(RATES_FILE, rates)?;
        let lines: LineFile = read(LINES_FILE, thresholds)?;
        let mut rate_rows = Rows::new();
        for (i, row) in rates.rate.into_iter().enumerate() {
            check_source(RATES_FILE, i + 1, &row.source)?;
            if row.value.is_sign_negative() || row.value >= Decimal::ONE {
                return Err(wrong(RATES_FILE, i + 1, "write a rate from 0 to below 1"));
            }
            rate_rows
                .entry(row.name)
                .or_insert_with(Vec::new)
                .push(Span {
                    from: row.valid_from,
                    to: row.valid_to,
                    row: i + 1,
                    dated: Dated {
                        value: row.value,
                        confirmed: row.confirmed,
                    },
                });
        }
        let mut line_rows = Rows::new();
        for (i, row) in lines.threshold.into_iter().enumerate() {
            check_source(LINES_FILE, i + 1, &row.source)?;
            if row.value <= Cents::ZERO {
                return Err(wrong(LINES_FILE, i + 1, "write an amount above zero"));
            }
            line_rows
                .entry(row.name)
                .or_insert_with(Vec::new)
                .push(Span {
                    from: row.valid_from,
                    to: row.valid_to,
                    row: i + 1,
                    dated: Dated {
                        value: Line {
                            amount: row.value,
                            comparison: row.comparison,
                        },
                        confirmed: row.confirmed,
                    },
                });
        }
        check_spans(RATES_FILE, &RateName::ALL, &mut rate_rows)?;
        check_spans(LINES_FILE, &LineName::ALL, &mut line_rows)?;
        Ok(Self {
            rates: rate_rows,
            lines: line_rows,
        })
    }

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

/// Reads one TOML table; its errors name the file.
pub(crate) fn read<T: serde::de::DeserializeOwned>(
    file: &'static str,
    text: &str,
) -> Result<T, TableError> {
    toml::from_str(text).map_err(|error| TableError::Syntax {
        file,
        message: error.to_string(),
    })
}

fn wrong(file: &'static str, row: usize, message: impl Into<String>) -> TableError {
    TableError::Row {
        file,
        row,
        message: message.into(),
    }
}

fn check_source(file: &'static str, row: usize, source: &str) -> Result<(), TableError> {
    if source.trim().is_empty() {
        return Err(wrong(file, row, "name the source of the value"));
    }
    Ok(())
}

/// Sorts each name's rows and checks that they follow one another day by day.
fn check_spans<N: Ord + Copy + std::fmt::Debug, T>(
    file: &'static str,
    names: &[N],
    rows: &mut Rows<N, T>,
) -> Result<(), TableError> {
    for name in names {
        let Some(spans) = rows.get_mut(name) else {
            return Err(TableError::Missing {
                file,
                name: format!("{name:?}"),
            });
        };
        spans.sort_by_key(|span| span.from);
        for span in spans.iter() {
            if span.to < span.from {
                let message = format!("ends on {} before it begins on {}", span.to, span.from);
                return Err(wrong(file, span.row, message));
            }
        }
        for pair in spans.windows(2) {
            let [earlier, later] = pair else { continue };
            if later.from <= earlier.to {
                let message = format!(
                    "begins on {}, while row {} still holds until {}",
                    later.from, earlier.row, earlier.to
                );
                return Err(wrong(file, later.row, message));
            }
            if earlier.to.checked_add(1.day()).ok() != Some(later.from) {
                let message = format!(
                    "leaves a gap: row {} ends on {}, this one begins on {}",
                    earlier.row, earlier.to, later.from
                );
                return Err(wrong(file, later.row, message));
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    const RATES: &str = include_str!("../rates/levy_rates.toml");
    const LINES: &str = include_str!("../rates/thresholds.toml");

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

    #[test]
    fn a_gap_an_overlap_and_an_inverted_row_are_named() {
        for (from, to, message) in [
            (
                "valid_to = \"2020-02-29\"",
                "valid_to = \"2020-02-28\"",
                "`rates/levy_rates.toml`, row 4: leaves a gap: row 3 ends on 2020-02-28, this one begins on 2020-03-01",
            ),
            (
                "valid_to = \"2020-02-29\"",
                "valid_to = \"2020-03-01\"",
                "`rates/levy_rates.toml`, row 4: begins on 2020-03-01, while row 3 still holds until 2020-03-01",
            ),
            (
                "valid_to = \"2020-02-29\"",
                "valid_to = \"2008-02-29\"",
                "`rates/levy_rates.toml`, row 3: ends on 2008-02-29 before it begins on 2009-01-01",
            ),
            (
                "value = \"0.015\"",
                "value = \"1.5\"",
                "`rates/levy_rates.toml`, row 10: write a rate from 0 to below 1",
            ),
            (
                "source = \"no reduction\"",
                "source = \" \"",
                "`rates/levy_rates.toml`, row 3: name the source of the value",
            ),
        ] {
            let broken = RATES.replacen(from, to, 1);
            let error = Tables::load(&broken, LINES).unwrap_err();
            assert_eq!(error.to_string(), message);
        }
        let broken = LINES.replace("name = \"day\"", "name = \"month\"");
        assert!(Tables::load(RATES, &broken).is_err());
        let error = Tables::load(&RATES.replace("\"statutory\"", "\"standard\""), LINES);
        assert!(
            error
                .unwrap_err()
                .to_string()
                .contains("unknown variant `standard`")
        );
        let no_rows = "rate = []";
        assert_eq!(
            Tables::load(no_rows, LINES).unwrap_err().to_string(),
            "`rates/levy_rates.toml` has no row named `Statutory`; add one"
        );
    }
}
