//! Connector that works through the pages of a legacy tax portal, as a clerk with a browser would.
//!
//! [`Portal`] implements [`AgentInvoices`](clerkwork_connectors_api::agent_invoice::AgentInvoices) and
//! [`Connector`](clerkwork_connectors_api::contract::Connector), the latter with two operations more:
//! [`DOWNLOAD`] and [`UPLOAD`].
//!
//! Invariants:
//! * what pages look like stands in a data file (`pages.toml`) with a version, and nowhere else;
//! * a page that is not as the file says is [`PageChanged`](clerkwork_connectors_api::ErrorKind::PageChanged)
//!   before anything was sent, and
//!   [`OutcomeUnknown`](clerkwork_connectors_api::ErrorKind::OutcomeUnknown) afterwards: there is no guess,
//!   and no button is pressed that is not declared;
//! * all workers share one session, and one login when it has ended; a refused credential is used once;
//! * only addresses below the base are asked for.
//!
//! The way of a call: `portal` and `writes` know the way through the pages, `browser` asks for pages and
//! sends forms, `door` logs in, `answer` tells what a page is, `view` and `forms` hold it against the data
//! file, `read` makes plain terms of it, `evidence` keeps it.
//!
//! To mend it after a change of pages, see the README beside.

mod answer;
mod browser;
mod connector;
mod door;
mod evidence;
mod forms;
mod pages;
mod parts;
mod portal;
mod read;
mod view;
mod writes;

pub use connector::{DOWNLOAD, File, FileQuery, NewFile, UPLOAD};
pub use door::Credential;
pub use portal::{Portal, PortalSettings};
