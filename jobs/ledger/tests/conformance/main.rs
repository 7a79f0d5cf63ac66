//! One suite that both engines must pass. Each test gets a ledger of its own, with a clock that
//! moves only when told.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that cannot go on has failed"
)]

mod by_hand;
mod cancel;
mod control;
mod damage;
mod desk;
mod desk_due;
mod dispatch;
mod erase;
mod fleet;
mod group;
mod history;
mod inputs;
mod intake;
mod log;
mod matters;
mod memory;
mod migrate;
mod model;
mod opening;
mod people;
mod plans;
mod reads;
mod rescue;
mod review;
mod search;
mod tokens;
mod trail;
mod unwritten;
mod waits;
mod wake;
mod world;
