//! The platform's operations by name.

use async_trait::async_trait;
use clerkwork_connectors_api::{
    ConnectorError, ErrorKind, agent_invoice,
    contract::{Answer, Connector, Looked, Polled, Profile},
};
use clerkwork_core::{IdempotencyKey, Text};
use serde_json::Value;

use crate::Etax;

/// The profile of a connector with this name.
pub(crate) fn profile(name: &'static str, timeout: std::time::Duration) -> Profile {
    let mut operations = agent_invoice::operations();
    for operation in &mut operations {
        operation.timeout = timeout;
    }
    Profile {
        name,
        title: Text::new("电子税务局接口", "JSON API of the e-tax platform"),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        operations,
    }
}

impl Etax {
    fn not_there(&self, operation: &str, why: &str) -> ConnectorError {
        let operation = clerkwork_connectors_api::contract::intern(operation);
        let profile = self.profile();
        profile.error(operation, ErrorKind::Misconfigured, why)
    }
}

#[async_trait]
impl Connector for Etax {
    fn profile(&self) -> &Profile {
        &self.profile
    }

    async fn call(
        &self,
        operation: &str,
        key: Option<&IdempotencyKey>,
        input: &Value,
    ) -> Result<Answer, ConnectorError> {
        let profile = self.profile();
        let name = profile.operation(operation)?.name;
        let answer = agent_invoice::call(self, profile.name, name, key, input).await?;
        answer.ok_or_else(|| self.not_there(operation, "it is polled, not called"))
    }

    async fn lookup(
        &self,
        operation: &str,
        _: &IdempotencyKey,
        input: &Value,
    ) -> Result<Looked, ConnectorError> {
        let profile = self.profile();
        let name = profile.operation(operation)?.name;
        let looked = agent_invoice::lookup(self, profile.name, name, input).await?;
        looked
            .ok_or_else(|| self.not_there(operation, "it changes nothing that could be looked up"))
    }

    async fn poll(
        &self,
        operation: &str,
        after: Option<&str>,
        limit: u32,
    ) -> Result<Polled, ConnectorError> {
        match self.profile().operation(operation)?.polled {
            true => agent_invoice::poll(self, after, limit).await,
            false => Err(self.not_there(operation, "it is called, not polled")),
        }
    }

    async fn health(&self) -> Result<(), ConnectorError> {
        agent_invoice::poll(self, None, 1).await.map(|_| ())
    }
}
