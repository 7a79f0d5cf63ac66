//! What a connector is checked against: a simulated platform, an upstream for tests, or a recording of one.

use std::{fs, path::Path};

use clerkwork_conformance::{Cassette, REDACTED, Replay};
use clerkwork_core::{Clock as _, SystemClock, Timestamp};
use clerkwork_sandbox::{Options, Running, Sandbox};

use super::Args;
use crate::failure::{Failure, chain};

/// The credential of the simulated platform of a check.
const CREDENTIAL: &str = "the-credential-of-this-check";

/// The password of its portal.
const PASSWORD: &str = "sandbox";

/// Applications that it has.
const APPLICATIONS: usize = 120;

/// What answers.
#[derive(Debug)]
pub(super) enum Upstream {
    Simulated(Running),
    Live(String),
    Recorded { cassette: Cassette, replay: Replay },
}

impl Upstream {
    pub(super) async fn start(args: &Args) -> Result<Self, Failure> {
        if let Some(path) = &args.replay {
            return Self::recorded(read(path)?).await;
        }
        if let Some(url) = &args.upstream {
            return Ok(Self::Live(url.clone()));
        }
        let options = Options {
            token: CREDENTIAL.into(),
            applications: APPLICATIONS,
            ..Options::default()
        };
        let started = Sandbox::start(options).await;
        let running = started.map_err(|error| Failure::missing("sandbox", chain(&error)))?;
        Ok(Self::Simulated(running))
    }

    /// What a recording answers.
    pub(super) async fn recorded(cassette: Cassette) -> Result<Self, Failure> {
        let started = Replay::start(cassette.clone()).await;
        let replay = started.map_err(|error| Failure::missing("replay", chain(&error)))?;
        Ok(Self::Recorded { cassette, replay })
    }

    /// Where it is for a connector of that name.
    pub(super) fn base(&self, name: &str) -> Result<String, Failure> {
        match self {
            Self::Simulated(running) if name == "portal" => {
                Ok(format!("{}/portal/", running.url()))
            }
            Self::Simulated(running) => Ok(running.url()),
            Self::Live(url) => Ok(url.clone()),
            Self::Recorded { replay, .. } => {
                let url = replay.url();
                url.map(String::from).map_err(Failure::input)
            }
        }
    }

    /// What stands for every credential; nothing for the real ones.
    pub(super) fn credential(&self, name: &str) -> Option<&'static str> {
        match self {
            Self::Simulated(_) if name == "portal" => Some(PASSWORD),
            Self::Simulated(_) => Some(CREDENTIAL),
            Self::Live(_) => None,
            Self::Recorded { .. } => Some(REDACTED),
        }
    }

    /// What time it is for the connector.
    pub(super) fn at(&self) -> Timestamp {
        match self {
            Self::Simulated(_) | Self::Live(_) => SystemClock.now(),
            Self::Recorded { cassette, .. } => cassette.at,
        }
    }
}

fn read(path: &Path) -> Result<Cassette, Failure> {
    let wrong = |why: String| Failure::input(format!("`{}`: {why}", path.display()));
    let text = fs::read_to_string(path).map_err(|error| wrong(error.to_string()))?;
    Cassette::read(&text).map_err(wrong)
}
