//! The contract of connectors to upstream systems, and what all of them are built from.
//!
//! A connector turns plain English calls into an upstream's own protocol. Job kinds see only the
//! traits of this crate; which connector stands behind them is decided in `workers/runtime`.
//!
//! What is here:
//! * [`agent_invoice`], [`red_letter`]: fields of work, each with its vocabulary and its trait;
//! * [`http`]: one client for an upstream over HTTP, with pace, retries, circuit breaker, limits,
//!   and the only place where an HTTP outcome becomes an [`ErrorKind`];
//! * [`credential`]: credentials by reference, read when needed and again when replaced;
//! * [`coalesce`]: many single questions, few batch calls;
//! * [`Page`]: an answer kept as evidence for whoever decides;
//! * [`redact`]: masks identity numbers and telephone numbers in an upstream's own words.
//!
//! Invariants:
//! * every error says what is to be done about it ([`ErrorKind`]);
//! * a write whose outcome is unclear is [`ErrorKind::OutcomeUnknown`], never `Transient`;
//! * messages hold no personal data and no response bodies.
//!
//! To add a field of work, add a module with its vocabulary and its trait, and a connector that
//! implements the trait.

pub mod agent_invoice;
pub mod coalesce;
pub mod contract;
pub mod credential;
mod error;
pub mod http;
mod page;
pub mod red_letter;
pub mod redact;

pub use error::{ConnectorError, ErrorKind};
pub use page::Page;
