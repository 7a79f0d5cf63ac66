//! Reversal of a blue invoice by a red-letter one (红字发票).
//!
//! A long job that writes several times and may wait for the other side in between: confirmation
//! form, perhaps 72 hours, red invoice, tax, report. `form` holds the pure rules, `filed` whether the
//! application is the one that the upstream holds, `meant` whether a form is, `remainder`
//! what is left of the blue invoice, `upstream` what else its dossier shows, `act` and
//! `effect` the writes, `waits` the pauses. Every objection is a finding with a code of
//! [`Code`]; thresholds of risk are not judged here but by the policies, from the facts.
//!
//! Invariants:
//! * `check` is pure: the same application has the same findings on any day;
//! * the rules of the law come from dated rows, and a day without a row goes to a person;
//! * what the job itself did changes no fact but those of progress (`own`);
//! * what may have been written is looked up by what was recorded before it, never by guess;
//! * findings, results and summaries hold no personal data.

mod act;
mod basis;
mod codes;
mod effect;
mod facts;
mod filed;
mod form;
mod inquire;
mod meant;
mod own;
mod remainder;
mod remark;
mod upstream;
mod waits;

use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use clerkwork_connectors_api::{
    ConnectorError,
    red_letter::{RedLetterApplication, RedLetterDossier},
};
use clerkwork_core::{Clock, EffectRecord, Facts, Finding, Text};
use serde_json::Value;

use crate::{
    Done, Effects, Found, Inquiry, Item, JobKind, Order, Past, PayloadError, PendingItem, Stop,
    Subject, Upstreams, payload, schema,
};

pub use codes::Code;

/// The kind `red_letter_invoice`.
#[derive(Debug, Clone, Copy)]
pub struct RedLetterInvoice {
    /// Which connector serves it, by name.
    pub connector: &'static str,
}

#[async_trait]
impl JobKind for RedLetterInvoice {
    fn name(&self) -> &'static str {
        "red_letter_invoice"
    }

    fn title(&self) -> Text {
        Text::new("红字发票开具", "Red-letter invoice")
    }

    fn schema(&self) -> Value {
        schema::of::<RedLetterApplication>()
    }

    fn resource_type(&self) -> &'static str {
        "RedLetterInvoice"
    }

    fn connectors(&self) -> &[&'static str] {
        std::slice::from_ref(&self.connector)
    }

    fn automatable(&self) -> bool {
        true
    }

    fn parse(&self, payload: &Value) -> Result<Box<dyn Item>, PayloadError> {
        Ok(Box::new(Reversal {
            application: payload::read(payload)?,
            latest: Latest::default(),
        }))
    }

    fn example(&self) -> Option<&'static str> {
        Some(include_str!("../../examples/red_letter_invoice.json"))
    }

    async fn pending(
        &self,
        upstreams: &Upstreams,
        after: Option<&str>,
        limit: u32,
    ) -> Result<Option<Vec<PendingItem>>, ConnectorError> {
        let page = upstreams.red_letters.pending(after, limit).await?;
        let item = |one: &RedLetterApplication| PendingItem::new(&one.application_number, one);
        Ok(Some(page.iter().map(item).collect()))
    }
}

/// One application to reverse a blue invoice.
struct Reversal {
    application: RedLetterApplication,
    latest: Latest,
}

/// What the upstream said last in this attempt. The gate gathers before anything is announced, so
/// what is announced rests on what the gate saw.
#[derive(Default)]
struct Latest(Mutex<Option<Arc<RedLetterDossier>>>);

impl Latest {
    fn get(&self) -> Option<Arc<RedLetterDossier>> {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    fn put(&self, dossier: RedLetterDossier) -> Arc<RedLetterDossier> {
        let dossier = Arc::new(dossier);
        let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *held = Some(Arc::clone(&dossier));
        dossier
    }
}

#[async_trait]
impl Item for Reversal {
    fn subject(&self) -> Subject {
        let application = &self.application;
        let side = basis::party(application, application.started_by);
        // For whom the bureau issued an invoice may be neither side; the application names only
        // the id then.
        let name = if side.tax_id == application.applicant_tax_id {
            side.name.clone()
        } else {
            String::new()
        };
        Subject {
            id: application.applicant_tax_id.clone(),
            name,
        }
    }

    fn matter(&self) -> Option<String> {
        let blue = &self.application.blue;
        let code = blue.code.as_deref().unwrap_or("-");
        Some(format!("etax.blue:{code}:{}", blue.number))
    }

    /// Every form against the same invoice eats of the same remainder.
    fn concern(&self) -> Option<String> {
        self.matter()
    }

    fn check(&self) -> Vec<Finding> {
        let mut out = Vec::new();
        form::check(&self.application, &mut out);
        out
    }

    async fn gather(
        &self,
        upstreams: &Upstreams,
        clock: &dyn Clock,
        past: Past<'_>,
        found: &mut Found,
    ) -> Result<Facts, ConnectorError> {
        let application = &self.application;
        let api = &*upstreams.red_letters;
        let mut dossier = api.dossier(upstream::query(application)).await?;
        found.pages.extend(dossier.page.take());
        let findings = &mut found.findings;
        // The job's own form is looked up by its journal.
        if dossier.traces.saving && !own::entering(past) {
            return Err(effect::saving_another());
        }
        let dossier = self.latest.put(dossier);
        let own = own::Own::of(past, &dossier.traces, application);
        // Whether the tax on the receipt is gone by the job's own doing may not be clear yet.
        let settled = match (&own.red_number, own.settling) {
            (Some(red), true) => api.settlement_of(red).await?.is_some(),
            (Some(_) | None, _) => own.settled,
        };
        let own_red = own.red_is_counted().then_some(application.lines.as_slice());
        let remainder = dossier
            .blue
            .as_ref()
            .map(|blue| remainder::Remainder::of(blue, own_red));
        let settlement = upstream::Settlement::of(application, &dossier, settled);
        upstream::check(
            application,
            &dossier,
            &own,
            remainder.as_ref(),
            &settlement,
            findings,
        );
        upstream::applied(application, clock.now(), findings);
        Ok(facts::Known {
            application,
            dossier: &dossier,
            own: &own,
            remainder: remainder.as_ref(),
            settlement: &settlement,
            findings,
            now: clock.now(),
        }
        .facts())
    }

    async fn act(
        &self,
        order: &Order,
        upstreams: &Upstreams,
        clock: &dyn Clock,
        effects: &mut dyn Effects,
    ) -> Result<Done, Stop> {
        act::Act {
            application: &self.application,
            api: &*upstreams.red_letters,
            clock,
            latest: &self.latest,
        }
        .carry_out(order, effects)
        .await
    }

    async fn inquire(
        &self,
        effect: &EffectRecord,
        upstreams: &Upstreams,
    ) -> Result<Option<Inquiry>, ConnectorError> {
        inquire::inquire(&self.application, effect, &*upstreams.red_letters).await
    }
}
