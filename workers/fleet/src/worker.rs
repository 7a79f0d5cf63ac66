//! The apalis worker: layers, heartbeat, drain.

use apalis::{layers::WorkerBuilderExt, prelude::*};
use clerkwork_audit::{EventDraft, EventType};
use clerkwork_core::{Entry, Office};
use clerkwork_ledger::LedgerError;
use clerkwork_runtime::Services;
use futures::FutureExt as _;
use serde_json::json;
use tokio_util::{sync::CancellationToken, task::AbortOnDropHandle};

use crate::{journey, settle::SettleLayer};

/// What the worker hands to its layers.
pub(crate) type Work = Task<Entry>;

/// Why a fleet could not start or ended early.
#[derive(Debug, thiserror::Error)]
pub enum FleetError {
    /// The ledger did not take the start or the stop of this process.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// The worker ended without being asked to.
    #[error("the worker ended early: {0}")]
    Worker(String),
}

/// Works until `services.draining` is cancelled; then takes nothing new, waits for what runs (at
/// most the configured drain time), gives the rest back and returns.
pub async fn run(services: Services) -> Result<(), FleetError> {
    services
        .ledger
        .heartbeat(services.worker, &services.name)
        .await?;
    tell_policy(&services).await?;
    let drained = CancellationToken::new();
    let pulse = tokio::spawn(beat(services.clone(), drained.clone()));
    let ended = work(&services).await;
    drained.cancel();
    pulse.await.ok();
    services.ledger.retire(services.worker).await?;
    ended
}

async fn work(services: &Services) -> Result<(), FleetError> {
    let name = format!("{}-{}", services.name, services.worker);
    let backend = services.queue.backend(&name);
    let intake = backend.drain();
    let fleet = &services.config.fleet;
    let worker = WorkerBuilder::new(&*name)
        .backend(backend)
        .data(services.clone())
        .layer(SettleLayer(services.clone()))
        .concurrency(fleet.concurrency)
        .timeout(fleet.job_timeout)
        .catch_panic()
        .enable_tracing()
        .parallelize(spawn)
        .build(handle);
    let draining = services.draining.clone();
    let stop = async move {
        draining.cancelled().await;
        intake.stop_intake();
        Ok::<(), std::io::Error>(())
    };
    // Boxed, because the compiler cannot prove the worker's own future `Send`.
    let worker = worker.run_until(stop).boxed();
    let limit = async {
        services.draining.cancelled().await;
        tokio::time::sleep(fleet.drain).await;
    };
    tokio::select! {
        ended = worker => ended.map_err(|error| FleetError::Worker(error.to_string())),
        () = limit => {
            tracing::warn!("items still ran when the drain time was up; they are given back");
            Ok(())
        }
    }
}

/// Runs an attempt on a task of its own, so that attempts share all cores. It ends with the future
/// that waits for it: an attempt whose time is up, or that outlasts the drain, must not go on
/// unseen and act after another one has taken over.
fn spawn<F>(attempt: F) -> AbortOnDropHandle<F::Output>
where
    F: Future + Send + 'static,
    F::Output: Send,
{
    AbortOnDropHandle::new(tokio::spawn(attempt))
}

async fn handle(entry: Entry, services: Data<Services>) -> Result<(), BoxDynError> {
    journey::travel(&services, &entry).await.map_err(Into::into)
}

/// The ledger itself records that a worker came and went; this tells under which rules it works.
async fn tell_policy(services: &Services) -> Result<(), LedgerError> {
    let data = json!({
        "worker": services.worker.to_string(),
        "version": env!("CARGO_PKG_VERSION"),
        "policy": services.oversight.policy().version().to_string(),
    });
    let event = EventDraft::new(EventType::PolicyLoaded, services.robot(), data);
    services
        .ledger
        .record(Office::default(), event)
        .await
        .map(|_| ())
}

/// Says that this process lives, until everything has drained.
async fn beat(services: Services, drained: CancellationToken) {
    loop {
        tokio::select! {
            () = drained.cancelled() => return,
            () = tokio::time::sleep(services.config.fleet.heartbeat) => {}
        }
        if let Err(error) = services
            .ledger
            .heartbeat(services.worker, &services.name)
            .await
        {
            tracing::warn!(error = %error, "the ledger does not take the heartbeat");
        }
    }
}
