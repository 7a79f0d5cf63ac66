//! An answer of the upstream, and how its JSON is read.

use std::borrow::Cow;

use reqwest::{StatusCode, header::HeaderMap};
use serde::{Deserialize, de::DeserializeOwned};

use super::{endpoint::Endpoint, fault::Fault, html};
use crate::{ConnectorError, redact};

/// An answer that the call [accepts](super::Accept).
#[derive(Debug)]
pub struct Reply<'a> {
    endpoint: &'a Endpoint,
    status: StatusCode,
    headers: HeaderMap,
    markup: bool,
    body: Vec<u8>,
}

impl<'a> Reply<'a> {
    /// Takes a body in the charset that `content_type` declares, or in UTF-8; of markup also in the one that it
    /// declares itself, or else is in by its looks.
    pub(super) fn new(
        endpoint: &'a Endpoint,
        status: StatusCode,
        headers: HeaderMap,
        content_type: &str,
        body: Vec<u8>,
    ) -> Self {
        let markup = html::is_html(content_type, &body);
        let mut reply = Self {
            endpoint,
            status,
            headers,
            markup,
            body,
        };
        if markup {
            return reply;
        }
        let body = std::mem::take(&mut reply.body);
        let declared = html::declared(content_type).unwrap_or(encoding_rs::UTF_8);
        // A byte order mark goes. What is not in the declared charset stays as it is and fails when
        // it is read, instead of turning into other words.
        let body = match declared.decode(&body) {
            (_, _, true) => body,
            (Cow::Borrowed(text), _, _) if text.len() == body.len() => body,
            (text, _, _) => text.into_owned().into_bytes(),
        };
        reply.body = body;
        reply
    }

    /// The status.
    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// The headers.
    pub fn headers(&self) -> &HeaderMap {
        &self.headers
    }

    /// Whether it is an HTML page.
    pub fn is_markup(&self) -> bool {
        self.markup
    }

    /// The bytes as they came, but text other than markup in UTF-8.
    pub fn bytes(&self) -> &[u8] {
        &self.body
    }

    /// The text, in UTF-8; of a page in the charset that header or page declare, or that it looks like.
    pub fn text(&self) -> Cow<'_, str> {
        match self.markup {
            true => self.charset().decode(&self.body).0,
            false => String::from_utf8_lossy(&self.body),
        }
    }

    /// The charset of a page: what header or page declare, or what it looks like. A form that stands on it is sent
    /// back in the same.
    pub fn charset(&self) -> &'static encoding_rs::Encoding {
        if !self.markup {
            return encoding_rs::UTF_8;
        }
        let declared = self.headers.get(reqwest::header::CONTENT_TYPE);
        let declared = declared.and_then(|value| value.to_str().ok());
        html::encoding(declared.unwrap_or_default(), &self.body)
    }

    /// Where it came from, to build errors from.
    pub fn endpoint(&self) -> &'a Endpoint {
        self.endpoint
    }

    /// Reads the JSON.
    ///
    /// # Errors
    /// What cannot be read is [`Misconfigured`](crate::ErrorKind::Misconfigured), or
    /// [`OutcomeUnknown`](crate::ErrorKind::OutcomeUnknown) after a write. The message names the
    /// place and never the value.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, ConnectorError> {
        // Tracking the place costs time, so only an answer that failed is read a second time.
        serde_json::from_slice(&self.body).map_err(|_| self.unreadable(&self.place::<T>()))
    }

    /// Reads the JSON into what borrows from it.
    ///
    /// # Errors
    /// As [`json`](Self::json), without the place.
    pub fn borrowed<'s, T: Deserialize<'s>>(&'s self) -> Result<T, ConnectorError> {
        serde_json::from_slice(&self.body)
            .map_err(|_| self.unreadable("the JSON cannot be read in parts"))
    }

    /// The error for an answer that is not what the contract says.
    pub fn unreadable(&self, why: &str) -> ConnectorError {
        Fault::Unreadable { why: why.into() }.into_error(self.endpoint)
    }

    fn place<T: DeserializeOwned>(&self) -> String {
        let mut deserializer = serde_json::Deserializer::from_slice(&self.body);
        let Err(error) = serde_path_to_error::deserialize::<_, T>(&mut deserializer) else {
            return "text after the end of the JSON".into();
        };
        let path = redact::shorten(&error.path().to_string(), 120);
        let inner = error.into_inner();
        let (line, column) = (inner.line(), inner.column());
        match inner.classify() {
            serde_json::error::Category::Eof => "the JSON ends too early".into(),
            serde_json::error::Category::Io | serde_json::error::Category::Syntax => {
                format!("no JSON at line {line} column {column}")
            }
            serde_json::error::Category::Data => {
                // Only this one of serde's messages is sure to hold no value of the answer.
                let text = inner.to_string();
                match text.split('`').nth(1) {
                    Some(field) if text.starts_with("missing field") => {
                        format!("`{field}` is missing at `{path}`")
                    }
                    _ => format!("an unexpected value at `{path}`"),
                }
            }
        }
    }
}
