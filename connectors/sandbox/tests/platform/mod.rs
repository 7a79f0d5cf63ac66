//! A running platform and a plain client for it.

use clerkwork_etax::wire::{Envelope, IssueAnswer, Nothing, StatusAnswer};
use clerkwork_sandbox::{Faults, Options, Running, Sandbox};
use reqwest::{Client, Response};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::json;

pub struct Platform {
    pub running: Running,
    pub client: Client,
}

impl Platform {
    pub async fn start(faults: impl Into<Faults>) -> Self {
        Self::with(Options {
            faults: faults.into(),
            ..Options::default()
        })
        .await
    }

    pub async fn with(options: Options) -> Self {
        // Another test of this process may have been first.
        let _ = rustls::crypto::ring::default_provider().install_default();
        Self {
            running: Sandbox::start(options).await.unwrap(),
            client: Client::builder().no_proxy().build().unwrap(),
        }
    }

    /// Number of the application with the index `i`.
    pub fn number(&self, i: usize) -> String {
        self.running.state().world().number(i).unwrap()
    }

    pub async fn send(
        &self,
        method: &str,
        token: &str,
        body: &impl Serialize,
    ) -> reqwest::Result<Response> {
        self.client
            .post(format!("{}/api/{method}", self.running.url()))
            .bearer_auth(token)
            .json(body)
            .send()
            .await
    }

    pub async fn call<T: DeserializeOwned>(
        &self,
        method: &str,
        body: &impl Serialize,
    ) -> reqwest::Result<Envelope<T>> {
        self.send(method, "sandbox", body).await?.json().await
    }

    pub async fn issue(&self, number: &str) -> reqwest::Result<Envelope<IssueAnswer>> {
        self.call("dkfpspkj", &json!({"sqbh": number})).await
    }

    pub async fn give_back(&self, number: &str) -> reqwest::Result<Envelope<Nothing>> {
        let body = json!({"sqbh": number, "thyy": ["合同金额不符"]});
        self.call("dkfpth", &body).await
    }

    pub async fn status(&self, number: &str) -> reqwest::Result<Envelope<StatusAnswer>> {
        self.call("cxdkfpsqzt", &json!({"sqbh": number})).await
    }
}
