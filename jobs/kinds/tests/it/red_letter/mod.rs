//! The kind `red_letter_invoice`.

mod act;
mod cases;
mod filed;
mod findings;
mod gather;
mod inquire;
mod progress;
mod remainder;
mod swapped;
pub mod world;
