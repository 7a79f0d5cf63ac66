//! The registry, the examples, the schemas, and the kinds that only people complete.

use std::{collections::BTreeSet, sync::Arc};

use clerkwork_core::{FactValue, Facts, ManualClock};
use clerkwork_kinds::{Done, Found, JobKind, Order, Past, Registry};
use serde_json::{Value, json};

use crate::{
    schema::{schema_facts, with_types},
    upstream::{Fake, Journal, NOW},
};

fn example(registry: &Registry, name: &str) -> Value {
    let text = registry.get(name).unwrap().example();
    serde_json::from_str(text.unwrap()).unwrap()
}

#[test]
fn every_kind_is_found_by_its_name() {
    let registry = Registry::standard();
    let names: Vec<_> = registry.names().collect();
    assert_eq!(
        names,
        [
            "agent_invoice_review",
            "red_letter_invoice",
            "invoice_quota",
            "deregistration",
            "equity_transfer",
            "credit_refund"
        ]
    );
    for kind in &registry {
        assert_eq!(registry.get(kind.name()).unwrap().name(), kind.name());
        assert!(!kind.title().zh.is_empty() && !kind.title().en.is_empty());
    }
    assert!(registry.get("nothing").is_none());
    let resources: BTreeSet<_> = registry.iter().map(|kind| kind.resource_type()).collect();
    assert_eq!(resources.len(), names.len());
    let policies = include_str!("../../../../policies/schema.cedarschema");
    let entities: BTreeSet<_> = policies
        .lines()
        .filter_map(|line| line.strip_prefix("entity "))
        .flat_map(|line| line.split(|c: char| !c.is_alphanumeric()))
        .collect();
    assert!(resources.is_subset(&entities), "{resources:?}");
}

#[test]
fn only_the_reviews_of_invoices_may_run_unattended() {
    for kind in &Registry::standard() {
        let unattended = ["agent_invoice_review", "red_letter_invoice"].contains(&kind.name());
        assert_eq!(kind.automatable(), unattended);
    }
}

#[test]
fn every_example_is_valid_and_has_no_findings() {
    let registry = Registry::standard();
    for name in registry.names() {
        let item = registry.get(name).unwrap().parse(&example(&registry, name));
        let item = item.unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(item.check(), [], "{name}");
        assert!(!item.subject().id.is_empty());
        assert_eq!(format!("{:?}", item.subject()), "Subject(sealed)");
    }
}

/// Every field of an example is a property of the schema, and what the schema requires is there.
#[test]
fn every_example_fits_its_schema() {
    let registry = Registry::standard();
    for kind in &registry {
        let schema = kind.schema();
        assert_eq!(
            schema["$schema"],
            "https://json-schema.org/draft/2020-12/schema"
        );
        assert_eq!(schema["additionalProperties"], false, "{}", kind.name());
        let payload = example(&registry, kind.name());
        let payload = payload.as_object().unwrap();
        for field in payload.keys() {
            assert!(schema["properties"].get(field).is_some(), "{field}");
        }
        for field in schema["required"].as_array().unwrap() {
            assert!(payload.contains_key(field.as_str().unwrap()), "{field}");
        }
    }
}

#[test]
fn an_unknown_field_a_wrong_type_and_a_number_for_an_amount_are_refused_with_their_place() {
    let registry = Registry::standard();
    let kind = registry.get("agent_invoice_review").unwrap();
    let refused = |change: fn(&mut Value)| {
        let mut payload = example(&registry, "agent_invoice_review");
        change(&mut payload);
        kind.parse(&payload).err().unwrap()
    };
    let error = refused(|payload| payload["lines"][0]["net"] = json!(3960.4));
    assert_eq!(error.path, "lines[0].net");
    let error = refused(|payload| payload["lines"][0]["net"] = json!("3960.404"));
    assert!(error.message.contains("at most two decimals"), "{error}");
    let error = refused(|payload| payload["seller"]["colour"] = json!("red"));
    assert!(error.path.starts_with("seller"), "{error}");
    let error = refused(|payload| payload["applied_on"] = json!("2026-02-30"));
    assert_eq!(error.path, "applied_on");
    let error = refused(|payload| *payload = json!([]));
    assert_eq!(error.path, ".");
}

/// What an item of this kind says, and what it found.
async fn gathered(kind: &dyn JobKind, payload: &Value) -> (Facts, Arc<Fake>) {
    let item = kind.parse(payload).unwrap();
    let fake = Arc::new(Fake::new(None));
    let mut found = Found::default();
    let clock = ManualClock::new(NOW);
    let upstreams = fake.upstreams();
    let gathering = item.gather(&upstreams, &clock, Past::default(), &mut found);
    let facts = gathering.await.unwrap();
    assert_eq!(found, Found::default());
    (facts, fake)
}

#[tokio::test]
async fn what_only_people_complete_says_the_facts_of_its_schema_and_asks_nobody() {
    let registry = Registry::standard();
    for kind in registry.iter().filter(|kind| !kind.automatable()) {
        let (facts, fake) = gathered(&**kind, &example(&registry, kind.name())).await;
        let mut wanted = schema_facts(&format!("{}Facts", kind.resource_type()));
        for fleets in [
            "taxpayer_returns_90_days_count",
            "taxpayer_overrides_90_days_count",
        ] {
            assert!(wanted.remove(fleets).is_some(), "{fleets}");
        }
        assert_eq!(with_types(&facts), wanted, "{}", kind.name());
        assert!(facts.0.values().all(|fact| fact.source == "item"));
        assert!(fake.calls.lock().unwrap().is_empty());
    }
}

#[tokio::test]
async fn what_an_item_leaves_out_is_no_fact() {
    let registry = Registry::standard();
    for (name, left_out, missing) in [
        ("invoice_quota", "indicators", 12),
        ("deregistration", "red_letters_90_days", 1),
        ("deregistration", "legal_rep_changes_12_months", 1),
        ("credit_refund", "input_tax_12_months", 1),
        ("credit_refund", "abnormal_vouchers", 1),
        ("credit_refund", "open_risks", 1),
    ] {
        let kind = registry.get(name).unwrap();
        let mut payload = example(&registry, name);
        let (whole, _) = gathered(&**kind, &payload).await;
        payload.as_object_mut().unwrap().remove(left_out).unwrap();
        let (facts, _) = gathered(&**kind, &payload).await;
        assert_eq!(facts.0.len() + missing, whole.0.len(), "{left_out}");
    }
}

#[tokio::test]
async fn shares_and_ages_of_matters_done_by_hand() {
    let registry = Registry::standard();
    let said = async |kind: &str, changes: Value, fact: &str| {
        let mut payload = example(&registry, kind);
        for (field, value) in changes.as_object().unwrap() {
            payload[field] = value.clone();
        }
        let (facts, _) = gathered(&**registry.get(kind).unwrap(), &payload).await;
        facts.value(fact).cloned()
    };
    let long = |value: i64| Some(FactValue::Long(value));
    for (kind, changes, fact, value) in [
        // (12,000.00 + 8,000.00) of 750,000.00, rounded down.
        ("invoice_quota", json!({}), "unused_permille", long(26)),
        (
            "invoice_quota",
            json!({}),
            "requested_permille",
            long(2_000),
        ),
        (
            "invoice_quota",
            json!({"month_quota": "0.00"}),
            "requested_permille",
            None,
        ),
        (
            "equity_transfer",
            json!({}),
            "price_to_net_assets_permille",
            long(937),
        ),
        (
            "equity_transfer",
            json!({"net_asset_share": "-5.00"}),
            "price_to_net_assets_permille",
            None,
        ),
        ("equity_transfer", json!({}), "paid_permille", long(500)),
        (
            "equity_transfer",
            json!({"price": "999999.99"}),
            "price_below_cost",
            Some(true.into()),
        ),
        (
            "equity_transfer",
            json!({"contract_date": "9999-12-31"}),
            "contract_age_days",
            long(-2_912_378),
        ),
        // 200,000.00 × 0.95 × 1.000 = 190,000.00 may be refunded.
        (
            "credit_refund",
            json!({}),
            "requested_over_refundable_cents",
            long(0),
        ),
        (
            "credit_refund",
            json!({"requested": "190000.01"}),
            "requested_over_refundable_cents",
            long(1),
        ),
        (
            "credit_refund",
            json!({}),
            "credit_to_input_tax_permille",
            long(645),
        ),
    ] {
        assert_eq!(said(kind, changes, fact).await, value, "{kind}: {fact}");
    }
}

#[tokio::test]
async fn what_only_people_complete_acts_nowhere() {
    let registry = Registry::standard();
    for kind in registry.iter().filter(|kind| !kind.automatable()) {
        let item = kind.parse(&example(&registry, kind.name())).unwrap();
        let fake = Arc::new(Fake::new(None));
        let clock = ManualClock::new(NOW);
        let mut journal = Journal::default();
        let upstreams = fake.upstreams();
        let done = item.act(&Order::Proceed, &upstreams, &clock, &mut journal);
        let summary = json!({ "by_hand": true });
        assert_eq!(done.await.unwrap(), Done::Completed { summary });
        let order = Order::Return {
            reasons: vec!["资料不全".into()],
        };
        let done = item.act(&order, &upstreams, &clock, &mut journal).await;
        assert_eq!(done.unwrap(), Done::Returned);
        assert!(journal.ran.is_empty() && fake.calls.lock().unwrap().is_empty());
    }
}
