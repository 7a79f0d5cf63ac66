//! Who did what, by which rule: searching the trail, and erasing a person from what it refers to.

use std::{collections::BTreeSet, fs};

use serde_json::{Value, json};

use crate::harness::{Home, eventually, example};

const KIND: &str = "agent_invoice_review";

fn submit(home: &Home, reference: &str) -> Value {
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
    let payload = example(KIND, |_| ());
    home.run_with(&args, payload.as_bytes()).ok();
    serde_json::from_str(&payload).unwrap()
}

fn search(home: &Home, args: &[&str]) -> Vec<Value> {
    let found = home.json(&[&["audit", "search", "--as", "frank"], args].concat());
    found["items"].as_array().unwrap().clone()
}

/// Searches until something is found: events are found when they have their numbers.
fn found(home: &Home, args: &[&str]) -> Vec<Value> {
    eventually("events are found", || {
        Some(search(home, args)).filter(|found| !found.is_empty())
    })
}

#[test]
fn the_trail_is_searched_by_rule_policy_connector_outcome_and_words() {
    let home = Home::with_people();
    let up = home.up(&[]);
    submit(&home, "R-1");
    home.wait_for("R-1", "blocked");
    home.json(&[
        "brake",
        "on",
        "--all",
        "--reason",
        "发票税率不符 (Ticket-77)",
    ]);
    home.run(&["audit", "verify", "--as", "alice"])
        .fails(4, &["auditor"]);

    let decided = found(&home, &["--type", "job.decided"]).remove(0);
    let (rule, policy) = (
        decided["data"]["rules"][0].clone(),
        decided["data"]["policy"].clone(),
    );
    let (rule, policy) = (rule.as_str().unwrap(), policy.as_str().unwrap());
    let by_rule = found(&home, &["--rule", rule]);
    let kinds: Vec<_> = by_rule
        .iter()
        .map(|event| event["type"].as_str().unwrap())
        .collect();
    assert_eq!(kinds, ["job.blocked", "review.opened", "job.decided"]);
    let both = ["--rule", rule, "--policy", policy, "--verdict", "review"];
    assert_eq!(found(&home, &both), std::slice::from_ref(&decided));
    assert_eq!(
        search(&home, &["--rule", rule, "--verdict", "proceed"]),
        [] as [Value; 0]
    );
    assert_eq!(
        search(&home, &["--rule", rule, "--until", "1d"]),
        [] as [Value; 0]
    );
    let kept = found(&home, &["--connector", "etax", "--operation", "dossier"]);
    let types: BTreeSet<_> = kept.iter().map(|event| event["type"].as_str()).collect();
    let expected = [Some("connector.called"), Some("evidence.kept")];
    assert_eq!(types, expected.into(), "each call, and what it gave");
    for text in ["税率不符", "ticket-77", "TICKET 发票"] {
        let said = found(&home, &["--text", text]);
        assert_eq!(
            (said.len(), &said[0]["type"]),
            (1, &json!("brake.on")),
            "{text}"
        );
    }
    assert_eq!(search(&home, &["--text", "ticket-78"]), [] as [Value; 0]);
    let refused = found(
        &home,
        &["--outcome", "failure", "--operation", "audit.verify"],
    );
    assert_eq!(refused[0]["actor"]["name"], "alice");
    let well = search(&home, &["--outcome", "success", "--limit", "500"]);
    assert!(well.iter().all(|event| event["type"] != "access.refused"));

    // Pages: each event once, whatever comes in meanwhile.
    let first = home.json(&[
        "audit", "search", "--rule", rule, "--limit", "2", "--as", "frank",
    ]);
    let next = first["next"].as_str().unwrap();
    let rest = search(&home, &["--rule", rule, "--after", next]);
    let pages = [first["items"].as_array().unwrap().clone(), rest].concat();
    assert_eq!(pages, by_rule);

    // Whoever signs in is on record once, and so are the settings.
    let signed_in = search(&home, &["--type", "access.signed_in", "--actor", "frank"]);
    assert_eq!(signed_in.len(), 1);
    let loaded = search(&home, &["--type", "config.loaded"]);
    assert_eq!(loaded.len(), 1);
    assert_eq!(
        loaded[0]["data"]["settings"]["redis.prefix"],
        json!("\"cw\"")
    );

    let bad: [(&[&str], &str); 4] = [
        (&["--text", "税"], "at least two letters"),
        (&["--text", " "], "takes the words"),
        (&["--policy", "abc"], "64 hexadecimal digits"),
        (&["--type", "job.vanished"], "job.vanished"),
    ];
    for (args, says) in bad {
        home.run(&[&["audit", "search", "--as", "frank"], args].concat())
            .fails(2, &[says]);
    }
    up.stop();
    // Another start under the same settings says nothing, under others what has changed.
    home.up(&[]).stop();
    home.up(&[
        "--config",
        &home.file("more.toml", "[fleet]\nconcurrency = 3\n"),
    ])
    .stop();
    let loaded = search(&home, &["--type", "config.loaded"]);
    assert_eq!(loaded.len(), 2);
    assert_eq!(loaded[0]["data"]["changed"], json!(["fleet.concurrency"]));
}

#[test]
fn events_are_exported_in_the_vocabularies_of_others() {
    let home = Home::with_people();
    let export = |format: &str| {
        let path = home.path(&format!("trail.{format}"));
        let args = [
            "audit",
            "export",
            path.to_str().unwrap(),
            "--format",
            format,
        ];
        home.run(&[&args[..], &["--type", "user.created", "--as", "frank"]].concat())
            .ok();
        let lines = fs::read_to_string(path).unwrap();
        let lines = lines
            .lines()
            .map(|line| serde_json::from_str::<Value>(line).unwrap());
        lines.collect::<Vec<_>>()
    };
    let ocsf = export("ocsf");
    assert_eq!(ocsf.len(), 5);
    for event in &ocsf {
        assert_eq!(
            (&event["class_uid"], &event["type_uid"]),
            (&json!(3001), &json!(300_101))
        );
        assert_eq!(event["actor"]["user"]["name"], "dave");
        assert_eq!(event["unmapped"]["type"], "user.created");
    }
    let ecs = export("ecs");
    assert_eq!(ecs.len(), 5);
    for event in &ecs {
        assert_eq!(event["event"]["category"], json!(["iam"]));
        assert_eq!(event["user"]["name"], "dave");
        assert!(event["user"]["target"]["name"].is_string());
    }
}

#[test]
fn an_erased_person_is_nowhere_and_every_proof_still_holds() {
    let home = Home::with_people();
    let up = home.up(&[]);
    let item = submit(&home, "R-1");
    let number = item["seller"]["tax_id"].as_str().unwrap();
    let name = item["seller"]["name"].as_str().unwrap();
    home.wait_for("R-1", "blocked");
    let accepted = found(&home, &["--type", "job.accepted"]).remove(0);
    let event = accepted["id"].as_str().unwrap();
    let receipt = home.path("accepted.tlog-proof");
    eventually("the event is in the log", || {
        home.json(&["audit", "show", event, "--as", "frank"])["checkpoint"].as_u64()
    });
    let prove = [
        "audit",
        "prove",
        event,
        "--out",
        receipt.to_str().unwrap(),
        "--as",
        "frank",
    ];
    home.run(&prove).ok();

    let erase = |more: &[&str], number: &str| {
        let args = [
            "audit",
            "erase",
            "--subject",
            "-",
            "--reason",
            "request 2026-114",
            "--json",
        ];
        home.run_with(&[&args[..], more].concat(), number.as_bytes())
    };
    let dave = ["--yes", "--as", "dave"];
    erase(&["--as", "frank"], number).fails(4, &["administrator"]);
    erase(&["--as", "dave"], "12").fails(2, &["6 to 64"]);
    erase(&dave, number).fails(4, &["1 items are not finished"]);
    home.run(&[
        "job",
        "cancel",
        "R-1",
        "--reason",
        "withdrawn",
        "--as",
        "alice",
    ])
    .ok();
    let preview = erase(&["--as", "dave"], number).ok().json();
    assert_eq!(
        (&preview["items"], &preview["erased"]),
        (&json!(1), &Value::Null)
    );
    let shown = ["job", "show", "R-1", "--reveal", "--as", "bob"];
    assert!(home.run(&shown).ok().stdout.contains(name));

    let done = erase(&dave, number).ok().json();
    assert!(done["values"].as_u64().unwrap() >= 3 && done["erased"].is_string());
    assert_eq!(done["left"]["items"], 0);
    erase(&dave, number).fails(5, &["holds nothing"]);
    let shown = home.run(&shown).ok();
    assert!(
        !shown.stdout.contains(name) && !shown.stdout.contains(number),
        "{shown:#?}"
    );
    assert!(shown.stdout.contains("erased"), "{shown:#?}");
    assert_eq!(search(&home, &["--party", number]), [] as [Value; 0]);
    up.stop();
    // Not in the file, nor in what was logged beside it.
    for file in fs::read_dir(home.data_dir()).unwrap().flatten() {
        if file.file_type().unwrap().is_file() {
            let bytes = fs::read(file.path()).unwrap();
            for text in [number, name] {
                let there = bytes
                    .windows(text.len())
                    .any(|part| part == text.as_bytes());
                assert!(!there, "{text} is in {}", file.path().display());
            }
        }
    }
    home.run(&["audit", "verify", "--as", "frank"]).ok();
    let keys = home.json(&["audit", "keys", "--as", "frank"]);
    let key = keys["items"][0]["key"].as_str().unwrap();
    let receipt = receipt.to_str().unwrap();
    let args = ["audit", "verify", "--receipt", receipt, "--key", key];
    home.run(&args).ok();
    let erased = search(&home, &["--type", "person.erased"]);
    assert_eq!(erased[0]["data"]["reason"], "request 2026-114");
    assert!(!erased[0].to_string().contains(number));
}

#[test]
fn one_master_key_follows_another() {
    let mut home = Home::with_people();
    let up = home.up(&[]);
    submit(&home, "R-1");
    home.wait_for("R-1", "blocked");
    // Not the whole story: the desk may still be handing the review out.
    let shown = |home: &Home| {
        let story = home.json(&["job", "show", "R-1", "--reveal", "--as", "bob"]);
        assert!(story["payload"].to_string().contains("13800138000"));
        (story["payload"].clone(), story["facts"].clone())
    };
    let before = shown(&home);
    let key = home.data_dir().join("master.key");
    let old = fs::read_to_string(&key).unwrap();
    home.run(&["audit", "rotate-master-key", "--as", "frank"])
        .fails(4, &["administrator"]);
    let rotated = home.json(&["audit", "rotate-master-key", "--as", "dave"]);
    assert_eq!(rotated["retired"].as_array().unwrap().len(), 1);
    assert_ne!(fs::read_to_string(&key).unwrap(), old);
    assert!(!home.data_dir().join("master.key.new").exists());
    // What is running goes on, and what starts reads the new one.
    submit(&home, "R-2");
    home.wait_for("R-2", "blocked");
    assert_eq!(shown(&home), before);
    up.stop();
    // The old one opens nothing any more.
    let new = fs::read_to_string(&key).unwrap();
    fs::write(&key, &old).unwrap();
    home.run(&["job", "list", "--as", "bob"])
        .fails(3, &["does not open"]);
    fs::write(&key, &new).unwrap();

    // Ended half-way, after the new one was written down: it is taken up again.
    let third = "3".repeat(64);
    let half = home.data_dir().join("master.key.new");
    fs::write(&half, &third).unwrap();
    home.run(&["audit", "rotate-master-key", "--as", "dave"])
        .fails(2, &["chmod 600"]);
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o600);
    fs::set_permissions(&half, mode).unwrap();
    home.run(&["audit", "rotate-master-key", "--as", "dave"])
        .ok();
    assert_eq!(fs::read_to_string(&key).unwrap().trim(), third);

    // From a variable, and in two steps.
    fs::remove_file(&key).unwrap();
    home.run(&["job", "list", "--as", "bob"])
        .fails(3, &["master.key"]);
    home.set("CLERKWORK_MASTER_KEY", &third);
    home.run(&["job", "list", "--as", "bob"]).ok();
    home.run(&["audit", "rotate-master-key", "--as", "dave"])
        .fails(2, &["--new-key"]);
    let fourth = "4".repeat(64);
    let file = home.file("fourth", &fourth);
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o600);
    fs::set_permissions(&file, mode).unwrap();
    home.run(&[
        "audit",
        "rotate-master-key",
        "--new-key",
        &file,
        "--as",
        "dave",
    ])
    .ok();
    home.run(&["job", "list", "--as", "bob"]).ok();
    home.set("CLERKWORK_MASTER_KEY", &fourth);
    let finished = home.json(&["audit", "rotate-master-key", "--finish", "--as", "dave"]);
    assert_eq!(finished["retired"].as_array().unwrap().len(), 1);
    home.set("CLERKWORK_MASTER_KEY", &third);
    home.run(&["job", "list", "--as", "bob"])
        .fails(3, &["does not open"]);
    home.set("CLERKWORK_MASTER_KEY", "xyz");
    home.run(&["job", "list", "--as", "bob"])
        .fails(2, &["64 hexadecimal digits"]);
    home.set("CLERKWORK_MASTER_KEY", &fourth);
    assert_eq!(shown(&home), before);
    home.run(&["audit", "verify", "--as", "frank"]).ok();
}
