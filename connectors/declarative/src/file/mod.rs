//! A connector's file as it was read: the description, before anything is built from it.
//!
//! [`tree`] keeps the places, [`head`] reads what concerns the whole connector, [`upstream`] how it is reached,
//! [`operation`] its operations, [`request`] what they send, [`answer`] what they give, and [`follow`] how writes are
//! looked up and lists go on. All of them go on after a fault.

mod answer;
mod auth;
mod follow;
mod head;
mod operation;
mod request;
pub(crate) mod tree;
mod upstream;

use std::{num::NonZeroU32, path::PathBuf, time::Duration};

use clerkwork_connectors_api::{contract::Operation, http::InFlightSettings};
use clerkwork_core::Text;
use serde_json::Value;
use toml::de::DeTable;

use crate::{
    answer::Response,
    auth::Auth,
    credential::Credential,
    fault::{Notes, Span},
    lookup::Lookup,
    paging::Paging,
    request::Request,
};
use tree::Table;

/// A connector, as its file says.
#[derive(Debug)]
pub(crate) struct Spec {
    pub(crate) name: &'static str,
    pub(crate) title: Text,
    pub(crate) version: String,
    pub(crate) upstream: Upstream,
    pub(crate) auth: Auth,
    pub(crate) health: Option<Health>,
    pub(crate) operations: Vec<OperationSpec>,
}

/// Where the upstream is and what it bears.
#[derive(Debug)]
pub(crate) struct Upstream {
    pub(crate) base_url: String,
    pub(crate) hosts: Vec<String>,
    pub(crate) ca_files: Vec<PathBuf>,
    pub(crate) identity_file: Option<PathBuf>,
    pub(crate) proxy: Option<Proxy>,
    pub(crate) of_machine: OfMachine,
    pub(crate) timeout: Option<Duration>,
    pub(crate) connect_timeout: Option<Duration>,
    pub(crate) max_response_bytes: Option<usize>,
    pub(crate) retries: Option<usize>,
    pub(crate) in_flight: Option<InFlightSettings>,
    pub(crate) rate: Option<Rate>,
}

/// Settings that name what lies on the machine, and where they stand.
#[derive(Debug, Clone)]
pub(crate) struct OfMachine(Vec<(&'static str, Span)>);

impl OfMachine {
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Where the one of them stands that a message names.
    pub(crate) fn named(&self, message: &str) -> Option<Span> {
        let is_named = |key: &str| message.contains(&format!("`{key}`"));
        let mut all = self.0.iter();
        all.find(|(key, _)| is_named(key))
            .map(|(_, span)| span.clone())
    }
}

/// A proxy between us and the upstream.
#[derive(Debug)]
pub(crate) struct Proxy {
    pub(crate) url: String,
    /// User and password.
    pub(crate) login: Option<(String, Credential)>,
}

/// Calls a second, of all processes together.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rate {
    pub(crate) per_second: NonZeroU32,
    pub(crate) burst: NonZeroU32,
    pub(crate) max_wait: Duration,
}

/// A read that shows that the upstream answers.
#[derive(Debug, Clone)]
pub(crate) struct Health {
    pub(crate) operation: &'static str,
    pub(crate) input: Value,
}

/// One operation.
#[derive(Debug, Clone)]
pub(crate) struct OperationSpec {
    pub(crate) declared: Operation,
    pub(crate) request: Request,
    pub(crate) response: Response,
    pub(crate) paging: Option<Paging>,
    pub(crate) lookup: Option<Lookup>,
}

/// Reads a file; nothing when a part is missing without which the others cannot be told. Everything that is wrong
/// goes into the notes.
pub(crate) fn read(text: &str, notes: &Notes<'_>) -> Option<Spec> {
    let (root, broken) = DeTable::parse_recoverable(text);
    for error in &broken {
        let span = error.span().unwrap_or_default();
        notes.error(
            &span,
            format!("no TOML: {}", error.message().trim_end_matches('.')),
        );
    }
    if !broken.is_empty() {
        return None;
    }
    let table = Table::root(root.get_ref(), notes);
    head::read(table)
}
