//! `clerkwork policy …`

use std::{fs, path::Path};

use crate::harness::Home;

/// A copy of the repository's bundle.
fn copy_bundle(to: &Path) {
    let from = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../policies");
    fs::create_dir_all(to).unwrap();
    for name in ["schema.cedarschema", "manifest.toml"] {
        fs::copy(from.join(name), to.join(name)).unwrap();
    }
    for folder in ["rules", "cases"] {
        fs::create_dir_all(to.join(folder)).unwrap();
        for entry in fs::read_dir(from.join(folder)).unwrap() {
            let entry = entry.unwrap();
            if entry.file_type().unwrap().is_file() {
                fs::copy(entry.path(), to.join(folder).join(entry.file_name())).unwrap();
            }
        }
    }
}

#[test]
fn the_bundle_is_valid_and_its_cases_pass() {
    let home = Home::with_people();
    let checked = home.json(&["policy", "check"]);
    assert_eq!(checked["ok"], true);
    assert!(checked["rules"].as_u64().unwrap() >= 15);
    let tested = home.json(&["policy", "test"]);
    assert_eq!(tested["ok"], true);
    assert!(tested["passed"].as_u64().unwrap() >= 30);
    let bundle = home.path("bundle");
    copy_bundle(&bundle);
    let copied = home.json(&["policy", "check", bundle.to_str().unwrap()]);
    assert_eq!(copied["version"], checked["version"]);
}

#[test]
fn a_typo_in_a_rules_file_is_told_with_file_and_line_and_nothing_starts() {
    let mut home = Home::with_people();
    let bundle = home.path("bundle");
    copy_bundle(&bundle);
    let rules = crate::harness::files(&bundle.join("rules"), ".cedar");
    let asks = rules.iter().find_map(|file| {
        let text = fs::read_to_string(file).unwrap();
        let at = text.find("context.")?;
        Some((file, text, at))
    });
    let (file, text, at) = asks.expect("some rule asks about a fact");
    let typo = text.replacen("context.", "contxt.", 1);
    let line = text[..at].matches('\n').count() + 1;
    fs::write(file, typo).unwrap();
    let place = format!("{}:{line}:", file.file_name().unwrap().to_str().unwrap());
    let dir = bundle.to_str().unwrap();
    let done = home.run(&["policy", "check", dir]);
    assert_eq!(done.code, Some(2), "{done:#?}");
    assert!(done.stdout.contains(&place), "no `{place}` in {done:#?}");
    let done = home.run(&["policy", "check", dir, "--json"]);
    assert_eq!(done.code, Some(2), "{done:#?}");
    assert_eq!(done.json()["ok"], false);
    home.set("CLERKWORK__POLICY__DIR", dir);
    home.run(&["up"]).fails(2, &[&place]);
}
