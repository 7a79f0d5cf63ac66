//! The job kinds and their registry.
