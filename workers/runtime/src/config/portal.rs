//! `[portal]`

use std::{path::PathBuf, time::Duration};

use serde::Deserialize;

use super::{Secret, text};

/// An old HTML portal of an upstream.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PortalConfig {
    /// What stands before its pages; absent: there is none.
    #[serde(deserialize_with = "text::optional")]
    pub base_url: Option<String>,
    /// Who signs in there.
    #[serde(deserialize_with = "text::optional")]
    pub user: Option<String>,
    /// The file that holds the password; read again when it was replaced.
    #[serde(deserialize_with = "text::optional")]
    pub password_file: Option<PathBuf>,
    /// The password, from the environment.
    #[serde(deserialize_with = "text::optional")]
    pub password: Option<Secret>,
    /// The file with the pages; absent: the one compiled in.
    #[serde(deserialize_with = "text::optional")]
    pub pages_file: Option<PathBuf>,
    /// How long to wait for a connection.
    #[serde(rename = "connect_timeout_seconds", deserialize_with = "text::seconds")]
    pub connect_timeout: Duration,
    /// How long to wait for a page.
    #[serde(rename = "request_timeout_seconds", deserialize_with = "text::seconds")]
    pub request_timeout: Duration,
    /// Requests per second that the portal can bear from all processes together; 0: no bound on them together.
    pub fleet_rate: u32,
    /// Requests per second that this process may send, with a `fleet_rate` only while Redis is away; 0: as
    /// many as come.
    pub rate_per_second: u32,
    /// Requests that may come at once.
    pub burst: u32,
}
