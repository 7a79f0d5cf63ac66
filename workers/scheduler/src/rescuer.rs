//! The rescuer: gives back the jobs of processes that fell silent.

use clerkwork_ledger::LedgerError;
use clerkwork_runtime::Services;

use crate::{lease::Leading, pause};

pub(crate) async fn run(services: &Services, mut leading: Leading) {
    while leading.wait(services).await {
        if let Err(error) = rescue(services).await {
            tracing::warn!(error = %error, "rescue failed; trying again");
        }
        if !pause(services, services.config.scheduler.rescue_every).await {
            return;
        }
    }
}

async fn rescue(services: &Services) -> Result<(), LedgerError> {
    let fleet = &services.config.fleet;
    let before = services.clock.now().before(fleet.silent_after);
    for silent in services.ledger.silent_workers(before).await? {
        if silent.id == services.worker {
            continue;
        }
        let jobs = services.ledger.rescue(silent.id, fleet.max_rescues).await?;
        tracing::warn!(worker.id = %silent.id, worker.name = silent.name, jobs, "gave up a silent process and gave back its jobs");
    }
    Ok(())
}
