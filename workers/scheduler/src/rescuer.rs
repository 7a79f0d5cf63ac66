//! The rescuer: gives back the jobs of processes that fell silent.

use clerkwork_core::Timestamp;
use clerkwork_ledger::LedgerError;
use clerkwork_runtime::Services;

use crate::{lease::Leading, pause};

pub(crate) async fn run(services: &Services, mut leading: Leading) {
    let silent_after = services.config.fleet.silent_after;
    let mut deaf_until = Timestamp(i64::MIN);
    while leading.wait(services).await.is_some() {
        let now = services.clock.now();
        if now >= deaf_until
            && let Err(error) = rescue(services, now.before(silent_after)).await
        {
            tracing::warn!(error = %error, "rescue failed; trying again");
            // While the ledger was away nobody could be heard: silence says nothing yet.
            deaf_until = services.clock.now().after(silent_after);
        }
        if !pause(services, services.config.scheduler.rescue_every).await {
            return;
        }
    }
}

async fn rescue(services: &Services, before: Timestamp) -> Result<(), LedgerError> {
    let max_rescues = services.config.fleet.max_rescues;
    for silent in services.ledger.silent_workers(before).await? {
        if silent.id == services.worker {
            continue;
        }
        let jobs = services.ledger.rescue(silent.id, max_rescues).await?;
        tracing::warn!(worker.id = %silent.id, worker.name = silent.name, jobs, "gave up a silent process and gave back its jobs");
    }
    Ok(())
}
