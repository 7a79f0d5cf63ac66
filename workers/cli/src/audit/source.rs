//! Where a log is read from: the ledger, or a bundle that was exported from one.

use std::{fs, path::Path};

use clerkwork_audit::log::{Tile, TileAt, entries_path, read_entries, tile_path};
use clerkwork_ledger::{Ledger, LogPlace};

use super::{no_log, not_verified};
use crate::failure::Failure;

/// Entries read from the ledger at a time.
const AT_ONCE: u32 = 8_192;
/// Longest file of a bundle: 256 entries of the greatest length.
const MAX_FILE: u64 = 256 * (65_535 + 2);

/// A log, as far as it is to be read.
pub enum Source<'s> {
    /// The ledger of this installation.
    Ledger(&'s Ledger),
    /// A folder in the layout of C2SP `tlog-tiles`.
    Folder(&'s Path),
}

/// Some entries in a row, and where the last one stands.
pub struct Entries {
    /// Their bytes.
    pub bytes: Vec<Vec<u8>>,
    /// To go on from.
    pub place: Option<LogPlace>,
}

impl Source<'_> {
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

    /// Entries from `index` on in a log of `size`, at least one if there is one. In a folder, `index`
    /// is the beginning of a bundle.
    pub async fn entries(
        &self,
        index: u64,
        place: Option<LogPlace>,
        size: u64,
    ) -> Result<Entries, Failure> {
        match self {
            Self::Ledger(ledger) => {
                let left = u32::try_from(size - index).unwrap_or(u32::MAX);
                let found = ledger.entries(index, place, AT_ONCE.min(left)).await?;
                Ok(Entries {
                    place: found.last().map(|entry| entry.place),
                    bytes: found.into_iter().map(|entry| entry.bytes).collect(),
                })
            }
            Self::Folder(folder) => {
                let path = entries_path(index / 256, size);
                let bundle = read(folder, &path)?;
                let entries = read_entries(&bundle)
                    .map_err(|error| not_verified(format!("`{path}`: {error}")))?;
                let wanted = (size - index).min(256);
                if entries.len() as u64 != wanted {
                    return Err(not_verified(format!(
                        "`{path}` has {} entries instead of {wanted}",
                        entries.len()
                    )));
                }
                Ok(Entries {
                    bytes: entries.into_iter().map(<[u8]>::to_vec).collect(),
                    place: None,
                })
            }
        }
    }

    /// One entry, wherever it stands.
    pub async fn entry(&self, index: u64, size: u64) -> Result<Option<Vec<u8>>, Failure> {
        let (from, to) = match self {
            Self::Ledger(_) => (index, index + 1),
            // A bundle is read whole, and its path depends on the size of the log.
            Self::Folder(_) => (index / 256 * 256, size),
        };
        let entries = self.entries(from, None, to).await?;
        let at = usize::try_from(index - from).unwrap_or(usize::MAX);
        Ok(entries.bytes.into_iter().nth(at))
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
