//! A double of the upstream that lets something happen before and after each call.

use std::sync::Arc;

use async_trait::async_trait;
use clerkwork_connectors_api::{
    ConnectorError,
    agent_invoice::{AgentInvoices, Application, ApplicationStatus, Dossier, DossierQuery, Issued},
};
use clerkwork_core::IdempotencyKey;
use clerkwork_kinds::Upstreams;
use clerkwork_runtime::Services;

/// Which call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Call {
    Dossier,
    Status,
    Issue,
    Return,
}

/// What happens around calls.
#[async_trait]
pub trait Onlooker: Send + Sync {
    /// The call was made and has not left.
    async fn before(&self, _: Call) {}

    /// The answer is there and the caller has not seen it.
    async fn after(&self, _: Call) {}
}

/// The same parts, whose calls upstream `onlooker` sees.
pub fn watched(services: &Services, onlooker: impl Onlooker + 'static) -> Services {
    let real = services.upstreams.agent_invoices.clone();
    Services {
        upstreams: Upstreams {
            agent_invoices: Arc::new(Watched { real, onlooker }),
            red_letters: services.upstreams.red_letters.clone(),
        },
        ..services.clone()
    }
}

struct Watched<O> {
    real: Arc<dyn AgentInvoices>,
    onlooker: O,
}

impl<O: Onlooker> Watched<O> {
    async fn around<T>(&self, call: Call, made: impl Future<Output = T> + Send) -> T
    where
        T: Send,
    {
        self.onlooker.before(call).await;
        let answer = made.await;
        self.onlooker.after(call).await;
        answer
    }
}

#[async_trait]
impl<O: Onlooker> AgentInvoices for Watched<O> {
    async fn dossier(&self, query: DossierQuery) -> Result<Dossier, ConnectorError> {
        self.around(Call::Dossier, self.real.dossier(query)).await
    }

    async fn status(&self, number: &str) -> Result<Option<ApplicationStatus>, ConnectorError> {
        self.around(Call::Status, self.real.status(number)).await
    }

    async fn approve_and_issue(
        &self,
        key: &IdempotencyKey,
        number: &str,
    ) -> Result<Issued, ConnectorError> {
        self.around(Call::Issue, self.real.approve_and_issue(key, number))
            .await
    }

    async fn return_to_applicant(
        &self,
        key: &IdempotencyKey,
        number: &str,
        reasons: &[String],
    ) -> Result<(), ConnectorError> {
        let made = self.real.return_to_applicant(key, number, reasons);
        self.around(Call::Return, made).await
    }

    async fn pending(
        &self,
        after: Option<&str>,
        limit: u32,
    ) -> Result<Vec<Application>, ConnectorError> {
        self.real.pending(after, limit).await
    }
}

/// Makes a point at which an attempt can be stopped of every moment before a call leaves and
/// after it was answered.
pub struct Pauses;

#[async_trait]
impl Onlooker for Pauses {
    async fn before(&self, _: Call) {
        tokio::task::yield_now().await;
    }

    async fn after(&self, _: Call) {
        tokio::task::yield_now().await;
    }
}

/// Does something once, just before the first call of this sort leaves.
pub struct JustBefore<F>(pub Call, pub std::sync::Mutex<Option<F>>);

impl<F> JustBefore<F> {
    pub fn new(call: Call, deed: F) -> Self {
        Self(call, std::sync::Mutex::new(Some(deed)))
    }
}

#[async_trait]
impl<F, D> Onlooker for JustBefore<F>
where
    F: FnOnce() -> D + Send,
    D: Future<Output = ()> + Send,
{
    async fn before(&self, call: Call) {
        if call == self.0 {
            let deed = self.1.lock().unwrap().take();
            if let Some(deed) = deed {
                deed().await;
            }
        }
    }
}
