//! What nobody may do with a review, whatever the bundle says about who may.

use clerkwork_core::{Approval, Office, Role, Tier, Timestamp, User};

use super::{below, failed};
use crate::{
    bundle::SCHEMA,
    engine::{Engine, Slice},
    people::{ReviewAct, ReviewQuestion},
    problem::Problem,
    review,
    vocabulary::context_names,
};

const CANARY: &str = "canary";
const OTHER: &str = "canary-other";

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

fn approval(by: &str, on_behalf_of: Option<&str>, tier: Tier) -> Approval {
    Approval {
        by: by.into(),
        on_behalf_of: on_behalf_of.map(str::to_owned),
        tier,
        at: Timestamp(0),
    }
}

/// Asks every question that must be denied, of every act that it concerns.
pub(super) fn four_eyes(engine: &Engine, kind: &str, problems: &mut Vec<Problem>) {
    let center = Office::default();
    let top = user(CANARY, Some(Tier::Integrity));
    let other = user(OTHER, Some(Tier::Integrity));
    let own = [CANARY.to_owned()];
    let good = ReviewQuestion {
        user: &top,
        on_behalf_of: None,
        act: ReviewAct::Approve,
        related: false,
        resource_type: kind,
        item: CANARY,
        office: &center,
        submitter: "canary-submitter",
        batch_starter: None,
        policy_authors: &[],
        tier: Tier::Business,
        approvals_needed: 1,
        approvals: &[],
    };
    let mut deny = |message: &str, hint: &str, question: ReviewQuestion<'_>| {
        if engine.may_decide_review(&question).is_ok() {
            failed(kind, message, hint, problems);
        }
    };

    for act in ReviewAct::ALL {
        let asked = ReviewQuestion { act, ..good };
        let said = |what: &str| format!("{what} ({})", act.as_str());
        let hint = "forbid `decide_review` when `context.acting.contains(resource.submitter)`";
        let submitter = said("a submitter may decide their own item");
        let own_item = ReviewQuestion {
            submitter: CANARY,
            ..asked
        };
        deny(&submitter, hint, own_item);
        let through = ReviewQuestion {
            user: &other,
            on_behalf_of: Some(&top),
            ..own_item
        };
        deny(
            &said("a substitute may decide the item of the one they act for"),
            hint,
            through,
        );
        deny(
            &said("who started a batch may decide its items"),
            "forbid it when `context.acting.contains(context.batch_starter)`",
            ReviewQuestion {
                batch_starter: Some(CANARY),
                ..asked
            },
        );
        deny(
            &said("the author of a rule set may decide what it blocked"),
            "forbid it when `context.acting.containsAny(context.policy_authors)`",
            ReviewQuestion {
                policy_authors: &own,
                ..asked
            },
        );
        deny(
            &said("somebody related to the taxpayer may decide"),
            "forbid it when `context.related`",
            ReviewQuestion {
                related: true,
                ..asked
            },
        );
        let disabled = User {
            enabled: false,
            ..top.clone()
        };
        deny(
            &said("a disabled account may decide"),
            "forbid it unless `principal.enabled`",
            ReviewQuestion {
                user: &disabled,
                ..asked
            },
        );
        deny(
            &said("somebody who is no supervisor may decide"),
            "forbid it unless `context.decider.tier >= 1`",
            ReviewQuestion {
                user: &user(CANARY, None),
                ..asked
            },
        );
        let elsewhere = User {
            office: below(),
            ..top.clone()
        };
        deny(
            &said("somebody may decide for an office above their own"),
            "forbid it unless `resource.office in principal.office`",
            ReviewQuestion {
                user: &elsewhere,
                ..asked
            },
        );
    }

    deny(
        "a lower tier than that of the rules may let an item pass",
        "forbid it unless `context.decider.tier >= context.tier`",
        ReviewQuestion {
            user: &user(CANARY, Some(Tier::Enforcement)),
            tier: Tier::Integrity,
            ..good
        },
    );
    // The first of two approvals is given; the same people may not give the second.
    for (first, on_behalf_of) in [
        (approval(CANARY, None, Tier::Business), None),
        (approval(OTHER, Some(CANARY), Tier::Business), None),
        (approval(OTHER, None, Tier::Business), Some(&other)),
    ] {
        deny(
            "one person may give both of two approvals",
            "forbid it when `context.acting.containsAny(context.approvers)`",
            ReviewQuestion {
                on_behalf_of,
                approvals_needed: 2,
                approvals: &[first],
                ..good
            },
        );
    }
    for first in [Tier::Enforcement, Tier::Integrity] {
        deny(
            "the second of two approvals may be of no higher tier than the first",
            "forbid it unless `context.decider.tier > context.approved_tier`",
            ReviewQuestion {
                user: &user(CANARY, Some(Tier::Enforcement)),
                approvals_needed: 2,
                approvals: &[approval(OTHER, None, first)],
                ..good
            },
        );
    }
}

/// The schema's people, offices and context are those that the engine builds.
pub(super) fn same_as_cedar(
    engine: &Engine,
    slice: &Slice,
    kind: &str,
    problems: &mut Vec<Problem>,
) {
    let mut differs = |what: &str, error: String| {
        let action = slice.action.id().unescaped();
        let message = format!("canary: {what} of `{action}` on `{kind}` differs: {error}");
        problems.push(Problem::new(SCHEMA, message).hint(
            "the engine builds `User = { enabled?, office?, tier? }`, `Office in [Office]` and the \
             context that `ReviewFacts` declares",
        ));
    };
    let (top, other) = (user(CANARY, Some(Tier::Integrity)), user(OTHER, None));
    let office = below();
    let authors = [OTHER.to_owned()];
    let given = [approval(OTHER, Some(CANARY), Tier::Business)];
    let sparse = ReviewQuestion {
        user: &top,
        on_behalf_of: None,
        act: ReviewAct::Work,
        related: false,
        resource_type: kind,
        item: CANARY,
        office: &office,
        submitter: CANARY,
        batch_starter: None,
        policy_authors: &[],
        tier: Tier::Business,
        approvals_needed: 1,
        approvals: &[],
    };
    let full = ReviewQuestion {
        on_behalf_of: Some(&other),
        batch_starter: Some(CANARY),
        policy_authors: &authors,
        approvals_needed: 2,
        approvals: &given,
        ..sparse
    };
    for question in [sparse, full] {
        if let Err(error) = review::input(slice, &question, Some(&engine.schema)) {
            differs("a review", error.to_string());
            return;
        }
    }
    let text = engine.bundle.file(SCHEMA).unwrap_or_default();
    let declared = context_names(text, slice.action.id().unescaped());
    if let Some(stray) = declared
        .iter()
        .find(|name| !review::CONTEXT.contains(&&***name))
    {
        differs("the context", format!("nothing fills in `{stray}`"));
    }
}
