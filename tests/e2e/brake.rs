//! Stopping work and letting it go on, with everything running.

use serde_json::json;

use crate::harness::{Home, example};

const KIND: &str = "agent_invoice_review";

fn submit(home: &Home, reference: &str) {
    let args = [
        "job",
        "submit",
        "--kind",
        KIND,
        "--reference",
        reference,
        "--as",
        "alice",
    ];
    home.run_with(&args, example(KIND, |_| ()).as_bytes()).ok();
}

#[test]
fn a_brake_on_a_kind_lets_its_jobs_rest_until_it_is_released() {
    let home = Home::with_people();
    let up = home.up(&[]);
    let put = home.json(&["brake", "on", "--kind", KIND, "--reason", "too many doubts"]);
    assert_eq!((&put["scope"], &put["new"]), (&json!("kind"), &json!(true)));
    let again = home.json(&["brake", "on", "--kind", KIND, "--reason", "once more"]);
    assert_eq!(
        (&again["brake"], &again["new"]),
        (&put["brake"], &json!(false))
    );
    submit(&home, "R-1");
    home.wait_for("R-1", "waiting");
    let shown = home.run(&["job", "show", "R-1"]).ok();
    assert!(shown.stdout.contains("too many doubts"), "{shown:#?}");
    let listed = home.json(&["brake", "list"]);
    assert_eq!(listed["items"][0]["put_by"], "user:bob");

    let id = put["brake"].as_str().unwrap();
    let off = home.json(&["brake", "off", id, "--reason", "looked into"]);
    assert_eq!(off["woken"], 1);
    home.wait_for("R-1", "blocked");
    home.run(&["brake", "off", id, "--reason", "again"])
        .fails(4, &["released by `bob`"]);
    assert_eq!(home.json(&["brake", "list"])["items"], json!([]));
    let all = home.json(&["brake", "list", "--released"]);
    assert_eq!(all["items"][0]["release_reason"], "looked into");
    for kind in ["brake.on", "brake.off"] {
        let events = home.json(&["audit", "search", "--type", kind]);
        assert_eq!(events["items"].as_array().unwrap().len(), 1, "{kind}");
    }
    up.stop();
}

#[test]
fn a_brake_on_everything_leaves_the_backlog_where_it_is() {
    let home = Home::with_people();
    let up = home.up(&[]);
    let put = home.json(&[
        "brake",
        "on",
        "--all",
        "--reason",
        "the platform answers nonsense",
    ]);
    submit(&home, "R-1");
    // A restart does not forget it.
    up.stop();
    let up = home.up(&[]);
    let state = home.state_of("R-1");
    assert!(["available", "waiting"].contains(&&*state), "{state}");
    let id = put["brake"].as_str().unwrap();
    home.run(&["brake", "off", id, "--reason", "mended"]).ok();
    home.wait_for("R-1", "blocked");
    up.stop();
}

#[test]
fn what_cannot_be_stopped_is_said_clearly() {
    let home = Home::with_people();
    let on = |more: &[&str]| home.run(&[&["brake", "on", "--reason", "x"], more].concat());
    on(&["--kind", "nothing"]).fails(2, &["there is no kind `nothing`", KIND]);
    on(&["--connector", "sap"]).fails(2, &["no kind speaks to a connector `sap`", "etax"]);
    on(&["--batch", "B-404"]).fails(5, &["there is no batch `B-404`"]);
    on(&[]).fails(2, &["--all"]);
    on(&["--all", "--kind", KIND]).fails(2, &["cannot be used with"]);
    home.run(&["brake", "on", "--all", "--reason", " "])
        .fails(2, &["--reason"]);
    let unknown = "0190c8f0-0000-7000-8000-000000000001";
    home.run(&["brake", "off", unknown, "--reason", "x"])
        .fails(5, &["there is no brake"]);
    // Who only submits work stops none, and a substitute stops in their own name only.
    home.run(&["brake", "on", "--all", "--reason", "x", "--as", "frank"])
        .fails(4, &["frank"]);
    assert_eq!(home.json(&["brake", "list"])["items"], json!([]));
}
