//! Whatever arrives, nothing panics; and a review costs little.

use std::time::Instant;

use clerkwork_kinds::Registry;
use proptest::prelude::*;
use serde_json::{Map, Value, json};

use crate::upstream::{dossier, example, review};

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        any::<String>().prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 48, 8, |inner| {
        let key = prop_oneof![
            prop::sample::select(vec!["seller", "lines", "total_net", "type", "taxpayer"])
                .prop_map(String::from),
            any::<String>()
        ];
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::vec((key, inner), 0..6)
                .prop_map(|pairs| Value::Object(pairs.into_iter().collect::<Map<_, _>>())),
        ]
    })
}

/// Places of all values that are no objects or arrays.
fn leaves(value: &Value, path: &str, out: &mut Vec<String>) {
    match value {
        Value::Object(map) => {
            for (key, inner) in map {
                leaves(inner, &format!("{path}/{key}"), out);
            }
        }
        Value::Array(items) => {
            for (i, inner) in items.iter().enumerate() {
                leaves(inner, &format!("{path}/{i}"), out);
            }
        }
        _ => out.push(path.into()),
    }
}

/// Texts that stand close to what the fields hold.
fn odd_text() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<String>(),
        "[0-9]{0,24}",
        "-?[0-9]{1,15}(\\.[0-9]{1,2})?",
        "[0-9A-Z]{18}",
        "[零壹贰叁拾佰仟万亿元角分整]{0,16}",
        Just("92233720368547758.07".into()),
        Just("999999999999999.99".into()),
        Just("-999999999999999.99".into()),
        Just("0".into()),
        Just("0.99999999999999999999999999999".into()),
        "-?[0-9]{4}-[0-9]{2}-[0-9]{2}",
        Just("-9999-01-01".into()),
        Just("9999-12-31".into()),
    ]
}

proptest! {
    #[test]
    fn any_json_is_read_or_refused(payload in any_json()) {
        for kind in &Registry::standard() {
            if let Ok(item) = kind.parse(&payload) {
                item.check();
            }
        }
    }

    #[test]
    fn a_mutated_example_is_checked_or_refused(
        mutations in prop::collection::vec((any::<prop::sample::Index>(), odd_text(), 0_u8..4), 1..5),
    ) {
        for kind in &Registry::standard() {
            let mut payload: Value = serde_json::from_str(kind.example().unwrap()).unwrap();
            let mut places = Vec::new();
            leaves(&payload, "", &mut places);
            for (place, text, how) in &mutations {
                let Some(value) = payload.pointer_mut(&places[place.index(places.len())]) else { continue };
                *value = match how { 0 => Value::Null, 1 => json!(true), _ => json!(text) };
            }
            if let Ok(item) = kind.parse(&payload) {
                item.check();
                item.subject();
            }
        }
    }

    #[test]
    fn any_amounts_of_the_upstream_are_gathered(
        day in any::<i64>(), month in any::<i64>(), quarter in any::<i64>(), year in any::<i64>(), paid in any::<i64>(),
        net in -99_999_999_999_999_999_i64..=99_999_999_999_999_999, tax in -99_999_999_999_999_999_i64..=99_999_999_999_999_999,
    ) {
        use clerkwork_core::Cents;
        let mut application = example();
        application.lines[0].net = Cents(net);
        application.lines[1].tax = Cents(tax);
        application.total_net = Cents(net);
        let mut known = dossier(&application);
        known.accumulation.day_net = Cents(day);
        known.accumulation.month_net = Cents(month);
        known.accumulation.quarter_net = Cents(quarter);
        known.accumulation.twelve_months_net = Cents(year);
        known.receipt.as_mut().unwrap().tax_paid = Cents(paid);
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(review(&application, &known));
    }
}

/// A figure to read, not a limit: `cargo test --release -p clerkwork-kinds -- --ignored --nocapture`.
#[test]
#[ignore = "prints a figure"]
fn cost_of_parse_and_check() {
    let registry = Registry::standard();
    let kind = registry.get("agent_invoice_review").unwrap();
    let text = kind.example().unwrap();
    let payload: Value = serde_json::from_str(text).unwrap();
    let rounds = 20_000;
    let measure = |name: &str, work: &dyn Fn() -> usize| {
        work();
        let start = Instant::now();
        let found: usize = (0..rounds).map(|_| work()).sum();
        println!(
            "{name}: {:?} a round ({found} findings)",
            start.elapsed() / rounds
        );
    };
    measure("parse and check", &|| {
        kind.parse(&payload).unwrap().check().len()
    });
    measure("text to value, parse and check", &|| {
        let payload: Value = serde_json::from_str(text).unwrap();
        kind.parse(&payload).unwrap().check().len()
    });
}
