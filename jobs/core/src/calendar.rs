//! Working time: which days people work, at which hours, and how deadlines are counted in them.
//!
//! A [`Calendar`] knows the working days of some years from a dated table; [`OfficeHours`] say when
//! people work on such a day. Both are in the time of China, UTC+8 all year. Two rules hold
//! everywhere:
//! * a day of a year that is not in the table is an [`UnknownYear`], never "weekdays as usual";
//! * an hour's end belongs to it: what is due after the last minute of a day is due at closing time,
//!   not at the next opening.
//!
//! So [`Calendar::add`] grows with both arguments, `add(a + b)` is `add(a)` and then `add(b)`, its
//! result always lies within the hours, and [`Calendar::between`] gives the minutes back.
//!
//! To add a year, add it to `calendar/cn.toml`, which is compiled in.

mod hours;
mod table;

use std::{collections::BTreeMap, sync::LazyLock, time::Duration};

use crate::Timestamp;

pub use hours::{HoursError, OfficeHours};
pub use table::CalendarError;

const MINUTE: i64 = 60_000_000;
const DAY: i64 = 24 * 60 * MINUTE;
/// China keeps UTC+8 all year.
const OFFSET: i64 = 8 * 60 * MINUTE;

/// A time of which the working days are not known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "the working days of `{year}` are not known; add the year to `calendar/cn.toml` from the notice of the State Council"
)]
pub struct UnknownYear {
    /// The year, in the time of China.
    pub year: i64,
}

/// Working days of the years that are known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Calendar {
    years: BTreeMap<i64, Year>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Year {
    /// Its 1 January, in days since 1970-01-01.
    first: i64,
    /// Whether each of its days is a working day.
    working: Vec<bool>,
}

impl Calendar {
    /// The calendar of China that is compiled in.
    pub fn china() -> &'static Self {
        static CHINA: LazyLock<Calendar> = LazyLock::new(|| {
            #[expect(clippy::expect_used, reason = "compiled in, and a test reads it")]
            Calendar::load(include_str!("../calendar/cn.toml")).expect("calendar/cn.toml is right")
        });
        &CHINA
    }

    /// Whether people work on the day of `at`.
    ///
    /// # Errors
    /// [`UnknownYear`] when the year is not in the table.
    pub fn is_working_day(&self, at: Timestamp) -> Result<bool, UnknownYear> {
        self.works_on(day_of(at))
    }

    /// When `minutes` of working time have passed since `from`; with none, `from` itself or the next
    /// opening.
    ///
    /// # Errors
    /// [`UnknownYear`] when the way there leads through a year that is not in the table.
    pub fn add(
        &self,
        from: Timestamp,
        minutes: u32,
        hours: &OfficeHours,
    ) -> Result<Timestamp, UnknownYear> {
        let mut left = i64::from(minutes) * MINUTE;
        let mut day = day_of(from);
        loop {
            if self.works_on(day)? {
                let midnight = day * DAY - OFFSET;
                for (start, end) in hours.spans() {
                    let (start, end) = ((midnight + start).max(from.0), midnight + end);
                    // Closing time counts as within the hours.
                    if start > end {
                        continue;
                    }
                    if left <= end - start {
                        return Ok(Timestamp(start + left));
                    }
                    left -= end - start;
                }
            }
            day += 1;
        }
    }

    /// The working time from `from` to `to`; none when `to` is not later.
    ///
    /// # Errors
    /// [`UnknownYear`] when the span touches a year that is not in the table.
    pub fn between(
        &self,
        from: Timestamp,
        to: Timestamp,
        hours: &OfficeHours,
    ) -> Result<Duration, UnknownYear> {
        let mut micros = 0_i64;
        for day in day_of(from)..=day_of(to) {
            if !self.works_on(day)? {
                continue;
            }
            let midnight = day * DAY - OFFSET;
            for (start, end) in hours.spans() {
                let (start, end) = (midnight + start, midnight + end);
                micros += (end.min(to.0) - start.max(from.0)).max(0);
            }
        }
        Ok(Duration::from_micros(u64::try_from(micros).unwrap_or(0)))
    }

    fn works_on(&self, day: i64) -> Result<bool, UnknownYear> {
        let year = year_of(day);
        let known = self.years.get(&year);
        let works = known.and_then(|known| {
            let index = usize::try_from(day - known.first).ok()?;
            known.working.get(index).copied()
        });
        works.ok_or(UnknownYear { year })
    }
}

/// The day of `at` in China, in days since 1970-01-01.
fn day_of(at: Timestamp) -> i64 {
    at.0.saturating_add(OFFSET).div_euclid(DAY)
}

/// The Gregorian year of a day. Plain arithmetic, as a broken clock may show any year at all; years
/// begin in March here, so that the leap day is their last.
fn year_of(day: i64) -> i64 {
    let shifted = day + 719_468;
    let era = shifted.div_euclid(146_097);
    let of_era = shifted.rem_euclid(146_097);
    let year = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    // January and February belong to the next.
    era * 400 + year + i64::from(of_year >= 306)
}

#[cfg(test)]
mod tests;
