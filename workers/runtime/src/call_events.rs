//! Calls to other systems in the audit trail.

use async_trait::async_trait;
use clerkwork_audit::{EventDraft, EventType};
use clerkwork_connectors_api::http::{CallLog, CallLogError, CallRecord};
use clerkwork_core::{Actor, Office};
use clerkwork_ledger::Ledger;
use serde_json::json;

/// Records each try of each call as `connector.called`.
#[derive(Debug)]
pub struct CallEvents {
    ledger: Ledger,
    actor: Actor,
}

impl CallEvents {
    /// Into `ledger`, as done by `actor`.
    pub fn new(ledger: Ledger, actor: Actor) -> Self {
        Self { ledger, actor }
    }
}

#[async_trait]
impl CallLog for CallEvents {
    async fn record(&self, call: CallRecord) -> Result<(), CallLogError> {
        let duration_ms = u64::try_from(call.duration.as_millis()).unwrap_or(u64::MAX);
        let data = json!({
            "access": call.access.as_str(),
            "bytes_in": call.bytes_in,
            "bytes_out": call.bytes_out,
            "connector": call.connector,
            "duration_ms": duration_ms,
            "ended": call.outcome,
            "key": call.key.map(|key| key.0),
            "method": call.method,
            "operation": call.operation,
            "path": call.path,
            "request": call.request.to_string(),
            "response": call.response.map(|digest| digest.to_string()),
            "status": call.status,
            "try": call.attempt,
        });
        let event = EventDraft::new(EventType::ConnectorCalled, self.actor.clone(), data);
        let recorded = self.ledger.record(Office::default(), event).await;
        recorded.map(|_| ()).map_err(CallLogError::new)
    }
}
