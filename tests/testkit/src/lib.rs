//! Private servers for tests, and waiting without fixed sleeps.
//!
//! * [`Redis::start`] gives each caller a Redis of its own.
//! * [`Postgres::database`] gives each caller an empty database.
//! * [`eventually`] polls a condition up to a deadline.
//!
//! Invariants: servers listen on unix sockets in their own folders only, so tests neither meet
//! each other nor anything else on the machine; every server runs under a watcher that stops it
//! and removes its folder when the test process ends, even by kill -9; nothing is stopped but by
//! its own pid.
//!
//! What cannot be provided panics: a test without its server has failed.
#![expect(
    clippy::expect_used,
    clippy::panic,
    reason = "a test without its server has failed, and the message says why"
)]

mod postgres;
mod redis_server;
mod wait;
mod watched;

pub use postgres::{Database, POSTGRES_URL, Postgres};
pub use redis_server::Redis;
pub use wait::{Settled, eventually};
