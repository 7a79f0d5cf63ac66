//! Wrong input: one clear sentence each, and nothing submitted.

use serde_json::json;

use crate::harness::{Home, example};

const KIND: &str = "agent_invoice_review";

fn submit<'a>(kind: &'a str, file: &'a str, reference: &'a str) -> Vec<&'a str> {
    vec![
        "job",
        "submit",
        "--kind",
        kind,
        "--file",
        file,
        "--reference",
        reference,
        "--as",
        "alice",
    ]
}

#[test]
fn wrong_items_are_refused_with_the_place() {
    let home = Home::with_people();
    let three_decimals = example(KIND, |item| item["total_net"] = json!("1.234"));
    let wrong_type = example(KIND, |item| item["lines"] = json!("none"));
    let unknown_field = example(KIND, |item| item["colour"] = json!("red"));
    let cases: [(&str, &str, &[&str]); 6] = [
        ("{\"a\": 1,}", KIND, &["line 1", "invalid JSON"]),
        ("[1]", KIND, &["must be a JSON object"]),
        (
            &three_decimals,
            KIND,
            &["total_net", "1.234", "two decimals"],
        ),
        (&wrong_type, KIND, &["lines"]),
        (&unknown_field, KIND, &["colour"]),
        (&example(KIND, |_| ()), "dragon", &["`dragon`", KIND]),
    ];
    for (content, kind, says) in cases {
        let file = home.file("item.json", content);
        let mut args = submit(kind, &file, "R-1");
        home.run(&args).fails(2, says);
        args.push("--json");
        let done = home.run(&args).fails(2, &[]);
        assert!(done.error()["message"].is_string());
        assert_eq!(done.stdout, "");
    }
    home.run(&submit(KIND, "/no/such/file", "R-1"))
        .fails(2, &["/no/such/file"]);
    let file = home.file("item.json", example(KIND, |_| ()));
    let args = [
        "job",
        "submit",
        "--kind",
        KIND,
        "--file",
        &file,
        "--reference",
        "R-1",
    ];
    home.anonymous(&args).fails(4, &["--as"]);
    assert_eq!(home.json(&["job", "list"])["items"], json!([]));
}

#[test]
fn a_payload_of_10_mb_is_refused() {
    let home = Home::with_people();
    let long = "x".repeat(10 << 20);
    let file = home.file(
        "item.json",
        example(KIND, |item| item["remark"] = json!(long)),
    );
    home.run(&submit(KIND, &file, "R-1"))
        .fails(2, &["at most 1048576"]);
    let line = json!({"reference": "R-1", "payload": {"remark": long}}).to_string();
    let file = home.file("items.jsonl", line);
    let args = [
        "batch",
        "submit",
        "--kind",
        KIND,
        "--file",
        &file,
        "--reference",
        "B",
        "--as",
        "alice",
    ];
    home.run(&args)
        .fails(2, &["line 1", "at most 1048576", "nothing was submitted"]);
}

#[test]
fn the_same_reference_is_the_same_job_or_a_conflict() {
    let home = Home::with_people();
    let file = home.file("item.json", example(KIND, |_| ()));
    let args = submit(KIND, &file, "R-1");
    let first = home.json(&args);
    assert_eq!(first["outcome"], "new");
    let again = home.json(&args);
    assert_eq!(
        (&again["outcome"], &again["id"]),
        (&json!("same"), &first["id"])
    );
    let said = home.run(&args).ok().stdout;
    assert!(said.contains("same job"), "{said}");

    let other = home.file(
        "other.json",
        example(KIND, |item| item["remark"] = json!("别的")),
    );
    let mut args = submit(KIND, &other, "R-1");
    home.run(&args)
        .fails(4, &["R-1", first["id"].as_str().unwrap(), "other content"]);
    args.push("--json");
    assert_eq!(home.run(&args).fails(4, &[]).error()["code"], "conflict");
    assert_eq!(
        home.json(&["job", "list"])["items"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
}

#[test]
fn a_batch_with_a_wrong_line_is_not_submitted_unless_told_so() {
    let home = Home::with_people();
    let good = |reference: &str| {
        let payload: serde_json::Value = serde_json::from_str(&example(KIND, |_| ())).unwrap();
        json!({"reference": reference, "payload": payload}).to_string()
    };
    let content = [good("R-1"), "{".into(), String::new(), good("R-2")].join("\n");
    let file = home.file("items.jsonl", content);
    let mut args = vec![
        "batch",
        "submit",
        "--kind",
        KIND,
        "--file",
        &file,
        "--reference",
        "B-1",
        "--as",
        "alice",
    ];
    home.run(&args)
        .fails(2, &["line 2", "nothing was submitted"]);
    home.run(&["batch", "status", "B-1"]).fails(5, &[]);

    args.extend(["--skip-invalid", "--json"]);
    let done = home.run(&args);
    assert_eq!(done.code, Some(1), "{done:#?}");
    let report = done.json();
    assert_eq!(
        (&report["accepted"], &report["invalid"]),
        (&json!(2), &json!(1))
    );
    assert!(
        report["problems"][0]
            .as_str()
            .unwrap()
            .starts_with("line 2: ")
    );
    let again = home.run(&args).json();
    assert_eq!((&again["accepted"], &again["same"]), (&json!(0), &json!(2)));
    let status = home.json(&["batch", "status", "B-1"]);
    assert_eq!(
        (&status["total"], &status["counts"]["available"]),
        (&json!(2), &json!(2))
    );
}

#[test]
fn what_is_not_there_is_told_with_5() {
    let home = Home::with_people();
    let file = home.file("item.json", example(KIND, |_| ()));
    home.run(&submit(KIND, &file, "R-1")).ok();
    home.run(&["job", "show", "R-2"]).fails(5, &["R-2"]);
    home.run(&["batch", "status", "B"]).fails(5, &["`B`"]);
    home.run(&["review", "show", "R-1"])
        .fails(5, &["never put in front of a person"]);
    let done = home.run(&[
        "review", "approve", "R-9", "--shown", "00000000", "--code", "checked", "--note", "x",
        "--as", "bob", "--json",
    ]);
    assert_eq!(done.fails(5, &[]).error()["code"], "not_found");
}
