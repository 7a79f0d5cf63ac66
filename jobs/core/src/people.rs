//! People: their roles, and in whose name they act.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::{Office, Tier, Timestamp};

/// What a person may be trusted with. What each role may do is written in Cedar, in
/// `policies/access`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Role {
    /// Submits, starts and watches work.
    Operator,
    /// Decides what was put in front of a person, up to a tier.
    Supervisor(Tier),
    /// Reads everything, the trail included, and changes nothing.
    Auditor,
    /// Connects systems and writes rules.
    Integrator,
    /// Keeps users, roles and tokens.
    Administrator,
}

/// The text is not the name of a role.
#[derive(Debug, thiserror::Error)]
#[error(
    "unknown role `{0}`; use operator, supervisor:business, supervisor:enforcement, \
     supervisor:integrity, auditor, integrator or administrator"
)]
pub struct UnknownRole(String);

impl Role {
    /// Every role.
    pub const ALL: [Self; 7] = [
        Self::Operator,
        Self::Supervisor(Tier::Business),
        Self::Supervisor(Tier::Enforcement),
        Self::Supervisor(Tier::Integrity),
        Self::Auditor,
        Self::Integrator,
        Self::Administrator,
    ];

    /// The name in storage and on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Operator => "operator",
            Self::Supervisor(Tier::Business) => "supervisor:business",
            Self::Supervisor(Tier::Enforcement) => "supervisor:enforcement",
            Self::Supervisor(Tier::Integrity) => "supervisor:integrity",
            Self::Auditor => "auditor",
            Self::Integrator => "integrator",
            Self::Administrator => "administrator",
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for Role {
    type Err = UnknownRole;
    fn from_str(text: &str) -> Result<Self, UnknownRole> {
        Self::ALL
            .into_iter()
            .find(|role| role.as_str() == text)
            .ok_or_else(|| UnknownRole(text.into()))
    }
}

impl TryFrom<String> for Role {
    type Error = UnknownRole;
    fn try_from(text: String) -> Result<Self, UnknownRole> {
        text.parse()
    }
}

impl From<Role> for String {
    fn from(role: Role) -> Self {
        role.as_str().into()
    }
}

/// A person as the ledger knows them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct User {
    /// Their name; see [`is_user`](crate::is_user).
    pub name: String,
    /// Where they work; they see and do the work of this office and of all below it.
    pub office: Office,
    /// What they may be trusted with, sorted.
    pub roles: Vec<Role>,
    /// The groups they are in, without `group:`, sorted.
    pub groups: Vec<String>,
    /// They may sign in and act.
    pub enabled: bool,
    /// Grows with every change of this user, their roles and groups.
    pub revision: u64,
    /// When they were entered.
    pub created_at: Timestamp,
}

impl User {
    /// The highest tier up to which they decide; none: they are no supervisor.
    pub fn tier(&self) -> Option<Tier> {
        let tiers = self.roles.iter().filter_map(|role| match role {
            Role::Supervisor(tier) => Some(*tier),
            Role::Operator | Role::Auditor | Role::Integrator | Role::Administrator => None,
        });
        tiers.max()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn roles_read_back_from_their_names() {
        for role in Role::ALL {
            assert_eq!(role.as_str().parse::<Role>().unwrap(), role);
        }
        assert!("supervisor".parse::<Role>().is_err());
    }
}
