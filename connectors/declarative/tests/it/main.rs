//! Connectors from files against upstreams over real HTTP.

#![expect(clippy::unwrap_used, reason = "helpers of tests")]

mod etax;
mod faults;
mod folder;
mod forms;
mod login;
mod pace;
mod pages;
mod paging;
mod reach;
mod tokens;
mod upstream;
mod writes;
