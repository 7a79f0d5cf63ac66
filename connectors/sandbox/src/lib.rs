//! A simulated e-tax platform with memory and faults, for demonstrations, tests and training.
//!
//! It speaks the wire format of `clerkwork-etax` and behaves as real platforms do: it knows no
//! idempotency key, says the same refusal in three wordings, and can be told to lose an answer
//! after the act was done.
//!
//! Beside the JSON API stands a legacy portal in HTML over the same memory, see `portal`.
//!
//! Invariants:
//! * the same seed gives the same world, byte for byte, on every day and every machine
//!   ([`generate`]);
//! * sums and relations count every application of the world that was not returned or withdrawn,
//!   so they do not change when another application is issued;
//! * the book has one entry for every act of issuing and never loses one, so that a double issue
//!   would show ([`State::book`]);
//! * every act on red-letter invoices is a deed, and the deeds alone make the memory ([`RedBook`]
//!   shows them all);
//! * the platform's time moves only with its clock and when told ([`State::advance_clock`]);
//! * nothing outside this process is touched but the callback and the memory's file, and without
//!   the latter nothing is kept after it ends.
//!
//! To extend: a fault in `faults.rs` and `answer.rs`; a defect or a risk in `generate/case.rs` and
//! where the compiler then points; a trade in `generate/trades.rs`; a method in `api.rs`; a page or a change of pages in
//! `portal/`.

mod admin;
mod answer;
mod api;
mod clock;
mod connection;
mod desk;
mod faults;
mod generate;
mod memory;
mod portal;
mod red;
mod server;
mod state;

pub use faults::{Fault, FaultKind, Faults, InvalidFaults};
pub use generate::{
    Case, DEFAULT_START, Defect, MAX_APPLICATIONS, Risk, World, generate, generate_from,
};
pub use memory::MemoryError;
pub use portal::{Charset, Expiry, PortalCounts, PortalSettings, Variant};
pub use red::{
    Callback, FormAnswered, FormChange, FormEntered, Play, RedBook, RedCase, RedEnd, RedGroup,
    RedIssued, RedWorld, Settled, WrittenBack, generate_red, generate_red_from,
};
pub use server::{Options, Running, Sandbox, StartError};
pub use state::{Counts, Issue, Return, State};
