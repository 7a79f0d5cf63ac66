//! `[console]`

use std::net::SocketAddr;

use serde::Deserialize;

use super::text;

/// The status page.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ConsoleConfig {
    /// Where it listens; port 0 takes a free one.
    #[serde(deserialize_with = "text::address")]
    pub bind: SocketAddr,
}
