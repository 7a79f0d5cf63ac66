//! Reading payloads.

use serde::de::DeserializeOwned;
use serde_json::Value;

/// Why a payload was refused at intake.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("payload at `{path}`: {message}")]
pub struct PayloadError {
    /// Where, as a dotted path, for example `lines[0].net`; `.` is the whole payload.
    pub path: String,
    /// What was wrong and what to write instead.
    pub message: String,
}

/// Reads `payload` as a `T`, naming the place of the first thing that does not fit.
pub fn read<T: DeserializeOwned>(payload: &Value) -> Result<T, PayloadError> {
    serde_path_to_error::deserialize(payload).map_err(|error| PayloadError {
        path: error.path().to_string(),
        message: error.into_inner().to_string(),
    })
}
