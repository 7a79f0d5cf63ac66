//! Who may do what with a review: the rules against the same written once more in Rust.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a failed set-up fails the test"
)]

mod support;

use clerkwork_core::{Approval, Office, Role, Tier, Timestamp, User};
use clerkwork_policy::{Bundle, Engine, ReviewAct, ReviewQuestion, refusal};
use proptest::{prelude::*, sample::select};
use support::{AGENT_INVOICE, RED_LETTER, engine};

const KINDS: [&str; 6] = [
    AGENT_INVOICE.resource_type,
    RED_LETTER.resource_type,
    "InvoiceQuota",
    "Deregistration",
    "EquityTransfer",
    "CreditRefund",
];

fn user(name: &str, tier: Option<Tier>) -> User {
    User {
        name: name.into(),
        office: Office::default(),
        roles: tier.map(Role::Supervisor).into_iter().collect(),
        groups: Vec::new(),
        enabled: true,
        revision: 1,
        created_at: Timestamp(0),
    }
}

/// A question that is allowed.
fn question<'a>(user: &'a User, office: &'a Office) -> ReviewQuestion<'a> {
    ReviewQuestion {
        user,
        on_behalf_of: None,
        act: ReviewAct::Approve,
        related: false,
        resource_type: AGENT_INVOICE.resource_type,
        item: "item",
        office,
        submitter: "lin.wei",
        batch_starter: None,
        policy_authors: &[],
        tier: Tier::Business,
        approvals_needed: 1,
        approvals: &[],
    }
}

#[test]
fn nobody_decides_on_what_they_submitted() {
    let office = Office::default();
    let top = user("zhao.min", Some(Tier::Integrity));
    for kind in KINDS {
        for act in ReviewAct::ALL {
            let asked = ReviewQuestion {
                resource_type: kind,
                act,
                ..question(&top, &office)
            };
            assert_eq!(engine().may_decide_review(&asked), Ok(()));
            let own = ReviewQuestion {
                submitter: "zhao.min",
                ..asked
            };
            let denied = engine().may_decide_review(&own).unwrap_err();
            assert_eq!(denied.rules.len(), 1);
            assert_eq!(denied.policy_version, engine().version());
            assert_eq!(
                denied.to_string(),
                "the policy denies it: nobody decides on what they submitted; hand it to another \
                 supervisor (`people.four_eyes`)"
            );
        }
    }
    let unknown = ReviewQuestion {
        resource_type: "RedLetter",
        ..question(&top, &office)
    };
    let denied = engine().may_decide_review(&unknown).unwrap_err();
    assert_eq!(denied.rules[0].id, refusal::UNKNOWN_KIND);
}

#[test]
fn whoever_acts_in_their_own_place_acts_for_themselves() {
    let office = Office::default();
    let low = user("zhao.min", Some(Tier::Business));
    let claimed = user("zhao.min", Some(Tier::Integrity));
    let asked = ReviewQuestion {
        on_behalf_of: Some(&claimed),
        tier: Tier::Integrity,
        ..question(&low, &office)
    };
    let denied = engine().may_decide_review(&asked).unwrap_err();
    assert_eq!(denied.rules[0].id, "people.tier");
}

#[test]
fn every_reason_is_told_at_once() {
    let office = Office::default();
    let mut low = user("zhao.min", Some(Tier::Business));
    low.enabled = false;
    let asked = ReviewQuestion {
        related: true,
        tier: Tier::Integrity,
        ..question(&low, &office)
    };
    let denied = engine().may_decide_review(&asked).unwrap_err();
    let ids: Vec<&str> = denied.rules.iter().map(|rule| rule.id.as_str()).collect();
    assert_eq!(ids, ["people.disabled", "people.related", "people.tier"]);
}

#[test]
fn a_rule_about_people_that_errs_denies() {
    // Cedar would skip it.
    let rule = r#"
        @id("test.err") @tier("business") @disposition("review")
        @reason_zh("测试") @reason_en("test")
        forbid (principal, action == Action::"decide_review", resource)
        when { context.approvals_needed + 9223372036854775807 < 0 };"#;
    let bundle = Bundle::embedded().with_file("rules/test.cedar", rule);
    let engine = Engine::new(bundle.seal().unwrap()).unwrap();
    let (office, top) = (Office::default(), user("zhao.min", Some(Tier::Integrity)));
    for act in ReviewAct::ALL {
        let asked = ReviewQuestion {
            act,
            ..question(&top, &office)
        };
        let denied = engine.may_decide_review(&asked).unwrap_err();
        assert_eq!(denied.rules[0].id, refusal::EVALUATION_FAILED);
    }
}

/// A question with all that it borrows.
#[derive(Debug, Clone)]
struct Asked {
    user: User,
    on_behalf_of: Option<User>,
    act: ReviewAct,
    related: bool,
    office: Office,
    submitter: String,
    batch_starter: Option<String>,
    policy_authors: Vec<String>,
    tier: Tier,
    approvals_needed: u32,
    approvals: Vec<Approval>,
}

impl Asked {
    fn question(&self) -> ReviewQuestion<'_> {
        ReviewQuestion {
            user: &self.user,
            on_behalf_of: self.on_behalf_of.as_ref(),
            act: self.act,
            related: self.related,
            resource_type: AGENT_INVOICE.resource_type,
            item: "item",
            office: &self.office,
            submitter: &self.submitter,
            batch_starter: self.batch_starter.as_deref(),
            policy_authors: &self.policy_authors,
            tier: self.tier,
            approvals_needed: self.approvals_needed,
            approvals: &self.approvals,
        }
    }

    /// The same judgement, without Cedar.
    fn allowed(&self) -> bool {
        let decider = match &self.on_behalf_of {
            Some(other) if other.name != self.user.name => other,
            _ => &self.user,
        };
        let acting = [&self.user.name, &decider.name];
        let barred = |name: &String| acting.contains(&name);
        let fit = [&self.user, decider].into_iter().all(|person| {
            person.enabled && person.tier().is_some() && person.office.contains(&self.office)
        });
        let eyes = !self.related
            && !barred(&self.submitter)
            && !self.batch_starter.iter().any(barred)
            && !self.policy_authors.iter().any(barred);
        let approves = match self.act {
            ReviewAct::Return | ReviewAct::Work => true,
            ReviewAct::Approve => {
                let took_part = self
                    .approvals
                    .iter()
                    .any(|given| barred(&given.by) || given.on_behalf_of.iter().any(barred));
                let tier = decider.tier();
                let high_enough = tier >= Some(self.tier);
                let above = self.approvals.iter().all(|given| tier > Some(given.tier));
                !took_part
                    && match (self.approvals_needed, self.approvals.len()) {
                        (1, 0) => high_enough,
                        (2, 0) => tier < Some(Tier::Integrity),
                        (2, 1) => high_enough && above,
                        _ => false,
                    }
            }
        };
        fit && eyes && approves
    }
}

const NAMES: [&str; 5] = ["lin.wei", "zhao.min", "wu.gang", "he.jun", "sun.yan"];

fn name() -> impl Strategy<Value = String> {
    select(&NAMES[..]).prop_map(str::to_owned)
}

fn office() -> impl Strategy<Value = Office> {
    let paths = prop_oneof![
        4 => Just("shenzhen"),
        1 => select(vec!["shenzhen/nanshan", "shenzhen/nan", "shenzhen/nanshan/taoyuan", "zhuhai"]),
    ];
    paths.prop_map(|path| Office::new(path).unwrap())
}

fn person() -> impl Strategy<Value = User> {
    let tier = prop_oneof![1 => Just(None), 6 => select(&Tier::ALL[..]).prop_map(Some)];
    (name(), tier, office(), prop::bool::weighted(0.9)).prop_map(|(name, tier, office, enabled)| {
        User {
            office,
            enabled,
            ..user(&name, tier)
        }
    })
}

fn given() -> impl Strategy<Value = Approval> {
    let acted_for = prop::option::weighted(0.3, name());
    (name(), acted_for, select(&Tier::ALL[..])).prop_map(|(by, on_behalf_of, tier)| Approval {
        by,
        on_behalf_of,
        tier,
        at: Timestamp(0),
    })
}

fn asked() -> impl Strategy<Value = Asked> {
    let who = (person(), prop::option::weighted(0.3, person()), name());
    let item = (
        select(&ReviewAct::ALL[..]),
        prop::bool::weighted(0.1),
        office(),
        prop::option::weighted(0.3, name()),
        prop::collection::vec(name(), 0..2),
        select(&Tier::ALL[..]),
    );
    let done = (0_u32..4, prop::collection::vec(given(), 0..3));
    (who, item, done).prop_map(|((user, on_behalf_of, submitter), item, done)| {
        let (act, related, office, batch_starter, policy_authors, tier) = item;
        Asked {
            user,
            on_behalf_of,
            act,
            related,
            office,
            submitter,
            batch_starter,
            policy_authors,
            tier,
            approvals_needed: done.0,
            approvals: done.1,
        }
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3_000))]

    #[test]
    fn the_rules_judge_as_the_same_written_in_rust(asked in asked()) {
        let found = engine().may_decide_review(&asked.question());
        prop_assert_eq!(found.is_ok(), asked.allowed(), "{:?}", found);
        if let Err(denied) = found {
            prop_assert!(denied.rules.iter().all(|rule| rule.id.starts_with("people.")));
        }
    }

    /// Two approvals that were both allowed are of two people, on both sides of a substitution.
    #[test]
    fn two_approvals_are_of_two_people(first in asked(), second in asked()) {
        let first = Asked { act: ReviewAct::Approve, approvals_needed: 2, approvals: Vec::new(), ..first };
        if !first.allowed() {
            return Ok(());
        }
        let acted_for = first.on_behalf_of.as_ref().filter(|other| other.name != first.user.name);
        let given = Approval {
            by: first.user.name.clone(),
            on_behalf_of: acted_for.map(|other| other.name.clone()),
            tier: acted_for.unwrap_or(&first.user).tier().unwrap(),
            at: Timestamp(0),
        };
        let second = Asked {
            act: ReviewAct::Approve,
            approvals_needed: 2,
            approvals: vec![given],
            user: second.user,
            on_behalf_of: second.on_behalf_of,
            ..first.clone()
        };
        if engine().may_decide_review(&second.question()).is_ok() {
            let names = |asked: &Asked| {
                let mut names = vec![asked.user.name.clone()];
                names.extend(asked.on_behalf_of.as_ref().map(|other| other.name.clone()));
                names
            };
            prop_assert!(names(&first).iter().all(|name| !names(&second).contains(name)));
        }
    }
}
