//! Explanations.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a failed set-up fails the test"
)]

mod support;

use clerkwork_core::{Facts, Timestamp, Verdict};
use clerkwork_policy::Question;
use support::{RED_LETTER, engine, good, ids, put, question};

#[test]
fn an_explanation_names_rules_places_facts_and_gaps() {
    let mut facts = put(good(), "duplicates_count", 2_i64);
    facts.0.remove("seller_day_count");
    let explanation = engine().explain(&question(&facts));
    assert_eq!(explanation.decision, engine().decide(&question(&facts)));
    assert_eq!(
        ids(&explanation.decision),
        ["agent_invoice.day_split", "agent_invoice.duplicate"]
    );

    let duplicate = &explanation.rules[1];
    let source = duplicate.source.as_ref().unwrap();
    assert_eq!(source.file, "rules/agent_invoice_business.cedar");
    let bundle = engine().bundle();
    let text = bundle.file(&source.file).unwrap();
    let line = text.lines().nth(source.line - 1).unwrap();
    assert_eq!(line, "@id(\"agent_invoice.duplicate\")");
    assert!(source.text.ends_with("context.duplicates_count == 0 };"));
    assert_eq!(duplicate.reads.len(), 1);
    let read = duplicate.reads[0].fact.as_ref().unwrap();
    assert_eq!((read.source.as_str(), read.at), ("test", Timestamp(7)));

    let used = |name: &str| explanation.facts.iter().find(|used| used.name == name);
    assert_eq!(
        used("duplicates_count").unwrap().read_by,
        ["agent_invoice.duplicate"]
    );
    assert!(used("gross_cents").unwrap().read_by.is_empty());
    assert!(used("finding_codes").is_none(), "no rule reads it");
    let missing = |name: &str| {
        explanation
            .missing
            .iter()
            .find(|missing| missing.name == name)
    };
    assert_eq!(
        missing("seller_day_count").unwrap().read_by,
        ["agent_invoice.day_split"]
    );
    assert!(missing("line_gap_permille").unwrap().read_by.is_empty());
    assert!(missing("gross_cents").is_none());
}

#[test]
fn an_explanation_of_a_reversal_names_its_own_rules_and_facts() {
    let mut facts = put(RED_LETTER.good(), "form_state", "confirmed");
    facts = put(facts, "stage", "form_entered");
    facts = put(facts, "findings_return_count", 1_i64);
    facts.0.remove("seller_registration");
    let explanation = engine().explain(&RED_LETTER.question(&facts));
    assert_eq!(
        ids(&explanation.decision),
        [
            "red_letter.findings_return",
            "red_letter.seller_registration",
            "red_letter.seller_risk"
        ]
    );
    let known: Vec<&str> = explanation
        .facts
        .iter()
        .map(|used| used.name.as_str())
        .collect();
    assert!(
        known.contains(&"form_state") && !known.contains(&"finding_codes"),
        "{known:?}"
    );
    let [missing] = &explanation.missing[..] else {
        panic!("{:?}", explanation.missing);
    };
    assert_eq!(missing.name, "seller_registration");
    assert_eq!(
        missing.read_by,
        ["red_letter.seller_registration", "red_letter.seller_risk"]
    );
}

#[test]
fn an_explanation_of_an_engine_refusal_has_no_place() {
    let facts = Facts::default();
    let asked = Question {
        resource_type: "RedLetter",
        ..question(&facts)
    };
    let explanation = engine().explain(&asked);
    assert_eq!(explanation.decision.verdict, Verdict::Review);
    assert_eq!(explanation.rules[0].source, None);
    assert!(explanation.facts.is_empty() && explanation.missing.is_empty());
}
