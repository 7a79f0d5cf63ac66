//! The simulated e-tax platform as the command line starts it: with tokens of its own, never the
//! well-known ones.

use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::Arc,
};

use clerkwork_core::Clock;
use clerkwork_runtime::{Config, Secret};
use clerkwork_sandbox::{Callback, Faults, MemoryError, Options, Running, Sandbox, StartError};

use crate::{
    connection::{self, Connection},
    failure::{Exit, Failure, chain},
};

/// A running platform with its tokens.
pub struct Platform {
    running: Running,
    token: String,
    admin_token: String,
}

/// How a platform is to be.
pub struct Wanted {
    /// Where it listens.
    pub bind: SocketAddr,
    /// Seed of its world.
    pub seed: u64,
    /// Applications for agent-issued invoices.
    pub applications: u32,
    /// Applications for red-letter invoices.
    pub red_letters: u32,
    /// What goes wrong from the start on.
    pub faults: Faults,
    /// Where its "now" comes from.
    pub clock: Arc<dyn Clock>,
    /// Where it keeps what was done, so that another start knows it.
    pub memory: Option<PathBuf>,
}

/// Starts one for this process alone, on a free port of the loopback. What is done there is kept in
/// the data folder, so that a second start goes on.
pub async fn start_private(config: &Config, clock: Arc<dyn Clock>) -> Result<Platform, Failure> {
    start(Wanted {
        bind: SocketAddr::from(([127, 0, 0, 1], 0)),
        seed: config.sandbox.seed,
        applications: config.sandbox.applications,
        red_letters: config.sandbox.red_letters,
        faults: Faults::none(),
        clock,
        memory: Some(config.in_data_dir("sandbox.memory")),
    })
    .await
}

/// Starts one.
pub async fn start(wanted: Wanted) -> Result<Platform, Failure> {
    let (token, admin_token) = (random_token(), random_token());
    let options = Options {
        bind: wanted.bind,
        token: token.clone(),
        admin_token: admin_token.clone(),
        seed: wanted.seed,
        applications: usize::try_from(wanted.applications).unwrap_or(usize::MAX),
        red_letters: usize::try_from(wanted.red_letters).unwrap_or(usize::MAX),
        faults: wanted.faults,
        clock: wanted.clock,
        memory: wanted.memory,
        ..Options::default()
    };
    let running = Sandbox::start(options).await.map_err(failure)?;
    Ok(Platform {
        running,
        token,
        admin_token,
    })
}

fn failure(error: StartError) -> Failure {
    let text = chain(&error);
    match error {
        StartError::InUse(_) => Failure::missing("port_in_use", text),
        StartError::Bind { .. } => Failure::missing("address", text),
        StartError::Memory(MemoryError::AnotherWorld { .. }) => Failure::refused(
            "conflict",
            format!("{text}; `--data-dir` gives another folder"),
        ),
        StartError::Memory(MemoryError::File { .. } | MemoryError::Line { .. }) => {
            Failure::missing("platform_memory", text)
        }
        StartError::TooMany(_) | StartError::EmptyToken | StartError::Faults(_) => {
            Failure::new(Exit::Usage, "usage", text)
        }
    }
}

/// 122 random bits in text.
fn random_token() -> String {
    uuid::Uuid::new_v4().simple().to_string()
}

impl Platform {
    /// Where it listens.
    pub fn url(&self) -> String {
        self.running.url()
    }

    /// Makes it the upstream of this process, and this process the one that it calls back.
    pub fn connect(&self, config: &mut Config) {
        config.etax.base_url = Some(self.running.url());
        config.etax.token = Some(Secret::new(self.token.clone()));
        config.etax.token_file = None;
        config.etax.callback_secret = Some(Secret::new(random_token()));
        config.etax.callback_secret_file = None;
    }

    /// Has it tell of every form's change at this address.
    pub fn call_back(&self, config: &Config, url: String) {
        if let Some(secret) = &config.etax.callback_secret {
            let secret = secret.expose().to_owned();
            self.running.call_back(Callback { url, secret });
        }
    }

    /// Writes its tokens to a file that only its owner can read: the token of the API on the
    /// first line, that of the admin API on the second.
    pub fn write_tokens(&self, path: &Path) -> std::io::Result<()> {
        connection::write(path, &format!("{}\n{}\n", self.token, self.admin_token))
    }

    /// Lets other commands of this installation reach it, for as long as the answer is kept.
    pub fn publish(&self, config: &Config) -> std::io::Result<Connection> {
        connection::publish(config, &self.url(), &self.token)
    }

    /// Stops it.
    pub async fn stop(self) {
        self.running.shutdown().await;
    }
}
