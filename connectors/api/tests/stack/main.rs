//! What the HTTP stack adds around a call, against servers over real HTTP.

#![expect(clippy::unwrap_used, reason = "helpers of tests")]

mod admission;
mod credentials;
mod hosts;
mod records;
mod revalidate;
mod tls;
mod upstream;
