//! The desk: claims, questions to the applicant, and work done by hand.

use serde_json::Value;

use crate::harness::{Done, Home, example};

/// A kind that no robot completes: each item is put in front of a person.
const KIND: &str = "invoice_quota";

fn blocked(home: &Home, references: &[&str]) {
    let file = home.file("item.json", example(KIND, |_| ()));
    for reference in references {
        let item = ["--file", &file, "--reference", reference, "--as", "alice"];
        let submit = [&["job", "submit", "--kind", KIND][..], &item[..]].concat();
        home.run(&submit).ok();
        home.wait_for(reference, "blocked");
    }
}

fn act(home: &Home, verb: &str, more: &[&str], user: &str) -> Done {
    let args = ["review", verb, "X-1", "--as", user, "--json"];
    home.run(&[&args[..], more].concat())
}

fn refused(done: Done, code: &str) {
    assert_eq!(done.fails(4, &[]).error()["code"], code);
}

#[test]
fn a_review_is_worked_on_by_one_person_at_a_time_and_done_by_hand() {
    let home = Home::with_people();
    let up = home.up(&[]);
    blocked(&home, &["X-1", "X-2"]);

    let claimed = act(&home, "claim", &[], "bob").ok().json();
    assert_eq!(claimed["claimed_by"], "bob");
    let mine = home.json(&["review", "list", "--mine"]);
    // The desk may have given both to bob by then; one of them he has taken.
    let mine = mine["items"].as_array().unwrap();
    let taken = mine.iter().filter(|item| item["claimed_by"] == "bob");
    let taken: Vec<_> = taken.map(|item| &item["reference"]).collect();
    assert_eq!(taken, ["X-1"], "{mine:#?}");
    for (verb, more) in [
        ("claim", &[][..]),
        ("release", &[]),
        ("ask", &["--question", "q", "--days", "5"]),
        ("hand-over", &["--to", "carol", "--note", "n"]),
    ] {
        refused(act(&home, verb, more, "carol"), "claimed");
    }
    act(&home, "release", &[], "bob").ok();
    refused(act(&home, "release", &[], "bob"), "not_claimed");

    let asked = act(&home, "ask", &["--question", "缺页", "--days", "5"], "bob");
    assert!(asked.ok().json()["asked_until"].is_string());
    let waits = home.decide("approve", "X-1", "seen", "bob");
    refused(waits, "waits_for_applicant");
    let again = act(&home, "ask", &["--question", "缺页", "--days", "5"], "bob");
    refused(again, "waits_for_applicant");
    act(&home, "answer", &["--note", "已补"], "alice").ok();
    refused(
        act(&home, "answer", &["--note", "已补"], "alice"),
        "not_asked",
    );

    // Whoever submitted it, and may not even read it, works on it in no way.
    refused(act(&home, "claim", &[], "alice"), "access");
    act(&home, "assign", &["--to", "group:desk"], "bob").ok();
    let group = home.json(&["review", "list", "--group", "desk"]);
    assert_eq!(group["items"][0]["assigned_to"], "group:desk");
    act(&home, "assign", &["--to", "two words"], "bob").fails(2, &["`two words`"]);

    let shown = home.json(&["review", "show", "X-1"]);
    let other = shown["same_taxpayer"].as_array().unwrap();
    assert_eq!(other.len(), 1, "{shown:#}");
    assert_eq!(shown["earlier_items"][0]["reference"], "X-2");
    let digest = shown["shown"].as_str().unwrap();
    let commands = shown["commands"].to_string();
    assert!(commands.contains(&digest[..12]), "{commands}");
    let by_hand = |shown: &str| {
        let done = ["--number", "26440000000000000001", "--shown", shown];
        let why = ["--code", "done_at_counter", "--note", "在窗口办结"];
        act(&home, "by-hand", &[&done[..], &why[..]].concat(), "bob")
    };
    refused(by_hand("00000000"), "stale");
    by_hand(&digest[..8]).ok();
    assert_eq!(home.state_of("X-1"), "completed");
    let story = home.json(&["job", "show", "X-1"]);
    let events = story["events"].as_array().unwrap();
    let noted = events
        .iter()
        .find(|event| event["type"] == "review.done_by_hand")
        .unwrap();
    assert_eq!(noted["data"]["number"], Value::from("26440000000000000001"));
    assert_eq!(story["effects"], Value::from(Vec::<Value>::new()));
    refused(act(&home, "claim", &[], "bob"), "already_decided");
    let similar = home.json(&["review", "show", "X-2"]);
    assert_eq!(similar["similar"][0]["code"], "done_at_counter");
    assert_eq!(up.stop().code(), Some(0));
}

#[test]
fn many_reviews_are_decided_by_a_plan_that_was_previewed() {
    let home = Home::with_people();
    let up = home.up(&[]);
    blocked(&home, &["X-1", "X-2"]);
    let bulk = |more: &[&str]| {
        let what = ["review", "bulk", "return", "--taxpayer-of", "X-1"];
        let why = ["--code", "no_answer", "--note", "逾期", "--json"];
        home.run(&[&what[..], &why[..], more].concat())
    };
    bulk(&[]).fails(2, &["--plan"]);
    let preview = bulk(&["--preview"]).ok().json();
    assert_eq!(preview["items"].as_array().unwrap().len(), 2, "{preview:#}");
    assert!(preview["items"][0]["refused"].is_null());
    assert_eq!(home.state_of("X-1"), "blocked");
    let plan = preview["plan"].as_str().unwrap();
    refused(bulk(&["--plan", "00000000"]), "stale");
    blocked(&home, &["X-3"]);
    refused(bulk(&["--plan", plan]), "stale");
    // What somebody else works on is refused by itself.
    act(&home, "claim", &[], "carol").ok();
    let preview = bulk(&["--preview"]).ok().json();
    let done = bulk(&["--plan", preview["plan"].as_str().unwrap()]);
    assert_eq!(done.code, Some(4), "{done:#?}");
    let items = done.json()["items"].clone();
    assert_eq!(items[0]["refused"]["code"], "claimed", "{items:#}");
    for (index, job) in [(1, "X-2"), (2, "X-3")] {
        assert_eq!(items[index]["state"], "returned", "{items:#}");
        home.wait_for(job, "returned");
    }
    assert_eq!(home.state_of("X-1"), "blocked");
    assert_eq!(up.stop().code(), Some(0));
}
