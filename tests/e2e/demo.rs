//! `clerkwork up --demo`

use std::collections::BTreeMap;

use clerkwork_core::Verdict;
use serde_json::Value;

use crate::harness::{Home, Up};

/// A demo whose red letters are none; those have tests of their own.
const ONLY_AGENT: [&str; 5] = ["up", "--demo", "--once", "--red-letters", "0"];

/// What a careful office would do with the world of this seed.
pub fn expected(seed: u64, items: usize) -> BTreeMap<&'static str, u64> {
    let world = clerkwork_sandbox::generate(seed, items);
    let mut counts = BTreeMap::from([("completed", 0), ("returned", 0), ("blocked", 0)]);
    for index in 0..items {
        let state = match world.case(index).unwrap().expected() {
            Verdict::Proceed => "completed",
            Verdict::Return => "returned",
            Verdict::Review | Verdict::Review2 | Verdict::Hold => "blocked",
        };
        *counts.get_mut(state).unwrap() += 1;
    }
    counts
}

fn compare(figures: &Value, seed: u64, items: usize) {
    for (state, count) in expected(seed, items) {
        assert_eq!(figures[state], count, "{state}: {figures:#}");
    }
    assert_eq!(figures["failed"], 0, "{figures:#}");
    assert_eq!(figures["items"], items, "{figures:#}");
}

#[test]
fn a_demo_ends_as_a_careful_office_would_and_a_second_start_changes_nothing() {
    let home = Home::new();
    let args = [&ONLY_AGENT[..], &["--items", "200", "--seed", "7"]].concat();
    let figures = home.json(&args);
    compare(&figures, 7, 200);
    assert_eq!(figures["submitted"]["accepted"], 200);
    assert!(figures.get("red_letters").is_none(), "{figures:#}");
    assert_eq!(figures["clock_ahead_seconds"], 0);
    for list in ["returned_reasons", "blocked_rules"] {
        let first = &figures[list][0];
        assert!(first["count"].as_u64().unwrap() > 0, "{figures:#}");
        assert!(!first["zh"].as_str().unwrap().is_empty(), "{figures:#}");
    }

    let again = home.json(&args);
    compare(&again, 7, 200);
    // The platform remembers what was issued and sent back; those applications wait no longer.
    assert_eq!(again["submitted"]["accepted"], 0);
    assert_eq!(again["submitted"]["same"], again["blocked"]);
    assert_eq!(again["submitted"]["conflict"], 0);
    assert_eq!(again["batch"], figures["batch"]);
    assert_eq!(again["done_now"], 0);
}

#[test]
fn a_demo_that_is_interrupted_goes_on_where_it_stopped() {
    let home = Home::new();
    let args = [&ONLY_AGENT[..], &["--items", "2000", "--seed", "3"]].concat();
    // Without a terminal its progress is told in lines; the first comes at once.
    let mut first = Up::start(home.command(&args), "/2000");
    first.signal("INT");
    let status = first.wait();
    assert!(
        matches!(status.code(), Some(0 | 130)),
        "{status}: {}",
        first.said()
    );
    let figures = home.json(&args);
    compare(&figures, 3, 2000);
    assert_eq!(figures["submitted"]["conflict"], 0);
}

#[test]
fn for_people_there_are_tables_and_commands_that_work_as_they_stand() {
    let home = Home::new();
    let args = [&ONLY_AGENT[..], &["--items", "60"]].concat();
    let done = home.run(&args).ok();
    for part in [
        "已完成 completed",
        "退回 returned",
        "待人工 blocked",
        "items/s",
    ] {
        assert!(done.stdout.contains(part), "no `{part}` in {done:#?}");
    }
    let next: Vec<_> = done.stdout.lines().rev().take(3).collect();
    for line in next {
        let words = line.trim().replace('\'', "");
        let mut words = words.split_whitespace();
        assert_eq!(
            words.next(),
            Some(env!("CARGO_BIN_EXE_clerkwork")),
            "{line}"
        );
        let args: Vec<_> = words.collect();
        crate::harness::finish(crate::harness::bare(&args), b"").ok();
    }
}

#[test]
fn another_seed_in_the_same_folder_is_a_conflict() {
    let home = Home::new();
    let demo = |seed| {
        [
            &ONLY_AGENT[..],
            &["--items", "20", "--json", "--seed", seed],
        ]
        .concat()
    };
    home.run(&demo("1")).ok();
    let done = home.run(&demo("2")).fails(4, &["--data-dir"]);
    assert_eq!(done.error()["code"], "conflict");
}

#[test]
fn the_demo_has_a_folder_of_its_own_and_who_looks_elsewhere_is_told() {
    let home = Home::new();
    let args = [&ONLY_AGENT[..], &["--items", "5"]].concat();
    let mut command = crate::harness::bare(&args);
    command.env("HOME", home.path("."));
    let done = crate::harness::finish(command, b"").ok();
    assert!(
        done.stderr.contains(".local/state/clerkwork/demo"),
        "{done:#?}"
    );
    home.run(&["review", "list"])
        .fails(3, &["--data-dir", ".local/state/clerkwork/demo"]);
}
