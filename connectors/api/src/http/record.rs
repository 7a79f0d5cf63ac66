//! One record for every try that left or tried to leave, made before its answer is handed on.
//!
//! A record tells what was asked, when and how it ended, and holds nothing of what was said: bodies
//! are there as digests alone. A body holds personal data, so what is digested is its text with
//! long numbers masked ([`redact::mask`] of the whole text, in the charset that it declares or else
//! UTF-8, then SHA-256). Whoever has the body can tell that it is this one; an identity number
//! cannot be found by trying numbers.
//!
//! Fail closed: a call whose record cannot be written has no answer. A read may be repeated; a
//! write that was sent is unclear, and is looked up. A call that is given up half way, as when a
//! job's time is over, is recorded as `abandoned`.

use std::{
    fmt,
    sync::Arc,
    time::{Duration, Instant},
};

use async_trait::async_trait;
use clerkwork_core::{Digest, IdempotencyKey};
use reqwest::{StatusCode, header};

use super::{Access, Endpoint, Outgoing, fault::Fault, html, path};
use crate::redact;

/// A try, as it is recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallRecord {
    /// Name of the connector.
    pub connector: &'static str,
    /// The operation.
    pub operation: &'static str,
    /// Whether it changes anything upstream.
    pub access: Access,
    /// Which try of the call, from 1.
    pub attempt: u32,
    /// `GET`, `POST` and so on.
    pub method: String,
    /// The path: its template, or with what looks like a value masked. Without query.
    pub path: String,
    /// The name of a write.
    pub key: Option<IdempotencyKey>,
    /// The status, if one came.
    pub status: Option<u16>,
    /// `answered`, the kind of the error, or `abandoned`.
    pub outcome: &'static str,
    /// From the start of the try to the end of its answer.
    pub duration: Duration,
    /// Of the redacted body that was sent.
    pub request: Digest,
    /// Of the redacted body that came; nothing when none came whole.
    pub response: Option<Digest>,
    /// Length of the body that was sent.
    pub bytes_out: u64,
    /// Length of the body that came.
    pub bytes_in: u64,
}

/// Where calls are recorded.
#[async_trait]
pub trait CallLog: Send + Sync + fmt::Debug {
    /// Records a try; durable when it returns.
    ///
    /// # Errors
    /// It was not recorded.
    async fn record(&self, call: CallRecord) -> Result<(), CallLogError>;
}

/// A call could not be recorded.
#[derive(Debug, thiserror::Error)]
#[error("the call cannot be recorded: {0}")]
pub struct CallLogError(#[source] Box<dyn std::error::Error + Send + Sync>);

impl CallLogError {
    /// With its cause.
    pub fn new(cause: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self(cause.into())
    }
}

/// What was seen of an answer.
#[derive(Debug, Default)]
pub(super) struct Seen {
    /// Whether anybody wants to know: digests cost time.
    wanted: bool,
    status: Option<StatusCode>,
    body: Option<Digest>,
    bytes: u64,
}

impl Seen {
    pub(super) fn new(wanted: bool) -> Self {
        Self {
            wanted,
            ..Self::default()
        }
    }

    pub(super) fn head(&mut self, status: StatusCode) {
        self.status = Some(status);
    }

    pub(super) fn status(&self) -> Option<StatusCode> {
        self.status
    }

    pub(super) fn body(&mut self, content_type: &str, body: &[u8]) {
        if self.wanted {
            self.bytes = length(body);
            self.body = Some(digest(content_type, body));
        }
    }
}

/// A try that is under way; dropped before it landed, it is recorded as abandoned.
#[derive(Debug)]
pub(super) struct Flight {
    log: Arc<dyn CallLog>,
    record: Option<CallRecord>,
    started: Instant,
}

impl Flight {
    pub(super) fn new(
        log: &Arc<dyn CallLog>,
        endpoint: &Endpoint,
        outgoing: &Outgoing,
        attempt: u32,
    ) -> Self {
        let headers = &outgoing.headers;
        let content_type = headers.get(header::CONTENT_TYPE);
        let content_type = content_type.and_then(|value| value.to_str().ok());
        let record = CallRecord {
            connector: endpoint.connector(),
            operation: endpoint.operation(),
            access: endpoint.access(),
            attempt,
            method: outgoing.method.to_string(),
            path: path::shown(endpoint, outgoing),
            key: outgoing.key.clone(),
            status: None,
            outcome: "abandoned",
            duration: Duration::ZERO,
            request: digest(content_type.unwrap_or_default(), &outgoing.body),
            response: None,
            bytes_out: length(&outgoing.body),
            bytes_in: 0,
        };
        Self {
            log: Arc::clone(log),
            record: Some(record),
            started: Instant::now(),
        }
    }

    /// Records how it ended.
    pub(super) async fn land<T>(
        mut self,
        outcome: &Result<T, Fault>,
        seen: Seen,
    ) -> Result<(), CallLogError> {
        let Some(mut record) = self.record.take() else {
            return Ok(());
        };
        record.outcome = match outcome {
            Ok(_) => "answered",
            Err(fault) => fault.kind(record.access).as_str(),
        };
        record.duration = self.started.elapsed();
        record.status = seen.status.map(|status| status.as_u16());
        record.response = seen.body;
        record.bytes_in = seen.bytes;
        self.log.record(record).await
    }
}

impl Drop for Flight {
    fn drop(&mut self) {
        let Some(mut record) = self.record.take() else {
            return;
        };
        record.duration = self.started.elapsed();
        let log = Arc::clone(&self.log);
        // Without a runtime the process is at its end, and the ledger with it.
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(async move {
                if let Err(error) = log.record(record).await {
                    tracing::error!(%error, "an abandoned call is not recorded");
                }
            });
        }
    }
}

fn digest(content_type: &str, body: &[u8]) -> Digest {
    let charset = html::declared(content_type).unwrap_or(encoding_rs::UTF_8);
    let (text, _, _) = charset.decode(body);
    Digest::of(&[redact::mask(&text, usize::MAX).as_bytes()])
}

fn length(body: &[u8]) -> u64 {
    u64::try_from(body.len()).unwrap_or(u64::MAX)
}
