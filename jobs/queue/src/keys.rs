//! Names of keys. All keys of a lane share a hash tag, so that they live in one slot of a Redis
//! Cluster and a transaction over them is possible there.

use clerkwork_core::Lane;

/// The consumer group that every process of the fleet reads in.
pub(crate) const GROUP: &str = "fleet";

/// The keys of one lane.
#[derive(Debug, Clone)]
pub(crate) struct LaneKeys {
    /// The stream of entries.
    pub(crate) stream: String,
    /// The stream of dead letters.
    pub(crate) dead: String,
    /// A value that exists as long as Redis keeps its data.
    pub(crate) epoch: String,
}

impl LaneKeys {
    pub(crate) fn new(prefix: &str, lane: Lane) -> Self {
        let tag = format!("{{{prefix}:{lane}}}");
        Self {
            stream: format!("{tag}:s"),
            dead: format!("{tag}:d"),
            epoch: format!("{tag}:e"),
        }
    }
}

/// The key of a pace, in a slot of its own.
pub(crate) fn pace(prefix: &str, name: &str) -> String {
    format!("{{{prefix}:pace:{name}}}")
}

/// The place of a lane in arrays over all lanes, the most urgent first.
pub(crate) const fn index(lane: Lane) -> usize {
    match lane {
        Lane::Express => 0,
        Lane::Standard => 1,
        Lane::Bulk => 2,
    }
}
