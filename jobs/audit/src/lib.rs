//! The audit trail: what an event is, its exact bytes, and how personal data are kept out of them.
//!
//! Invariants:
//! * an event's bytes are canonical JSON (see [`clerkwork_core::canonical`]), made once, stored as
//!   they are and never written again in another form: they are the leaf of the Merkle log;
//! * a person's data enter an event only as a salted commitment; the value is encrypted beside the
//!   event under that person's own key ([`Sealer`]), so that destroying salt and key erases it
//!   without changing a byte of the event;
//! * the events together are the entries of a Merkle log ([`log`]), so that nothing can be changed,
//!   left out or added unseen;
//! * an event about a job carries `job_seq`, 1, 2, 3 … without gaps.
//!
//! To add an event: one line in the table of [`EventType`], with a sentence on what it records, and an entry
//! in `events.toml` ([`schema`]): what it may say, and what it is in OCSF and ECS.

mod draft;
mod event_type;
pub mod log;
pub mod schema;
mod seal;
mod terms;

pub use draft::{Envelope, EventDraft, RenderError, Rendered, SCHEMA_VERSION};
pub use event_type::{EventType, UnknownEventType};
pub use schema::Misfit;
pub use seal::{
    MasterKey, PersonKey, Pseudonym, SealError, Sealed, SealedRing, Sealer, commitment,
};
pub use terms::{Term, place_in_job, terms, words};
