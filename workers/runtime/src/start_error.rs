//! Why a process cannot start: one sentence each, and what the caller is told.

use std::{error::Error, fmt};

use clerkwork_connectors_api::ConnectorError;
use clerkwork_declarative::Fault;
use clerkwork_ledger::LedgerError;
use clerkwork_policy::Refused;
use clerkwork_queue::QueueError;

use crate::{ConfigError, DataDirError, MasterKeyError, PrivateRedisError};

/// Why a process cannot start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The settings are wrong.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The data folder does not serve, or another process uses it.
    #[error(transparent)]
    DataDir(#[from] DataDirError),
    /// There is no master key.
    #[error(transparent)]
    MasterKey(#[from] MasterKeyError),
    /// There is no private Redis.
    #[error(transparent)]
    PrivateRedis(#[from] PrivateRedisError),
    /// Nobody serves the data folder's private Redis.
    #[error(
        "no Redis runs for the data folder `{0}`; start `clerkwork up` there first, or name a running Redis with --redis-url"
    )]
    NothingRuns(String),
    /// Redis does not serve.
    #[error("{}", Chain(.0))]
    Queue(#[from] QueueError),
    /// The ledger does not serve.
    #[error("{}", Chain(.0))]
    Ledger(#[from] LedgerError),
    /// The policy bundle is refused.
    #[error(transparent)]
    Policy(#[from] Refused),
    /// The connector to the upstream cannot be built.
    #[error("{}", Chain(.0))]
    Upstream(#[from] ConnectorError),
    /// There is no upstream.
    #[error(
        "no e-tax platform is named; set `etax.base_url`, or start `clerkwork up`, which brings a sandbox"
    )]
    NoUpstream,
    /// A setting names a connector that is not there.
    #[error(
        "`{setting}` names the connector `{name}`, and there is none: set its upstream, or put its file into \
         the folder of connectors"
    )]
    NoConnector {
        /// The setting.
        setting: &'static str,
        /// The connector.
        name: String,
    },
    /// A setting names a connector that is not compiled in.
    #[error(
        "`connectors.built_in` names the connector `{name}`, which is not compiled in; use one of {}, or wire it \
         in as its README says",
        known.join(", ")
    )]
    NotCompiled {
        /// The connector.
        name: String,
        /// Those that are.
        known: Vec<&'static str>,
    },
    /// The folder of connectors cannot be read.
    #[error("the folder of connectors `{}` cannot be read: {source}", path.display())]
    ConnectorFolder {
        /// The folder.
        path: std::path::PathBuf,
        /// The cause.
        source: std::io::Error,
    },
    /// A file of a connector that is needed is broken.
    #[error("{0}; `clerkwork connector lint` shows all that is wrong")]
    ConnectorFile(Fault),
    /// There is no password for the portal.
    #[error(
        "no password for the portal; set CLERKWORK__PORTAL__PASSWORD, or name its file in `portal.password_file`"
    )]
    NoPassword,
    /// There is no access to the upstream.
    #[error(
        "no token for the e-tax platform; set CLERKWORK__ETAX__TOKEN, or name its file in `etax.token_file`"
    )]
    NoToken,
    /// Logging cannot be started.
    #[error("logging cannot be started: {0}")]
    Telemetry(String),
}

/// What kind of trouble it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StartErrorKind {
    /// Settings, keys or rules are wrong; somebody must change them.
    Settings,
    /// A needed part is missing or cannot be reached.
    Missing,
    /// Something else is in the way, and may go.
    Conflict,
}

impl StartError {
    /// What kind of trouble it is.
    pub fn kind(&self) -> StartErrorKind {
        match self {
            Self::Config(_)
            | Self::Policy(_)
            | Self::Upstream(_)
            | Self::NoUpstream
            | Self::NoConnector { .. }
            | Self::NotCompiled { .. }
            | Self::ConnectorFolder { .. }
            | Self::ConnectorFile(_)
            | Self::NoPassword
            | Self::NoToken
            | Self::Telemetry(_)
            | Self::MasterKey(
                MasterKeyError::File(_)
                | MasterKeyError::Broken(_)
                | MasterKeyError::BrokenVariable,
            )
            | Self::Queue(QueueError::InvalidAddress { .. } | QueueError::InvalidOption(_)) => {
                StartErrorKind::Settings
            }
            Self::DataDir(DataDirError::InUse { .. }) => StartErrorKind::Conflict,
            Self::DataDir(DataDirError::Unwritable { .. })
            | Self::MasterKey(MasterKeyError::Missing(_))
            | Self::PrivateRedis(_)
            | Self::NothingRuns(_)
            | Self::Queue(QueueError::Redis { .. } | QueueError::InvalidCursor(_))
            | Self::Ledger(_) => StartErrorKind::Missing,
        }
    }

    /// The exit code: 2 for wrong settings, 3 for a missing part, 4 for a conflict.
    pub fn exit_code(&self) -> u8 {
        match self.kind() {
            StartErrorKind::Settings => 2,
            StartErrorKind::Missing => 3,
            StartErrorKind::Conflict => 4,
        }
    }
}

/// An error with all its causes in one sentence.
struct Chain<'a, E>(&'a E);

impl<E: Error> fmt::Display for Chain<'_, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = self.0.to_string();
        let mut cause = self.0.source();
        while let Some(error) = cause {
            let part = error.to_string();
            if !text.contains(&part) {
                text = format!("{text}: {part}");
            }
            cause = error.source();
        }
        f.write_str(&text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::PathBuf;

    #[test]
    fn each_kind_of_trouble_has_its_exit_code() {
        let in_use = DataDirError::InUse {
            path: PathBuf::from("/data"),
            holder: None,
        };
        for (error, code) in [
            (StartError::from(ConfigError::NoHome), 2),
            (StartError::NoToken, 2),
            (StartError::from(PrivateRedisError::NoProgram), 3),
            (StartError::from(MasterKeyError::Missing("/key".into())), 3),
            (StartError::from(in_use), 4),
        ] {
            assert_eq!(error.exit_code(), code, "{error}");
        }
    }
}
