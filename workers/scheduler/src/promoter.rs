//! The promoter: jobs whose time has come become available.

use std::time::Duration;

use clerkwork_runtime::Services;

use crate::{lease::Leading, pause};

const BATCH: u32 = 1_000;
const SHORTEST: Duration = Duration::from_millis(5);

pub(crate) async fn run(services: &Services, mut leading: Leading) {
    while leading.wait(services).await {
        let wait = promote(services).await;
        if !pause(services, wait).await {
            return;
        }
    }
}

/// Promotes what is due; returns how long to wait.
async fn promote(services: &Services) -> Duration {
    let tick = services.config.scheduler.tick;
    let now = services.clock.now();
    match services.ledger.promote_due(now, BATCH).await {
        Ok(promoted) if promoted >= u64::from(BATCH) => return SHORTEST,
        Ok(_) => {}
        Err(error) => {
            tracing::warn!(error = %error, "promotion failed; trying again");
            return tick;
        }
    }
    // Sleeps until the next job is due, but looks up now and then: a nearer one may come.
    match services.ledger.next_due().await {
        Ok(Some(due)) => due.since(services.clock.now()).clamp(SHORTEST, tick),
        Ok(None) | Err(_) => tick,
    }
}
