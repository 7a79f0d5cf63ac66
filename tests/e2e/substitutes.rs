//! Substitutes: with a period, with the absent person's own roles, and both on record.

use serde_json::json;

use crate::harness::{Done, Home};

fn add(home: &Home, substitute: &str, absent: &str, more: &[&str]) -> Done {
    let args = ["substitute", "add", substitute, "--of", absent];
    home.run(&[&args[..], more, &["--as", "dave", "--json"]].concat())
}

#[test]
fn a_substitute_acts_with_the_absent_persons_roles_and_both_are_on_record() {
    let home = Home::with_people();
    let show = ["audit", "search", "--as", "alice"];
    let for_frank = [&show[..], &["--for", "frank", "--json"]].concat();
    let refused = home.run(&for_frank).fails(4, &["does not stand in"]);
    assert_eq!(refused.error()["code"], "access");

    let named = add(&home, "alice", "frank", &["--until", "2d"]).ok().json();
    let id = named["id"].as_str().unwrap();
    home.run(&show).fails(4, &["auditor"]);
    home.run(&for_frank).ok();
    let trail = home.json(&[
        "audit",
        "search",
        "--type",
        "audit.read",
        "--actor",
        "alice",
    ]);
    assert_eq!(trail["items"][0]["data"]["on_behalf_of"], "frank");
    // The absent person's roles, not one's own besides.
    let submit = ["batch", "list", "--as", "alice"];
    home.run(&submit).ok();
    let grant = ["role", "grant", "carol", "auditor", "--as", "alice"];
    home.run(&[&grant[..], &["--for", "frank"]].concat())
        .fails(4, &["administrator"]);
    // What is done in one's own name is not done for somebody else.
    let cancel = ["job", "cancel", "R-1", "--reason", "x", "--as", "alice"];
    home.run(&[&cancel[..], &["--for", "frank"]].concat())
        .fails(2, &["--for"]);

    let standing = home.json(&["substitute", "list", "--as", "dave"]);
    assert_eq!(standing["items"][0]["absent"], "frank");
    home.run(&["substitute", "end", id, "--as", "dave"]).ok();
    home.run(&for_frank).fails(4, &["does not stand in"]);
    home.run(&["substitute", "end", id, "--as", "dave"])
        .fails(4, &["over"]);
    let standing = home.json(&["substitute", "list", "--as", "dave"]);
    assert_eq!(standing["items"], json!([]));
    let all = home.json(&["substitute", "list", "--all", "--as", "dave"]);
    assert_eq!(all["items"][0]["ended_by"], "dave");
}

#[test]
fn a_substitute_has_no_substitute() {
    let home = Home::with_people();
    add(&home, "carol", "bob", &["--until", "2d"]).ok();
    let chain = add(&home, "alice", "carol", &["--until", "1d"]);
    let chain = chain.fails(4, &["a substitute has no substitute", "代理人不得转代理"]);
    assert_eq!(chain.error()["code"], "substitute");
    let chain = add(&home, "bob", "frank", &["--from", "1d", "--until", "3d"]);
    chain.fails(4, &["a substitute has no substitute"]);
    add(&home, "dave", "frank", &["--until", "1d"]).fails(4, &["another administrator"]);
    add(&home, "bob", "bob", &["--until", "1d"]).fails(2, &["themselves"]);
    add(&home, "bob", "frank", &["--from", "2d", "--until", "1d"]).fails(2, &["period"]);
    add(&home, "bob", "nobody", &["--until", "1d"]).fails(5, &["`nobody`"]);
    let standing = home.json(&["substitute", "list", "--as", "dave"]);
    assert_eq!(standing["items"].as_array().unwrap().len(), 1);
}

#[test]
fn a_period_that_is_over_stays_over_when_the_clock_is_set_back() {
    let home = Home::with_people();
    add(&home, "alice", "frank", &["--until", "1h"]).ok();
    let read = ["audit", "search", "--as", "alice", "--for", "frank"];
    home.run(&read).ok();
    let clock = home.data_dir().join("demo.clock");
    std::fs::write(&clock, "7200").unwrap();
    home.run(&read).fails(4, &["does not stand in"]);
    std::fs::remove_file(&clock).unwrap();
    home.run(&read).fails(4, &["does not stand in"]);
}

#[test]
fn a_disabled_person_is_stood_in_for_by_nobody() {
    let home = Home::with_people();
    add(&home, "alice", "frank", &["--until", "1d"]).ok();
    home.run(&["user", "disable", "frank", "--as", "dave"]).ok();
    home.run(&["audit", "search", "--as", "alice", "--for", "frank"])
        .fails(4, &["does not stand in"]);
    add(&home, "bob", "frank", &["--until", "1d"]).fails(4, &["disabled"]);
}
