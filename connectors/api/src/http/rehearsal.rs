//! Calls as they would go out, shown in the place of being sent.

use std::sync::{Arc, Mutex, PoisonError};

use reqwest::header;

use super::{Outgoing, fault::Fault};

/// A stack that has one sends nothing: each call is kept here and ends as misconfigured.
#[derive(Debug, Clone, Default)]
pub struct Rehearsal(Arc<Mutex<Vec<Rehearsed>>>);

/// One call that was not made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rehearsed {
    /// `GET`, `POST` and so on.
    pub method: String,
    /// The whole address.
    pub url: String,
    /// Headers of the call. Credentials are not among them.
    pub headers: Vec<(String, String)>,
    /// The body, as text.
    pub body: String,
}

impl Rehearsal {
    /// The calls since the last time they were taken.
    pub fn take(&self) -> Vec<Rehearsed> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    pub(super) fn keep(&self, outgoing: &Outgoing) -> Fault {
        let shown = outgoing.headers.iter().filter(|(name, value)| {
            !value.is_sensitive() && ![header::AUTHORIZATION, header::COOKIE].contains(name)
        });
        let headers = shown.map(|(name, value)| {
            let value = String::from_utf8_lossy(value.as_bytes());
            (name.to_string(), value.into_owned())
        });
        let call = Rehearsed {
            method: outgoing.method.to_string(),
            url: outgoing.url.to_string(),
            headers: headers.collect(),
            body: String::from_utf8_lossy(&outgoing.body).into_owned(),
        };
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.push(call);
        Fault::NotAllowed {
            why: "this is a rehearsal, so nothing was sent".into(),
        }
    }
}
