//! Installations that cannot start: one clear sentence each, with the exit code of its kind.

use std::net::TcpListener;

use crate::harness::Home;

#[test]
fn a_setting_that_does_not_exist_is_named() {
    let mut home = Home::new();
    let file = home.file("mine.toml", "[fleet]\nconcurency = 3\n");
    let done = home.run(&["config", "check", "--config", &file]);
    done.fails(2, &["concurency", "mine.toml"]);
    home.set("CLERKWORK__FLEET__CONCURRENCY", "many");
    home.run(&["up"])
        .fails(2, &["CLERKWORK__FLEET__CONCURRENCY"]);
}

#[test]
fn a_callback_secret_that_can_be_guessed_is_named_and_not_shown() {
    for weak in ["short-one", "whsec_", "whsec_c2hvcnQ="] {
        let mut home = Home::new();
        home.set("CLERKWORK__ETAX__CALLBACK_SECRET", weak);
        let name = "CLERKWORK__ETAX__CALLBACK_SECRET";
        let done = home.run(&["up"]).fails(2, &[name, "at least 16"]);
        assert!(!done.stderr.contains("short-one"), "{done:#?}");
    }
}

#[test]
fn a_port_in_use_is_named() {
    let mut home = Home::new();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    home.set("CLERKWORK__CONSOLE__BIND", &address);
    home.run(&["up"]).fails(3, &[&address]);
    home.run(&["sandbox", "--bind", &address])
        .fails(3, &[&address, "in use"]);
}

#[test]
fn a_missing_redis_is_named_with_what_to_install() {
    let mut home = Home::new();
    home.set("PATH", "");
    home.run(&["up"])
        .fails(3, &["redis-server", "valkey-server"]);
    let done = home.run(&["up", "--json"]).fails(3, &[]);
    assert!(
        done.error()["message"]
            .as_str()
            .unwrap()
            .contains("redis-server")
    );
}

#[test]
fn a_folder_that_cannot_be_written_is_named() {
    let home = Home::new();
    // A file in the folder's place: the tests may run as root, whom no mode stops.
    std::fs::write(home.data_dir(), "").unwrap();
    let shown = home.data_dir().display().to_string();
    home.run(&["up"]).fails(3, &[&shown, "--data-dir"]);
}

#[test]
fn a_redis_that_is_not_there_is_named_and_a_password_is_not_shown() {
    let mut home = Home::new();
    home.run(&["up", "--redis-url", "redis://:secret@127.0.0.1:1"])
        .fails(2, &["CLERKWORK__REDIS__URL"]);
    home.set("CLERKWORK__REDIS__URL", "redis://:secret@127.0.0.1:1/");
    let done = home.run(&["up"]).fails(3, &["127.0.0.1:1"]);
    assert!(
        !done.stderr.contains("secret") && !done.stdout.contains("secret"),
        "{done:#?}"
    );
}

#[test]
fn parts_that_stand_alone_ask_for_what_they_share() {
    let home = Home::new();
    home.run(&["worker"]).fails(2, &["--redis-url"]);
    home.run(&["scheduler", "--redis-url", "redis://127.0.0.1:1"])
        .fails(2, &["--ledger-url"]);
}

#[test]
fn the_doctor_says_what_is_wrong_and_what_to_do() {
    let mut home = Home::new();
    home.set("CLERKWORK__REDIS__URL", "redis://127.0.0.1:1");
    let done = home.run(&["doctor", "--json"]);
    assert_eq!(done.code, Some(3), "{done:#?}");
    let report = done.json();
    assert_eq!(report["ok"], false);
    let checks = report["checks"].as_array().unwrap();
    let redis = checks
        .iter()
        .find(|check| check["name"] == "redis")
        .unwrap();
    assert_eq!(redis["status"], "fail");
    assert!(redis["advice"].is_string());
}
