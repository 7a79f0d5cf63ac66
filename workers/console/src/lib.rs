//! The live status page.
