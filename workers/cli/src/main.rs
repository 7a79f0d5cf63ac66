//! The clerkwork binary.
fn main() {}
