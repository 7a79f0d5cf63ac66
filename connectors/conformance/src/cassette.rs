//! What an upstream answered to a check, kept in a file, so that the check can be run again without it.
//!
//! A cassette holds the inputs, the requests that reached the upstream and its answers, in their order, redacted
//! (see [`REDACTED`](crate::REDACTED)). Headers of requests are not kept, and of those of answers only what a
//! connector goes by.

use std::collections::BTreeMap;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use clerkwork_core::Timestamp;
use reqwest::{Url, header::HeaderMap};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{Sample, redaction::Redactor};

/// The form of the file; another one is refused.
const FORMAT: u32 = 1;

/// Stands for where the upstream was.
pub(crate) const ORIGIN: &str = "http://upstream.invalid";

/// Headers of answers that are kept.
const HEADERS: [&str; 7] = [
    "content-type",
    "etag",
    "last-modified",
    "link",
    "location",
    "retry-after",
    "set-cookie",
];

/// A recorded check.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cassette {
    format: u32,
    /// The connector it was recorded with.
    pub connector: String,
    /// Its version.
    pub version: String,
    /// The time of the recording, which it is again for a connector that is checked with it.
    pub at: Timestamp,
    /// The path of the upstream's base.
    pub path: String,
    /// Inputs by operation, in the order in which they were used.
    samples: BTreeMap<String, Vec<Value>>,
    /// What went to the upstream and came back, in order.
    pub(crate) exchanges: Vec<Recorded>,
}

/// One request and its answer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Recorded {
    pub(crate) method: String,
    /// Path and query.
    pub(crate) target: String,
    pub(crate) sent: Body,
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) answer: Body,
}

/// A body: text where it is UTF-8.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Body {
    Text(String),
    Base64(String),
}

impl Body {
    fn new(bytes: Vec<u8>) -> Self {
        match String::from_utf8(bytes) {
            Ok(text) => Self::Text(text),
            Err(error) => Self::Base64(STANDARD.encode(error.as_bytes())),
        }
    }

    /// What it holds, with `origin` for where the upstream is.
    pub(crate) fn bytes(&self, origin: &str) -> Vec<u8> {
        let bytes = match self {
            Self::Text(text) => text.clone().into_bytes(),
            // What is no base64 was refused when the cassette was read.
            Self::Base64(text) => STANDARD.decode(text).unwrap_or_default(),
        };
        crate::bytes::replace(&bytes, ORIGIN.as_bytes(), origin.as_bytes())
    }
}

/// An exchange as it was.
#[derive(Debug, Clone)]
pub(crate) struct Raw {
    pub(crate) method: String,
    pub(crate) target: String,
    pub(crate) sent: Vec<u8>,
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) answer: Vec<u8>,
}

/// What was checked, as far as a cassette says it.
#[derive(Debug)]
pub(crate) struct Checked<'a> {
    pub(crate) connector: &'a str,
    pub(crate) version: &'a str,
    pub(crate) at: Timestamp,
    pub(crate) upstream: &'a Url,
    pub(crate) samples: &'a [Sample],
    /// Passwords, tokens and names of users.
    pub(crate) credentials: &'a [String],
}

impl Cassette {
    /// Redacts a tape.
    pub(crate) fn new(checked: &Checked<'_>, tape: Vec<Raw>) -> Self {
        let mut redactor = Redactor::new(checked.credentials);
        let origin = checked.upstream.origin().ascii_serialization();
        let mut samples = BTreeMap::new();
        for sample in checked.samples {
            let inputs = sample.inputs.iter().map(|input| redactor.json(input));
            samples.insert(sample.operation.clone(), inputs.collect());
        }
        let mut recorded = |raw: &Raw| {
            let target = redactor.address(&raw.target);
            let mut bytes = |bytes: &[u8]| {
                let bytes = crate::bytes::replace(bytes, origin.as_bytes(), ORIGIN.as_bytes());
                redactor.bytes(&bytes)
            };
            Recorded {
                method: raw.method.clone(),
                target,
                sent: Body::new(bytes(&crate::bytes::with_usual_boundary(&raw.sent))),
                status: raw.status,
                headers: kept(&raw.headers, &mut bytes),
                answer: Body::new(bytes(&raw.answer)),
            }
        };
        Self {
            format: FORMAT,
            connector: checked.connector.to_owned(),
            version: checked.version.to_owned(),
            at: checked.at,
            path: checked.upstream.path().to_owned(),
            samples,
            exchanges: tape.iter().map(&mut recorded).collect(),
        }
    }

    /// Reads a file.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn read(text: &str) -> Result<Self, String> {
        let read: Self = serde_json::from_str(text)
            .map_err(|error| format!("no cassette of a check: {error}; record it again"))?;
        if read.format != FORMAT {
            return Err(format!(
                "a cassette of format {}, and {FORMAT} is read here; record it again",
                read.format
            ));
        }
        for (at, one) in read.exchanges.iter().enumerate() {
            for body in [&one.sent, &one.answer] {
                if let Body::Base64(text) = body
                    && STANDARD.decode(text).is_err()
                {
                    return Err(format!("exchange {at} holds a body that is no base64"));
                }
            }
        }
        Ok(read)
    }

    /// The file: JSON, an exchange after the other.
    ///
    /// # Errors
    /// None that is known.
    pub fn write(&self) -> Result<String, serde_json::Error> {
        serde_json::to_string_pretty(self).map(|text| text + "\n")
    }

    /// What it was recorded with.
    pub fn samples(&self) -> Vec<Sample> {
        let sample = |(operation, inputs): (&String, &Vec<Value>)| Sample {
            operation: operation.clone(),
            inputs: inputs.clone(),
        };
        self.samples.iter().map(sample).collect()
    }

    /// Exchanges that it holds.
    pub fn len(&self) -> usize {
        self.exchanges.len()
    }

    /// Whether it holds none.
    pub fn is_empty(&self) -> bool {
        self.exchanges.is_empty()
    }
}

fn lossy(bytes: Vec<u8>) -> String {
    String::from_utf8_lossy(&bytes).into_owned()
}

fn kept(headers: &HeaderMap, redacted: &mut impl FnMut(&[u8]) -> Vec<u8>) -> Vec<(String, String)> {
    let mut kept = Vec::new();
    for name in HEADERS {
        for value in headers.get_all(name) {
            let value = lossy(redacted(value.as_bytes()));
            let value = match name {
                "set-cookie" => without_value(&value),
                _ => value,
            };
            kept.push((name.to_owned(), value));
        }
    }
    kept
}

/// A cookie is a credential. One that is empty is taken away, which a connector must see.
fn without_value(cookie: &str) -> String {
    let (pair, attributes) = match cookie.split_once(';') {
        Some((pair, attributes)) => (pair, format!(";{attributes}")),
        None => (cookie, String::new()),
    };
    match pair.split_once('=') {
        Some((name, value)) if !value.trim().is_empty() => {
            format!("{name}={}{attributes}", crate::REDACTED)
        }
        _ => cookie.to_owned(),
    }
}
