//! Ending: the items in work end first, and the user is told what is waited for.

use std::time::Duration;

use clerkwork_core::State;
use clerkwork_runtime::Services;

use super::process::Running;
use crate::{context::Context, failure::Failure, out::Out};

/// Waits until every part has ended and says what for.
pub async fn drain(context: &Context, running: Running) -> Result<(), Failure> {
    running.services.draining.cancel();
    let saying = tokio::spawn(say(context.out, running.services.clone()));
    let ended = running.stop().await;
    saying.abort();
    ended
}

async fn say(out: Out, services: Services) {
    let mut tick = tokio::time::interval(Duration::from_secs(2));
    let mut before = 0;
    loop {
        tick.tick().await;
        let Ok(counts) = services.ledger.counts(None).await else {
            return;
        };
        let running = counts.get(&State::Running).copied().unwrap_or(0);
        if running > 0 && running != before {
            out.note(format!("waiting for {running} items in work"));
            before = running;
        }
    }
}
