//! The dispatcher: from the ledger's backlog to a bounded window in Redis.

use std::time::Duration;

use clerkwork_core::{Entry, Lane};
use clerkwork_ledger::LedgerError;
use clerkwork_runtime::Services;

use crate::{lease::Leading, pause};

/// How long to rest when the window is full: the workers empty a part of it meanwhile.
const FULL: Duration = Duration::from_millis(20);
/// How long to rest after a failure.
const FAILED: Duration = Duration::from_millis(500);

/// What one pass over the lanes found.
enum Pass {
    /// There may be more, as soon as the window has room.
    More,
    /// Nothing is ready.
    Idle,
}

pub(crate) async fn run(services: &Services, mut leading: Leading) {
    while leading.wait(services).await {
        match pass(services).await {
            Ok(Pass::More) => {
                if !pause(services, FULL).await {
                    return;
                }
            }
            Ok(Pass::Idle) => tokio::select! {
                () = services.draining.cancelled() => return,
                () = services.ledger.wait_for_work(services.config.scheduler.tick) => {}
            },
            Err(error) => {
                tracing::warn!(error = %error, "dispatch failed; trying again");
                if !pause(services, FAILED).await {
                    return;
                }
            }
        }
    }
}

async fn pass(services: &Services) -> Result<Pass, LedgerError> {
    let mut pass = Pass::Idle;
    for lane in Lane::ALL {
        let window = services.config.redis.window.of(lane) as u64;
        let waiting = match services.queue.len(lane).await {
            Ok(waiting) => waiting,
            Err(error) => {
                tracing::warn!(queue.lane = %lane, error = %error, "redis does not answer");
                pass = Pass::More;
                continue;
            }
        };
        let room = window.saturating_sub(waiting);
        // A nearly full window is left alone: many small dispatches cost more than they bring.
        if room < window / 8 {
            pass = Pass::More;
            continue;
        }
        let now = services.clock.now();
        let urgent_before = now.after(services.config.scheduler.urgent_within);
        let entries = services
            .ledger
            .dispatch(
                lane,
                u32::try_from(room).unwrap_or(u32::MAX),
                now,
                urgent_before,
            )
            .await?;
        if entries.is_empty() {
            continue;
        }
        tracing::debug!(queue.lane = %lane, entries = entries.len(), "dispatched");
        push(services, lane, &entries).await;
        pass = Pass::More;
    }
    Ok(pass)
}

/// Pushes what the ledger has marked as dispatched, however long Redis is away. What a dying
/// process leaves unpushed the sweeper finds.
async fn push(services: &Services, lane: Lane, entries: &[Entry]) {
    for chunk in entries.chunks(500) {
        while let Err(error) = services.queue.push(lane, chunk).await {
            tracing::warn!(queue.lane = %lane, error = %error, "redis does not take entries; trying again");
            if !pause(services, FAILED).await {
                return;
            }
        }
    }
}
