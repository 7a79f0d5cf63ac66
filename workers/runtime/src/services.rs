//! What every part of a process works with, wired once.

use std::sync::Arc;

use clerkwork_core::{Actor, Clock, WorkerId};
use clerkwork_kinds::{Registry, Upstreams};
use clerkwork_ledger::Ledger;
use clerkwork_queue::Queue;
use tokio_util::sync::CancellationToken;

use crate::{Config, Oversight};

/// The wired parts of one process.
#[derive(Clone)]
pub struct Services {
    /// The checked configuration.
    pub config: Arc<Config>,
    /// Where "now" comes from.
    pub clock: Arc<dyn Clock>,
    /// The SQL truth.
    pub ledger: Ledger,
    /// The queue.
    pub queue: Queue,
    /// The policy in force and the brakes.
    pub oversight: Oversight,
    /// The job kinds.
    pub kinds: Arc<Registry>,
    /// The systems that kinds speak to.
    pub upstreams: Upstreams,
    /// This boot of this process.
    pub worker: WorkerId,
    /// The process's name in events and lists, for example `host-1234`.
    pub name: String,
    /// Cancelled when the process is to stop taking new work.
    pub draining: CancellationToken,
}

impl Services {
    /// The fleet's robot of this process.
    pub fn robot(&self) -> Actor {
        Actor::Robot(self.name.clone())
    }
}
