//! Reading and checking the tables.

use clerkwork_core::Cents;
use jiff::{ToSpan, civil::Date};
use rust_decimal::Decimal;
use serde::Deserialize;

use super::{Comparison, Dated, Line, LineName, RateName, Rows, Span, Tables};

const RATES_FILE: &str = "rates/levy_rates.toml";
const LINES_FILE: &str = "rates/thresholds.toml";

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

pub(super) fn wrong(file: &'static str, row: usize, message: impl Into<String>) -> TableError {
    TableError::Row {
        file,
        row,
        message: message.into(),
    }
}

pub(super) fn check_source(file: &'static str, row: usize, source: &str) -> Result<(), TableError> {
    if source.trim().is_empty() {
        return Err(wrong(file, row, "name the source of the value"));
    }
    Ok(())
}

/// Sorts each name's rows and checks that they follow one another day by day.
pub(super) fn check_spans<N: Ord + Copy + std::fmt::Debug, T>(
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

    const RATES: &str = include_str!("../../rates/levy_rates.toml");
    const LINES: &str = include_str!("../../rates/thresholds.toml");

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
