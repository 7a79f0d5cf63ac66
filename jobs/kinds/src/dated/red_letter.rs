//! The dated rules of red-letter invoices, by the day of the application.

use std::{sync::LazyLock, time::Duration};

use jiff::civil::Date;
use rust_decimal::{Decimal, prelude::ToPrimitive};
use serde::Deserialize;

use super::{
    Dated, Rows, Span, TableError, find,
    load::{check_source, check_spans, wrong},
    read,
};

const FILE: &str = "rates/red_letter.toml";

/// Which rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "snake_case")]
enum RuleName {
    ConfirmationHours,
    PriceTolerance,
    PartialTaxTolerance,
    FullTaxTolerance,
}

impl RuleName {
    const ALL: [Self; 4] = [
        Self::ConfirmationHours,
        Self::PriceTolerance,
        Self::PartialTaxTolerance,
        Self::FullTaxTolerance,
    ];
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RuleFile {
    rule: Vec<RuleRow>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RuleRow {
    name: RuleName,
    valid_from: Date,
    valid_to: Date,
    value: Decimal,
    confirmed: bool,
    source: String,
}

/// The rules of one day; nothing where no row covers it.
#[derive(Debug, Clone, Copy)]
pub struct RedLetterRules {
    /// How long the other side has to confirm a form (72 小时), from its entry.
    pub confirmation: Option<Dated<Duration>>,
    /// What |quantity × unit price − net| may be, in yuan.
    pub price_tolerance: Option<Dated<Decimal>>,
    /// What |net × rate − tax| may be in yuan where a part is reversed.
    pub partial_tax_tolerance: Option<Dated<Decimal>>,
    /// What |net × rate − tax| may be in yuan where all is reversed.
    pub full_tax_tolerance: Option<Dated<Decimal>>,
}

impl RedLetterRules {
    /// The rules of a day.
    pub fn on(day: Date) -> Self {
        let rule = |name| find(&RULES, name, day);
        Self {
            confirmation: rule(RuleName::ConfirmationHours).and_then(|row| {
                let hours = row.value.to_u64()?;
                Some(Dated {
                    value: Duration::from_secs(hours.checked_mul(3_600)?),
                    confirmed: row.confirmed,
                })
            }),
            price_tolerance: rule(RuleName::PriceTolerance),
            partial_tax_tolerance: rule(RuleName::PartialTaxTolerance),
            full_tax_tolerance: rule(RuleName::FullTaxTolerance),
        }
    }

    /// Whether every rule of the day is in a row, and if so whether all are confirmed.
    pub fn rows(&self) -> Option<bool> {
        let window = self.confirmation?.confirmed;
        [
            self.price_tolerance,
            self.partial_tax_tolerance,
            self.full_tax_tolerance,
        ]
        .into_iter()
        .try_fold(window, |all, row| Some(all & row?.confirmed))
    }
}

static RULES: LazyLock<Rows<RuleName, Decimal>> = LazyLock::new(|| {
    #[expect(
        clippy::expect_used,
        reason = "compiled in; a test reads the same text"
    )]
    load(include_str!("../../rates/red_letter.toml")).expect("rates/red_letter.toml is valid")
});

fn load(text: &str) -> Result<Rows<RuleName, Decimal>, TableError> {
    let file: RuleFile = read(FILE, text)?;
    let mut rows = Rows::new();
    for (i, row) in file.rule.into_iter().enumerate() {
        check_source(FILE, i + 1, &row.source)?;
        match row.name {
            RuleName::ConfirmationHours => {
                let whole = row.value.is_integer() && row.value <= Decimal::from(24 * 365);
                if !whole || row.value < Decimal::ONE {
                    return Err(wrong(FILE, i + 1, "write whole hours, at most a year"));
                }
            }
            RuleName::PriceTolerance
            | RuleName::PartialTaxTolerance
            | RuleName::FullTaxTolerance => {
                if row.value.is_sign_negative() || row.value >= Decimal::ONE {
                    return Err(wrong(FILE, i + 1, "write a tolerance from 0 to below 1"));
                }
            }
        }
        rows.entry(row.name).or_insert_with(Vec::new).push(Span {
            from: row.valid_from,
            to: row.valid_to,
            row: i + 1,
            dated: Dated {
                value: row.value,
                confirmed: row.confirmed,
            },
        });
    }
    check_spans(FILE, &RuleName::ALL, &mut rows)?;
    Ok(rows)
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    const TEXT: &str = include_str!("../../rates/red_letter.toml");

    #[test]
    fn the_rules_of_the_announcement_hold_from_its_first_day() {
        let rules = RedLetterRules::on(date(2024, 12, 1));
        let hours = |hours: u64| Duration::from_secs(hours * 3_600);
        assert_eq!(rules.confirmation.unwrap().value, hours(72));
        assert_eq!(rules.price_tolerance.unwrap().value.to_string(), "0.01");
        let partial = rules.partial_tax_tolerance.unwrap();
        assert_eq!(partial.value.to_string(), "0.06");
        assert_eq!(rules.full_tax_tolerance.unwrap().value.to_string(), "0.01");
        assert_eq!(rules.rows(), Some(true));
        for day in [date(2024, 11, 30), date(2028, 1, 1)] {
            let rules = RedLetterRules::on(day);
            assert_eq!(rules.rows(), None);
            assert!(rules.confirmation.is_none());
        }
    }

    /// The announcement rules how long a form may wait, and says nothing of cents.
    #[test]
    fn each_rule_names_where_it_comes_from() {
        let file: RuleFile = read(FILE, TEXT).unwrap();
        for row in file.rule {
            let source = match row.name {
                RuleName::ConfirmationHours => "国家税务总局公告2024年第11号",
                RuleName::PriceTolerance
                | RuleName::PartialTaxTolerance
                | RuleName::FullTaxTolerance => "电子税务局红字发票开具校验规则",
            };
            assert!(row.source.starts_with(source), "{:?}", row.name);
        }
    }

    #[test]
    fn a_row_that_cannot_be_is_named() {
        for (from, to, message) in [
            (
                "value = \"72\"",
                "value = \"71.5\"",
                "`rates/red_letter.toml`, row 1: write whole hours, at most a year",
            ),
            (
                "value = \"0.06\"",
                "value = \"6\"",
                "`rates/red_letter.toml`, row 3: write a tolerance from 0 to below 1",
            ),
            (
                "2027-12-31",
                "2024-11-30",
                "`rates/red_letter.toml`, row 1: ends on 2024-11-30 before it begins on 2024-12-01",
            ),
        ] {
            let error = load(&TEXT.replacen(from, to, 1)).unwrap_err();
            assert_eq!(error.to_string(), message);
        }
    }
}
