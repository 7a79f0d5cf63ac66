//! What keeps work moving while nobody looks: the dispatcher, the promoter, the rescuer, the sweeper,
//! the breaker, the desk and the notary.
//!
//! Any number of processes may run a scheduler; a lease in the ledger makes one of them the
//! leader. A second leader for a moment does no harm: every act here is a compare-and-set in the
//! ledger, and an entry that is in the queue twice is claimed once.
//!
//! * **Dispatcher:** keeps a bounded window of entries a lane in Redis; the backlog stays in the
//!   ledger, so memory is flat and order is decided where everything is known.
//! * **Breaker:** stops a kind, a connector or a batch with which too much goes wrong.
//! * **Desk:** gives blocked items to people, reminds them, and goes a level higher when time is up.
//! * **Notary:** numbers the events in the Merkle log and signs its heads.
//! * **Promoter:** makes jobs available whose time has come.
//! * **Rescuer:** gives back the jobs of processes that fell silent.
//! * **Sweeper:** fills the queue again when Redis lost entries.

mod breaker;
mod desk;
mod dispatcher;
mod lease;
mod notary;
mod promoter;
mod rescuer;
mod sweeper;

use std::{convert::Infallible, time::Duration};

use clerkwork_runtime::Services;

pub use desk::Desk;

/// Runs until `services.draining` is cancelled. Failures of the ledger or of Redis are logged and
/// tried again; they do not end the scheduler.
pub async fn run(services: Services) -> Result<(), Infallible> {
    let (sender, leading) = lease::lease();
    tokio::join!(
        lease::keep(&services, sender),
        dispatcher::run(&services, leading.clone()),
        promoter::run(&services, leading.clone()),
        rescuer::run(&services, leading.clone()),
        sweeper::run(&services, leading.clone()),
        breaker::run(&services, leading.clone()),
        desk::run(&services, leading.clone()),
        notary::run(&services, leading),
    );
    Ok(())
}

/// Waits, but not beyond the drain. Returns `false` when the process is to stop.
async fn pause(services: &Services, time: Duration) -> bool {
    tokio::select! {
        () = services.draining.cancelled() => false,
        () = tokio::time::sleep(time) => true,
    }
}
