//! The lease that makes one process the leader.

use std::time::Duration;

use clerkwork_runtime::Services;
use tokio::sync::watch;

use crate::pause;

/// A leader that is not heard of for so long is replaced.
const TTL: Duration = Duration::from_secs(6);

/// Whether this process leads, as its four parts see it.
#[derive(Clone)]
pub(crate) struct Leading(watch::Receiver<bool>);

impl Leading {
    /// Waits until this process leads. Returns `false` when the process is to stop.
    pub(crate) async fn wait(&mut self, services: &Services) -> bool {
        tokio::select! {
            () = services.draining.cancelled() => false,
            leads = self.0.wait_for(|leads| *leads) => leads.is_ok(),
        }
    }
}

/// The lease and the view of it.
pub(crate) fn lease() -> (watch::Sender<bool>, Leading) {
    let (sender, receiver) = watch::channel(false);
    (sender, Leading(receiver))
}

/// Takes and renews the lease. A ledger that does not answer makes this process a follower.
pub(crate) async fn keep(services: &Services, leads: watch::Sender<bool>) {
    loop {
        let now = match services
            .ledger
            .lead("scheduler", services.worker, TTL)
            .await
        {
            Ok(now) => now,
            Err(error) => {
                tracing::warn!(error = %error, "the ledger does not renew the scheduler's lease");
                false
            }
        };
        if leads.send_replace(now) != now {
            tracing::info!(leads = now, "the scheduler's lease changed hands");
        }
        if !pause(services, TTL / 3).await {
            return;
        }
    }
}
