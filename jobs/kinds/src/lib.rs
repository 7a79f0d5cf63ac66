//! The job kinds and their registry.
//!
//! A kind turns a payload into an [`Item`] and knows three things about it: which pure rules it
//! breaks ([`Item::check`]), what its upstream knows about it ([`Item::gather`]), and how to carry
//! a decision out ([`Item::act`]). It decides nothing: facts go to the policies, and what they say
//! comes back as an [`Order`].
//!
//! Invariants:
//! * a kind sees connector traits, never a concrete connector;
//! * `check` is pure, `gather` only reads, `act` writes only through [`Effects`];
//! * what a reviewer would object to is a finding with a stable code, never a parse error;
//! * rates, lines of the law and item codes are data ([`dated`], [`items`]), never constants.
//!
//! To add a kind: one file or folder that implements [`JobKind`], one line in [`Registry`], an
//! example under `examples/`, and its resource type and facts in `policies/schema.cedarschema`.

pub mod agent_invoice_review;
pub mod by_hand;
pub mod capitals;
mod codes;
pub mod dated;
mod decimals;
pub mod identifiers;
pub mod items;
mod kind;
mod names;
mod payload;
pub mod red_letter_invoice;
mod registry;
mod relations;
mod schema;
mod taxpayers;

pub use kind::{
    Candidate, Done, EffectCall, Effects, Found, Inquiry, Item, JobKind, Lookup, Order, Past,
    PendingItem, Stop, Subject, Upstreams, Wait,
};
pub use payload::PayloadError;
pub use registry::{Registry, Served};

use clerkwork_core::Timestamp;
use jiff::{civil::Date, tz};

/// The day in China, whose days are those of all matters here; `None` for a time beyond all dates.
fn local_day(at: Timestamp) -> Option<Date> {
    let at = jiff::Timestamp::from_microsecond(at.0).ok()?;
    Some(tz::offset(8).to_datetime(at).date())
}
