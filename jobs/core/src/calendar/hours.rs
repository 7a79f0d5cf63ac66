//! The hours of a working day.

use std::{fmt, str::FromStr};

use super::MINUTE;

const MINUTES_OF_DAY: u16 = 24 * 60;

/// When people work on a working day, for example `09:00-12:00 13:30-18:00`: one or more spans, in
/// order and apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OfficeHours {
    /// Start and end in minutes since midnight; start < end ≤ the next start.
    spans: Vec<(u16, u16)>,
}

/// Why a text gives no office hours.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum HoursError {
    /// Without hours no deadline would ever come.
    #[error("no office hours; write for example \"09:00-12:00 13:30-18:00\"")]
    None,
    /// A part is no span.
    #[error(
        "`{0}` is not a span of office hours; write for example \"09:00-12:00\", up to \"24:00\""
    )]
    Span(String),
    /// A part begins before the one before it ended.
    #[error("`{0}` begins before the span in front of it ends; write the spans in order and apart")]
    Order(String),
}

impl OfficeHours {
    /// Spans of a day, in microseconds since midnight.
    pub(super) fn spans(&self) -> impl Iterator<Item = (i64, i64)> {
        let micros = |minutes: u16| i64::from(minutes) * MINUTE;
        self.spans
            .iter()
            .map(move |(start, end)| (micros(*start), micros(*end)))
    }

    /// Working minutes of one day, at least one.
    pub fn minutes_a_day(&self) -> u32 {
        self.spans
            .iter()
            .map(|(start, end)| u32::from(end - start))
            .sum()
    }
}

impl Default for OfficeHours {
    /// 09:00–12:00 and 13:30–18:00.
    fn default() -> Self {
        Self {
            spans: vec![(9 * 60, 12 * 60), (13 * 60 + 30, 18 * 60)],
        }
    }
}

impl FromStr for OfficeHours {
    type Err = HoursError;

    fn from_str(text: &str) -> Result<Self, HoursError> {
        let mut spans: Vec<(u16, u16)> = Vec::new();
        for part in text.split_whitespace() {
            let (start, end) = span(part).ok_or_else(|| HoursError::Span(part.to_owned()))?;
            if spans.last().is_some_and(|(_, before)| start < *before) {
                return Err(HoursError::Order(part.to_owned()));
            }
            spans.push((start, end));
        }
        if spans.is_empty() {
            return Err(HoursError::None);
        }
        Ok(Self { spans })
    }
}

fn span(text: &str) -> Option<(u16, u16)> {
    let (start, end) = text.split_once('-')?;
    let (start, end) = (minute(start)?, minute(end)?);
    (start < end).then_some((start, end))
}

fn minute(text: &str) -> Option<u16> {
    let (hour, minute) = text.split_once(':')?;
    let two = |text: &str| {
        let digits = text.len() == 2 && text.bytes().all(|b| b.is_ascii_digit());
        digits.then(|| text.parse::<u16>().ok()).flatten()
    };
    let (hour, minute) = (two(hour)?, two(minute)?);
    let of_day = hour * 60 + minute;
    (minute < 60 && of_day <= MINUTES_OF_DAY).then_some(of_day)
}

impl fmt::Display for OfficeHours {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, (start, end)) in self.spans.iter().enumerate() {
            let gap = if i == 0 { "" } else { " " };
            let (sh, sm, eh, em) = (start / 60, start % 60, end / 60, end % 60);
            write!(f, "{gap}{sh:02}:{sm:02}-{eh:02}:{em:02}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hours_are_read_and_shown_alike() {
        let usual = OfficeHours::default();
        assert_eq!(usual.to_string(), "09:00-12:00 13:30-18:00");
        assert_eq!(usual.to_string().parse(), Ok(usual.clone()));
        assert_eq!(usual.minutes_a_day(), 450);
        assert_eq!(
            "00:00-24:00"
                .parse::<OfficeHours>()
                .unwrap()
                .minutes_a_day(),
            1_440
        );
    }

    #[test]
    fn what_is_no_hours_is_refused_with_the_part_that_is_wrong() {
        let read = |text: &str| text.parse::<OfficeHours>().unwrap_err();
        assert_eq!(read(" "), HoursError::None);
        for wrong in [
            "9-12",
            "9:00-12:00",
            "09:00",
            "12:00-09:00",
            "09:00-09:00",
            "09:60-12:00",
            "09:00-24:01",
            "+9:00-12:00",
            "09:00-12:00-13:00",
            "99:99-12:00",
        ] {
            assert_eq!(read(wrong), HoursError::Span(wrong.to_owned()));
        }
        assert_eq!(
            read("09:00-12:00 11:00-18:00"),
            HoursError::Order("11:00-18:00".into())
        );
    }
}
