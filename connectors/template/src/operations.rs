//! What the connector can do: its operations, with what they take and give.
//!
//! The types are the schemas: what is not as they say is refused before anything is sent.

use std::time::Duration;

use clerkwork_connectors_api::contract::{Idempotency, Operation, Profile, Schema};
use clerkwork_core::{Cents, Text};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub(crate) const ISSUE: &str = "issue";
pub(crate) const STATUS: &str = "status";
pub(crate) const WAITING: &str = "waiting";

/// Names one application.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Named {
    pub(crate) application_number: String,
}

/// Where an application stands.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "state", rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum Status {
    Pending,
    Issued { invoice_number: String },
    Returned,
    Withdrawn,
}

/// What a write made.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Issued {
    pub(crate) invoice_number: String,
}

/// An application that waits.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Waiting {
    pub(crate) application_number: String,
    pub(crate) seller: String,
    pub(crate) total_gross: Cents,
}

/// What it declares, sorted by name.
pub(crate) fn profile(name: &'static str, timeout: Duration) -> Profile {
    let named = Schema::of::<Named>;
    let by_status = Idempotency::BusinessKey { lookup: STATUS };
    let mut operations = vec![
        Operation::write(ISSUE, named(), Schema::of::<Issued>(), by_status),
        Operation::read(STATUS, named(), Schema::of::<Option<Status>>()),
        Operation::poll(WAITING, Schema::of::<Waiting>()),
    ];
    for operation in &mut operations {
        operation.timeout = timeout;
    }
    Profile {
        name,
        title: Text::new("上游系统接口", "JSON API of an upstream"),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        operations,
    }
}
