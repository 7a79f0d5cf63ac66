//! Reading and hashing a log in long stretches, some of them at the same time.

use std::collections::HashMap;

use clerkwork_audit::{log::hash_entries, place_in_job};
use clerkwork_core::Digest;
use futures::{Stream, StreamExt, stream};
use tokio::task::spawn_blocking;

use super::{not_verified, source::Source};
use crate::failure::{Failure, chain};

/// Entries of a stretch: some tiles whole.
const STRETCH: u64 = 32 * 256;
/// Stretches that are read and hashed at the same time.
const AT_ONCE: usize = 6;

/// The hashes of a tile's entries, and their root if it is full.
pub type Leaves = (Vec<Digest>, Option<Digest>);

/// A stretch of the log, hashed.
pub struct Stretch {
    /// Its tiles, in their order.
    pub tiles: Vec<Leaves>,
    /// The events about jobs: which of the stretch, the job, and the event's number within it.
    pub places: Vec<(u64, u128, u64)>,
}

/// The entries from `from`, where a tile begins, up to `to`, in their order.
pub fn stretches(
    source: &Source,
    from: u64,
    to: u64,
    size: u64,
) -> impl Stream<Item = Result<Stretch, Failure>> {
    let begins = (from..to).step_by(STRETCH as usize);
    let read = move |begin: u64| {
        let source = source.clone();
        let end = to.min(begin + STRETCH);
        async move {
            let read = tokio::spawn(async move { source.entries(begin, end, size).await });
            let entries = read
                .await
                .map_err(|error| Failure::internal(chain(&error)))??;
            if (entries.len() as u64) < end - begin {
                let missing = begin + entries.len() as u64;
                return Err(not_verified(format!(
                    "entry {missing} is missing: the log has {size} by its checkpoint"
                )));
            }
            let hashed = spawn_blocking(move || hash(&entries)).await;
            hashed.map_err(|error| Failure::internal(chain(&error)))
        }
    };
    stream::iter(begins).map(read).buffered(AT_ONCE)
}

fn hash(entries: &[Vec<u8>]) -> Stretch {
    let tiles = entries.chunks(256);
    let tiles = tiles.map(|tile| hash_entries(tile.iter().map(Vec::as_slice)));
    Stretch {
        tiles: tiles.collect(),
        places: (0..)
            .zip(entries)
            .filter_map(|(at, entry)| place_in_job(entry).map(|(job, seq)| (at, job, seq)))
            .collect(),
    }
}

/// Entries at the end of a log that may lack an event before them: of two transactions that changed one job
/// the second may have its number first, and the other the next second.
const UNDER_WAY: u64 = 1_024;

/// Whether each job's events are numbered 1, 2, 3 … without gaps.
#[derive(Default)]
pub struct Gaps(HashMap<u128, Seen>);

#[derive(Default)]
struct Seen {
    count: u64,
    last: u64,
    /// The entry with the last number.
    index: u64,
}

impl Gaps {
    /// Notes the events of a stretch that begins at this entry.
    pub fn note(&mut self, from: u64, places: &[(u64, u128, u64)]) {
        for (at, job, seq) in places {
            let seen = self.0.entry(*job).or_default();
            seen.count += 1;
            if *seq > seen.last {
                (seen.last, seen.index) = (*seq, from + at);
            }
        }
    }

    /// Fails for the first job that lacks an event in a log of this size.
    pub fn none(&self, size: u64) -> Result<(), Failure> {
        let settled = size.saturating_sub(UNDER_WAY);
        let lacks = |seen: &Seen| seen.count != seen.last && seen.index < settled;
        let gaps = self.0.iter().filter(|(_, seen)| lacks(seen));
        let Some((job, seen)) = gaps.min_by_key(|(_, seen)| seen.index) else {
            return Ok(());
        };
        Err(not_verified(format!(
            "job {} has {} events in the log, and the last, entry {}, is its number {}: some were left \
             out",
            uuid::Uuid::from_u128(*job),
            seen.count,
            seen.index,
            seen.last
        )))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(places: &[(u64, u128, u64)], size: u64) -> Option<String> {
        let mut gaps = Gaps::default();
        let (early, late) = places.split_at(places.len() / 2);
        gaps.note(100, early);
        gaps.note(100, late);
        gaps.none(size).err().map(|failure| failure.message)
    }

    #[test]
    fn an_event_that_was_left_out_is_missed_unless_it_may_be_under_way() {
        let whole = [(0, 7, 1), (1, 8, 1), (2, 7, 3), (3, 7, 2), (4, 8, 2)];
        assert_eq!(said(&whole, 10_000), None, "whatever their order");
        let gap = [(0, 7, 1), (1, 8, 1), (2, 7, 3), (4, 8, 2)];
        let told = said(&gap, 10_000).unwrap();
        let id = uuid::Uuid::from_u128(7).to_string();
        for part in [&*id, "has 2 events", "entry 102", "number 3"] {
            assert!(told.contains(part), "{told}");
        }
        // Entry 102 is among the last of so small a log.
        assert_eq!(said(&gap, 102 + UNDER_WAY), None);
        assert!(said(&gap, 103 + UNDER_WAY).is_some());
        let first = [(0, 7, 2), (1, 7, 3)];
        assert!(said(&first, 10_000).unwrap().contains("has 2 events"));
    }
}
