//! The generator: a world of applications that is the same, byte for byte, for the same seed.
//!
//! Three steps. [`plan`] decides for every application what case it is, who sells to whom and when;
//! [`build`] makes the application of a plan right in everything; [`defects`] spoils it as planned.
//! Each step draws from its own streams of [`draw`], so an application can be made again at any
//! time from the seed and its number.

mod build;
mod case;
mod defects;
pub(crate) mod draw;
mod elements;
pub(crate) mod identifiers;
pub(crate) mod people;
pub(crate) mod places;
mod plan;
pub(crate) mod registry;
mod trades;
mod words;
mod world;

pub(crate) use case::rotation;
pub use case::{Case, Defect, Risk};
pub(crate) use world::sold_by_person;
pub use world::{DEFAULT_START, MAX_APPLICATIONS, World, generate, generate_from};
