//! Benchmarks of the queue, the ledger and the whole way of an item.
