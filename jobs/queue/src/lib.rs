//! The queue between the ledger and the workers: Redis Streams as an apalis backend.
//!
//! What travels is a reference, `{job id, attempt, traceparent}`; the ledger is the truth, and
//! Redis may be wiped at any moment. Why apalis is kept and `apalis-redis` is not stands in
//! `jobs/docs/adr/0001-own-apalis-backend.md`.
//!
//! One stream a lane, one reader group, one consumer for each boot of each worker. A worker has
//! five background tasks (see `reader.rs`): a blocking reader a lane, an acker that sends
//! acknowledgements in batches, and a lease keeper that renews what is held here and takes over
//! what nobody renews. [`StreamBackend`] only hands out what they have fetched.
//!
//! Invariants:
//! * At least once. An entry is deleted only after its handler ended well, and every entry that
//!   nobody holds is found again after [`QueueOptions::lease`]. Twice is possible, after any
//!   crash or broken connection: the reader's compare-and-set in the ledger decides.
//! * No fault of Redis reaches apalis, which would end the worker: all are retried here and
//!   logged, the first and the last of each outage.
//! * `express` goes before `standard` before `bulk`, among everything that was fetched.
//! * Acknowledged entries are deleted, so memory follows what is queued, not what was done.
//! * Every command and every transaction touches the keys of one lane only, which share a hash
//!   tag.
//! * What is no entry goes to the dead letters, with a reason, and stops nobody.
//!
//! Beside the lanes Redis keeps [paces](FleetPaces) that the whole fleet shares: how many calls a second
//! go to one upstream.
//!
//! A worker is built like this; layers added first are outermost, and acknowledging lies outside
//! of them all:
//!
//! ```no_run
//! use std::time::Duration;
//! use apalis::{layers::WorkerBuilderExt, prelude::*};
//! use clerkwork_core::Entry;
//! use clerkwork_queue::{Queue, QueueOptions};
//!
//! # async fn run() -> Result<(), Box<dyn std::error::Error>> {
//! async fn handle(entry: Entry) -> Result<(), BoxDynError> {
//!     println!("job {} attempt {}", entry.job, entry.attempt);
//!     Ok(())
//! }
//!
//! let queue = Queue::connect("redis+unix:///run/clerkwork/redis.sock", QueueOptions::default()).await?;
//! let name = format!("fleet-{}", clerkwork_core::WorkerId::new());
//! let worker = WorkerBuilder::new(&*name)
//!     .backend(queue.backend(&name))
//!     .concurrency(64)
//!     .catch_panic()
//!     .timeout(Duration::from_secs(300))
//!     .build(handle);
//! // Ends when the signal comes, the running handlers have ended and the backend is closed.
//! worker.run_until(tokio::signal::ctrl_c()).await?;
//! # Ok(()) }
//! ```
//!
//! To add a field to entries, touch `wire.rs`: readers ignore what they do not know, so update
//! readers first.

mod ack;
mod backend;
mod dead;
mod error;
mod keys;
mod link;
mod loss;
mod options;
mod pace;
mod queue;
mod reader;
mod session;
mod wire;

pub use ack::{AckLayer, AckService, Delivery};
pub use backend::{Drain, StreamBackend};
pub use dead::DeadLetter;
pub use error::QueueError;
pub use loss::{Loss, Seen};
pub use options::QueueOptions;
pub use pace::{FleetPaces, Given, TurnRate};
pub use queue::{Queue, ServerInfo};
