//! The binary as users meet it: real processes, a real Redis, a folder of its own for each test.
//!
//! Nothing here looks inside: what counts is exit code, stdout, stderr and what the upstream's own
//! book says. To add a test, put it into the file of its verb.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::expect_used,
    reason = "tests"
)]

mod audit;
mod bad_input;
mod bad_start;
mod brake;
mod bundle;
mod conformance;
mod connector;
mod demo;
mod desk;
mod documents;
mod harness;
mod help;
mod issued_documents;
mod jobs;
mod parts;
mod people;
mod platform;
mod policy;

mod policy_change;
mod publish;
mod red_letters;
mod review;
mod settle;
mod sign_in;
mod substitutes;
mod trail;
mod waiting;
