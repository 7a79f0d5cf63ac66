//! Connectors in Rust that need an address and at most a token: the only place that knows each by name.
//!
//! To wire one in, add its line to [`COMPILED`] and its crate to this one:
//! `cargo add -p clerkwork-runtime --path connectors/NAME`. The setting `connectors.built_in` says where its
//! upstream is; `clerkwork connector check NAME` finds it by its name.

use std::sync::Arc;

use clerkwork_connectors_api::{
    ConnectorError,
    contract::Connector,
    credential::Credential,
    http::{Auth, HttpSettings},
};

use super::{Surroundings, pace};
use crate::{Config, StartError};

type Build = fn(HttpSettings) -> Result<Arc<dyn Connector>, ConnectorError>;

/// Each with its name.
const COMPILED: &[(&str, Build)] = &[
    // To add one, add its line.
    (clerkwork_template::NAME, clerkwork_template::build),
];

/// The one of that name.
pub(super) fn find(name: &str) -> Option<(&'static str, Build)> {
    let mut all = COMPILED.iter().copied();
    all.find(|(known, _)| *known == name)
}

/// Those that the settings give an address.
pub(super) fn of(
    config: &Config,
    around: &Surroundings,
) -> Result<Vec<Arc<dyn Connector>>, StartError> {
    let settings = &config.connectors;
    let build = |(name, base_url): (&String, &String)| {
        let (name, build) = find(name).ok_or_else(|| StartError::NotCompiled {
            name: name.clone(),
            known: COMPILED.iter().map(|(known, _)| *known).collect(),
        })?;
        let mut http = HttpSettings::new(name, base_url, None);
        if let Some(folder) = &settings.token_folder {
            http.auth = Auth::Bearer(Credential::File(folder.join(name)));
        }
        http.idle_connections = config.fleet.concurrency;
        let rate = settings.rate_per_second;
        http.fleet = around.fleet(rate, 1);
        // While Redis is away, and in a verb, each process goes by its share; 0 stays none.
        let share = (rate / config.fleet.processes).max(rate.min(1));
        http.pace = pace(share, 1);
        around.dress(&mut http);
        Ok(build(http)?)
    };
    settings.built_in.iter().map(build).collect()
}
