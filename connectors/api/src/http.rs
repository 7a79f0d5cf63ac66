//! One client for an upstream over HTTP.
//!
//! [`HttpStack`] is built once for an upstream and shared by all workers. A call goes through, in
//! this order: allowed hosts → credentials → circuit breaker → place among the calls in flight →
//! pace → connection pool → size limit → charset → classification → record → retry. It ends with a
//! [`Reply`], whose JSON the connector reads, or with a [`ConnectorError`](crate::ConnectorError).
//!
//! Invariants:
//! * `fault` is the only place where an HTTP outcome becomes an [`ErrorKind`](crate::ErrorKind);
//! * a write is sent again only when the first try provably never left ([`Access::Write`]);
//! * no answer is read beyond its limit, and no part of a body but an HTML page's title, masked,
//!   reaches a message;
//! * redirects are never followed: they lead to login pages, and would repeat a write;
//! * a call goes to the origin of `base_url` or to one of `hosts`, or it is not sent at all; the
//!   credentials go to the origin of `base_url` and nowhere else;
//! * with a [`CallLog`], no answer is handed on before its call was recorded, try by try;
//! * an answer that is kept is handed on only when the upstream has just said that it holds;
//! * nothing is hedged: no second request goes out while one is under way, least of all a write;
//! * a certificate that is not trusted is a misconfiguration, told by host and cause, and not tried
//!   again;
//! * a proxy is used when it is named; those of the environment are ignored.
//!
//! What a connector adds is its own envelope: which code means what. [`HttpStack::call`] posts JSON;
//! [`HttpStack::send`] sends whatever the connector makes up, and takes what it says it [`Accept`]s.

mod admission;
mod auth;
mod breaker;
mod client;
mod endpoint;
mod exchange;
mod fault;
mod fleet;
mod html;
mod origin;
mod outgoing;
mod pace;
mod path;
mod record;
mod rehearsal;
mod reply;
mod retry_after;
mod revalidate;
mod settings;
mod stack;
mod trust;

pub use auth::Auth;
pub use breaker::{BreakerSettings, BreakerState, BreakerStatus};
pub use client::ProxySettings;
pub use endpoint::{Access, Endpoint};
pub use fleet::{FleetPace, FleetPaceError, FleetSettings, Turn};
pub use outgoing::{Accept, Outgoing};
pub use record::{CallLog, CallLogError, CallRecord};
pub use rehearsal::{Rehearsal, Rehearsed};
pub use reply::Reply;
pub use settings::{HttpSettings, InFlightSettings, PaceSettings, RetrySettings};
pub use stack::HttpStack;

pub use crate::credential::Secret;
