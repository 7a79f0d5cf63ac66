//! From a user's file to jobs that can be accepted: reading, size limits, and errors that name the
//! line.

use std::io::{self, BufRead, Read};

use clerkwork_core::{BatchId, KindName, Lane, Office, Timestamp, canonical};
use clerkwork_kinds::JobKind;
use clerkwork_ledger::NewJob;
use serde::Deserialize;
use serde_json::Value;

use crate::{failure::Failure, moment};

/// The largest payload, in bytes of its canonical form.
pub const MAX_PAYLOAD: usize = 1 << 20;

/// The longest line of a file of items: a payload with room for white space and for what stands
/// around it.
const MAX_LINE: usize = 2 * MAX_PAYLOAD;

/// The largest document that is not read line by line.
const MAX_DOCUMENT: usize = 64 << 20;

/// What an item gets unless its line says otherwise.
#[derive(Debug, Clone)]
pub struct Defaults {
    /// Whose work.
    pub office: Office,
    /// No item may be of an office outside this one.
    pub within: Office,
    /// Its lane.
    pub lane: Lane,
    /// When it should be done.
    pub deadline: Option<Timestamp>,
    /// Not before.
    pub run_at: Option<Timestamp>,
    /// Its batch.
    pub batch: Option<BatchId>,
    /// Who submits it.
    pub submitter: String,
    /// The reference of an item that has none of its own.
    pub reference: Option<String>,
    /// The present time, for spans such as `2h`.
    pub now: Timestamp,
}

/// An item with what belongs to it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Wrapped {
    reference: String,
    payload: Value,
    lane: Option<String>,
    deadline: Option<String>,
    run_at: Option<String>,
    office: Option<String>,
}

/// Makes a job of one JSON value: a payload, or `{reference, payload, …}`.
pub fn job(kind: &dyn JobKind, value: Value, defaults: &Defaults) -> Result<NewJob, String> {
    if !value.is_object() {
        return Err("an item must be a JSON object".into());
    }
    let wrapped = if value.get("payload").is_some() {
        serde_json::from_value::<Wrapped>(value).map_err(|error| error.to_string())?
    } else {
        let reference = defaults.reference.clone().ok_or(
            "the item has no reference; give one with `--reference`, or write \
             {\"reference\": …, \"payload\": …}",
        )?;
        Wrapped {
            reference,
            payload: value,
            lane: None,
            deadline: None,
            run_at: None,
            office: None,
        }
    };
    let reference = checked_reference(wrapped.reference)?;
    let payload = wrapped.payload;
    let item = kind.parse(&payload).map_err(|error| error.to_string())?;
    let size = canonical::to_bytes(&payload)
        .map_err(|error| format!("payload: {error}"))?
        .len();
    if size > MAX_PAYLOAD {
        return Err(too_large(size));
    }
    type Read = fn(&str, Timestamp) -> Result<Timestamp, Failure>;
    let time = |text: Option<String>, read: Read| {
        text.map(|text| read(&text, defaults.now))
            .transpose()
            .map_err(|failure| failure.message)
    };
    let lane = wrapped.lane.map(|lane| lane.parse()).transpose();
    let office = wrapped.office.map(Office::new).transpose();
    let office = office
        .map_err(|error| error.to_string())?
        .unwrap_or_else(|| defaults.office.clone());
    if !defaults.within.contains(&office) {
        return Err(format!(
            "the item is of the office `{office}`, and you work for `{}` and the offices below it",
            defaults.within
        ));
    }
    let subject = item.subject();
    Ok(NewJob {
        kind: KindName::new(kind.name()),
        reference,
        office,
        batch: defaults.batch,
        lane: lane
            .map_err(|error: clerkwork_core::job::UnknownLane| error.to_string())?
            .unwrap_or(defaults.lane),
        deadline: time(wrapped.deadline, moment::deadline)?.or(defaults.deadline),
        run_at: time(wrapped.run_at, moment::to_come)?.or(defaults.run_at),
        submitter: defaults.submitter.clone(),
        payload,
        subject_id: subject.id,
        subject_name: subject.name,
        traceparent: None,
    })
}

/// Checks a reference that a user gives.
pub fn checked_reference(reference: String) -> Result<String, String> {
    let length = reference.chars().count();
    if length == 0 || length > 200 || reference.chars().any(char::is_control) {
        let shown: String = reference.chars().take(40).collect();
        return Err(format!(
            "`{shown}` is no reference; use 1 to 200 characters without line ends"
        ));
    }
    Ok(reference)
}

fn too_large(size: usize) -> String {
    format!("the payload has {size} bytes; at most {MAX_PAYLOAD} are taken")
}

/// The items of a document, each with its line: one JSON object, or one object a line.
pub fn document(mut input: impl Read) -> Result<Vec<(usize, Value)>, String> {
    let mut bytes = Vec::new();
    let limit = MAX_DOCUMENT as u64 + 1;
    let read = input.by_ref().take(limit).read_to_end(&mut bytes);
    read.map_err(|error| format!("cannot read it: {error}"))?;
    if bytes.len() > MAX_DOCUMENT {
        return Err(format!(
            "it has more than {MAX_DOCUMENT} bytes; split it, or use `clerkwork batch submit`"
        ));
    }
    let text = std::str::from_utf8(&bytes).map_err(|error| {
        let line = bytes[..error.valid_up_to()]
            .iter()
            .filter(|b| **b == b'\n')
            .count()
            + 1;
        format!("line {line} is not UTF-8; save the file as UTF-8")
    })?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    if text.trim().is_empty() {
        return Err("it is empty; write one JSON object, or one a line".into());
    }
    let whole = match serde_json::from_str::<Value>(text) {
        Ok(value) => return Ok(vec![(1, value)]),
        Err(error) => error,
    };
    let mut items = Vec::new();
    for (index, line) in text.lines().enumerate() {
        if line.trim().is_empty() {
            continue;
        }
        match serde_json::from_str(line) {
            Ok(value) => items.push((index + 1, value)),
            // When not even the first line is a value, the document was meant as one.
            Err(_) if items.is_empty() => return Err(at_line(whole.line(), &whole)),
            Err(error) => return Err(at_line(index + 1, &error)),
        }
    }
    Ok(items)
}

/// What the parser says, with the line in the file.
fn at_line(line: usize, error: &serde_json::Error) -> String {
    let text = error.to_string();
    let text = text.split(" at line ").next().unwrap_or_default();
    format!(
        "line {line}, column {}: invalid JSON: {text}",
        error.column()
    )
}

/// A line with its number: its value, or what is wrong with it.
pub type Line = (usize, Result<Value, String>);

/// Reads one value a line, with a bound on the length of a line.
#[derive(Debug)]
pub struct Lines<R> {
    reader: R,
    number: usize,
}

impl<R: BufRead> Lines<R> {
    /// From the start of `reader`.
    pub fn new(reader: R) -> Self {
        Self { reader, number: 0 }
    }

    /// The next line that is not blank.
    pub fn next_value(&mut self) -> io::Result<Option<Line>> {
        loop {
            let mut line = Vec::new();
            let mut bounded = self.reader.by_ref().take(MAX_LINE as u64 + 1);
            if bounded.read_until(b'\n', &mut line)? == 0 {
                return Ok(None);
            }
            self.number += 1;
            if line.len() > MAX_LINE && line.last() != Some(&b'\n') {
                let size = line.len() + skip_line(&mut self.reader)?;
                return Ok(Some((self.number, Err(too_large(size)))));
            }
            let text = match std::str::from_utf8(&line) {
                Ok(text) => text,
                Err(_) => {
                    let error = "the line is not UTF-8; save the file as UTF-8";
                    return Ok(Some((self.number, Err(error.into()))));
                }
            };
            let text = match self.number {
                1 => text.strip_prefix('\u{feff}').unwrap_or(text),
                _ => text,
            };
            if text.trim().is_empty() {
                continue;
            }
            let value = serde_json::from_str(text).map_err(|error| {
                let text = error.to_string();
                let text = text.split(" at line ").next().unwrap_or_default();
                format!("column {}: invalid JSON: {text}", error.column())
            });
            return Ok(Some((self.number, value)));
        }
    }
}

/// Reads to the end of the line and tells how long the rest was.
fn skip_line(reader: &mut impl BufRead) -> io::Result<usize> {
    let mut skipped = 0;
    loop {
        let buffer = reader.fill_buf()?;
        if buffer.is_empty() {
            return Ok(skipped);
        }
        let (used, done) = match buffer.iter().position(|byte| *byte == b'\n') {
            Some(at) => (at + 1, true),
            None => (buffer.len(), false),
        };
        reader.consume(used);
        skipped += used;
        if done {
            return Ok(skipped);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_is_one_object_or_one_a_line() {
        assert_eq!(document("{\n \"a\": 1\n}".as_bytes()).unwrap().len(), 1);
        let many = document("\u{feff}{\"a\":1}\n\n{\"a\":2}\n".as_bytes()).unwrap();
        assert_eq!(
            many.iter().map(|(line, _)| *line).collect::<Vec<_>>(),
            [1, 3]
        );
    }

    #[test]
    fn what_is_wrong_with_a_document_is_told_with_its_line() {
        let error = |text: &[u8]| document(text).unwrap_err();
        assert!(error(b"{\n  \"a\": ,\n}").starts_with("line 2, column 8: invalid JSON"));
        assert!(error(b"{\"a\":1}\n{\"a\":\n").starts_with("line 2, column"));
        assert!(error(b"{\"a\":1}\n\xff\n").starts_with("line 2 is not UTF-8"));
        assert!(error(b" \n").starts_with("it is empty"));
    }

    #[test]
    fn a_line_that_is_too_long_is_skipped_and_the_next_is_read() {
        let mut text = vec![b'x'; MAX_LINE + 10];
        text.extend_from_slice(b"\n{\"a\":1}\nno\n");
        let mut lines = Lines::new(text.as_slice());
        let (number, value) = lines.next_value().unwrap().unwrap();
        assert_eq!(number, 1);
        assert!(value.unwrap_err().contains("at most 1048576"));
        let (number, value) = lines.next_value().unwrap().unwrap();
        assert!(number == 2 && value.is_ok());
        let (number, value) = lines.next_value().unwrap().unwrap();
        assert!(number == 3 && value.unwrap_err().starts_with("column 2: invalid JSON"));
        assert!(lines.next_value().unwrap().is_none());
    }

    #[test]
    fn references_are_short_and_of_one_line() {
        assert!(checked_reference("DK-1".into()).is_ok());
        for bad in ["", "a\nb", &"x".repeat(201)] {
            assert!(checked_reference(bad.into()).is_err(), "{bad}");
        }
    }
}
