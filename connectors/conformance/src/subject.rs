//! What is checked, and with what.

use std::{fmt, sync::Arc, time::Duration};

use clerkwork_connectors_api::{ConnectorError, contract::Connector, http::CallLog};
use clerkwork_core::Timestamp;
use reqwest::Url;
use serde_json::{Value, json};

/// Where a connector is to be built for.
#[derive(Debug, Clone)]
pub struct Place {
    /// The upstream, or what stands for it.
    pub base_url: String,
    /// For one try.
    pub timeout: Duration,
    /// The password, token or secret is to be this instead.
    pub wrong_credential: Option<String>,
    /// What time it is, for whatever the connector says of it upstream.
    pub at: Timestamp,
    /// Where each call is to be put on record; nothing: nowhere.
    pub log: Option<Arc<dyn CallLog>>,
}

/// An operation with inputs that the upstream can serve.
#[derive(Debug, Clone)]
pub struct Sample {
    /// The operation.
    pub operation: String,
    /// Of a read one or more. Of a write one for each time that it is tried: about ten.
    pub inputs: Vec<Value>,
}

type Connect = dyn Fn(&Place) -> Result<Arc<dyn Connector>, ConnectorError> + Send + Sync;

/// A connector that is checked.
pub struct Subject {
    /// Builds it for a place, anew each time.
    pub connect: Box<Connect>,
    /// Its upstream: recorded or simulated, or one for tests. Writes are carried out there.
    pub upstream: Url,
    /// What to call it with.
    pub samples: Vec<Sample>,
    /// What must never show: tokens and passwords.
    pub secrets: Vec<String>,
    /// Names of users, which a recording does not hold either.
    pub users: Vec<String>,
    /// For one try of a call; what never answers is waited for so long.
    pub timeout: Duration,
    /// It keeps a session that a login began.
    pub has_session: bool,
    /// It reads pages rather than data.
    pub reads_pages: bool,
    /// Calls a second that it was told to keep to.
    pub rate: Option<u32>,
    /// What time it is; idempotency keys are named after it, so that a replay has those of the recording.
    pub at: Timestamp,
}

/// Enough for an upstream on the same machine.
pub const TIMEOUT: Duration = Duration::from_millis(200);

impl fmt::Debug for Subject {
    /// Without the secrets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Subject")
            .field("upstream", &self.upstream)
            .field("samples", &self.samples.len())
            .finish_non_exhaustive()
    }
}

/// Samples for the operations of agent-issued invoices, from what waits upstream: two applications for each
/// trial of a write.
///
/// # Errors
/// What the upstream said to the poll.
pub async fn of_agent_invoices(connector: &dyn Connector) -> Result<Vec<Sample>, ConnectorError> {
    let waiting = connector.poll("pending", None, 60).await?.items;
    let text = |item: &Value, path: &str| item.pointer(path).cloned().unwrap_or_default();
    let named = |item: &Value| json!({"application_number": text(item, "/application_number")});
    let dossiers = waiting.iter().take(5).map(|item| {
        json!({
            "application_number": text(item, "/application_number"),
            "seller_tax_id": text(item, "/seller/tax_id"),
            "buyer_tax_id": item.pointer("/buyer/tax_id").cloned().unwrap_or_else(|| "".into()),
            "tax_receipt_number": text(item, "/tax_receipt_number"),
            "transaction_date": text(item, "/transaction_date"),
        })
    });
    let (first, second) = waiting.split_at(waiting.len() / 2);
    let returned = second.iter().map(|item| {
        let mut input = named(item);
        input["reasons"] = json!(["资料不符"]);
        input
    });
    let sample = |operation: &str, inputs: Vec<Value>| Sample {
        operation: operation.to_owned(),
        inputs,
    };
    Ok(vec![
        sample("dossier", dossiers.collect()),
        sample("status", first.iter().take(5).map(named).collect()),
        sample("approve_and_issue", first.iter().map(named).collect()),
        sample("return_to_applicant", returned.collect()),
    ])
}
