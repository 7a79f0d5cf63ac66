//! The kinds from outside: what they accept, find, report and do.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test stops at the first surprise"
)]

mod act;
mod cases;
mod concern;
mod findings;
mod gather;
mod readme;
mod red_letter;
mod registry;
mod robustness;
mod schema;
mod thresholds;
mod upstream;
