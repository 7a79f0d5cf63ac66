//! Private Redis and PostgreSQL servers for tests.
