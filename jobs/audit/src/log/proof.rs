//! Proofs that an entry is in a tree, and that one tree grew out of another.
//!
//! A proof is made of hashes of inner nodes. [`inclusion_needs`] and [`growth_needs`] say which tiles
//! hold them, so that a caller can fetch those first; [`inclusion`] and [`growth`] make the proof.

use std::{
    cell::RefCell,
    collections::{BTreeSet, HashMap},
};

use clerkwork_core::Digest;
use tlog_tiles::{
    Hash, HashReader, check_record, check_tree, prove_record, prove_tree, split_stored_hash_index,
};

use super::{Tile, TileAt};

/// The hashes of a proof, in the order of RFC 6962.
pub type Proof = Vec<Digest>;

/// Why there is no proof, or none that holds.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ProofError {
    /// The entry or the earlier tree lies beyond the end of the tree.
    #[error("there is no entry or tree {asked} in a log of {size} entries")]
    Beyond {
        /// Index of the entry, or size of the earlier tree.
        asked: u64,
        /// Entries of the tree.
        size: u64,
    },
    /// A tile that the proof needs was not given, or is too short.
    #[error("a tile of the log is missing or too short")]
    Missing,
    /// The proof does not hold.
    #[error("the proof does not fit the log's root")]
    Wrong,
}

/// Tiles at hand.
#[derive(Debug, Default)]
pub struct Known(HashMap<TileAt, Tile>);

impl Known {
    /// Adds a tile.
    pub fn put(&mut self, tile: Tile) {
        self.0.insert(tile.at, tile);
    }
}

impl HashReader for Known {
    fn read_hashes(&self, indexes: &[u64]) -> Result<Vec<Hash>, tlog_tiles::Error> {
        let node = |index: &u64| {
            let (level, n) = split_stored_hash_index(*index);
            let (at, ..) = Tile::over(level, n)?;
            self.0.get(&at)?.node(level, n).map(|hash| Hash(hash.0))
        };
        let hashes: Option<Vec<_>> = indexes.iter().map(node).collect();
        hashes.ok_or_else(|| tlog_tiles::Error::InvalidInput("a tile is missing".into()))
    }
}

/// Notes which tiles are asked for, and has none.
#[derive(Default)]
struct Asks(RefCell<BTreeSet<TileAt>>);

impl HashReader for Asks {
    fn read_hashes(&self, indexes: &[u64]) -> Result<Vec<Hash>, tlog_tiles::Error> {
        let over = |index: &u64| {
            let (level, n) = split_stored_hash_index(*index);
            Tile::over(level, n).map(|(at, ..)| at)
        };
        self.0.borrow_mut().extend(indexes.iter().filter_map(over));
        Ok(vec![Hash([0; 32]); indexes.len()])
    }
}

/// The tiles that [`inclusion`] needs.
pub fn inclusion_needs(size: u64, index: u64) -> BTreeSet<TileAt> {
    let asks = Asks::default();
    let _ = prove_record(size, index, &asks);
    asks.0.into_inner()
}

/// Proves that the entry `index` is in the tree of `size` entries.
///
/// # Errors
/// [`ProofError::Beyond`], [`ProofError::Missing`].
pub fn inclusion(size: u64, index: u64, known: &Known) -> Result<Proof, ProofError> {
    if index >= size {
        return Err(ProofError::Beyond { asked: index, size });
    }
    let proof = prove_record(size, index, known).map_err(|_| ProofError::Missing)?;
    Ok(proof.into_iter().map(|hash| Digest(hash.0)).collect())
}

/// The tiles that [`growth`] needs.
pub fn growth_needs(size: u64, earlier: u64) -> BTreeSet<TileAt> {
    let asks = Asks::default();
    let _ = prove_tree(size, earlier, &asks);
    asks.0.into_inner()
}

/// Proves that the tree of `earlier` entries is the beginning of the tree of `size`.
///
/// # Errors
/// [`ProofError::Beyond`], [`ProofError::Missing`].
pub fn growth(size: u64, earlier: u64, known: &Known) -> Result<Proof, ProofError> {
    if earlier > size {
        return Err(ProofError::Beyond {
            asked: earlier,
            size,
        });
    }
    // Every tree grows out of the empty one.
    if earlier == 0 {
        return Ok(Vec::new());
    }
    let proof = prove_tree(size, earlier, known).map_err(|_| ProofError::Missing)?;
    Ok(proof.into_iter().map(|hash| Digest(hash.0)).collect())
}

fn hashes(proof: &[Digest]) -> Vec<Hash> {
    proof.iter().map(|hash| Hash(hash.0)).collect()
}

/// Checks that an entry with this leaf hash is the `index`th of the tree with this root.
///
/// # Errors
/// [`ProofError::Beyond`], [`ProofError::Wrong`].
pub fn check_inclusion(
    proof: &[Digest],
    (size, root): (u64, Digest),
    (index, leaf): (u64, Digest),
) -> Result<(), ProofError> {
    if index >= size {
        return Err(ProofError::Beyond { asked: index, size });
    }
    let (root, leaf) = (Hash(root.0), Hash(leaf.0));
    check_record(&hashes(proof), size, root, index, leaf).map_err(|_| ProofError::Wrong)
}

/// Checks that the tree with root `later` grew out of that with root `earlier`.
///
/// # Errors
/// [`ProofError::Beyond`], [`ProofError::Wrong`].
pub fn check_growth(
    proof: &[Digest],
    (size, later): (u64, Digest),
    (small, earlier): (u64, Digest),
) -> Result<(), ProofError> {
    if small > size {
        return Err(ProofError::Beyond { asked: small, size });
    }
    if small == 0 {
        let nothing = earlier == Digest::of(&[]) && proof.is_empty();
        return nothing.then_some(()).ok_or(ProofError::Wrong);
    }
    let (later, earlier) = (Hash(later.0), Hash(earlier.0));
    check_tree(&hashes(proof), size, later, small, earlier).map_err(|_| ProofError::Wrong)
}
