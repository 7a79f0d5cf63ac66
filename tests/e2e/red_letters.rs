//! Red letters: a demo whose waits of days end while one watches, however it is stopped, and
//! batches of them from the platform.

use std::{
    collections::{BTreeMap, BTreeSet},
    os::unix::process::ExitStatusExt,
    process::ExitStatus,
};

use clerkwork_sandbox::{Options, RedBook, RedEnd, RedGroup, RedWorld, Sandbox, generate_red};
use serde_json::{Value, json};

use crate::{
    harness::{Home, Up},
    platform::Platform,
};

const KIND: &str = "red_letter_invoice";

/// How long a form waits for the other side.
const WAIT_SECONDS: u64 = 72 * 3_600;

/// The demo of these tests.
const SEED: u64 = 5;
const ITEMS: usize = 20;
const RED_LETTERS: usize = 60;
const DEMO: [&str; 9] = [
    "up",
    "--demo",
    "--once",
    "--seed",
    "5",
    "--items",
    "20",
    "--red-letters",
    "60",
];

fn world() -> RedWorld {
    generate_red(SEED, RED_LETTERS)
}

/// The applications of the demo that were made to end so.
fn made_to(end: RedEnd) -> BTreeSet<String> {
    let world = world();
    let indices = (0..RED_LETTERS).filter(|index| world.case(*index).unwrap().expected() == end);
    indices.map(|index| world.number(index).unwrap()).collect()
}

/// The references of the red letters in a state.
fn in_state(home: &Home, state: &str) -> BTreeSet<String> {
    let args = ["job", "list", "--kind", KIND, "--limit", "100", "--state"];
    let listed = home.json(&[&args[..], &[state]].concat());
    let items = listed["items"].as_array().unwrap().iter();
    let references = items.map(|item| item["reference"].as_str().unwrap().to_owned());
    references.collect()
}

/// Every application ended as its world was made to.
fn compare(home: &Home, figures: &Value) {
    let red = &figures["red_letters"];
    for (end, state) in [
        (RedEnd::Completed, "completed"),
        (RedEnd::Returned, "returned"),
        (RedEnd::Blocked, "blocked"),
    ] {
        let expected = made_to(end);
        assert!(!expected.is_empty(), "{state}");
        assert_eq!(in_state(home, state), expected, "{state}");
        assert_eq!(red[state], expected.len(), "{state}: {red:#}");
    }
    assert_eq!(red["failed"], 0, "{red:#}");
    assert_eq!(red["items"], RED_LETTERS, "{red:#}");
    assert_eq!(red["submitted"]["conflict"], 0, "{red:#}");
    let ahead = figures["clock_ahead_seconds"].as_u64().unwrap();
    assert!(ahead >= WAIT_SECONDS, "{ahead} s");
    for (state, count) in crate::demo::expected(SEED, ITEMS) {
        assert_eq!(figures[state], count, "{state}: {figures:#}");
    }
}

/// What the platform of the demo did, from its own memory.
fn book(home: &Home) -> RedBook {
    let options = Options {
        seed: SEED,
        applications: ITEMS,
        red_letters: RED_LETTERS,
        memory: Some(home.data_dir().join("sandbox.memory")),
        ..Options::default()
    };
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let platform = Sandbox::start(options).await.unwrap();
        let book = platform.state().red_book();
        platform.shutdown().await;
        book
    })
}

/// What the ledger has on record as done: by effect, the job and what came of it.
fn confirmed(home: &Home) -> BTreeMap<String, Vec<(String, Value)>> {
    let args = ["audit", "search", "--type", "effect.confirmed", "--limit"];
    let listed = home.json(&[&args[..], &["500"]].concat());
    assert_eq!(listed["next"], Value::Null, "all on one page");
    let mut all: BTreeMap<String, Vec<_>> = BTreeMap::new();
    for event in listed["items"].as_array().unwrap() {
        let word = |value: &Value| value.as_str().unwrap().to_owned();
        let done = (word(&event["job"]), event["data"]["result"].clone());
        all.entry(word(&event["data"]["effect"]))
            .or_default()
            .push(done);
    }
    for (effect, done) in &all {
        let jobs: BTreeSet<_> = done.iter().map(|(job, _)| job).collect();
        assert_eq!(jobs.len(), done.len(), "{effect} twice: {done:#?}");
    }
    all
}

/// The words of a field; each may come once.
fn once(words: impl Iterator<Item = String>) -> BTreeSet<String> {
    let mut different = BTreeSet::new();
    for word in words {
        assert!(different.insert(word.clone()), "`{word}` comes twice");
    }
    different
}

/// The platform's book holds nothing twice, and nothing that the ledger does not know.
fn done_once(home: &Home) {
    let (book, ledger) = (book(home), confirmed(home));
    let known = |effect: &str, field: &str| {
        let done = ledger[effect].iter();
        once(done.map(|(_, result)| result[field].as_str().unwrap().to_owned()))
    };
    let issued = book.issued.values().flatten();
    let issued = once(issued.map(|red| red.red_number.clone()));
    assert_eq!(issued, known("issue_red", "red_number"));
    let entered = book.forms.values().flatten().filter(|form| !form.found);
    let entered = once(entered.map(|form| form.form_number.clone()));
    assert_eq!(entered, known("create_form", "form_number"));
    for (red, settled) in &book.settled {
        assert_eq!(settled.len(), 1, "{red}: {settled:#?}");
    }
    assert_eq!(book.settled.len(), ledger["settle_tax"].len());

    let numbers: BTreeSet<_> = book.written_back.keys().cloned().collect();
    assert_eq!(numbers, made_to(RedEnd::Completed));
    for (application, reports) in &book.written_back {
        assert_eq!(reports.len(), 1, "{application}: {reports:#?}");
    }
    let reported = book.written_back.values().flatten();
    let reported = once(reported.map(|report| report.red_number.clone()));
    assert_eq!(reported, issued, "each red invoice is one application's");
    let numbers: BTreeSet<_> = book.returned.keys().cloned().collect();
    assert_eq!(numbers, made_to(RedEnd::Returned));
    for (application, returns) in &book.returned {
        assert_eq!(returns.len(), 1, "{application}: {returns:#?}");
    }

    // One of each case in which somebody outside has a say.
    let world = world();
    let mut seen = BTreeSet::new();
    for index in 0..RED_LETTERS {
        let case = world.case(index).unwrap();
        if case.group() == RedGroup::Confirmed && seen.insert(case) {
            let application = world.number(index).unwrap();
            let red = &book.written_back[&application][0].red_number;
            in_journal(home, &application, red);
        }
    }
    assert!(seen.len() > 1, "{seen:?}");
}

/// Every effect of a completed job is confirmed, and one of them issued this red invoice.
fn in_journal(home: &Home, job: &str, red: &str) {
    let shown = home.json(&["job", "show", job]);
    let effects = shown["effects"].as_array().unwrap();
    for effect in effects {
        assert_eq!(effect["state"], "confirmed", "{job}: {effect:#}");
    }
    let named = |name: &str| {
        let found = effects.iter().filter(|effect| effect["name"] == name);
        found.collect::<Vec<_>>()
    };
    assert_eq!(named("write_back").len(), 1, "{job}: {effects:#?}");
    let issue = named("issue_red");
    assert_eq!(issue.len(), 1, "{job}: {effects:#?}");
    assert_eq!(issue[0]["result"]["red_number"], red, "{job}");
}

/// An installation whose scheduler looks often, so that the demo's steps are short.
fn demo_home() -> Home {
    let mut home = Home::with_people();
    home.set("CLERKWORK__SCHEDULER__TICK_MS", "20");
    home
}

#[test]
fn a_demo_waits_for_other_parties_to_the_end_and_a_second_start_changes_nothing() {
    let home = demo_home();
    let figures = home.json(&DEMO);
    compare(&home, &figures);
    done_once(&home);
    let red = &figures["red_letters"];
    assert_eq!(red["submitted"]["accepted"], RED_LETTERS);
    for list in ["returned_reasons", "blocked_rules"] {
        assert!(!red[list][0]["zh"].as_str().unwrap().is_empty(), "{red:#}");
    }

    let kept = book(&home);
    let again = home.json(&DEMO);
    compare(&home, &again);
    let red_again = &again["red_letters"];
    assert_eq!(red_again["submitted"]["accepted"], 0);
    assert_eq!(red_again["submitted"]["same"], red_again["blocked"]);
    assert_eq!(red_again["batch"], red["batch"]);
    assert_eq!(
        (&red_again["done_now"], &again["done_now"]),
        (&json!(0), &json!(0))
    );
    assert_eq!(again["clock_ahead_seconds"], figures["clock_ahead_seconds"]);
    assert_eq!(book(&home), kept);
}

/// Stops the demo with a signal when it has waited for some hours, and lets it go on.
fn stopped_by(signal: &str) -> ExitStatus {
    let home = demo_home();
    let args = [&DEMO[..], &["--json"]].concat();
    let mut first = Up::start(home.command(&args), "it is 10 h");
    first.signal(signal);
    let status = first.wait();
    // Those that wait, those whose look is due, and those that were at work.
    let counts = home.json(&["batch", "status", "demo-red-5"])["counts"].clone();
    let open = ["waiting", "available", "running"].map(|state| counts[state].as_u64());
    let open: u64 = open.into_iter().flatten().sum();
    assert!(open > 0, "nothing was left: {counts:#} {}", first.said());

    let figures = home.json(&DEMO);
    compare(&home, &figures);
    let red = &figures["red_letters"];
    assert_eq!(red["submitted"]["accepted"], 0, "{red:#}");
    assert_eq!(red["done_now"], open, "{red:#}");
    done_once(&home);
    status
}

#[test]
fn a_demo_that_is_interrupted_while_it_waits_ends_the_same() {
    assert_eq!(stopped_by("INT").code(), Some(130));
}

#[test]
fn a_demo_that_is_killed_while_it_waits_ends_the_same() {
    assert_eq!(stopped_by("KILL").signal(), Some(9));
}

#[test]
fn what_waits_of_a_kind_at_the_platform_is_handed_in_once() {
    let mut home = Home::with_people();
    let _platform = Platform::with_red_letters(&mut home, 3, 4, 12);
    let from_upstream = |more: &[&str]| {
        let args = ["batch", "submit", "--from-upstream", "--as", "alice"];
        home.run(&[&args[..], more].concat())
    };
    let red = ["--kind", KIND, "--reference", "B", "--json"];
    let part = from_upstream(&[&red[..], &["--items", "5"]].concat())
        .ok()
        .json();
    assert_eq!(part["accepted"], 5, "{part:#}");
    let all = from_upstream(&red).ok().json();
    assert_eq!((&all["accepted"], &all["same"]), (&json!(7), &json!(5)));
    assert_eq!((&all["id"], &all["conflict"]), (&part["id"], &json!(0)));
    let world = generate_red(3, 12);
    let numbers: BTreeSet<_> = (0..12).map(|index| world.number(index).unwrap()).collect();
    assert_eq!(in_state(&home, "available"), numbers);
    let status = home.json(&["batch", "status", "B"]);
    assert_eq!(status["total"], 12, "{status:#}");

    // The other kind of the platform, and one that it has nothing of.
    let agent = from_upstream(&["--reference", "A", "--json"]).ok().json();
    assert_eq!(agent["accepted"], 4, "{agent:#}");
    let none = ["--kind", "deregistration", "--reference", "D"];
    let says = [
        "`deregistration`",
        "do not come from the upstream",
        "--file",
    ];
    from_upstream(&none).fails(2, &says);
    home.run(&["batch", "status", "D"]).fails(5, &["`D`"]);
    from_upstream(&["--kind", "dragon", "--reference", "D"]).fails(2, &["`dragon`"]);
}
