//! Closed when in doubt: what is missing, misspelled, of another type or in error ends with a
//! person.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a failed set-up fails the test"
)]

mod support;

use std::collections::BTreeSet;

use clerkwork_core::{FactValue, Facts, Office, Verdict};
use clerkwork_policy::{Bundle, Engine, FactType, Question, refusal};
use proptest::{prelude::*, sample::Index};
use support::{
    AGENT_INVOICE, KINDS, Kind, RED_LETTER, baseline_facts, engine, good, ids, put, question,
};

/// Facts whose absence is knowledge, given another fact. See `policies/README.md`.
fn absence_is_known(kind: &Kind, name: &str, facts: &Facts) -> bool {
    let is = |name: &str, value: FactValue| facts.value(name) == Some(&value);
    let unregistered = |party: &str| is(&format!("{party}_registration"), "unregistered".into());
    match name {
        "seller_risk_class" | "seller_warning" => unregistered("seller"),
        "buyer_registration" => is("buyer_natural_person", true.into()),
        "buyer_risk_class" | "buyer_warning" => {
            is("buyer_natural_person", true.into()) || unregistered("buyer")
        }
        _ if kind.baseline == AGENT_INVOICE.baseline => match name {
            "line_gap_permille" => true,
            "tax_paid_cents" | "receipt_used" => is("tax_due_cents", 0_i64.into()),
            _ => false,
        },
        // Where there is no blue invoice there is nothing that it says.
        _ => OF_THE_BLUE.contains(&name) && is("blue_status", "unknown".into()),
    }
}

/// What a blue invoice says.
const OF_THE_BLUE: [&str; 10] = [
    "agent_issued",
    "blue_age_days",
    "buyer_deducted",
    "cross_year",
    "full_reversal",
    "margin_taxation",
    "route",
    "settlement_cents",
    "tax_settlement",
    "transfer_out_cents",
];

/// The facts that rules read which ask about one act on this kind.
fn read_by(kind: &Kind, act: &str) -> BTreeSet<String> {
    let own = format!("{}.", kind.baseline);
    let rules = engine().rules().filter(|rule| rule.id.starts_with(&own));
    let about = rules.filter(|rule| {
        rule.text.contains(&format!("Action::\"{act}\""))
            || rule
                .text
                .contains(&format!("Action::\"{act}_{}\"", kind.baseline))
    });
    about.flat_map(|rule| rule.reads.clone()).collect()
}

#[test]
fn the_good_item_proceeds_by_its_permit() {
    for kind in KINDS {
        let facts = kind.good();
        let decision = engine().decide(&kind.question(&facts));
        assert_eq!(decision.verdict, Verdict::Proceed);
        assert_eq!(ids(&decision), [kind.process()]);
        assert_eq!(decision.policy_version, engine().version());
        assert_eq!(decision.facts_digest, facts.digest());
    }
}

#[test]
fn every_single_missing_fact_that_a_rule_reads_blocks() {
    // Read by rules, and needed for special invoices only.
    let special = ["real_estate", "commission_agent"];
    for kind in KINDS {
        let read = read_by(kind, "process");
        let mut blocking = 0;
        for name in kind.good().0.keys() {
            let mut facts = kind.good();
            facts.0.remove(name);
            let verdict = engine().decide(&kind.question(&facts)).verdict;
            let expected = if read.contains(name) && !special.contains(&name.as_str()) {
                blocking += 1;
                Verdict::Review
            } else {
                Verdict::Proceed
            };
            assert_eq!(verdict, expected, "{}: without `{name}`", kind.baseline);
        }
        assert_eq!(
            kind.good()
                .0
                .keys()
                .filter(|name| !read.contains(*name))
                .collect::<Vec<_>>(),
            ["finding_codes"],
            "what no rule reads"
        );
        assert!(blocking > 25, "{}", kind.baseline);
    }
}

#[test]
fn every_single_missing_fact_that_a_rule_reads_blocks_what_a_person_decided() {
    let facts = RED_LETTER.good();
    for (act, ends) in [
        ("execute_approved", Verdict::Proceed),
        ("execute_returned", Verdict::Return),
    ] {
        let asked = |facts: &Facts| {
            let question = RED_LETTER.question(facts);
            match ends {
                Verdict::Return => engine().may_execute_returned(&question).verdict,
                Verdict::Proceed | Verdict::Review | Verdict::Review2 | Verdict::Hold => {
                    engine().may_execute_approved(&question).verdict
                }
            }
        };
        assert_eq!(asked(&facts), ends);
        let read = read_by(&RED_LETTER, act);
        assert!(read.len() >= 3, "{read:?}");
        for name in facts.0.keys() {
            let mut less = facts.clone();
            less.0.remove(name);
            let expected = if read.contains(name) {
                Verdict::Review
            } else {
                ends
            };
            assert_eq!(asked(&less), expected, "{act} without `{name}`");
        }
    }
}

#[test]
fn a_fact_of_another_type_or_of_no_name_blocks() {
    let samples: [FactValue; 4] = [
        true.into(),
        1_i64.into(),
        "normal".into(),
        BTreeSet::from(["x".to_owned()]).into(),
    ];
    for kind in KINDS {
        let vocabulary = engine().vocabulary(kind.resource_type).unwrap();
        for (name, wanted) in vocabulary {
            for sample in samples.iter().filter(|one| FactType::of(one) != *wanted) {
                let facts = put(kind.good(), name, sample.clone());
                let asked = kind.question(&facts);
                let decision = engine().decide(&asked);
                assert_eq!(decision.verdict, Verdict::Review, "{name} = {sample:?}");
                let known = ids(&decision).contains(&refusal::WRONG_TYPE);
                assert!(known, "{name} = {sample:?}");
                for decision in [
                    engine().may_execute_approved(&asked),
                    engine().may_execute_returned(&asked),
                ] {
                    assert_eq!(decision.verdict, Verdict::Review, "{name} = {sample:?}");
                }
            }
        }
        // A misspelled fact, and one of the other kind.
        let other = KINDS
            .into_iter()
            .find(|other| other.baseline != kind.baseline)
            .unwrap();
        let foreign = engine().vocabulary(other.resource_type).unwrap();
        let foreign = foreign
            .iter()
            .filter(|(name, _)| !vocabulary.contains_key(*name));
        let foreign = foreign.filter(|(_, wanted)| **wanted == FactType::Long);
        for name in foreign.map(|(name, _)| name.as_str()).chain(["gros_cents"]) {
            let facts = put(kind.good(), name, 1_i64);
            let decision = engine().decide(&kind.question(&facts));
            assert_eq!(decision.verdict, Verdict::Review);
            assert_eq!(ids(&decision), [refusal::UNKNOWN_FACT]);
            assert!(decision.rules[0].reason.en.contains(&format!("`{name}`")));
        }
    }
}

#[test]
fn an_unknown_kind_is_reviewed() {
    let facts = good();
    for automatable in [true, false] {
        let asked = Question {
            resource_type: "RedLetter",
            automatable,
            ..question(&facts)
        };
        for decision in [
            engine().decide(&asked),
            engine().may_execute_approved(&asked),
            engine().may_execute_returned(&asked),
        ] {
            assert_eq!(decision.verdict, Verdict::Review);
            assert!(ids(&decision).contains(&refusal::UNKNOWN_KIND));
        }
    }
}

#[test]
fn a_rule_that_errs_blocks_and_is_named() {
    let rule = r#"
        @id("test.overflow") @tier("business") @disposition("review")
        @reason_zh("测试") @reason_en("test")
        forbid (principal, action == Action::"process", resource is AgentInvoiceReview)
        when { context has gross_cents && context.gross_cents + 9223372036854775807 < 0 };"#;
    let engine = Engine::new(
        Bundle::embedded()
            .with_file("rules/test.cedar", rule)
            .seal()
            .unwrap(),
    )
    .unwrap();
    let decision = engine.decide(&question(&good()));
    assert_eq!(decision.verdict, Verdict::Review);
    assert_eq!(ids(&decision), [refusal::EVALUATION_FAILED]);
    let reason = &decision.rules[0].reason.en;
    assert!(
        reason.contains("`test.overflow`") && reason.contains("overflow"),
        "{reason}"
    );

    // The error does not hide the rules that fired, and does not let a return through.
    let wrong = put(good(), "findings_return_count", 1_i64);
    let decision = engine.decide(&question(&wrong));
    assert_eq!(decision.verdict, Verdict::Review);
    assert_eq!(
        ids(&decision),
        ["agent_invoice.findings_return", refusal::EVALUATION_FAILED]
    );
}

/// A bundle whose rules let everything about agent-issued invoices pass that has any fact at all.
fn nearly_everything() -> Engine {
    let mut bundle = Bundle::embedded();
    for file in ["business", "enforcement", "integrity", "permits"] {
        bundle = bundle.without_file(&format!("rules/agent_invoice_{file}.cedar"));
    }
    let permit = r#"
        @id("test.everything") @tier("business") @reason_zh("测试") @reason_en("test")
        permit (
          principal,
          action in [Action::"process", Action::"return", Action::"execute_approved"],
          resource is AgentInvoiceReview
        ) when { context has gross_cents };"#;
    Engine::new(bundle.with_file("rules/test.cedar", permit).seal().unwrap()).unwrap()
}

#[test]
fn no_rule_lifts_the_hard_floor() {
    let engine = nearly_everything();
    assert_eq!(engine.decide(&question(&good())).verdict, Verdict::Proceed);
    let facts = good();
    let asked = Question {
        automatable: false,
        ..question(&facts)
    };
    for decision in [engine.decide(&asked), engine.may_execute_approved(&asked)] {
        assert_eq!(decision.verdict, Verdict::Review);
        assert_eq!(ids(&decision), [refusal::NEVER_UNATTENDED]);
    }
    // A kind that claims to be automatable, and that the schema knows as blocked.
    for kind in [
        "InvoiceQuota",
        "Deregistration",
        "EquityTransfer",
        "CreditRefund",
    ] {
        let facts = Facts::default();
        let asked = Question {
            resource_type: kind,
            ..question(&facts)
        };
        let decision = engine.decide(&asked);
        assert_eq!(decision.verdict, Verdict::Review);
        assert!(
            ids(&decision).contains(&refusal::NEVER_UNATTENDED),
            "{kind}"
        );
        assert!(ids(&decision)[0].starts_with("blocked."), "{kind}");
    }
}

/// A person decides anyway; what the item does not say must not be passed over in silence.
#[test]
fn what_is_not_known_of_a_blocked_kind_is_a_reason_of_its_own() {
    for (kind, baseline) in [
        ("InvoiceQuota", "invoice_quota"),
        ("Deregistration", "deregistration"),
        ("EquityTransfer", "equity_transfer"),
        ("CreditRefund", "credit_refund"),
    ] {
        let good = baseline_facts(baseline);
        let asked = |facts: &Facts| {
            let question = Question {
                resource_type: kind,
                automatable: false,
                ..question(facts)
            };
            let decision = engine().decide(&question);
            let hits = ids(&decision);
            hits.into_iter().map(str::to_owned).collect::<Vec<_>>()
        };
        let always = [
            format!("blocked.{baseline}"),
            refusal::NEVER_UNATTENDED.to_owned(),
        ];
        assert_eq!(asked(&good), always, "{kind}");
        let vocabulary = engine().vocabulary(kind).unwrap();
        assert!(vocabulary.keys().eq(good.0.keys()), "{kind}");
        for name in good.0.keys() {
            let mut facts = good.clone();
            facts.0.remove(name);
            assert!(asked(&facts).len() > always.len(), "{kind}: {name}");
        }
    }
}

#[test]
fn default_deny_names_the_conditions_that_failed() {
    let engine = nearly_everything();
    let mut facts = good();
    facts.0.remove("gross_cents");
    let decision = engine.decide(&question(&facts));
    assert_eq!(decision.verdict, Verdict::Review);
    assert_eq!(ids(&decision), [refusal::NO_PERMIT]);
    let reason = &decision.rules[0].reason;
    assert_eq!(
        reason.en,
        "no rule permits it; not met: `context has gross_cents`"
    );
    assert!(
        reason.zh.contains("未满足：`context has gross_cents`"),
        "{}",
        reason.zh
    );
}

#[test]
fn a_return_that_nothing_permits_is_a_review() {
    let bundle = Bundle::embedded();
    let path = "rules/agent_invoice_permits.cedar";
    let permits = bundle.file(path).unwrap().to_owned();
    let narrowed = permits.replace("findings_return_count > 0", "findings_return_count > 5");
    assert_ne!(permits, narrowed);
    let engine = Engine::new(bundle.with_file(path, narrowed).seal().unwrap()).unwrap();
    let facts = put(good(), "findings_return_count", 1_i64);
    let decision = engine.decide(&question(&facts));
    assert_eq!(decision.verdict, Verdict::Review);
    assert_eq!(
        ids(&decision),
        ["agent_invoice.findings_return", refusal::NO_RETURN_PERMIT]
    );
}

#[test]
fn the_order_of_files_and_rules_does_not_matter() {
    // The same rules, all in one file, the last first.
    let mut bundle = Bundle::embedded();
    let mut rules: Vec<String> = Vec::new();
    for rule in engine().rules() {
        rules.insert(0, rule.text.clone());
        bundle = bundle.without_file(&rule.file);
    }
    let turned = Engine::new(
        bundle
            .with_file("rules/all.cedar", rules.join("\n\n"))
            .seal()
            .unwrap(),
    )
    .unwrap_or_else(|refused| panic!("{refused}"));
    assert_eq!(turned.rules().count(), engine().rules().count());
    let mut seen = 0;
    for name in good().0.keys() {
        for value in [0, 1, 2, i64::MAX] {
            let mut facts = put(good(), "duplicates_count", value);
            facts.0.remove(name);
            let (one, other) = (
                engine().decide(&question(&facts)),
                turned.decide(&question(&facts)),
            );
            assert_eq!((one.verdict, &one.rules), (other.verdict, &other.rules));
            assert_ne!(one.policy_version, other.policy_version);
            seen += one.rules.len();
        }
    }
    assert!(seen > 100);
}

#[test]
fn the_deepest_rules_are_evaluated_on_a_small_stack() {
    let chain: Vec<String> = (0..20)
        .map(|n| format!("context.gross_cents > {n}"))
        .collect();
    let chain = chain.join(" && ");
    let rule = format!(
        r#"@id("test.deep") @tier("business") @disposition("review")
        @reason_zh("测试") @reason_en("test")
        forbid (principal, action == Action::"process", resource is AgentInvoiceReview)
        unless {{ context has gross_cents && {chain} }};"#
    );
    let bundle = Bundle::embedded().with_file("rules/test.cedar", rule);
    let decide = move || {
        let engine = Engine::new(bundle.seal().unwrap()).unwrap_or_else(|e| panic!("{e}"));
        engine.decide(&question(&good())).verdict
    };
    let thread = std::thread::Builder::new()
        .stack_size(2 << 20)
        .spawn(decide)
        .unwrap();
    assert_eq!(thread.join().unwrap(), Verdict::Proceed);
}

#[test]
fn names_of_people_and_items_are_never_syntax() {
    let office = Office::default();
    for name in ["", "\"", "a\" == b", "林伟", "x\u{0}y", "User::\"root\""] {
        let facts = good();
        let asked = Question {
            robot: name,
            item: name,
            submitter: name,
            office: &office,
            ..question(&facts)
        };
        assert_eq!(
            engine().decide(&asked).verdict,
            Verdict::Proceed,
            "{name:?}"
        );
    }
}

/// A value that rules look at, near their thresholds.
fn value(kind: FactType) -> BoxedStrategy<FactValue> {
    match kind {
        FactType::Bool => any::<bool>().prop_map(FactValue::Bool).boxed(),
        FactType::Long => prop_oneof![
            (-1_i64..12).prop_map(FactValue::Long),
            prop::sample::select(vec![25, 26, 100, 101, 180, 181, 200, 201, 499, 500, 4405])
                .prop_map(FactValue::Long),
            Just(FactValue::Long(10_000_001)),
            any::<i64>().prop_map(FactValue::Long),
        ]
        .boxed(),
        FactType::Text => prop::sample::select(vec!["", "unknown", "red", "blue"])
            .prop_map(FactValue::from)
            .boxed(),
        FactType::Set => Just(FactValue::Set(BTreeSet::new())).boxed(),
    }
}

/// The words that a kind's rules compare this fact with are found in their texts.
fn words(kind: &Kind, name: &str) -> Vec<String> {
    let own = format!("{}.", kind.baseline);
    let mut words = BTreeSet::new();
    for rule in engine().rules().filter(|rule| rule.id.starts_with(&own)) {
        if rule.reads.contains(name) {
            let body = rule
                .text
                .split_once("resource is")
                .map_or("", |(_, body)| body);
            words.extend(body.split('"').skip(1).step_by(2).map(str::to_owned));
        }
    }
    words.into_iter().collect()
}

/// A good item with up to three facts changed.
fn item(kind: &'static Kind) -> impl Strategy<Value = (&'static Kind, Facts)> {
    let vocabulary: Vec<(String, FactType)> = engine()
        .vocabulary(kind.resource_type)
        .unwrap()
        .clone()
        .into_iter()
        .collect();
    let change = prop::sample::select(vocabulary).prop_flat_map(move |(name, fact)| {
        let words = words(kind, &name);
        let value = if fact == FactType::Text && !words.is_empty() {
            let word = prop::sample::select(words).prop_map(FactValue::Text);
            prop_oneof![4 => word, 1 => value(fact)].boxed()
        } else {
            value(fact)
        };
        value.prop_map(move |value| (name.clone(), value))
    });
    prop::collection::vec(change, 0..4).prop_map(move |changes| {
        let changed = changes
            .into_iter()
            .fold(kind.good(), |facts, (name, value)| put(facts, &name, value));
        (kind, changed)
    })
}

fn items() -> impl Strategy<Value = (&'static Kind, Facts)> {
    prop_oneof![item(&AGENT_INVOICE), item(&RED_LETTER)]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(768))]

    /// Knowing less never lets an item proceed that did not, and never lets one be returned or
    /// completed that was not.
    #[test]
    fn knowing_less_never_opens(
        (kind, facts) in items(),
        gone in prop::collection::vec(any::<Index>(), 0..6),
    ) {
        let names: Vec<String> = facts
            .0
            .keys()
            .filter(|name| !absence_is_known(kind, name, &facts))
            .cloned()
            .collect();
        let mut less = facts.clone();
        for index in gone {
            less.0.remove(index.get(&names));
        }
        let (more, less) = (kind.question(&facts), kind.question(&less));
        let (before, after) = (engine().decide(&more).verdict, engine().decide(&less).verdict);
        prop_assert!(after != Verdict::Proceed || before == Verdict::Proceed);
        prop_assert!(after != Verdict::Return || before != Verdict::Review);
        prop_assert!(engine().may_execute_returned(&less).verdict == Verdict::Review
            || engine().may_execute_returned(&more).verdict == Verdict::Return);
        // Agent-issued: what an approval cannot cure there is what is known to be barred.
        if kind.baseline == RED_LETTER.baseline {
            prop_assert!(engine().may_execute_approved(&less).verdict == Verdict::Review
                || engine().may_execute_approved(&more).verdict == Verdict::Proceed);
        }
    }

    /// From a good item: only what is explained may be missing.
    #[test]
    fn the_good_item_with_less_is_reviewed_or_still_good(
        kind in prop::sample::select(KINDS.to_vec()),
        gone in prop::collection::vec(any::<Index>(), 1..40),
    ) {
        let good = kind.good();
        let names: Vec<String> = good.0.keys().cloned().collect();
        let mut facts = good.clone();
        for index in gone {
            facts.0.remove(index.get(&names));
        }
        let decision = engine().decide(&kind.question(&facts));
        let permit = engine().rules().find(|rule| rule.id == kind.process()).unwrap();
        let all_there = permit
            .reads
            .iter()
            .all(|name| facts.0.contains_key(name) || !good.0.contains_key(name));
        let expected = if all_there { Verdict::Proceed } else { Verdict::Review };
        prop_assert_eq!(decision.verdict, expected);
    }
}
