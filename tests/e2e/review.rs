//! Items in front of a person: four eyes, decided once, and done in the upstream's own book.

use clerkwork_sandbox::{Case, Risk};
use serde_json::{Value, json};

use crate::{
    harness::{Home, eventually},
    platform::Platform,
};

const SEED: u64 = 11;
const ITEMS: usize = 120;

/// Numbers of applications whose risk lies in themselves alone.
fn risky(kind: Risk) -> String {
    let world = clerkwork_sandbox::generate(SEED, ITEMS);
    let index = (0..ITEMS).find(|index| world.case(*index) == Some(Case::Risk(kind)));
    world
        .number(index.expect("the world has one of each"))
        .unwrap()
}

/// Decides until it is carried out. The facts may have changed since the question was put, as when
/// another application of the seller was returned: then the decision is refused or lapses, and the
/// same question comes again, once.
fn decide(home: &Home, verb: &str, job: &str, note: &str, user: &str, end: &str) {
    for _ in 0..2 {
        let done = home.decide(verb, job, note, user);
        if done.code != Some(0) {
            assert_eq!(done.fails(4, &["facts"]).error()["code"], "stale");
        }
        let state = eventually("the decision is carried out", || {
            let state = home.state_of(job);
            let open = home.json(&["review", "show", job])["state"] == "open";
            (state == end || (state == "blocked" && open)).then_some(state)
        });
        if state == end {
            return;
        }
    }
    panic!("{job} did not become {end} after two decisions");
}

#[test]
fn a_review_is_decided_by_another_person_and_carried_out_once() {
    let mut home = Home::with_people();
    let platform = Platform::start(&mut home, SEED, ITEMS);
    let up = home.up(&[]);
    let submitted = home.json(&[
        "batch",
        "submit",
        "--from-upstream",
        "--reference",
        "B",
        "--as",
        "alice",
    ]);
    assert_eq!(submitted["accepted"], ITEMS);
    home.run(&["batch", "watch", "B", "--timeout", "60"]).ok();

    let job = risky(Risk::HighRiskBuyer);
    assert_eq!(home.state_of(&job), "blocked");
    let open = home.json(&["review", "list", "--limit", "500"]);
    let items = open["items"].as_array().unwrap();
    let review = items
        .iter()
        .find(|item| item["reference"] == job.as_str())
        .unwrap();
    let id = review["id"].as_str().unwrap();
    assert!(!review["rules"].as_array().unwrap().is_empty());

    kept_pages(&home, &job);

    // Not by the one who submitted it, whatever else they may, and the refusal is on record.
    let grant = [
        "role",
        "grant",
        "alice",
        "supervisor:business",
        "--as",
        "dave",
    ];
    home.run(&grant).ok();
    for _ in 0..2 {
        let refused = home.decide("approve", id, "seen", "alice");
        assert_eq!(refused.fails(4, &["`alice`"]).error()["code"], "policy");
    }
    let what = ["--shown", "00000000", "--code", "checked", "--note", "seen"];
    let approve = [&["review", "approve", id][..], &what[..]].concat();
    home.anonymous(&approve).fails(4, &["--as"]);
    home.decide("approve", id, " ", "bob").fails(2, &["--note"]);
    // Nobody decides on what was not shown, or for a reason that is none.
    let stale = home.decide_on("approve", id, "00000000", "seen", "bob");
    assert_eq!(stale.fails(4, &["review show"]).error()["code"], "stale");
    home.decide_on("approve", id, "0000000", "seen", "bob")
        .fails(2, &["8 or more digits"]);
    let unknown = ["--shown", "00000000", "--code", "why", "--note", "seen"];
    home.run(&[&["review", "approve", id][..], &unknown[..]].concat())
        .fails(2, &["there is no reason `why`"]);
    let misfit = ["--shown", "00000000", "--code", "no_answer", "--note", "x"];
    home.run(&[&["review", "approve", id][..], &misfit[..]].concat())
        .fails(2, &["no reason for this"]);
    let refusals = home.json(&["audit", "search", "--type", "access.refused"]);
    let refusals = refusals["items"].as_array().unwrap();
    assert_eq!(refusals.len(), 2, "{refusals:#?}");
    assert_eq!(
        refusals[0]["actor"],
        json!({"kind": "user", "name": "alice"})
    );
    assert_eq!(home.state_of(&job), "blocked");
    assert!(platform.book()["issued"].get(&job).is_none());

    // A buyer of high risk needs two, the first of a lower tier, and never the same person twice.
    let highest = home.decide("approve", &job, "看过", "bob");
    assert_eq!(
        highest.fails(4, &["people.first_tier"]).error()["code"],
        "policy"
    );
    home.decide("approve", &job, "合同已核对", "carol").ok();
    assert_eq!(home.state_of(&job), "blocked", "one of two approvals");
    let twice = home.decide("approve", &job, "再看", "carol");
    assert_eq!(twice.fails(4, &["`carol`"]).error()["code"], "policy");
    decide(&home, "approve", &job, "合同已核对", "bob", "completed");
    let issued = platform.book()["issued"][&job].clone();
    assert_eq!(issued.as_array().unwrap().len(), 1, "{issued}");
    let shown = home.json(&["job", "show", &job]);
    let effect = &shown["effects"][0];
    assert_eq!(effect["state"], "confirmed");
    assert_eq!(
        effect["result"]["invoice_number"],
        issued[0]["invoice_number"]
    );
    let done = home.decide("approve", &job, "again", "carol");
    done.fails(4, &["`bob`", " at 20"]);

    let job = risky(Risk::RedWarning);
    decide(&home, "return", &job, "金额与合同不符", "carol", "returned");
    let returned = &platform.book()["returned"][&job];
    assert_eq!(returned.as_array().unwrap().len(), 1, "{returned}");
    assert!(
        returned[0]["reasons"]
            .to_string()
            .contains("金额与合同不符")
    );
    assert!(platform.book()["issued"].get(&job).is_none());

    story(&home, &job);
    assert_eq!(up.stop().code(), Some(0));
}

/// The story of a returned item names who, by which rule and with which effect, and no person's
/// data unless asked for by name.
/// What the upstream answered is kept for whoever decides, sealed; who reads it is on record.
fn kept_pages(home: &Home, job: &str) {
    let shown = home.json(&["review", "show", job]);
    let pages = shown["pages"].as_array().unwrap();
    assert_eq!(pages.len(), 1, "{pages:#?}");
    assert_eq!(pages[0]["source"], "etax.dossier");
    assert_eq!(pages[0]["media_type"], "application/json");
    let page = ["review", "page", job];
    let said = home.json(&page)["page"].as_str().unwrap().to_owned();
    assert_eq!(said.len() as u64, pages[0]["bytes"].as_u64().unwrap());
    let dossier: Value = serde_json::from_str(&said).unwrap();
    assert_eq!(dossier["sqbh"], job);
    let file = home.path("page.json");
    let out = ["--out", file.to_str().unwrap()];
    let to_file = [&page[..], &out[..]].concat();
    home.run(&to_file).ok();
    assert_eq!(std::fs::read_to_string(&file).unwrap(), said);
    home.run(&to_file).fails(4, &["--force"]);
    home.run(&["review", "page", job, "2"])
        .fails(5, &["has no page 2: one page was kept"]);
    let story = home.json(&["job", "show", job]);
    let kept = story["events"].as_array().unwrap();
    let kept = kept.iter().find(|event| event["type"] == "evidence.kept");
    let kept = kept.unwrap();
    assert!(kept["sealed"]["page"].is_string());
    let told: Vec<_> = kept["data"].as_object().unwrap().keys().collect();
    let plain = ["at", "bytes", "cut", "media_type", "review", "source"];
    assert_eq!(told, plain);
    let trail = ["audit", "search", "--type", "audit.read", "--as", "frank"];
    let read = home.json(&trail);
    let read = read["items"].as_array().unwrap();
    let of_page = |event: &&Value| event["data"]["what"] == "a kept page";
    assert_eq!(read.iter().filter(of_page).count(), 2, "{read:#?}");
}

fn story(home: &Home, job: &str) {
    let world = clerkwork_sandbox::generate(SEED, ITEMS);
    let application = world.application(world.index_of(job).unwrap()).unwrap();
    let secret = &application.seller.tax_id;
    let told = home.run(&["job", "show", job]).ok().stdout;
    for part in [
        "user:alice",
        "user:carol",
        "agent_invoice.buyer_risk",
        "人工退回 review returned",
        "操作已确认 effect confirmed",
    ] {
        assert!(told.contains(part), "no `{part}` in {told}");
    }
    assert!(!told.contains(secret.as_str()), "{told}");
    home.anonymous(&["job", "show", job, "--reveal"])
        .fails(4, &["--as"]);
    let revealed = home
        .run(&["job", "show", job, "--reveal", "--as", "frank"])
        .ok()
        .stdout;
    assert!(revealed.contains(secret.as_str()), "{revealed}");
    let reads = home.json(&[
        "audit",
        "search",
        "--type",
        "audit.read",
        "--actor",
        "frank",
    ]);
    assert_eq!(reads["items"][0]["data"]["what"], "personal data");
    let explained = home.json(&["policy", "explain", job]);
    assert_eq!(
        explained["explanation"]["decision"]["verdict"],
        Value::from("review2")
    );
}
