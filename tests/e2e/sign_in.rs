//! Signing in: nobody is taken at their word.

use serde_json::{Value, json};

use crate::{
    harness::{Done, Home, bare, finish},
    help::verbs,
};

/// What needs nobody: files alone, the first user, the look at the installation, processes.
const FOR_EVERYBODY: [&str; 16] = [
    "up",
    "init",
    "worker",
    "scheduler",
    "sandbox",
    "job kinds",
    "job schema",
    "job example",
    "connector lint",
    "connector check",
    "connector new",
    "document read",
    "policy check",
    "policy test",
    "policy seal",
    "doctor",
];

fn with_token(home: &Home, token: &str, args: &[&str]) -> Done {
    let mut command = home.command(args);
    command.env_remove("CLERKWORK_USER");
    command.env("CLERKWORK_TOKEN", token);
    finish(command, b"")
}

fn newest_refusal(home: &Home) -> Value {
    let refused = home.json(&[
        "audit",
        "search",
        "--type",
        "access.refused",
        "--as",
        "frank",
    ]);
    refused["items"][0].clone()
}

fn token_of(home: &Home, user: &str, more: &[&str]) -> (String, String) {
    let made = home.json(&[&["token", "create", user, "--as", "dave"], more].concat());
    let text = |name: &str| made[name].as_str().unwrap().to_owned();
    (text("id"), text("token"))
}

/// The words of an example as a shell would take them, up to a pipe.
fn words(line: &str) -> Vec<String> {
    let line = line.split(['|', '>', ';']).next().unwrap();
    let quoted = line.split('\'').enumerate();
    let words = quoted.flat_map(|(place, part)| match place % 2 {
        0 => part.split_whitespace().map(str::to_owned).collect(),
        _ => vec![part.to_owned()],
    });
    words.skip(1).collect()
}

#[test]
fn every_verb_that_needs_somebody_asks_who_it_is() {
    let home = Home::with_people();
    let before = home.json(&["audit", "search", "--limit", "1"]);
    let mut asked = 0;
    for verb in verbs(&[]) {
        let subs = verbs(&[&verb]);
        let paths = match subs.is_empty() {
            true => vec![vec![verb.clone()]],
            false => subs
                .into_iter()
                .map(|sub| vec![verb.clone(), sub])
                .collect(),
        };
        for path in paths {
            let name = path.join(" ");
            if FOR_EVERYBODY.contains(&name.as_str()) || path[0] == "config" {
                continue;
            }
            let mut help: Vec<_> = path.iter().map(String::as_str).collect();
            help.push("--help");
            let help = finish(bare(&help), b"").ok().stdout;
            let example = help.lines().find(|line| line.starts_with("  clerkwork"));
            let mut args = words(example.unwrap());
            if let Some(at) = args.iter().position(|word| word == "--as") {
                args.drain(at..at + 2);
            }
            let args: Vec<_> = args.iter().map(String::as_str).collect();
            let done = home.anonymous(&[&args[..], &["--json"]].concat());
            let error = done.fails(4, &[]).error();
            assert_eq!(error["code"], "sign_in", "{name}: {error}");
            asked += 1;
        }
    }
    assert!(asked >= 30, "only {asked} verbs were asked");
    // Nothing was done meanwhile.
    let after = home.json(&["audit", "search", "--limit", "2"]);
    assert_eq!(after["items"][1], before["items"][0]);
}

#[test]
fn a_token_signs_in_from_the_environment_a_file_or_the_data_folder() {
    let home = Home::with_people();
    let (_, token) = token_of(&home, "alice", &[]);
    let list = ["job", "list", "--json"];
    with_token(&home, &token, &list).ok();
    with_token(&home, &token, &[&list[..], &["--as", "alice"]].concat()).ok();
    let wrong = with_token(&home, &token, &[&list[..], &["--as", "carol"]].concat());
    let wrong = wrong.fails(4, &["another user"]);
    assert_eq!(wrong.error()["code"], "access");
    assert_eq!(newest_refusal(&home)["data"]["why"], "another_user");

    let file = home.file("token", &token);
    let of_file = [&list[..], &["--token-file", &file]].concat();
    set_mode(&file, 0o644);
    let open = home.anonymous(&of_file).fails(4, &["chmod 600"]);
    assert_eq!(open.error()["code"], "sign_in");
    set_mode(&file, 0o600);
    home.anonymous(&of_file).ok();

    let kept = home.data_dir().join("credentials/alice");
    let kept = kept.to_str().unwrap();
    home.anonymous(&["job", "list", "--as", "alice"]).ok();
    set_mode(kept, 0o640);
    home.anonymous(&["job", "list", "--as", "alice"])
        .fails(4, &["chmod 600"]);
    for name in ["nobody", "..", "../alice"] {
        let done = home.anonymous(&["job", "list", "--as", name]);
        assert!(matches!(done.code, Some(2 | 4)), "{done:#?}");
        done.stderr.contains("token").then_some(()).or_else(|| {
            assert!(name.contains('/'));
            None
        });
    }
}

fn set_mode(path: &str, mode: u32) {
    use std::os::unix::fs::PermissionsExt;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
}

#[test]
fn a_token_that_is_not_valid_is_refused_in_one_way_and_recorded_in_several() {
    let home = Home::with_people();
    let list = ["job", "list", "--json"];
    let unknown = format!("cwk_{}", "0".repeat(64));
    let mut told = Vec::new();
    let mut refuse = |token: &str, why: &str| {
        let done = with_token(&home, token, &list).fails(4, &[]);
        assert_eq!(done.error()["code"], "access");
        assert!(!done.stderr.contains(&token[4..]), "{done:#?}");
        told.push(done.stderr);
        let refusal = newest_refusal(&home);
        assert_eq!(refusal["data"]["why"], why);
        assert!(!refusal.to_string().contains(&token[4..]));
    };
    refuse(&unknown, "unknown");

    let (id, token) = token_of(&home, "alice", &[]);
    with_token(&home, &token, &list).ok();
    home.run(&["token", "revoke", &id, "--as", "dave"]).ok();
    refuse(&token, "revoked");
    home.run(&["token", "revoke", &id, "--as", "dave"])
        .fails(4, &["revoked already"]);

    let (_, token) = token_of(&home, "alice", &[]);
    home.run(&["user", "disable", "alice", "--as", "dave"]).ok();
    refuse(&token, "disabled");
    home.run(&["user", "enable", "alice", "--as", "dave"]).ok();
    with_token(&home, &token, &list).ok();
    assert!(told.iter().all(|text| *text == told[0]), "{told:#?}");

    let broken = with_token(&home, "cwk_12", &list).fails(4, &["64"]);
    assert_eq!(broken.error()["code"], "sign_in");
    let listed = home.json(&["token", "list", "alice", "--as", "dave"]);
    assert!(!listed.to_string().contains(&token[4..]));
}

#[test]
fn an_expired_token_stays_expired_when_the_clock_is_set_back() {
    let home = Home::with_people();
    let list = ["job", "list"];
    let (_, token) = token_of(&home, "alice", &["--expires", "1h"]);
    with_token(&home, &token, &list).ok();
    // Commands on a folder with this file go by a clock that is so many seconds ahead.
    let clock = home.data_dir().join("demo.clock");
    std::fs::write(&clock, "7200").unwrap();
    with_token(&home, &token, &list).fails(4, &["not valid"]);
    std::fs::remove_file(&clock).unwrap();
    // The refusal is on record, and so is its time.
    with_token(&home, &token, &list).fails(4, &["not valid"]);
    assert_eq!(newest_refusal(&home)["data"]["why"], "expired");
    home.run(&[
        "token",
        "create",
        "alice",
        "--expires",
        "1h",
        "--as",
        "dave",
    ])
    .fails(2, &["to come"]);
}

#[test]
fn a_role_lost_a_second_ago_is_of_no_use() {
    let home = Home::with_people();
    let item = crate::harness::example("agent_invoice_review", |_| ());
    let submit = ["job", "submit", "--kind", "agent_invoice_review"];
    let submit = |reference: &str| {
        let args = [&submit[..], &["--reference", reference, "--as", "alice"]].concat();
        home.run_with(&args, item.as_bytes())
    };
    submit("R-1").ok();
    home.run(&["role", "revoke", "alice", "operator", "--as", "dave"])
        .ok();
    submit("R-2").fails(4, &["operator"]);
    let cancel = ["job", "cancel", "R-1", "--reason", "x", "--as", "alice"];
    home.run(&cancel).fails(4, &["operator"]);
    let listed = home.json(&["job", "list"]);
    assert_eq!(listed["items"].as_array().unwrap().len(), 1);
    assert_eq!(newest_refusal(&home)["data"]["action"], json!("job.cancel"));
}
