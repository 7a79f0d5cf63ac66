//! Going through a whole log: every entry is hashed anew, and tiles, root and saved heads must be what
//! that gives.

use clerkwork_audit::log::{Checkpoint, Edge, LogVerifiers, Tile, leaf_hash, tile_path};
use clerkwork_core::Digest;
use indicatif::ProgressBar;
use serde_json::Value;

use super::{broken_head, not_verified, source::Source};
use crate::failure::Failure;

/// Verifies everything up to the head, which it answers. Each of `saved` must be an earlier head of
/// the same log.
///
/// # Errors
/// One sentence that names the first thing that does not fit, and where.
pub async fn walk(
    source: &Source<'_>,
    keys: &LogVerifiers,
    saved: &[Checkpoint],
    bar: &ProgressBar,
) -> Result<Checkpoint, Failure> {
    let note = source.checkpoint().await?;
    let head = Checkpoint::open(note.as_bytes(), keys).map_err(broken_head)?;
    for saved in saved {
        earlier(saved, &head)?;
    }
    bar.set_length(head.size);
    let mut edge = Edge::default();
    let (mut place, mut full) = (None, Vec::new());
    same_root(saved, &edge)?;
    while edge.size() < head.size {
        let from = edge.size();
        let entries = source.entries(from, place, head.size).await?;
        if entries.bytes.is_empty() {
            return Err(not_verified(format!(
                "entry {from} is missing: the log has {} by its checkpoint",
                head.size
            )));
        }
        place = entries.place;
        for entry in &entries.bytes {
            edge.append(leaf_hash(entry), &mut full);
            same_root(saved, &edge)?;
        }
        for tile in full.drain(..) {
            same_tile(source, &tile, head.size).await?;
        }
        bar.set_position(edge.size());
    }
    for tile in edge.partial() {
        same_tile(source, &tile, head.size).await?;
    }
    if edge.root() != head.root {
        return Err(not_verified(format!(
            "the {} entries make another root than the checkpoint says: entries and tiles were \
             changed together",
            head.size
        )));
    }
    bar.finish_and_clear();
    Ok(head)
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

/// A stored tile holds what the entries give; a longer one may go on.
async fn same_tile(source: &Source<'_>, tile: &Tile, size: u64) -> Result<(), Failure> {
    let stored = source.tile(tile.at, size).await?;
    let path = tile_path(tile.at, size);
    if stored.hashes.len() < tile.hashes.len() {
        return Err(not_verified(format!(
            "`{path}` has {} hashes, and {} are needed",
            stored.hashes.len(),
            tile.hashes.len()
        )));
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
    let index = tile.at.n * 256 + at as u64;
    let event = source
        .entry(index, size)
        .await?
        .and_then(|entry| serde_json::from_slice::<Value>(&entry).ok())
        .and_then(|event| Some(format!(", event {}", event.get("id")?.as_str()?)));
    Err(not_verified(format!(
        "entry {index}{} is not the one that was hashed into `{path}`: it or the tile was changed",
        event.unwrap_or_default()
    )))
}
