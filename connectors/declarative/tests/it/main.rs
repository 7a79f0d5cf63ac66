//! Connectors from files against upstreams over real HTTP.

#![expect(clippy::unwrap_used, reason = "helpers of tests")]

mod etax;
