//! The right edge of a growing tree: all that is needed to go on, O(log n) hashes.

use clerkwork_core::Digest;

use super::{Tile, TileAt, node_hash, perfect};

/// The tiles that are not full yet, one for each level that has one.
///
/// Hashes that are known are never forgotten before their tile is handed out, so whoever stores what
/// [`append`](Self::append) and [`partial`](Self::partial) give has every hash of the tree.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Edge {
    size: u64,
    /// By level; each shorter than a full tile.
    levels: Vec<Vec<Digest>>,
}

/// The stored tiles are not those of a tree of the stored size.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the unfinished tile of level {level} is not that of a tree of {size} leaves")]
pub struct BrokenEdge {
    /// The level.
    pub level: u8,
    /// The size.
    pub size: u64,
}

impl Edge {
    /// The edge of a tree of `size` leaves; `tile` gives what is stored of each unfinished tile, which
    /// may hold more hashes than that size has.
    ///
    /// # Errors
    /// [`BrokenEdge`] when one is missing or too short.
    pub fn restore(
        size: u64,
        mut tile: impl FnMut(TileAt) -> Option<Tile>,
    ) -> Result<Self, BrokenEdge> {
        let mut levels = Vec::new();
        for at in Self::unfinished(size) {
            let width = width(size, at.level);
            let hashes = match width {
                0 => Vec::new(),
                _ => {
                    let stored = tile(at).map(|tile| tile.hashes).unwrap_or_default();
                    let hashes = stored.get(..width).map(<[Digest]>::to_vec);
                    hashes.ok_or(BrokenEdge {
                        level: at.level,
                        size,
                    })?
                }
            };
            levels.push(hashes);
        }
        Ok(Self { size, levels })
    }

    /// The unfinished tile of each level of a tree of this size, those without a hash included.
    pub fn unfinished(size: u64) -> impl Iterator<Item = TileAt> {
        let level = move |level: u8| size.checked_shr(8 * u32::from(level)).filter(|n| *n > 0);
        (0..8).map_while(move |l| {
            level(l).map(|hashes| TileAt {
                level: l,
                n: hashes / 256,
            })
        })
    }

    /// How many leaves the tree has.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Adds a leaf; tiles that are full now go to `full`.
    pub fn append(&mut self, leaf: Digest, full: &mut Vec<Tile>) {
        self.size += 1;
        self.push(0, leaf, full);
    }

    /// Adds the leaves of a whole tile, whose root is known. `false`, and nothing is done: the tree does not
    /// end where a tile begins, or the tile is not full.
    pub fn append_tile(&mut self, leaves: Vec<Digest>, root: Digest, full: &mut Vec<Tile>) -> bool {
        if !self.size.is_multiple_of(256) || leaves.len() != Tile::WIDTH {
            return false;
        }
        let n = self.size / 256;
        self.size += 256;
        full.push(Tile {
            at: TileAt { level: 0, n },
            hashes: leaves,
        });
        if self.levels.is_empty() {
            self.levels.push(Vec::new());
        }
        self.push(1, root, full);
        true
    }

    fn push(&mut self, from: u8, mut hash: Digest, full: &mut Vec<Tile>) {
        for level in from..8_u8 {
            let at = usize::from(level);
            if self.levels.len() <= at {
                self.levels.push(Vec::new());
            }
            let hashes = &mut self.levels[at];
            hashes.push(hash);
            if hashes.len() < Tile::WIDTH {
                return;
            }
            let hashes = std::mem::take(hashes);
            let Some(root) = perfect(&hashes) else { return };
            hash = root;
            let n = (self.size >> (8 * (u32::from(level) + 1))) - 1;
            full.push(Tile {
                at: TileAt { level, n },
                hashes,
            });
        }
    }

    /// The tiles that have a hash and are not full.
    pub fn partial(&self) -> impl Iterator<Item = Tile> {
        Self::unfinished(self.size)
            .zip(&self.levels)
            .filter(|(_, hashes)| !hashes.is_empty())
            .map(|(at, hashes)| Tile {
                at,
                hashes: hashes.clone(),
            })
    }

    /// The root: of an empty tree the hash of nothing.
    pub fn root(&self) -> Digest {
        // Complete subtrees from the greatest to the smallest, joined from the right.
        let mut complete = Vec::new();
        for hashes in self.levels.iter().rev() {
            let mut rest = &hashes[..];
            for bit in (0..8).rev() {
                if rest.len() & (1 << bit) != 0 {
                    let (part, after) = rest.split_at(1 << bit);
                    complete.extend(perfect(part));
                    rest = after;
                }
            }
        }
        let join = |right: Digest, left: &Digest| node_hash(left, &right);
        match complete.split_last() {
            Some((last, before)) => before.iter().rev().fold(*last, join),
            None => Digest::of(&[]),
        }
    }
}

/// How many hashes the unfinished tile of a level has.
fn width(size: u64, level: u8) -> usize {
    let hashes = size.checked_shr(8 * u32::from(level)).unwrap_or(0);
    (hashes % 256) as usize
}
