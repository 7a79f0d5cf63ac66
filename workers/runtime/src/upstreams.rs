//! The connectors, from their settings. Concrete connectors meet the kinds here and nowhere else.

use std::{
    num::{NonZeroU32, NonZeroUsize},
    sync::Arc,
    time::Duration,
};

use clerkwork_connectors_api::{
    credential::{Credential, Secret},
    http::{
        Auth, CallLog, FleetPace, FleetSettings, HttpSettings, InFlightSettings, PaceSettings,
        ProxySettings,
    },
};
use clerkwork_etax::{Etax, EtaxSettings};
use clerkwork_kinds::Upstreams;

use crate::{Config, StartError};

/// Longest wait for a place and a turn at the upstream; a call that would wait longer is tried
/// again later.
const LONGEST_TURN: Duration = Duration::from_secs(10);

/// Connectors that are set up and not yet connected to what the process works with.
#[derive(Debug)]
pub(crate) struct Connectors {
    etax: HttpSettings,
    etax_fleet: Option<PaceSettings>,
}

impl Connectors {
    /// As the settings say.
    pub(crate) fn of(config: &Config) -> Result<Self, StartError> {
        let etax = &config.etax;
        let base_url = etax.base_url.as_ref().ok_or(StartError::NoUpstream)?;
        let token = etax.token.as_ref().ok_or(StartError::NoToken)?;
        let mut http = HttpSettings::new("etax", base_url, Secret::new(token.expose()));
        if let Some(file) = &etax.token_file {
            // Not what was read of it at the start: it may be replaced meanwhile.
            http.auth = Auth::Bearer(Credential::File(file.clone()));
        }
        http.hosts = etax.hosts.split_whitespace().map(Into::into).collect();
        http.ca_files = etax.ca_file.iter().cloned().collect();
        http.identity_file = etax.identity_file.clone();
        http.proxy = etax.proxy.as_ref().map(|url| {
            let login = etax
                .proxy_user
                .clone()
                .zip(etax.proxy_password_file.clone());
            ProxySettings {
                url: url.clone(),
                login: login.map(|(user, file)| (user, Credential::File(file))),
            }
        });
        http.connect_timeout = etax.connect_timeout;
        http.request_timeout = etax.request_timeout;
        http.idle_connections = config.fleet.concurrency;
        http.in_flight = NonZeroUsize::new(etax.in_flight).map(|calls| InFlightSettings {
            calls,
            max_wait: LONGEST_TURN,
        });
        let burst = NonZeroU32::new(etax.burst).unwrap_or(NonZeroU32::MIN);
        let pace = |per_second| {
            NonZeroU32::new(per_second).map(|per_second| PaceSettings {
                per_second,
                burst,
                max_wait: LONGEST_TURN,
            })
        };
        http.pace = pace(etax.rate_per_second);
        Ok(Self {
            etax: http,
            etax_fleet: pace(etax.fleet_rate),
        })
    }

    /// Each try of each call is recorded in `log`.
    pub(crate) fn recorded(mut self, log: Arc<dyn CallLog>) -> Self {
        self.etax.log = Some(log);
        self
    }

    /// Where a rate is set for the whole fleet, turns are taken from its pace.
    pub(crate) fn paced(mut self, pace: Arc<dyn FleetPace>) -> Self {
        self.etax.fleet = self.etax_fleet.map(|rate| FleetSettings { pace, rate });
        self
    }

    /// Builds them. Nothing is sent yet.
    pub(crate) fn build(self) -> Result<Upstreams, StartError> {
        let etax = Arc::new(Etax::new(EtaxSettings::new(self.etax))?);
        Ok(Upstreams {
            agent_invoices: etax.clone(),
            red_letters: etax,
        })
    }
}

/// The systems that kinds speak to, for a process that only looks: without a ledger its calls are
/// recorded nowhere. Nothing is sent yet.
///
/// # Errors
/// The setting that is missing or wrong.
pub fn connect_upstreams(config: &Config) -> Result<Upstreams, StartError> {
    Connectors::of(config)?.build()
}
