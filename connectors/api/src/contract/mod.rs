//! What every connector is, whatever its field of work and its upstream: operations that are declared, called,
//! looked up and polled by name, with JSON going in and coming out.
//!
//! A field of work ([`agent_invoice`](crate::agent_invoice), [`red_letter`](crate::red_letter)) is a set of
//! operations with names and schemas of its own, and a trait over them. A connector that declares these
//! operations serves the field, whether it is written in Rust or in a file.
//!
//! A connector MUST keep these, and `connectors/conformance` tries each:
//! * it has the operations that it declares and no others, and takes and gives what their schemas say;
//! * a read changes nothing; a write is sent again only when it provably never left;
//! * a write whose outcome is unclear is [`OutcomeUnknown`](crate::ErrorKind::OutcomeUnknown), and `lookup`
//!   tells afterwards whether it happened, unless it is declared as [`Idempotency::None`];
//! * a poll gives each item once, in an order that stays, and comes to an end;
//! * every error has the kind that says what is to be done about it.

mod operation;
mod schema;

use std::{
    collections::BTreeSet,
    fmt,
    sync::{LazyLock, Mutex, PoisonError},
};

use async_trait::async_trait;
use clerkwork_core::{IdempotencyKey, Text};
use serde::de::DeserializeOwned;
use serde_json::Value;

pub use operation::{Idempotency, Operation};
pub(crate) use schema::read;
pub use schema::{Schema, Shape};

use crate::{ConnectorError, ErrorKind, Page};

/// A connector as it presents itself.
#[derive(Debug, Clone)]
pub struct Profile {
    /// Its name in settings, brakes, events and metrics: lower case letters, digits and `-`.
    pub name: &'static str,
    /// For people.
    pub title: Text,
    /// The version of its description: of a file its own, of a crate the crate's.
    pub version: String,
    /// What it can do, sorted by name.
    pub operations: Vec<Operation>,
}

impl Profile {
    /// An operation by its name.
    ///
    /// # Errors
    /// [`ErrorKind::Misconfigured`], naming those that there are.
    pub fn operation(&self, name: &str) -> Result<&Operation, ConnectorError> {
        let found = self.operations.iter().find(|known| known.name == name);
        found.ok_or_else(|| {
            let known: Vec<_> = self.operations.iter().map(|known| known.name).collect();
            self.error(
                intern(name),
                ErrorKind::Misconfigured,
                format!(
                    "there is no operation `{name}`; there are: {}",
                    known.join(", ")
                ),
            )
        })
    }

    /// Reads what an operation is given.
    ///
    /// # Errors
    /// [`ErrorKind::Misconfigured`], naming the place and never the value.
    pub fn input<T: DeserializeOwned>(
        &self,
        operation: &'static str,
        input: &Value,
    ) -> Result<T, ConnectorError> {
        schema::read(input).map_err(|why| {
            let why = format!("the input does not fit: {why}");
            self.error(operation, ErrorKind::Misconfigured, why)
        })
    }

    /// An error of an operation.
    pub fn error(
        &self,
        operation: &'static str,
        kind: ErrorKind,
        message: impl Into<String>,
    ) -> ConnectorError {
        ConnectorError {
            connector: self.name,
            operation,
            kind,
            code: None,
            message: message.into(),
            page: None,
            source: None,
        }
    }

    /// Whether it declares all of these operations.
    pub fn serves(&self, operations: &[Operation]) -> bool {
        let names: BTreeSet<_> = self.operations.iter().map(|known| known.name).collect();
        operations.iter().all(|wanted| names.contains(wanted.name))
    }
}

/// What an operation gave.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    /// As the operation's output schema says.
    pub output: Value,
    /// What the upstream said, for whoever decides; nothing when the connector keeps none.
    pub page: Option<Page>,
}

impl From<Value> for Answer {
    fn from(output: Value) -> Self {
        Self { output, page: None }
    }
}

/// Whether a write happened.
#[derive(Debug, Clone, PartialEq)]
pub enum Looked {
    /// It did; with what it gave.
    Happened(Value),
    /// It did not, and may be tried again.
    DidNotHappen,
    /// Neither; what is there instead, for a person.
    Unclear(Text),
}

/// A page of items that wait upstream.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Polled {
    /// As the operation's output schema says of one item, in an order that stays.
    pub items: Vec<Value>,
    /// Hand it to the next call. Nothing: these were the last.
    pub next: Option<String>,
}

/// A connector to an upstream system. Shared by all workers.
#[async_trait]
pub trait Connector: Send + Sync + fmt::Debug {
    /// What it is and can do.
    fn profile(&self) -> &Profile;

    /// Calls an operation. `key` names a write, the same for all its tries.
    ///
    /// # Errors
    /// [`ErrorKind::Misconfigured`] when there is no such operation or `input` is not as its schema says;
    /// otherwise whatever came of it.
    async fn call(
        &self,
        operation: &str,
        key: Option<&IdempotencyKey>,
        input: &Value,
    ) -> Result<Answer, ConnectorError>;

    /// Whether a write with this key and input happened. Only reads.
    ///
    /// # Errors
    /// [`ErrorKind::Misconfigured`] for an operation that cannot be looked up; otherwise why it cannot be told.
    async fn lookup(
        &self,
        operation: &str,
        key: &IdempotencyKey,
        input: &Value,
    ) -> Result<Looked, ConnectorError>;

    /// Items that wait, after the cursor of an earlier page; about `limit` of them.
    ///
    /// # Errors
    /// [`ErrorKind::Misconfigured`] for an operation that cannot be polled; otherwise whatever came of it.
    async fn poll(
        &self,
        operation: &str,
        after: Option<&str>,
        limit: u32,
    ) -> Result<Polled, ConnectorError>;

    /// Whether the upstream answers and takes our credentials. Changes nothing.
    ///
    /// # Errors
    /// Why not.
    async fn health(&self) -> Result<(), ConnectorError>;
}

/// A name that lives as long as the process. Names come from files that an integrator wrote, and there are few.
pub fn intern(name: &str) -> &'static str {
    static NAMES: LazyLock<Mutex<BTreeSet<&'static str>>> = LazyLock::new(Mutex::default);
    let mut names = NAMES.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(known) = names.get(name) {
        return known;
    }
    let name: &'static str = Box::leak(name.to_owned().into_boxed_str());
    names.insert(name);
    name
}
