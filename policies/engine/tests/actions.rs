//! Actions of the schema and the acts that they are: `docs/adr/0001-actions-of-a-kind.md`.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a failed set-up fails the test"
)]

mod support;

use clerkwork_core::Verdict;
use clerkwork_policy::{Bundle, Engine};
use support::{AGENT_INVOICE, RED_LETTER, engine, ids};

const SCHEMA: &str = "schema.cedarschema";

/// The bundle with a rule added.
fn with_rule(rule: &str) -> Bundle {
    let annotated = format!(
        "@id(\"test.rule\") @tier(\"business\") @reason_zh(\"测试\") @reason_en(\"test\")\n{rule}"
    );
    Bundle::embedded().with_file("rules/test.cedar", annotated)
}

/// What is said about a bundle whose manifest is made to fit; nothing when it loads.
fn said(bundle: Bundle) -> String {
    match bundle.seal().and_then(Engine::new) {
        Ok(_) => String::new(),
        Err(refused) => refused.to_string(),
    }
}

/// What is said about a schema with a replacement in it.
fn said_of_schema(from: &str, to: &str) -> String {
    let schema = Bundle::embedded().file(SCHEMA).unwrap().to_owned();
    assert!(schema.contains(from), "{from}");
    said(Bundle::embedded().with_file(SCHEMA, schema.replace(from, to)))
}

#[test]
fn every_kind_that_a_robot_works_on_has_facts_of_its_own() {
    let agent = engine().vocabulary(AGENT_INVOICE.resource_type).unwrap();
    let red = engine().vocabulary(RED_LETTER.resource_type).unwrap();
    assert!(agent.contains_key("gross_cents") && !red.contains_key("gross_cents"));
    assert!(red.contains_key("blue_status") && !agent.contains_key("blue_status"));
}

#[test]
fn a_forbid_that_names_the_act_holds_for_every_kind() {
    let rule = r#"@disposition("review") forbid (principal, action in Action::"process", resource)
        unless { context has findings_review_count && context.findings_review_count == 7 };"#;
    let engine = Engine::new(with_rule(rule).seal().unwrap()).unwrap_or_else(|e| panic!("{e}"));
    for kind in [&AGENT_INVOICE, &RED_LETTER] {
        let facts = kind.good();
        let decision = engine.decide(&kind.question(&facts));
        assert_eq!(decision.verdict, Verdict::Review);
        assert_eq!(ids(&decision), ["test.rule"]);
        let approved = engine.may_execute_approved(&kind.question(&facts));
        assert_eq!(approved.verdict, Verdict::Proceed, "another act");
    }
}

#[test]
fn a_forbid_that_names_an_action_holds_for_its_kind() {
    let rule = r#"@disposition("review")
        forbid (principal, action == Action::"process_red_letter", resource)
        unless { context has reason && context.reason == "none" };"#;
    let engine = Engine::new(with_rule(rule).seal().unwrap()).unwrap_or_else(|e| panic!("{e}"));
    let (agent, red) = (AGENT_INVOICE.good(), RED_LETTER.good());
    let decision = engine.decide(&AGENT_INVOICE.question(&agent));
    assert_eq!(decision.verdict, Verdict::Proceed);
    let decision = engine.decide(&RED_LETTER.question(&red));
    assert_eq!(ids(&decision), ["test.rule"]);
}

#[test]
fn a_permit_names_the_action_itself() {
    let permit = |action: &str| {
        said(with_rule(&format!(
            "permit (principal, {action}, resource is RedLetterInvoice)
             when {{ context has reason && context.reason == \"service_stopped\" }};"
        )))
    };
    let group = permit(r#"action in [Action::"process"]"#);
    assert!(
        group.contains(
            "permit `test.rule` reaches Action::\"process_red_letter\" only through its group"
        ),
        "{group}"
    );
    assert_eq!(permit(r#"action in [Action::"process_red_letter"]"#), "");
    let nothing = permit(r#"action == Action::"process""#);
    assert!(
        nothing.contains("concerns nothing that is ever asked"),
        "{nothing}"
    );
}

#[test]
fn an_action_is_one_act_and_the_only_one_of_its_kind() {
    let stray = said_of_schema(r#"_red_letter" in [Action::"return"]"#, r#"_red_letter""#);
    assert!(
        stray.contains("the engine never asks for action `return_red_letter`")
            && stray.contains("`in [Action::\"process\"]`"),
        "{stray}"
    );
    let both = said_of_schema(
        r#"in [Action::"return"]"#,
        r#"in [Action::"return", Action::"process"]"#,
    );
    assert!(
        both.contains("action `return_red_letter` is process and return at once"),
        "{both}"
    );
    let nested = said_of_schema(
        r#"action "return" appliesTo"#,
        r#"action "return" in [Action::"process"] appliesTo"#,
    );
    assert!(
        nested.contains("action `return` is process and return at once"),
        "{nested}"
    );
    let twice = said_of_schema(
        "// Unattended work.",
        r#"// Unattended work.
        action "process_again" in [Action::"process"]
          appliesTo { principal: Robot, resource: RedLetterInvoice, context: {} };"#,
    );
    assert!(
        twice.contains("`RedLetterInvoice` has Action::\"process_") && twice.contains("one act"),
        "{twice}"
    );
    let person = said_of_schema(
        r#"in [Action::"return"] appliesTo { principal: Robot"#,
        r#"in [Action::"return"] appliesTo { principal: User"#,
    );
    assert!(person.contains("is not for `User`"), "{person}");
}
