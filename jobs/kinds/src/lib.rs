//! The job kinds and their registry.

mod kind;
mod payload;

pub use kind::{Done, EffectCall, Effects, Item, JobKind, Lookup, Order, Stop, Subject, Upstreams};
pub use payload::PayloadError;
