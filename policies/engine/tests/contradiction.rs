//! Rules that contradict or repeat each other.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a failed set-up fails the test"
)]

use clerkwork_policy::{Bundle, Engine, Problem};

/// What is wrong with the embedded bundle once these rules were added: id, disposition (none for a
/// permit), scope and conditions of each.
fn problems(rules: &[(&str, &str, &str, &str)]) -> Vec<Problem> {
    let rules: String = rules
        .iter()
        .map(|(id, disposition, scope, conditions)| {
            let (effect, disposition) = match *disposition {
                "" => ("permit", String::new()),
                asks => ("forbid", format!("@disposition(\"{asks}\")")),
            };
            format!(
                "@id(\"test.{id}\") @tier(\"business\") {disposition} @reason_zh(\"测试\") \
                 @reason_en(\"test\")\n{effect} (principal, {scope})\n{conditions};\n"
            )
        })
        .collect();
    let bundle = Bundle::embedded().with_file("rules/test.cedar", rules);
    match Engine::new(bundle.seal().unwrap()) {
        Ok(_) => Vec::new(),
        Err(refused) => refused.problems().to_vec(),
    }
}

#[track_caller]
fn assert_one(problems: &[Problem], line: usize, message: &str) {
    let [problem] = problems else {
        panic!("expected one problem, got {problems:#?}");
    };
    assert!(problem.message.contains(message), "{problem}");
    let place = problem.place.as_ref().unwrap();
    assert_eq!(
        (&*problem.file, place.line),
        ("rules/test.cedar", line),
        "{problem}"
    );
}

const AGENT: &str = r#"action == Action::"process", resource is AgentInvoiceReview"#;
const GROSS: &str = "unless { context has gross_cents && context.gross_cents > 5 }";

#[test]
fn the_same_conditions_for_different_things_are_a_contradiction_with_both_places() {
    for other in ["return", "review2", "hold"] {
        let found = problems(&[("a", "review", AGENT, GROSS), ("b", other, AGENT, GROSS)]);
        let message = "rule `test.b` contradicts `test.a` at rules/test.cedar:1";
        assert_one(&found, 4, message);
    }
    // Written in another way.
    let group = r#"action in [Action::"process"], resource is AgentInvoiceReview"#;
    let turned = "unless { context has gross_cents && 5 < context.gross_cents }";
    assert_eq!(
        problems(&[
            ("a", "review", AGENT, GROSS),
            ("b", "return", group, turned)
        ]),
        []
    );
    assert_one(
        &problems(&[("a", "review", AGENT, GROSS), ("b", "return", group, GROSS)]),
        4,
        "contradicts",
    );
    let when = "when { context has special_invoice } when { context has gross_cents }";
    let both = "when { context has gross_cents && context has special_invoice }";
    assert_one(
        &problems(&[("a", "review", AGENT, when), ("b", "hold", AGENT, both)]),
        4,
        "contradicts",
    );
    // A permit and a forbid.
    let permit = (
        "a",
        "",
        AGENT,
        "when { context has gross_cents && context.gross_cents == 77 }",
    );
    let forbid = ("b", "review", AGENT, permit.3);
    assert_one(&problems(&[permit, forbid]), 4, "contradicts `test.a`");
}

#[test]
fn the_same_rule_twice_is_named() {
    let found = problems(&[("a", "review", AGENT, GROSS), ("b", "review", AGENT, GROSS)]);
    assert_one(
        &found,
        4,
        "rule `test.b` is the same as `test.a` at rules/test.cedar:1",
    );
    let other = "unless { context has gross_cents && context.gross_cents > 6 }";
    assert_eq!(
        problems(&[("a", "review", AGENT, GROSS), ("b", "return", AGENT, other)]),
        []
    );
    let red = r#"action == Action::"process_red_letter", resource"#;
    let reason = "unless { context has findings_return_count }";
    let kinds = [("a", "review", AGENT, reason), ("b", "hold", red, reason)];
    assert_eq!(problems(&kinds), [], "about another kind");
}

#[test]
fn a_forbid_without_a_condition_makes_a_permit_dead() {
    let dead = "forbids `process` on `AgentInvoiceReview` without a condition, so that the permit \
                `agent_invoice.process` at rules/agent_invoice_permits.cedar:";
    assert_one(&problems(&[("a", "review", AGENT, "")]), 1, dead);
    assert_one(
        &problems(&[("a", "review", AGENT, "when { true }")]),
        1,
        dead,
    );
    assert_one(
        &problems(&[("a", "review", AGENT, "unless { false }")]),
        1,
        dead,
    );
    let act = r#"action in Action::"process", resource"#;
    assert_eq!(
        problems(&[("a", "review", act, "")]).len(),
        2,
        "a permit of each kind"
    );
    let one = "when { principal == Robot::\"one\" }";
    assert_eq!(problems(&[("a", "review", AGENT, one)]), []);
    let blocked = r#"action in Action::"process_blocked", resource"#;
    assert_eq!(
        problems(&[("a", "review2", blocked, "")]),
        [],
        "that is what it is for"
    );
}

#[test]
fn a_condition_that_stands_twice_is_named() {
    let twice =
        "unless { context has gross_cents && context.gross_cents > 5 && context has gross_cents }";
    assert_one(
        &problems(&[("a", "review", AGENT, twice)]),
        1,
        "rule `test.a` has a condition twice: `context has gross_cents`",
    );
    let clauses = "when { context has gross_cents } when { context has gross_cents }";
    assert_one(
        &problems(&[("a", "review", AGENT, clauses)]),
        1,
        "a condition twice",
    );
    let alternatives = "when { (context has gross_cents && context.gross_cents < 5) || \
                        (context has gross_cents && context.gross_cents > 900) }";
    assert_eq!(problems(&[("a", "review", AGENT, alternatives)]), []);
}
