//! The connector itself.

use std::{collections::HashSet, sync::Arc};

use async_trait::async_trait;
use clerkwork_connectors_api::{
    ConnectorError, ErrorKind,
    agent_invoice::{
        AgentInvoices, Application, ApplicationStatus, Dossier, DossierQuery, Issued, TaxpayerRisk,
    },
    coalesce::{Coalescer, CoalescerSettings},
    http::{BreakerStatus, Endpoint, HttpSettings, HttpStack},
    redact::shorten,
};
use clerkwork_core::IdempotencyKey;

use crate::{
    dossiers,
    refusal::{broken_contract, content, optional_content},
    wire::{self, codes::business, method},
};

/// Longest application number, as the contract has it.
const NUMBER_CHARS: usize = 40;

/// How to reach the platform and how to ask it.
#[derive(Debug, Clone)]
pub struct EtaxSettings {
    /// The HTTP side; `base_url` is what stands before `/api`.
    pub http: HttpSettings,
    /// Most dossiers in one call, 1 to [`wire::MAX_DOSSIERS`].
    pub dossiers_per_call: usize,
    /// Most calls for dossiers at a time. Few make large batches, which cost least.
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
    stack: Arc<HttpStack>,
    dossiers: Coalescer<DossierQuery, dossiers::Each>,
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
    /// [`ErrorKind::Misconfigured`], naming the setting.
    pub fn new(settings: EtaxSettings) -> Result<Self, ConnectorError> {
        let connector = settings.http.name;
        let stack = Arc::new(HttpStack::new(settings.http)?);
        let read = |operation, method| stack.read(operation, &format!("api/{method}"));
        let write = |operation, method| stack.write(operation, &format!("api/{method}"));
        let dossier = Arc::new(read("dossier", method::DOSSIERS)?);
        let coalescer = CoalescerSettings {
            connector,
            operation: dossier.operation(),
            per_batch: settings.dossiers_per_call.clamp(1, wire::MAX_DOSSIERS),
            in_flight: settings.dossier_calls,
        };
        let asking = Arc::clone(&stack);
        Ok(Self {
            status: read("status", method::STATUS)?,
            risk: read("taxpayer_risk", method::TAXPAYER_RISK)?,
            issue: write("approve_and_issue", method::ISSUE)?,
            return_: write("return_to_applicant", method::RETURN)?,
            pending: read("pending", method::PENDING)?,
            dossiers: Coalescer::new(coalescer, move |queries| {
                dossiers::ask(Arc::clone(&asking), Arc::clone(&dossier), queries)
            }),
            stack,
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

/// Turns the refusal with `code` into "there is none".
fn found<T>(result: Result<T, ConnectorError>, code: &str) -> Result<Option<T>, ConnectorError> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(error) if error.kind == ErrorKind::Rejected && error.code.as_deref() == Some(code) => {
            Ok(None)
        }
        Err(error) => Err(error),
    }
}

#[async_trait]
impl AgentInvoices for Etax {
    async fn dossier(&self, query: DossierQuery) -> Result<Dossier, ConnectorError> {
        self.dossiers.ask(query).await?
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
        let mut seen: HashSet<&str> = after.into_iter().collect();
        // A list that comes again would keep its reader turning in a circle.
        if let Some(again) = answer.list.iter().find(|sqxx| !seen.insert(&sqxx.sqbh)) {
            return Err(reply.unreadable(&format!(
                "application `{}` comes again",
                shorten(&again.sqbh, NUMBER_CHARS)
            )));
        }
        let read = |sqxx: wire::Sqxx| {
            let number = shorten(&sqxx.sqbh, NUMBER_CHARS);
            Application::try_from(sqxx).map_err(|error| {
                let error = broken_contract(&self.pending, &error);
                ConnectorError {
                    message: format!("application `{number}`: {}", error.message),
                    ..error
                }
            })
        };
        answer.list.into_iter().map(read).collect()
    }
}
