//! Agent-issued invoices over a connector of the folder, which may be replaced while others call it.

use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use clerkwork_connectors_api::{
    ConnectorError, ErrorKind,
    agent_invoice::{
        AgentInvoices, Application, ApplicationStatus, Dossier, DossierQuery, Issued, Over,
    },
};
use clerkwork_core::IdempotencyKey;
use clerkwork_declarative::{Declarative, Folder};

/// The connector of this name, as the folder has it when it is called.
#[derive(Debug)]
pub(super) struct Live {
    folder: Arc<Folder>,
    name: &'static str,
    /// The one that was called last, and what was made of it.
    last: Mutex<Option<(Arc<Declarative>, Arc<Over>)>>,
}

impl Live {
    /// # Errors
    /// There is none of that name, or it does not serve agent-issued invoices.
    pub(super) fn new(folder: Arc<Folder>, name: &'static str) -> Result<Self, ConnectorError> {
        let live = Self {
            folder,
            name,
            last: Mutex::default(),
        };
        live.now().map(|_| live)
    }

    fn now(&self) -> Result<Arc<Over>, ConnectorError> {
        let gone = || ConnectorError {
            connector: self.name,
            operation: "configure",
            kind: ErrorKind::Misconfigured,
            code: None,
            message: "its file is gone; put it back and reload the connectors".into(),
            page: None,
            source: None,
        };
        let connector = self.folder.get(self.name).ok_or_else(gone)?;
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((known, over)) = &*last
            && Arc::ptr_eq(known, &connector)
        {
            return Ok(Arc::clone(over));
        }
        let over = Arc::new(Over::new(connector.clone())?);
        *last = Some((connector, Arc::clone(&over)));
        Ok(over)
    }
}

#[async_trait]
impl AgentInvoices for Live {
    async fn dossier(&self, query: DossierQuery) -> Result<Dossier, ConnectorError> {
        self.now()?.dossier(query).await
    }

    async fn status(&self, number: &str) -> Result<Option<ApplicationStatus>, ConnectorError> {
        self.now()?.status(number).await
    }

    async fn approve_and_issue(
        &self,
        key: &IdempotencyKey,
        number: &str,
    ) -> Result<Issued, ConnectorError> {
        self.now()?.approve_and_issue(key, number).await
    }

    async fn return_to_applicant(
        &self,
        key: &IdempotencyKey,
        number: &str,
        reasons: &[String],
    ) -> Result<(), ConnectorError> {
        self.now()?.return_to_applicant(key, number, reasons).await
    }

    async fn pending(
        &self,
        after: Option<&str>,
        limit: u32,
    ) -> Result<Vec<Application>, ConnectorError> {
        self.now()?.pending(after, limit).await
    }
}
