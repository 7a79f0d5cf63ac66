//! The field's operations by name, and the way between them and the trait.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use async_trait::async_trait;
use clerkwork_core::{IdempotencyKey, Text};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::{Value, json};

use super::{AgentInvoices, Application, ApplicationStatus, Dossier, DossierQuery, Issued};
use crate::{
    ConnectorError, ErrorKind,
    contract::{Answer, Connector, Idempotency, Looked, Operation, Polled, Schema, intern, read},
};

/// Names one application.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Named {
    application_number: String,
}

/// Sends one application back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Return {
    application_number: String,
    /// Chinese, one line each.
    reasons: Vec<String>,
}

/// Nothing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
struct Nothing {}

const DOSSIER: &str = "dossier";
const STATUS: &str = "status";
const ISSUE: &str = "approve_and_issue";
const RETURN: &str = "return_to_applicant";
const PENDING: &str = "pending";

/// What a connector declares to serve this field of work, sorted by name.
pub fn operations() -> Vec<Operation> {
    let by_status = || Idempotency::BusinessKey { lookup: STATUS };
    let (named, returned) = (Schema::of::<Named>, Schema::of::<Return>);
    vec![
        Operation::write(ISSUE, named(), Schema::of::<Issued>(), by_status()),
        Operation::read(
            DOSSIER,
            Schema::of::<DossierQuery>(),
            Schema::of::<Dossier>(),
        ),
        Operation::poll(PENDING, Schema::of::<Application>()),
        Operation::write(RETURN, returned(), Schema::of::<Nothing>(), by_status()),
        Operation::read(STATUS, named(), Schema::of::<Option<ApplicationStatus>>()),
    ]
}

/// Serves an operation of the field through the trait: what a connector written in Rust does in
/// [`Connector::call`]. Nothing for an operation of another field.
///
/// # Errors
/// As the trait says; [`ErrorKind::Misconfigured`] for an input that is not as the schema says.
pub async fn call(
    api: &dyn AgentInvoices,
    connector: &'static str,
    operation: &str,
    key: Option<&IdempotencyKey>,
    input: &Value,
) -> Result<Option<Answer>, ConnectorError> {
    let wrong = |what: String| input_error(connector, intern(operation), &what);
    let key = || key.ok_or_else(|| wrong("a write needs an idempotency key".into()));
    let named = || read::<Named>(input).map_err(wrong);
    let output = match operation {
        DOSSIER => {
            let mut dossier = api.dossier(read(input).map_err(wrong)?).await?;
            let page = dossier.page.take();
            let output = json!(dossier);
            return Ok(Some(Answer { output, page }));
        }
        STATUS => json!(api.status(&named()?.application_number).await?),
        ISSUE => json!(
            api.approve_and_issue(key()?, &named()?.application_number)
                .await?
        ),
        RETURN => {
            let Return {
                application_number,
                reasons,
            } = read(input).map_err(wrong)?;
            api.return_to_applicant(key()?, &application_number, &reasons)
                .await?;
            json!({})
        }
        _ => return Ok(None),
    };
    Ok(Some(output.into()))
}

/// Whether a write of the field happened, by the state of its application. Nothing for another operation.
///
/// # Errors
/// As [`call`].
pub async fn lookup(
    api: &dyn AgentInvoices,
    connector: &'static str,
    operation: &str,
    input: &Value,
) -> Result<Option<Looked>, ConnectorError> {
    let number = input.get("application_number").and_then(Value::as_str);
    let number = number.ok_or_else(|| {
        let what = "`application_number` is missing";
        input_error(connector, intern(operation), what)
    })?;
    let issue = match operation {
        ISSUE => true,
        RETURN => false,
        _ => return Ok(None),
    };
    Ok(Some(match (api.status(number).await?, issue) {
        (Some(ApplicationStatus::Issued { invoice_number }), true) => {
            Looked::Happened(json!({ "invoice_number": invoice_number }))
        }
        (Some(ApplicationStatus::Returned), false) => Looked::Happened(json!({})),
        (Some(ApplicationStatus::Pending), _) => Looked::DidNotHappen,
        (Some(ApplicationStatus::Issued { .. }), false) => Looked::Unclear(Text::new(
            "上游系统显示已开具发票",
            "the invoice was issued",
        )),
        (Some(ApplicationStatus::Returned), true) => Looked::Unclear(Text::new(
            "上游系统显示该申请已退回",
            "the application was returned",
        )),
        (Some(ApplicationStatus::Withdrawn), _) => Looked::Unclear(Text::new(
            "上游系统显示申请人已撤回",
            "the application was withdrawn",
        )),
        (None, _) => Looked::Unclear(Text::new(
            "上游系统查无此申请",
            "the upstream does not know the application",
        )),
    }))
}

/// Applications that wait, after the one with the number `after`.
///
/// # Errors
/// As the trait says.
pub async fn poll(
    api: &dyn AgentInvoices,
    after: Option<&str>,
    limit: u32,
) -> Result<Polled, ConnectorError> {
    let page = api.pending(after, limit).await?;
    Ok(Polled {
        next: page.last().map(|last| last.application_number.clone()),
        items: page.iter().map(|application| json!(application)).collect(),
    })
}

fn input_error(connector: &'static str, operation: &'static str, what: &str) -> ConnectorError {
    ConnectorError {
        connector,
        operation,
        kind: ErrorKind::Misconfigured,
        code: None,
        message: format!("the input does not fit: {what}"),
        page: None,
        source: None,
    }
}

/// Where a page stood.
#[derive(Debug, Clone)]
struct Place {
    /// What it was asked for with.
    at: Option<String>,
    /// What the next is asked for with.
    next: Option<String>,
}

/// Agent-issued invoices over a connector that declares [`operations`].
#[derive(Debug)]
pub struct Over {
    connector: Arc<dyn Connector>,
    /// Pages by the application that they ended with.
    pages: Mutex<HashMap<String, Place>>,
}

/// Pages that are remembered; what follows another is looked for from the start.
const PAGES: usize = 10_000;

impl Over {
    /// # Errors
    /// [`ErrorKind::Misconfigured`] when it does not declare them all.
    pub fn new(connector: Arc<dyn Connector>) -> Result<Self, ConnectorError> {
        let profile = connector.profile();
        let wanted = operations();
        let missing = wanted.iter().find(|wanted| {
            let known = profile
                .operations
                .iter()
                .find(|known| known.name == wanted.name);
            known.is_none_or(|known| {
                known.access() != wanted.access() || known.polled != wanted.polled
            })
        });
        if let Some(missing) = missing {
            let why = format!(
                "it serves no agent-issued invoices: the operation `{}` is missing or of another sort",
                missing.name
            );
            return Err(profile.error("configure", ErrorKind::Misconfigured, why));
        }
        Ok(Self {
            connector,
            pages: Mutex::default(),
        })
    }

    async fn ask<T: DeserializeOwned>(
        &self,
        operation: &'static str,
        key: Option<&IdempotencyKey>,
        input: &Value,
    ) -> Result<(T, Answer), ConnectorError> {
        let answer = self.connector.call(operation, key, input).await?;
        let output = self.read(operation, key.is_some(), &answer.output)?;
        Ok((output, answer))
    }

    fn read<T: DeserializeOwned>(
        &self,
        operation: &'static str,
        is_write: bool,
        output: &Value,
    ) -> Result<T, ConnectorError> {
        read(output).map_err(|why| {
            let kind = match is_write {
                true => ErrorKind::OutcomeUnknown,
                false => ErrorKind::Misconfigured,
            };
            let why = format!("the answer is not what this field of work wants: {why}");
            self.connector.profile().error(operation, kind, why)
        })
    }

    /// The page that ended with an application.
    fn ended_with(&self, last: &str) -> Option<Place> {
        let pages = self.pages.lock().unwrap_or_else(PoisonError::into_inner);
        pages.get(last).cloned()
    }

    fn remember(&self, last: &Application, place: Place) {
        let mut pages = self.pages.lock().unwrap_or_else(PoisonError::into_inner);
        if pages.len() >= PAGES {
            pages.clear();
        }
        pages.insert(last.application_number.clone(), place);
    }

    async fn page(
        &self,
        at: Option<String>,
        limit: u32,
    ) -> Result<(Vec<Application>, Option<String>), ConnectorError> {
        let polled = self.connector.poll(PENDING, at.as_deref(), limit).await?;
        let read = |item| self.read(PENDING, false, item);
        let page: Vec<Application> = polled.items.iter().map(read).collect::<Result<_, _>>()?;
        if let Some(last) = page.last() {
            let next = polled.next.clone();
            self.remember(last, Place { at, next });
        }
        Ok((page, polled.next))
    }
}

#[async_trait]
impl AgentInvoices for Over {
    async fn dossier(&self, query: DossierQuery) -> Result<Dossier, ConnectorError> {
        let (mut dossier, answer): (Dossier, _) = self.ask(DOSSIER, None, &json!(query)).await?;
        dossier.page = answer.page;
        Ok(dossier)
    }

    async fn status(
        &self,
        application_number: &str,
    ) -> Result<Option<ApplicationStatus>, ConnectorError> {
        let input = json!({ "application_number": application_number });
        Ok(self.ask(STATUS, None, &input).await?.0)
    }

    async fn approve_and_issue(
        &self,
        key: &IdempotencyKey,
        application_number: &str,
    ) -> Result<Issued, ConnectorError> {
        let input = json!({ "application_number": application_number });
        Ok(self.ask(ISSUE, Some(key), &input).await?.0)
    }

    async fn return_to_applicant(
        &self,
        key: &IdempotencyKey,
        application_number: &str,
        reasons: &[String],
    ) -> Result<(), ConnectorError> {
        let input = json!({ "application_number": application_number, "reasons": reasons });
        self.connector
            .call(RETURN, Some(key), &input)
            .await
            .map(|_| ())
    }

    async fn pending(
        &self,
        after: Option<&str>,
        limit: u32,
    ) -> Result<Vec<Application>, ConnectorError> {
        let Some(after) = after else {
            return Ok(self.page(None, limit).await?.0);
        };
        // A page that this process has not read, or has forgotten, is looked for from the start; the last one
        // is read again, as more may have come.
        let mut at = match self.ended_with(after) {
            Some(Place { next, .. }) if next.is_some() => {
                return Ok(self.page(next, limit).await?.0);
            }
            Some(last) => last.at,
            None => None,
        };
        loop {
            let (page, next) = self.page(at, limit).await?;
            let found = page.iter().position(|one| one.application_number == after);
            if let Some(found) = found {
                let rest: Vec<_> = page.into_iter().skip(found + 1).collect();
                return match next.filter(|_| rest.is_empty()) {
                    Some(next) => Ok(self.page(Some(next), limit).await?.0),
                    None => Ok(rest),
                };
            }
            if next.is_none() {
                return Ok(Vec::new());
            }
            at = next;
        }
    }
}
