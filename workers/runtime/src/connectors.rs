//! Every connector of an installation, by name.

use std::{
    num::{NonZeroU32, NonZeroUsize},
    sync::Arc,
    time::Duration,
};

use clerkwork_connectors_api::{
    agent_invoice::{AgentInvoices, Over},
    contract::{Connector, intern},
    credential::{Credential, Secret},
    http::{Auth, CallLog, FleetPace, FleetSettings, HttpSettings, InFlightSettings, PaceSettings},
    red_letter::NotConnected,
};
use clerkwork_etax::{Etax, EtaxSettings};
use clerkwork_kinds::{Registry, Served, Upstreams};

use crate::{Config, StartError};

/// Longest wait for a place and a turn at an upstream; a call that would wait longer is tried again later.
const LONGEST_TURN: Duration = Duration::from_secs(10);

/// What connectors work with, as far as a process has it.
#[derive(Debug, Clone, Default)]
pub struct Surroundings {
    /// Each try of each call is put on record here.
    pub log: Option<Arc<dyn CallLog>>,
    /// Turns of a rate that is set for the whole fleet.
    pub pace: Option<Arc<dyn FleetPace>>,
}

/// The connectors of an installation: those that are compiled in and whose upstream is set, then those that are
/// files, by name.
#[derive(Debug, Clone)]
pub struct Connectors {
    all: Vec<Arc<dyn Connector>>,
    etax: Option<Arc<Etax>>,
}

impl Connectors {
    /// Builds them. Nothing is sent yet.
    ///
    /// # Errors
    /// The first that cannot be built, naming the setting or the file.
    pub fn of(config: &Config, around: Surroundings) -> Result<Self, StartError> {
        let etax = etax(config, &around)?.map(Arc::new);
        let mut all: Vec<Arc<dyn Connector>> = Vec::new();
        all.extend(etax.clone().map(|etax| etax as Arc<dyn Connector>));
        Ok(Self { all, etax })
    }

    /// All of them.
    pub fn iter(&self) -> std::slice::Iter<'_, Arc<dyn Connector>> {
        self.all.iter()
    }

    /// The one of that name.
    pub fn get(&self, name: &str) -> Option<&Arc<dyn Connector>> {
        self.all.iter().find(|one| one.profile().name == name)
    }

    /// The e-tax platform, if it is set.
    pub fn etax(&self) -> Option<&Arc<Etax>> {
        self.etax.as_ref()
    }

    /// What serves agent-issued invoices, by the name of its connector.
    ///
    /// # Errors
    /// There is no such connector, or it serves none.
    pub fn agent_invoices(&self, name: &str) -> Result<Arc<dyn AgentInvoices>, StartError> {
        if let (Some(etax), "etax") = (&self.etax, name) {
            return Ok(Arc::clone(etax) as Arc<dyn AgentInvoices>);
        }
        let connector = self.get(name).ok_or_else(|| StartError::NoConnector {
            setting: "connectors.agent_invoices",
            name: name.to_owned(),
        })?;
        Ok(Arc::new(Over::new(Arc::clone(connector))?))
    }
}

/// The systems that kinds speak to, as the settings say. Nothing is sent yet.
///
/// # Errors
/// The setting that is missing or wrong.
pub fn connect_upstreams(
    config: &Config,
    around: Surroundings,
) -> Result<Upstreams, StartError> {
    let connectors = Connectors::of(config, around)?;
    let name = &config.connectors.agent_invoices;
    if connectors.etax().is_none() && name == "etax" {
        return Err(StartError::NoUpstream);
    }
    Ok(Upstreams {
        agent_invoices: connectors.agent_invoices(name)?,
        red_letters: match connectors.etax() {
            Some(etax) => Arc::clone(etax) as _,
            None => Arc::new(NotConnected),
        },
    })
}

/// The kinds, over the connectors that the settings name.
pub fn kinds(config: &Config) -> Registry {
    Registry::served(Served {
        agent_invoices: intern(&config.connectors.agent_invoices),
        ..Served::default()
    })
}

fn pace(per_second: u32, burst: u32) -> Option<PaceSettings> {
    Some(PaceSettings {
        per_second: NonZeroU32::new(per_second)?,
        burst: NonZeroU32::new(burst).unwrap_or(NonZeroU32::MIN),
        max_wait: LONGEST_TURN,
    })
}

/// Nothing when no platform is set.
fn etax(config: &Config, around: &Surroundings) -> Result<Option<Etax>, StartError> {
    let etax = &config.etax;
    let Some(base_url) = &etax.base_url else {
        return Ok(None);
    };
    let token = etax.token.as_ref().ok_or(StartError::NoToken)?;
    let mut http = HttpSettings::new("etax", base_url, Secret::new(token.expose()));
    if let Some(file) = &etax.token_file {
        // Not what was read of it at the start: it may be replaced meanwhile.
        http.auth = Auth::Bearer(Credential::File(file.clone()));
    }
    http.hosts = etax.hosts.split_whitespace().map(Into::into).collect();
    http.connect_timeout = etax.connect_timeout;
    http.request_timeout = etax.request_timeout;
    http.idle_connections = config.fleet.concurrency;
    http.in_flight = NonZeroUsize::new(etax.in_flight).map(|calls| InFlightSettings {
        calls,
        max_wait: LONGEST_TURN,
    });
    http.pace = pace(etax.rate_per_second, etax.burst);
    http.log = around.log.clone();
    let fleet = pace(etax.fleet_rate, etax.burst).zip(around.pace.clone());
    http.fleet = fleet.map(|(rate, pace)| FleetSettings { pace, rate });
    Ok(Some(Etax::new(EtaxSettings::new(http))?))
}
