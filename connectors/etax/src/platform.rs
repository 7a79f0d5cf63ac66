//! The connector itself, and agent-issued invoices. Red-letter invoices are in `red_letters`.

use std::sync::Arc;

use async_trait::async_trait;
use clerkwork_connectors_api::{
    ConnectorError,
    agent_invoice::{
        AgentInvoices, Application, ApplicationStatus, Dossier, DossierQuery, Issued, TaxpayerRisk,
    },
    contract::Profile,
    http::{BreakerStatus, Endpoint, HttpSettings, HttpStack},
};
use clerkwork_core::IdempotencyKey;

use crate::{
    batches::Batches,
    dossiers::AgentDossiers,
    pending::page,
    red_letters::Methods,
    refusal::{broken_contract, content, found, optional_content},
    wire::{self, codes::business, method},
};

/// How to reach the platform and how to ask it.
#[derive(Debug, Clone)]
pub struct EtaxSettings {
    /// The HTTP side; `base_url` is what stands before `/api`.
    pub http: HttpSettings,
    /// Most dossiers, or forms, in one call, 1 to [`wire::MAX_DOSSIERS`]; of the longer dossiers of
    /// reversals never more than 50.
    pub dossiers_per_call: usize,
    /// Most calls for dossiers at a time, of each field of work, and for forms. Few make large
    /// batches, which cost least.
    pub dossier_calls: usize,
}

impl EtaxSettings {
    /// Full batches, two at a time.
    pub fn new(http: HttpSettings) -> Self {
        Self {
            http,
            dossiers_per_call: wire::MAX_DOSSIERS,
            dossier_calls: 2,
        }
    }
}

/// An e-tax platform.
#[derive(Debug)]
pub struct Etax {
    pub(crate) stack: Arc<HttpStack>,
    pub(crate) profile: Profile,
    pub(crate) red_letters: Methods,
    dossiers: Batches<AgentDossiers>,
    status: Endpoint,
    risk: Endpoint,
    issue: Endpoint,
    return_: Endpoint,
    pending: Endpoint,
}

impl Etax {
    /// Builds the connector. Nothing is sent yet.
    ///
    /// # Errors
    /// [`Misconfigured`](clerkwork_connectors_api::ErrorKind::Misconfigured), naming the setting.
    pub fn new(settings: EtaxSettings) -> Result<Self, ConnectorError> {
        let connector = settings.http.name;
        let profile = crate::contract::profile(connector, settings.http.request_timeout);
        let (per_call, calls) = (settings.dossiers_per_call, settings.dossier_calls);
        let stack = Arc::new(HttpStack::new(settings.http)?);
        let read = |operation, method| stack.read(operation, &format!("api/{method}"));
        let write = |operation, method| stack.write(operation, &format!("api/{method}"));
        Ok(Self {
            status: read("status", method::STATUS)?,
            risk: read("taxpayer_risk", method::TAXPAYER_RISK)?,
            issue: write("approve_and_issue", method::ISSUE)?,
            return_: write("return_to_applicant", method::RETURN)?,
            pending: read("pending", method::PENDING)?,
            dossiers: Batches::new(
                connector,
                &stack,
                read("dossier", method::DOSSIERS)?,
                per_call.clamp(1, wire::MAX_DOSSIERS),
                calls,
            ),
            red_letters: Methods::new(connector, &stack, per_call, calls)?,
            stack,
            profile,
        })
    }

    /// What a status page shows of the circuit breaker.
    pub fn breaker(&self) -> BreakerStatus {
        self.stack.breaker()
    }

    /// What the platform knows about a taxpayer; nothing when not registered.
    ///
    /// # Errors
    /// As [`AgentInvoices`] says of reads.
    pub async fn taxpayer_risk(
        &self,
        tax_id: &str,
    ) -> Result<Option<TaxpayerRisk>, ConnectorError> {
        let request = wire::RiskRequest {
            nsrsbh: tax_id.into(),
        };
        let reply = self.stack.call(&self.risk, None, &request).await?;
        found(content::<wire::Fxxx>(&reply), business::NOT_REGISTERED)?
            .map(TaxpayerRisk::try_from)
            .transpose()
            .map_err(|error| broken_contract(&self.risk, &error))
    }
}

#[async_trait]
impl AgentInvoices for Etax {
    async fn dossier(&self, query: DossierQuery) -> Result<Dossier, ConnectorError> {
        self.dossiers.ask(query.into()).await
    }

    async fn status(
        &self,
        application_number: &str,
    ) -> Result<Option<ApplicationStatus>, ConnectorError> {
        let request = wire::StatusRequest {
            sqbh: application_number.into(),
        };
        let reply = self.stack.call(&self.status, None, &request).await?;
        let answer = content::<wire::StatusAnswer>(&reply);
        found(answer, business::UNKNOWN_APPLICATION)?
            .map(ApplicationStatus::try_from)
            .transpose()
            .map_err(|error| broken_contract(&self.status, &error))
    }

    async fn approve_and_issue(
        &self,
        key: &IdempotencyKey,
        application_number: &str,
    ) -> Result<Issued, ConnectorError> {
        let request = wire::IssueRequest {
            sqbh: application_number.into(),
        };
        let reply = self.stack.call(&self.issue, Some(key), &request).await?;
        let answer: wire::IssueAnswer = content(&reply)?;
        Issued::try_from(answer).map_err(|error| broken_contract(&self.issue, &error))
    }

    async fn return_to_applicant(
        &self,
        key: &IdempotencyKey,
        application_number: &str,
        reasons: &[String],
    ) -> Result<(), ConnectorError> {
        let request = wire::ReturnRequest {
            sqbh: application_number.into(),
            thyy: reasons.to_vec(),
        };
        let reply = self.stack.call(&self.return_, Some(key), &request).await?;
        optional_content::<serde::de::IgnoredAny>(&reply).map(|_| ())
    }

    async fn pending(
        &self,
        after: Option<&str>,
        limit: u32,
    ) -> Result<Vec<Application>, ConnectorError> {
        let request = wire::PendingRequest {
            sqbhh: after.map(Into::into),
            ts: limit.clamp(1, wire::MAX_PENDING),
        };
        let reply = self.stack.call(&self.pending, None, &request).await?;
        let answer: wire::PendingAnswer = content(&reply)?;
        page(&reply, after, answer.list, |sqxx: &wire::Sqxx| &sqxx.sqbh)
    }
}
