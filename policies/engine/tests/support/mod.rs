//! The embedded engine and the item that passes.

use std::{collections::BTreeMap, sync::LazyLock};

use clerkwork_core::{Decision, Fact, FactValue, Facts, Office, Timestamp};
use clerkwork_policy::{Bundle, Engine, Question};
use serde::Deserialize;

/// The kind of the good item.
pub const KIND: &str = "AgentInvoiceReview";

static ENGINE: LazyLock<Engine> =
    LazyLock::new(|| Engine::embedded().unwrap_or_else(|refused| panic!("{refused}")));
static OFFICE: LazyLock<Office> = LazyLock::new(Office::default);
static GOOD: LazyLock<Facts> = LazyLock::new(|| {
    #[derive(Deserialize)]
    struct File {
        baselines: BTreeMap<String, Baseline>,
    }
    #[derive(Deserialize)]
    struct Baseline {
        #[serde(default)]
        facts: BTreeMap<String, FactValue>,
    }
    let bundle = Bundle::embedded();
    let file: File = serde_json::from_str(bundle.file("cases/baselines.json").unwrap()).unwrap();
    file.baselines["agent_invoice"]
        .facts
        .iter()
        .fold(Facts::default(), |facts, (name, value)| {
            put(facts, name, value.clone())
        })
});

/// The embedded engine.
pub fn engine() -> &'static Engine {
    &ENGINE
}

/// The facts of an item that proceeds.
pub fn good() -> Facts {
    GOOD.clone()
}

/// The facts with one added or replaced.
pub fn put(mut facts: Facts, name: &str, value: impl Into<FactValue>) -> Facts {
    let fact = Fact {
        value: value.into(),
        source: "test".into(),
        at: Timestamp(7),
        progress: false,
    };
    facts.0.insert(name.into(), fact);
    facts
}

/// A robot's question about an item of that kind.
pub fn question(facts: &Facts) -> Question<'_> {
    Question {
        robot: "robot",
        resource_type: KIND,
        automatable: true,
        item: "item",
        office: &OFFICE,
        submitter: "lin.wei",
        facts,
    }
}

/// The ids of a decision's rules.
pub fn ids(decision: &Decision) -> Vec<&str> {
    decision.rules.iter().map(|hit| hit.id.as_str()).collect()
}
