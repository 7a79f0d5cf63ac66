//! The parts of one process: started together, ended together.

use std::{
    collections::HashMap,
    fmt::Display,
    future::Future,
    sync::{Arc, Mutex, PoisonError},
};

use clerkwork_console::{Console, ConsoleError};
use clerkwork_core::{BatchId, Clock, State};
use clerkwork_ledger::{Ledger, Page};
use clerkwork_runtime::{Config, Installation, Services};
use tokio::task::JoinHandle;

use crate::{
    batch,
    connection::Connection,
    failure::{Exit, Failure, chain},
    installation,
    platform::{self, Platform},
};

/// What runs.
pub struct Running {
    /// The wired parts.
    pub services: Services,
    /// Address of the status page, with its access token.
    pub page: String,
    installation: Installation,
    platform: Option<Platform>,
    connection: Option<Connection>,
    /// What was settled of the newest batches before anything was started.
    pub settled_before: HashMap<BatchId, u64>,
    parts: Vec<JoinHandle<Result<(), Failure>>>,
    broken: Broken,
    console: Console,
}

/// Why a part ended that should not have.
type Broken = Arc<Mutex<Option<Failure>>>;

/// Starts every part, and the simulated platform if there is no other; all go by the same clock.
pub async fn start(mut config: Config, clock: Arc<dyn Clock>) -> Result<Running, Failure> {
    // Nothing is started for a policy that cannot be put into force.
    installation::engine(&config)?;
    // The platform's memory lies in the data folder, so that is taken first.
    let lock = Installation::take(&config)?;
    let platform = match config.etax.base_url {
        Some(_) => None,
        None => {
            let platform = platform::start_private(&config, Arc::clone(&clock)).await?;
            platform.connect(&mut config);
            Some(platform)
        }
    };
    let installation = Installation::start_in(lock, config, clock).await?;
    let services = installation.services().clone();
    if let Err(error) = services.tell_settings().await {
        installation.stop().await;
        return Err(error.into());
    }
    let bind = services.config.console.bind;
    let console = match clerkwork_console::serve(services.clone(), bind).await {
        Ok(console) => console,
        Err(error) => {
            installation.stop().await;
            let text = chain(&error);
            return Err(match error {
                ConsoleError::Bind { .. } | ConsoleError::NotLoopback(_) => {
                    Failure::missing("port_in_use", text)
                }
                ConsoleError::CallbackSecret(_) => Failure::new(Exit::Usage, "configuration", text),
            });
        }
    };
    if let Some(platform) = &platform {
        platform.call_back(&services.config, console.callback_url());
    }
    // The folder is ours now, and so is the file in it.
    let connection =
        platform
            .as_ref()
            .and_then(|platform| match platform.publish(&services.config) {
                Ok(connection) => Some(connection),
                Err(error) => {
                    tracing::warn!(%error, "other commands will not find the simulated platform");
                    None
                }
            });
    let settled_before = settled(&services.ledger).await?;
    let broken = Broken::default();
    let parts = vec![
        part(
            "scheduler",
            clerkwork_scheduler::run(services.clone()),
            &services,
            &broken,
        ),
        part(
            "fleet",
            clerkwork_fleet::run(services.clone()),
            &services,
            &broken,
        ),
    ];
    Ok(Running {
        page: console.url().to_owned(),
        settled_before,
        services,
        installation,
        platform,
        connection,
        parts,
        broken,
        console,
    })
}

/// How much of the newest batches is settled; what waits goes on by itself and is not.
async fn settled(ledger: &Ledger) -> Result<HashMap<BatchId, u64>, Failure> {
    let newest = ledger.batches(Page::first(50)).await?;
    let settled = newest.into_iter().map(|status| {
        let waiting = status.counts.get(&State::Waiting).copied().unwrap_or(0);
        (status.id, batch::settled(&status.counts) - waiting)
    });
    Ok(settled.collect())
}

/// Runs a part; when it ends without being asked to, so does everything else.
fn part<E: Display>(
    name: &'static str,
    work: impl Future<Output = Result<(), E>> + Send + 'static,
    services: &Services,
    broken: &Broken,
) -> JoinHandle<Result<(), Failure>> {
    let (draining, broken) = (services.draining.clone(), Arc::clone(broken));
    tokio::spawn(async move {
        let ended = work
            .await
            .map_err(|error| installation::part_ended(name, error));
        if !draining.is_cancelled() {
            let failure = match &ended {
                Ok(()) => installation::part_ended(name, "nobody asked it to"),
                Err(failure) => failure.clone(),
            };
            *broken.lock().unwrap_or_else(PoisonError::into_inner) = Some(failure);
            draining.cancel();
        }
        ended
    })
}

impl Running {
    /// Ends when everything is to end: at the user's wish, or because a part broke down.
    pub async fn ended(&self) -> Result<(), Failure> {
        self.services.draining.cancelled().await;
        let broken = self.broken.lock().unwrap_or_else(PoisonError::into_inner);
        broken.clone().map_or(Ok(()), Err)
    }

    /// Waits for every part, then closes what they shared.
    pub async fn stop(self) -> Result<(), Failure> {
        self.services.draining.cancel();
        let mut result = Ok(());
        for part in self.parts {
            let ended = part.await.unwrap_or_else(|error| {
                let message = format!("a part broke down: {error}");
                Err(Failure::new(Exit::Missing, "part_ended", message))
            });
            result = result.and(ended);
        }
        // Before the folder is free for the next.
        drop(self.connection);
        self.console.stopped().await;
        tracing::debug!(part.name = "status page", "ended");
        self.installation.stop().await;
        tracing::debug!(part.name = "ledger and redis", "ended");
        if let Some(platform) = self.platform {
            platform.stop().await;
        }
        result
    }
}
