//! The lease that makes one process the leader.

use std::time::Duration;

use clerkwork_core::Timestamp;
use clerkwork_runtime::Services;
use tokio::sync::watch;

use crate::pause;

/// A leader that is not heard of for so long is replaced.
const TTL: Duration = Duration::from_secs(6);

/// One time of leading, from gaining the lease to losing it. A new term must not build on what the
/// process saw in an earlier one: others have led in between.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Term {
    number: u64,
    /// When it began.
    pub(crate) since: Timestamp,
}

/// Whether this process leads, as its four parts see it.
#[derive(Clone)]
pub(crate) struct Leading(watch::Receiver<Option<Term>>);

impl Leading {
    /// Waits until this process leads. Answers nothing when the process is to stop.
    pub(crate) async fn wait(&mut self, services: &Services) -> Option<Term> {
        tokio::select! {
            () = services.draining.cancelled() => None,
            term = self.0.wait_for(Option::is_some) => term.ok().and_then(|term| *term),
        }
    }
}

/// The lease and the view of it.
pub(crate) fn lease() -> (watch::Sender<Option<Term>>, Leading) {
    let (sender, receiver) = watch::channel(None);
    (sender, Leading(receiver))
}

/// Takes and renews the lease. A ledger that does not answer makes this process a follower.
pub(crate) async fn keep(services: &Services, leads: watch::Sender<Option<Term>>) {
    let mut number = 0;
    loop {
        let asked = services.ledger.lead("scheduler", services.worker, TTL);
        // Whoever cannot renew within the lease has lost it.
        let now = match tokio::time::timeout(TTL, asked).await {
            Ok(Ok(now)) => now,
            Ok(Err(error)) => {
                tracing::warn!(error = %error, "the ledger does not renew the scheduler's lease");
                false
            }
            Err(_) => {
                tracing::warn!("the ledger does not answer for the scheduler's lease");
                false
            }
        };
        if leads.borrow().is_some() != now {
            tracing::info!(leads = now, "the scheduler's lease changed hands");
            number += 1;
            let since = services.clock.now();
            leads.send_replace(now.then_some(Term { number, since }));
        }
        if !pause(services, TTL / 3).await {
            break;
        }
    }
    // Given back, so that the next start need not wait for it to run out.
    if leads.borrow().is_some() {
        let given_back = services
            .ledger
            .lead("scheduler", services.worker, Duration::ZERO);
        tokio::time::timeout(TTL / 3, given_back).await.ok();
    }
}
