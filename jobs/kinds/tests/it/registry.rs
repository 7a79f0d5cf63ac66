//! The registry, the examples, the schemas, and the kinds that only people complete.

use std::{collections::BTreeSet, sync::Arc};

use clerkwork_core::{Facts, ManualClock};
use clerkwork_kinds::{Done, Order, Past, Registry};
use serde_json::{Value, json};

use crate::upstream::{Fake, Journal, NOW};

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

#[tokio::test]
async fn what_only_people_complete_has_no_facts_and_acts_nowhere() {
    let registry = Registry::standard();
    for kind in registry.iter().filter(|kind| !kind.automatable()) {
        let item = kind.parse(&example(&registry, kind.name())).unwrap();
        let fake = Arc::new(Fake::new(None));
        let mut findings = Vec::new();
        let facts = item
            .gather(
                &fake.upstreams(),
                &ManualClock::new(NOW),
                Past::default(),
                &mut findings,
            )
            .await
            .unwrap();
        assert_eq!((facts, findings), (Facts::default(), Vec::new()));
        let mut journal = Journal::default();
        let done = item
            .act(
                &Order::Proceed,
                &fake.upstreams(),
                &ManualClock::new(NOW),
                &mut journal,
            )
            .await
            .unwrap();
        let summary = json!({ "by_hand": true });
        assert_eq!(done, Done::Completed { summary });
        let order = Order::Return {
            reasons: vec!["资料不全".into()],
        };
        let done = item
            .act(
                &order,
                &fake.upstreams(),
                &ManualClock::new(NOW),
                &mut journal,
            )
            .await;
        assert_eq!(done.unwrap(), Done::Returned);
        assert!(journal.ran.is_empty() && fake.calls.lock().unwrap().is_empty());
    }
}
