//! `connector check`, as integrators run it.

use std::fs;

use serde_json::Value;

use crate::harness::Home;

/// How often each outcome was ruled.
fn counts(report: &Value) -> [usize; 3] {
    let rulings = report["rulings"].as_array().unwrap();
    ["kept", "broken", "not_tried"].map(|wanted| {
        let all = rulings.iter();
        all.filter(|ruling| ruling["outcome"] == wanted).count()
    })
}

#[test]
fn a_file_keeps_every_clause_and_keeps_it_again_by_the_recording_of_it() {
    let home = Home::new();
    let into = home.path("").display().to_string();
    home.run(&["connector", "new", "erp", "--into", &into]).ok();
    let file = home.path("erp.toml").display().to_string();
    let tape = home.path("erp.json").display().to_string();
    let report = home.json(&["connector", "check", &file, "--record", &tape]);
    let [kept, broken, _] = counts(&report);
    assert!(kept > 60 && broken == 0, "{report:#}");
    home.run(&["connector", "check", &file, "--record", &tape])
        .fails(4, &["is there already"]);

    let again = home.json(&["connector", "check", &file, "--replay", &tape]);
    assert_eq!(counts(&again), counts(&report));
    let told = fs::read_to_string(&tape).unwrap();
    assert!(
        !told.contains("the-credential"),
        "a credential was recorded"
    );

    home.run(&["connector", "check", "etax", "--replay", &tape])
        .fails(2, &["the recording is of `erp`, and this is `etax`"]);
    let half: String = told.chars().take(told.len() / 4).collect();
    let broken = home.file("broken.json", half);
    home.run(&["connector", "check", &file, "--replay", &broken])
        .fails(2, &["broken.json", "no cassette", "record it again"]);
    home.run(&["connector", "check", &file, "--replay", "/nowhere.json"])
        .fails(2, &["/nowhere.json"]);
}

#[test]
fn the_portal_keeps_every_clause() {
    let home = Home::new();
    // Longer than other verbs may take: each clause goes through many pages.
    let mut command = home.command(&["connector", "check", "portal", "--json"]);
    let done = command.output().unwrap();
    let report: Value = serde_json::from_slice(&done.stdout).unwrap();
    let [kept, broken, not_tried] = counts(&report);
    assert!(kept > 90, "{kept}");
    assert_eq!((broken, not_tried), (0, 0), "{report:#}");
}
