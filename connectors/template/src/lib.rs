//! Connector to an upstream over HTTP and JSON: one list, one read, one write.
//!
//! Three files, each with a concern of its own:
//! * `wire`: the upstream's JSON in its own names, and what its codes mean;
//! * `operations`: what the connector can do, in our names and types;
//! * this one: how each operation is carried out.
//!
//! What every connector must keep (retries, limits, kinds of errors, records of calls) is kept by
//! [`HttpStack`]; this crate adds only what this upstream means. `tests/conformance.rs` tries all of it.

mod operations;
mod wire;

use std::sync::Arc;

use async_trait::async_trait;
use clerkwork_connectors_api::{
    ConnectorError, ErrorKind,
    contract::{Answer, Connector, Looked, Polled, Profile},
    http::{Endpoint, HttpSettings, HttpStack},
};
use clerkwork_core::{IdempotencyKey, Text};
use serde_json::{Value, json};

use operations::{ISSUE, Issued, Named, STATUS, Status, WAITING};

/// Its name in settings, brakes, events and metrics.
pub const NAME: &str = "template";

/// Builds the connector. Nothing is sent yet.
///
/// # Errors
/// [`ErrorKind::Misconfigured`], naming the setting.
pub fn build(http: HttpSettings) -> Result<Arc<dyn Connector>, ConnectorError> {
    Ok(Arc::new(TemplateConnector::new(http)?))
}

/// Shared by all workers.
#[derive(Debug)]
struct TemplateConnector {
    stack: HttpStack,
    profile: Profile,
    issue: Endpoint,
    status: Endpoint,
    waiting: Endpoint,
}

impl TemplateConnector {
    fn new(http: HttpSettings) -> Result<Self, ConnectorError> {
        let profile = operations::profile(http.name, http.request_timeout);
        let stack = HttpStack::new(http)?;
        Ok(Self {
            issue: stack.write(ISSUE, wire::path::ISSUE)?,
            status: stack.read(STATUS, wire::path::STATUS)?,
            waiting: stack.read(WAITING, wire::path::WAITING)?,
            stack,
            profile,
        })
    }

    async fn status(&self, asked: &Named) -> Result<Option<Status>, ConnectorError> {
        let question = json!({"sqbh": asked.application_number});
        let reply = self.stack.call(&self.status, None, &question).await?;
        wire::status(&reply)
    }

    async fn issue(&self, key: &IdempotencyKey, asked: &Named) -> Result<Issued, ConnectorError> {
        let question = json!({"sqbh": asked.application_number});
        let reply = self.stack.call(&self.issue, Some(key), &question).await?;
        wire::issued(&reply)
    }

    fn misused(&self, operation: &'static str, why: &str) -> ConnectorError {
        self.profile.error(operation, ErrorKind::Misconfigured, why)
    }
}

#[async_trait]
impl Connector for TemplateConnector {
    fn profile(&self) -> &Profile {
        &self.profile
    }

    async fn call(
        &self,
        operation: &str,
        key: Option<&IdempotencyKey>,
        input: &Value,
    ) -> Result<Answer, ConnectorError> {
        let name = self.profile.operation(operation)?.name;
        let output = match name {
            STATUS => json!(self.status(&self.profile.input(name, input)?).await?),
            ISSUE => {
                let asked = self.profile.input(name, input)?;
                let key = key.ok_or_else(|| self.misused(name, "a write needs a key; give one"))?;
                json!(self.issue(key, &asked).await?)
            }
            _ => return Err(self.misused(name, "it is a list; poll it")),
        };
        Ok(output.into())
    }

    /// The upstream knows no key, so the state of the application tells.
    async fn lookup(
        &self,
        operation: &str,
        _: &IdempotencyKey,
        input: &Value,
    ) -> Result<Looked, ConnectorError> {
        let name = self.profile.operation(operation)?.name;
        if name != ISSUE {
            return Err(self.misused(name, "it changes nothing that could be looked up"));
        }
        let unclear = |zh, en| Looked::Unclear(Text::new(zh, en));
        Ok(
            match self.status(&self.profile.input(name, input)?).await? {
                Some(Status::Issued { invoice_number }) => {
                    Looked::Happened(json!(Issued { invoice_number }))
                }
                Some(Status::Pending) => Looked::DidNotHappen,
                Some(Status::Returned) => unclear("上游系统显示已退回", "it was returned"),
                Some(Status::Withdrawn) => unclear("上游系统显示已撤回", "it was withdrawn"),
                None => unclear("上游系统查无此申请", "the upstream does not know it"),
            },
        )
    }

    async fn poll(
        &self,
        operation: &str,
        after: Option<&str>,
        limit: u32,
    ) -> Result<Polled, ConnectorError> {
        let name = self.profile.operation(operation)?.name;
        if name != WAITING {
            return Err(self.misused(name, "it is no list; call it"));
        }
        let limit = limit.clamp(1, wire::MOST_WAITING);
        let question = json!({"sqbhh": after, "ts": limit});
        let reply = self.stack.call(&self.waiting, None, &question).await?;
        let items = wire::waiting(&reply, after)?;
        Ok(Polled {
            // The page after the last is empty, and has no next.
            next: items.last().map(|last| last.application_number.clone()),
            items: items.iter().map(|item| json!(item)).collect(),
        })
    }

    /// Nothing has this number, so the answer costs the upstream little.
    async fn health(&self) -> Result<(), ConnectorError> {
        let nobody = Named {
            application_number: "0".into(),
        };
        self.status(&nobody).await.map(|_| ())
    }
}
