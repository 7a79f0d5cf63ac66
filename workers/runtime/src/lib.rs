//! What every process of Clerkwork is built from: settings, logs, the master key, the data folder
//! with its private Redis, and the wiring of the parts.
//!
//! * [`Config`]: one explained default file, overridden by a file, the environment and options;
//! * [`PrivateRedis`]: a Redis that is started, watched and stopped with us;
//! * [`Oversight`]: the policy in force and the brakes, kept up to date;
//! * [`Services`]: the connected parts, handed to fleet, scheduler and console;
//! * [`Installation`]: all of it for `clerkwork up`;
//! * [`StartError`]: why it cannot start, one sentence each, with an exit code.
//!
//! Invariants:
//! * nothing starts on settings that were not understood to the last key;
//! * a secret comes from the environment or a file that only its owner can read, and is never
//!   shown;
//! * only one process at a time starts things in a data folder;
//! * concrete connectors are named in `connectors.rs` alone.
//!
//! To add a setting, see `config.rs`; a connector that is compiled in: its lines in
//! `connectors.rs`; a field of work: a field in `Upstreams` of the kinds, and in `wiring.rs`.

mod call_events;
mod config;
mod connectors;
mod data_dir;
mod fleet_turns;
mod installation;
mod machine;
mod master_key;
mod oversight;
mod private_redis;
mod secret_file;
mod services;
mod start_error;
mod telemetry;
mod wiring;
mod witness;

pub use call_events::CallEvents;
pub use config::*;
pub use connectors::{
    Connectors, ForCheck, Surroundings, built_in, connect_upstreams, is_built_in, kinds,
};
pub use data_dir::*;
pub use fleet_turns::FleetTurns;
pub use installation::Installation;
pub use machine::Machine;
pub use master_key::*;
pub use oversight::{Oversight, Stopped, scopes_of, stored_policy};
pub use private_redis::*;
pub use secret_file::{
    SecretFileError, create as create_secret_file, read as read_secret_file,
    replace as write_secret_file,
};
pub use services::{PublishError, Services, publish};
pub use start_error::{StartError, StartErrorKind};
pub use telemetry::init_telemetry;
pub use wiring::{load_policy, master_key_source, open_ledger, open_queue};
pub use witness::{Witness, WitnessError};
