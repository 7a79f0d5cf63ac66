//! Who acts, and for which office.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Who did something: a robot of the fleet, a named person, or a part of the system itself.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(tag = "kind", content = "name", rename_all = "lowercase")]
pub enum Actor {
    /// A worker of the fleet, by the name of its process.
    Robot(String),
    /// A person, by user name.
    User(String),
    /// A component such as `dispatcher` or `rescuer`.
    System(String),
}

impl Actor {
    /// The name without the kind.
    pub fn name(&self) -> &str {
        match self {
            Self::Robot(name) | Self::User(name) | Self::System(name) => name,
        }
    }
}

impl fmt::Display for Actor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Robot(name) => write!(f, "robot:{name}"),
            Self::User(name) => write!(f, "user:{name}"),
            Self::System(name) => write!(f, "system:{name}"),
        }
    }
}

/// An office, named by its path in the tree of org units, for example `shenzhen/nanshan`.
///
/// A path contains the paths of all offices above it, so "everything below" is a prefix.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Office(String);

/// Why a string is not an office path.
#[derive(Debug, thiserror::Error)]
#[error(
    "`{0}` is not an office path; use lower-case letters, digits, `-` and `_` between single `/`, at most 120 characters"
)]
pub struct InvalidOffice(String);

impl Office {
    /// Checks and takes a path.
    pub fn new(path: impl Into<String>) -> Result<Self, InvalidOffice> {
        let path = path.into();
        let part_ok = |part: &str| {
            !part.is_empty()
                && part
                    .bytes()
                    .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-' || b == b'_')
        };
        if path.len() <= 120 && path.split('/').all(part_ok) {
            Ok(Self(path))
        } else {
            Err(InvalidOffice(path))
        }
    }

    /// The path as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether `other` is this office or lies below it.
    pub fn contains(&self, other: &Self) -> bool {
        other.0 == self.0
            || other
                .0
                .strip_prefix(&self.0)
                .is_some_and(|rest| rest.starts_with('/'))
    }
}

impl Default for Office {
    /// The operations centre itself.
    fn default() -> Self {
        Self("center".into())
    }
}

impl fmt::Display for Office {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for Office {
    type Error = InvalidOffice;
    fn try_from(value: String) -> Result<Self, InvalidOffice> {
        Self::new(value)
    }
}

impl From<Office> for String {
    fn from(value: Office) -> Self {
        value.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_office_contains_what_lies_below_it_and_not_its_namesakes() {
        let city = Office::new("shenzhen").unwrap();
        assert!(city.contains(&Office::new("shenzhen/nanshan").unwrap()));
        assert!(city.contains(&city));
        assert!(!city.contains(&Office::new("shenzhen2").unwrap()));
        assert!(Office::new("Shen Zhen").is_err());
        assert!(Office::new("a//b").is_err());
    }
}
