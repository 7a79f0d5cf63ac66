//! The login, shared by all workers.
//!
//! Invariants:
//! * one login at a time; whoever comes meanwhile waits for it and shares its session;
//! * a credential that was refused, or whose login ended in a page that nobody knows, is not used again:
//!   every later call fails at once with the same words, so that the account is never locked;
//! * a password that is in a file is read again when it is needed: once it is another, it is used.

use std::{
    collections::BTreeMap,
    fmt,
    sync::{Arc, Mutex, PoisonError},
};

use clerkwork_connectors_api::{
    ConnectorError, ErrorKind,
    credential::{self, CredentialReader, Secret},
    http::Outgoing,
    redact,
};
use reqwest::{
    Method,
    header::{self, HeaderMap, HeaderValue},
};

use crate::{
    answer::{Answer, Seen, banner},
    browser::{Browser, posting},
    forms::Fill,
    pages::Meaning,
    view::Mismatch,
};

/// Who logs in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Credential {
    /// The user's name.
    pub user: String,
    /// The password, or where it is.
    pub password: credential::Credential,
}

/// An open session: its cookies.
#[derive(Default)]
pub(crate) struct Session {
    number: u64,
    cookies: Mutex<BTreeMap<String, String>>,
}

impl fmt::Debug for Session {
    /// Without the cookies.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session")
            .field("number", &self.number)
            .finish_non_exhaustive()
    }
}

impl Session {
    /// As a header; nothing when there are none.
    pub(crate) fn cookies(&self) -> Option<HeaderValue> {
        let cookies = self.cookies.lock().unwrap_or_else(PoisonError::into_inner);
        let pairs = cookies
            .iter()
            .map(|(name, value)| format!("{name}={value}"));
        let pairs: Vec<_> = pairs.collect();
        let mut value = HeaderValue::try_from(pairs.join("; ")).ok()?;
        value.set_sensitive(true);
        (!pairs.is_empty()).then_some(value)
    }

    /// Keeps what an answer sets, and drops what it takes back.
    pub(crate) fn keep(&self, headers: &HeaderMap) {
        let mut cookies = self.cookies.lock().unwrap_or_else(PoisonError::into_inner);
        for set in headers.get_all(header::SET_COOKIE) {
            let Ok(set) = set.to_str() else { continue };
            let (pair, rest) = set.split_once(';').unwrap_or((set, ""));
            let Some((name, value)) = pair.split_once('=') else {
                continue;
            };
            let mut attributes = rest.split(';').map(|it| it.trim().to_ascii_lowercase());
            match attributes.any(|it| it == "max-age=0") {
                true => cookies.remove(name.trim()),
                false => cookies.insert(name.trim().into(), value.trim().into()),
            };
        }
    }
}

#[derive(Debug)]
struct Inner {
    user: String,
    password: CredentialReader,
    session: Option<Arc<Session>>,
    opened: u64,
    /// The password that is not used again, and why.
    stopped: Option<(Secret, ConnectorError)>,
}

/// The door of the portal.
#[derive(Debug)]
pub(crate) struct Door {
    pub(crate) connector: &'static str,
    inner: tokio::sync::Mutex<Inner>,
}

impl Door {
    pub(crate) fn new(connector: &'static str, credential: Credential) -> Self {
        Self {
            connector,
            inner: tokio::sync::Mutex::new(Inner {
                user: credential.user,
                password: CredentialReader::new(credential.password),
                session: None,
                opened: 0,
                stopped: None,
            }),
        }
    }

    /// Takes another credential; the same one changes nothing.
    pub(crate) async fn change(&self, credential: Credential) {
        let mut inner = self.inner.lock().await;
        let same =
            inner.user == credential.user && *inner.password.credential() == credential.password;
        if !same {
            inner.user = credential.user;
            inner.password = CredentialReader::new(credential.password);
            inner.session = None;
            inner.stopped = None;
        }
    }

    /// A session has ended; the next caller opens another. A newer one stays.
    pub(crate) async fn forget(&self, ended: &Session) {
        let mut inner = self.inner.lock().await;
        if inner
            .session
            .as_ref()
            .is_some_and(|open| open.number == ended.number)
        {
            inner.session = None;
        }
    }
}

/// How a login ended.
enum Refusal {
    /// The credential may be tried again.
    NotNow(ConnectorError),
    /// It may not.
    Stop(ConnectorError),
}

impl Browser {
    /// The session that is open, or a new one.
    pub(crate) async fn session(
        &self,
        operation: &'static str,
    ) -> Result<Arc<Session>, ConnectorError> {
        let mut inner = self.door.inner.lock().await;
        if let Some(open) = &inner.session {
            return Ok(Arc::clone(open));
        }
        // Logins are few: what is in a file may be another by now.
        inner.password.doubt();
        let password = inner
            .password
            .read()
            .map_err(|error| self.error(operation, ErrorKind::Misconfigured, error.to_string()))?;
        if let Some((refused, why)) = &inner.stopped
            && *refused == password
        {
            return Err(ConnectorError {
                operation,
                ..why.clone()
            });
        }
        let number = inner.opened + 1;
        match self.log_in(operation, number, &inner.user, &password).await {
            Ok(session) => {
                let session = Arc::new(session);
                inner.opened = number;
                inner.stopped = None;
                inner.session = Some(Arc::clone(&session));
                tracing::info!(
                    connector.name = self.door.connector,
                    "logged in to the portal"
                );
                Ok(session)
            }
            Err(Refusal::NotNow(error)) => Err(error),
            Err(Refusal::Stop(error)) => {
                tracing::warn!(
                    connector.name = self.door.connector,
                    connector.error = error.kind.as_str(),
                    "the portal did not take the login; it is not tried again with this credential"
                );
                inner.stopped = Some((password, error.clone()));
                Err(error)
            }
        }
    }

    async fn log_in(
        &self,
        operation: &'static str,
        number: u64,
        user: &str,
        password: &Secret,
    ) -> Result<Session, Refusal> {
        use Refusal::{NotNow, Stop};
        let session = Session {
            number,
            ..Session::default()
        };
        let reading = self.stack.read(operation, "").map_err(NotNow)?;
        let url = self.url(operation, "login", &[]).map_err(NotNow)?;
        let asked = Outgoing::new(Method::GET, url);
        let answer = self
            .exchange(&reading, &session, asked)
            .await
            .map_err(NotNow)?;
        if answer.markup && self.seen(&answer) == Seen::Maintenance {
            let why = "the portal is under maintenance; try again later";
            return Err(NotNow(reading.error(ErrorKind::Transient, why)));
        }
        let values = [("user", user), ("password", password.expose())];
        let fill = Fill {
            form: "login",
            press: "login",
            values: &values,
            file: None,
        };
        let form = self
            .fill(operation, &answer, "login", &fill)
            .map_err(NotNow)?;
        // A login is no write of the caller's, but it is sent once like one: refusals are counted.
        let sending = self.stack.write(operation, "").map_err(NotNow)?;
        let answer = self.exchange(&sending, &session, posting(&form)).await;
        let answer = answer.map_err(|error| NotNow(before_write(error)))?;
        match &answer.redirect {
            Some(to) => match answer.url.join(to) {
                Ok(to) if self.is_ours(&to) && !self.is_login(&to) => Ok(session),
                _ => Err(Stop(self.strange(operation, &answer))),
            },
            None => Err(self.not_let_in(operation, &answer)),
        }
    }

    /// Why a login was answered by a page.
    fn not_let_in(&self, operation: &'static str, answer: &Answer) -> Refusal {
        let html = answer.parse();
        let words = banner(&self.pages, &html);
        let means = words.as_deref().and_then(|words| self.pages.meaning(words));
        let shown = words.map_or_else(String::new, |words| redact::mask(&words, 80));
        match means {
            Some(Meaning::Busy | Meaning::Expired) => Refusal::NotNow(self.error(
                operation,
                ErrorKind::Transient,
                format!("the portal says `{shown}` to the login; try again later"),
            )),
            Some(
                Meaning::CredentialRefused
                | Meaning::Forbidden
                | Meaning::Refused
                | Meaning::Missing
                | Meaning::DoneBefore
                | Meaning::StateForbids,
            ) => Refusal::Stop(self.error(
                operation,
                ErrorKind::Unauthorized,
                format!("the portal refuses the login: `{shown}`; it is not tried again until the credential changes, so that the account is not locked"),
            )),
            None if self.seen(answer) == Seen::Maintenance => Refusal::NotNow(self.error(
                operation,
                ErrorKind::Transient,
                "the portal is under maintenance; try again later",
            )),
            None => Refusal::Stop(self.strange(operation, answer)),
        }
    }

    /// A login that ended in a page that nobody knows.
    fn strange(&self, operation: &'static str, answer: &Answer) -> ConnectorError {
        let mismatch = Mismatch {
            page: "login".into(),
            selector: self.pages.banner.text.clone(),
            why: "the login led to a page that nobody knows; it is not tried again until the credential changes".into(),
        };
        self.changed(operation, &answer.text, &mismatch)
    }
}

/// An error of the login itself: the caller's own work has not begun.
fn before_write(error: ConnectorError) -> ConnectorError {
    let kind = match error.kind {
        ErrorKind::OutcomeUnknown => ErrorKind::Transient,
        kind @ (ErrorKind::Transient
        | ErrorKind::RateLimited { .. }
        | ErrorKind::Rejected
        | ErrorKind::Unauthorized
        | ErrorKind::Misconfigured
        | ErrorKind::PageChanged) => kind,
    };
    ConnectorError { kind, ..error }
}
