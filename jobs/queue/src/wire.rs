//! Entries as they travel: fields `j` (job id), `a` (attempt) and, if there is one, `t`
//! (W3C traceparent). Fields that are not known are ignored, so that a newer fleet may add some.

use std::{fmt, str, str::FromStr};

use clerkwork_core::{Entry, JobId};
use redis::{Cmd, Value};

/// Longer ones are not of version 00 of the W3C recommendation (55 characters) and are left out.
const TRACEPARENT_LIMIT: usize = 128;

/// The id that Redis gave an entry: milliseconds and a sequence number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct StreamId {
    pub(crate) ms: u64,
    pub(crate) seq: u64,
}

impl fmt::Display for StreamId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.ms, self.seq)
    }
}

impl FromStr for StreamId {
    type Err = ();
    fn from_str(text: &str) -> Result<Self, ()> {
        let (ms, seq) = text.split_once('-').ok_or(())?;
        Ok(Self {
            ms: ms.parse().map_err(drop)?,
            seq: seq.parse().map_err(drop)?,
        })
    }
}

/// The command that appends `entry` to the stream `key`.
pub(crate) fn add(key: &str, entry: &Entry) -> Cmd {
    let mut command = redis::cmd("XADD");
    command.arg(key).arg("*");
    let mut id = [0; uuid::fmt::Hyphenated::LENGTH];
    let id: &str = entry.job.0.hyphenated().encode_lower(&mut id);
    command.arg("j").arg(id).arg("a").arg(entry.attempt);
    if let Some(traceparent) = &entry.traceparent
        && traceparent.len() <= TRACEPARENT_LIMIT
    {
        command.arg("t").arg(traceparent);
    }
    command
}

/// What was read under one id.
#[derive(Debug, PartialEq)]
pub(crate) enum Read {
    /// A proper entry.
    Entry(StreamId, Entry),
    /// Something that no version of this code writes.
    Malformed {
        id: StreamId,
        reason: &'static str,
        fields: Vec<(String, String)>,
    },
    /// It was deleted from the stream while somebody still held it.
    Gone(StreamId),
}

/// Reads the answer to `XREADGROUP` over one stream; nothing there is `Nil`.
pub(crate) fn read_group(answer: Value) -> Vec<Read> {
    let stream = match answer {
        Value::Array(streams) => streams.into_iter().next().and_then(|stream| match stream {
            Value::Array(pair) => pair.into_iter().nth(1),
            _ => None,
        }),
        Value::Map(streams) => streams.into_iter().next().map(|(_, entries)| entries),
        _ => None,
    };
    stream.map(read_entries).unwrap_or_default()
}

/// Reads the answer to `XAUTOCLAIM`: what was claimed, and where to go on (`None` at the end).
pub(crate) fn read_claimed(answer: Value) -> (Vec<Read>, Option<String>) {
    let Value::Array(parts) = answer else {
        return (Vec::new(), None);
    };
    let mut parts = parts.into_iter();
    let next = match parts.next() {
        Some(Value::BulkString(cursor)) if cursor != b"0-0" => String::from_utf8(cursor).ok(),
        _ => None,
    };
    (parts.next().map(read_entries).unwrap_or_default(), next)
}

/// Reads a list of entries as in the answer to `XRANGE`.
pub(crate) fn read_entries(entries: Value) -> Vec<Read> {
    let Value::Array(entries) = entries else {
        return Vec::new();
    };
    entries.into_iter().filter_map(read_entry).collect()
}

fn read_entry(entry: Value) -> Option<Read> {
    let (id, fields) = id_and_fields(entry)?;
    let Some(fields) = fields else {
        return Some(Read::Gone(id));
    };
    Some(match decode(&fields) {
        Ok(entry) => Read::Entry(id, entry),
        Err(reason) => Read::Malformed {
            id,
            reason,
            fields: fields
                .chunks_exact(2)
                .map(|pair| (lossy(&pair[0]), lossy(&pair[1])))
                .collect(),
        },
    })
}

/// Splits an entry into its id and its fields (name, value, name, value, …).
pub(crate) fn id_and_fields(entry: Value) -> Option<(StreamId, Option<Vec<Value>>)> {
    let Value::Array(entry) = entry else {
        return None;
    };
    let mut entry = entry.into_iter();
    let id = match entry.next()? {
        Value::BulkString(id) => str::from_utf8(&id).ok()?.parse().ok()?,
        _ => return None,
    };
    match entry.next() {
        Some(Value::Array(fields)) => Some((id, Some(fields))),
        _ => Some((id, None)),
    }
}

fn decode(fields: &[Value]) -> Result<Entry, &'static str> {
    let (mut job, mut attempt, mut traceparent) = (None, None, None);
    for pair in fields.chunks_exact(2) {
        let [Value::BulkString(name), Value::BulkString(value)] = pair else {
            continue;
        };
        let text = || str::from_utf8(value).map_err(|_| "a field is not text");
        match name.as_slice() {
            b"j" => {
                let id: JobId = text()?.parse().map_err(|_| "field `j` is no job id")?;
                job = Some(id);
            }
            b"a" => {
                let number: u32 = text()?.parse().map_err(|_| "field `a` is no attempt")?;
                attempt = Some(number);
            }
            b"t" if value.len() <= TRACEPARENT_LIMIT => traceparent = Some(text()?.to_owned()),
            _ => {}
        }
    }
    Ok(Entry {
        job: job.ok_or("field `j` (job id) is missing")?,
        attempt: attempt.ok_or("field `a` (attempt) is missing")?,
        traceparent,
    })
}

/// A value as text, for people.
pub(crate) fn lossy(value: &Value) -> String {
    match value {
        Value::BulkString(bytes) => String::from_utf8_lossy(bytes).into_owned(),
        Value::SimpleString(text) => text.clone(),
        Value::Int(number) => number.to_string(),
        other => format!("{other:?}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use redis::Arg;

    fn bulk(text: &str) -> Value {
        Value::BulkString(text.as_bytes().to_vec())
    }

    fn entry(id: &str, fields: &[&str]) -> Value {
        let fields = fields.iter().map(|field| bulk(field)).collect();
        Value::Array(vec![bulk(id), Value::Array(fields)])
    }

    #[test]
    fn a_timeout_reads_as_nothing_and_a_deleted_entry_as_gone() {
        assert_eq!(read_group(Value::Nil), []);
        let gone = Value::Array(vec![bulk("5-1"), Value::Nil]);
        assert_eq!(
            read_entries(Value::Array(vec![gone])),
            [Read::Gone(StreamId { ms: 5, seq: 1 })]
        );
    }

    #[test]
    fn both_protocol_versions_of_redis_are_read() {
        let job = JobId::new();
        let entries = || Value::Array(vec![entry("7-0", &["j", &job.to_string(), "a", "2"])]);
        let old = Value::Array(vec![Value::Array(vec![bulk("key"), entries()])]);
        let new = Value::Map(vec![(bulk("key"), entries())]);
        let expected = Entry {
            job,
            attempt: 2,
            traceparent: None,
        };
        for answer in [old, new] {
            let id = StreamId { ms: 7, seq: 0 };
            assert_eq!(read_group(answer), [Read::Entry(id, expected.clone())]);
        }
    }

    #[test]
    fn what_is_malformed_says_why() {
        let job = JobId::new().to_string();
        for (fields, expected) in [
            (vec!["j", "x", "a", "1"], "field `j` is no job id"),
            (vec!["j", &job, "a", "-1"], "field `a` is no attempt"),
            (vec!["a", "1"], "field `j` (job id) is missing"),
            (vec!["j", &job], "field `a` (attempt) is missing"),
        ] {
            let read = read_entry(entry("1-1", &fields)).unwrap();
            assert!(
                matches!(read, Read::Malformed { reason, .. } if reason == expected),
                "{fields:?}: {read:?}"
            );
        }
    }

    proptest! {
        #[test]
        fn an_entry_reads_back_what_was_written(
            job in any::<u128>(), attempt in any::<u32>(), trace in proptest::option::of("[ -~]{0,128}")
        ) {
            let written = Entry { job: JobId(uuid::Uuid::from_u128(job)), attempt, traceparent: trace };
            let command = add("key", &written);
            let fields: Vec<Value> = command
                .args_iter()
                .skip(3)
                .map(|arg| match arg {
                    Arg::Simple(bytes) => Value::BulkString(bytes.to_vec()),
                    _ => Value::Nil,
                })
                .collect();
            prop_assert_eq!(decode(&fields), Ok(written));
        }

        #[test]
        fn any_fields_are_read_or_refused_without_a_panic(fields in proptest::collection::vec(any::<Vec<u8>>(), 0..7)) {
            let fields: Vec<Value> = fields.into_iter().map(Value::BulkString).collect();
            let _ = decode(&fields);
        }
    }
}
