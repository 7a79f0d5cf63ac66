//! Where hashes and entries stand: tiles of 256 hashes, bundles of 256 entries, and their paths
//! (C2SP `tlog-tiles`).

use clerkwork_core::Digest;

use super::perfect;

/// Longest entry that a bundle can hold, in bytes.
pub const MAX_ENTRY: usize = u16::MAX as usize;

/// Which tile: its level, 0 over the leaves, and its number within the level.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TileAt {
    /// Level of tiles: one is eight levels of the tree.
    pub level: u8,
    /// Number, from 0.
    pub n: u64,
}

/// A tile: up to 256 hashes of one level, in their order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tile {
    /// Which one.
    pub at: TileAt,
    /// Its hashes.
    pub hashes: Vec<Digest>,
}

impl Tile {
    /// Hashes of a full tile, and entries of a full bundle.
    pub const WIDTH: usize = 256;

    /// As it is stored: the hashes one after another.
    pub fn bytes(&self) -> Vec<u8> {
        self.hashes.iter().flat_map(|hash| hash.0).collect()
    }

    /// Reads what [`bytes`](Self::bytes) wrote; nothing when it is no row of 1 to 256 hashes.
    pub fn read(at: TileAt, bytes: &[u8]) -> Option<Self> {
        let (hashes, rest) = bytes.as_chunks::<32>();
        let whole = rest.is_empty() && (1..=Self::WIDTH).contains(&hashes.len());
        whole.then(|| Self {
            at,
            hashes: hashes.iter().map(|hash| Digest(*hash)).collect(),
        })
    }

    /// The hash that stands for this tile in the one above it; nothing while it is not full.
    pub fn root(&self) -> Option<Digest> {
        (self.hashes.len() == Self::WIDTH)
            .then(|| perfect(&self.hashes))
            .flatten()
    }

    /// The tile above this one, and which of its hashes stands for this one.
    pub fn above(&self) -> (TileAt, usize) {
        let at = TileAt {
            level: self.at.level + 1,
            n: self.at.n / 256,
        };
        (at, (self.at.n % 256) as usize)
    }

    /// The hash of the node at `level` of the tree (0: leaves) and number `n` there, if this tile
    /// covers it.
    pub fn node(&self, level: u8, n: u64) -> Option<Digest> {
        let (at, first, count) = Self::over(level, n)?;
        let hashes = self.hashes.get(first..first + count)?;
        (at == self.at).then(|| perfect(hashes))?
    }

    /// Which tile covers a node of the tree, from which of its hashes on, and how many.
    pub fn over(level: u8, n: u64) -> Option<(TileAt, usize, usize)> {
        let above = level % 8;
        let first = n.checked_shl(u32::from(above))?;
        let at = TileAt {
            level: level / 8,
            n: first / 256,
        };
        Some((at, usize::try_from(first % 256).ok()?, 1 << above))
    }
}

/// The path of a tile in a tree of `size`: `tile/0/x001/234`, with `.p/W` while it has only `W` hashes.
pub fn tile_path(at: TileAt, size: u64) -> String {
    let hashes = size.checked_shr(8 * u32::from(at.level)).unwrap_or(0);
    format!("tile/{}/{}", at.level, numbered(at.n, hashes))
}

/// The path of a bundle of entries in a tree of `size`.
pub fn entries_path(n: u64, size: u64) -> String {
    format!("tile/entries/{}", numbered(n, size))
}

fn numbered(n: u64, of: u64) -> String {
    let mut parts = vec![format!("{:03}", n % 1_000)];
    let mut rest = n / 1_000;
    while rest > 0 {
        parts.push(format!("x{:03}", rest % 1_000));
        rest /= 1_000;
    }
    parts.reverse();
    let path = parts.join("/");
    match of.saturating_sub(n.saturating_mul(256)) {
        256.. => path,
        width => format!("{path}.p/{width}"),
    }
}

/// Why a bundle cannot be read or written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EntriesError {
    /// An entry is longer than [`MAX_ENTRY`].
    #[error("entry {0} is longer than 65,535 bytes")]
    TooLong(usize),
    /// It ends in the middle of an entry.
    #[error("the bundle ends in the middle of entry {0}")]
    Torn(usize),
}

/// A bundle: each entry after its length as two bytes, the greater one first.
///
/// # Errors
/// [`EntriesError::TooLong`].
pub fn write_entries<'a>(
    entries: impl IntoIterator<Item = &'a [u8]>,
) -> Result<Vec<u8>, EntriesError> {
    let mut out = Vec::new();
    for (at, entry) in entries.into_iter().enumerate() {
        let length = u16::try_from(entry.len()).map_err(|_| EntriesError::TooLong(at))?;
        out.extend_from_slice(&length.to_be_bytes());
        out.extend_from_slice(entry);
    }
    Ok(out)
}

/// The entries of a bundle.
///
/// # Errors
/// [`EntriesError::Torn`].
pub fn read_entries(mut bundle: &[u8]) -> Result<Vec<&[u8]>, EntriesError> {
    let mut entries = Vec::new();
    while !bundle.is_empty() {
        let torn = || EntriesError::Torn(entries.len());
        let (length, rest) = bundle.split_first_chunk::<2>().ok_or_else(torn)?;
        let length = usize::from(u16::from_be_bytes(*length));
        let (entry, rest) = rest.split_at_checked(length).ok_or_else(torn)?;
        entries.push(entry);
        bundle = rest;
    }
    Ok(entries)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_those_of_the_specification() {
        let path = |level, n, size| tile_path(TileAt { level, n }, size);
        assert_eq!(path(0, 0, 1), "tile/0/000.p/1");
        assert_eq!(path(0, 0, 256), "tile/0/000");
        assert_eq!(path(0, 1_234_067, u64::MAX), "tile/0/x001/x234/067");
        // 70,000 leaves: 273 full tiles and 112 hashes; on level 1 one full tile and 17 hashes.
        assert_eq!(path(0, 273, 70_000), "tile/0/273.p/112");
        assert_eq!(path(1, 0, 70_000), "tile/1/000");
        assert_eq!(path(1, 1, 70_000), "tile/1/001.p/17");
        assert_eq!(path(2, 0, 70_000), "tile/2/000.p/1");
        assert_eq!(entries_path(273, 70_000), "tile/entries/273.p/112");
    }

    #[test]
    fn a_bundle_gives_its_entries_back_and_a_torn_one_none() {
        let long = vec![7; MAX_ENTRY];
        let entries: [&[u8]; 3] = [b"{}", b"", &long];
        let bundle = write_entries(entries).unwrap();
        assert_eq!(read_entries(&bundle).unwrap(), entries);
        assert_eq!(
            read_entries(&bundle[..bundle.len() - 1]),
            Err(EntriesError::Torn(2))
        );
        assert_eq!(read_entries(&bundle[..1]), Err(EntriesError::Torn(0)));
        let longer = vec![7; MAX_ENTRY + 1];
        assert_eq!(write_entries([&longer[..]]), Err(EntriesError::TooLong(0)));
    }

    #[test]
    fn only_whole_hashes_make_a_tile() {
        let at = TileAt { level: 0, n: 0 };
        assert!(Tile::read(at, &[1; 64]).is_some_and(|tile| tile.bytes() == [1; 64]));
        for wrong in [0, 31, 33, 257 * 32] {
            assert_eq!(Tile::read(at, &vec![1; wrong]), None, "{wrong}");
        }
    }
}
