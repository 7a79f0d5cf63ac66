//! Single jobs: cancel, retry, lists, and an `up` that ends in order.

use serde_json::{Value, json};

use crate::{
    harness::{Home, example},
    platform::Platform,
};

const KIND: &str = "agent_invoice_review";

fn submit(home: &Home, kind: &str, reference: &str, more: &[&str]) -> Value {
    let mut args = vec![
        "job",
        "submit",
        "--kind",
        kind,
        "--reference",
        reference,
        "--as",
        "alice",
        "--json",
    ];
    args.extend(more);
    home.run_with(&args, example(kind, |_| ()).as_bytes())
        .ok()
        .json()
}

#[test]
fn a_job_that_waits_can_be_called_off_once() {
    let home = Home::with_people();
    let id = submit(&home, KIND, "R-1", &["--run-at", "1d"])["id"].clone();
    assert_eq!(home.state_of("R-1"), "scheduled");
    home.anonymous(&["job", "cancel", "R-1", "--reason", "withdrawn"])
        .fails(4, &["--as"]);
    let cancel = [
        "job",
        "cancel",
        "R-1",
        "--reason",
        "withdrawn",
        "--as",
        "alice",
    ];
    let done = home.json(&cancel);
    assert_eq!((&done["outcome"], &done["id"]), (&json!("cancelled"), &id));
    assert_eq!(home.state_of("R-1"), "cancelled");
    home.run(&cancel).fails(4, &["cancelled"]);
    home.run(&["job", "retry", "R-1", "--reason", "x", "--as", "alice"])
        .fails(4, &["failed"]);
}

#[test]
fn lists_go_on_after_the_last_item_of_a_page() {
    let home = Home::with_people();
    for number in 1..=5 {
        submit(&home, KIND, &format!("R-{number}"), &["--run-at", "1d"]);
    }
    let mut seen = Vec::new();
    let mut after: Option<String> = None;
    for _ in 0..4 {
        let mut args = vec!["job", "list", "--state", "scheduled", "--limit", "2"];
        if let Some(after) = &after {
            args.extend(["--after", after]);
        }
        let page = home.json(&args);
        let items = page["items"].as_array().unwrap();
        seen.extend(
            items
                .iter()
                .map(|item| item["reference"].as_str().unwrap().to_owned()),
        );
        after = page["next"].as_str().map(str::to_owned);
        if after.is_none() {
            break;
        }
    }
    assert_eq!(seen, ["R-5", "R-4", "R-3", "R-2", "R-1"]);
    let none = home.json(&["job", "list", "--state", "failed"]);
    assert_eq!(none, json!({"items": [], "next": null}));
}

#[test]
fn a_failed_job_gets_another_chance_and_kinds_of_the_hard_floor_are_blocked() {
    let mut home = Home::with_people();
    let platform = Platform::start(&mut home, 5, 40);
    home.set("CLERKWORK__FLEET__MAX_ATTEMPTS", "1");
    let up = home.up(&[]);
    // HTML in GBK, with status 200, as real platforms answer at night.
    platform.set_faults(&json!([{"type": "maintenance", "status": 200}]));
    submit(&home, KIND, "R-1", &[]);
    home.wait_for("R-1", "failed");
    let shown = home.json(&["job", "show", "R-1"]);
    assert!(
        !shown["last_error"].as_str().unwrap().is_empty(),
        "{shown:#}"
    );

    platform.set_faults(&json!([]));
    let retry = [
        "job",
        "retry",
        "R-1",
        "--reason",
        "the platform is back",
        "--as",
        "alice",
    ];
    assert_eq!(home.json(&retry)["outcome"], "redriven");
    // The platform does not know this application: a person must look.
    home.wait_for("R-1", "blocked");
    home.run(&retry).fails(4, &["blocked"]);

    submit(&home, "deregistration", "D-1", &[]);
    home.wait_for("D-1", "blocked");
    home.run(&["doctor"]).ok();
    let letters = home.json(&["dead-letters", "list"]);
    assert_eq!(letters, json!({"items": [], "next": null}));
    assert_eq!(up.stop().code(), Some(0));
}

#[test]
fn schemas_and_examples_fit_each_other_for_every_kind() {
    let home = Home::with_people();
    let kinds = home.json(&["job", "kinds"]);
    let kinds = kinds["items"].as_array().unwrap();
    assert!(kinds.len() >= 5);
    for kind in kinds {
        let name = kind["kind"].as_str().unwrap();
        let schema = home.run(&["job", "schema", name]).ok().json();
        assert_eq!(schema["type"], "object", "{name}");
        assert_eq!(
            submit(&home, name, "R-1", &["--run-at", "1d"])["outcome"],
            "new"
        );
    }
    home.run(&["job", "schema", "dragon"])
        .fails(2, &["`dragon`"]);
}
