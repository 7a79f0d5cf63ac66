//! What must hold when things break in the middle of 2,000 items: at the end every item has one
//! final state, and the upstream's own book shows each act exactly once.

#![expect(
    clippy::expect_used,
    reason = "a test without its parts has failed, and the message says why"
)]

mod fleet_killed;
mod log;
mod lost_answers;
mod red_letters;
mod redis_breaks;

use std::time::Duration;

/// Long enough for a slow machine that runs other tests beside.
const LIMIT: Duration = Duration::from_secs(240);
const ITEMS: usize = 2_000;
