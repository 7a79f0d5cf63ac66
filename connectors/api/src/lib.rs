//! The contract of connectors to upstream systems.
//!
//! A connector turns plain English calls into an upstream's own protocol. Job kinds see only the
//! traits of this crate; which connector stands behind them is decided in `workers/runtime`.
//!
//! Invariants:
//! * every error says what is to be done about it ([`ErrorKind`]);
//! * a write whose outcome is unclear is [`ErrorKind::OutcomeUnknown`], never `Transient`;
//! * messages hold no personal data and no response bodies.
//!
//! To add a field of work, add a module with its vocabulary and its trait, and a connector that
//! implements the trait.

pub mod agent_invoice;
mod error;

pub use error::{ConnectorError, ErrorKind};
