//! The world of red-letter applications: the same, byte for byte, for the same seed.
//!
//! [`plan`] decides what case each application is and on which blue invoice; [`shape`] says what a
//! case asks of both; [`rows`] makes the lines in whole numbers; [`blue`] and [`application`] build
//! the two on demand, from streams of their own.

mod application;
mod blue;
mod case;
mod goods;
mod plan;
mod register;
mod rows;
mod shape;

pub(crate) use blue::{Blue, form_prefix, uuid};
pub use case::{RedCase, RedEnd, RedGroup};
pub use register::{RedWorld, generate_red, generate_red_from};
