//! `[connectors]`

use std::path::PathBuf;

use serde::Deserialize;

use super::text;

/// Connectors that are files, and which connector serves what.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ConnectorsConfig {
    /// Where the files are; absent: `connectors` in the data folder.
    #[serde(deserialize_with = "text::optional")]
    pub folder: Option<PathBuf>,
    /// The one that serves agent-issued invoices, by name.
    pub agent_invoices: String,
}
