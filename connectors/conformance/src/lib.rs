//! The suite that every connector must pass.
//!
//! A [`Proxy`] stands between the connector and a real or simulated upstream. It keeps every exchange and
//! plays what networks and upstreams do: answers of every status, cut connections, lost answers, silence, bodies
//! that drip or never end, pages in place of JSON, redirects. [`check`] goes through the [`Clause`]s, one
//! connector, one operation and one trouble at a time, and says of each whether it was kept, with the exchange
//! that shows it. What the upstream answered can be kept as a [`Cassette`], and a [`Replay`] of it stands for the
//! upstream, so that a check can be run again offline.
//!
//! Invariants:
//! * a clause that could not be tried is told as such and never counts as kept;
//! * nothing is changed upstream but by the operations and inputs of the [`Subject`];
//! * a report holds no bodies, and of addresses no query;
//! * a cassette holds no secrets, and other numbers in the place of those that name people.
//!
//! To add a clause: a variant of [`Clause`] with its words in `clause.rs`, and how it is tried in `trial/`.

mod bytes;
mod calls;
mod cassette;
mod clause;
mod exchange;
mod proxy;
mod redaction;
mod replay;
mod report;
mod subject;
mod trial;
mod watch;

pub use cassette::Cassette;
pub use clause::Clause;
pub use exchange::Exchange;
pub use proxy::{Proxy, Trouble};
pub use redaction::REDACTED;
pub use replay::Replay;
pub use report::{Outcome, Report, Ruling};
pub use subject::{Place, Sample, Subject, TIMEOUT, of_agent_invoices};
pub use trial::{check, check_and_record};
