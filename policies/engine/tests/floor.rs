//! The hard floor under a bundle that permits everything.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a failed set-up fails the test"
)]

mod support;

use clerkwork_core::{Decision, Facts, Verdict};
use clerkwork_policy::{Bundle, Engine, Question, floor, refusal};
use support::{KINDS, ids, put};

const SCHEMA: &str = "schema.cedarschema";
const ROBOTS: [&str; 4] = ["process", "return", "execute_approved", "execute_returned"];

/// A bundle of permits alone, one for every act on every kind, without a condition. The kinds on
/// the floor are declared like any other: a robot may be asked to process them.
fn everything() -> Bundle {
    let mut bundle = Bundle::embedded();
    let rules: Vec<String> = bundle
        .files()
        .map(|(path, _)| path.to_owned())
        .filter(|path| path.starts_with("rules/") || path.starts_with("cases/"))
        .collect();
    for path in rules {
        bundle = bundle.without_file(&path);
    }
    let mut schema = bundle.file(SCHEMA).unwrap().to_owned();
    let whole = schema.lines().count();
    let kept = |line: &&str| !line.starts_with("action \"process_blocked");
    schema = schema.lines().filter(kept).collect::<Vec<_>>().join("\n");
    assert_eq!(schema.lines().count(), whole - floor::KINDS.len());
    let mut rules = String::new();
    let mut permit = |action: &str, kind: &str| {
        rules += &format!(
            "@id(\"all.{}\") @tier(\"business\") @reason_zh(\"全部准许\") @reason_en(\"all\")
             permit (principal, action == Action::\"{action}\", resource is {kind});\n",
            format!("{action}_{kind}").to_lowercase()
        );
    };
    for act in ROBOTS {
        permit(act, "AgentInvoiceReview");
        permit(&format!("{act}_red_letter"), "RedLetterInvoice");
        for kind in &floor::KINDS {
            let action = format!("{act}_{}", kind.name.to_lowercase());
            schema += &format!(
                "\naction \"{action}\" in [Action::\"{act}\"]
                 appliesTo {{ principal: Robot, resource: {}, context: {{}} }};",
                kind.name
            );
            permit(&action, kind.name);
        }
    }
    let people = floor::KINDS.iter().map(|kind| kind.name);
    for kind in people.chain(KINDS.map(|kind| kind.resource_type)) {
        permit("decide_review", kind);
    }
    bundle
        .with_file(SCHEMA, schema)
        .with_file("rules/all.cedar", rules)
        .seal()
        .unwrap()
}

fn answers(engine: &Engine, question: &Question<'_>) -> [Decision; 3] {
    [
        engine.decide(question),
        engine.may_execute_approved(question),
        engine.may_execute_returned(question),
    ]
}

#[test]
fn a_bundle_that_permits_everything_is_refused() {
    let refused = Engine::new(everything()).unwrap_err();
    assert!(
        refused
            .problems()
            .iter()
            .all(|problem| problem.message.starts_with("canary: ")),
        "nothing else is wrong with it: {refused}"
    );
    let said = refused.to_string();
    for kind in floor::KINDS.iter().map(|kind| kind.name) {
        let decided =
            format!("an item without facts is completed without a person (kind `{kind}`)");
        // The floor holds the robots back; the canary of the people's permits still sees the kind.
        assert!(!said.contains(&decided), "{said}");
        assert!(said.contains(&format!(
            "a disabled account may decide (approve) (kind `{kind}`)"
        )));
    }
    assert!(said.contains("an item without facts is decided"), "{said}");
}

#[test]
fn nothing_on_the_floor_gets_through_a_bundle_that_permits_everything() {
    let engine = Engine::without_canaries(everything()).unwrap_or_else(|e| panic!("{e}"));
    let facts = Facts::default();
    let plain = Question {
        resource_type: "AgentInvoiceReview",
        ..KINDS[0].question(&facts)
    };
    let verdicts = answers(&engine, &plain).map(|decision| decision.verdict);
    assert_eq!(
        verdicts,
        [Verdict::Proceed, Verdict::Proceed, Verdict::Return],
        "the bundle does permit everything"
    );
    for kind in floor::KINDS.iter().map(|kind| kind.name) {
        for automatable in [true, false] {
            let asked = Question {
                resource_type: kind,
                automatable,
                ..plain
            };
            for decision in answers(&engine, &asked) {
                assert_eq!(decision.verdict, Verdict::Review, "{kind}");
                assert_eq!(ids(&decision), [refusal::NEVER_UNATTENDED], "{kind}");
            }
        }
    }
    let by_word = Question {
        automatable: false,
        ..plain
    };
    for decision in answers(&engine, &by_word) {
        assert_eq!(decision.verdict, Verdict::Review);
        assert_eq!(ids(&decision), [refusal::NEVER_UNATTENDED]);
    }
}

#[test]
fn what_cannot_be_judged_ends_with_people_under_it_too() {
    let engine = Engine::without_canaries(everything()).unwrap();
    for kind in KINDS {
        for (facts, id) in [
            (put(kind.good(), "gros_cents", 1_i64), refusal::UNKNOWN_FACT),
            (
                put(kind.good(), "finding_codes", 1_i64),
                refusal::WRONG_TYPE,
            ),
        ] {
            for decision in answers(&engine, &kind.question(&facts)) {
                assert_eq!(decision.verdict, Verdict::Review);
                assert_eq!(ids(&decision), [id]);
            }
        }
    }
    let facts = Facts::default();
    let unknown = Question {
        resource_type: "TaxHoliday",
        ..KINDS[0].question(&facts)
    };
    for decision in answers(&engine, &unknown) {
        assert_eq!(decision.verdict, Verdict::Review);
        assert_eq!(ids(&decision), [refusal::UNKNOWN_KIND]);
    }
}

#[test]
fn a_permit_that_errs_permits_nothing_and_a_forbid_that_errs_blocks() {
    let erring = |action: &str, effect: &str, disposition: &str| {
        format!(
            "@id(\"test.{action}\") @tier(\"business\") {disposition}
             @reason_zh(\"测试\") @reason_en(\"test\")
             {effect} (principal, action == Action::\"{action}\", resource is AgentInvoiceReview)
             when {{ context has gross_cents && context.gross_cents + 9223372036854775807 < 0 }};"
        )
    };
    for (effect, disposition) in [("permit", ""), ("forbid", "@disposition(\"return\")")] {
        let rules: String = ROBOTS
            .map(|action| erring(action, effect, disposition))
            .concat();
        let bundle = everything()
            .with_file("rules/erring.cedar", rules)
            .seal()
            .unwrap();
        let engine = Engine::without_canaries(bundle).unwrap_or_else(|e| panic!("{e}"));
        let facts = KINDS[0].good();
        for decision in answers(&engine, &KINDS[0].question(&facts)) {
            assert_eq!(decision.verdict, Verdict::Review, "{effect}");
            assert_eq!(ids(&decision), [refusal::EVALUATION_FAILED], "{effect}");
        }
    }
}

#[test]
fn a_return_whose_own_rules_err_is_a_review() {
    let rules = r#"
        @id("test.wrong") @tier("business") @disposition("return")
        @reason_zh("测试") @reason_en("test")
        forbid (principal, action == Action::"process", resource is AgentInvoiceReview)
        unless { context has findings_return_count && context.findings_return_count == 0 };
        @id("test.erring") @tier("business") @disposition("review")
        @reason_zh("测试") @reason_en("test")
        forbid (principal, action == Action::"return", resource is AgentInvoiceReview)
        when { context has gross_cents && context.gross_cents + 9223372036854775807 < 0 };"#;
    let bundle = everything().with_file("rules/erring.cedar", rules);
    let engine = Engine::without_canaries(bundle.seal().unwrap()).unwrap();
    let mut facts = put(KINDS[0].good(), "findings_return_count", 1_i64);
    let decision = engine.decide(&KINDS[0].question(&facts));
    assert_eq!(decision.verdict, Verdict::Review);
    assert_eq!(ids(&decision), [refusal::EVALUATION_FAILED, "test.wrong"]);
    facts.0.remove("gross_cents");
    let decision = engine.decide(&KINDS[0].question(&facts));
    assert_eq!(
        decision.verdict,
        Verdict::Return,
        "nothing errs without the fact"
    );
}
