//! How long a decision takes: `cargo run --release -p clerkwork-policy --example decide`.
//!
//! Prints for each kind the median and the 99th percentile of 20,000 decisions about an application
//! that passes and about one that is blocked.

use std::{collections::BTreeSet, error::Error, hint::black_box, time::Instant};

use clerkwork_core::{Fact, FactValue, Facts, Office, Timestamp};
use clerkwork_policy::{Bundle, Engine, FactType, Question};
use serde_json::Value;

const ROUNDS: usize = 20_000;

fn main() -> Result<(), Box<dyn Error>> {
    let start = Instant::now();
    let engine = Engine::embedded()?;
    println!(
        "load               {:>9.1} ms",
        start.elapsed().as_secs_f64() * 1e3
    );
    println!("rules              {:>9}", engine.rules().count());
    for (kind, name, risk, value) in [
        ("AgentInvoiceReview", "agent_invoice", "duplicates_count", 1),
        (
            "RedLetterInvoice",
            "red_letter",
            "seller_month_end_reds_count",
            3,
        ),
    ] {
        let good = baseline(name)?;
        let mut blocked = good.clone();
        blocked.put(risk, value, "example", Timestamp(0));
        of_kind(&engine, kind, &good, &blocked)?;
    }
    Ok(())
}

fn of_kind(
    engine: &Engine,
    kind: &str,
    good: &Facts,
    blocked: &Facts,
) -> Result<(), Box<dyn Error>> {
    let vocabulary = engine.vocabulary(kind).ok_or("no such kind")?;
    let sets = vocabulary
        .values()
        .filter(|kind| **kind == FactType::Set)
        .count();
    println!("\n{kind}");
    println!("facts              {:>9} ({sets} set)", good.0.len());
    let office = Office::default();
    let question = |facts| Question {
        robot: "worker-1",
        resource_type: kind,
        automatable: true,
        item: "019c0000-0000-7000-8000-000000000000",
        office: &office,
        submitter: "lin.wei",
        facts,
    };
    println!(
        "verdicts           {} / {}",
        engine.decide(&question(good)).verdict,
        engine.decide(&question(blocked)).verdict
    );
    measure("decide, proceed", || {
        drop(black_box(engine.decide(&question(good))))
    });
    measure("decide, review", || {
        drop(black_box(engine.decide(&question(blocked))))
    });
    measure("execute approved", || {
        drop(black_box(engine.may_execute_approved(&question(good))));
    });
    measure("explain", || {
        drop(black_box(engine.explain(&question(good))))
    });
    measure("facts digest alone", || {
        black_box(good.digest());
    });
    Ok(())
}

fn measure(name: &str, mut round: impl FnMut()) {
    let mut micros: Vec<f64> = (0..ROUNDS)
        .map(|_| {
            let start = Instant::now();
            round();
            start.elapsed().as_secs_f64() * 1e6
        })
        .collect();
    micros.sort_by(f64::total_cmp);
    let (median, tail) = (micros[ROUNDS / 2], micros[ROUNDS * 99 / 100]);
    println!("{name:<18} {median:>9.1} µs   99 %: {tail:>7.1} µs");
}

/// The facts of a baseline that the cases start from.
fn baseline(name: &str) -> Result<Facts, Box<dyn Error>> {
    let bundle = Bundle::embedded();
    let text = bundle.file("cases/baselines.json").ok_or("no baselines")?;
    let json: Value = serde_json::from_str(text)?;
    let mut facts = Facts::default();
    for (name, value) in json["baselines"][name]["facts"]
        .as_object()
        .ok_or("no facts")?
    {
        let value: FactValue = match value {
            Value::Array(words) if words.is_empty() => FactValue::Set(BTreeSet::new()),
            other => serde_json::from_value(other.clone())?,
        };
        facts.0.insert(
            name.clone(),
            Fact {
                value,
                source: "example".into(),
                at: Timestamp(0),
                progress: false,
            },
        );
    }
    Ok(facts)
}
