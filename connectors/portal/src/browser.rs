//! Asking for pages and sending forms, within a session.
//!
//! Invariants:
//! * only addresses below the base are asked for; a page that leads elsewhere is a changed page;
//! * a read that meets an ended session is repeated in a new one; a form of a write is sent once, and its
//!   fate is told: the login page in place of any answer means that nothing was done, everything that is
//!   not recognised means that the outcome is unknown;
//! * notices are acknowledged through their declared form and no other.

use std::sync::Arc;

use clerkwork_connectors_api::{
    ConnectorError, ErrorKind, Page,
    http::{Accept, Access, Endpoint, HttpStack, Outgoing},
    redact,
};
use clerkwork_core::{Clock, SystemClock, Timestamp};
use reqwest::{
    Method, Url,
    header::{self, HeaderValue},
};

use crate::{
    answer::{Answer, Seen, see},
    door::{Door, Session},
    evidence,
    forms::{Fill, Submission, Unfilled},
    pages::{Meaning, Pages},
    portal::MISSING,
    view::{Mismatch, View},
};

/// Sessions that one read may see end.
const RENEWALS: usize = 3;
/// Redirects and notices on the way to one page.
const HOPS: usize = 6;
/// Longest words of the portal in a message.
const WORDS: usize = 80;

/// What came of a read, with the session it was made in.
pub(crate) struct Shown {
    pub(crate) session: Arc<Session>,
    pub(crate) answer: Answer,
}

/// The portal behind its door.
#[derive(Debug)]
pub(crate) struct Browser {
    pub(crate) stack: HttpStack,
    pub(crate) pages: Pages,
    pub(crate) door: Door,
    /// Ends with a slash.
    pub(crate) base: Url,
}

impl Browser {
    /// An address below the base.
    pub(crate) fn url(
        &self,
        operation: &'static str,
        page: &str,
        queries: &[(&str, &str)],
    ) -> Result<Url, ConnectorError> {
        let endpoint = self.stack.read(operation, "")?;
        let shape = self.pages.page(page);
        let path = shape
            .and_then(|page| page.path.as_deref())
            .unwrap_or_default();
        let wrong = |why: String| endpoint.error(ErrorKind::Misconfigured, why);
        let mut url = self.base.join(path).map_err(|error| {
            wrong(format!(
                "`{path}` makes no address: {error}; correct the data file"
            ))
        })?;
        for (key, value) in queries {
            let name = shape.and_then(|page| page.queries.get(*key));
            let name = name.map_or(*key, String::as_str);
            url.query_pairs_mut().append_pair(name, value);
        }
        match self.is_ours(&url) {
            true => Ok(url),
            false => Err(wrong(format!("`{path}` leads away; correct the data file"))),
        }
    }

    /// Whether an address lies below the base.
    pub(crate) fn is_ours(&self, url: &Url) -> bool {
        url.origin() == self.base.origin() && url.path().starts_with(self.base.path())
    }

    /// Reads what is at an address.
    pub(crate) async fn get(
        &self,
        operation: &'static str,
        url: &Url,
    ) -> Result<Shown, ConnectorError> {
        for _ in 0..=RENEWALS {
            let session = self.session(operation).await?;
            match self.open(operation, &session, url).await? {
                Some(answer) => return Ok(Shown { session, answer }),
                None => self.door.forget(&session).await,
            }
        }
        let endpoint = self.stack.read(operation, "")?;
        let why = "every session ended before the page came; try again, or raise how long the portal keeps one";
        Err(endpoint.error(ErrorKind::Transient, why))
    }

    /// One page within a session: redirects followed, notices acknowledged. Nothing: the session has ended.
    async fn open(
        &self,
        operation: &'static str,
        session: &Session,
        url: &Url,
    ) -> Result<Option<Answer>, ConnectorError> {
        let endpoint = self.stack.read(operation, "")?;
        let mut asked = Outgoing::new(Method::GET, url.clone());
        for _ in 0..HOPS {
            let answer = self.exchange(&endpoint, session, asked).await?;
            if let Some(to) = self.target(operation, &answer)? {
                if self.is_login(&to) {
                    return Ok(None);
                }
                asked = Outgoing::new(Method::GET, to);
                continue;
            }
            if !answer.markup {
                return Ok(Some(answer));
            }
            match self.seen(&answer) {
                Seen::Login | Seen::Banner(_, Some(Meaning::Expired)) => return Ok(None),
                Seen::Notice => {
                    let fill = Fill::press("acknowledge", "acknowledge");
                    let form = self.fill(operation, &answer, "notice", &fill)?;
                    asked = posting(&form);
                }
                Seen::Maintenance => {
                    let why = "the portal is under maintenance; try again later";
                    return Err(endpoint.error(ErrorKind::Transient, why));
                }
                Seen::Banner(words, means) => {
                    return Err(self.refused(&endpoint, &answer, &words, means));
                }
                Seen::Page => return Ok(Some(answer)),
            }
        }
        let why = "redirects and notices come to no end; look at the portal with a browser";
        Err(endpoint.error(ErrorKind::Misconfigured, why))
    }

    /// Sends a form that changes something, once. Nothing: the portal asks for a login instead, so that
    /// nothing was done. An error is never `PageChanged`: what is unclear afterwards is `OutcomeUnknown`.
    pub(crate) async fn submit(
        &self,
        operation: &'static str,
        session: &Session,
        form: &Submission,
    ) -> Result<Option<Answer>, ConnectorError> {
        let endpoint = self.stack.write(operation, "")?;
        let mut answer = self.exchange(&endpoint, session, posting(form)).await?;
        let mut direct = true;
        for _ in 0..HOPS {
            let target = self.target(operation, &answer).map_err(after_write)?;
            let Some(to) = target else { break };
            if self.is_login(&to) {
                return self.ended(&endpoint, session, direct).await;
            }
            direct = false;
            // What is looked at now is the result: only the looking may be repeated.
            let looking = self.stack.read(operation, "")?;
            let asked = Outgoing::new(Method::GET, to);
            answer = self
                .exchange(&looking, session, asked)
                .await
                .map_err(after_write)?;
        }
        if answer.redirect.is_some() {
            let why = "redirects come to no end after the form was sent; look the matter up";
            return Err(endpoint.error(ErrorKind::OutcomeUnknown, why));
        }
        match self.seen(&answer) {
            Seen::Login => self.ended(&endpoint, session, direct).await,
            Seen::Banner(words, means) => {
                if means == Some(Meaning::Expired) {
                    self.door.forget(session).await;
                }
                Err(self.refused(&endpoint, &answer, &words, means))
            }
            Seen::Maintenance | Seen::Notice => {
                let why = "the portal shows a notice in place of a result; look the matter up";
                Err(endpoint.error(ErrorKind::OutcomeUnknown, why))
            }
            Seen::Page => Ok(Some(answer)),
        }
    }

    /// The login page after a form. As the answer to the form itself it means that nothing was done; where
    /// a result was announced first, it says nothing.
    async fn ended(
        &self,
        endpoint: &Endpoint,
        session: &Session,
        direct: bool,
    ) -> Result<Option<Answer>, ConnectorError> {
        self.door.forget(session).await;
        if direct {
            return Ok(None);
        }
        let why = "the session ended before the result was shown; look the matter up";
        Err(endpoint.error(ErrorKind::OutcomeUnknown, why))
    }

    /// Sends one request with the session's cookies, and keeps those that come back.
    pub(crate) async fn exchange(
        &self,
        endpoint: &Endpoint,
        session: &Session,
        mut outgoing: Outgoing,
    ) -> Result<Answer, ConnectorError> {
        outgoing.accept = Accept {
            markup: true,
            redirects: true,
            statuses: Vec::new(),
        };
        if let Some(cookies) = session.cookies() {
            outgoing.headers.insert(header::COOKIE, cookies);
        }
        let reply = self.stack.send(endpoint, &outgoing).await?;
        session.keep(reply.headers());
        let location = reply.headers().get(header::LOCATION);
        let redirect = reply.status().is_redirection().then(|| {
            let location = location.and_then(|value| value.to_str().ok());
            location.unwrap_or_default().to_owned()
        });
        let mut answer = Answer {
            url: outgoing.url,
            redirect,
            headers: reply.headers().clone(),
            markup: reply.is_markup(),
            text: String::new(),
            bytes: reply.bytes().to_vec(),
        };
        answer.markup &= !answer.is_file();
        if answer.markup {
            answer.text = reply.text().into_owned();
        }
        Ok(answer)
    }

    /// Where an answer sends its reader; an error when that is not a page of ours.
    fn target(
        &self,
        operation: &'static str,
        answer: &Answer,
    ) -> Result<Option<Url>, ConnectorError> {
        let Some(location) = &answer.redirect else {
            return Ok(None);
        };
        match answer.url.join(location) {
            Ok(to) if !location.is_empty() && self.is_ours(&to) => Ok(Some(to)),
            _ => {
                let mismatch = Mismatch {
                    page: answer.url.path().into(),
                    selector: "Location".into(),
                    why: "it leads away from the portal, which is not followed".into(),
                };
                Err(self.changed(operation, &answer.text, &mismatch))
            }
        }
    }

    pub(crate) fn is_login(&self, url: &Url) -> bool {
        let path = self
            .pages
            .page("login")
            .and_then(|page| page.path.as_deref());
        let login = path.and_then(|path| self.base.join(path).ok());
        login.is_some_and(|login| login.path() == url.path())
    }

    pub(crate) fn seen(&self, answer: &Answer) -> Seen {
        see(&self.pages, &answer.parse())
    }

    /// Fills a form of a page that has just come. Nothing is sent.
    pub(crate) fn fill(
        &self,
        operation: &'static str,
        answer: &Answer,
        page: &'static str,
        fill: &Fill<'_>,
    ) -> Result<Submission, ConnectorError> {
        let html = answer.parse();
        let encoding = answer.encoding(&html);
        let filled = View::of(&self.pages, page, &html)
            .map_err(Unfilled::Mismatch)
            .and_then(|view| view.fill(&self.base, &answer.url, encoding, fill));
        filled.map_err(|unfilled| match unfilled {
            Unfilled::Mismatch(mismatch) => self.changed(operation, &answer.text, &mismatch),
            Unfilled::Unsayable { field, charset } => self.error(
                operation,
                ErrorKind::Misconfigured,
                format!("the value for the field `{field}` holds characters that the portal's charset `{charset}` lacks; nothing was sent; write it without them"),
            ),
        })
    }

    /// The error for a page that is not as the data file says.
    pub(crate) fn changed(
        &self,
        operation: &'static str,
        page: &str,
        mismatch: &Mismatch,
    ) -> ConnectorError {
        let Mismatch {
            page: name,
            selector,
            why,
        } = mismatch;
        let message = format!(
            "page `{name}` is not as version `{}` of the data file says: at `{selector}`, {why}; nothing was sent; compare the attached page and mend the data file",
            self.pages.version
        );
        let mut error = self.error(operation, ErrorKind::PageChanged, message);
        error.page = Some(Arc::new(self.evidence(operation, page)));
        error
    }

    fn evidence(&self, operation: &'static str, page: &str) -> Page {
        let source = format!("{}.{operation}", self.stack_name());
        evidence::redacted(&self.pages, source, now(), page)
    }

    /// The error for a banner.
    pub(crate) fn refused(
        &self,
        endpoint: &Endpoint,
        answer: &Answer,
        words: &str,
        means: Option<Meaning>,
    ) -> ConnectorError {
        let operation = endpoint.operation();
        let Some(means) = means else {
            let mismatch = Mismatch {
                page: answer.url.path().into(),
                selector: self.pages.banner.text.clone(),
                why: format!(
                    "nobody has seen the banner `{}` before",
                    redact::mask(words, WORDS)
                ),
            };
            let error = self.changed(operation, &answer.text, &mismatch);
            return match endpoint.access() {
                Access::Read => error,
                Access::Write => after_write(error),
            };
        };
        let (kind, advice) = meant(means, endpoint);
        let shown = redact::mask(words, WORDS);
        ConnectorError {
            code: (means == Meaning::Missing).then(|| MISSING.into()),
            ..endpoint.error(kind, format!("the portal says `{shown}`; {advice}"))
        }
    }

    pub(crate) fn error(
        &self,
        operation: &'static str,
        kind: ErrorKind,
        message: impl Into<String>,
    ) -> ConnectorError {
        ConnectorError {
            connector: self.stack_name(),
            operation,
            kind,
            code: None,
            message: message.into(),
            page: None,
            source: None,
        }
    }

    pub(crate) fn stack_name(&self) -> &'static str {
        self.door.connector
    }
}

/// What a banner means for the caller.
fn meant(means: Meaning, endpoint: &Endpoint) -> (ErrorKind, &'static str) {
    match (means, endpoint.access()) {
        (Meaning::Busy | Meaning::Expired, Access::Read) => {
            (ErrorKind::Transient, "try again later")
        }
        (Meaning::Busy | Meaning::Expired, Access::Write) => {
            (ErrorKind::OutcomeUnknown, "look the matter up")
        }
        // The earlier act may have been ours.
        (Meaning::DoneBefore | Meaning::StateForbids, Access::Write) => {
            (ErrorKind::OutcomeUnknown, "look the matter up")
        }
        (Meaning::DoneBefore | Meaning::StateForbids, Access::Read) => {
            (ErrorKind::Rejected, "look at the application")
        }
        (Meaning::Forbidden, _) => (ErrorKind::Unauthorized, "ask for the right that is missing"),
        (Meaning::CredentialRefused, _) => (ErrorKind::Unauthorized, "check the credential"),
        (Meaning::Missing | Meaning::Refused, _) => {
            (ErrorKind::Rejected, "look at the application")
        }
    }
}

/// The same error once a form was sent: whatever was meant, the outcome is unknown.
pub(crate) fn after_write(error: ConnectorError) -> ConnectorError {
    let message = error.message.replace(
        "nothing was sent; ",
        "it came after a form was sent, so look the matter up; ",
    );
    ConnectorError {
        kind: ErrorKind::OutcomeUnknown,
        message,
        ..error
    }
}

pub(crate) fn posting(form: &Submission) -> Outgoing {
    let mut outgoing = Outgoing::new(Method::POST, form.url.clone());
    if let Ok(value) = HeaderValue::try_from(form.content_type.as_str()) {
        outgoing.headers.insert(header::CONTENT_TYPE, value);
    }
    outgoing.body = form.body.clone();
    outgoing
}

pub(crate) fn now() -> Timestamp {
    SystemClock.now()
}
