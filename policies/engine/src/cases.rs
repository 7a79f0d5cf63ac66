//! The cases of a bundle: questions with the answers that its authors expect.
//!
//! Every rule needs two cases about it: one in which it holds and one in which it does not. So a
//! rule that never fires, or always does, does not go unnoticed. The format is described in
//! `policies/README.md`.

mod review;

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

use clerkwork_core::{FactValue, Facts, Office, RuleHit, Verdict};
use serde::Deserialize;

use crate::{
    canary::made_up,
    decide::Question,
    engine::{Act, Engine},
};

/// A file of cases.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    /// Questions that cases start from, by name; known to all files.
    #[serde(default)]
    baselines: BTreeMap<String, Baseline>,
    #[serde(default)]
    cases: Vec<Case>,
}

/// A question to start from.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Baseline {
    resource_type: String,
    automatable: bool,
    #[serde(default)]
    facts: BTreeMap<String, FactValue>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    /// What the case shows.
    name: String,
    /// The rule that it is about.
    about: String,
    baseline: String,
    #[serde(default)]
    ask: Ask,
    /// Facts to add or to replace.
    #[serde(default)]
    set: BTreeMap<String, FactValue>,
    /// Facts to take away.
    #[serde(default)]
    without: BTreeSet<String>,
    /// Who submitted the item.
    #[serde(default = "submitter")]
    submitter: String,
    /// For `decide_review`: who wants to do what.
    #[serde(default)]
    review: Option<review::Asked>,
    expect: Expected,
    /// The ids of the decision's rules, in any order.
    rules: BTreeSet<String>,
}

fn submitter() -> String {
    "submitter".into()
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Ask {
    #[default]
    Decide,
    ExecuteApproved,
    ExecuteReturned,
    DecideReview,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Expected {
    Proceed,
    Return,
    Review,
    Review2,
    Hold,
    Allowed,
    Denied,
}

impl From<Verdict> for Expected {
    fn from(verdict: Verdict) -> Self {
        match verdict {
            Verdict::Proceed => Self::Proceed,
            Verdict::Return => Self::Return,
            Verdict::Review => Self::Review,
            Verdict::Review2 => Self::Review2,
            Verdict::Hold => Self::Hold,
        }
    }
}

/// How the cases of a bundle came out.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Report {
    /// How many cases came out as expected.
    pub passed: usize,
    /// What did not: a case, a file, or a rule without its two cases.
    pub failures: Vec<Failure>,
}

/// Something that is wrong with the cases.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// The file of the case, or of the rule that is not covered.
    pub file: String,
    /// The case or the rule.
    pub subject: String,
    /// What is wrong.
    pub message: String,
}

impl Report {
    /// Whether every case came out as expected and every rule is covered.
    pub fn ok(&self) -> bool {
        self.failures.is_empty()
    }

    fn fail(&mut self, file: &str, subject: &str, message: impl Into<String>) {
        self.failures.push(Failure {
            file: file.into(),
            subject: subject.into(),
            message: message.into(),
        });
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { passed, failures } = self;
        write!(f, "{passed} cases passed, {} failures", failures.len())?;
        for failure in failures {
            let Failure {
                file,
                subject,
                message,
            } = failure;
            write!(f, "\n{file}: `{subject}`: {message}")?;
        }
        Ok(())
    }
}

/// What a case found out.
struct Found {
    expected: Expected,
    /// The rules in the decision.
    hits: Vec<RuleHit>,
    /// The ids of all rules that held, also those that a decision does not list.
    held: BTreeSet<String>,
}

/// Runs every case of the engine's bundle and checks that every rule is covered.
pub fn run(engine: &Engine) -> Report {
    let mut report = Report::default();
    let mut baselines: BTreeMap<String, Baseline> = BTreeMap::new();
    let mut cases = Vec::new();
    for (path, text) in engine.bundle().cases() {
        match serde_json::from_str::<File>(text) {
            Ok(file) => {
                for (name, baseline) in file.baselines {
                    if baselines.insert(name.clone(), baseline).is_some() {
                        report.fail(path, &name, "a baseline of this name exists already");
                    }
                }
                cases.extend(file.cases.into_iter().map(|case| (path, case)));
            }
            Err(error) => report.fail(path, "file", error.to_string()),
        }
    }
    // For each rule: seen holding, seen not holding.
    let mut seen: BTreeMap<&str, (bool, bool)> = BTreeMap::new();
    for rule in engine.rules() {
        seen.insert(&rule.id, (false, false));
    }
    let mut names = BTreeSet::new();
    for (path, case) in &cases {
        let name = &case.name;
        if !names.insert(name) {
            report.fail(path, name, "a case of this name exists already");
        }
        let Some(baseline) = baselines.get(&case.baseline) else {
            let message = format!("there is no baseline `{}`", case.baseline);
            report.fail(path, name, message);
            continue;
        };
        let unknown = case
            .without
            .iter()
            .find(|name| !baseline.facts.contains_key(*name));
        if let Some(fact) = unknown {
            report.fail(path, name, format!("the baseline has no fact `{fact}`"));
            continue;
        }
        if case.review.is_some() && case.ask != Ask::DecideReview {
            let message = "`review` is for cases that ask `decide_review`";
            report.fail(path, name, message);
            continue;
        }
        let found = ask(engine, case, baseline);
        match seen.get_mut(&*case.about) {
            None => {
                let message = format!("there is no rule `{}`", case.about);
                report.fail(path, name, message);
                continue;
            }
            Some((holds, does_not)) => match found.held.contains(&case.about) {
                true => *holds = true,
                false => *does_not = true,
            },
        }
        let ids: BTreeSet<String> = found.hits.iter().map(|hit| hit.id.clone()).collect();
        if found.expected != case.expect {
            let message = format!("expected {:?}, got {:?}", case.expect, found.expected);
            report.fail(path, name, message + &because(&found.hits));
        } else if ids != case.rules {
            let message = format!("expected the rules {:?}", case.rules);
            report.fail(path, name, message + &because(&found.hits));
        } else {
            report.passed += 1;
        }
    }
    for rule in engine.rules() {
        let (holds, does_not) = seen.get(&*rule.id).copied().unwrap_or_default();
        if !holds {
            report.fail(
                &rule.file,
                &rule.id,
                "no case about this rule in which it holds",
            );
        }
        if !does_not {
            let message = "no case about this rule in which it does not hold";
            report.fail(&rule.file, &rule.id, message);
        }
    }
    report
}

fn because(hits: &[RuleHit]) -> String {
    hits.iter()
        .map(|hit| format!("\n      because of `{}`: {}", hit.id, hit.reason.en))
        .collect()
}

fn ask(engine: &Engine, case: &Case, baseline: &Baseline) -> Found {
    let office = Office::default();
    let mut facts = Facts::default();
    for (name, value) in baseline.facts.iter().chain(&case.set) {
        if case.set.contains_key(name) || !case.without.contains(name) {
            facts.0.insert(name.clone(), made_up(value.clone(), "case"));
        }
    }
    let question = Question {
        robot: "robot",
        resource_type: &baseline.resource_type,
        automatable: baseline.automatable,
        item: "item",
        office: &office,
        submitter: &case.submitter,
        facts: &facts,
    };
    let traced = match case.ask {
        Ask::Decide => engine.decide_traced(&question),
        Ask::ExecuteApproved => {
            engine.execute_traced(Act::ExecuteApproved, Verdict::Proceed, &question)
        }
        Ask::ExecuteReturned => {
            engine.execute_traced(Act::ExecuteReturned, Verdict::Return, &question)
        }
        Ask::DecideReview => {
            let asked = case.review.clone().unwrap_or_default();
            let asked = asked.enter();
            let question = asked.question(&baseline.resource_type, &case.submitter);
            let hits: Vec<RuleHit> = engine
                .ask_review(&question)
                .map(|answer| answer.rules.iter().map(|rule| rule.hit()).collect())
                .unwrap_or_default();
            let held = hits.iter().map(|hit| hit.id.clone()).collect();
            return match engine.may_decide_review(&question) {
                Ok(()) => Found {
                    expected: Expected::Allowed,
                    hits,
                    held,
                },
                Err(denied) => Found {
                    expected: Expected::Denied,
                    hits: denied.rules,
                    held,
                },
            };
        }
    };
    Found {
        expected: traced.decision.verdict.into(),
        hits: traced.decision.rules,
        held: traced.held.into_iter().collect(),
    }
}
