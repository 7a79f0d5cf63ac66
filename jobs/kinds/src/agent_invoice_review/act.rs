//! Carrying out a decision: one journaled write, and the question whether it happened.
//!
//! The upstream has no idempotency key of its own, so the state of the application answers for it.
//! A state that neither this write nor "nothing happened yet" explains goes to a person.

use async_trait::async_trait;
use clerkwork_connectors_api::{
    ConnectorError,
    agent_invoice::{AgentInvoices, ApplicationStatus},
};
use clerkwork_core::{EffectRecord, IdempotencyKey, Text};
use serde_json::{Value, json};

use crate::{
    Candidate, Done, EffectCall, Effects, Inquiry, Lookup, Order, Stop, Upstreams,
    identifiers::is_digital_invoice_number,
};

const ISSUE: &str = "approve_and_issue";
const RETURN: &str = "return_to_applicant";

pub(super) async fn act(
    number: &str,
    order: &Order,
    upstreams: &Upstreams,
    effects: &mut dyn Effects,
) -> Result<Done, Stop> {
    let api = &*upstreams.agent_invoices;
    match order {
        Order::Proceed => {
            let result = effects.run(ISSUE, &Issue { api, number }).await?;
            let issued = result.get("invoice_number").and_then(Value::as_str);
            match issued {
                Some(invoice) if is_digital_invoice_number(invoice) => Ok(Done::Completed {
                    summary: json!({ "invoice_number": invoice }),
                }),
                _ => Ok(Done::Contradicted(Text::new(
                    "已提交开具，但上游系统返回的发票号码不是20位数字，请人工核实",
                    "issued, but the upstream's invoice number does not have 20 digits",
                ))),
            }
        }
        Order::Return { reasons } => {
            let call = Return {
                api,
                number,
                reasons,
            };
            effects.run(RETURN, &call).await?;
            Ok(Done::Returned)
        }
    }
}

/// What the platform says now about one of the two effects.
pub(super) async fn inquire(
    number: &str,
    effect: &EffectRecord,
    upstreams: &Upstreams,
) -> Result<Option<Inquiry>, ConnectorError> {
    let api = &*upstreams.agent_invoices;
    let reasons = &[];
    let lookup = match effect.name.as_str() {
        ISSUE => Issue { api, number }.lookup(&effect.key, None).await?,
        RETURN => {
            let call = Return {
                api,
                number,
                reasons,
            };
            call.lookup(&effect.key, None).await?
        }
        _ => return Ok(None),
    };
    let mut candidates = Vec::new();
    let found = match &lookup {
        Lookup::Happened(result) => {
            let text = Text::new("上游系统显示已办结", "the upstream reports it as done");
            let invoice = result.get("invoice_number").and_then(Value::as_str);
            candidates.push(Candidate {
                number: invoice.unwrap_or(number).to_owned(),
                text: text.clone(),
                fits: true,
                result: result.clone(),
            });
            text
        }
        Lookup::DidNotHappen => Text::new(
            "上游系统显示该申请仍待审",
            "the upstream reports the application as pending",
        ),
        Lookup::Unclear(found) => found.clone(),
    };
    Ok(Some(Inquiry {
        found,
        lookup,
        candidates,
    }))
}

struct Issue<'a> {
    api: &'a dyn AgentInvoices,
    number: &'a str,
}

#[async_trait]
impl EffectCall for Issue<'_> {
    async fn call(&self, key: &IdempotencyKey) -> Result<Value, ConnectorError> {
        let issued = self.api.approve_and_issue(key, self.number).await?;
        Ok(json!({ "invoice_number": issued.invoice_number }))
    }

    async fn lookup(
        &self,
        _: &IdempotencyKey,
        _: Option<&Value>,
    ) -> Result<Lookup, ConnectorError> {
        Ok(match self.api.status(self.number).await? {
            Some(ApplicationStatus::Issued { invoice_number }) => {
                Lookup::Happened(json!({ "invoice_number": invoice_number }))
            }
            Some(ApplicationStatus::Pending) => Lookup::DidNotHappen,
            Some(ApplicationStatus::Returned) => Lookup::Unclear(Text::new(
                "准备开具发票，但上游系统显示该申请已退回",
                "to be issued, but the upstream reports the application as returned",
            )),
            Some(ApplicationStatus::Withdrawn) => Lookup::Unclear(Text::new(
                "准备开具发票，但上游系统显示申请人已撤回",
                "to be issued, but the upstream reports the application as withdrawn",
            )),
            None => Lookup::Unclear(NOT_KNOWN),
        })
    }
}

struct Return<'a> {
    api: &'a dyn AgentInvoices,
    number: &'a str,
    reasons: &'a [String],
}

#[async_trait]
impl EffectCall for Return<'_> {
    async fn call(&self, key: &IdempotencyKey) -> Result<Value, ConnectorError> {
        self.api
            .return_to_applicant(key, self.number, self.reasons)
            .await?;
        Ok(json!({ "returned": true }))
    }

    async fn lookup(
        &self,
        _: &IdempotencyKey,
        _: Option<&Value>,
    ) -> Result<Lookup, ConnectorError> {
        Ok(match self.api.status(self.number).await? {
            Some(ApplicationStatus::Returned) => Lookup::Happened(json!({ "returned": true })),
            Some(ApplicationStatus::Pending) => Lookup::DidNotHappen,
            Some(ApplicationStatus::Issued { .. }) => Lookup::Unclear(Text::new(
                "准备退回申请，但上游系统显示已开具发票",
                "to be returned, but the upstream reports the invoice as issued",
            )),
            Some(ApplicationStatus::Withdrawn) => Lookup::Unclear(Text::new(
                "准备退回申请，但上游系统显示申请人已撤回",
                "to be returned, but the upstream reports the application as withdrawn",
            )),
            None => Lookup::Unclear(NOT_KNOWN),
        })
    }
}

const NOT_KNOWN: Text = Text::new(
    "上游系统查无此申请",
    "the upstream does not know the application",
);
