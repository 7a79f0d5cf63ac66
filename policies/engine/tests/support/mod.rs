//! The embedded engine, and of each kind the item that passes.
#![allow(dead_code, reason = "each test binary uses its part")]

use std::{collections::BTreeMap, sync::LazyLock};

use clerkwork_core::{Decision, Fact, FactValue, Facts, Office, Timestamp};
use clerkwork_policy::{Bundle, Engine, Question};
use serde::Deserialize;

/// A kind that a robot works on.
#[derive(Debug)]
pub struct Kind {
    /// As the schema names it.
    pub resource_type: &'static str,
    /// The baseline of its cases: an item that proceeds. Its rules' ids begin with the same word.
    pub baseline: &'static str,
}

pub const AGENT_INVOICE: Kind = Kind {
    resource_type: "AgentInvoiceReview",
    baseline: "agent_invoice",
};
pub const RED_LETTER: Kind = Kind {
    resource_type: "RedLetterInvoice",
    baseline: "red_letter",
};
/// All of them.
pub const KINDS: [&Kind; 2] = [&AGENT_INVOICE, &RED_LETTER];

static ENGINE: LazyLock<Engine> =
    LazyLock::new(|| Engine::embedded().unwrap_or_else(|refused| panic!("{refused}")));
static OFFICE: LazyLock<Office> = LazyLock::new(Office::default);
static GOOD: LazyLock<BTreeMap<String, Facts>> = LazyLock::new(|| {
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
    let facts = |baseline: Baseline| {
        let add = |facts, (name, value): (String, FactValue)| put(facts, &name, value);
        baseline.facts.into_iter().fold(Facts::default(), add)
    };
    let named = |(name, baseline)| (name, facts(baseline));
    file.baselines.into_iter().map(named).collect()
});

/// The facts of a baseline of the cases.
pub fn baseline_facts(baseline: &str) -> Facts {
    GOOD[baseline].clone()
}

/// The embedded engine.
pub fn engine() -> &'static Engine {
    &ENGINE
}

impl Kind {
    /// The facts of an item that proceeds.
    pub fn good(&self) -> Facts {
        baseline_facts(self.baseline)
    }

    /// A robot's question about an item of this kind.
    pub fn question<'f>(&self, facts: &'f Facts) -> Question<'f> {
        Question {
            robot: "robot",
            resource_type: self.resource_type,
            automatable: true,
            item: "item",
            office: &OFFICE,
            submitter: "lin.wei",
            facts,
        }
    }

    /// The id of its permit for unattended work.
    pub fn process(&self) -> String {
        format!("{}.process", self.baseline)
    }
}

/// The good item of the kind that most tests ask about.
pub fn good() -> Facts {
    AGENT_INVOICE.good()
}

/// A robot's question about it.
pub fn question(facts: &Facts) -> Question<'_> {
    AGENT_INVOICE.question(facts)
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

/// The ids of a decision's rules.
pub fn ids(decision: &Decision) -> Vec<&str> {
    decision.rules.iter().map(|hit| hit.id.as_str()).collect()
}
