//! The facts: names and types of the policy schema, closed words, sources and times.

use std::sync::Arc;

use clerkwork_connectors_api::{
    ErrorKind,
    agent_invoice::{ApplicationStatus, InvoiceType},
};
use clerkwork_core::{Cents, FactValue, ManualClock};
use clerkwork_kinds::{Found, Past};

use crate::schema::{schema_facts, with_types};
use crate::upstream::{AS_OF, Fake, NOW, dossier, example, item, one_line, review};

#[tokio::test]
async fn every_fact_of_the_schema_is_produced_with_its_type_and_no_other() {
    let mut application = example();
    one_line(&mut application, Cents(9_990_000));
    let (_, facts) = review(&application, &dossier(&application)).await;
    let mut wanted = schema_facts("AgentInvoiceFacts");
    // The fleet's own: at a decision.
    for fleets in [
        "facts_age_seconds",
        "taxpayer_returns_90_days_count",
        "taxpayer_overrides_90_days_count",
    ] {
        assert!(wanted.remove(fleets).is_some(), "{fleets}");
    }
    assert_eq!(with_types(&facts), wanted);
}

#[tokio::test]
async fn the_example_as_facts() {
    let application = example();
    let (_, facts) = review(&application, &dossier(&application)).await;
    let shown: Vec<_> = facts
        .0
        .iter()
        .map(|(name, fact)| {
            let time = match fact.at {
                AS_OF => "as of",
                NOW => "now",
                _ => "?",
            };
            format!("{name} = {:?} ({}, {time})", fact.value, fact.source)
        })
        .collect();
    insta::assert_snapshot!(shown.join("\n"));
}

#[tokio::test]
async fn what_is_not_known_is_absent() {
    let mut application = example();
    application.buyer.tax_id = "9144".into();
    let mut known = dossier(&application);
    known.receipt = None;
    known.status = None;
    let (_, facts) = review(&application, &known).await;
    for name in [
        "buyer_natural_person",
        "tax_paid_cents",
        "receipt_used",
        "line_gap_permille",
    ] {
        assert_eq!(facts.value(name), None, "{name}");
    }
    assert_eq!(facts.value("upstream_status"), Some(&"unknown".into()));

    application.transaction_date = jiff::civil::date(2028, 1, 1);
    let (_, facts) = review(&application, &dossier(&application)).await;
    for name in ["tax_due_cents", "seller_over_general_line"] {
        assert_eq!(facts.value(name), None, "{name}");
    }
    assert_eq!(facts.value("rates_known"), Some(&false.into()));
}

#[tokio::test]
async fn findings_are_counted_and_named() {
    let mut application = example();
    application.buyer.phone = "无".into();
    application.total_in_words = "?".into();
    let mut known = dossier(&application);
    known.relations.duplicates = 2;
    known.status = Some(ApplicationStatus::Returned);
    let (_, facts) = review(&application, &known).await;
    assert_eq!(facts.value("findings_return_count"), Some(&1.into()));
    assert_eq!(facts.value("findings_review_count"), Some(&2.into()));
    let codes = ["AIR-CON-002", "AIR-REL-001", "AIR-SUM-009", "AIR-UPS-002"];
    let codes = codes.into_iter().map(String::from).collect();
    assert_eq!(facts.value("finding_codes"), Some(&FactValue::Set(codes)));
}

#[tokio::test]
async fn who_and_what_is_told() {
    let mut application = example();
    application.invoice_type = InvoiceType::Special;
    application.lines[0].item_code = "1080207010000000000".into();
    application.lines[1].item_code = "3040802010200000000".into();
    let (_, facts) = review(&application, &dossier(&application)).await;
    for (name, value) in [
        ("special_invoice", true),
        ("seller_natural_person", true),
        ("buyer_natural_person", false),
        ("implausible_goods", true),
        ("commission_agent", true),
        ("real_estate", false),
        ("rates_known", true),
    ] {
        assert_eq!(facts.value(name), Some(&value.into()), "{name}");
    }
}

#[tokio::test]
async fn one_dossier_is_asked_for_and_its_failure_passes_through() {
    let application = example();
    let fake = Arc::new(Fake::new(Some(dossier(&application))));
    let clock = ManualClock::new(NOW);
    let item = item(&application);
    item.gather(
        &fake.upstreams(),
        &clock,
        Past::default(),
        &mut Found::default(),
    )
    .await
    .unwrap();
    assert_eq!(*fake.calls.lock().unwrap(), ["dossier DK-202603-00000001"]);
    let fake = Arc::new(Fake::new(None));
    let error = item
        .gather(
            &fake.upstreams(),
            &clock,
            Past::default(),
            &mut Found::default(),
        )
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Transient);
}
