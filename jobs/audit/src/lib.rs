//! Audit events as canonical bytes, and the sealing of personal data beside them.
