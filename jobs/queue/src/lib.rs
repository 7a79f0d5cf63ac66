//! Redis Streams as an apalis Backend: lanes, leases, dead letters.
