//! The sweeper: fills the queue again when Redis lost entries.
//!
//! Redis may lose everything (a flush, an empty restart): noticed by the queue's epoch, and the
//! whole window is dispatched again. Or it loses the last second of writes (a crash with an
//! append-only file synced each second): noticed when a lane has run empty while the ledger still
//! counts entries in it. An entry pushed twice is claimed once.

use std::time::Duration;

use clerkwork_audit::{EventDraft, EventType};
use clerkwork_core::{Actor, Lane, Office};
use clerkwork_ledger::LedgerError;
use clerkwork_queue::{Loss, Seen};
use clerkwork_runtime::Services;
use serde_json::json;

use crate::{lease::Leading, pause};

/// An entry younger than this may still be on its way into Redis.
const YOUNG: Duration = Duration::from_secs(5);
/// An entry older than this is pushed again even while its lane is busy.
const OLD: Duration = Duration::from_secs(600);
const BATCH: u32 = 1_000;

pub(crate) async fn run(services: &Services, mut leading: Leading) {
    let mut seen = Seen::default();
    while leading.wait(services).await {
        if let Err(error) = sweep(services, &mut seen).await {
            tracing::warn!(error = %error, "sweep failed; trying again");
        }
        if !pause(services, services.config.scheduler.sweep_every).await {
            return;
        }
    }
}

async fn sweep(services: &Services, seen: &mut Seen) -> Result<(), LedgerError> {
    match services.queue.lost_since(seen).await {
        // What a restart may have lost is found when the lane runs empty.
        Ok(Loss::Nothing | Loss::Recent) => {}
        Ok(Loss::Everything) => return refill(services).await,
        Err(error) => {
            tracing::debug!(error = %error, "redis does not answer the sweeper");
            return Ok(());
        }
    }
    let now = services.clock.now();
    for lane in Lane::ALL {
        let Ok(waiting) = services.queue.len(lane).await else {
            continue;
        };
        let age = if waiting == 0 { YOUNG } else { OLD };
        let jobs = services
            .ledger
            .undispatch_older(lane, now.before(age), BATCH)
            .await?;
        if jobs > 0 {
            tracing::warn!(queue.lane = %lane, jobs, "entries were missing in redis; dispatching them again");
        }
    }
    Ok(())
}

async fn refill(services: &Services) -> Result<(), LedgerError> {
    let jobs = services.ledger.undispatch(None).await?;
    tracing::warn!(jobs, "redis lost its data; dispatching the window again");
    let event = EventDraft::new(
        EventType::QueueRefilled,
        Actor::System("sweeper".into()),
        json!({"jobs": jobs}),
    );
    services
        .ledger
        .record(Office::default(), event)
        .await
        .map(|_| ())
}
