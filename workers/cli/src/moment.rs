//! Times at the edge: what users write, and what they read in their own zone.

use std::time::Duration;

use clerkwork_core::Timestamp;
use jiff::{SignedDuration, civil, tz::TimeZone};

use crate::failure::Failure;

/// Reads a time in the past: a span such as `2h` or `7d` before `now`, or a time.
pub fn past(text: &str, now: Timestamp) -> Result<Timestamp, Failure> {
    match span(text) {
        Some(span) => Ok(now.before(span)),
        None => absolute(text, "2h"),
    }
}

/// Reads a time to come: a span such as `2h` or `7d` after `now`, or a time.
pub fn to_come(text: &str, now: Timestamp) -> Result<Timestamp, Failure> {
    match span(text) {
        Some(span) => Ok(now.after(span)),
        None => absolute(text, "2h"),
    }
}

/// Reads a deadline, which must lie ahead: one in the past is a slip, and would put the item before
/// everything else.
pub fn deadline(text: &str, now: Timestamp) -> Result<Timestamp, Failure> {
    let time = to_come(text, now)?;
    if time > now {
        return Ok(time);
    }
    Err(Failure::usage(format!(
        "the deadline `{text}` is not ahead, it is {} now; give a later one, or leave it out",
        show(now)
    )))
}

fn span(text: &str) -> Option<Duration> {
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let count: u64 = digits.parse().ok()?;
    let seconds = match text.get(digits.len()..)? {
        "s" => 1,
        "m" => 60,
        "h" => 3_600,
        "d" => 86_400,
        _ => return None,
    };
    count.checked_mul(seconds).map(Duration::from_secs)
}

fn absolute(text: &str, example: &str) -> Result<Timestamp, Failure> {
    if let Ok(time) = text.parse::<jiff::Timestamp>() {
        return Ok(Timestamp(time.as_microsecond()));
    }
    let local = |date: civil::DateTime| {
        let zoned = date.to_zoned(TimeZone::system()).ok()?;
        Some(Timestamp(zoned.timestamp().as_microsecond()))
    };
    let date = text.parse::<civil::DateTime>().ok().and_then(local);
    date.ok_or_else(|| {
        Failure::usage(format!(
            "`{text}` is not a time; write a span such as `{example}`, a date such as \
             `2026-03-01`, or a time such as `2026-03-01T08:00:00+08:00`"
        ))
    })
}

/// A time in the zone of this machine, with the zone's offset, to the second.
pub fn show(time: Timestamp) -> String {
    match jiff::Timestamp::from_microsecond(time.0) {
        Ok(time) => time
            .to_zoned(TimeZone::system())
            .strftime("%Y-%m-%d %H:%M:%S%:z")
            .to_string(),
        Err(_) => time.to_string(),
    }
}

/// A length of time in at most two units, for example `2 h 5 min`.
pub fn show_span(span: Duration) -> String {
    let seconds = SignedDuration::try_from(span).map_or(i64::MAX, |span| span.as_secs());
    match seconds {
        0 => format!("{} ms", span.as_millis()),
        1..60 => format!("{:.1} s", span.as_secs_f64()),
        60..3_600 => format!("{} min {} s", seconds / 60, seconds % 60),
        3_600..86_400 => format!("{} h {} min", seconds / 3_600, seconds % 3_600 / 60),
        _ => format!("{} d {} h", seconds / 86_400, seconds % 86_400 / 3_600),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp(1_772_352_000_000_000);

    #[test]
    fn spans_dates_and_times_are_read_and_words_refused() {
        assert_eq!(past("2h", NOW).unwrap(), Timestamp(NOW.0 - 7_200_000_000));
        assert_eq!(
            to_come("1d", NOW).unwrap(),
            Timestamp(NOW.0 + 86_400_000_000)
        );
        let exact = past("2026-03-01T16:00:00+08:00", Timestamp(0)).unwrap();
        assert_eq!(exact, NOW);
        assert!(past("2026-03-01", NOW).is_ok());
        for bad in ["yesterday", "2x", "", "99999999999999999999d", "2026-13-01"] {
            assert!(past(bad, NOW).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_deadline_lies_ahead() {
        assert!(deadline("2h", NOW).is_ok());
        assert!(deadline("2026-03-01T16:00:01+08:00", NOW).is_ok());
        for bad in ["0s", "2026-03-01T16:00:00+08:00", "2020-01-01"] {
            let refused = deadline(bad, NOW).unwrap_err();
            assert!(refused.message.contains("is not ahead"), "{bad}");
        }
    }

    #[test]
    fn spans_are_shown_in_two_units() {
        assert_eq!(show_span(Duration::from_millis(12)), "12 ms");
        assert_eq!(show_span(Duration::from_secs(7_500)), "2 h 5 min");
        assert_eq!(show_span(Duration::from_secs(90)), "1 min 30 s");
    }
}
