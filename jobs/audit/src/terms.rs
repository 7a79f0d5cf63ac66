//! What an event can be found by, beside its columns: rules, policy, connector, operation, verdict, how it
//! went, and the words it says in the open. Personal data are no words: they are sealed.

use std::collections::BTreeSet;

use clerkwork_core::Digest;
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::schema::{Outcome, Role, schema};

/// Words of one event that are kept at most.
const WORDS: usize = 64;

/// One thing that an event can be found by.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Term {
    /// A rule that fired, by id.
    Rule(String),
    /// The version of the policy.
    Policy(String),
    /// The connector.
    Connector(String),
    /// The operation.
    Operation(String),
    /// The policy's verdict.
    Verdict(String),
    /// It went otherwise than it was meant to.
    Outcome(Outcome),
    /// A word, or two Chinese characters in a row.
    Word(String),
}

impl Term {
    /// What stands for the term in an index: 8 bytes of a hash. Two terms may share it, once in a very long
    /// while; whoever finds an event by it looks at the event as well.
    pub fn key(&self) -> i64 {
        let (name, value) = match self {
            Self::Rule(id) => ("rule", id.as_str()),
            Self::Policy(version) => ("policy", version.as_str()),
            Self::Connector(name) => ("connector", name.as_str()),
            Self::Operation(name) => ("operation", name.as_str()),
            Self::Verdict(verdict) => ("verdict", verdict.as_str()),
            Self::Outcome(outcome) => ("outcome", outcome.as_str()),
            Self::Word(word) => ("word", word.as_str()),
        };
        let digest = Digest::of(&[name.as_bytes(), b"/", value.as_bytes()]).0;
        let mut first = [0; 8];
        first.copy_from_slice(&digest[..8]);
        i64::from_be_bytes(first)
    }
}

/// The words of a text as they are looked for: letters and digits in lower case, Chinese in pairs.
pub fn words(text: &str) -> BTreeSet<String> {
    let mut words = BTreeSet::new();
    let mut word = String::new();
    let mut before: Option<char> = None;
    for c in text.chars().chain(std::iter::once(' ')) {
        let wide = matches!(c, '\u{3400}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{3ffff}');
        if c.is_alphanumeric() && !wide {
            word.extend(c.to_lowercase());
        } else if !word.is_empty() {
            let done = std::mem::take(&mut word);
            if done.chars().nth(1).is_some() {
                words.insert(done);
            }
        }
        if let (true, Some(first)) = (wide, before) {
            words.insert([first, c].iter().collect());
        }
        before = wide.then_some(c);
    }
    words
}

/// The part of an event's bytes that terms are in.
#[derive(Deserialize)]
struct Particulars {
    data: Map<String, Value>,
}

/// The type of an event, by its bytes: it stands near their end, and nothing else of theirs there can look
/// like it.
fn kind(bytes: &[u8]) -> Option<&str> {
    let end = bytes.strip_suffix(b"}")?;
    let at = end.iter().rposition(|byte| *byte == b',')?;
    let end = end.get(..at)?.strip_suffix(b"\"")?;
    let at = end.iter().rposition(|byte| *byte == b'"')?;
    str::from_utf8(end.get(at + 1..)?).ok()
}

/// Which job an event is about and its number there, by its bytes. Only the envelope has both names side by
/// side, so nothing an event says can look like it.
pub fn place_in_job(bytes: &[u8]) -> Option<(u128, u64)> {
    const BETWEEN: &[u8] = b"\",\"job_seq\":";
    let at = bytes
        .windows(BETWEEN.len())
        .rposition(|part| part == BETWEEN)?;
    let id = bytes.get(at.checked_sub(36)?..at)?;
    let job = uuid::Uuid::try_parse_ascii(id).ok()?;
    let digits = bytes.get(at + BETWEEN.len()..)?;
    let end = digits.iter().position(|byte| !byte.is_ascii_digit())?;
    let seq = str::from_utf8(digits.get(..end)?).ok()?.parse().ok()?;
    Some((job.as_u128(), seq))
}

/// What an event can be found by. Bytes that are no event of this schema are found by nothing.
pub fn terms(bytes: &[u8]) -> BTreeSet<Term> {
    let mut terms = BTreeSet::new();
    let Ok(schema) = schema() else {
        return terms;
    };
    let Some(of) = kind(bytes).and_then(|kind| schema.events.get(kind)) else {
        return terms;
    };
    if of.outcome != Outcome::Success {
        terms.insert(Term::Outcome(of.outcome));
    }
    let role = |name: &str| schema.fields.get(name).and_then(|field| field.search);
    if of.unsearched || !of.data().any(|(name, _)| role(name).is_some()) {
        return terms;
    }
    let Ok(Particulars { data }) = serde_json::from_slice(bytes) else {
        return terms;
    };
    let mut said = BTreeSet::new();
    for (name, value) in &data {
        match role(name) {
            Some(Role::Word) => said_in(value, &mut said),
            Some(role) => add(role, value, &mut terms),
            None => {}
        }
    }
    terms.extend(said.into_iter().take(WORDS).map(Term::Word));
    terms
}

fn add(role: Role, value: &Value, terms: &mut BTreeSet<Term>) {
    if let Value::Array(all) = value {
        all.iter().for_each(|value| add(role, value, terms));
    }
    let Some(text) = value.as_str() else {
        return;
    };
    let own = || text.to_owned();
    match role {
        Role::Rule => terms.insert(Term::Rule(own())),
        Role::Policy => terms.insert(Term::Policy(own())),
        Role::Connector => terms.insert(Term::Connector(own())),
        Role::Operation => terms.insert(Term::Operation(own())),
        Role::Verdict => terms.insert(Term::Verdict(own())),
        Role::Call => match text.split_once('.') {
            Some((connector, operation)) => {
                terms.insert(Term::Connector(connector.to_owned()));
                terms.insert(Term::Operation(operation.to_owned()))
            }
            None => terms.insert(Term::Connector(own())),
        },
        Role::Word => false,
    };
}

/// The words of all texts in a value.
fn said_in(value: &Value, said: &mut BTreeSet<String>) {
    match value {
        Value::String(text) => said.extend(words(text)),
        Value::Array(all) => all.iter().for_each(|value| said_in(value, said)),
        Value::Object(all) => all.values().for_each(|value| said_in(value, said)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn event(kind: &str, data: Value) -> Vec<u8> {
        let event = json!({"actor": {"kind": "robot", "name": "type\":\"x"}, "at": 1, "data": data,
            "id": "x", "office": "center", "type": kind, "v": 1});
        clerkwork_core::canonical::to_bytes(&event).unwrap()
    }

    #[test]
    fn an_event_is_found_by_what_it_says() {
        let data = json!({"verdict": "review", "rules": ["a.b", "a.c"], "policy": "p", "facts": "f",
            "findings": ["AIR-UPS-003"]});
        let found = terms(&event("job.decided", data));
        let word = |word: &str| Term::Word(word.into());
        let expected = [
            Term::Rule("a.b".into()),
            Term::Rule("a.c".into()),
            Term::Policy("p".into()),
            Term::Verdict("review".into()),
            word("003"),
            word("air"),
            word("ups"),
        ];
        assert_eq!(found, expected.into());
        let kept = terms(&event("evidence.kept", json!({"source": "etax.dossier"})));
        let expected = [
            Term::Connector("etax".into()),
            Term::Operation("dossier".into()),
        ];
        assert_eq!(kept, expected.into());
        let why = json!({"why": {"zh": "已制动", "en": "a Brake is on"}});
        let waiting = terms(&event("job.waiting", why));
        assert_eq!(
            waiting,
            ["brake", "is", "on", "已制", "制动"].map(word).into()
        );
    }

    #[test]
    fn only_what_went_wrong_is_found_by_how_it_went() {
        let failed = terms(&event("job.failed", json!({"error": "etax: 500"})));
        assert!(failed.contains(&Term::Outcome(Outcome::Failure)));
        assert!(failed.contains(&Term::Word("500".into())));
        assert_eq!(terms(&event("job.returned", json!({}))), BTreeSet::new());
        let read = json!({"rule": "a.b", "what": "audit search"});
        assert_eq!(terms(&event("audit.read", read)), BTreeSet::new());
    }

    #[test]
    fn the_number_within_the_job_is_read_from_the_bytes() {
        let id = "0190c8f0-0000-7000-8000-000000000002";
        let data = json!({"job": id, "text": format!("{id}\",\"job_seq\":7,")});
        let mut event: Value = serde_json::from_slice(&event("job.failed", data)).unwrap();
        let bytes = |event: &Value| clerkwork_core::canonical::to_bytes(event).unwrap();
        assert_eq!(place_in_job(&bytes(&event)), None);
        (event["job"], event["job_seq"]) = (id.into(), 42.into());
        let job = uuid::Uuid::parse_str(id).unwrap().as_u128();
        assert_eq!(place_in_job(&bytes(&event)), Some((job, 42)));
        assert_eq!(place_in_job(b""), None);
        assert_eq!(place_in_job(b"\",\"job_seq\":"), None);
    }

    #[test]
    fn what_is_no_event_is_found_by_nothing() {
        for bytes in [
            &b""[..],
            b"}",
            b"{}",
            b",\"\",}",
            b"{\"type\":\"job.failed\",\"v\":1}",
        ] {
            let found: Vec<_> = terms(bytes).into_iter().collect();
            assert!(found.is_empty() || found == [Term::Outcome(Outcome::Failure)]);
        }
    }

    proptest! {
        /// Whatever stretch of at least two characters of a text is looked for, its words are words of the
        /// text, but those at its cut ends.
        #[test]
        fn words_of_a_text_are_found_in_it(text in "[a-z税务局发票 0-9,。]{0,40}") {
            let all = words(&text);
            for part in text.split_whitespace() {
                for word in words(part) {
                    prop_assert!(all.contains(&word), "{word} of {part} in {all:?}");
                }
            }
        }

        #[test]
        fn no_bytes_are_too_odd(bytes in proptest::collection::vec(any::<u8>(), 0..64)) {
            terms(&bytes);
            place_in_job(&bytes);
        }
    }
}
