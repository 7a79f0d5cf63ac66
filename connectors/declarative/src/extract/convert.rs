//! Words of an upstream as values of the output.

use clerkwork_core::Cents;
use jiff::civil::Date;
use serde_json::Value;

/// What a word is read as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Convert {
    /// Numbers and truth values as text.
    Text,
    /// A decimal text as integer cents; `¥` and commas between thousands go.
    Cents,
    /// A decimal number as text, likewise.
    Decimal,
    /// A whole number.
    Integer,
    /// `true` or `false`.
    Boolean,
    /// A day, written in one of the usual ways, as `2026-03-01`.
    Date,
    /// Seconds since 1970 UTC, as microseconds.
    Seconds,
    /// Milliseconds since 1970 UTC, as microseconds.
    Milliseconds,
}

impl Convert {
    /// All of them, by their names in a file.
    pub(crate) const ALL: [(&'static str, Self); 8] = [
        ("text", Self::Text),
        ("cents", Self::Cents),
        ("decimal", Self::Decimal),
        ("integer", Self::Integer),
        ("boolean", Self::Boolean),
        ("date", Self::Date),
        ("seconds", Self::Seconds),
        ("milliseconds", Self::Milliseconds),
    ];

    /// Reads a value.
    ///
    /// # Errors
    /// What was wanted.
    pub(crate) fn apply(self, value: &Value) -> Result<Value, &'static str> {
        let word = || word_of(value);
        let whole = || word().and_then(|word| word.trim().parse::<i64>().ok());
        let micros = |factor: i64| whole().and_then(|number| number.checked_mul(factor));
        match self {
            Self::Text => word().map(Value::from).ok_or("text"),
            Self::Cents => word()
                .and_then(|word| amount(&word)?.parse::<Cents>().ok())
                .map(|cents| Value::from(cents.0))
                .ok_or("amount with at most two decimals"),
            Self::Decimal => word()
                .and_then(|word| amount(&word))
                .map(Value::from)
                .ok_or("decimal number"),
            Self::Integer => whole().map(Value::from).ok_or("whole number"),
            Self::Boolean => match word().as_deref() {
                Some("true") => Ok(true.into()),
                Some("false") => Ok(false.into()),
                _ => Err("`true` or `false`; say what its words mean in a `map`"),
            },
            Self::Date => word()
                .and_then(|word| day(&word))
                .map(|day| day.to_string().into())
                .ok_or("day"),
            Self::Seconds => micros(1_000_000).map(Value::from).ok_or("time in seconds"),
            Self::Milliseconds => micros(1_000).map(Value::from).ok_or("time in milliseconds"),
        }
    }
}

/// A value as a word; nothing of lists, records and null.
pub(crate) fn word_of(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(value) => Some(value.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

/// `-1234.50` of `¥-1,234.50`.
fn amount(text: &str) -> Option<String> {
    let text = text.trim().trim_start_matches(['¥', '￥']).trim_start();
    let (sign, digits) = match text.strip_prefix('-') {
        Some(digits) => ("-", digits.trim_start_matches(['¥', '￥'])),
        None => ("", text),
    };
    let (whole, rest) = match digits.split_once('.') {
        Some((whole, rest)) => (whole, Some(rest)),
        None => (digits, None),
    };
    let plain = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    let mut groups = whole.split(',');
    let first = groups.next()?;
    let mut joined = first.to_owned();
    for group in groups {
        // Only where thousands end, or `1,5` would be fifteen.
        if group.len() != 3 || first.len() > 3 {
            return None;
        }
        joined.push_str(group);
    }
    match rest {
        _ if !plain(&joined) => None,
        Some(rest) => plain(rest).then(|| format!("{sign}{joined}.{rest}")),
        None => Some(format!("{sign}{joined}")),
    }
}

/// `2026-03-01`, `2026/3/1`, `2026.3.1`, `2026年3月1日` or `20260301`; a time after it is left out.
fn day(text: &str) -> Option<Date> {
    let text = text.trim();
    let day = text.split(['T', ' ']).next()?;
    if day.len() == 8 && day.bytes().all(|b| b.is_ascii_digit()) {
        return Date::strptime("%Y%m%d", day).ok();
    }
    let day = day.trim_end_matches('日');
    let mut parts = day.split(['-', '/', '.', '年', '月']);
    let mut number = |digits: std::ops::RangeInclusive<usize>| {
        let part = parts.next()?;
        let plain = digits.contains(&part.len()) && part.bytes().all(|b| b.is_ascii_digit());
        plain.then(|| part.parse::<i16>().ok()).flatten()
    };
    let (year, month, day) = (number(4..=4)?, number(1..=2)?, number(1..=2)?);
    match parts.next() {
        Some(_) => None,
        None => Date::new(year, month.try_into().ok()?, day.try_into().ok()?).ok(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn words_become_values_or_are_refused() {
        let ok = |convert: Convert, value: Value| convert.apply(&value).unwrap();
        assert_eq!(ok(Convert::Cents, json!("¥1,234.5")), json!(123_450));
        assert_eq!(ok(Convert::Cents, json!(-3)), json!(-300));
        assert_eq!(
            ok(Convert::Decimal, json!("￥-1,234,567.0150")),
            json!("-1234567.0150")
        );
        assert_eq!(ok(Convert::Decimal, json!(0.03)), json!("0.03"));
        assert_eq!(ok(Convert::Integer, json!(" 42 ")), json!(42));
        assert_eq!(ok(Convert::Text, json!(7)), json!("7"));
        assert_eq!(ok(Convert::Boolean, json!(true)), json!(true));
        assert_eq!(
            ok(Convert::Milliseconds, json!(1_772_352_000_123_i64)),
            json!(1_772_352_000_123_000_i64)
        );
        for day in [
            "2026-03-01",
            "2026/3/1",
            "2026.03.01",
            "2026年3月1日",
            "20260301",
            "2026-03-01 08:00:00",
            "2026-03-01T08:00Z",
        ] {
            assert_eq!(ok(Convert::Date, json!(day)), json!("2026-03-01"), "{day}");
        }
        for (convert, wrong) in [
            (Convert::Cents, "1.234"),
            (Convert::Cents, "1,5"),
            (Convert::Decimal, "1e3"),
            (Convert::Decimal, "1,23,456"),
            (Convert::Decimal, ""),
            (Convert::Decimal, "."),
            (Convert::Integer, "1.0"),
            (Convert::Boolean, "Y"),
            (Convert::Date, "01.03.2026"),
            (Convert::Date, "2026-02-30"),
            (Convert::Date, "2026-3-1-4"),
            (Convert::Seconds, "now"),
            (Convert::Seconds, "9223372036854775807"),
        ] {
            assert!(convert.apply(&json!(wrong)).is_err(), "{convert:?} {wrong}");
        }
        assert!(Convert::Text.apply(&json!(["a"])).is_err());
    }
}
