//! How to reach an upstream, and how hard to try.

use std::{
    num::{NonZeroU32, NonZeroUsize},
    path::PathBuf,
    sync::Arc,
    time::Duration,
};

use super::{Auth, BreakerSettings, CallLog, FleetSettings, ProxySettings, Rehearsal};
use crate::credential::{Credential, Secret};

/// How to reach one upstream.
#[derive(Debug, Clone)]
pub struct HttpSettings {
    /// Name of the connector in errors, logs and metrics, for example `etax`.
    pub name: &'static str,
    /// Where the upstream answers, `http` or `https`, without query; paths are added to it.
    pub base_url: String,
    /// Further hosts that calls may go to, `host` or `host:port`; the credentials do not.
    pub hosts: Vec<String>,
    /// How a call proves who we are. Goes to the origin of `base_url` only.
    pub auth: Auth,
    /// Certificates of authorities in PEM that servers are trusted by, beside the system's.
    pub ca_files: Vec<PathBuf>,
    /// Our private key and certificate in PEM, for an upstream that wants to know its clients.
    pub identity_file: Option<PathBuf>,
    /// The proxy to go through; nothing: none, whatever the environment says.
    pub proxy: Option<ProxySettings>,
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
    /// Most bytes of answers that are kept for [`Outgoing::revalidate`](super::Outgoing::revalidate).
    pub revalidate_bytes: usize,
    /// How many calls at a time; nothing for as many as come.
    pub in_flight: Option<InFlightSettings>,
    /// How many calls a second the whole fleet may make; nothing for no bound on the fleet.
    pub fleet: Option<FleetSettings>,
    /// How many calls a second this process may make, with [`fleet`](Self::fleet) only while that is
    /// away; nothing for as many as come.
    pub pace: Option<PaceSettings>,
    /// How often to try.
    pub retry: RetrySettings,
    /// When to leave the upstream alone.
    pub breaker: BreakerSettings,
    /// Where every try is recorded; nothing: nowhere.
    pub log: Option<Arc<dyn CallLog>>,
    /// Where calls are kept in the place of being sent; nothing to send them.
    pub rehearsal: Option<Rehearsal>,
}

impl HttpSettings {
    /// Settings for an upstream on the same network that takes a bearer token, or nothing, or what the connector
    /// gives with each call; each field may be changed afterwards.
    pub fn new(
        name: &'static str,
        base_url: impl Into<String>,
        token: impl Into<Option<Secret>>,
    ) -> Self {
        let bearer = |token| Auth::Bearer(Credential::Value(token));
        Self {
            name,
            base_url: base_url.into(),
            hosts: Vec::new(),
            auth: token.into().map_or(Auth::None, bearer),
            ca_files: Vec::new(),
            identity_file: None,
            proxy: None,
            connect_timeout: Duration::from_secs(2),
            request_timeout: Duration::from_secs(10),
            idle_connections: 256,
            idle_timeout: Duration::from_secs(20),
            max_response_bytes: 8 * 1024 * 1024,
            revalidate_bytes: 16 * 1024 * 1024,
            in_flight: None,
            fleet: None,
            pace: None,
            retry: RetrySettings::default(),
            breaker: BreakerSettings::default(),
            log: None,
            rehearsal: None,
        }
    }
}

/// How many calls at a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InFlightSettings {
    /// Calls that the upstream has not answered yet.
    pub calls: NonZeroUsize,
    /// A call that waits longer than this for a place ends as rate limited. Counts into
    /// [`PaceSettings::max_wait`] as well.
    pub max_wait: Duration,
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
    }
}
