//! Where a log is read from: the ledger, or a bundle that was exported from one.

use std::{collections::HashMap, fs, path::Path, sync::Arc};

use clerkwork_audit::log::{Tile, TileAt, entries_path, read_entries, tile_path};
use clerkwork_ledger::Ledger;

use super::{no_log, not_verified};
use crate::failure::Failure;

/// Longest file of a bundle: 256 entries of the greatest length.
const MAX_FILE: u64 = 256 * (65_535 + 2);
/// Entries read from the ledger at a time.
const AT_ONCE: u64 = 2_048;

/// A log, as far as it is to be read.
#[derive(Clone)]
pub enum Source {
    /// The ledger of this installation.
    Ledger(Ledger),
    /// A folder in the layout of C2SP `tlog-tiles`.
    Folder(Arc<Path>),
}

impl Source {
    /// The latest signed head.
    pub async fn checkpoint(&self) -> Result<String, Failure> {
        match self {
            Self::Ledger(ledger) => {
                let head = ledger.checkpoint(None).await?;
                Ok(head.ok_or_else(no_log)?.note)
            }
            Self::Folder(folder) => {
                let bytes = read(folder, "checkpoint")?;
                String::from_utf8(bytes).map_err(|_| {
                    not_verified(format!(
                        "`{}`: it is no text",
                        folder.join("checkpoint").display()
                    ))
                })
            }
        }
    }

    /// The entries from `from` up to `to` in a log of `size`, as far as they are there. `from` is the
    /// beginning of a tile.
    pub async fn entries(&self, from: u64, to: u64, size: u64) -> Result<Vec<Vec<u8>>, Failure> {
        let mut all = Vec::with_capacity(usize::try_from(to - from).unwrap_or(0));
        match self {
            Self::Ledger(ledger) => {
                let mut place = None;
                while (all.len() as u64) < to - from {
                    let index = from + all.len() as u64;
                    let limit = u32::try_from(AT_ONCE.min(to - index)).unwrap_or(u32::MAX);
                    let (some, last) = ledger.entry_bytes(index, place, limit).await?;
                    if some.is_empty() {
                        break;
                    }
                    all.extend(some);
                    place = last;
                }
            }
            Self::Folder(folder) => {
                for n in from / 256..to.div_ceil(256) {
                    let path = entries_path(n, size);
                    let bundle = read(folder, &path)?;
                    let entries = read_entries(&bundle)
                        .map_err(|error| not_verified(format!("`{path}`: {error}")))?;
                    let wanted = (size - n * 256).min(256);
                    if entries.len() as u64 != wanted {
                        return Err(not_verified(format!(
                            "`{path}` has {} entries instead of {wanted}",
                            entries.len()
                        )));
                    }
                    let left = usize::try_from(to - n * 256).unwrap_or(usize::MAX);
                    all.extend(entries.into_iter().take(left).map(<[u8]>::to_vec));
                }
            }
        }
        Ok(all)
    }

    /// One entry.
    pub async fn entry(&self, index: u64, size: u64) -> Result<Option<Vec<u8>>, Failure> {
        let entries = self.entries(index / 256 * 256, index + 1, size).await?;
        Ok(entries.into_iter().nth((index % 256) as usize))
    }

    /// A tile as it is stored.
    pub async fn tile(&self, at: TileAt, size: u64) -> Result<Tile, Failure> {
        let path = tile_path(at, size);
        match self {
            Self::Ledger(ledger) => {
                let tile = ledger.tile(at).await?;
                tile.ok_or_else(|| not_verified(format!("`{path}` is missing in the ledger")))
            }
            Self::Folder(folder) => {
                let bytes = read(folder, &path)?;
                let no_tile = || not_verified(format!("`{path}` is no row of 1 to 256 hashes"));
                Tile::read(at, &bytes).ok_or_else(no_tile)
            }
        }
    }

    /// Tiles as they are stored: those of a level that follow each other at once.
    pub async fn tiles(
        &self,
        wanted: impl Iterator<Item = TileAt>,
        size: u64,
    ) -> Result<Vec<Tile>, Failure> {
        let wanted: Vec<_> = wanted.collect();
        let mut found = HashMap::new();
        if let (Self::Ledger(ledger), Some(first)) =
            (self, wanted.iter().filter(|at| at.level == 0).min())
        {
            let limit = u32::try_from(wanted.len()).unwrap_or(u32::MAX);
            let row = ledger.tiles(0, first.n, limit).await?;
            found.extend(row.into_iter().map(|tile| (tile.at, tile)));
        }
        let mut tiles = Vec::with_capacity(wanted.len());
        for at in wanted {
            tiles.push(match found.remove(&at) {
                Some(tile) => tile,
                None => self.tile(at, size).await?,
            });
        }
        Ok(tiles)
    }
}

/// A file of a bundle.
fn read(folder: &Path, path: &str) -> Result<Vec<u8>, Failure> {
    let file = folder.join(path);
    let failed = |error: std::io::Error| not_verified(format!("`{}`: {error}", file.display()));
    let length = fs::metadata(&file).map_err(failed)?.len();
    if length > MAX_FILE {
        return Err(not_verified(format!(
            "`{}` is longer than any file of a bundle",
            file.display()
        )));
    }
    fs::read(&file).map_err(failed)
}
