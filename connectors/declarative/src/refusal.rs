//! What an upstream's statuses, codes and words mean: the tables `[errors]` of a file, and its `[envelope]`.
//!
//! Words win over codes and codes over statuses of success. What no table names means `other`; if the file does
//! not say, a read was refused, and of a write nobody knows.

use std::{collections::BTreeMap, time::Duration};

use clerkwork_connectors_api::{
    ConnectorError, ErrorKind,
    http::{Access, Endpoint},
    redact,
};
use serde_json::Value;

use crate::{
    extract::{Locator, Top, word_of},
    path::Path,
};

/// Longest part of the upstream's own words in a message.
const WORDS: usize = 120;

/// What a status, code or word means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Means {
    Rejected,
    Transient,
    RateLimited,
    Unauthorized,
    Misconfigured,
    OutcomeUnknown,
    NotFound,
}

impl Means {
    /// All of them, by their names in a file.
    pub(crate) const ALL: [(&'static str, Self); 7] = [
        ("rejected", Self::Rejected),
        ("transient", Self::Transient),
        ("rate_limited", Self::RateLimited),
        ("unauthorized", Self::Unauthorized),
        ("misconfigured", Self::Misconfigured),
        ("outcome_unknown", Self::OutcomeUnknown),
        ("not_found", Self::NotFound),
    ];

    /// As a kind of error. An unclear outcome of a read is one to try again; a write to something that is not
    /// there was refused.
    fn kind(self, endpoint: &Endpoint) -> ErrorKind {
        match self {
            Self::Rejected | Self::NotFound => ErrorKind::Rejected,
            Self::Transient => ErrorKind::Transient,
            Self::RateLimited => ErrorKind::RateLimited { retry_after: None },
            Self::Unauthorized => ErrorKind::Unauthorized,
            Self::Misconfigured => ErrorKind::Misconfigured,
            Self::OutcomeUnknown => endpoint.unclear(),
        }
    }
}

/// One table of meanings.
#[derive(Debug, Clone, Default)]
pub(crate) struct Errors {
    pub(crate) status: BTreeMap<u16, Means>,
    pub(crate) codes: BTreeMap<String, Means>,
    /// Where a page says that something was refused: its text is the message.
    pub(crate) banner: Option<Locator>,
    /// Parts of the message.
    pub(crate) words: Vec<(String, Means)>,
    pub(crate) other: Option<Means>,
}

impl Errors {
    /// This table, and where it says nothing, another.
    pub(crate) fn over(mut self, below: &Self) -> Self {
        for (status, means) in &below.status {
            self.status.entry(*status).or_insert(*means);
        }
        for (code, means) in &below.codes {
            self.codes.entry(code.clone()).or_insert(*means);
        }
        self.words.extend(below.words.iter().cloned());
        self.other = self.other.or(below.other);
        self.banner = self.banner.or_else(|| below.banner.clone());
        self
    }

    /// Whether a page says that something was refused, and what that means.
    pub(crate) fn on_page(&self, page: &Top, endpoint: &Endpoint) -> Result<(), Refused> {
        let said = self.banner.as_ref().and_then(|banner| page.find(banner));
        let said = said.and_then(|here| here.said(None));
        let message = said.and_then(|said| word_of(&said)).unwrap_or_default();
        if message.is_empty() {
            return Ok(());
        }
        let means = self.meaning("", &message, endpoint.access());
        Err(refused(means, endpoint, "error", &message, "page"))
    }

    fn meaning(&self, code: &str, message: &str, access: Access) -> Means {
        let words = self
            .words
            .iter()
            .find(|(word, _)| message.contains(word.as_str()));
        let found = words
            .map(|(_, means)| *means)
            .or_else(|| self.codes.get(code).copied());
        found.or(self.other).unwrap_or(match access {
            Access::Read => Means::Rejected,
            Access::Write => Means::OutcomeUnknown,
        })
    }
}

/// What surrounds every answer.
#[derive(Debug, Clone)]
pub(crate) struct Envelope {
    pub(crate) code: Path,
    /// Codes of success.
    pub(crate) ok: Vec<String>,
    pub(crate) message: Option<Path>,
    /// Where the answer itself stands.
    pub(crate) content: Option<Path>,
}

/// An answer that is no success.
pub(crate) enum Refused {
    /// What was asked for is not there.
    NotFound,
    Error(Box<ConnectorError>),
}

impl Refused {
    /// With what the upstream asked to wait, where that matters.
    pub(crate) fn not_before(mut self, wait: Option<Duration>) -> Self {
        if let Self::Error(error) = &mut self
            && let ErrorKind::RateLimited { retry_after } = &mut error.kind
        {
            *retry_after = wait;
        }
        self
    }
}

impl Envelope {
    /// Its code, as text.
    pub(crate) fn code(&self, top: &Value) -> Option<String> {
        self.code.find(top, top).and_then(word_of)
    }

    fn message(&self, top: &Value) -> String {
        let message = self.message.as_ref().and_then(|path| path.find(top, top));
        message.and_then(word_of).unwrap_or_default()
    }

    /// Whether it is a success; if not, what it means.
    pub(crate) fn check(
        &self,
        top: &Value,
        errors: &Errors,
        endpoint: &Endpoint,
    ) -> Result<(), Refused> {
        let Some(code) = self.code(top) else {
            let why = format!(
                "upstream answered what cannot be read: the code at `{}` is missing",
                self.code.as_str()
            );
            let kind = match endpoint.access() {
                Access::Read => ErrorKind::Misconfigured,
                Access::Write => ErrorKind::OutcomeUnknown,
            };
            return Err(Refused::Error(Box::new(endpoint.error(kind, why))));
        };
        if self.ok.contains(&code) {
            return Ok(());
        }
        let message = self.message(top);
        let means = errors.meaning(&code, &message, endpoint.access());
        Err(refused(means, endpoint, &code, &message, "code"))
    }
}

/// What a status of the table means. The envelope, if there is one, has the code and the words.
pub(crate) fn by_status(
    status: u16,
    means: Means,
    endpoint: &Endpoint,
    envelope: Option<(&Envelope, &Value)>,
) -> Refused {
    let message = envelope.map(|(envelope, top)| envelope.message(top));
    let code = envelope.and_then(|(envelope, top)| envelope.code(top));
    match code {
        Some(code) => refused(means, endpoint, &code, &message.unwrap_or_default(), "code"),
        None => refused(
            means,
            endpoint,
            &status.to_string(),
            &message.unwrap_or_default(),
            "status",
        ),
    }
}

fn refused(means: Means, endpoint: &Endpoint, code: &str, message: &str, what: &str) -> Refused {
    if means == Means::NotFound && endpoint.access() == Access::Read {
        return Refused::NotFound;
    }
    let shown = redact::mask(code, 20);
    let mut text = format!("upstream answered with {what} `{shown}`");
    if !message.is_empty() {
        text = format!("{text}: {}", redact::mask(message, WORDS));
    }
    let mut error = endpoint.error(means.kind(endpoint), text);
    error.code = Some(shown);
    Refused::Error(Box::new(error))
}
