//! Known days, every refusal, and the laws of the arithmetic.

use jiff::tz::{Offset, TimeZone};
use proptest::prelude::*;

use super::*;

/// A time in China, `2026-02-14T17:30`.
fn at(text: &str) -> Timestamp {
    let civil: jiff::civil::DateTime = text.parse().unwrap();
    let zone = TimeZone::fixed(Offset::constant(8));
    Timestamp(zone.to_timestamp(civil).unwrap().as_microsecond())
}

fn add(from: &str, minutes: u32) -> Result<Timestamp, UnknownYear> {
    Calendar::china().add(at(from), minutes, &OfficeHours::default())
}

fn works(day: &str) -> bool {
    let noon = at(&format!("{day}T12:00"));
    Calendar::china().is_working_day(noon).unwrap()
}

#[test]
fn known_days_are_worked_or_off() {
    // Spring Festival 2026: the Saturdays before and after are made up for.
    assert!(works("2026-02-13") && works("2026-02-14"));
    assert!((15..=23).all(|day| !works(&format!("2026-02-{day}"))));
    assert!(works("2026-02-24") && works("2026-02-28"));
    // The National Day.
    assert!(works("2026-09-30") && !works("2026-10-01") && works("2026-10-10"));
    // An ordinary week.
    assert!(works("2026-03-13") && !works("2026-03-14") && !works("2026-03-15"));
    // The ends of a leap year.
    assert!(!works("2024-01-01") && works("2024-02-29") && works("2024-12-31"));
}

#[test]
fn a_day_begins_at_midnight_in_china() {
    let works = |text| Calendar::china().is_working_day(at(text)).unwrap();
    assert!(works("2026-02-14T23:59:59.999999"));
    assert!(!works("2026-02-15T00:00"));
}

#[test]
fn deadlines_skip_the_lunch_the_night_and_the_holidays() {
    assert_eq!(add("2026-03-12T11:30", 30), Ok(at("2026-03-12T12:00")));
    assert_eq!(add("2026-03-12T11:30", 31), Ok(at("2026-03-12T13:31")));
    assert_eq!(add("2026-03-12T17:00", 60), Ok(at("2026-03-12T18:00")));
    assert_eq!(add("2026-03-13T17:00", 61), Ok(at("2026-03-16T09:01")));
    // From the made-up Saturday over nine days off.
    assert_eq!(add("2026-02-14T17:30", 60), Ok(at("2026-02-24T09:30")));
    assert_eq!(add("2026-02-20T03:00", 0), Ok(at("2026-02-24T09:00")));
    assert_eq!(add("2026-03-12T12:30", 0), Ok(at("2026-03-12T13:30")));
    assert_eq!(add("2026-03-12T18:00", 0), Ok(at("2026-03-12T18:00")));
}

#[test]
fn a_year_that_is_not_published_is_named() {
    assert_eq!(add("2026-12-31T17:00", 60), Ok(at("2026-12-31T18:00")));
    let unknown = add("2026-12-31T17:00", 61).unwrap_err();
    assert_eq!(unknown, UnknownYear { year: 2027 });
    assert_eq!(
        unknown.to_string(),
        "the working days of `2027` are not known; add the year to `calendar/cn.toml` from the notice of the State Council"
    );
    let (hours, old) = (OfficeHours::default(), at("2023-12-31T12:00"));
    assert_eq!(add("2023-12-31T12:00", 0), Err(UnknownYear { year: 2023 }));
    let over = Calendar::china().between(old, at("2024-01-02T12:00"), &hours);
    assert_eq!(over, Err(UnknownYear { year: 2023 }));
    assert!(Calendar::china().is_working_day(old).is_err());
}

#[test]
fn a_broken_clock_is_an_error_whatever_it_shows() {
    let hours = OfficeHours::default();
    for clock in [i64::MIN, i64::MIN + 1, -1, 0, i64::MAX - 1, i64::MAX] {
        let clock = Timestamp(clock);
        assert!(Calendar::china().add(clock, 1, &hours).is_err());
        assert!(Calendar::china().is_working_day(clock).is_err());
    }
    assert!(add("2026-03-12T09:00", u32::MAX).is_err());
    let far = Calendar::china().between(at("2026-03-12T09:00"), Timestamp(i64::MAX), &hours);
    assert_eq!(far, Err(UnknownYear { year: 2027 }));
}

#[test]
fn a_table_that_contradicts_itself_is_refused() {
    let load = |off: &str, made_up: &str| {
        let text = format!(
            "[[year]]\nyear = 2026\nsource = \"n\"\npublished = \"2025-11-04\"\n\
             days_off = [{off}]\nmake_up_workdays = [{made_up}]\n"
        );
        Calendar::load(&text).map_err(|error| error.to_string())
    };
    assert!(load("\"2026-01-01\"", "\"2026-01-04\"").is_ok());
    for (off, made_up, says) in [
        ("\"2025-01-01\"", "", "`2025-01-01` lies in another year"),
        (
            "\"2026-01-01\", \"2026-01-01\"",
            "",
            "`2026-01-01` stands there twice",
        ),
        (
            "\"2026-01-04\"",
            "\"2026-01-04\"",
            "`2026-01-04` stands there twice",
        ),
        ("", "\"2026-01-05\"", "`2026-01-05` is a weekday"),
        ("\"2026-13-01\"", "", "no table of working days"),
    ] {
        let error = load(off, made_up).unwrap_err();
        assert!(error.contains(says), "{error}");
    }
    let china = include_str!("../../calendar/cn.toml");
    let twice = format!("{china}{}", &china[china.find("[[year]]").unwrap()..]);
    assert!(
        Calendar::load(&twice)
            .unwrap_err()
            .to_string()
            .contains("twice")
    );
    let nameless = china.replace("国务院办公厅关于2026年部分节假日安排的通知", " ");
    assert!(
        Calendar::load(&nameless)
            .unwrap_err()
            .to_string()
            .contains("no source")
    );
    let late = china.replace("2025-11-04", "2027-11-04");
    assert!(
        Calendar::load(&late)
            .unwrap_err()
            .to_string()
            .contains("after the year")
    );
}

/// Any microsecond of the known years that leaves room for the additions below.
fn moments() -> impl Strategy<Value = Timestamp> {
    (at("2024-01-01T00:00").0..at("2026-06-30T00:00").0).prop_map(Timestamp)
}

fn hours() -> impl Strategy<Value = OfficeHours> {
    let own = prop::collection::btree_set(0_u16..=1_440, 2..8).prop_map(|minutes| {
        let minutes: Vec<u16> = minutes.into_iter().collect();
        let text = |m: u16| format!("{:02}:{:02}", m / 60, m % 60);
        let spans = minutes.chunks_exact(2);
        let spans: Vec<String> = spans
            .map(|span| format!("{}-{}", text(span[0]), text(span[1])))
            .collect();
        spans.join(" ").parse().unwrap()
    });
    prop_oneof![Just(OfficeHours::default()), own]
}

proptest! {
    #[test]
    fn adding_is_monotone(a in moments(), b in moments(), m in 0_u32..5_000, n in 0_u32..5_000) {
        let (hours, china) = (OfficeHours::default(), Calendar::china());
        let (a, b) = (a.min(b), a.max(b));
        let (m, n) = (m.min(n), m.max(n));
        let early = china.add(a, m, &hours).unwrap();
        prop_assert!(a <= early);
        prop_assert!(early <= china.add(b, m, &hours).unwrap());
        prop_assert!(early <= china.add(a, n, &hours).unwrap());
    }

    #[test]
    fn adding_is_additive(from in moments(), days in 0_u32..20, m in 0_u32..2_000, hours in hours()) {
        let (china, n) = (Calendar::china(), days * hours.minutes_a_day());
        let once = china.add(from, m % 500 + n, &hours);
        let twice = china.add(from, m % 500, &hours).and_then(|at| china.add(at, n, &hours));
        prop_assert_eq!(once, twice);
    }

    #[test]
    fn a_deadline_lies_within_the_hours(from in moments(), m in 0_u32..400, hours in hours()) {
        let china = Calendar::china();
        // So short hours that the year does not suffice are an error.
        if let Ok(due) = china.add(from, m, &hours) {
            prop_assert!(china.is_working_day(due).unwrap());
            let midnight = (due.0 + OFFSET).rem_euclid(DAY);
            prop_assert!(hours.spans().any(|(start, end)| (start..=end).contains(&midnight)));
        }
    }

    #[test]
    fn between_inverts_adding(from in moments(), m in 0_u32..5_000) {
        let (hours, china) = (OfficeHours::default(), Calendar::china());
        let due = china.add(from, m, &hours).unwrap();
        let time = china.between(from, due, &hours).unwrap();
        prop_assert_eq!(time, Duration::from_secs(u64::from(m) * 60));
        if from < due {
            prop_assert_eq!(china.between(due, from, &hours), Ok(Duration::ZERO));
        }
    }

    #[test]
    fn the_year_is_that_of_the_calendar(day in -300_000_i32..2_900_000) {
        let date = jiff::civil::date(1970, 1, 1).checked_add(jiff::Span::new().days(day)).unwrap();
        prop_assert_eq!(year_of(i64::from(day)), i64::from(date.year()));
    }
}
