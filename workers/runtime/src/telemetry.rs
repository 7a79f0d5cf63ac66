//! Logs: text for people or JSON for machines, on standard error, so that standard output stays
//! free for results.
//!
//! Log fields are dotted (`job.id`), carry their unit in the name (`_seconds`), and never hold
//! personal data, payloads or bodies.

use std::io::{IsTerminal, stderr};

use tracing_subscriber::{EnvFilter, fmt, layer::SubscriberExt, util::SubscriberInitExt};

use crate::{LogConfig, LogFormat, StartError};

/// Starts logging for the whole process. Called once, before anything else.
///
/// # Errors
/// When the filter is none (settings are checked for that before) or logging was started already.
pub fn init_telemetry(log: &LogConfig) -> Result<(), StartError> {
    let failed = |error: String| StartError::Telemetry(error);
    let filter = EnvFilter::builder()
        .parse(&log.level)
        .map_err(|error| failed(error.to_string()))?;
    let registry = tracing_subscriber::registry().with(filter);
    let started = match log.format {
        LogFormat::Text => registry
            .with(
                fmt::layer()
                    .with_writer(stderr)
                    .with_ansi(stderr().is_terminal())
                    .compact(),
            )
            .try_init(),
        LogFormat::Json => registry
            .with(fmt::layer().json().flatten_event(true).with_writer(stderr))
            .try_init(),
    };
    started.map_err(|error| failed(error.to_string()))
}
