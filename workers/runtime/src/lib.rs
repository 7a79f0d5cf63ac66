//! Configuration, telemetry, the supervised Redis, wiring and shutdown.

mod config;
mod secret_file;

pub use config::*;
pub use secret_file::SecretFileError;
