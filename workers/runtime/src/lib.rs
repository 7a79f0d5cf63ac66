//! Configuration, telemetry, the supervised Redis, wiring and shutdown.
