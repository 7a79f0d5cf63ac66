//! JSON Schema of payloads.

use schemars::{JsonSchema, generate::SchemaSettings};
use serde_json::Value;

/// JSON Schema (2020-12) of `T`, as it is read.
pub(crate) fn of<T: JsonSchema>() -> Value {
    SchemaSettings::draft2020_12()
        .into_generator()
        .into_root_schema_for::<T>()
        .to_value()
}
