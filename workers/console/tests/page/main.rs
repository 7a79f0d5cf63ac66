//! The status page over HTTP, as a browser or a stranger on the same machine meets it.
#![expect(
    clippy::panic,
    clippy::unwrap_used,
    reason = "helpers of tests end the test, as the tests themselves do"
)]

mod callback;
mod content;
mod guard;
mod start;
mod visitor;
