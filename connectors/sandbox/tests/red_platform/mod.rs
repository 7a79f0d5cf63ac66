//! A running platform with red-letter applications on a clock that stands still, and a plain
//! client for it.

#![allow(dead_code, reason = "each test uses a part of it")]

use std::{sync::Arc, time::Duration};

use clerkwork_connectors_api::red_letter::{
    BlueInvoice, BlueReference, BlueTraces, ConfirmationForm, FormAnswer, FormState,
    RedLetterApplication, RedLetterDossier, RedLetterQuery, ReversalDraft, SettlementOrder, Side,
    WriteBack,
};
use clerkwork_core::{ManualClock, Timestamp};
use clerkwork_etax::wire::{
    Envelope, Nothing, method,
    red_letter::{
        AnswerAnswer, AnswerRequest, DossierAnswer, DossierQuery, EnterRequest, FormsAnswer, Hzqrd,
        IssueAnswer, SettleAnswer, SettleRequest, SettlementAnswer, StatusAnswer, TracesAnswer,
        TracesRequest, WriteBackRequest,
    },
};
use clerkwork_sandbox::{Options, RedCase, Running, Sandbox, State};
use reqwest::{Client, Response};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::json;

/// Thursday, 2026-03-19, noon in Beijing.
pub const NOON: Timestamp = Timestamp(1_773_892_800_000_000);

pub struct Platform {
    pub running: Running,
    pub client: Client,
}

pub fn options() -> Options {
    Options {
        applications: 25,
        red_letters: 250,
        clock: Arc::new(ManualClock::new(NOON)),
        ..Options::default()
    }
}

pub fn hours(n: u64) -> Duration {
    Duration::from_secs(n * 3600)
}

/// What an application asks for, as a form says it.
pub fn draft(application: &RedLetterApplication) -> ReversalDraft {
    ReversalDraft {
        started_by: application.started_by,
        blue: application.blue.clone(),
        seller: application.seller.clone(),
        buyer: application.buyer.clone(),
        reason: application.reason,
        lines: application.lines.clone(),
        net: application.total_net,
        tax: application.total_tax,
    }
}

impl Platform {
    pub async fn start() -> Self {
        Self::with(options()).await
    }

    pub async fn with(options: Options) -> Self {
        // Another test of this process may have been first.
        let _ = rustls::crypto::ring::default_provider().install_default();
        Self {
            running: Sandbox::start(options).await.unwrap(),
            client: Client::builder().no_proxy().build().unwrap(),
        }
    }

    pub fn state(&self) -> &State {
        self.running.state()
    }

    pub fn advance(&self, duration: Duration) {
        self.state().advance_clock(duration);
    }

    /// Indexes of the applications of a case.
    pub fn all(&self, case: RedCase) -> Vec<usize> {
        let world = self.state().red_world();
        let found = (0..world.len()).filter(|i| world.case(*i) == Some(case));
        found.collect()
    }

    pub fn first(&self, case: RedCase) -> RedLetterApplication {
        self.application(self.all(case)[0])
    }

    pub fn application(&self, i: usize) -> RedLetterApplication {
        self.state().red_world().application(i).unwrap()
    }

    pub async fn send(&self, path: &str, token: &str, body: &impl Serialize) -> Response {
        self.client
            .post(format!("{}/{path}", self.running.url()))
            .bearer_auth(token)
            .json(body)
            .send()
            .await
            .unwrap()
    }

    pub async fn call<T: DeserializeOwned>(
        &self,
        method: &str,
        body: &impl Serialize,
    ) -> Envelope<T> {
        let path = format!("api/{method}");
        self.send(&path, "sandbox", body)
            .await
            .json()
            .await
            .unwrap()
    }

    pub async fn dossier(&self, application: &RedLetterApplication) -> RedLetterDossier {
        let query = DossierQuery::from(RedLetterQuery {
            application_number: application.application_number.clone(),
            blue: application.blue.clone(),
            seller_tax_id: application.seller.tax_id.clone(),
            buyer_tax_id: application.buyer.tax_id.clone(),
        });
        let answer: Envelope<DossierAnswer> = self
            .call(method::RED_DOSSIERS, &json!({"list": [query]}))
            .await;
        let answer = answer.data.unwrap();
        let dossier = answer.list.into_iter().next().unwrap();
        dossier.into_contract(answer.sjc).unwrap()
    }

    pub async fn blue(&self, application: &RedLetterApplication) -> BlueInvoice {
        self.dossier(application).await.blue.unwrap()
    }

    pub async fn traces(&self, blue: &BlueReference) -> BlueTraces {
        let request = TracesRequest::from(blue);
        let answer: Envelope<TracesAnswer> = self.call(method::FORMS_OF_BLUE, &request).await;
        answer.data.unwrap().try_into().unwrap()
    }

    pub async fn enter(&self, draft: &ReversalDraft) -> Envelope<Hzqrd> {
        let request = EnterRequest { nr: draft.into() };
        self.call(method::ENTER_FORM, &request).await
    }

    /// Enters a form that is to be taken.
    pub async fn entered(&self, draft: &ReversalDraft) -> ConfirmationForm {
        let answer = self.enter(draft).await;
        assert_eq!(answer.code, "0", "{}", answer.msg);
        answer.data.unwrap().try_into().unwrap()
    }

    pub async fn form(&self, number: &str) -> Option<ConfirmationForm> {
        let answer: Envelope<FormsAnswer> =
            self.call(method::FORMS, &json!({"list": [number]})).await;
        let entry = answer.data.unwrap().list.remove(0);
        entry.hzqrd.map(|form| form.try_into().unwrap())
    }

    pub async fn state_of(&self, number: &str) -> FormState {
        self.form(number).await.unwrap().state
    }

    pub async fn answer(
        &self,
        form: &ConfirmationForm,
        side: Side,
        answer: FormAnswer,
    ) -> Envelope<AnswerAnswer> {
        let request = AnswerRequest::of(form, side, answer);
        self.call(method::ANSWER_FORM, &request).await
    }

    pub async fn issue(&self, form_number: &str) -> Envelope<IssueAnswer> {
        let body = json!({"hzqrdbh": form_number});
        self.call(method::ISSUE_RED, &body).await
    }

    pub async fn settle(&self, order: &SettlementOrder) -> Envelope<SettleAnswer> {
        self.call(method::SETTLE, &SettleRequest::from(order)).await
    }

    pub async fn settlement(&self, red_number: &str) -> Option<String> {
        let body = json!({"hzfphm": red_number});
        let answer: Envelope<SettlementAnswer> = self.call(method::SETTLEMENT, &body).await;
        answer.data.unwrap().tdkbh
    }

    pub async fn write_back(&self, number: &str, outcome: &WriteBack) -> Envelope<Nothing> {
        let request = WriteBackRequest::of(number, outcome);
        self.call(method::WRITE_BACK, &request).await
    }

    pub async fn give_back(&self, number: &str) -> Envelope<Nothing> {
        let body = json!({"sqbh": number, "thyy": ["对方拒绝"]});
        self.call(method::RED_RETURN, &body).await
    }

    pub async fn status(&self, number: &str) -> Envelope<StatusAnswer> {
        self.call(method::RED_STATUS, &json!({"sqbh": number}))
            .await
    }
}
