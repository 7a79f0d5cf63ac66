//! The promoter: jobs whose time has come become available.

use std::time::Duration;

use clerkwork_ledger::LedgerError;
use clerkwork_runtime::Services;

use crate::{lease::Leading, pause};

const BATCH: u32 = 1_000;
const SHORTEST: Duration = Duration::from_millis(5);

pub(crate) async fn run(services: &Services, mut leading: Leading) {
    let tick = services.config.scheduler.tick;
    while leading.wait(services).await.is_some() {
        let wait = promote(services).await.unwrap_or_else(|error| {
            tracing::warn!(error = %error, "promotion failed; trying again");
            tick
        });
        // Looks up now and then: a nearer one may come.
        if !pause(services, wait.clamp(SHORTEST, tick.max(SHORTEST))).await {
            return;
        }
    }
}

/// Promotes what is due; answers how long nothing will be.
async fn promote(services: &Services) -> Result<Duration, LedgerError> {
    let now = services.clock.now();
    // Looks before it asks for a transaction, most often in vain.
    if let Some(due) = services.ledger.next_due().await?
        && due <= now
        && services.ledger.promote_due(now, BATCH).await? >= u64::from(BATCH)
    {
        return Ok(Duration::ZERO);
    }
    let due = services.ledger.next_due().await?;
    Ok(due.map_or(Duration::MAX, |due| due.since(services.clock.now())))
}
