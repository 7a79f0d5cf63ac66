//! `clerkwork document write`: the red invoice of a completed job, as a file.

use clerkwork_sandbox::{RedCase, RedEnd, RedWorld, generate_red};
use serde_json::{Value, json};

use crate::{
    documents::read,
    harness::{Done, Home},
};

const RED_LETTERS: usize = 3;

/// A demo that is over at once: one red letter was issued and one sent back, and nothing waited.
struct Over {
    home: Home,
    world: RedWorld,
    /// Index of the application that was issued.
    issued: usize,
}

impl Over {
    fn new() -> Self {
        let direct = [
            RedCase::MistakeInFull,
            RedCase::ReturnInFull,
            RedCase::ReturnInPart,
        ];
        let fits = |world: &RedWorld| {
            let cases: Vec<_> = (0..RED_LETTERS).filter_map(|i| world.case(i)).collect();
            let ends = |case: &RedCase| case.expected() == RedEnd::Returned;
            let waits = |case: &RedCase| {
                use clerkwork_sandbox::RedGroup::{Confirmed, Counterpart, Defect, Direct, Risk};
                match case.group() {
                    Confirmed | Counterpart => true,
                    Direct | Defect | Risk => false,
                }
            };
            cases.iter().any(|case| direct.contains(case))
                && cases.iter().any(ends)
                && !cases.iter().any(waits)
        };
        let seed = (1..)
            .find(|seed| fits(&generate_red(*seed, RED_LETTERS)))
            .unwrap();
        let world = generate_red(seed, RED_LETTERS);
        let mut indices = 0..RED_LETTERS;
        let issued = indices.find(|index| direct.contains(&world.case(*index).unwrap()));
        let mut home = Home::new();
        // One of the people whom the demo makes.
        home.set("CLERKWORK_USER", "bob");
        let (seed, count) = (seed.to_string(), RED_LETTERS.to_string());
        let args = ["up", "--demo", "--once", "--items", "1", "--seed", &seed];
        home.run(&[&args[..], &["--red-letters", &count]].concat())
            .ok();
        Self {
            issued: issued.unwrap(),
            world,
            home,
        }
    }

    fn number(&self) -> String {
        self.world.number(self.issued).unwrap()
    }

    fn write(&self, job: &str, more: &[&str]) -> Done {
        self.home.run(&[&["document", "write", job], more].concat())
    }

    /// Who had which format written, as it is on record; sorted.
    fn recorded(&self) -> Vec<(String, String)> {
        let listed = self.home.json(&["audit", "search", "--type", "audit.read"]);
        let events = listed["items"].as_array().unwrap();
        let mut told: Vec<_> = events
            .iter()
            .map(|event| {
                assert_eq!(event["data"]["what"], "personal data", "{event:#}");
                let word = |value: &Value| value.as_str().unwrap().to_owned();
                (
                    word(&event["actor"]["name"]),
                    word(&event["data"]["format"]),
                )
            })
            .collect();
        told.sort();
        told
    }
}

#[test]
fn an_issued_red_invoice_is_written_in_both_formats_and_reads_back_as_it_was_asked_for() {
    let over = Over::new();
    let (home, job) = (&over.home, over.number());
    let application = over.world.application(over.issued).unwrap();
    let asked = serde_json::to_value(&application).unwrap();
    let shown = home.json(&["job", "show", &job]);
    let effects = shown["effects"].as_array().unwrap().iter();
    let mut issue = effects.filter(|effect| effect["name"] == "issue_red");
    let red_number = &issue.next().unwrap()["result"]["red_number"];

    for format in ["einvoice", "ubl"] {
        let file = home.path(format).to_str().unwrap().to_owned();
        let out = ["--format", format, "--out", &file];
        let args = [&["document", "write", &job], &out[..]].concat();
        home.anonymous(&args).fails(4, &["--as"]);
        assert!(!home.path(format).exists());
        let by_alice = [&out[..], &["--as", "alice"]].concat();
        let done = over.write(&job, &[&by_alice[..], &["--json"]].concat());
        let told = done.ok().json();
        assert_eq!(
            told,
            json!({"job": shown["id"], "format": format, "file": file})
        );

        let written = read(home, &file);
        assert_eq!(
            (&written["format"], &written["kind"]),
            (&json!(format), &json!("red"))
        );
        assert_eq!(&written["number"], red_number);
        assert_eq!(written["reverses"]["number"], asked["blue"]["number"]);
        for field in ["total_net", "total_tax", "total_gross", "currency"] {
            assert_eq!(written[field], asked[field], "{field}: {written:#}");
        }
        for side in ["seller", "buyer"] {
            assert_eq!(
                written[side]["tax_id"], asked[side]["tax_id"],
                "{written:#}"
            );
        }
        let lines = |value: &Value| value["lines"].as_array().unwrap().len();
        assert_eq!(lines(&written), lines(&asked));

        // What is there stays, unless told otherwise.
        std::fs::write(&file, "mine").unwrap();
        over.write(&job, &by_alice).fails(4, &[&file, "--force"]);
        assert_eq!(std::fs::read_to_string(&file).unwrap(), "mine");
        over.write(&job, &[&by_alice[..], &["--force"]].concat())
            .ok();
        assert_eq!(read(home, &file), written);
        // Without a file it goes to stdout, and is the same.
        let stdout = over
            .write(&job, &["--format", format, "--as", "bob"])
            .ok()
            .stdout;
        let kept = std::fs::read_to_string(&file).unwrap();
        assert_eq!(stdout.trim_end(), kept.trim_end());
    }
    let recorded = over.recorded();
    let recorded: Vec<_> = recorded
        .iter()
        .map(|(who, what)| (&**who, &**what))
        .collect();
    let twice = [
        ("alice", "einvoice"),
        ("alice", "einvoice"),
        ("alice", "ubl"),
        ("alice", "ubl"),
    ];
    assert_eq!(
        recorded,
        [&twice[..], &[("bob", "einvoice"), ("bob", "ubl")]].concat()
    );
}

#[test]
fn what_issued_no_red_invoice_is_not_written_and_not_recorded() {
    let over = Over::new();
    let mut indices = 0..RED_LETTERS;
    let returned = indices.find(|i| over.world.case(*i).unwrap().expected() == RedEnd::Returned);
    let returned = over.world.number(returned.unwrap()).unwrap();
    let file = over.home.path("red.xml").to_str().unwrap().to_owned();
    let out = ["--format", "ubl", "--out", &file, "--as", "alice"];
    over.write(&returned, &out)
        .fails(4, &["returned", "job show"]);
    over.write("HZ-99", &out).fails(5, &["HZ-99"]);
    let kind = ["job", "list", "--kind", "agent_invoice_review"];
    let agent = over.home.json(&kind)["items"][0]["id"].clone();
    let done = over.write(agent.as_str().unwrap(), &[&out[..], &["--json"]].concat());
    let done = done.fails(4, &["agent_invoice_review"]);
    assert_eq!(done.error()["code"], "wrong_kind");
    assert!(!over.home.path("red.xml").exists());
    assert_eq!(over.recorded(), []);
}
