//! The ways to other systems, as integrators and others use them.

use std::{fs, os::unix::fs::PermissionsExt};

use serde_json::{Value, json};

use crate::{
    harness::{Home, eventually, example, finish},
    platform::Platform,
};

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
    let shown = home.json(&[&write[..], &["--input", &input, "--dry-run"]].concat());
    let request = &shown["requests"][0];
    assert_eq!(
        (&request["method"], &shown["sent"]),
        (&json!("POST"), &json!(false))
    );
    assert!(request["body"].as_str().unwrap().contains(number));
    assert_eq!(request["headers"]["authorization"], Value::Null);
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

#[test]
fn a_connector_that_is_compiled_in_needs_its_address_and_its_token() {
    let mut home = Home::with_people();
    let platform = Platform::start(&mut home, 9, 20);
    home.set("CLERKWORK__CONNECTORS__BUILT_IN", "erp=https://erp.example");
    let list = ["connector", "list", "--as", "erin"];
    home.run(&list)
        .fails(2, &["`erp`, which is not compiled in", "template"]);
    let address = format!("template={}", platform.url());
    home.set("CLERKWORK__CONNECTORS__BUILT_IN", &address);
    let tokens = home.path("tokens");
    fs::create_dir(&tokens).unwrap();
    let folder = tokens.display().to_string();
    home.set("CLERKWORK__CONNECTORS__TOKEN_FOLDER", &folder);
    let token = home.file("tokens/template", platform.token());
    home.run(&list).fails(2, &["chmod 600"]);
    fs::set_permissions(token, fs::Permissions::from_mode(0o600)).unwrap();

    let listed = home.json(&list);
    let mut items = listed["items"].as_array().unwrap().iter();
    assert!(items.any(|one| one["connector"] == "template"), "{listed}");
    home.run(&["connector", "health", "template", "--as", "erin"])
        .ok();
    let page = home.json(&["connector", "try", "template", "waiting", "--as", "erin"]);
    assert!(page["items"][0]["application_number"].is_string(), "{page}");
    // A dry run shows the write and makes none.
    let input = json!({ "application_number": page["items"][0]["application_number"] }).to_string();
    let of = |operation: &str, more: &[&str]| {
        let call = ["connector", "try", "template", operation, "--input", &input];
        home.json(&[&call[..], &["--as", "erin"], more].concat())
    };
    let before = of("status", &[])["output"].clone();
    let shown = of("issue", &["--dry-run"]);
    assert_eq!(shown["sent"], false);
    assert_eq!(shown["requests"].as_array().unwrap().len(), 1, "{shown:#}");
    assert_eq!(of("status", &[])["output"], before);
    let tried = home.json(&["audit", "search", "--type", "connector.tried"]);
    assert_eq!(tried["items"][1]["data"]["dry_run"], true);
    home.run(&["connector", "check", "template"])
        .fails(2, &["--samples"]);
    let elsewhere = ["--upstream", "https://erp.example"];
    home.run(&[&["connector", "check", "template"], &elsewhere[..]].concat())
        .fails(2, &["leave --upstream out"]);
}

#[test]
fn a_crate_is_written_into_a_checkout_and_nowhere_else() {
    let home = Home::new();
    let new = ["connector", "new", "erp", "--kind", "rust", "--into"];
    let elsewhere = home.path("connectors").display().to_string();
    home.run(&[&new[..], &[&elsewhere]].concat())
        .fails(2, &["of a checkout"]);

    let root = home.path("checkout");
    let into = root.join("connectors");
    fs::create_dir_all(&into).unwrap();
    let manifest = concat!(env!("CARGO_MANIFEST_DIR"), "/../../Cargo.toml");
    fs::copy(manifest, root.join("Cargo.toml")).unwrap();
    let mut command = home.command(&["connector", "new", "erp", "--kind", "rust", "--json"]);
    command.current_dir(&root);
    let made = finish(command, b"").ok().json();
    assert_eq!(made["folder"], "connectors/erp");
    for file in made["files"].as_array().unwrap() {
        assert!(into.join("erp").join(file.as_str().unwrap()).exists());
    }
    let into = into.display().to_string();
    home.run(&[&new[..], &[&into]].concat())
        .fails(4, &["erp` is there already"]);
    home.run(&[&new[..], &[&into, "--force"]].concat()).ok();
}

#[test]
fn agent_invoices_go_over_a_file_and_a_mended_file_comes_into_force() {
    let (seed, items) = (9, 60);
    let mut home = Home::with_people();
    let platform = Platform::start(&mut home, seed, items);
    let folder = home.data_dir().join("connectors");
    fs::create_dir_all(&folder).unwrap();
    let (folder, file) = (folder.display().to_string(), folder.join("erp.toml"));
    home.run(&["connector", "new", "erp", "--into", &folder])
        .ok();
    home.run(&["connector", "new", "erp", "--into", &folder])
        .fails(4, &["erp.toml"]);
    let text = fs::read_to_string(&file).unwrap();
    let text = text
        .replace("https://etax.example", &platform.url())
        .replace("{ credential = \"etax-token\" }", "{ env = \"ERP_TOKEN\" }");
    home.set("ERP_TOKEN", platform.token());
    home.set("CLERKWORK__CONNECTORS__AGENT_INVOICES", "erp");

    // With a mistake that only shows when it is called.
    let wrong = text.replace("api/cxdkfpsqxx", "api/nowhere");
    assert_ne!(wrong, text);
    fs::write(&file, wrong).unwrap();
    let up = home.up(&[]);
    let kind = "agent_invoice_review";
    let submit = ["job", "submit", "--kind", kind, "--reference", "R-1"];
    let submit = [&submit[..], &["--as", "alice"]].concat();
    home.run_with(&submit, example(kind, |_| ()).as_bytes())
        .ok();
    home.wait_for("R-1", "failed");

    let reload = ["connector", "reload", "--as", "erin"];
    fs::write(&file, "name = 5").unwrap();
    home.run(&reload)
        .fails(2, &["erp.toml:1:", "nothing was read again"]);
    home.run(&["connector", "lint"]).fails(1, &[]);
    fs::write(&file, &text).unwrap();
    home.run(&["connector", "reload", "--as", "alice"])
        .fails(4, &["integrator"]);
    let read = home.json(&reload);
    assert_eq!(read["files"], json!(["erp.toml"]));
    eventually("the mended file is in force", || {
        match home.state_of("R-1").as_str() {
            "failed" => {
                let retry = ["job", "retry", "R-1", "--reason", "mended", "--as", "alice"];
                home.run(&retry).ok();
            }
            "blocked" => return Some(()),
            _ => {}
        }
        None
    });

    let batch = ["batch", "submit", "--from-upstream", "--reference", "B"];
    let batch = home.json(&[&batch[..], &["--as", "alice"]].concat());
    assert_eq!(batch["accepted"], items);
    let watched = home.json(&["batch", "watch", "B", "--timeout", "60"]);
    let expected = crate::demo::expected(seed, items);
    for (state, count) in &expected {
        assert_eq!(watched["counts"][state], *count, "{state}: {watched:#}");
    }
    let book = platform.book();
    let issued = book["issued"].as_object().unwrap();
    assert_eq!(issued.len() as u64, expected["completed"]);
    let once = |issues: &Value| issues.as_array().unwrap().len() == 1;
    assert!(issued.values().all(once));
    let found = |connector: &str| {
        let args = ["audit", "search", "--type", "effect.intended"];
        let args = [&args[..], &["--limit", "100", "--connector", connector]].concat();
        home.json(&args)["items"].as_array().unwrap().len() as u64
    };
    let acts = expected["completed"] + expected["returned"];
    eventually("each act is found by its connector", || {
        (found("erp") == acts).then_some(())
    });
    assert_eq!(found("etax"), 0);
    let shown = home.json(&["job", "show", "R-1"]);
    let decisions = shown["decisions"].as_array().unwrap();
    let facts = &decisions.last().unwrap()["facts"];
    assert_eq!(facts["seller_day_count"]["source"], "erp.dossier");
    up.stop();
}
