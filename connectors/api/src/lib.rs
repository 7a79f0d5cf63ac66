//! The contract of connectors to upstream systems, and their HTTP stack.
