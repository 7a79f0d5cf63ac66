//! Review of an application for an agent-issued invoice (代开发票审核).
//!
//! The checks follow the order in which a reviewer goes through a file: identity, item and rate,
//! arithmetic, claims; then, with the upstream's dossier, taxpayers, accumulation, tax due and
//! paid, duplicates. Every objection is a finding with a code of [`Code`]; thresholds of risk are
//! not judged here but by the policies, from the facts.
//!
//! Invariants:
//! * `check` is pure: the same application has the same findings on any day;
//! * rates and lines of the law come from dated rows, and a day without a row goes to a person;
//! * findings, results and summaries hold no personal data.

mod act;
mod arithmetic;
mod basis;
mod claims;
mod codes;
mod due;
mod facts;
mod identity;
mod trade;
mod upstream;

use async_trait::async_trait;
use clerkwork_connectors_api::{ConnectorError, agent_invoice::Application};
use clerkwork_core::{Clock, Digest, EffectRecord, Facts, Finding, Text};
use serde_json::Value;

use crate::{
    Done, Effects, Found, Inquiry, Item, JobKind, Order, Past, PayloadError, PendingItem, Stop,
    Subject, Upstreams, payload, schema,
};

pub use codes::Code;

use basis::Basis;

/// The kind `agent_invoice_review`.
#[derive(Debug, Clone, Copy)]
pub struct AgentInvoiceReview {
    /// Which connector serves it, by name.
    pub connector: &'static str,
}

#[async_trait]
impl JobKind for AgentInvoiceReview {
    fn name(&self) -> &'static str {
        "agent_invoice_review"
    }

    fn title(&self) -> Text {
        Text::new("代开发票审核", "Agent-issued invoice review")
    }

    fn schema(&self) -> Value {
        schema::of::<Application>()
    }

    fn resource_type(&self) -> &'static str {
        "AgentInvoiceReview"
    }

    fn connectors(&self) -> &[&'static str] {
        std::slice::from_ref(&self.connector)
    }

    fn automatable(&self) -> bool {
        true
    }

    fn parse(&self, payload: &Value) -> Result<Box<dyn Item>, PayloadError> {
        let application = payload::read(payload)?;
        Ok(Box::new(Review {
            application,
            connector: self.connector,
        }))
    }

    fn example(&self) -> Option<&'static str> {
        Some(include_str!("../../examples/agent_invoice_review.json"))
    }

    async fn pending(
        &self,
        upstreams: &Upstreams,
        after: Option<&str>,
        limit: u32,
    ) -> Result<Option<Vec<PendingItem>>, ConnectorError> {
        let page = upstreams.agent_invoices.pending(after, limit).await?;
        let item = |one: &Application| PendingItem::new(&one.application_number, one);
        Ok(Some(page.iter().map(item).collect()))
    }
}

/// One application under review.
struct Review {
    application: Application,
    connector: &'static str,
}

#[async_trait]
impl Item for Review {
    fn subject(&self) -> Subject {
        Subject {
            id: self.application.seller.tax_id.clone(),
            name: self.application.seller.name.clone(),
        }
    }

    /// The same sale: seller, buyer, amount and what was sold. A digest, because it names people.
    fn concern(&self) -> Option<String> {
        let application = &self.application;
        let mut codes: Vec<_> = application
            .lines
            .iter()
            .map(|line| &line.item_code)
            .collect();
        codes.sort_unstable();
        let sale = serde_json::json!([
            "agent_invoice_review",
            application.seller.tax_id,
            application.buyer.tax_id,
            application.buyer.name,
            application.total_gross,
            codes,
        ]);
        let digest = Digest::of(&[sale.to_string().as_bytes()]);
        Some(format!("agent_invoice.sale:{digest}"))
    }

    fn check(&self) -> Vec<Finding> {
        let basis = Basis::of(&self.application);
        let mut out = Vec::new();
        identity::check(&self.application, &basis, &mut out);
        trade::check(&self.application, &basis, &mut out);
        arithmetic::check(&self.application, &mut out);
        claims::check(&self.application, &basis, &mut out);
        out
    }

    async fn gather(
        &self,
        upstreams: &Upstreams,
        clock: &dyn Clock,
        _: Past<'_>,
        found: &mut Found,
    ) -> Result<Facts, ConnectorError> {
        let query = upstream::query(&self.application);
        let mut dossier = upstreams.agent_invoices.dossier(query).await?;
        found.pages.extend(dossier.page.take());
        let findings = &mut found.findings;
        let basis = Basis::of(&self.application);
        let tax_due = upstream::check(&self.application, &basis, &dossier, findings);
        Ok(facts::Known {
            application: &self.application,
            basis: &basis,
            dossier: &dossier,
            source: &format!("{}.dossier", self.connector),
            tax_due,
            findings,
            now: clock.now(),
        }
        .facts())
    }

    async fn act(
        &self,
        order: &Order,
        upstreams: &Upstreams,
        _: &dyn Clock,
        effects: &mut dyn Effects,
    ) -> Result<Done, Stop> {
        act::act(
            &self.application.application_number,
            order,
            upstreams,
            effects,
        )
        .await
    }

    async fn inquire(
        &self,
        effect: &EffectRecord,
        upstreams: &Upstreams,
    ) -> Result<Option<Inquiry>, ConnectorError> {
        act::inquire(&self.application.application_number, effect, upstreams).await
    }
}
