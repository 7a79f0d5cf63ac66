//! Going through a log: every entry is hashed anew, and tiles, root and saved heads must be what that gives.
//!
//! A range of it is verified by the tiles over it: each is the one that the tile above it says, up to those
//! that make the root.

use std::{collections::BTreeMap, pin::pin};

use clerkwork_audit::log::{Checkpoint, Edge, LogVerifiers, Tile, TileAt, tile_path};
use clerkwork_core::Digest;
use futures::StreamExt;
use indicatif::ProgressBar;
use serde_json::Value;

use super::{
    broken_head,
    hashed::{Gaps, Leaves, stretches},
    not_verified,
    source::Source,
};
use crate::failure::Failure;

/// The head of a log, signed by one of the keys, that each of `saved` is an earlier head of.
async fn head(
    source: &Source,
    keys: &LogVerifiers,
    saved: &[Checkpoint],
) -> Result<Checkpoint, Failure> {
    let note = source.checkpoint().await?;
    let head = Checkpoint::open(note.as_bytes(), keys).map_err(broken_head)?;
    for saved in saved {
        earlier(saved, &head)?;
    }
    Ok(head)
}

/// Verifies everything up to the head, which it answers. Each of `saved` must be an earlier head of
/// the same log.
///
/// # Errors
/// One sentence that names the first thing that does not fit, and where.
pub async fn walk(
    source: &Source,
    keys: &LogVerifiers,
    saved: &[Checkpoint],
    bar: &ProgressBar,
) -> Result<Checkpoint, Failure> {
    let head = head(source, keys, saved).await?;
    bar.set_length(head.size);
    let mut edge = Edge::default();
    let mut gaps = Gaps::default();
    let mut full = Vec::new();
    same_root(saved, &edge)?;
    let mut read = pin!(stretches(source, 0, head.size, head.size));
    while let Some(stretch) = read.next().await {
        let stretch = stretch?;
        gaps.note(edge.size(), &stretch.places);
        for leaves in stretch.tiles {
            add(&mut edge, leaves, saved, &mut full)?;
        }
        same_tiles(source, &full, head.size).await?;
        full.clear();
        bar.set_position(edge.size());
    }
    let partial: Vec<_> = edge.partial().collect();
    for tile in &partial {
        same_tiles(source, std::slice::from_ref(tile), head.size).await?;
    }
    if edge.root() != head.root {
        return Err(not_verified(format!(
            "the {} entries make another root than the checkpoint says: entries and tiles were \
             changed together",
            head.size
        )));
    }
    gaps.none(head.size)?;
    bar.finish_and_clear();
    Ok(head)
}

/// Adds a tile's leaves, one by one only where a saved head lies between them.
fn add(
    edge: &mut Edge,
    (leaves, root): Leaves,
    saved: &[Checkpoint],
    full: &mut Vec<Tile>,
) -> Result<(), Failure> {
    let end = edge.size() + leaves.len() as u64;
    let within = saved
        .iter()
        .any(|head| head.size > edge.size() && head.size <= end);
    if let Some(root) = root.filter(|_| !within)
        && edge.append_tile(leaves.clone(), root, full)
    {
        return Ok(());
    }
    for leaf in leaves {
        edge.append(leaf, full);
        same_root(saved, edge)?;
    }
    Ok(())
}

/// Verifies the entries of a range, and that the signed head covers them.
///
/// # Errors
/// One sentence that names the first thing that does not fit, and where.
pub async fn range(
    source: &Source,
    keys: &LogVerifiers,
    from: u64,
    to: Option<u64>,
    bar: &ProgressBar,
) -> Result<Checkpoint, Failure> {
    let head = head(source, keys, &[]).await?;
    let wanted = from..to.unwrap_or(head.size);
    if wanted.is_empty() || wanted.end > head.size {
        return Err(Failure::usage(format!(
            "entries {} to {} are no part of the log: it has {}, numbered from 0",
            wanted.start, wanted.end, head.size
        )));
    }
    let mut trusted = Trusted::under(source, &head).await?;
    bar.set_length(wanted.end - wanted.start);
    // From the beginning of a tile, so that whole tiles are read.
    let from = wanted.start / 256 * 256;
    let mut index = from;
    let mut read = pin!(stretches(source, from, wanted.end, head.size));
    while let Some(stretch) = read.next().await {
        for (leaves, _) in stretch?.tiles {
            let at = TileAt {
                level: 0,
                n: index / 256,
            };
            let tile = trusted.tile(at).await?;
            let skip = usize::try_from(wanted.start.saturating_sub(index)).unwrap_or(0);
            let given = leaves.iter().zip(&tile.hashes).enumerate().skip(skip);
            for (at_leaf, (is, stored)) in given {
                if is != stored {
                    return Err(changed(
                        source,
                        index + at_leaf as u64,
                        &tile_path(at, head.size),
                        head.size,
                    )
                    .await);
                }
            }
            if tile.hashes.len() < leaves.len() {
                return Err(short(
                    &tile_path(at, head.size),
                    tile.hashes.len(),
                    leaves.len(),
                ));
            }
            index += leaves.len() as u64;
            bar.set_position(index.saturating_sub(wanted.start));
        }
    }
    bar.finish_and_clear();
    Ok(head)
}

/// Tiles that are those of the signed head: the unfinished ones make its root, and every other is what the
/// one above it says.
struct Trusted<'s> {
    source: &'s Source,
    size: u64,
    known: BTreeMap<TileAt, Tile>,
}

impl<'s> Trusted<'s> {
    async fn under(source: &'s Source, head: &Checkpoint) -> Result<Self, Failure> {
        let mut known = BTreeMap::new();
        for at in Edge::unfinished(head.size) {
            let width = head.size.checked_shr(8 * u32::from(at.level)).unwrap_or(0) % 256;
            if width > 0 {
                let mut tile = source.tile(at, head.size).await?;
                tile.hashes.truncate(width as usize);
                known.insert(at, tile);
            }
        }
        let edge = Edge::restore(head.size, |at| known.get(&at).cloned())
            .map_err(|broken| not_verified(broken.to_string()))?;
        if edge.root() != head.root {
            return Err(not_verified(
                "the unfinished tiles make another root than the checkpoint says: they were changed",
            ));
        }
        Ok(Self {
            source,
            size: head.size,
            known,
        })
    }

    async fn tile(&mut self, at: TileAt) -> Result<Tile, Failure> {
        // Upwards to one that is known, and down again.
        let mut way = Vec::new();
        let mut next = at;
        while !self.known.contains_key(&next) {
            let tile = self.source.tile(next, self.size).await?;
            let (above, hash) = tile.above();
            way.push((tile, above, hash));
            next = above;
        }
        for (tile, above, hash) in way.into_iter().rev() {
            let said = self
                .known
                .get(&above)
                .and_then(|above| above.hashes.get(hash));
            if said.is_none() || said != tile.root().as_ref() {
                return Err(not_verified(format!(
                    "`{}` is not the one that hash {hash} of `{}` stands for: one of them was changed",
                    tile_path(tile.at, self.size),
                    tile_path(above, self.size)
                )));
            }
            // Those over the leaves are met once each.
            if tile.at.level > 0 || tile.at == at {
                self.known
                    .retain(|kept, _| kept.level > 0 || kept.n == self.size / 256);
                self.known.insert(tile.at, tile);
            }
        }
        let tile = self.known.get(&at).cloned();
        tile.ok_or_else(|| not_verified(format!("`{}` is missing", tile_path(at, self.size))))
    }
}

/// A saved head is one of this log, and not of its future.
fn earlier(saved: &Checkpoint, head: &Checkpoint) -> Result<(), Failure> {
    if saved.origin != head.origin {
        return Err(not_verified(format!(
            "the saved checkpoint is of the log `{}`, and this is `{}`",
            saved.origin, head.origin
        )));
    }
    if saved.size > head.size {
        return Err(not_verified(format!(
            "the log was set back: it has {} entries, and had {} when the checkpoint was saved",
            head.size, saved.size
        )));
    }
    Ok(())
}

fn same_root(saved: &[Checkpoint], edge: &Edge) -> Result<(), Failure> {
    let here = saved.iter().filter(|saved| saved.size == edge.size());
    for saved in here {
        if saved.root != edge.root() {
            return Err(not_verified(format!(
                "the first {} entries are not those of the saved checkpoint: the past was changed",
                saved.size
            )));
        }
    }
    Ok(())
}

/// Stored tiles hold what the entries give; a longer one may go on.
async fn same_tiles(source: &Source, tiles: &[Tile], size: u64) -> Result<(), Failure> {
    let stored = source.tiles(tiles.iter().map(|tile| tile.at), size).await?;
    for (tile, stored) in tiles.iter().zip(&stored) {
        same_tile(source, tile, stored, size).await?;
    }
    Ok(())
}

async fn same_tile(source: &Source, tile: &Tile, stored: &Tile, size: u64) -> Result<(), Failure> {
    let path = tile_path(tile.at, size);
    if stored.hashes.len() < tile.hashes.len() {
        return Err(short(&path, stored.hashes.len(), tile.hashes.len()));
    }
    let mut pairs = tile.hashes.iter().zip(&stored.hashes);
    let Some(at) = pairs.position(|(is, stored): (&Digest, &Digest)| is != stored) else {
        return Ok(());
    };
    if tile.at.level > 0 {
        return Err(not_verified(format!(
            "hash {at} of `{path}` is not that of the tile below it"
        )));
    }
    Err(changed(source, tile.at.n * 256 + at as u64, &path, size).await)
}

fn short(path: &str, has: usize, needed: usize) -> Failure {
    not_verified(format!(
        "`{path}` has {has} hashes, and {needed} are needed"
    ))
}

/// Names an entry that is not what was hashed.
async fn changed(source: &Source, index: u64, path: &str, size: u64) -> Failure {
    let entry = source.entry(index, size).await.ok().flatten();
    let event = entry
        .and_then(|entry| serde_json::from_slice::<Value>(&entry).ok())
        .and_then(|event| Some(format!(", event {}", event.get("id")?.as_str()?)));
    not_verified(format!(
        "entry {index}{} is not the one that was hashed into `{path}`: it or the tile was changed",
        event.unwrap_or_default()
    ))
}
