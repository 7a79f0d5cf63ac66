//! Who is logged in, and the tokens of their forms.

use std::collections::{HashMap, HashSet};

use uuid::Uuid;

use super::PortalCounts;

/// After so many refused logins in a row the account is locked.
const LOCKED_AFTER: u64 = 5;

/// A decision that waits for its confirmation, or was taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Draft {
    Issue {
        number: String,
    },
    Return {
        number: String,
        reasons: Vec<String>,
    },
}

/// What a confirmed decision gave: shown by the page of the result.
#[derive(Debug, Clone)]
pub(super) struct Outcome {
    pub(super) number: String,
    pub(super) invoice_number: Option<String>,
}

#[derive(Debug, Default)]
pub(super) struct Session {
    requests: u32,
    /// Of forms that were shown and not sent yet.
    tokens: HashSet<String>,
    pub(super) notice_read: bool,
    pub(super) drafts: HashMap<String, Draft>,
    pub(super) outcomes: HashMap<String, Outcome>,
}

impl Session {
    /// A token for a form.
    pub(super) fn token(&mut self) -> String {
        let token = unguessable();
        self.tokens.insert(token.clone());
        token
    }

    /// Whether a form is sent for the first time.
    pub(super) fn spend(&mut self, token: &str) -> bool {
        self.tokens.remove(token)
    }
}

/// All sessions.
#[derive(Debug, Default)]
pub(super) struct Sessions {
    open: HashMap<String, Session>,
    /// Tokens of login forms by the cookie that came with them.
    before_login: HashMap<String, String>,
    counts: PortalCounts,
    refused_in_a_row: u64,
}

impl Sessions {
    pub(super) fn counts(&self) -> PortalCounts {
        PortalCounts {
            sessions: self.open.len() as u64,
            ..self.counts
        }
    }

    pub(super) fn count_request(&mut self) {
        self.counts.requests += 1;
    }

    pub(super) fn expire(&mut self) {
        self.open.clear();
    }

    pub(super) fn unlock(&mut self) {
        self.refused_in_a_row = 0;
        for session in self.open.values_mut() {
            session.notice_read = false;
        }
    }

    /// The session of a cookie, one request older; nothing when it has ended.
    pub(super) fn enter(&mut self, cookie: &str, most: Option<u32>) -> Option<&mut Session> {
        let session = self.open.get_mut(cookie)?;
        session.requests += 1;
        if most.is_some_and(|most| session.requests > most) {
            self.open.remove(cookie);
            return None;
        }
        self.open.get_mut(cookie)
    }

    /// A login form: its cookie and its token.
    pub(super) fn door(&mut self) -> (String, String) {
        let (cookie, token) = (unguessable(), unguessable());
        self.before_login.insert(cookie.clone(), token.clone());
        (cookie, token)
    }

    /// Whether a login form is the one that came with the cookie.
    pub(super) fn at_door(&mut self, cookie: &str, token: &str) -> bool {
        self.before_login.remove(cookie).as_deref() == Some(token)
    }

    pub(super) fn locked(&self) -> bool {
        self.refused_in_a_row >= LOCKED_AFTER
    }

    pub(super) fn refuse(&mut self) {
        self.counts.failed_logins += 1;
        self.refused_in_a_row += 1;
    }

    /// Lets somebody in; the cookie of the session.
    pub(super) fn let_in(&mut self) -> String {
        self.counts.logins += 1;
        self.refused_in_a_row = 0;
        let cookie = unguessable();
        self.open.insert(cookie.clone(), Session::default());
        cookie
    }
}

fn unguessable() -> String {
    Uuid::new_v4().simple().to_string()
}
