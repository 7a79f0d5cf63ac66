//! Every connector of an installation, by name: those that are compiled in, and those that are files.

mod compiled;
mod live;
mod reload;

use std::{
    num::{NonZeroU32, NonZeroUsize},
    sync::Arc,
    time::Duration,
};

use clerkwork_connectors_api::{
    ConnectorError,
    agent_invoice::{AgentInvoices, Over},
    contract::{Connector, intern},
    credential::{Credential, Secret},
    http::{
        Auth, CallLog, FleetPace, FleetSettings, HttpSettings, InFlightSettings, PaceSettings,
        ProxySettings, Rehearsal,
    },
    red_letter::NotConnected,
};
use clerkwork_declarative::{Declarative, Fault, Folder, Settings};
use clerkwork_etax::{Etax, EtaxSettings};
use clerkwork_kinds::{Registry, Served, Upstreams};
use clerkwork_ledger::Ledger;
use clerkwork_portal::{Portal, PortalSettings};

use crate::{Config, StartError};
use live::Live;

/// Longest wait for a place and a turn at an upstream; a call that would wait longer is tried again later.
const LONGEST_TURN: Duration = Duration::from_secs(10);

/// What connectors work with, as far as a process has it.
#[derive(Debug, Clone, Default)]
pub struct Surroundings {
    /// Each try of each call is put on record here.
    pub log: Option<Arc<dyn CallLog>>,
    /// Turns of a rate that is set for the whole fleet.
    pub pace: Option<Arc<dyn FleetPace>>,
    /// Calls are kept here in the place of being made: for somebody who only wants to see them.
    pub rehearsal: Option<Rehearsal>,
}

impl Surroundings {
    /// What every connector is built with.
    fn dress(&self, http: &mut HttpSettings) {
        http.log = self.log.clone();
        http.rehearsal = self.rehearsal.clone();
    }

    /// A rate of the whole fleet; nothing when none is set, or there is nowhere to take turns.
    fn fleet(&self, per_second: u32, burst: u32) -> Option<FleetSettings> {
        let rate = pace(per_second, burst)?;
        let pace = self.pace.clone()?;
        Some(FleetSettings { pace, rate })
    }
}

/// The connectors of an installation: those that are compiled in and whose upstream is set, then those that are
/// files.
#[derive(Debug, Clone)]
pub struct Connectors {
    built_in: Vec<Arc<dyn Connector>>,
    etax: Option<Arc<Etax>>,
    folder: Option<Arc<Folder>>,
    /// Files that could not be loaded.
    faults: Vec<Fault>,
}

impl Connectors {
    /// Builds them. Nothing is sent yet. Broken files are left out and told by [`faults`](Self::faults).
    ///
    /// # Errors
    /// The first that cannot be built, naming the setting.
    pub fn of(config: &Config, around: Surroundings) -> Result<Self, StartError> {
        let etax = etax(config, &around)?.map(Arc::new);
        let mut built_in: Vec<Arc<dyn Connector>> = Vec::new();
        built_in.extend(etax.clone().map(|etax| etax as Arc<dyn Connector>));
        built_in
            .extend(portal(config, &around)?.map(|portal| Arc::new(portal) as Arc<dyn Connector>));
        built_in.extend(compiled::of(config, &around)?);
        let place = config.connectors_folder();
        let mut faults = Vec::new();
        let folder = match place.is_dir() {
            false => None,
            true => {
                let settings = Settings {
                    log: around.log.clone(),
                    rehearsal: around.rehearsal.clone(),
                    pace: around.pace.clone(),
                    processes: config.fleet.processes,
                    ..Settings::default()
                };
                let opened = Folder::open(&place, settings);
                let (folder, told) = opened.map_err(|source| StartError::ConnectorFolder {
                    path: place,
                    source,
                })?;
                faults = told.faults;
                Some(Arc::new(folder))
            }
        };
        Ok(Self {
            built_in,
            etax,
            folder,
            faults,
        })
    }

    /// All of them; of two with one name the first counts.
    pub fn all(&self) -> Vec<Arc<dyn Connector>> {
        let mut all = self.built_in.clone();
        let files = self.folder.iter().flat_map(|folder| folder.connectors());
        all.extend(files.map(|file: Arc<Declarative>| file as Arc<dyn Connector>));
        all
    }

    /// The one of that name.
    pub fn get(&self, name: &str) -> Option<Arc<dyn Connector>> {
        let mut all = self.all().into_iter();
        all.find(|one| one.profile().name == name)
    }

    /// What is wrong with files that could not be loaded.
    pub fn faults(&self) -> &[Fault] {
        &self.faults
    }

    /// The systems that kinds speak to, as the settings say.
    ///
    /// # Errors
    /// The setting that is missing or wrong.
    pub fn upstreams(&self, config: &Config) -> Result<Upstreams, StartError> {
        let name = &config.connectors.agent_invoices;
        if self.etax.is_none() && name == "etax" {
            return Err(StartError::NoUpstream);
        }
        Ok(Upstreams {
            agent_invoices: self.agent_invoices(name)?,
            red_letters: match &self.etax {
                Some(etax) => Arc::clone(etax) as _,
                None => Arc::new(NotConnected),
            },
        })
    }

    /// Reads the files again whenever a person had that done, until the ledger is closed.
    pub(crate) fn follow(&self, ledger: Ledger) {
        if let Some(folder) = &self.folder {
            tokio::spawn(reload::follow(Arc::downgrade(folder), ledger));
        }
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
        let built_in = self.built_in.iter().find(|one| one.profile().name == name);
        if let Some(connector) = built_in {
            return Ok(Arc::new(Over::new(Arc::clone(connector))?));
        }
        if let Some(folder) = &self.folder
            && folder.get(name).is_some()
        {
            return Ok(Arc::new(Live::new(Arc::clone(folder), intern(name))?));
        }
        // Its file may be there and broken.
        match self.faults.first() {
            Some(fault) => Err(StartError::ConnectorFile(fault.clone())),
            None => Err(StartError::NoConnector {
                setting: "connectors.agent_invoices",
                name: name.to_owned(),
            }),
        }
    }
}

/// The systems that kinds speak to, as the settings say. Nothing is sent yet.
///
/// # Errors
/// The setting that is missing or wrong.
pub fn connect_upstreams(config: &Config, around: Surroundings) -> Result<Upstreams, StartError> {
    Connectors::of(config, around)?.upstreams(config)
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
    http.ca_files = etax.ca_file.iter().cloned().collect();
    http.identity_file = etax.identity_file.clone();
    http.proxy = etax.proxy.as_ref().map(|url| {
        let file = etax.proxy_password_file.clone();
        let login = etax.proxy_user.clone().zip(file);
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
    http.pace = pace(etax.rate_per_second, etax.burst);
    around.dress(&mut http);
    http.fleet = around.fleet(etax.fleet_rate, etax.burst);
    Ok(Some(Etax::new(EtaxSettings::new(http))?))
}

/// Nothing when no portal is set.
fn portal(config: &Config, around: &Surroundings) -> Result<Option<Portal>, StartError> {
    let portal = &config.portal;
    let (Some(base_url), Some(user)) = (&portal.base_url, &portal.user) else {
        return Ok(None);
    };
    let password = portal.password.as_ref().ok_or(StartError::NoPassword)?;
    let credential = clerkwork_portal::Credential {
        user: user.clone(),
        password: match &portal.password_file {
            // Not what was read of it at the start: it may be replaced meanwhile.
            Some(file) => Credential::File(file.clone()),
            None => Credential::Value(Secret::new(password.expose())),
        },
    };
    let mut settings = PortalSettings::new("portal", base_url, credential);
    settings.pages = portal.pages_file.clone();
    settings.http.connect_timeout = portal.connect_timeout;
    settings.http.request_timeout = portal.request_timeout;
    settings.http.idle_connections = config.fleet.concurrency;
    settings.http.pace = pace(portal.rate_per_second, portal.burst);
    settings.http.fleet = around.fleet(portal.fleet_rate, portal.burst);
    around.dress(&mut settings.http);
    Ok(Some(Portal::new(settings)?))
}

/// A place of its own for a connector that is compiled in.
#[derive(Debug)]
pub struct ForCheck<'a> {
    /// Which connector.
    pub name: &'a str,
    /// Where its upstream is.
    pub base_url: &'a str,
    /// Token or password.
    pub credential: &'a str,
    /// For one try.
    pub timeout: Duration,
    /// Calls a second, one at a time.
    pub rate: u32,
    /// Before the first retry.
    pub pause: Duration,
    /// Where calls are put on record; nothing: nowhere.
    pub log: Option<Arc<dyn CallLog>>,
}

/// A connector that is compiled in, to check it. Nothing when none has that name.
///
/// # Errors
/// It cannot be built for that place.
pub fn built_in(place: &ForCheck<'_>) -> Result<Option<Arc<dyn Connector>>, ConnectorError> {
    let set = |http: &mut HttpSettings| {
        http.request_timeout = place.timeout;
        http.pace = pace(place.rate, 1);
        http.retry.min_delay = place.pause;
        http.log = place.log.clone();
    };
    let credential = Secret::new(place.credential);
    match place.name {
        "etax" => {
            let mut http = HttpSettings::new("etax", place.base_url, credential);
            set(&mut http);
            let mut settings = EtaxSettings::new(http);
            // One question, one call: so each can be told from the others.
            settings.dossiers_per_call = 1;
            Ok(Some(Arc::new(Etax::new(settings)?)))
        }
        "portal" => {
            let credential = clerkwork_portal::Credential {
                user: "robot".into(),
                password: credential.into(),
            };
            let mut settings = PortalSettings::new("portal", place.base_url, credential);
            set(&mut settings.http);
            Ok(Some(Arc::new(Portal::new(settings)?)))
        }
        _ => {
            let found = compiled::find(place.name).map(|(name, build)| {
                let mut http = HttpSettings::new(name, place.base_url, credential);
                set(&mut http);
                build(http)
            });
            found.transpose()
        }
    }
}

/// Whether a connector of that name is compiled in.
pub fn is_built_in(name: &str) -> bool {
    matches!(name, "etax" | "portal") || compiled::find(name).is_some()
}
