//! The Merkle log over the events: hashing, tiles, checkpoints, proofs.
//!
//! A leaf is the hash of an event's exact bytes and the tree is that of RFC 6962. Its hashes and
//! entries are laid out as C2SP `tlog-tiles` says, its heads are C2SP `tlog-checkpoint`s signed as
//! `signed-note`s, so that tools which know none of this can check all of it. Everything here is pure:
//! what is stored, and who numbers the events, is the ledger's.
//!
//! Invariants:
//! * a tree only grows: a head of it is never followed by a smaller one or by another of its size;
//! * tiles are read by our own reader, from a store that is checked as a whole, and never by
//!   `tlog_tiles`' `TileHashReader`, which in 0.2.0 takes a forged tile for a true one; of that
//!   crate only the pure proof functions serve.

mod checkpoint;
mod edge;
mod key;
mod layout;
mod manifest;
mod proof;
mod receipt;
#[cfg(test)]
mod tests;

use clerkwork_core::Digest;
use sha2::{Digest as _, Sha256};

pub use checkpoint::{Checkpoint, CheckpointError};
pub use edge::{BrokenEdge, Edge};
pub use key::{KeyError, LogKey, LogVerifiers};
pub use layout::{
    EntriesError, MAX_ENTRY, Tile, TileAt, entries_path, read_entries, tile_path, write_entries,
};
pub use manifest::{Manifest, ManifestError};
pub use proof::{
    Known, Proof, ProofError, check_growth, check_inclusion, growth, growth_needs, inclusion,
    inclusion_needs,
};
pub use receipt::{Receipt, ReceiptError};

/// The hash of an entry: SHA-256(0x00 ‖ bytes).
pub fn leaf_hash(entry: &[u8]) -> Digest {
    let mut hasher = Sha256::new();
    hasher.update([0]);
    hasher.update(entry);
    Digest(hasher.finalize().into())
}

/// The hash of an inner node: SHA-256(0x01 ‖ left ‖ right).
pub fn node_hash(left: &Digest, right: &Digest) -> Digest {
    let mut hasher = Sha256::new();
    hasher.update([1]);
    hasher.update(left.0);
    hasher.update(right.0);
    Digest(hasher.finalize().into())
}

/// The hashes of entries, and their root if they fill a tile.
pub fn hash_entries<'e>(
    entries: impl IntoIterator<Item = &'e [u8]>,
) -> (Vec<Digest>, Option<Digest>) {
    let hashes: Vec<_> = entries.into_iter().map(leaf_hash).collect();
    let root = (hashes.len() == Tile::WIDTH)
        .then(|| perfect(&hashes))
        .flatten();
    (hashes, root)
}

/// The root over hashes whose number is a power of two.
fn perfect(hashes: &[Digest]) -> Option<Digest> {
    let mut row = hashes.to_vec();
    while row.len() > 1 {
        row = row
            .chunks_exact(2)
            .map(|two| node_hash(&two[0], &two[1]))
            .collect();
    }
    row.pop()
}
