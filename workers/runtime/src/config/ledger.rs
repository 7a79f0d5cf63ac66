//! `[ledger]`

use serde::Deserialize;

use super::{SecretUrl, text};

/// The SQL truth.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LedgerConfig {
    /// `sqlite:…` or `postgres:…`; absent: SQLite in the data folder.
    #[serde(deserialize_with = "text::optional")]
    pub url: Option<SecretUrl>,
    /// At most this many transitions are committed together.
    pub group_max: usize,
    /// Connections for reading.
    pub readers: u32,
}
