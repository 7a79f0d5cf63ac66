//! Folders of files, reloaded while they are in use.

use std::{fs, sync::Arc};

use clerkwork_connectors_api::contract::Connector;
use clerkwork_declarative::{Folder, Settings};

use crate::upstream::whole;

fn file(name: &str, operation: &str) -> String {
    let operation = format!(
        r#"
        [operations.{operation}]
        idempotency = "read"
        input = {{}}
        output = {{}}
        request = {{ method = "GET", path = "x" }}
        response = {{}}
        "#
    );
    whole(&operation).replace("\"test\"\n", &format!("\"{name}\"\n"))
}

#[test]
fn a_reload_takes_what_is_right_keeps_what_was_and_tells_what_is_wrong() {
    let dir = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| fs::write(dir.path().join(name), text).unwrap();
    write("a.toml", &file("first", "one"));
    write("b.toml", &file("second", "one"));
    write("c.toml", "name = ");
    write("notes.txt", "nothing");
    write(".a.toml", "an editor's copy");
    let (folder, reloaded) = Folder::open(dir.path(), Settings::default()).unwrap();
    assert_eq!(reloaded.loaded, ["a.toml", "b.toml"]);
    assert_eq!(reloaded.faults[0].file, "c.toml");
    let names = || {
        folder
            .connectors()
            .iter()
            .map(|c| c.profile().name)
            .collect::<Vec<_>>()
    };
    assert_eq!(names(), ["first", "second"]);
    let (first, second) = (folder.get("first").unwrap(), folder.get("second").unwrap());

    write("b.toml", "name = 5");
    write("c.toml", &file("third", "one"));
    let reloaded = folder.reload().unwrap();
    assert_eq!(
        (reloaded.loaded, reloaded.unchanged),
        (vec!["c.toml".into()], vec!["a.toml".into()])
    );
    assert_eq!(reloaded.kept, ["b.toml"]);
    assert!(
        reloaded.faults.iter().all(|fault| fault.file == "b.toml") && !reloaded.faults.is_empty()
    );
    assert!(
        Arc::ptr_eq(&folder.get("first").unwrap(), &first),
        "an unchanged file keeps its session"
    );
    assert!(
        Arc::ptr_eq(&folder.get("second").unwrap(), &second),
        "a broken file keeps what it had"
    );

    // Its old connector was kept, and is now replaced; another takes a name that is not free.
    write("b.toml", &file("second", "two"));
    write("d.toml", &file("first", "two"));
    fs::remove_file(dir.path().join("c.toml")).unwrap();
    let reloaded = folder.reload().unwrap();
    assert_eq!(
        (reloaded.loaded, reloaded.removed),
        (vec!["b.toml".into()], vec!["c.toml".into()])
    );
    assert_eq!(reloaded.faults.len(), 1);
    assert!(
        reloaded.faults[0].message.contains("named `first`"),
        "{}",
        reloaded.faults[0]
    );
    assert_eq!(names(), ["first", "second"]);
    assert_eq!(
        folder.get("second").unwrap().profile().operations[0].name,
        "two"
    );
    assert!(Arc::ptr_eq(&folder.get("first").unwrap(), &first));

    fs::remove_dir_all(dir.path()).unwrap();
    assert!(folder.reload().is_err());
    assert_eq!(
        names(),
        ["first", "second"],
        "without a folder all stays as it was"
    );
}

#[test]
fn a_file_that_names_what_lies_on_the_machine_is_loaded_anew_with_each_reload() {
    let dir = tempfile::tempdir().unwrap();
    let password = dir.path().join("password");
    fs::write(&password, "geheim").unwrap();
    let rate = "rate = { per_second = 100000 }";
    let proxy = format!(
        "{rate}, proxy = {{ url = \"http://proxy.example:3128\", user = \"robot\", password = {{ file = '{}' }} }}",
        password.display()
    );
    let behind = file("behind", "one").replace(rate, &proxy);
    fs::write(dir.path().join("a.toml"), file("plain", "one")).unwrap();
    fs::write(dir.path().join("b.toml"), behind).unwrap();
    let settings = Settings::default();
    let (folder, told) = Folder::open(dir.path(), settings).unwrap();
    assert_eq!(told.loaded, ["a.toml", "b.toml"], "{:?}", told.faults);
    let told = folder.reload().unwrap();
    assert_eq!(
        (told.loaded, told.unchanged),
        (vec!["b.toml".to_owned()], vec!["a.toml".to_owned()])
    );

    fs::remove_file(&password).unwrap();
    let told = folder.reload().unwrap();
    assert_eq!(told.kept, ["b.toml"]);
    assert!(
        told.faults[0].to_string().contains("`proxy`"),
        "{}",
        told.faults[0]
    );
}
