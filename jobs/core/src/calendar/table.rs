//! Reading and checking the table of years.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::{Date, Weekday};
use serde::Deserialize;

use super::{Calendar, Year};

/// Why a table of working days cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CalendarError {
    /// The text is no such table.
    #[error("no table of working days: {0}")]
    Syntax(String),
    /// A year is wrong.
    #[error("year `{year}`: {message}")]
    Year {
        /// The year.
        year: i16,
        /// What is wrong and what to write instead.
        message: String,
    },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    year: Vec<Row>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    year: i16,
    source: String,
    published: Date,
    days_off: Vec<Date>,
    make_up_workdays: Vec<Date>,
}

impl Calendar {
    /// Reads a table in the form of `calendar/cn.toml`.
    ///
    /// # Errors
    /// When it is not in this form, a year stands there twice or without a source, a day lies in
    /// another year or twice in it, or a make-up workday is no weekend day.
    pub fn load(text: &str) -> Result<Self, CalendarError> {
        let table: Table =
            toml::from_str(text).map_err(|error| CalendarError::Syntax(error.to_string()))?;
        let mut years = BTreeMap::new();
        for row in table.year {
            let year = row.year;
            let wrong = |message: String| CalendarError::Year { year, message };
            let days = read(&row).map_err(wrong)?;
            if years.insert(i64::from(year), days).is_some() {
                return Err(wrong("stands there twice; keep one".into()));
            }
        }
        Ok(Self { years })
    }
}

fn read(row: &Row) -> Result<Year, String> {
    if row.source.trim().is_empty() {
        return Err("has no source; name the notice it was published in".into());
    }
    if row.published.year() > row.year {
        return Err(format!(
            "published on `{}`, after the year; write the date of the notice",
            row.published
        ));
    }
    let mut seen = BTreeSet::new();
    for date in row.days_off.iter().chain(&row.make_up_workdays) {
        if date.year() != row.year {
            return Err(format!("`{date}` lies in another year; move it there"));
        }
        if !seen.insert(*date) {
            return Err(format!("`{date}` stands there twice; keep one"));
        }
    }
    if let Some(date) = row.make_up_workdays.iter().find(|date| !is_weekend(**date)) {
        return Err(format!(
            "`{date}` is a weekday and needs no make-up; take it out"
        ));
    }
    let first = Date::new(row.year, 1, 1).map_err(|error| error.to_string())?;
    let epoch = jiff::civil::date(1970, 1, 1);
    let since = epoch.until(first).map_err(|error| error.to_string())?;
    let working = first
        .series(jiff::Span::new().days(1))
        .take_while(|date| date.year() == row.year)
        .map(|date| {
            let usual = !is_weekend(date) && !row.days_off.contains(&date);
            usual || row.make_up_workdays.contains(&date)
        })
        .collect();
    Ok(Year {
        first: i64::from(since.get_days()),
        working,
    })
}

fn is_weekend(date: Date) -> bool {
    matches!(date.weekday(), Weekday::Saturday | Weekday::Sunday)
}
