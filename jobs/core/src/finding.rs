//! What a check found wrong with an item.

use serde::{Deserialize, Serialize};

use crate::Text;

/// What a finding asks for. Policies see only the counts and the codes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Worth a line in the record; changes nothing.
    Note,
    /// A person should look at it.
    Review,
    /// The applicant must correct it: a ground for returning the item.
    Return,
}

/// One finding. Its texts name rules and fields, never personal data.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// Stable code, for example `AIR-ID-002`.
    pub code: String,
    /// Where in the payload, as a JSON pointer, for example `/lines/0/levy_rate`.
    pub path: String,
    /// What it asks for.
    pub severity: Severity,
    /// The sentence for people.
    pub text: Text,
}
