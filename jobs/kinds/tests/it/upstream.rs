//! A small upstream and a small journal, in memory.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use clerkwork_connectors_api::{
    ConnectorError, ErrorKind,
    agent_invoice::{
        Accumulation, AgentInvoices, Application, ApplicationStatus, Counts, Dossier, DossierQuery,
        Issued, Registration, Relations, RiskClass, TaxReceipt, TaxpayerRisk, Warning,
    },
    red_letter::NotConnected,
};
use clerkwork_core::{
    Cents, EffectRecord, EffectState, Facts, Finding, IdempotencyKey, ManualClock, Timestamp,
};
use clerkwork_kinds::{EffectCall, Effects, Found, Item, Lookup, Past, Registry, Stop, Upstreams};
use serde_json::Value;

/// When the upstream gave its facts.
pub const AS_OF: Timestamp = Timestamp(1_772_700_000_000_000);
/// When the item was looked at.
pub const NOW: Timestamp = Timestamp(1_772_786_401_000_000);

fn counts(day: u32, month: u32) -> Counts {
    Counts {
        day: Some(day),
        month: Some(month),
    }
}

/// The example of the kind, which has no findings.
pub fn example() -> Application {
    let registry = Registry::standard();
    let text = registry.get("agent_invoice_review").unwrap().example();
    serde_json::from_str(text.unwrap()).unwrap()
}

/// What an upstream that agrees with `application` answers.
pub fn dossier(application: &Application) -> Dossier {
    let taxpayer = |name: &str| TaxpayerRisk {
        registration: Registration::Normal,
        name: name.into(),
        class: RiskClass::None,
        warning: Warning::None,
        credit_grade: Some("B".into()),
    };
    let net = application.total_net;
    Dossier {
        as_of: AS_OF,
        status: Some(ApplicationStatus::Pending),
        seller: None,
        buyer: Some(taxpayer(&application.buyer.name)),
        accumulation: Accumulation {
            day_count: 1,
            day_net: net,
            month_count: 1,
            month_net: net,
            quarter_net: net,
            twelve_months_net: net,
        },
        relations: Relations {
            duplicates: 0,
            sellers_of_buyer: 1,
            sellers_of_agent: 0,
            sellers_of_phone: 1,
            buyer_counts: counts(2, 5),
            agent_counts: counts(0, 0),
            phone_counts: counts(1, 1),
        },
        page: None,
        receipt: application.tax_receipt_number.as_ref().map(|_| TaxReceipt {
            tax_paid: application.total_tax,
            payer_tax_id: application.seller.tax_id.clone(),
            used: false,
        }),
    }
}

pub fn item(application: &Application) -> Box<dyn Item> {
    let payload = serde_json::to_value(application).unwrap();
    let registry = Registry::standard();
    registry
        .get("agent_invoice_review")
        .unwrap()
        .parse(&payload)
        .unwrap()
}

/// Checks and gathers, as the fleet does: all findings, and the facts.
pub async fn review(application: &Application, dossier: &Dossier) -> (Vec<Finding>, Facts) {
    let item = item(application);
    let mut found = Found::by(item.as_ref());
    let fake = Arc::new(Fake::new(Some(dossier.clone())));
    let facts = item
        .gather(
            &fake.upstreams(),
            &ManualClock::new(NOW),
            Past::default(),
            &mut found,
        )
        .await
        .unwrap();
    (found.findings, facts)
}

/// An upstream with one application.
pub struct Fake {
    pub dossier: Option<Dossier>,
    pub status: Mutex<Option<ApplicationStatus>>,
    /// What the next write answers instead of doing anything.
    pub refuse: Mutex<Option<ErrorKind>>,
    pub calls: Mutex<Vec<String>>,
}

pub const INVOICE: &str = "26442000000000000001";

impl Fake {
    pub fn new(dossier: Option<Dossier>) -> Self {
        Self {
            dossier,
            status: Mutex::new(Some(ApplicationStatus::Pending)),
            refuse: Mutex::new(None),
            calls: Mutex::new(Vec::new()),
        }
    }

    pub fn upstreams(self: &Arc<Self>) -> Upstreams {
        Upstreams {
            agent_invoices: self.clone(),
            red_letters: Arc::new(NotConnected),
        }
    }

    fn write(&self, call: String, operation: &'static str) -> Result<(), ConnectorError> {
        self.calls.lock().unwrap().push(call);
        match self.refuse.lock().unwrap().take() {
            None => Ok(()),
            Some(kind) => Err(error(operation, kind)),
        }
    }
}

pub fn error(operation: &'static str, kind: ErrorKind) -> ConnectorError {
    ConnectorError {
        connector: "fake",
        operation,
        kind,
        code: None,
        message: "as the test asked for".into(),
        page: None,
        source: None,
    }
}

#[async_trait]
impl AgentInvoices for Fake {
    async fn dossier(&self, query: DossierQuery) -> Result<Dossier, ConnectorError> {
        let call = format!("dossier {}", query.application_number);
        self.calls.lock().unwrap().push(call);
        self.dossier
            .clone()
            .ok_or_else(|| error("dossier", ErrorKind::Transient))
    }

    async fn status(&self, _: &str) -> Result<Option<ApplicationStatus>, ConnectorError> {
        Ok(self.status.lock().unwrap().clone())
    }

    async fn approve_and_issue(
        &self,
        key: &IdempotencyKey,
        number: &str,
    ) -> Result<Issued, ConnectorError> {
        self.write(format!("issue {number} {key}"), "approve_and_issue")?;
        Ok(Issued {
            invoice_number: INVOICE.into(),
        })
    }

    async fn return_to_applicant(
        &self,
        key: &IdempotencyKey,
        number: &str,
        reasons: &[String],
    ) -> Result<(), ConnectorError> {
        let call = format!("return {number} {key} {}", reasons.join("|"));
        self.write(call, "return_to_applicant")
    }

    async fn pending(&self, _: Option<&str>, _: u32) -> Result<Vec<Application>, ConnectorError> {
        Ok(Vec::new())
    }
}

/// A journal for one effect. With `earlier`, a former attempt left it unclear, so that it is
/// looked up first.
#[derive(Default)]
pub struct Journal {
    pub earlier: bool,
    pub ran: Vec<&'static str>,
}

#[async_trait]
impl Effects for Journal {
    async fn run(&mut self, name: &'static str, call: &dyn EffectCall) -> Result<Value, Stop> {
        self.ran.push(name);
        let key = IdempotencyKey(format!("key-{name}"));
        if !self.earlier {
            match call.call(&key).await {
                Ok(value) => return Ok(value),
                Err(error) => match error.kind() {
                    ErrorKind::OutcomeUnknown => {}
                    ErrorKind::Rejected => return Err(Stop::Refused(error)),
                    _ => return Err(Stop::Retry(error)),
                },
            }
        }
        match call.lookup(&key, None).await.map_err(Stop::Retry)? {
            Lookup::Happened(value) => Ok(value),
            Lookup::DidNotHappen => call.call(&key).await.map_err(Stop::Retry),
            Lookup::Unclear(found) => Err(Stop::Unclear {
                effect: Box::new(EffectRecord {
                    key,
                    name: name.into(),
                    state: EffectState::Unknown,
                    attempt: 1,
                    before: None,
                    result: None,
                    intended_at: NOW,
                    resolved_at: None,
                }),
                found,
            }),
        }
    }

    fn past(&self) -> Past<'_> {
        Past::default()
    }
}

/// The sum of an application's header, set from its lines.
pub fn total(application: &mut Application) {
    let net = Cents::sum(application.lines.iter().map(|line| line.net)).unwrap();
    let tax = Cents::sum(application.lines.iter().map(|line| line.tax)).unwrap();
    application.total_net = net;
    application.total_tax = tax;
    application.total_gross = net.plus(tax).unwrap();
    application.total_in_words = clerkwork_kinds::capitals::write(application.total_gross).unwrap();
    if let Some(contract) = &mut application.contract {
        contract.amount = application.total_gross;
    }
}

/// Leaves one line without quantity, of this net amount at 1 %.
pub fn one_line(application: &mut Application, net: Cents) {
    application.lines.truncate(1);
    let line = &mut application.lines[0];
    line.quantity = None;
    line.unit_price = None;
    line.net = net;
    line.levy_rate = "0.01".into();
    line.tax = net.times("0.01".parse().unwrap()).unwrap();
    total(application);
}
