//! The fleet against the sandbox upstream, on a real ledger.
//!
//! Most tests lead attempts one by one, without a queue ([`stage::Stage`]), so that each knows
//! exactly where an attempt stands; `verdicts`, `last_net` and `drain` run the whole process.
//! What happens between two steps is put there by a double of the upstream that delegates to the
//! real connector ([`onlooker`]). Nothing sleeps: a pause that the fleet asks for is skipped by
//! telling the ledger that its time has come.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a failed set-up fails the test"
)]

mod cancel;
mod claims;
mod crash_points;
mod drain;
mod effects;
mod kinds;
mod last_net;
mod onlooker;
mod oversight;
mod red;
mod red_crash_points;
mod red_onlooker;
mod red_stage;
mod review;
mod stage;
mod verdicts;
mod waits;

use std::time::Duration;

/// Long enough for a slow machine that runs other tests beside.
const LIMIT: Duration = Duration::from_secs(60);
