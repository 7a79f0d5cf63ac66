//! The bundle that is compiled in: it loads, its manifest fits, its cases come out.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a failed set-up fails the test"
)]

use std::path::Path;

use clerkwork_policy::{Bundle, Engine, cases};
use serde_json::Value;

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

/// Asked here of the cases' own text, not of the counting that `cases::run` does.
#[test]
fn every_rule_has_a_case_that_expects_it_and_one_that_does_not() {
    let engine = Engine::embedded().unwrap_or_else(|refused| panic!("{refused}"));
    let cases: Vec<Value> = engine
        .bundle()
        .files()
        .filter(|(path, _)| path.starts_with("cases/") && *path != "cases/baselines.json")
        .flat_map(|(_, text)| {
            let file: Value = serde_json::from_str(text).unwrap();
            file["cases"].as_array().unwrap().clone()
        })
        .collect();
    let expects = |case: &Value, id: &str| {
        // A permitted return is asked for by the rule that fires; its permit is not listed.
        let returned = case["expect"] == "return" && id.ends_with(".return");
        returned
            || case["rules"]
                .as_array()
                .unwrap()
                .iter()
                .any(|rule| rule == id)
    };
    for rule in engine.rules() {
        let about: Vec<_> = cases
            .iter()
            .filter(|case| case["about"] == *rule.id)
            .collect();
        let (with, without): (Vec<&Value>, Vec<&Value>) =
            about.into_iter().partition(|case| expects(case, &rule.id));
        assert!(!with.is_empty() && !without.is_empty(), "{}", rule.id);
    }
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
