//! The review's checks and the world agree: clean applications give no finding at all, every
//! defect gives a ground for returning, every risk something that a policy can act on.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a failed set-up fails the test"
)]

use std::{collections::BTreeMap, sync::Arc};

use async_trait::async_trait;
use clerkwork_connectors_api::{
    ConnectorError,
    agent_invoice::{AgentInvoices, Application, ApplicationStatus, Dossier, DossierQuery, Issued},
    red_letter::NotConnected,
};
use clerkwork_core::{
    Clock as _, FactValue, Facts, Finding, IdempotencyKey, Office, Severity, SystemClock,
};
use clerkwork_etax::wire::{self, DossierAnswer, DossierRequest, Envelope};
use clerkwork_kinds::{Found, Past, Registry, Upstreams};
use clerkwork_policy::{Engine, Question};
use clerkwork_sandbox::{Case, Defect, Options, Risk, Running, Sandbox};
use reqwest::Client;

/// The least connector: it asks the platform for dossiers over the wire, and can do nothing else.
struct Dossiers {
    url: String,
    client: Client,
}

#[async_trait]
impl AgentInvoices for Dossiers {
    async fn dossier(&self, query: DossierQuery) -> Result<Dossier, ConnectorError> {
        let request = DossierRequest {
            list: vec![query.into()],
        };
        let url = format!("{}/api/{}", self.url, wire::method::DOSSIERS);
        let call = self
            .client
            .post(url)
            .bearer_auth("sandbox")
            .json(&request)
            .send();
        let answer: Envelope<DossierAnswer> = call.await.unwrap().json().await.unwrap();
        let answer = answer.data.unwrap();
        let dossier = answer.list.into_iter().next().unwrap();
        Ok(dossier.into_contract(answer.sjc).unwrap())
    }

    async fn status(&self, _: &str) -> Result<Option<ApplicationStatus>, ConnectorError> {
        unreachable!("a review only gathers")
    }

    async fn approve_and_issue(
        &self,
        _: &IdempotencyKey,
        _: &str,
    ) -> Result<Issued, ConnectorError> {
        unreachable!("a review only gathers")
    }

    async fn return_to_applicant(
        &self,
        _: &IdempotencyKey,
        _: &str,
        _: &[String],
    ) -> Result<(), ConnectorError> {
        unreachable!("a review only gathers")
    }

    async fn pending(&self, _: Option<&str>, _: u32) -> Result<Vec<Application>, ConnectorError> {
        unreachable!("a review only gathers")
    }
}

struct Reviewed {
    case: Case,
    findings: Vec<Finding>,
    facts: Facts,
}

impl Reviewed {
    fn codes(&self) -> Vec<&str> {
        self.findings
            .iter()
            .map(|finding| finding.code.as_str())
            .collect()
    }

    fn long(&self, name: &str) -> i64 {
        match self.facts.value(name) {
            Some(FactValue::Long(value)) => *value,
            other => panic!("{name} is {other:?}"),
        }
    }

    fn is(&self, name: &str, value: impl Into<FactValue>) -> bool {
        self.facts.value(name) == Some(&value.into())
    }
}

async fn reviewed(seed: u64, applications: usize) -> Vec<Reviewed> {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let options = Options {
        seed,
        applications,
        ..Options::default()
    };
    let running: Running = Sandbox::start(options).await.unwrap();
    let upstreams = Upstreams {
        agent_invoices: Arc::new(Dossiers {
            url: running.url(),
            client: Client::builder().no_proxy().build().unwrap(),
        }),
        red_letters: Arc::new(NotConnected),
    };
    let registry = Registry::standard();
    let kind = registry.get("agent_invoice_review").unwrap();
    let world = running.state().world();
    let mut all = Vec::new();
    for i in 0..world.len() {
        let payload = serde_json::to_value(world.application(i).unwrap()).unwrap();
        let item = kind.parse(&payload).unwrap();
        let mut found = Found::by(item.as_ref());
        let facts = item
            .gather(&upstreams, &SystemClock, Past::default(), &mut found)
            .await
            .unwrap();
        all.push(Reviewed {
            case: world.case(i).unwrap(),
            findings: found.findings,
            facts,
        });
    }
    all
}

#[tokio::test]
async fn clean_applications_give_no_finding_and_every_defect_a_ground_for_returning() {
    let mut seen = BTreeMap::<Case, usize>::new();
    for reviewed in reviewed(11, 1000).await {
        *seen.entry(reviewed.case).or_default() += 1;
        let returns = reviewed
            .findings
            .iter()
            .any(|f| f.severity == Severity::Return);
        let reviews = reviewed
            .findings
            .iter()
            .any(|f| f.severity == Severity::Review);
        match reviewed.case {
            Case::Clean => assert_eq!(reviewed.findings, [], "clean"),
            Case::Defect(defect) => {
                assert!(returns, "{defect:?}: {:?}", reviewed.codes());
                // What the applicant can correct must not need a person as well.
                assert!(!reviews, "{defect:?}: {:?}", reviewed.codes());
            }
            Case::Risk(_) => {}
        }
    }
    for defect in Defect::ALL {
        assert!(seen[&Case::Defect(*defect)] >= 2, "{defect:?}");
    }
}

#[tokio::test]
async fn clean_applications_have_facts_that_no_limit_is_near_to() {
    for reviewed in reviewed(12, 1000)
        .await
        .iter()
        .filter(|r| r.case == Case::Clean)
    {
        assert!(reviewed.facts.value("line_gap_permille").is_none());
        assert_eq!(reviewed.long("seller_day_count"), 1);
        assert!(reviewed.long("seller_month_count") <= 10);
        assert!(reviewed.long("sellers_of_buyer_count") <= 10);
        assert!(reviewed.long("sellers_of_agent_count") <= 3);
        assert!(reviewed.long("sellers_of_phone_count") <= 3);
        assert!((1..=10_000_000).contains(&reviewed.long("gross_cents")));
        let due = reviewed.long("tax_due_cents");
        assert_eq!(reviewed.long("tax_paid_cents"), due);
        assert!(reviewed.is("implausible_goods", false));
        assert!(reviewed.is("seller_over_general_line", false));
    }
}

#[tokio::test]
async fn every_risk_shows_in_the_facts_or_findings() {
    let mut seen = BTreeMap::<Risk, usize>::new();
    for reviewed in reviewed(13, 1000).await {
        let Case::Risk(risk) = reviewed.case else {
            continue;
        };
        *seen.entry(risk).or_default() += 1;
        let shows = match risk {
            Risk::SpecialByPerson => {
                reviewed.is("special_invoice", true)
                    && reviewed.is("seller_natural_person", true)
                    && reviewed.is("real_estate", false)
            }
            Risk::UnderLine => reviewed.long("line_gap_permille") <= 50,
            Risk::SameDaySplit => reviewed.long("seller_day_count") == 3,
            Risk::ManySellers => reviewed.long("sellers_of_buyer_count") > 10,
            Risk::OneAgent => reviewed.long("sellers_of_agent_count") > 3,
            Risk::OnePhone => reviewed.long("sellers_of_phone_count") > 3,
            Risk::ImplausibleGoods => reviewed.is("implausible_goods", true),
            Risk::HighRiskBuyer => reviewed.is("buyer_risk_class", "high"),
            Risk::RedWarning => reviewed.is("buyer_warning", "red"),
            Risk::Duplicate => reviewed.long("duplicates_count") == 1,
            Risk::OverGeneralLine => reviewed.is("seller_over_general_line", true),
            Risk::HighRiskSeller => reviewed.is("seller_risk_class", "high"),
            Risk::ReceiptUsed => reviewed.is("receipt_used", true),
            Risk::MonthBurst => reviewed.long("seller_month_count") > 10,
            Risk::LargeAmount => reviewed.long("gross_cents") > 10_000_000,
        };
        assert!(
            shows,
            "{risk:?}: {:?} {:?}",
            reviewed.codes(),
            reviewed.facts
        );
    }
    for risk in Risk::ALL {
        assert!(seen.contains_key(risk), "{risk:?}");
    }
}

#[tokio::test]
async fn the_shipped_policies_decide_what_is_expected_of_each_case() {
    let engine = Engine::embedded().unwrap();
    let mut wrong = BTreeMap::new();
    for mut reviewed in reviewed(14, 1000).await {
        // As the fleet does when it decides at once.
        let (age, now) = ("facts_age_seconds", SystemClock.now());
        reviewed.facts.put_progress(age, 0, "fleet", now);
        for history in [
            "taxpayer_returns_90_days_count",
            "taxpayer_overrides_90_days_count",
        ] {
            reviewed.facts.put_progress(history, 0_i64, "ledger", now);
        }
        let decision = engine.decide(&Question {
            robot: "robot-1",
            resource_type: "AgentInvoiceReview",
            automatable: true,
            item: "job-1",
            office: &Office::default(),
            submitter: "intake",
            facts: &reviewed.facts,
        });
        if decision.verdict != reviewed.case.expected() {
            let rules: Vec<_> = decision.rules.iter().map(|hit| hit.id.clone()).collect();
            wrong.insert(reviewed.case, (decision.verdict, rules, reviewed.findings));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}
