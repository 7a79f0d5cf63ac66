//! How a case describes what a person asks.
//!
//! All has a default, so that a case says only what it is about: a supervisor of the highest tier
//! at the centre approves an item of the centre that one person may approve.

use clerkwork_core::{Approval, Office, Role, Tier, Timestamp, User};
use serde::Deserialize;

use crate::people::{ReviewAct, ReviewQuestion};

/// What a person asks, as it is written.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Asked {
    user: Person,
    on_behalf_of: Option<Person>,
    act: Act,
    related: bool,
    /// Whose work the item is.
    office: Office,
    batch_starter: Option<String>,
    policy_authors: Vec<String>,
    tier: Level,
    approvals_needed: Needed,
    approvals: Vec<Given>,
}

/// A user.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Person {
    name: String,
    /// Up to which tier they decide; `null`: they are no supervisor.
    tier: Option<Tier>,
    office: Office,
    enabled: bool,
}

impl Default for Person {
    fn default() -> Self {
        Self {
            name: "reviewer".into(),
            tier: Some(Tier::Integrity),
            office: Office::default(),
            enabled: true,
        }
    }
}

#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Act {
    #[default]
    Approve,
    Return,
    Work,
}

/// The tier of the rules that block.
#[derive(Debug, Clone, Copy, Deserialize)]
struct Level(Tier);

impl Default for Level {
    fn default() -> Self {
        Self(Tier::Business)
    }
}

/// How many must approve.
#[derive(Debug, Clone, Copy, Deserialize)]
struct Needed(u32);

impl Default for Needed {
    fn default() -> Self {
        Self(1)
    }
}

/// An approval that was given.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Given {
    by: String,
    #[serde(default)]
    on_behalf_of: Option<String>,
    tier: Tier,
}

/// What a person asks, in the engine's terms.
#[derive(Debug)]
pub(super) struct Entered {
    asked: Asked,
    user: User,
    on_behalf_of: Option<User>,
    approvals: Vec<Approval>,
}

impl Asked {
    pub(super) fn enter(self) -> Entered {
        let given = |given: &Given| Approval {
            by: given.by.clone(),
            on_behalf_of: given.on_behalf_of.clone(),
            tier: given.tier,
            at: Timestamp(0),
        };
        Entered {
            user: account(&self.user),
            on_behalf_of: self.on_behalf_of.as_ref().map(account),
            approvals: self.approvals.iter().map(given).collect(),
            asked: self,
        }
    }
}

impl Entered {
    pub(super) fn question<'a>(
        &'a self,
        resource_type: &'a str,
        submitter: &'a str,
    ) -> ReviewQuestion<'a> {
        ReviewQuestion {
            user: &self.user,
            on_behalf_of: self.on_behalf_of.as_ref(),
            act: match self.asked.act {
                Act::Approve => ReviewAct::Approve,
                Act::Return => ReviewAct::Return,
                Act::Work => ReviewAct::Work,
            },
            related: self.asked.related,
            resource_type,
            item: "item",
            office: &self.asked.office,
            submitter,
            batch_starter: self.asked.batch_starter.as_deref(),
            policy_authors: &self.asked.policy_authors,
            tier: self.asked.tier.0,
            approvals_needed: self.asked.approvals_needed.0,
            approvals: &self.approvals,
        }
    }
}

fn account(person: &Person) -> User {
    User {
        name: person.name.clone(),
        office: person.office.clone(),
        roles: person.tier.map(Role::Supervisor).into_iter().collect(),
        groups: Vec::new(),
        enabled: person.enabled,
        revision: 1,
        created_at: Timestamp(0),
    }
}
