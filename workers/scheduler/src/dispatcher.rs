//! The dispatcher: from the ledger's backlog to a bounded window in Redis.

use std::time::{Duration, Instant};

use clerkwork_core::{Entry, Lane, Scope};
use clerkwork_ledger::LedgerError;
use clerkwork_runtime::Services;
use futures::future::join_all;

use crate::{lease::Leading, pause};

/// The first and the longest rest while a window is full. It doubles from one to the other: a
/// working fleet empties a part of the window meanwhile, a stopped one should not be asked for
/// ever at the same pace. Long enough to be cheap, short enough that an eighth of a window is
/// rarely used up in it.
const FULL: (Duration, Duration) = (Duration::from_millis(20), Duration::from_millis(160));
/// The longest rest until one has passed undisturbed. The ledger begins to listen to other
/// processes when it is first waited on; what they did between the look before and that moment is
/// found by another look.
const FIRST: Duration = Duration::from_secs(1);
/// How long to rest after a failure.
const FAILED: Duration = Duration::from_millis(500);

/// What one look at a lane found. Ordered by what is to be done next, the most pressing last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Found {
    /// Nothing is ready.
    Nothing,
    /// Redis does not answer.
    Away,
    /// The window has no room worth a dispatch.
    Full,
    /// Something was dispatched; there may be more.
    Some,
}

pub(crate) async fn run(services: &Services, mut leading: Leading) {
    let tick = services.config.scheduler.tick;
    let mut idle = tick.min(FIRST);
    let mut rest = FULL.0;
    let mut away = false;
    while leading.wait(services).await.is_some() {
        // All lanes at once, so that the ledger serves them in one transaction; each to its end,
        // so that what one has marked is pushed even if another fails.
        let looks = Lane::ALL.map(|lane| look(services, lane));
        let found: Result<Vec<_>, _> = join_all(looks).await.into_iter().collect();
        let found = found.map(|found| found.into_iter().max());
        if away != matches!(found, Ok(Some(Found::Away))) {
            away = !away;
            tracing::warn!(away, "redis went away from the dispatcher, or came back");
        }
        let go_on = match found {
            Ok(Some(Found::Some)) => {
                rest = FULL.0;
                continue;
            }
            // New work in another lane does not wait for this one.
            Ok(Some(Found::Full)) => {
                let rested = woken(services, rest).await;
                rest = (rest * 2).min(FULL.1);
                rested
            }
            Ok(Some(Found::Nothing) | None) => {
                let begun = Instant::now();
                let rested = woken(services, idle).await;
                if begun.elapsed() >= idle {
                    idle = tick;
                }
                rested
            }
            Ok(Some(Found::Away)) => pause(services, FAILED).await,
            Err(error) => {
                tracing::warn!(error = %error, "dispatch failed; trying again");
                pause(services, FAILED).await
            }
        };
        if !go_on {
            return;
        }
    }
}

/// Waits until something may have become available, at most for `longest`. Returns `false` when
/// the process is to stop.
async fn woken(services: &Services, longest: Duration) -> bool {
    tokio::select! {
        () = services.draining.cancelled() => false,
        () = services.ledger.wait_for_work(longest) => true,
    }
}

/// Fills the window of one lane.
async fn look(services: &Services, lane: Lane) -> Result<Found, LedgerError> {
    // Nothing could be acted on; a narrower brake lets its jobs rest one by one.
    if services.oversight.stops(&[Scope::All]).is_some() {
        return Ok(Found::Nothing);
    }
    let window = services.config.redis.window.of(lane) as u64;
    let waiting = match services.queue.len(lane).await {
        Ok(waiting) => waiting,
        Err(error) => {
            tracing::debug!(queue.lane = %lane, error = %error, "redis does not answer");
            return Ok(Found::Away);
        }
    };
    let room = window.saturating_sub(waiting);
    // A nearly full window is left alone: many small dispatches cost more than they bring.
    if room < (window / 8).max(1) {
        return Ok(Found::Full);
    }
    let now = services.clock.now();
    let urgent_before = now.after(services.config.scheduler.urgent_within);
    let room = u32::try_from(room).unwrap_or(u32::MAX);
    let entries = services
        .ledger
        .dispatch(lane, room, now, urgent_before)
        .await?;
    if entries.is_empty() {
        return Ok(Found::Nothing);
    }
    tracing::debug!(queue.lane = %lane, entries = entries.len(), "dispatched");
    push(services, lane, &entries).await;
    Ok(Found::Some)
}

/// Pushes what the ledger has marked as dispatched, however long Redis is away. What a dying
/// process leaves unpushed the next leader's sweeper dispatches again.
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
