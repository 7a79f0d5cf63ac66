//! The suite catches what breaks the contract: of connectors that keep nothing it says so, clause by clause.
#![expect(
    clippy::unwrap_used,
    reason = "helpers of tests end the test, as the tests themselves do"
)]

use std::{collections::BTreeSet, sync::Arc};

use async_trait::async_trait;
use clerkwork_conformance::{Clause, Place, Sample, Subject, TIMEOUT, check};
use clerkwork_connectors_api::{
    ConnectorError, ErrorKind, agent_invoice,
    contract::{Answer, Connector, Idempotency, Looked, Polled, Profile},
};
use clerkwork_core::{IdempotencyKey, Text, Timestamp};
use clerkwork_sandbox::{Options, Sandbox};
use serde_json::{Value, json};

const TOKEN: &str = "a-token-that-shows";

/// So much of a body it takes into memory.
const GREEDY: usize = 80 * 1024 * 1024;

/// Sends everything, three times if need be, follows whoever points elsewhere, and believes what comes.
#[derive(Debug)]
struct Careless {
    profile: Profile,
    base: String,
    token: String,
    client: reqwest::Client,
    /// Takes a 401 for an end, and tries a login twice.
    signs_in: bool,
}

impl Careless {
    fn new(place: &Place, signs_in: bool) -> Self {
        let mut operations = agent_invoice::operations();
        for operation in &mut operations {
            if let Idempotency::BusinessKey { lookup } = &mut operation.idempotency {
                *lookup = "nothing";
            }
        }
        let token = place.wrong_credential.clone();
        let client = reqwest::Client::builder().timeout(place.timeout);
        Self {
            profile: Profile {
                name: "careless",
                title: Text::new("粗心", "careless"),
                version: "1".into(),
                operations,
            },
            base: place.base_url.clone(),
            token: token.unwrap_or_else(|| TOKEN.to_owned()),
            client: client.build().unwrap(),
            signs_in,
        }
    }

    fn error(&self, kind: ErrorKind) -> ConnectorError {
        let message = format!("it did not work with {}", self.token);
        self.profile.error("call", kind, message)
    }

    async fn send(&self, body: &Value) -> Result<Value, ConnectorError> {
        let mut kind = ErrorKind::Transient;
        for _ in 0..3 {
            let request = self.client.post(format!("{}api/dkfpspkj", self.base));
            let sent = request.bearer_auth(&self.token).json(body).send().await;
            let mut response = match sent {
                Ok(response) if self.signs_in && response.status() == 401 => {
                    return Err(self.error(ErrorKind::Unauthorized));
                }
                Ok(response) => response,
                Err(error) => {
                    if error.is_connect() {
                        kind = ErrorKind::Misconfigured;
                    }
                    continue;
                }
            };
            let mut bytes = Vec::new();
            while let Ok(Some(chunk)) = response.chunk().await {
                bytes.extend_from_slice(&chunk);
                if bytes.len() > GREEDY {
                    break;
                }
            }
            return Ok(serde_json::from_slice(&bytes).unwrap_or_default());
        }
        Err(self.error(kind))
    }
}

#[async_trait]
impl Connector for Careless {
    fn profile(&self) -> &Profile {
        &self.profile
    }

    async fn call(
        &self,
        _: &str,
        _: Option<&IdempotencyKey>,
        input: &Value,
    ) -> Result<Answer, ConnectorError> {
        let number = &input["application_number"];
        Ok(self.send(&json!({ "sqbh": number })).await?.into())
    }

    async fn lookup(
        &self,
        _: &str,
        _: &IdempotencyKey,
        _: &Value,
    ) -> Result<Looked, ConnectorError> {
        Ok(Looked::DidNotHappen)
    }

    async fn poll(&self, _: &str, _: Option<&str>, _: u32) -> Result<Polled, ConnectorError> {
        self.send(&json!({})).await?;
        Ok(Polled {
            items: vec![json!({"application_number": "1"})],
            next: Some("again".into()),
        })
    }

    async fn health(&self) -> Result<(), ConnectorError> {
        if self.signs_in && self.token == TOKEN {
            return Ok(());
        }
        for _ in 0..2 {
            let _ = self.send(&json!({})).await;
        }
        Err(self.error(ErrorKind::Unauthorized))
    }
}

/// The clauses that it breaks.
async fn broken(signs_in: bool, reads_pages: bool, operations: &[&str]) -> BTreeSet<Clause> {
    let options = Options {
        token: TOKEN.into(),
        ..Options::default()
    };
    let sandbox = Sandbox::start(options).await.unwrap();
    let world = sandbox.state().world();
    let numbers = (0..20).map(|i| world.number(i).unwrap());
    let inputs: Vec<_> = numbers
        .map(|number| json!({"application_number": number, "reasons": ["资料不符"]}))
        .collect();
    let sample = |operation: &&str| Sample {
        operation: (*operation).to_owned(),
        inputs: inputs.clone(),
    };
    let subject = Subject {
        connect: Box::new(move |place| Ok(Arc::new(Careless::new(place, signs_in)))),
        upstream: sandbox.url().parse().unwrap(),
        samples: operations.iter().map(sample).collect(),
        secrets: vec![TOKEN.into()],
        users: vec![],
        timeout: TIMEOUT,
        has_session: signs_in,
        reads_pages,
        rate: Some(5),
        at: Timestamp(1_772_352_000_000_000),
    };
    let report = check(&subject, |_| {}).await.unwrap().unwrap();
    report.broken().map(|ruling| ruling.clause).collect()
}

#[tokio::test]
async fn whoever_keeps_nothing_is_told_of_every_clause() {
    let broken = broken(false, false, &["status", "approve_and_issue"]).await;
    // Sessions and pages it has none; they are tried below.
    let not_its = [
        Clause::NoLockOut,
        Clause::SessionRenewed,
        Clause::PageChanged,
    ];
    let expected: BTreeSet<_> = Clause::ALL
        .into_iter()
        .filter(|clause| !not_its.contains(clause))
        .collect();
    assert_eq!(broken, expected);
}

#[tokio::test]
async fn a_session_that_is_not_renewed_and_a_login_that_is_tried_again_are_told() {
    let broken = broken(true, false, &["status"]).await;
    for clause in [Clause::NoLockOut, Clause::SessionRenewed] {
        assert!(broken.contains(&clause), "{clause:?}: {broken:?}");
    }
}

#[tokio::test]
async fn a_page_that_changed_and_was_taken_for_an_answer_is_told() {
    let broken = broken(true, true, &["status"]).await;
    assert!(broken.contains(&Clause::PageChanged), "{broken:?}");
}
