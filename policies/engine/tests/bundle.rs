//! The bundle that is compiled in: it loads, its manifest fits, its cases come out.

use std::path::Path;

use clerkwork_policy::{Bundle, Engine, cases};

fn own_dir() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
}

#[test]
fn every_case_comes_out_and_every_rule_is_covered() {
    let engine = Engine::embedded().unwrap_or_else(|refused| panic!("{refused}"));
    let report = cases::run(&engine);
    assert!(report.ok(), "{report}");
    assert!(report.passed >= 2 * engine.rules().count(), "{report}");
}

#[test]
fn the_directory_and_the_embedded_bundle_are_the_same() {
    let read = Bundle::read_dir(own_dir()).unwrap();
    assert_eq!(read, Bundle::embedded());
    let engine = Engine::load(own_dir()).unwrap_or_else(|refused| panic!("{refused}"));
    assert_eq!(engine.version(), Bundle::embedded().version());
}

#[test]
fn a_rule_without_its_cases_is_reported() {
    let bundle = Bundle::embedded().without_file("cases/agent_invoice_integrity.json");
    let report = cases::run(&Engine::new(bundle).unwrap());
    assert!(!report.ok());
    let message = report.to_string();
    assert!(
        message.contains("`agent_invoice.day_split`: no case about this rule in which it holds"),
        "{message}"
    );
    assert!(!message.contains("agent_invoice.tax_paid"), "{message}");
}

#[test]
fn a_case_that_expects_something_else_is_reported() {
    let wrong = r#"{ "cases": [
        { "name": "wrong verdict", "about": "agent_invoice.process",
          "baseline": "agent_invoice", "expect": "review", "rules": [] },
        { "name": "wrong rules", "about": "agent_invoice.process",
          "baseline": "agent_invoice", "expect": "proceed", "rules": ["people.four_eyes"] },
        { "name": "no such rule", "about": "agent_invoice.nothing",
          "baseline": "agent_invoice", "expect": "proceed", "rules": [] }
    ] }"#;
    let bundle = Bundle::embedded()
        .with_file("cases/wrong.json", wrong)
        .with_file("cases/broken.json", "{");
    let report = cases::run(&Engine::new(bundle).unwrap());
    let subjects: Vec<&str> = report
        .failures
        .iter()
        .map(|failure| failure.subject.as_str())
        .collect();
    assert_eq!(
        subjects,
        ["file", "wrong verdict", "wrong rules", "no such rule"]
    );
}
