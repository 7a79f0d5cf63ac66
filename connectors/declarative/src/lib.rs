//! Connectors that are written as one file, without Rust.
//!
//! A file names an upstream, how to sign in, and operations: what goes out, how the answer is read, how a write
//! is looked up, how a list goes on. [`Declarative`] is the
//! [`Connector`](clerkwork_connectors_api::contract::Connector) that it describes; a [`Folder`] keeps those of a
//! folder and takes changes without a restart; [`lint`] tells what is wrong with a file or deserves a look. The
//! README beside this crate is the reference of the file.
//!
//! Invariants:
//! * a file is read whole and strictly before anything of it is used, and all its faults are told with their places;
//! * every call goes through the HTTP stack, which decides what is sent again; here only a call whose session was
//!   over, which was not done, goes out once more;
//! * an answer that cannot be read is an error, and of a write an unclear outcome; nothing is guessed;
//! * credentials are only named in a file, read where they are used, and shown nowhere;
//! * a sign-in that was refused is not tried again with the same credentials;
//! * a value never gets out of its place in an address, a header or a body.
//!
//! To add a conversion, a kind of sign-in or a way of paging: `extract/convert.rs`, `auth/` with `file/auth.rs`,
//! `paging.rs` with `file/follow.rs`; then the README.

mod answer;
mod auth;
mod connector;
mod credential;
mod extract;
mod fault;
mod file;
mod folder;
mod form;
mod http;
mod lint;
mod lookup;
mod paging;
mod path;
mod refusal;
mod request;
mod settings;
mod template;

pub use connector::Declarative;
pub use fault::{Fault, Finding, Level};
pub use folder::{Folder, Reloaded, SettingsFor};
pub use lint::lint;
pub use settings::Settings;
