//! `[connectors]`

use std::{collections::BTreeMap, path::PathBuf};

use serde::Deserialize;

use super::text;

/// Connectors that are files or compiled in, and which connector serves what.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ConnectorsConfig {
    /// Where the files are; absent: `connectors` in the data folder.
    #[serde(deserialize_with = "text::optional")]
    pub folder: Option<PathBuf>,
    /// Where the upstreams of those are that are compiled in and have no section of their own, by name.
    #[serde(deserialize_with = "text::addresses")]
    pub built_in: BTreeMap<String, String>,
    /// Where their tokens are, a file for each; absent: they send none.
    #[serde(deserialize_with = "text::optional")]
    pub token_folder: Option<PathBuf>,
    /// Calls per second that this process may send to each of them; 0: as many as come.
    pub rate_per_second: u32,
    /// The one that serves agent-issued invoices, by name.
    pub agent_invoices: String,
}
