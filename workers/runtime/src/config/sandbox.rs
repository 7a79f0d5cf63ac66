//! `[sandbox]`

use std::net::SocketAddr;

use serde::Deserialize;

use super::text;

/// The simulated platform.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SandboxConfig {
    /// Where `clerkwork sandbox` listens.
    #[serde(deserialize_with = "text::address")]
    pub bind: SocketAddr,
    /// The same seed makes the same taxpayers and applications.
    pub seed: u64,
    /// How many applications for agent-issued invoices it starts with.
    pub applications: u32,
    /// How many applications for red-letter invoices it starts with.
    pub red_letters: u32,
}
