//! The ways to other systems, as integrators and others use them.

use serde_json::json;

use crate::harness::Home;

#[test]
fn connectors_are_listed_shown_asked_and_tried_and_that_is_on_record() {
    let home = Home::with_people();
    let up = home.up(&[]);
    let listed = home.json(&["connector", "list", "--as", "erin"]);
    let etax = &listed["items"][0];
    assert_eq!(
        (&etax["connector"], &etax["serves"]),
        (&json!("etax"), &json!(["agent_invoices"]))
    );
    let shown = home.json(&["connector", "show", "etax", "--as", "erin"]);
    let operations = shown["operations"].as_array().unwrap();
    let issue = operations
        .iter()
        .find(|one| one["operation"] == "approve_and_issue")
        .unwrap();
    assert_eq!(
        (&issue["writes"], &issue["idempotency"], &issue["lookup"]),
        (&json!(true), &json!("business_key"), &json!("status"))
    );
    assert_eq!(issue["input"]["required"], json!(["application_number"]));

    let health = home.json(&["connector", "health", "etax", "--as", "alice"]);
    assert_eq!(health["healthy"], true);
    let page = home.json(&["connector", "try", "etax", "pending", "--as", "erin"]);
    let number = page["items"][0]["application_number"].as_str().unwrap();
    let input = json!({ "application_number": number }).to_string();
    let status = ["connector", "try", "etax", "status", "--input", &input];
    let status = home.json(&[&status[..], &["--as", "erin"]].concat());
    assert_eq!(status["output"], json!({"state": "pending"}));

    // A write is checked, and never made.
    let write = [
        "connector",
        "try",
        "etax",
        "approve_and_issue",
        "--as",
        "erin",
    ];
    let with = |more: &[&str]| home.run(&[&write[..], more].concat());
    with(&["--input", &input]).fails(4, &["through a job"]);
    with(&["--input", &input, "--dry-run"]).ok();
    with(&["--input", "{}", "--dry-run"]).fails(2, &["`application_number` is missing"]);
    with(&["--input", "{", "--dry-run"]).fails(2, &["`--input` holds no JSON"]);
    let again = home.json(&[
        "connector",
        "try",
        "etax",
        "status",
        "--input",
        &input,
        "--as",
        "erin",
    ]);
    assert_eq!(again["output"], json!({"state": "pending"}));

    home.run(&["connector", "try", "etax", "nonsense", "--as", "erin"])
        .fails(3, &["there is no operation `nonsense`", "pending"]);
    home.run(&["connector", "show", "sap", "--as", "erin"])
        .fails(2, &["there is no connector `sap`", "etax"]);
    home.run(&["connector", "try", "etax", "pending", "--as", "alice"])
        .fails(4, &["integrator"]);
    let tried = home.json(&["audit", "search", "--type", "connector.tried"]);
    let tried = tried["items"].as_array().unwrap();
    let operations: Vec<_> = tried
        .iter()
        .map(|event| &event["data"]["operation"])
        .collect();
    assert_eq!(
        operations,
        ["status", "approve_and_issue", "status", "pending", "health"]
    );
    up.stop();
    home.run(&["connector", "health", "etax", "--as", "erin"])
        .fails(2, &["there is no connector `etax`"]);
}
