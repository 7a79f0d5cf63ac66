//! Ids of the ledger's own rows: UUIDv7 made from the injected clock.
//!
//! The milliseconds of an id are exactly those of its time, and the next twelve bits hold the
//! microseconds, so "since" and "until" are ranges of ids and need no index of their own. Within
//! one microsecond a counter keeps the order of creation.

use std::sync::{Mutex, PoisonError};

use clerkwork_core::Timestamp;
use uuid::{Builder, Uuid};

/// Makes ids.
#[derive(Debug, Default)]
pub(crate) struct Mint(Mutex<(i64, u64)>);

const COUNTER_BITS: u32 = 20;
const RANDOM_BITS: u32 = 42;

fn parts(at: Timestamp) -> (u64, u16) {
    let micros = u64::try_from(at.0).unwrap_or(0);
    let fraction = (micros % 1_000) * 4_096 / 1_000;
    // Below 4,096.
    (micros / 1_000, u16::try_from(fraction).unwrap_or(u16::MAX))
}

fn build(at: Timestamp, tail: u64) -> Uuid {
    let (millis, fraction) = parts(at);
    let mut bytes = [0; 10];
    bytes[..2].copy_from_slice(&fraction.to_be_bytes());
    bytes[2..].copy_from_slice(&tail.to_be_bytes());
    Builder::from_unix_timestamp_millis(millis, &bytes).into_uuid()
}

impl Mint {
    /// A new id, later than every id of the same or an earlier time that was made here.
    pub(crate) fn id(&self, at: Timestamp) -> Uuid {
        let count = {
            let mut last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            *last = if last.0 == at.0 {
                (at.0, last.1 + 1)
            } else {
                (at.0, 0)
            };
            last.1
        };
        let random = rand::random::<u64>() >> (64 - RANDOM_BITS);
        let count = count & ((1 << COUNTER_BITS) - 1);
        build(at, count << RANDOM_BITS | random)
    }
}

/// The smallest id of `at`: every id made at or after is not smaller, every earlier one is.
pub(crate) fn first_of(at: Timestamp) -> Uuid {
    build(at, 0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn ids_of_one_microsecond_keep_their_order() {
        let mint = Mint::default();
        let at = Timestamp(1_772_352_000_000_001);
        let ids: Vec<_> = (0..1_000).map(|_| mint.id(at)).collect();
        assert!(ids.is_sorted_by(|a, b| a < b));
        assert_eq!(ids[0].get_version_num(), 7);
    }

    proptest! {
        #[test]
        fn ids_sort_as_their_times(a in 0_i64..1 << 48, b in 0_i64..1 << 48) {
            let mint = Mint::default();
            let (one, two) = (mint.id(Timestamp(a)), mint.id(Timestamp(b)));
            prop_assert!(first_of(Timestamp(a)) <= one);
            if a < b {
                prop_assert!(one < two);
                prop_assert!(one < first_of(Timestamp(b)));
            }
        }
    }
}
