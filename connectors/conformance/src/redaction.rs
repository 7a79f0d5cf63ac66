//! What a cassette may hold of what went over the wire.
//!
//! * A secret becomes the word [`REDACTED`], also where it is escaped.
//! * A run of letters and digits with seven digits or more may name a person, an account or a company: its digits
//!   become those of a running number, the same for the same run throughout a cassette, so that questions and answers
//!   still fit. What the clock says (a day, a time of day, milli- or microseconds since 1970) stays.
//! * Names cannot be told from other words and stay: a cassette is recorded from a system for tests.
//!
//! It works on bytes, so that it does not matter what charset they are in.

use std::collections::HashMap;

use serde_json::Value;

/// Stands for each secret.
pub const REDACTED: &str = "redacted";

/// As in [`clerkwork_connectors_api::redact`].
const TELLING_DIGITS: usize = 7;

/// Fields of JSON that hold a secret which the upstream has made.
const TOKENS: [&str; 3] = ["access_token", "refresh_token", "id_token"];

/// Replaces, and remembers by what.
#[derive(Debug, Default)]
pub(crate) struct Redactor {
    secrets: Vec<Vec<u8>>,
    known: HashMap<Vec<u8>, Vec<u8>>,
}

impl Redactor {
    pub(crate) fn new(secrets: &[String]) -> Self {
        let forms = |secret: &String| {
            let json = Value::from(secret.as_str()).to_string();
            let form: String = form_urlencoded::byte_serialize(secret.as_bytes()).collect();
            let json = json.trim_matches('"').to_owned();
            [secret.clone(), form, json]
        };
        let mut secrets: Vec<_> = secrets
            .iter()
            .filter(|secret| !secret.is_empty())
            .flat_map(forms)
            .map(String::into_bytes)
            .collect();
        // One may be a part of another.
        secrets.sort_by_key(|secret| std::cmp::Reverse(secret.len()));
        secrets.dedup();
        Self {
            secrets,
            known: HashMap::new(),
        }
    }

    pub(crate) fn text(&mut self, text: &str) -> String {
        String::from_utf8_lossy(&self.bytes(text.as_bytes())).into_owned()
    }

    pub(crate) fn json(&mut self, value: &Value) -> Value {
        match value {
            Value::String(text) => self.text(text).into(),
            Value::Number(number) => {
                let text = self.text(&number.to_string());
                serde_json::from_str(&text).unwrap_or(Value::Null)
            }
            Value::Array(all) => all.iter().map(|one| self.json(one)).collect(),
            Value::Object(fields) => {
                let one = |(name, value): (&String, &Value)| (name.clone(), self.json(value));
                fields.iter().map(one).collect()
            }
            Value::Null | Value::Bool(_) => value.clone(),
        }
    }

    /// A body, or anything else that went over the wire.
    pub(crate) fn bytes(&mut self, bytes: &[u8]) -> Vec<u8> {
        let mut bytes = bytes.to_vec();
        for token in tokens(&bytes) {
            bytes = crate::bytes::replace(&bytes, token.as_bytes(), REDACTED.as_bytes());
        }
        for secret in &self.secrets {
            bytes = crate::bytes::replace(&bytes, secret, REDACTED.as_bytes());
        }
        self.numbers(&bytes)
    }

    /// An address: no credential stands in it, but a word of it may be somebody's name as well.
    pub(crate) fn address(&mut self, address: &str) -> String {
        String::from_utf8_lossy(&self.numbers(address.as_bytes())).into_owned()
    }

    fn numbers(&mut self, bytes: &[u8]) -> Vec<u8> {
        let mut out = Vec::with_capacity(bytes.len());
        let mut rest = bytes;
        while let Some(first) = rest.first() {
            let length = match first {
                first if first.is_ascii_alphanumeric() => {
                    let run = rest.iter().take_while(|c| c.is_ascii_alphanumeric());
                    run.count()
                }
                // What is escaped is no part of a run.
                b'%' if is_hex(rest.get(1..3)) => 3,
                b'\\' if rest.get(1) == Some(&b'u') && is_hex(rest.get(2..6)) => 6,
                _ => 1,
            };
            let (run, after) = rest.split_at(length);
            match first.is_ascii_alphanumeric() && names_something(run) {
                true => out.extend_from_slice(&self.number_for(run)),
                false => out.extend_from_slice(run),
            }
            rest = after;
        }
        out
    }

    fn number_for(&mut self, run: &[u8]) -> Vec<u8> {
        if let Some(known) = self.known.get(run) {
            return known.clone();
        }
        let digits = run.iter().filter(|c| c.is_ascii_digit()).count();
        let number = format!("9{:0>width$}", self.known.len() + 1, width = digits - 1);
        let mut number = number.bytes();
        let replaced: Vec<u8> = run
            .iter()
            .map(|c| match c.is_ascii_digit() {
                true => number.next().unwrap_or(b'9'),
                false => *c,
            })
            .collect();
        self.known.insert(run.to_vec(), replaced.clone());
        replaced
    }
}

fn is_hex(bytes: Option<&[u8]>) -> bool {
    bytes.is_some_and(|bytes| bytes.iter().all(u8::is_ascii_hexdigit))
}

fn names_something(run: &[u8]) -> bool {
    let digits = run.iter().filter(|c| c.is_ascii_digit()).count();
    digits >= TELLING_DIGITS && !(digits == run.len() && tells_the_time(run))
}

/// `20260301`, `20260301093000`, or milli- or microseconds since 1970 between 2020 and 2033.
fn tells_the_time(digits: &[u8]) -> bool {
    let number = |from: usize, to: usize| {
        let part = digits.get(from..to)?;
        std::str::from_utf8(part).ok()?.parse::<u32>().ok()
    };
    match digits.len() {
        8 | 14 => {
            number(0, 4).is_some_and(|year| (1990..=2060).contains(&year))
                && number(4, 6).is_some_and(|month| (1..=12).contains(&month))
                && number(6, 8).is_some_and(|day| (1..=31).contains(&day))
        }
        13 | 16 => number(0, 2).is_some_and(|first| (16..=19).contains(&first)),
        _ => false,
    }
}

/// Secrets that the upstream has made, in an answer of JSON.
fn tokens(body: &[u8]) -> Vec<String> {
    let Ok(Value::Object(fields)) = serde_json::from_slice(body) else {
        return Vec::new();
    };
    let token = |name: &&str| fields.get(*name)?.as_str().map(str::to_owned);
    TOKENS.iter().filter_map(token).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn redacted(text: &str) -> String {
        Redactor::new(&["geheim&1".into()]).text(text)
    }

    #[test]
    fn numbers_that_name_somebody_become_others_and_the_same_the_same() {
        assert_eq!(
            redacted("税号91350211M000100Y43 电话13800001234，税号91350211M000100Y43"),
            "税号90000000M000000Y01 电话90000000002，税号90000000M000000Y01"
        );
        assert_eq!(
            redacted("%8E13800001234 \\u4e2d13800001234"),
            "%8E90000000001 \\u4e2d90000000001"
        );
    }

    #[test]
    fn codes_amounts_and_times_stay() {
        let text =
            "31022 2026-03-01 20260301 20260301093000 1772352000000 1772352000000000 123456.78";
        assert_eq!(redacted(text), text);
        assert_ne!(redacted("20269901"), "20269901");
    }

    #[test]
    fn secrets_are_gone_however_they_are_written() {
        for text in ["p=geheim&1", "p=geheim%261", "{\"p\":\"geheim&1\"}"] {
            let shown = redacted(text);
            assert!(
                shown.contains(REDACTED) && !shown.contains("geheim"),
                "{shown}"
            );
        }
        let body = r#"{"access_token":"abc","expires_in":60}"#;
        assert_eq!(
            redacted(body),
            r#"{"access_token":"redacted","expires_in":60}"#
        );
    }
}
