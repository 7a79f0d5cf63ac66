//! A double of the upstream for red-letter invoices: lets something happen before and after each
//! call, records the calls, and can lose a write on its way there or its answer on the way back.

use std::{
    pin::Pin,
    sync::{Arc, Mutex},
};

use async_trait::async_trait;
use clerkwork_connectors_api::{
    ConnectorError, ErrorKind,
    red_letter::{
        BlueReference, BlueTraces, ConfirmationForm, FormAnswer, RedInvoice, RedLetterApplication,
        RedLetterDossier, RedLetterQuery, RedLetterStatus, RedLetters, ReversalDraft,
        SettlementOrder, Side, WriteBack,
    },
};
use clerkwork_core::IdempotencyKey;
use clerkwork_kinds::Upstreams;
use clerkwork_runtime::Services;

/// Where a write is lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Loss {
    /// It never arrives.
    Request,
    /// It is done, and nobody hears of it.
    Answer,
}

/// Something that is done once.
pub type Deed = Box<dyn FnOnce() -> Pin<Box<dyn Future<Output = ()> + Send>> + Send>;

/// What the double saw and what it is to lose.
#[derive(Default)]
pub struct Seen {
    /// Names of the writes, in their order.
    pub writes: Vec<&'static str>,
    /// The first write of this name is lost like this.
    pub loses: Option<(&'static str, Loss)>,
    /// What happens right before the first call of this name.
    pub before_call: Option<(&'static str, Deed)>,
    /// How many moments of calls were passed: about to leave, under way, answered.
    pub moments: u64,
}

/// The record of a double, shared with the test.
pub type Record = Arc<Mutex<Seen>>;

/// The same parts, with a double in the place of the upstream for red letters.
pub fn watched_red(services: &Services, record: &Record) -> Services {
    let real = services.upstreams.red_letters.clone();
    let record = record.clone();
    Services {
        upstreams: Upstreams {
            red_letters: Arc::new(Watched { real, record }),
            ..services.upstreams.clone()
        },
        ..services.clone()
    }
}

struct Watched {
    real: Arc<dyn RedLetters>,
    record: Record,
}

impl Watched {
    /// Makes a point at which an attempt can be stopped of the moment before a call leaves and of
    /// the one after it was answered.
    async fn read<T>(&self, name: &'static str, made: impl Future<Output = T> + Send) -> T
    where
        T: Send,
    {
        let deed = {
            let mut seen = self.record.lock().unwrap();
            seen.before_call.take_if(|(call, _)| *call == name)
        };
        if let Some((_, deed)) = deed {
            deed().await;
        }
        self.pass();
        tokio::task::yield_now().await;
        self.pass();
        let answer = made.await;
        self.pass();
        tokio::task::yield_now().await;
        answer
    }

    fn pass(&self) {
        self.record.lock().unwrap().moments += 1;
    }

    async fn write<T>(
        &self,
        name: &'static str,
        made: impl Future<Output = Result<T, ConnectorError>> + Send,
    ) -> Result<T, ConnectorError>
    where
        T: Send,
    {
        let loss = {
            let mut seen = self.record.lock().unwrap();
            seen.writes.push(name);
            let struck = seen.loses.take_if(|(lost, _)| *lost == name);
            struck.map(|(_, loss)| loss)
        };
        let unknown = || ConnectorError {
            connector: "double",
            operation: name,
            kind: ErrorKind::OutcomeUnknown,
            code: None,
            message: "lost, as the test asked for".into(),
            page: None,
            source: None,
        };
        match loss {
            None => self.read(name, made).await,
            Some(Loss::Request) => self.read(name, async { Err(unknown()) }).await,
            Some(Loss::Answer) => {
                let made = async {
                    made.await?;
                    Err(unknown())
                };
                self.read(name, made).await
            }
        }
    }
}

#[async_trait]
impl RedLetters for Watched {
    async fn dossier(&self, query: RedLetterQuery) -> Result<RedLetterDossier, ConnectorError> {
        self.read("dossier", self.real.dossier(query)).await
    }

    async fn traces(&self, blue: &BlueReference) -> Result<BlueTraces, ConnectorError> {
        self.read("traces", self.real.traces(blue)).await
    }

    async fn form(&self, number: &str) -> Result<Option<ConfirmationForm>, ConnectorError> {
        self.read("form", self.real.form(number)).await
    }

    async fn create_form(
        &self,
        key: &IdempotencyKey,
        draft: &ReversalDraft,
    ) -> Result<ConfirmationForm, ConnectorError> {
        self.write("create_form", self.real.create_form(key, draft))
            .await
    }

    async fn answer_form(
        &self,
        key: &IdempotencyKey,
        form: &ConfirmationForm,
        side: Side,
        answer: FormAnswer,
    ) -> Result<(), ConnectorError> {
        let made = self.real.answer_form(key, form, side, answer);
        self.write("answer_form", made).await
    }

    async fn issue_red(
        &self,
        key: &IdempotencyKey,
        form_number: &str,
    ) -> Result<RedInvoice, ConnectorError> {
        self.write("issue_red", self.real.issue_red(key, form_number))
            .await
    }

    async fn open_settlement(
        &self,
        key: &IdempotencyKey,
        order: &SettlementOrder,
    ) -> Result<String, ConnectorError> {
        self.write("open_settlement", self.real.open_settlement(key, order))
            .await
    }

    async fn settlement_of(&self, red_number: &str) -> Result<Option<String>, ConnectorError> {
        self.read("settlement_of", self.real.settlement_of(red_number))
            .await
    }

    async fn write_back(
        &self,
        key: &IdempotencyKey,
        application_number: &str,
        outcome: &WriteBack,
    ) -> Result<(), ConnectorError> {
        let made = self.real.write_back(key, application_number, outcome);
        self.write("write_back", made).await
    }

    async fn return_to_applicant(
        &self,
        key: &IdempotencyKey,
        application_number: &str,
        reasons: &[String],
    ) -> Result<(), ConnectorError> {
        let made = self
            .real
            .return_to_applicant(key, application_number, reasons);
        self.write("return_to_applicant", made).await
    }

    async fn status(
        &self,
        application_number: &str,
    ) -> Result<Option<RedLetterStatus>, ConnectorError> {
        self.read("status", self.real.status(application_number))
            .await
    }

    async fn pending(
        &self,
        after: Option<&str>,
        limit: u32,
    ) -> Result<Vec<RedLetterApplication>, ConnectorError> {
        self.real.pending(after, limit).await
    }
}
