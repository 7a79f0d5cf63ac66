//! Acts whose outcome is unclear: a person says how they ended, the upstream bears them out, and
//! nothing is done twice.

use clerkwork_core::Verdict;
use serde_json::{Value, json};

use crate::{
    harness::{Done, Home, Up, eventually},
    platform::Platform,
};

/// How the platform is asked for the state of an application, and told to issue or send back.
const STATUS: &str = "cxdkfpsqzt";
const ISSUE: &str = "dkfpspkj";
const RETURN: &str = "dkfpth";

/// A platform with one application, its job stopped by an act that ended with a fault while nobody
/// could ask how.
struct Stopped {
    home: Home,
    platform: Platform,
    up: Up,
    job: String,
}

/// The application passes, and issuing it ended with `fault`.
fn stopped(fault: &str) -> Stopped {
    stopped_at(Verdict::Proceed, ISSUE, fault)
}

fn stopped_at(verdict: Verdict, act: &str, fault: &str) -> Stopped {
    let seed = (1..)
        .find(|seed| {
            let world = clerkwork_sandbox::generate(*seed, 1);
            world.case(0).unwrap().expected() == verdict
        })
        .unwrap();
    let job = clerkwork_sandbox::generate(seed, 1).number(0).unwrap();
    let mut home = Home::with_people();
    let platform = Platform::start(&mut home, seed, 1);
    home.set("CLERKWORK__FLEET__MAX_ATTEMPTS", "2");
    home.set("CLERKWORK__FLEET__BACKOFF_BASE_MS", "10");
    let up = home.up(&[]);
    platform.set_faults(&json!([
        {"type": "latency", "milliseconds": 6_000, "methods": [act]},
        {"type": fault, "methods": [act]},
    ]));
    let submit = ["batch", "submit", "--from-upstream", "--reference", "B"];
    home.run(&[&submit[..], &["--as", "alice"]].concat()).ok();
    eventually("the act is announced", || {
        let shown = home.json(&["job", "show", &job]);
        (shown["effects"][0]["state"] == "intended").then_some(())
    });
    platform.set_faults(&json!([
        {"type": "server_error", "status": 503, "methods": [STATUS]},
    ]));
    home.wait_for(&job, "blocked");
    Stopped {
        home,
        platform,
        up,
        job,
    }
}

impl Stopped {
    fn settle(&self, way: &[&str], user: &str) -> Done {
        let args = [
            "review",
            "settle",
            &self.job,
            "--reason",
            "核对过平台",
            "--as",
            user,
        ];
        self.home.run(&[&args[..], way].concat())
    }

    fn settlement(&self) -> Value {
        let shown = self.home.json(&["review", "show", &self.job]);
        shown["settlement"].clone()
    }

    /// What the platform has issued.
    fn issued(&self) -> usize {
        let book = self.platform.book();
        book["issued"]
            .get(&self.job)
            .map_or(0, |issued| issued.as_array().unwrap().len())
    }

    /// The last events of a type, with their data.
    fn events(&self, kind: &str) -> Vec<Value> {
        let shown = self.home.json(&["job", "show", &self.job]);
        let events = shown["events"].as_array().unwrap();
        let of_kind = events.iter().filter(|event| event["type"] == kind);
        of_kind.cloned().collect()
    }
}

fn offer<'v>(settlement: &'v Value, name: &str) -> &'v Value {
    let offers = settlement["offers"].as_array().unwrap();
    let found = offers.iter().find(|offer| offer["offer"] == name);
    found.unwrap_or_else(|| panic!("no `{name}` in {settlement:#}"))
}

#[test]
fn an_act_that_happened_is_settled_by_its_number_and_not_done_again() {
    let stopped = stopped("lost_answer");
    let (home, job) = (&stopped.home, stopped.job.as_str());

    // As long as the platform does not answer, only handing over is left.
    let silent = stopped.settlement();
    assert!(
        silent["not_asked"].is_string() && silent["lookup"].is_null(),
        "{silent:#}"
    );
    for name in ["done", "again"] {
        assert!(offer(&silent, name)["command"].is_null(), "{silent:#}");
    }
    let tried: Vec<_> = silent["tried"].as_array().unwrap().iter().collect();
    assert_eq!(tried[0]["state"], "intended", "{silent:#}");
    assert_eq!(tried[1]["state"], "unknown", "{silent:#}");
    stopped
        .settle(&["--again"], "bob")
        .fails(4, &["cannot tell now", "ask again later"]);
    stopped
        .settle(&["--done", "1"], "bob")
        .fails(4, &["cannot tell now", "ask again later"]);
    stopped.settle(&[], "bob").fails(2, &["--done"]);
    stopped
        .settle(&["--again", "--done", "1"], "bob")
        .fails(2, &[]);
    stopped
        .settle(&["--hand-over", "a b"], "bob")
        .fails(2, &["`a b`"]);
    // Nor does the submitter move their own item about.
    stopped
        .settle(&["--hand-over", "group:复核组"], "alice")
        .fails(4, &["`alice`"]);
    let refusals = home.json(&["audit", "search", "--type", "access.refused"]);
    let refused = &refusals["items"][0];
    assert_eq!(refused["data"]["action"], "review.hand_over", "{refused:#}");
    assert_eq!(stopped.events("review.handed_over").len(), 0);
    stopped.settle(&["--hand-over", "group:复核组"], "bob").ok();
    let listed = home.json(&["review", "list", "--assigned-to", "group:复核组"]);
    assert_eq!(listed["items"][0]["reference"], job);
    assert_eq!(listed["items"][0]["assigned_to"], "group:复核组");
    let nobody = home.json(&["review", "list", "--assigned-to", "carol"]);
    assert_eq!(nobody["items"], json!([]));
    assert_eq!(home.state_of(job), "blocked");

    stopped.platform.set_faults(&json!([]));
    let found = stopped.settlement();
    assert_eq!(found["lookup"], "happened", "{found:#}");
    let candidate = &found["candidates"][0];
    let number = candidate["number"].as_str().unwrap().to_owned();
    assert_eq!(candidate["fits"], true);
    assert!(offer(&found, "again")["command"].is_null(), "{found:#}");
    let command = offer(&found, "done")["command"].as_str().unwrap();
    assert!(command.contains(&format!("--done {number}")), "{command}");
    let told = home.run(&["review", "show", job]).ok().stdout;
    for part in [command, "上游系统当前查询结果", "group:复核组", &number] {
        assert!(told.contains(part), "no `{part}` in {told}");
    }

    let done = format!("--done {number}");
    stopped.settle(&["--again"], "bob").fails(4, &[&done]);
    stopped
        .settle(&["--done", "26440000000000099999"], "bob")
        .fails(4, &[&number]);
    stopped
        .settle(&["--done", &number], "alice")
        .fails(4, &["`alice`"]);
    assert_eq!(home.state_of(job), "blocked");

    // Two people at once: one result, and the other is told.
    let settle = |user| stopped.settle(&["--done", &number], user);
    let (bob, carol) = std::thread::scope(|scope| {
        let bob = scope.spawn(|| settle("bob"));
        let carol = scope.spawn(|| settle("carol"));
        (bob.join().unwrap(), carol.join().unwrap())
    });
    let (winner, loser) = match bob.code {
        Some(0) => ("bob", carol),
        _ => ("carol", bob),
    };
    loser.fails(4, &[]);
    home.wait_for(job, "completed");
    assert_eq!(stopped.issued(), 1);
    let confirmed = stopped.events("effect.confirmed");
    assert_eq!(confirmed.len(), 1, "{confirmed:#?}");
    assert_eq!(confirmed[0]["data"]["by"], "person");
    assert_eq!(
        confirmed[0]["actor"],
        json!({"kind": "user", "name": winner})
    );
    assert_eq!(stopped.events("review.approved").len(), 1);
    assert_eq!(stopped.events("review.handed_over").len(), 1);
    let shown = home.json(&["job", "show", job]);
    assert_eq!(shown["effects"][0]["result"]["invoice_number"], number);
    let late = stopped.settle(&["--done", &number], "carol");
    late.fails(4, &[&format!("`{winner}`"), " at 20"]);
    stopped.settle(&["--hand-over", "dan"], "bob").fails(4, &[]);
    assert_eq!(stopped.up.stop().code(), Some(0));
}

#[test]
fn an_act_that_did_not_happen_is_done_anew_once() {
    let stopped = stopped("reset");
    assert_eq!(stopped.issued(), 0);
    stopped.platform.set_faults(&json!([]));
    let found = stopped.settlement();
    assert_eq!(found["lookup"], "did_not_happen", "{found:#}");
    assert!(offer(&found, "done")["command"].is_null(), "{found:#}");
    assert!(offer(&found, "again")["command"].is_string(), "{found:#}");
    stopped
        .settle(&["--done", "1"], "bob")
        .fails(4, &["nothing there does"]);
    stopped.settle(&["--again"], "alice").fails(4, &["`alice`"]);
    stopped.settle(&["--again"], "bob").ok();
    stopped.home.wait_for(&stopped.job, "completed");
    assert_eq!(stopped.issued(), 1);
    let refused = stopped.events("effect.refused");
    assert_eq!(refused.len(), 1, "{refused:#?}");
    assert_eq!(
        refused[0]["data"]["result"],
        json!({"did_not_happen": true})
    );
    assert_eq!(stopped.events("effect.intended").len(), 2, "announced anew");
    assert_eq!(stopped.up.stop().code(), Some(0));
}

#[test]
fn an_item_that_was_being_sent_back_is_not_issued_when_that_is_settled() {
    let stopped = stopped_at(Verdict::Return, RETURN, "lost_answer");
    stopped.platform.set_faults(&json!([]));
    let found = stopped.settlement();
    assert_eq!(found["effect"]["name"], "return_to_applicant", "{found:#}");
    let number = found["candidates"][0]["number"].as_str().unwrap();
    stopped.settle(&["--done", number], "bob").ok();
    stopped.home.wait_for(&stopped.job, "returned");
    assert_eq!(stopped.issued(), 0);
    let returned = stopped.platform.book()["returned"][&stopped.job].clone();
    assert_eq!(returned.as_array().unwrap().len(), 1, "{returned}");
    assert_eq!(stopped.events("review.returned").len(), 1);
    assert_eq!(stopped.up.stop().code(), Some(0));
}

#[test]
fn an_approval_lets_the_fleet_look_again_and_says_so() {
    let stopped = stopped("lost_answer");
    stopped.platform.set_faults(&json!([]));
    let decided = stopped.home.decide("approve", &stopped.job, "seen", "bob");
    assert_eq!(decided.ok().json()["upstream_is_asked_again"], true);
    stopped.home.wait_for(&stopped.job, "completed");
    assert_eq!(stopped.issued(), 1);
    let confirmed = stopped.events("effect.confirmed");
    assert_eq!(confirmed[0]["data"]["by"], "lookup", "{confirmed:#?}");
    assert_eq!(stopped.up.stop().code(), Some(0));
}

#[test]
fn other_commands_reach_the_simulated_platform_of_a_running_up_and_no_longer() {
    use std::os::unix::fs::PermissionsExt;
    let home = Home::with_people();
    let file = home.data_dir().join("sandbox.connection");
    let up = home.up(&[]);
    let mode = std::fs::metadata(&file).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let kept = std::fs::read(&file).unwrap();
    let submit = |reference: &str| {
        let args = ["batch", "submit", "--from-upstream", "--items", "3"];
        home.run(&[&args[..], &["--reference", reference, "--as", "alice"]].concat())
    };
    submit("B-1").ok();
    assert_eq!(up.stop().code(), Some(0));
    assert!(!file.exists(), "gone with the platform");
    submit("B-2").fails(2, &["no e-tax platform"]);
    // As a process that was killed leaves it.
    std::fs::write(&file, kept).unwrap();
    std::fs::set_permissions(&file, PermissionsExt::from_mode(0o600)).unwrap();
    submit("B-3").fails(3, &["`clerkwork up` does not run"]);
}
