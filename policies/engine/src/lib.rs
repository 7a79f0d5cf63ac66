//! Loads, validates and asks the policy bundle.
