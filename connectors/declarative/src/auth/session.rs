//! What a sign-in gave, shared by all callers.
//!
//! Invariants:
//! * one sign-in at a time; who comes meanwhile waits for it and uses what it gave;
//! * a caller that finds its session over says which one, so that a session that is new meanwhile is not thrown away;
//! * credentials that were refused are not tried again until they change, or until somebody
//!   [allows](Session::allow) it, so that no account is locked;
//! * a sign-in goes on when its caller goes away: it may have been sent.

use std::sync::Arc;

use clerkwork_connectors_api::{
    ConnectorError, ErrorKind,
    http::{Endpoint, HttpStack, Secret},
};
use clerkwork_core::Timestamp;
use reqwest::header::HeaderMap;
use tokio::sync::Mutex;
use tracing::Instrument as _;

use super::{Auth, NoSignIn, Pass, SignedIn};
use crate::settings::Settings;

/// What a call goes out with.
#[derive(Debug, Clone)]
pub(crate) struct Grant {
    /// Which sign-in it is from.
    pub(crate) generation: u64,
    pub(crate) headers: HeaderMap,
}

/// What a sign-in gave.
#[derive(Debug)]
pub(crate) struct Session {
    pub(crate) auth: Auth,
    stack: Arc<HttpStack>,
    settings: Settings,
    read: Endpoint,
    write: Endpoint,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    generation: u64,
    pass: Option<(Pass, Option<Timestamp>)>,
    /// Credentials that were refused, and how.
    refused: Option<(Vec<Secret>, ConnectorError)>,
}

impl State {
    /// What there is, unless it is the one that is over, or has ended by itself.
    fn current(&self, over: Option<u64>, now: Timestamp) -> Option<Grant> {
        let (pass, ends) = self.pass.as_ref()?;
        let is_newer = over.is_none_or(|over| self.generation > over);
        (is_newer && ends.is_none_or(|end| now < end)).then(|| Grant {
            generation: self.generation,
            headers: pass.headers(),
        })
    }
}

impl Session {
    /// Nothing is sent yet.
    ///
    /// # Errors
    /// When the base makes no address.
    pub(crate) fn new(
        auth: Auth,
        stack: Arc<HttpStack>,
        settings: Settings,
    ) -> Result<Self, ConnectorError> {
        Ok(Self {
            auth,
            read: stack.read("sign_in", "")?,
            write: stack.write("sign_in", "")?,
            stack,
            settings,
            state: Mutex::default(),
        })
    }

    /// What to go out with. `over` names a session that has ended.
    ///
    /// # Errors
    /// [`ErrorKind::Unauthorized`] when the credentials were refused; otherwise why there is no session.
    pub(crate) async fn grant(
        self: &Arc<Self>,
        over: Option<u64>,
    ) -> Result<Grant, ConnectorError> {
        if self.auth.signs_in() && self.stack.rehearses() {
            return Ok(Grant {
                generation: 0,
                headers: HeaderMap::new(),
            });
        }
        if !self.auth.signs_in() {
            let wrong = |why: String| self.read.error(ErrorKind::Misconfigured, why);
            let credentials = self.auth.credentials(&self.settings).map_err(wrong)?;
            let headers = self.auth.at_once(&credentials).map_err(wrong)?;
            return Ok(Grant {
                generation: 0,
                headers,
            });
        }
        if let Some(grant) = self
            .state
            .lock()
            .await
            .current(over, self.settings.clock.now())
        {
            return Ok(grant);
        }
        let session = Arc::clone(self);
        let task = async move { session.current_or_new(over).await };
        match tokio::spawn(task.in_current_span()).await {
            Ok(granted) => granted,
            Err(_) => {
                let why = "the sign-in was broken off";
                Err(self.read.error(ErrorKind::Transient, why))
            }
        }
    }

    /// What to go out with in a session that began before; nothing when it is not the one any more.
    pub(crate) async fn still(self: &Arc<Self>, generation: u64) -> Option<Grant> {
        if !self.auth.signs_in() {
            return self.grant(None).await.ok();
        }
        let grant = self
            .state
            .lock()
            .await
            .current(None, self.settings.clock.now())?;
        (grant.generation == generation).then_some(grant)
    }

    async fn current_or_new(&self, over: Option<u64>) -> Result<Grant, ConnectorError> {
        let mut state = self.state.lock().await;
        let now = self.settings.clock.now();
        // Somebody may have signed in while this one waited.
        if let Some(grant) = state.current(over, now) {
            return Ok(grant);
        }
        state.pass = None;
        let credentials = self.auth.credentials(&self.settings);
        let credentials =
            credentials.map_err(|why| self.read.error(ErrorKind::Misconfigured, why))?;
        if let Some((refused, error)) = &state.refused
            && *refused == credentials
        {
            return Err(error.clone());
        }
        match self.sign_in(&credentials, now).await {
            Ok(SignedIn { pass, ends }) => {
                tracing::debug!(connector.name = self.read.connector(), "signed in");
                state.generation += 1;
                state.refused = None;
                let headers = pass.headers();
                state.pass = Some((pass, ends));
                Ok(Grant {
                    generation: state.generation,
                    headers,
                })
            }
            Err(NoSignIn::Failed(error)) => Err(error),
            Err(NoSignIn::Refused(error)) => {
                tracing::warn!(
                    connector.name = self.read.connector(),
                    "the sign-in was refused"
                );
                state.refused = Some((credentials, error.clone()));
                Err(error)
            }
        }
    }

    async fn sign_in(&self, credentials: &[Secret], now: Timestamp) -> Result<SignedIn, NoSignIn> {
        match &self.auth {
            Auth::OAuth(oauth) => {
                oauth
                    .sign_in(&self.stack, &self.read, credentials, now)
                    .await
            }
            Auth::Form(form) => {
                form.sign_in(&self.stack, &self.read, &self.write, credentials, now)
                    .await
            }
            Auth::None | Auth::Basic { .. } | Auth::Bearer { .. } => Ok(SignedIn {
                pass: Pass::Headers(HeaderMap::new()),
                ends: None,
            }),
        }
    }

    /// Takes cookies that an answer sets, if its session is still the one.
    pub(crate) async fn learn(&self, generation: u64, headers: &HeaderMap) {
        if !headers.contains_key(reqwest::header::SET_COOKIE) {
            return;
        }
        let mut state = self.state.lock().await;
        if state.generation == generation
            && let Some((Pass::Cookies(cookies), _)) = &mut state.pass
        {
            cookies.take(headers);
        }
    }

    /// Credentials that were refused may be tried once more.
    pub(crate) async fn allow(&self) {
        self.state.lock().await.refused = None;
    }
}
