//! How to reach an upstream, and how hard to try.

use std::{fmt, num::NonZeroU32, time::Duration};

use serde::Deserialize;

use super::BreakerSettings;

/// A credential. Shown as `***` wherever it is printed.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct Secret(String);

impl Secret {
    /// Takes a credential.
    pub fn new(value: impl Into<String>) -> Self {
        Self(value.into())
    }

    /// The credential itself, to be put on the wire and nowhere else.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(***)")
    }
}

/// How to reach one upstream.
#[derive(Debug, Clone)]
pub struct HttpSettings {
    /// Name of the connector in errors, logs and metrics, for example `etax`.
    pub name: &'static str,
    /// Where the upstream answers, `http` or `https`, without query; paths are added to it.
    pub base_url: String,
    /// The bearer token; nothing when the upstream takes none, because it knows who asks in another way.
    pub token: Option<Secret>,
    /// For a connection, TLS included. Ends a try before anything was sent.
    pub connect_timeout: Duration,
    /// For one try from its start to the end of the answer.
    pub request_timeout: Duration,
    /// Idle connections kept open; as many as calls in flight, or connections are made anew.
    pub idle_connections: usize,
    /// How long an idle connection is kept. Shorter than the upstream keeps it, or a write may be
    /// sent into a closing connection and end as unknown.
    pub idle_timeout: Duration,
    /// Most bytes of an answer.
    pub max_response_bytes: usize,
    /// How many calls a second; nothing for as many as come.
    pub pace: Option<PaceSettings>,
    /// How often to try.
    pub retry: RetrySettings,
    /// When to leave the upstream alone.
    pub breaker: BreakerSettings,
}

impl HttpSettings {
    /// Settings for an upstream on the same network; each field may be changed afterwards.
    pub fn new(name: &'static str, base_url: impl Into<String>, token: Secret) -> Self {
        Self {
            name,
            base_url: base_url.into(),
            token: Some(token),
            connect_timeout: Duration::from_secs(2),
            request_timeout: Duration::from_secs(10),
            idle_connections: 256,
            idle_timeout: Duration::from_secs(20),
            max_response_bytes: 8 * 1024 * 1024,
            pace: None,
            retry: RetrySettings::default(),
            breaker: BreakerSettings::default(),
        }
    }
}

/// How many calls a second.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PaceSettings {
    /// Calls a second over time.
    pub per_second: NonZeroU32,
    /// Calls at once after a rest.
    pub burst: NonZeroU32,
    /// A call that would wait longer than this for its turn ends as rate limited.
    pub max_wait: Duration,
}

/// How often a read is tried, and a write that never left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RetrySettings {
    /// Tries after the first.
    pub retries: usize,
    /// Pause before the first retry; doubled for each further one, with jitter.
    pub min_delay: Duration,
    /// Longest pause of its own accord.
    pub max_delay: Duration,
    /// Longest `Retry-After` that is waited for; a longer one goes to the caller.
    pub max_retry_after: Duration,
}

impl Default for RetrySettings {
    fn default() -> Self {
        Self {
            retries: 2,
            min_delay: Duration::from_millis(100),
            max_delay: Duration::from_secs(2),
            max_retry_after: Duration::from_secs(5),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_never_shows() {
        let settings = HttpSettings::new("etax", "http://localhost", Secret::new("geheim"));
        assert!(!format!("{settings:?}").contains("geheim"));
        assert_eq!(settings.token.unwrap().expose(), "geheim");
    }
}
