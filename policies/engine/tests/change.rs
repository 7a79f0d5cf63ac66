//! The smallest change with which an item would have proceeded.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a failed set-up fails the test"
)]

mod support;

use std::collections::BTreeSet;

use clerkwork_core::{FactValue, Facts, Verdict};
use clerkwork_policy::{Bundle, Engine, FactChange, FactType, Question, SmallestChange, refusal};
use proptest::prelude::*;
use support::{AGENT_INVOICE, KINDS, Kind, RED_LETTER, engine, good, put, question};

fn change(name: &str, from: Option<FactValue>, to: impl Into<FactValue>) -> FactChange {
    FactChange {
        name: name.into(),
        from,
        to: to.into(),
    }
}

fn found(facts: &Facts) -> Vec<FactChange> {
    match engine().smallest_change(&question(facts)) {
        SmallestChange::Found { changes } => changes,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_number_goes_to_the_near_side_of_the_threshold() {
    let facts = put(good(), "duplicates_count", 7_i64);
    let expected = change("duplicates_count", Some(7_i64.into()), 0_i64);
    assert_eq!(found(&facts), [expected]);
}

#[test]
fn what_is_missing_is_named_with_a_value_that_would_do() {
    let mut facts = good();
    facts.0.remove("seller_day_count");
    let changes = found(&facts);
    let [only] = &changes[..] else {
        panic!("{changes:?}");
    };
    assert_eq!(
        (only.name.as_str(), &only.from),
        ("seller_day_count", &None)
    );
}

#[test]
fn two_rules_that_share_no_fact_need_two_changes() {
    let facts = put(good(), "duplicates_count", 2_i64);
    let facts = put(facts, "seller_day_count", 3_i64);
    let names: Vec<String> = found(&facts)
        .into_iter()
        .map(|change| change.name)
        .collect();
    assert_eq!(names, ["duplicates_count", "seller_day_count"]);
}

#[test]
fn a_fact_of_another_type_is_replaced() {
    let facts = put(good(), "duplicates_count", "none");
    let expected = change("duplicates_count", Some("none".into()), 0_i64);
    assert_eq!(found(&facts), [expected]);
}

#[test]
fn one_word_is_taken_out_of_a_set() {
    let rule = r#"
        @id("test.finding") @tier("business") @disposition("review")
        @reason_zh("测试") @reason_en("test")
        forbid (principal, action == Action::"process", resource is AgentInvoiceReview)
        unless { context has finding_codes && !context.finding_codes.contains("b") };"#;
    let bundle = Bundle::embedded().with_file("rules/test.cedar", rule);
    let engine = Engine::new(bundle.seal().unwrap()).unwrap();
    let set = |words: &[&str]| BTreeSet::from_iter(words.iter().map(|word| (*word).to_owned()));
    let facts = put(good(), "finding_codes", set(&["a", "b", "c"]));
    let expected = change(
        "finding_codes",
        Some(set(&["a", "b", "c"]).into()),
        set(&["a", "c"]),
    );
    assert_eq!(
        engine.smallest_change(&question(&facts)),
        SmallestChange::Found {
            changes: vec![expected]
        }
    );
}

#[test]
fn nothing_is_needed_where_the_item_proceeds() {
    for kind in KINDS {
        let facts = kind.good();
        let outcome = engine().smallest_change(&kind.question(&facts));
        assert_eq!(outcome, SmallestChange::NotNeeded);
    }
}

#[test]
fn what_no_fact_can_change_is_impossible() {
    let impossible = |question: Question<'_>| match engine().smallest_change(&question) {
        SmallestChange::Impossible { because } => because[0].id.clone(),
        other => panic!("{other:?}"),
    };
    let facts = put(good(), "duplicates_count", 7_i64);
    let none = Facts::default();
    let by_hand = Question {
        automatable: false,
        ..question(&facts)
    };
    assert_eq!(impossible(by_hand), refusal::NEVER_UNATTENDED);
    let floor = Question {
        resource_type: "CreditRefund",
        ..question(&none)
    };
    assert_eq!(impossible(floor), refusal::NEVER_UNATTENDED);
    let unknown = Question {
        resource_type: "RedLetter",
        ..question(&facts)
    };
    assert_eq!(impossible(unknown), refusal::UNKNOWN_KIND);
    let misspelled = put(good(), "gros_cents", 1_i64);
    assert_eq!(impossible(question(&misspelled)), refusal::UNKNOWN_FACT);
}

#[test]
fn a_rule_without_facts_is_named_as_what_makes_it_impossible() {
    let rule = r#"
        @id("test.office") @tier("business") @disposition("review")
        @reason_zh("测试") @reason_en("test")
        forbid (principal, action == Action::"process", resource is AgentInvoiceReview)
        when { resource.office in Office::"center" };"#;
    let bundle = Bundle::embedded().with_file("rules/test.cedar", rule);
    let engine = Engine::new(bundle.seal().unwrap()).unwrap();
    let facts = put(good(), "duplicates_count", 7_i64);
    match engine.smallest_change(&question(&facts)) {
        SmallestChange::Impossible { because } => assert_eq!(because[0].id, "test.office"),
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_work_is_bounded_and_says_so() {
    // Nothing at all is known: more facts are needed than may change.
    let facts = Facts::default();
    for kind in KINDS {
        match engine().smallest_change(&kind.question(&facts)) {
            SmallestChange::NotFound { asked } => assert!(asked <= 5_000),
            other => panic!("{other:?}"),
        }
    }
}

fn value(kind: &Kind, name: &str, wanted: FactType) -> BoxedStrategy<FactValue> {
    match wanted {
        FactType::Bool => any::<bool>().prop_map(FactValue::Bool).boxed(),
        FactType::Long => prop_oneof![(-1_i64..600), any::<i64>()]
            .prop_map(FactValue::Long)
            .boxed(),
        FactType::Text => {
            let good = kind.good().value(name).cloned();
            let words = ["unknown", "high", "red", "abnormal"].map(FactValue::from);
            prop::sample::select(Vec::from_iter(words.into_iter().chain(good))).boxed()
        }
        FactType::Set => Just(FactValue::Set(BTreeSet::new())).boxed(),
    }
}

/// A good item with up to three facts changed or missing.
fn item(kind: &'static Kind) -> impl Strategy<Value = (&'static Kind, Facts)> {
    let vocabulary = engine().vocabulary(kind.resource_type).unwrap().clone();
    let facts = Vec::from_iter(vocabulary);
    let change = prop::sample::select(facts).prop_flat_map(move |(name, wanted)| {
        let value = prop::option::weighted(0.8, value(kind, &name, wanted));
        value.prop_map(move |value| (name.clone(), value))
    });
    prop::collection::vec(change, 0..4).prop_map(move |changes| {
        let mut facts = kind.good();
        for (name, value) in changes {
            match value {
                Some(value) => facts = put(facts, &name, value),
                None => drop(facts.0.remove(&name)),
            }
        }
        (kind, facts)
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    /// With all the changes it proceeds, without any one of them it does not; and asking again says
    /// the same.
    #[test]
    fn every_change_is_needed_and_all_are_enough(
        (kind, facts) in prop_oneof![item(&AGENT_INVOICE), item(&RED_LETTER)],
    ) {
        let verdict = |facts: &Facts| engine().decide(&kind.question(facts)).verdict;
        let outcome = engine().smallest_change(&kind.question(&facts));
        prop_assert_eq!(&outcome, &engine().smallest_change(&kind.question(&facts)));
        match &outcome {
            SmallestChange::NotNeeded => prop_assert_eq!(verdict(&facts), Verdict::Proceed),
            SmallestChange::Found { changes } => {
                prop_assert!((1..=3).contains(&changes.len()), "{:?}", changes);
                for left_out in 0..=changes.len() {
                    let mut changed = facts.clone();
                    let kept = changes.iter().enumerate().filter(|(index, _)| *index != left_out);
                    kept.for_each(|(_, change)| change.apply(&mut changed));
                    prop_assert_eq!(
                        verdict(&changed) == Verdict::Proceed,
                        left_out == changes.len(),
                        "{:?} without {}", changes, left_out
                    );
                }
                for change in changes {
                    prop_assert_eq!(facts.value(&change.name), change.from.as_ref());
                    prop_assert_ne!(change.from.as_ref(), Some(&change.to));
                }
            }
            // A way back to the good item is always there, and the bound is wide enough.
            SmallestChange::NotFound { .. } | SmallestChange::Impossible { .. } => {
                return Err(TestCaseError::fail(format!("{outcome:?}")));
            }
        }
    }
}
