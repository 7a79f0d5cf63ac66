//! The workers: claim, check, gather, decide, act, finish.
