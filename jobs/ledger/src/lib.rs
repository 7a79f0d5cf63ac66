//! The SQL truth: SQLite (embedded default) and PostgreSQL (production) behind one seam.

mod change;
mod query;

pub use change::*;
pub use query::*;
