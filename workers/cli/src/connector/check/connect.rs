//! How a connector is built for a check.

use std::{sync::Arc, time::Duration};

use clerkwork_conformance::Place;
use clerkwork_connectors_api::{
    ConnectorError, ErrorKind,
    contract::Connector,
    http::{RetrySettings, Secret},
};
use clerkwork_core::ManualClock;
use clerkwork_declarative::{Declarative, Fault, Settings};
use clerkwork_runtime::{ForCheck, built_in};

use super::nature::Nature;

pub(super) type Connect =
    Box<dyn Fn(&Place) -> Result<Arc<dyn Connector>, ConnectorError> + Send + Sync>;

/// Calls in a second of a connector that is compiled in.
pub(super) const RATE: u32 = 40;

/// Before the first retry: short, as nobody is to be spared here.
const PAUSE: Duration = Duration::from_millis(10);

/// The first fault of a file, as an error of its connector.
fn broken(faults: &[Fault]) -> ConnectorError {
    let message = faults.first().map(Fault::to_string).unwrap_or_default();
    ConnectorError {
        connector: "file",
        operation: "configure",
        kind: ErrorKind::Misconfigured,
        code: None,
        message,
        page: None,
        source: None,
    }
}

/// A file; `credential` in the place of all that it names.
pub(super) fn of_file(file: String, nature: &Nature, credential: Option<&'static str>) -> Connect {
    let text = nature.text.clone();
    Box::new(move |place| {
        let credential = place.wrong_credential.as_deref().or(credential);
        let settings = Settings {
            base_url: Some(place.base_url.clone()),
            timeout: Some(place.timeout),
            credential: credential.map(Secret::new),
            log: place.log.clone(),
            retry: RetrySettings {
                min_delay: PAUSE,
                ..RetrySettings::default()
            },
            clock: Arc::new(ManualClock::new(place.at)),
            ..Settings::default()
        };
        match Declarative::parse(&text, &file, &settings) {
            Ok(connector) => Ok(Arc::new(connector)),
            Err(faults) => Err(broken(&faults)),
        }
    })
}

/// A connector that is compiled in.
pub(super) fn of_build(name: String, credential: &'static str) -> Connect {
    Box::new(move |place| {
        let built = built_in(&ForCheck {
            name: &name,
            base_url: &place.base_url,
            credential: place.wrong_credential.as_deref().unwrap_or(credential),
            timeout: place.timeout,
            rate: RATE,
            pause: PAUSE,
            log: place.log.clone(),
        })?;
        built.ok_or_else(|| broken(&[]))
    })
}
