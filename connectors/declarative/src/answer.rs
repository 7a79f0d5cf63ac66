//! From what the upstream answered to what the operation gives.

use std::{sync::Arc, time::Duration};

use clerkwork_connectors_api::{
    ConnectorError, ErrorKind, Page,
    contract::Answer,
    http::{Access, Endpoint, Reply},
    redact,
};
use clerkwork_core::Timestamp;
use reqwest::header::{LOCATION, RETRY_AFTER};
use scraper::Html;
use serde_json::{Value, json};

use crate::{
    extract::{Extract, Top, Trouble, word_of},
    path::Path,
    refusal::{Envelope, Errors, Refused, by_status},
    template::{Scope, Template},
};

/// In what form an upstream answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Json,
    Xml,
    Html,
}

impl Kind {
    fn media_type(self) -> &'static str {
        match self {
            Self::Json => "application/json",
            Self::Xml => "application/xml",
            Self::Html => "text/html",
        }
    }
}

/// How to read an answer.
#[derive(Debug, Clone)]
pub(crate) struct Response {
    pub(crate) kind: Kind,
    /// Statuses of success beside 2xx; of a write that is answered by a page of which nothing is read, in its place.
    pub(crate) statuses: Vec<u16>,
    /// A part of the address to which a redirect of success leads.
    pub(crate) location: Option<String>,
    pub(crate) envelope: Option<Envelope>,
    pub(crate) errors: Errors,
    /// What the answer must say again of what was asked.
    pub(crate) same: Vec<(Path, Template)>,
    /// Nothing: the operation gives an empty record.
    pub(crate) result: Option<Extract>,
    /// Whether the answer is kept for whoever decides.
    pub(crate) keep_page: bool,
}

/// An answer as it was read.
pub(crate) struct Got {
    pub(crate) answer: Answer,
    /// The tree, for what a page says of the next one.
    pub(crate) top: Option<Top>,
}

impl Response {
    /// Reads an answer.
    ///
    /// # Errors
    /// What the file says of its status, code and words; [`ErrorKind::PageChanged`] for a page that is not what
    /// the file says; [`ErrorKind::Misconfigured`] for anything else that cannot be read, and of a write
    /// [`ErrorKind::OutcomeUnknown`].
    pub(crate) fn read(&self, reply: &Reply<'_>, scope: &Scope<'_>) -> Result<Got, ConnectorError> {
        match self.read_parts(reply, scope) {
            Ok(got) => Ok(got),
            Err(Refused::NotFound) => Ok(Got {
                answer: Answer::from(Value::Null),
                top: None,
            }),
            Err(Refused::Error(error)) => Err(*error),
        }
    }

    fn read_parts(&self, reply: &Reply<'_>, scope: &Scope<'_>) -> Result<Got, Refused> {
        let endpoint = reply.endpoint();
        let status = reply.status().as_u16();
        // A page is not the word of an API, whatever its status is: a gateway's, or one of maintenance.
        if reply.is_markup() && self.kind == Kind::Json {
            let why = "upstream answered an HTML page instead of JSON";
            return Err(boxed(endpoint.error(endpoint.unclear(), why)));
        }
        if let Some(means) = self.errors.status.get(&status) {
            let tree = self.tree(reply).ok();
            let envelope = match (&self.envelope, &tree) {
                (Some(envelope), Some(Top::Json(top))) => Some((envelope, top)),
                _ => None,
            };
            return Err(
                by_status(status, *means, endpoint, envelope).not_before(retry_after(reply))
            );
        }
        if !reply.status().is_success() && !self.statuses.contains(&status) {
            return Err(boxed(status_error(endpoint, status)));
        }
        if self.kind == Kind::Html && self.errors.banner.is_some() {
            let page = self.tree(reply).map_err(boxed)?;
            self.errors.on_page(&page, endpoint)?;
        }
        if let Some(why) = self.no_success(reply) {
            let mut error = endpoint.error(endpoint.unclear(), why);
            error.page = Some(Arc::new(masked_page(endpoint, scope.now, &reply.text())));
            return Err(boxed(error));
        }
        let top = self.tree(reply).map_err(boxed)?;
        let mut content = None;
        if let (Some(envelope), Top::Json(value)) = (&self.envelope, &top) {
            envelope.check(value, &self.errors, endpoint)?;
            content = envelope.content.as_ref();
        }
        if let Top::Json(value) = &top {
            self.is_about_it(reply, value, scope).map_err(boxed)?;
        }
        let output = match &self.result {
            None => json!({}),
            Some(result) => result
                .read(&top, content, scope)
                .map_err(|trouble| boxed(broken(reply, trouble, scope.now)))?,
        };
        let page = self.keep_page.then(|| {
            let source = source(endpoint);
            Page::new(source, scope.now, self.kind.media_type(), &reply.text())
        });
        Ok(Got {
            answer: Answer { output, page },
            top: Some(top),
        })
    }

    /// Whether it is a page of which nothing would be read: it may say anything.
    pub(crate) fn reads_nothing(&self) -> bool {
        self.kind == Kind::Html && self.result.is_none()
    }

    /// Why an answer that came in good order says nothing of success.
    fn no_success(&self, reply: &Reply<'_>) -> Option<String> {
        let status = reply.status();
        let is_write = reply.endpoint().access() == Access::Write;
        if is_write && self.reads_nothing() && !self.statuses.contains(&status.as_u16()) {
            return Some(format!(
                "upstream answered with a page (status {status}) where one of `response.statuses` was expected"
            ));
        }
        let part = self.location.as_ref().filter(|_| status.is_redirection())?;
        let location = reply.headers().get(LOCATION);
        let location = location.and_then(|value| value.to_str().ok());
        let leads = location.is_some_and(|location| location.contains(part.as_str()));
        (!leads).then(|| "upstream leads elsewhere than `response.location` says".to_owned())
    }

    fn tree(&self, reply: &Reply<'_>) -> Result<Top, ConnectorError> {
        match self.kind {
            Kind::Json => reply.json().map(Top::Json),
            Kind::Xml => Top::xml(&reply.text()).map_err(|why| reply.unreadable(&why)),
            Kind::Html => Ok(Top::Html(Html::parse_document(&reply.text()))),
        }
    }

    /// An answer about another matter is nobody's answer.
    fn is_about_it(
        &self,
        reply: &Reply<'_>,
        top: &Value,
        scope: &Scope<'_>,
    ) -> Result<(), ConnectorError> {
        for (path, wanted) in &self.same {
            let wanted = wanted.value(scope);
            let wanted = wanted
                .map_err(|why| reply.unreadable(&why))?
                .unwrap_or_default();
            let said = path.find(top, top).cloned().unwrap_or_default();
            let both_missing = said.is_null() && wanted.is_null();
            let same = word_of(&said).is_some_and(|said| Some(said) == word_of(&wanted));
            if !same && !both_missing {
                let why = format!(
                    "the answer is about another matter than the question, by `{}`",
                    path.as_str()
                );
                return Err(reply.unreadable(&why));
            }
        }
        Ok(())
    }
}

/// What the upstream asked to wait, in seconds; of a date the caller's own pause does as well.
fn retry_after(reply: &Reply<'_>) -> Option<Duration> {
    let value = reply.headers().get(RETRY_AFTER)?.to_str().ok()?;
    value.trim().parse().ok().map(Duration::from_secs)
}

fn boxed(error: ConnectorError) -> Refused {
    Refused::Error(Box::new(error))
}

/// The error for a status that nothing was said about.
fn status_error(endpoint: &Endpoint, status: u16) -> ConnectorError {
    let kind = match (status, endpoint.access()) {
        (401 | 403, _) => ErrorKind::Unauthorized,
        (_, Access::Read) => ErrorKind::Misconfigured,
        (_, Access::Write) => ErrorKind::OutcomeUnknown,
    };
    let why = match status {
        300..=399 => {
            "a redirect, which is not followed; name it in `response.statuses` if it is right"
        }
        401 | 403 => "check the credentials and their rights",
        _ => "say in `errors.status` what that means",
    };
    endpoint.error(kind, format!("upstream answered {status}; {why}"))
}

/// The error for an answer that is not what the file says.
fn broken(reply: &Reply<'_>, trouble: Trouble, now: Timestamp) -> ConnectorError {
    let endpoint = reply.endpoint();
    match trouble {
        Trouble::Unreadable(why) => reply.unreadable(&why),
        Trouble::PageChanged(why) => {
            let kind = match endpoint.access() {
                Access::Read => ErrorKind::PageChanged,
                Access::Write => ErrorKind::OutcomeUnknown,
            };
            let mut error = endpoint.error(kind, why);
            error.page = Some(Arc::new(masked_page(endpoint, now, &reply.text())));
            error
        }
    }
}

/// A page for an integrator, without the numbers that name people.
pub(crate) fn masked_page(endpoint: &Endpoint, now: Timestamp, text: &str) -> Page {
    Page::new(
        source(endpoint),
        now,
        "text/html",
        &redact::mask(text, text.len()),
    )
}

fn source(endpoint: &Endpoint) -> String {
    format!("{}.{}", endpoint.connector(), endpoint.operation())
}
