//! Red-letter invoices: their world, and the desk that keeps what is done.

mod world;

pub use world::{RedCase, RedEnd, RedGroup, RedWorld, generate_red, generate_red_from};
