//! The brake: a stop on acting, for all work or a part of it.
//!
//! A brake stops acts, not decisions that were made: what was announced before it is still looked
//! up, and what waits goes on when the brake is released. It is put by a person, by a rule that
//! holds a batch, or by the breaker when too much goes wrong, and only a person releases it.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{Actor, BatchId, BrakeId, KindName, Timestamp};

/// What a brake stops.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(tag = "scope", content = "target", rename_all = "lowercase")]
pub enum Scope {
    /// Everything.
    All,
    /// Jobs of one kind.
    Kind(KindName),
    /// Jobs of all kinds that speak to this system.
    Connector(String),
    /// Jobs of one batch.
    Batch(BatchId),
}

/// The names are not those of a scope.
#[derive(Debug, thiserror::Error)]
#[error("`{scope}` with the target `{target}` is no scope of a brake")]
pub struct UnknownScope {
    scope: String,
    target: String,
}

impl Scope {
    /// The name of the scope in storage: `all`, `kind`, `connector` or `batch`.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::All => "all",
            Self::Kind(_) => "kind",
            Self::Connector(_) => "connector",
            Self::Batch(_) => "batch",
        }
    }

    /// What exactly, in storage; empty for all.
    pub fn target(&self) -> String {
        match self {
            Self::All => String::new(),
            Self::Kind(kind) => kind.to_string(),
            Self::Connector(name) => name.clone(),
            Self::Batch(batch) => batch.to_string(),
        }
    }

    /// Reads what [`name`](Self::name) and [`target`](Self::target) wrote.
    ///
    /// # Errors
    /// When the names are not those of a scope.
    pub fn read(scope: &str, target: &str) -> Result<Self, UnknownScope> {
        let unknown = || UnknownScope {
            scope: scope.to_owned(),
            target: target.to_owned(),
        };
        match scope {
            "all" => Ok(Self::All),
            "kind" => Ok(Self::Kind(KindName::new(target))),
            "connector" => Ok(Self::Connector(target.to_owned())),
            "batch" => target.parse().map(Self::Batch).map_err(|_| unknown()),
            _ => Err(unknown()),
        }
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::All => f.write_str("all"),
            Self::Kind(_) | Self::Connector(_) | Self::Batch(_) => {
                write!(f, "{} {}", self.name(), self.target())
            }
        }
    }
}

/// One brake.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Brake {
    /// Its id.
    pub id: BrakeId,
    /// What it stops.
    #[serde(flatten)]
    pub scope: Scope,
    /// Why, in the words of whoever put it; no personal data.
    pub reason: String,
    /// Who put it: a person, the fleet for a rule that holds a batch, or the breaker.
    pub put_by: Actor,
    /// When.
    pub put_at: Timestamp,
    /// Who released it; nobody: it is on.
    pub released_by: Option<String>,
    /// When it was released.
    pub released_at: Option<Timestamp>,
    /// Why it was released.
    pub release_reason: Option<String>,
}

impl Brake {
    /// What jobs that it stopped wait for.
    pub fn topic(&self) -> String {
        format!("brake:{}", self.id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scopes_read_back_from_their_names() {
        let scopes = [
            Scope::All,
            Scope::Kind(KindName::new("red_letter_invoice")),
            Scope::Connector("etax".into()),
            Scope::Batch(BatchId::new()),
        ];
        for scope in scopes {
            assert_eq!(Scope::read(scope.name(), &scope.target()).unwrap(), scope);
        }
        assert!(Scope::read("batch", "seven").is_err());
        assert!(Scope::read("everything", "").is_err());
    }
}
