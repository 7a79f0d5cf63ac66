//! The simulated e-tax platform as the command line starts it: with tokens of its own, never the
//! well-known ones.

use std::{net::SocketAddr, path::Path};

use clerkwork_runtime::{Config, Secret};
use clerkwork_sandbox::{Faults, Options, Running, Sandbox, StartError};

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

/// Starts one for this process alone, on a free port of the loopback.
pub async fn start_private(config: &Config) -> Result<Platform, Failure> {
    let bind = SocketAddr::from(([127, 0, 0, 1], 0));
    start(
        bind,
        config.sandbox.seed,
        config.sandbox.applications,
        Faults::none(),
    )
    .await
}

/// Starts one.
pub async fn start(
    bind: SocketAddr,
    seed: u64,
    applications: u32,
    faults: Faults,
) -> Result<Platform, Failure> {
    let (token, admin_token) = (random_token(), random_token());
    let options = Options {
        bind,
        token: token.clone(),
        admin_token: admin_token.clone(),
        seed,
        applications: usize::try_from(applications).unwrap_or(usize::MAX),
        faults,
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

    /// Makes it the upstream of this process.
    pub fn connect(&self, config: &mut Config) {
        config.etax.base_url = Some(self.running.url());
        config.etax.token = Some(Secret::new(self.token.clone()));
        config.etax.token_file = None;
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
