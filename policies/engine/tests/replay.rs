//! Differences between bundles, and what they do to items that were decided before.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a failed set-up fails the test"
)]

mod support;

use std::collections::BTreeSet;

use clerkwork_core::{Facts, Office, RuleHit, Verdict};
use clerkwork_policy::{Bundle, Engine, Mover, Replay, ReplayTable, RuleDiff, StoredInput};
use support::{AGENT_INVOICE, Kind, RED_LETTER, good, put};

const BUSINESS: &str = "rules/agent_invoice_business.cedar";
/// A rule that blocks an item in whose findings its own name is.
fn rule(name: &str, disposition: &str) -> String {
    format!(
        r#"@id("test.{name}") @tier("integrity") @disposition("{disposition}")
@reason_zh("测试") @reason_en("test")
forbid (principal, action == Action::"process", resource is AgentInvoiceReview)
unless {{ context has finding_codes && !context.finding_codes.contains("{name}") }};
"#
    )
}

fn with(rules: [String; 2]) -> Bundle {
    let bundle = Bundle::embedded().with_file("rules/test.cedar", rules.concat());
    bundle.seal().unwrap()
}

fn old() -> Bundle {
    with([rule("gone", "review"), rule("changed", "review")])
}

fn new() -> Bundle {
    with([rule("changed", "hold"), rule("added", "review2")])
}

fn engine(bundle: Bundle) -> Engine {
    Engine::new(bundle).unwrap_or_else(|refused| panic!("{refused}"))
}

/// A good item with these findings.
fn found(words: &[&str]) -> Facts {
    let words = words.iter().map(|word| (*word).to_owned());
    put(good(), "finding_codes", BTreeSet::from_iter(words))
}

fn input(kind: &Kind, facts: Facts, old_verdict: Verdict) -> StoredInput {
    StoredInput {
        item: "item".into(),
        resource_type: kind.resource_type.into(),
        automatable: true,
        office: Office::default(),
        submitter: "lin.wei".into(),
        facts,
        old_verdict,
    }
}

#[test]
fn a_bundle_does_not_differ_from_itself() {
    let diff = RuleDiff::between(&Bundle::embedded(), &Bundle::embedded()).unwrap();
    assert!(diff.is_empty() && diff.old == diff.new);
}

#[test]
fn rules_that_come_go_and_change_are_shown_with_their_places() {
    let (old, new) = (old(), new());
    let diff = RuleDiff::between(&old, &new).unwrap();
    assert!(!diff.is_empty() && !diff.schema_changed);
    assert_eq!((diff.old, diff.new), (old.version(), new.version()));
    let [added] = &diff.added[..] else {
        panic!("{:?}", diff.added);
    };
    assert_eq!((added.id.as_str(), added.line), ("test.added", 5));
    assert_eq!(added.file, "rules/test.cedar");
    assert_eq!(added.text, rule("added", "review2").trim_end());
    let [removed] = &diff.removed[..] else {
        panic!("{:?}", diff.removed);
    };
    assert_eq!((removed.id.as_str(), removed.line), ("test.gone", 1));
    let [changed] = &diff.changed[..] else {
        panic!("{:?}", diff.changed);
    };
    assert_eq!(changed.before.id, "test.changed");
    assert_eq!((changed.before.line, changed.after.line), (5, 1));
    assert!(changed.before.text.contains("review") && changed.after.text.contains("hold"));
    assert!(!changed.layout_only);

    let back = RuleDiff::between(&new, &old).unwrap();
    assert_eq!((&back.added, &back.removed), (&diff.removed, &diff.added));
    let json = serde_json::to_value(&diff).unwrap();
    assert_eq!(json["changed"][0]["after"]["id"], "test.changed");
}

#[test]
fn layout_and_place_are_no_difference_and_the_schema_is_one() {
    let old = Bundle::embedded();
    let text = old.file(BUSINESS).unwrap();
    let spaced = text.replace("\nforbid (", "\n// The same.\nforbid   (");
    assert_ne!(text, spaced);
    let diff = RuleDiff::between(&old, &old.clone().with_file(BUSINESS, spaced)).unwrap();
    assert!(!diff.changed.is_empty() && diff.is_empty(), "{diff:#?}");
    let moved = old
        .clone()
        .without_file(BUSINESS)
        .with_file("rules/else.cedar", text);
    let diff = RuleDiff::between(&old, &moved).unwrap();
    assert!(diff.changed.is_empty() && diff.is_empty());
    let schema = old.file("schema.cedarschema").unwrap().to_owned() + "\n";
    let diff = RuleDiff::between(&old, &old.clone().with_file("schema.cedarschema", schema));
    let diff = diff.unwrap();
    assert!(diff.schema_changed && !diff.is_empty());
    let broken = old.clone().with_file("rules/broken.cedar", "forbid (");
    let refused = RuleDiff::between(&old, &broken).unwrap_err();
    assert!(
        refused.to_string().contains("rules/broken.cedar:1:"),
        "{refused}"
    );
}

fn ids(hits: &[RuleHit]) -> Vec<&str> {
    hits.iter().map(|hit| hit.id.as_str()).collect()
}

#[test]
fn movers_are_handed_over_and_the_table_counts_all() {
    let (old, new) = (engine(old()), engine(new()));
    let mut replay = Replay::new(&old, &new);
    let mut movers: Vec<Mover> = Vec::new();
    for (kind, facts, verdict) in [
        (&AGENT_INVOICE, found(&[]), Verdict::Proceed),
        (&AGENT_INVOICE, found(&["changed"]), Verdict::Review),
        (&AGENT_INVOICE, found(&["added"]), Verdict::Proceed),
        (&RED_LETTER, RED_LETTER.good(), Verdict::Proceed),
        // What was stored does not reproduce.
        (&AGENT_INVOICE, found(&["gone"]), Verdict::Return),
        (&RED_LETTER, RED_LETTER.good(), Verdict::Hold),
    ] {
        replay.feed(&input(kind, facts, verdict), |mover| movers.push(mover));
    }
    let table = replay.table();
    assert_eq!((table.old, table.new), (old.version(), new.version()));
    assert_eq!((table.inputs, table.moved, table.drift), (6, 3, 2));
    for (from, to, count) in [
        (Verdict::Proceed, Verdict::Proceed, 3),
        (Verdict::Proceed, Verdict::Review2, 1),
        (Verdict::Review, Verdict::Hold, 1),
        (Verdict::Review, Verdict::Proceed, 1),
        (Verdict::Review, Verdict::Review, 0),
    ] {
        assert_eq!(table.count(from, to), count, "{from} to {to}");
    }
    let [held, second, free] = &movers[..] else {
        panic!("{movers:#?}");
    };
    assert_eq!((held.old, held.new), (Verdict::Review, Verdict::Hold));
    assert_eq!(ids(&held.appear), ["test.changed"], "it asks for more now");
    assert_eq!(ids(&held.disappear), ["test.changed"]);
    assert_eq!(ids(&second.appear), ["test.added"]);
    assert_eq!(
        ids(&second.disappear),
        ["agent_invoice.process"],
        "the permit"
    );
    assert_eq!((free.stored, free.old), (Verdict::Return, Verdict::Review));
    assert_eq!(ids(&free.disappear), ["test.gone"]);
    let written = serde_json::to_string(&table).unwrap();
    assert_eq!(
        serde_json::from_str::<ReplayTable>(&written).unwrap(),
        table
    );
}

#[test]
fn the_same_verdict_by_other_rules_is_counted_and_not_handed_over() {
    let (old, new) = (engine(old()), engine(new()));
    let mut replay = Replay::new(&new, &old);
    let stored = input(
        &AGENT_INVOICE,
        put(found(&["gone"]), "duplicates_count", 1_i64),
        Verdict::Review,
    );
    replay.feed(&stored, |mover| panic!("{mover:?}"));
    let table = replay.table();
    assert_eq!(
        (table.inputs, table.moved, table.other_rules, table.drift),
        (1, 0, 1, 0)
    );
    // A stored input can be written and read.
    let written = serde_json::to_string(&stored).unwrap();
    assert_eq!(
        serde_json::from_str::<StoredInput>(&written).unwrap(),
        stored
    );
}
