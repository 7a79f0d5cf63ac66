//! `clerkwork init`, and users, roles, groups and tokens.

use std::os::unix::fs::PermissionsExt;

use serde_json::json;

use crate::harness::Home;

#[test]
fn the_first_administrator_is_made_once_with_a_token_for_their_eyes() {
    let home = Home::new();
    home.run(&["job", "list", "--as", "dave"])
        .fails(3, &["clerkwork init"]);
    let made = home.json(&["init", "--admin", "dave"]);
    let token = made["token"].as_str().unwrap();
    assert!(token.starts_with("cwk_") && token.len() == 68);
    let file = home.data_dir().join("credentials/dave");
    assert_eq!(made["file"], file.display().to_string());
    let mode = |path: &std::path::Path| std::fs::metadata(path).unwrap().permissions().mode();
    assert_eq!(mode(&file) & 0o777, 0o600);
    assert_eq!(mode(&home.data_dir().join("credentials")) & 0o777, 0o700);
    assert_eq!(std::fs::read_to_string(&file).unwrap().trim(), token);

    let again = home
        .run(&["init", "--admin", "eve", "--json"])
        .fails(4, &[]);
    assert_eq!(again.error()["code"], "already_claimed");
    assert_eq!(again.stdout, "");
    let users = home.json(&["user", "list", "--as", "dave"]);
    let users = users["items"].as_array().unwrap();
    assert_eq!(users.len(), 1, "{users:#?}");
    assert_eq!(users[0]["roles"], json!(["administrator"]));
}

#[test]
fn a_token_that_is_not_kept_is_shown_alone() {
    let home = Home::new();
    let done = home.run(&["init", "--admin", "dave", "--no-save"]).ok();
    assert!(!home.data_dir().join("credentials").exists());
    let token = done
        .stdout
        .lines()
        .find_map(|line| line.strip_prefix("token: "));
    let list = ["user", "list", "--json"];
    home.run(&list).fails(4, &["CLERKWORK_TOKEN"]);
    let mut command = home.command(&list);
    command.env("CLERKWORK_TOKEN", token.unwrap());
    let listed = crate::harness::finish(command, b"").ok().json();
    assert_eq!(listed["items"][0]["name"], "dave");
}

#[test]
fn an_installation_without_users_says_how_to_make_the_first() {
    let home = Home::new();
    let up = home.up(&[]);
    assert!(up.said().contains("init --admin"), "{}", up.said());
    let done = home
        .run(&["job", "list", "--as", "dave", "--json"])
        .fails(4, &["init"]);
    assert_eq!(done.error()["code"], "no_users");
    // What needs nobody works.
    home.run(&["doctor"]).ok();
    home.run(&["init", "--admin", "dave"]).ok();
    home.run(&["user", "list", "--as", "dave"]).ok();
    assert_eq!(up.stop().code(), Some(0));
}

#[test]
fn users_are_changed_by_an_administrator_and_each_change_is_on_record() {
    let home = Home::with_people();
    let dave = |args: &[&str]| home.run(&[args, &["--as", "dave", "--json"]].concat());
    let carol = dave(&["group", "add", "red-letter", "carol"]).ok().json();
    assert_eq!(carol["groups"], json!(["red-letter"]));
    let carol = dave(&["role", "grant", "carol", "operator"]).ok().json();
    assert_eq!(carol["roles"], json!(["operator", "supervisor:business"]));
    dave(&["role", "grant", "carol", "operator"]).fails(4, &["already"]);
    dave(&["role", "grant", "dave", "operator"]).fails(4, &["themselves"]);
    dave(&["role", "revoke", "dave", "administrator"]).fails(4, &["last"]);
    dave(&["user", "disable", "dave"]).fails(4, &["last"]);
    dave(&["user", "create", "carol"]).fails(4, &["taken"]);
    dave(&["user", "create", "a b"]).fails(2, &["`a b`"]);
    dave(&["user", "create", "x", "--role", "king"]).fails(2, &["`king`"]);
    dave(&["user", "show", "nobody"]).fails(5, &["`nobody`"]);
    dave(&["user", "disable", "nobody"]).fails(5, &["`nobody`"]);
    dave(&["user", "move", "carol", "--to", "other"]).fails(4, &["another office"]);
    let moved = dave(&["user", "move", "carol", "--to", "center/north"]);
    assert_eq!(moved.ok().json()["office"], "center/north");
    dave(&["group", "remove", "red-letter", "carol"]).ok();
    dave(&["group", "remove", "red-letter", "carol"]).fails(4, &["not in"]);
    let listed = dave(&["user", "list", "--role", "supervisor:business"]);
    assert_eq!(listed.ok().json()["items"][0]["name"], "carol");
    let page = dave(&["user", "list", "--limit", "2"]).ok().json();
    assert_eq!(page["next"], "bob");
    let roles = dave(&["role", "list"]).ok().json();
    assert_eq!(roles["items"].as_array().unwrap().len(), 7);

    let number = home.file("number.txt", "440301199001011234\n");
    dave(&["user", "relate", "carol", "--number-file", &number]).ok();
    dave(&["user", "relate", "carol", "--number-file", &number]).fails(4, &["already"]);
    dave(&[
        "user",
        "relate",
        "carol",
        "--number-file",
        &number,
        "--remove",
    ])
    .ok();

    let trail = home.json(&["audit", "search", "--actor", "dave", "--limit", "100"]);
    let text = trail.to_string();
    assert!(!text.contains("440301199001011234"));
    for kind in [
        "user.created",
        "user.changed",
        "role.granted",
        "token.created",
    ] {
        assert!(text.contains(kind), "no {kind}");
    }
}

#[test]
fn who_lacks_a_role_is_refused_and_that_is_on_record() {
    let home = Home::with_people();
    for (user, args) in [
        ("alice", &["user", "list"][..]),
        ("alice", &["audit", "search"]),
        ("dave", &["job", "list"]),
        ("erin", &["review", "list"]),
        ("frank", &["user", "disable", "alice"]),
        (
            "carol",
            &["user", "create", "eve", "--role", "administrator"],
        ),
    ] {
        let done = home.run(&[args, &["--as", user, "--json"]].concat());
        let done = done.fails(4, &[user, "takes one of the roles"]);
        assert_eq!(done.error()["code"], "access");
        let refused = home.json(&["audit", "search", "--type", "access.refused"]);
        let newest = &refused["items"][0];
        assert_eq!(newest["actor"], json!({"kind": "user", "name": user}));
        assert_eq!(newest["data"]["action"], args[..2].join("."));
    }
    let users = home.json(&["user", "list", "--as", "dave"]);
    assert_eq!(users["items"].as_array().unwrap().len(), 6);
}

#[test]
fn work_of_another_office_is_neither_seen_nor_touched() {
    let home = Home::with_people();
    let north = [
        "user",
        "create",
        "ning",
        "--role",
        "operator",
        "--office",
        "center/north",
    ];
    home.run(&[&north[..], &["--as", "dave"]].concat()).ok();
    home.run(&["token", "create", "ning", "--save", "--as", "dave"])
        .ok();
    let item = crate::harness::example("agent_invoice_review", |_| ());
    let submit = |user: &str, reference: &str, more: &[&str]| {
        let args = ["job", "submit", "--kind", "agent_invoice_review"];
        let who = ["--reference", reference, "--as", user, "--json"];
        home.run_with(&[&args[..], &who, more].concat(), item.as_bytes())
    };
    submit("alice", "R-1", &[]).ok();
    submit("ning", "R-2", &[]).ok();
    submit("ning", "R-3", &["--office", "center"]).fails(4, &["another office"]);
    let show = |user: &str, job: &str| home.run(&["job", "show", job, "--as", user, "--json"]);
    assert_eq!(show("ning", "R-2").ok().json()["office"], "center/north");
    show("alice", "R-2").ok();
    show("ning", "R-1").fails(4, &["another office"]);
    let seen = home.json(&["job", "list", "--as", "ning"]);
    assert_eq!(seen["items"].as_array().unwrap().len(), 1);
    assert_eq!(
        home.json(&["job", "list"])["items"]
            .as_array()
            .unwrap()
            .len(),
        2
    );
    // A line of a file names its office itself.
    let line = json!({"reference": "R-4", "office": "center", "payload":
        serde_json::from_str::<serde_json::Value>(&item).unwrap()});
    let file = home.file("items.jsonl", line.to_string());
    let batch = [
        "batch",
        "submit",
        "--kind",
        "agent_invoice_review",
        "--file",
        &file,
    ];
    home.run(&[&batch[..], &["--reference", "B", "--as", "ning"]].concat())
        .fails(2, &["office `center`"]);
}
