//! One call as it goes out, whatever the upstream's protocol is.

use std::time::Duration;

use bytes::Bytes;
use clerkwork_core::IdempotencyKey;
use reqwest::{Method, StatusCode, Url, header::HeaderMap};

/// One call as it goes out. The stack adds its bearer token, if it has one, where no header of the call says otherwise.
#[derive(Debug, Clone)]
pub struct Outgoing {
    /// `GET`, `POST` and so on.
    pub method: Method,
    /// The whole address, see [`Endpoint::url`](super::Endpoint::url).
    pub url: Url,
    /// Headers of this call.
    pub headers: HeaderMap,
    /// The body, empty for none.
    pub body: Bytes,
    /// What counts as an answer.
    pub accept: Accept,
    /// For this call instead of the setting `request_timeout`.
    pub timeout: Option<Duration>,
    /// Turns of the pace that it takes; 0 for a call that the upstream does not count.
    pub cost: u32,
    /// Whether the answer of a `GET` is kept, and the next call only asks whether it still holds.
    pub revalidate: bool,
    /// The name of a write, for its record. Where the upstream finds it, in a header or in the body,
    /// is up to the connector.
    pub key: Option<IdempotencyKey>,
    /// The path for records with names in place of values, for example `/people/{id}`; without one,
    /// what looks like a value is masked.
    pub template: Option<String>,
}

impl Outgoing {
    /// A call without a body that takes JSON for an answer.
    pub fn new(method: Method, url: Url) -> Self {
        Self {
            method,
            url,
            headers: HeaderMap::new(),
            body: Bytes::new(),
            accept: Accept::default(),
            timeout: None,
            cost: 1,
            revalidate: false,
            key: None,
            template: None,
        }
    }
}

/// What counts as an answer, beside a status of 2xx without markup.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Accept {
    /// HTML.
    pub markup: bool,
    /// A redirect: it is answered, never followed.
    pub redirects: bool,
    /// Further statuses, for example 404 or 409, which the connector reads itself.
    pub statuses: Vec<u16>,
}

impl Accept {
    pub(super) fn takes(&self, status: StatusCode) -> bool {
        (self.redirects && status.is_redirection()) || self.statuses.contains(&status.as_u16())
    }
}
