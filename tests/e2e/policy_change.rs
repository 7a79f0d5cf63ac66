//! How the policy changes: by two people, everywhere, and back again.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::harness::{Home, eventually, example};

const KIND: &str = "agent_invoice_review";

/// A bundle of the same shape, with one file changed.
fn bundle(home: &Home, name: &str, edit: impl Fn(&str) -> String) -> PathBuf {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../policies");
    let target = home.path(name);
    for folder in ["rules", "cases"] {
        std::fs::create_dir_all(target.join(folder)).unwrap();
        for entry in std::fs::read_dir(source.join(folder)).unwrap() {
            let path = entry.unwrap().path();
            std::fs::copy(&path, target.join(folder).join(path.file_name().unwrap())).unwrap();
        }
    }
    std::fs::copy(
        source.join("schema.cedarschema"),
        target.join("schema.cedarschema"),
    )
    .unwrap();
    let rules = target.join("rules/agent_invoice_integrity.cedar");
    let text = std::fs::read_to_string(&rules).unwrap();
    std::fs::write(&rules, edit(&text)).unwrap();
    target
}

/// Judges as before, says why in other words, and so is another bundle.
fn same_judgement(text: &str) -> String {
    let changed = text.replace(
        "as if one sale had been split",
        "as if a sale had been split",
    );
    assert_ne!(changed, text);
    changed
}

fn in_force(home: &Home) -> String {
    let listed = home.json(&["policy", "list"]);
    listed["in_force"].as_str().unwrap().to_owned()
}

fn propose(home: &Home, dir: &Path) -> Value {
    let dir = dir.to_str().unwrap();
    home.run(&["policy", "seal", dir]).ok();
    home.json(&[
        "policy",
        "propose",
        dir,
        "--note",
        "a finer line",
        "--as",
        "erin",
    ])
}

#[test]
fn a_bundle_goes_from_one_person_to_another_and_into_force_everywhere() {
    let home = Home::with_people();
    let up = home.up(&[]);
    let installed = in_force(&home);
    let submit = [
        "job",
        "submit",
        "--kind",
        KIND,
        "--reference",
        "OLD",
        "--as",
        "alice",
    ];
    home.run_with(&submit, example(KIND, |_| ()).as_bytes())
        .ok();
    home.wait_for("OLD", "blocked");
    let dir = bundle(&home, "bundle", same_judgement);
    let version = propose(&home, &dir)["version"].as_str().unwrap().to_owned();
    let short = &version[..12];
    let step = |verb: &str, user: &str| {
        home.run(&["policy", verb, short, "--note", "as agreed", "--as", user])
    };
    step("activate", "bob").fails(4, &["proposed", "must be approved"]);
    // Whoever wrote it may not approve it, by their role or, had they the role, by the ledger.
    step("approve", "erin").fails(4, &["erin"]);
    home.run(&[
        "role",
        "grant",
        "erin",
        "supervisor:integrity",
        "--as",
        "dave",
    ])
    .ok();
    step("approve", "erin").fails(4, &["`erin` handed it in and cannot approve it"]);
    step("approve", "bob").ok();
    assert_eq!(in_force(&home), installed, "approved is not in force");
    step("activate", "bob").ok();
    assert_eq!(in_force(&home), version);

    // The running fleet comes to decide by it, and says so in the review.
    let mut number = 0;
    eventually("the running fleet decides by the new policy", || {
        number += 1;
        let reference = format!("R-{number}");
        let submit = [
            "job",
            "submit",
            "--kind",
            KIND,
            "--reference",
            &reference,
            "--as",
            "alice",
        ];
        home.run_with(&submit, example(KIND, |_| ()).as_bytes())
            .ok();
        home.wait_for(&reference, "blocked");
        let review = home.json(&["review", "show", &reference]);
        (review["binding"]["policy"] == json!(version)).then_some(())
    });

    // What the old one blocked is not decided under the new one: it is asked about anew.
    let stale = home.decide("return", "OLD", "seen", "carol");
    let error = stale.fails(4, &["the policy has changed"]).error();
    assert_eq!(error["code"], "stale");
    eventually("it is asked about under the new policy", || {
        let review = home.json(&["review", "show", "OLD"]);
        let anew = review["binding"]["policy"] == json!(version);
        (review["state"] == "open" && anew).then_some(())
    });
    home.run(&[
        "policy",
        "rollback",
        &installed[..12],
        "--note",
        "worse",
        "--as",
        "bob",
    ])
    .ok();
    assert_eq!(in_force(&home), installed);
    let listed = home.json(&["policy", "list"]);
    let history = listed["activations"].as_array().unwrap();
    assert_eq!((history.len(), &history[0]["rollback"]), (2, &json!(true)));
    up.stop();
}

#[test]
fn a_bundle_that_fails_its_own_cases_is_not_taken() {
    let home = Home::with_people();
    let dir = bundle(&home, "bundle", |text| {
        text.replace(
            "context.gross_cents <= 10000000",
            "context.gross_cents <= 1",
        )
    });
    let name = dir.to_str().unwrap();
    // A change that nobody meant shows in the manifest first.
    std::fs::copy(
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../../policies/manifest.toml"),
        dir.join("manifest.toml"),
    )
    .unwrap();
    let propose = ["policy", "propose", name, "--note", "x", "--as", "erin"];
    home.run(&propose)
        .fails(2, &["the file is not the one that the manifest lists"]);
    home.run(&["policy", "seal", name]).ok();
    home.run(&propose).fails(2, &["cases fail"]);
    assert_eq!(home.json(&["policy", "list"])["items"], json!([]));
    home.run(&["policy", "approve", "123", "--note", "x"])
        .fails(2, &["at least the first 8 digits"]);
    home.run(&["policy", "approve", "123456789", "--note", "x"])
        .fails(5, &["there is no bundle"]);
}

#[test]
fn a_candidate_is_tried_on_what_was_decided() {
    let home = Home::with_people();
    let up = home.up(&[]);
    let submit = [
        "job",
        "submit",
        "--kind",
        KIND,
        "--reference",
        "R-1",
        "--as",
        "alice",
    ];
    home.run_with(&submit, example(KIND, |_| ()).as_bytes())
        .ok();
    home.wait_for("R-1", "blocked");
    let dir = bundle(&home, "bundle", |text| {
        text.replacen("@disposition(\"review\")", "@disposition(\"hold\")", 1)
            .replace("line_gap_permille > 50", "line_gap_permille > 4000")
    });
    let name = dir.to_str().unwrap();
    home.run(&["policy", "seal", name]).ok();
    let diff = home.json(&["policy", "diff", "in-force", name, "--as", "erin"]);
    assert_eq!(
        diff["rules"]["changed"].as_array().unwrap().len(),
        1,
        "{diff:#}"
    );
    assert_eq!(diff["decisions"]["table"]["inputs"], 1, "{diff:#}");
    let csv = home.path("moved.csv");
    let csv = csv.to_str().unwrap();
    let tested = home.json(&["policy", "backtest", name, "--csv", csv, "--as", "erin"]);
    assert_eq!(tested["table"]["drift"], 0, "{tested:#}");
    let sheet = std::fs::read_to_string(csv).unwrap();
    assert!(
        sheet.starts_with("\u{feff}job,kind,stored,old,new"),
        "{sheet}"
    );
    let moved = tested["table"]["moved"].as_u64().unwrap() as usize;
    assert_eq!(sheet.lines().count(), 1 + moved);
    home.run(&[
        "policy",
        "backtest",
        name,
        "--csv",
        "/nowhere/x.csv",
        "--as",
        "erin",
    ])
    .fails(3, &["cannot write `/nowhere/x.csv`"]);
    let explained = home.json(&["policy", "explain", "R-1"]);
    assert!(
        explained["smallest_change"]["outcome"].is_string(),
        "{explained:#}"
    );
    up.stop();
}
