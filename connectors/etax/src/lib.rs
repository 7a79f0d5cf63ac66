//! Connector to the JSON API of an e-tax platform.

pub mod wire;
