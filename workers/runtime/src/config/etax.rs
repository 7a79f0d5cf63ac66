//! `[etax]`

use std::{path::PathBuf, time::Duration};

use serde::Deserialize;

use super::{Secret, text};

/// The e-tax platform.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EtaxConfig {
    /// What stands before its `/api`; absent: `clerkwork up` starts the sandbox.
    #[serde(deserialize_with = "text::optional")]
    pub base_url: Option<String>,
    /// Further hosts that calls may go to, `host` or `host:port`, with spaces between.
    pub hosts: String,
    /// The file that holds the access token.
    #[serde(deserialize_with = "text::optional")]
    pub token_file: Option<PathBuf>,
    /// The access token: from the environment, or read from `token_file` when the settings were
    /// loaded.
    #[serde(deserialize_with = "text::optional")]
    pub token: Option<Secret>,
    /// The file that holds the callback secret.
    #[serde(deserialize_with = "text::optional")]
    pub callback_secret_file: Option<PathBuf>,
    /// What the platform signs callbacks with: from the environment, or read from
    /// `callback_secret_file` when the settings were loaded.
    #[serde(deserialize_with = "text::optional")]
    pub callback_secret: Option<Secret>,
    /// Certificates of authorities that the platform is trusted by, beside the system's.
    #[serde(deserialize_with = "text::optional")]
    pub ca_file: Option<PathBuf>,
    /// Our private key and certificate, where the platform wants to know its clients.
    #[serde(deserialize_with = "text::optional")]
    pub identity_file: Option<PathBuf>,
    /// The proxy to go through.
    #[serde(deserialize_with = "text::optional")]
    pub proxy: Option<String>,
    /// Who we are to the proxy, if it asks.
    #[serde(deserialize_with = "text::optional")]
    pub proxy_user: Option<String>,
    /// The file that holds the proxy user's password.
    #[serde(deserialize_with = "text::optional")]
    pub proxy_password_file: Option<PathBuf>,
    /// How long to wait for a connection.
    #[serde(rename = "connect_timeout_seconds", deserialize_with = "text::seconds")]
    pub connect_timeout: Duration,
    /// How long to wait for an answer.
    #[serde(rename = "request_timeout_seconds", deserialize_with = "text::seconds")]
    pub request_timeout: Duration,
    /// Calls that this process may have open at a time; 0: as many as come.
    pub in_flight: usize,
    /// Calls per second that the platform allows all processes together; 0: no bound on them together.
    pub fleet_rate: u32,
    /// Calls per second that this process may make, with a `fleet_rate` only while Redis is away; 0: as
    /// many as come.
    pub rate_per_second: u32,
    /// Calls that may come at once.
    pub burst: u32,
}
