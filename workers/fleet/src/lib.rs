//! The workers. Each takes queue entries and leads the item through its way:
//! claim → check → gather → decide → act → finish, then acknowledges the entry.
//!
//! Invariants:
//! * nothing is done for an entry whose claim the ledger refuses;
//! * no transaction is held over a call to an upstream;
//! * an upstream write is announced durably before it is made, and looked up before it is tried
//!   again ([`journal`]);
//! * whatever goes wrong ends with a retry, a person or the exceptions desk, never with an act
//!   ([`settle`] catches even time-outs and panics);
//! * an entry is acknowledged only after the ledger has committed how the attempt ended.
//!
//! A new job kind needs nothing here: the fleet knows kinds only through their trait.

mod age;
mod attempt;
mod backoff;
mod decide;
mod failure;
mod history;
mod hits;
mod journal;
mod journey;
mod settle;
mod worker;

pub use journey::travel;
pub use worker::{FleetError, run};
