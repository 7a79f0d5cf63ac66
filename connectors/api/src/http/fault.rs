//! What can happen to a call, and the one place where it becomes an [`ErrorKind`].

use std::{sync::Arc, time::Duration};

use reqwest::StatusCode;

use super::{
    CallLogError,
    endpoint::{Access, Endpoint},
    trust,
};
use crate::{ConnectorError, ErrorKind};

/// How a try ended without a [`Reply`](super::Reply).
#[derive(Debug)]
pub(super) enum Fault {
    /// It was not sent, for a reason that stays until somebody sees to it.
    NotAllowed { why: String },
    /// The circuit breaker is open.
    LeftAlone { retry_after: Duration },
    /// Too many calls are in flight, for too long.
    NoPlace { waited: Duration },
    /// Its turn would have come too late.
    NoTurn { retry_after: Duration },
    /// One side does not take the other's certificate: nothing was read.
    Distrust { why: String, cause: reqwest::Error },
    /// No connection: nothing was sent.
    NotSent(reqwest::Error),
    /// The connection broke, or spoke no HTTP, after something may have been sent.
    Broken(reqwest::Error),
    /// No whole answer in time.
    TimedOut(reqwest::Error),
    /// A status other than 2xx.
    Status {
        status: StatusCode,
        retry_after: Option<Duration>,
        title: Option<String>,
        /// Another host that it leads to.
        redirect: Option<String>,
    },
    /// An HTML page with a status of 2xx.
    HtmlPage { title: Option<String> },
    /// More bytes than allowed.
    TooLarge { limit: usize },
    /// It could not be recorded.
    Unrecorded { sent: bool, cause: CallLogError },
    /// An answer in 2xx that is not what the contract says.
    Unreadable { why: String },
}

impl Fault {
    /// Sorts a failure of the client.
    pub(super) fn from_client(error: reqwest::Error) -> Self {
        let distrust = trust::distrust(&error);
        let error = error.without_url();
        if let Some(why) = distrust {
            return Self::Distrust { why, cause: error };
        }
        if error.is_connect() {
            Self::NotSent(error)
        } else if error.is_timeout() {
            Self::TimedOut(error)
        } else {
            Self::Broken(error)
        }
    }

    /// What the caller is to do about it.
    pub(super) fn kind(&self, access: Access) -> ErrorKind {
        match self {
            Self::LeftAlone { retry_after } | Self::NoTurn { retry_after } => {
                ErrorKind::RateLimited {
                    retry_after: Some(*retry_after),
                }
            }
            Self::NoPlace { .. } => ErrorKind::RateLimited { retry_after: None },
            Self::NotAllowed { .. } | Self::Distrust { .. } => ErrorKind::Misconfigured,
            Self::NotSent(_) | Self::Unrecorded { sent: false, .. } => ErrorKind::Transient,
            Self::Broken(_)
            | Self::TimedOut(_)
            | Self::HtmlPage { .. }
            | Self::Unrecorded { sent: true, .. } => match access {
                Access::Read => ErrorKind::Transient,
                Access::Write => ErrorKind::OutcomeUnknown,
            },
            Self::Status {
                status,
                retry_after,
                title: _,
                redirect: _,
            } => status_kind(*status, *retry_after, access),
            Self::TooLarge { .. } | Self::Unreadable { .. } => match access {
                Access::Read => ErrorKind::Misconfigured,
                Access::Write => ErrorKind::OutcomeUnknown,
            },
        }
    }

    /// Whether anything may have reached the upstream.
    pub(super) fn was_sent(&self) -> bool {
        match self {
            Self::NotAllowed { .. }
            | Self::LeftAlone { .. }
            | Self::NoPlace { .. }
            | Self::NoTurn { .. }
            | Self::Distrust { .. }
            | Self::NotSent(_) => false,
            Self::Unrecorded { sent, .. } => *sent,
            Self::Broken(_)
            | Self::TimedOut(_)
            | Self::Status { .. }
            | Self::HtmlPage { .. }
            | Self::TooLarge { .. }
            | Self::Unreadable { .. } => true,
        }
    }

    /// Whether to try again here.
    pub(super) fn is_retried(&self, access: Access) -> bool {
        match access {
            Access::Write => matches!(self, Self::NotSent(_)),
            Access::Read => match self {
                // The breaker and the pace have said when; the caller waits better than we do.
                Self::LeftAlone { .. } | Self::NoPlace { .. } | Self::NoTurn { .. } => false,
                // What cannot be recorded is not done more often than it was.
                Self::NotAllowed { .. } | Self::Unrecorded { .. } => false,
                Self::Distrust { .. } => false,
                Self::NotSent(_)
                | Self::Broken(_)
                | Self::TimedOut(_)
                | Self::HtmlPage { .. }
                | Self::Status { .. }
                | Self::TooLarge { .. }
                | Self::Unreadable { .. } => matches!(
                    self.kind(access),
                    ErrorKind::Transient | ErrorKind::RateLimited { .. }
                ),
            },
        }
    }

    /// What the upstream asked to wait before the next try.
    pub(super) fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Status { retry_after, .. } => *retry_after,
            Self::NotAllowed { .. }
            | Self::LeftAlone { .. }
            | Self::NoPlace { .. }
            | Self::NoTurn { .. }
            | Self::Distrust { .. }
            | Self::NotSent(_)
            | Self::Broken(_)
            | Self::TimedOut(_)
            | Self::HtmlPage { .. }
            | Self::Unrecorded { .. }
            | Self::TooLarge { .. }
            | Self::Unreadable { .. } => None,
        }
    }

    /// For the breaker: whether the upstream answered; nothing when it was not asked, or answered
    /// that it has too much to do.
    pub(super) fn answered(&self) -> Option<bool> {
        match self {
            Self::NotAllowed { .. }
            | Self::LeftAlone { .. }
            | Self::NoPlace { .. }
            | Self::NoTurn { .. }
            | Self::Distrust { .. }
            | Self::Unrecorded { .. } => None,
            Self::NotSent(_) | Self::Broken(_) | Self::TimedOut(_) | Self::HtmlPage { .. } => {
                Some(false)
            }
            Self::Status { status, .. } if *status == StatusCode::TOO_MANY_REQUESTS => None,
            Self::Status { status, .. } => Some(!status.is_server_error()),
            Self::TooLarge { .. } | Self::Unreadable { .. } => Some(true),
        }
    }

    /// The error for the caller.
    pub(super) fn into_error(self, endpoint: &Endpoint) -> ConnectorError {
        let kind = self.kind(endpoint.access());
        let message = self.message(endpoint);
        let mut error = endpoint.error(kind, message);
        error.source = match self {
            Self::Unrecorded { cause, .. } => Some(Arc::new(cause)),
            Self::Distrust { cause, .. }
            | Self::NotSent(cause)
            | Self::Broken(cause)
            | Self::TimedOut(cause) => Some(Arc::new(cause)),
            Self::NotAllowed { .. }
            | Self::LeftAlone { .. }
            | Self::NoPlace { .. }
            | Self::NoTurn { .. }
            | Self::Status { .. }
            | Self::HtmlPage { .. }
            | Self::TooLarge { .. }
            | Self::Unreadable { .. } => None,
        };
        error
    }

    fn message(&self, endpoint: &Endpoint) -> String {
        match self {
            Self::NotAllowed { why } | Self::Distrust { why, .. } => why.clone(),
            Self::LeftAlone { retry_after } => format!(
                "the circuit breaker is open after many failures; the next probe may pass in {:.1} s",
                retry_after.as_secs_f64()
            ),
            Self::NoPlace { waited } => format!(
                "no place among the calls in flight within {:.1} s; raise `in_flight` or lower the concurrency",
                waited.as_secs_f64()
            ),
            Self::NoTurn { retry_after } => format!(
                "no turn within the allowed wait, the next one would come in {:.1} s; raise the pace or lower the concurrency",
                retry_after.as_secs_f64()
            ),
            Self::NotSent(cause) => format!(
                "no connection to `{}`: {}; check `base_url` and that the upstream is up",
                endpoint.url().authority(),
                root_cause(cause)
            ),
            Self::Broken(cause) => format!("the connection broke: {}", root_cause(cause)),
            Self::TimedOut(_) => {
                "no answer within `request_timeout`; raise it if the upstream is merely slow".into()
            }
            Self::Status {
                redirect: Some(host),
                ..
            } => format!(
                "upstream answered with a redirect to another host, `{host}`, which is not followed; check `base_url` and the credentials"
            ),
            Self::Status { status, title, .. } => {
                let page = title.as_ref().map_or(String::new(), |title| {
                    format!(" with an HTML page titled `{title}`")
                });
                format!(
                    "upstream answered {}{page}{}",
                    status.as_u16(),
                    advice(*status)
                )
            }
            Self::HtmlPage { title: Some(title) } => {
                format!("upstream answered an HTML page titled `{title}` instead of JSON")
            }
            Self::HtmlPage { title: None } => {
                "upstream answered an HTML page without a title instead of JSON".into()
            }
            Self::TooLarge { limit } => format!(
                "upstream answered more than {limit} bytes; raise `max_response_bytes` if that is right"
            ),
            Self::Unrecorded { cause, .. } => {
                format!("{cause}; its answer is withheld, see that the ledger takes events")
            }
            Self::Unreadable { why } => format!("upstream answered what cannot be read: {why}"),
        }
    }
}

/// By status alone. A status outside the lists leaves open whether a write was done.
fn status_kind(status: StatusCode, retry_after: Option<Duration>, access: Access) -> ErrorKind {
    match (status.as_u16(), access) {
        (401 | 403, _) => ErrorKind::Unauthorized,
        (429, _) => ErrorKind::RateLimited { retry_after },
        // The request itself was refused before anything was done.
        (400 | 404 | 405 | 406 | 411 | 413 | 414 | 415 | 422 | 431, _) => ErrorKind::Misconfigured,
        (408 | 425 | 500..=599, Access::Read) => ErrorKind::Transient,
        (_, Access::Read) => ErrorKind::Misconfigured,
        (_, Access::Write) => ErrorKind::OutcomeUnknown,
    }
}

fn advice(status: StatusCode) -> &'static str {
    match status.as_u16() {
        401 | 403 => "; check the credentials and their rights",
        300..=399 => ", a redirect, which is not followed; check `base_url` and the credentials",
        404 | 405 => "; check `base_url` and the upstream's version",
        429 => "; lower the pace",
        _ => "",
    }
}

/// The innermost cause: `Connection refused` rather than `error sending request`.
fn root_cause(error: &reqwest::Error) -> String {
    let mut cause: &dyn std::error::Error = error;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    cause.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kinds(code: u16) -> (ErrorKind, ErrorKind) {
        let status = StatusCode::from_u16(code).unwrap();
        (
            status_kind(status, None, Access::Read),
            status_kind(status, None, Access::Write),
        )
    }

    #[test]
    fn every_status_has_its_kind() {
        use ErrorKind::*;
        let limited = RateLimited { retry_after: None };
        for code in 300..=599 {
            let expected = match code {
                401 | 403 => (Unauthorized, Unauthorized),
                429 => (limited, limited),
                400 | 404 | 405 | 406 | 411 | 413 | 414 | 415 | 422 | 431 => {
                    (Misconfigured, Misconfigured)
                }
                408 | 425 | 500..=599 => (Transient, OutcomeUnknown),
                _ => (Misconfigured, OutcomeUnknown),
            };
            assert_eq!(kinds(code), expected, "{code}");
        }
    }

    #[test]
    fn no_status_makes_a_write_transient() {
        for code in 100..=999 {
            assert_ne!(kinds(code).1, ErrorKind::Transient, "{code}");
        }
    }
}
