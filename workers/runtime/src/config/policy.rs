//! `[policy]`

use std::path::PathBuf;

use serde::Deserialize;

use super::text;

/// The policy bundle.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PolicyConfig {
    /// The bundle's folder; absent: the bundle compiled into the binary.
    #[serde(deserialize_with = "text::optional")]
    pub dir: Option<PathBuf>,
}
