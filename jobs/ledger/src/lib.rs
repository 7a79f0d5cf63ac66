//! The SQL truth: SQLite and PostgreSQL behind one seam, with group commit.
