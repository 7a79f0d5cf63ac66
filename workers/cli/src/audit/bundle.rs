//! The whole log as a folder in the layout of C2SP `tlog-tiles`.

use std::{
    fs::{self, OpenOptions},
    io::Write,
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::Path,
};

use clerkwork_audit::log::{
    Checkpoint, Edge, Tile, entries_path, leaf_hash, tile_path, write_entries,
};
use clerkwork_ledger::{Ledger, StoredCheckpoint};
use indicatif::ProgressBar;
use serde_json::json;

use super::{broken_head, no_log, not_verified, source::Source};
use crate::failure::Failure;

/// Writes the whole log of the ledger into a folder that is not there yet: beside its place first, and
/// moved there when it is whole. Answers what its head says.
pub async fn export(
    ledger: &Ledger,
    folder: &Path,
    progress: &ProgressBar,
) -> Result<Checkpoint, Failure> {
    let head = ledger.checkpoint(None).await?.ok_or_else(no_log)?;
    progress.set_length(head.size);
    let mut name = folder.file_name().unwrap_or_default().to_owned();
    name.push(format!(".new-{}", std::process::id()));
    let draft = folder.with_file_name(name);
    let written = write(ledger, &head, &draft, progress).await;
    let moved = written.and_then(|said| {
        // Renaming onto a folder that came meanwhile is refused unless that one is empty.
        fs::rename(&draft, folder).map_err(|error| unwritten(folder, &error))?;
        Ok(said)
    });
    if moved.is_err() {
        let _ = fs::remove_dir_all(&draft);
    }
    moved
}

/// Refuses a place that is taken.
pub fn free(folder: &Path) -> Result<(), Failure> {
    if folder.symlink_metadata().is_ok() {
        return Err(taken(folder));
    }
    Ok(())
}

fn taken(folder: &Path) -> Failure {
    Failure::refused(
        "file_exists",
        format!(
            "`{}` is there already; name another folder",
            folder.display()
        ),
    )
}

fn unwritten(path: &Path, error: &std::io::Error) -> Failure {
    Failure::missing("not_written", format!("`{}`: {error}", path.display()))
}

/// Writes all files of a bundle. What it writes is what it has hashed: a log that does not fit its head
/// is not exported.
async fn write(
    ledger: &Ledger,
    head: &StoredCheckpoint,
    folder: &Path,
    progress: &ProgressBar,
) -> Result<Checkpoint, Failure> {
    let said = Checkpoint::peek(head.note.as_bytes()).map_err(broken_head)?;
    let source = Source::Ledger(ledger);
    let (mut edge, mut place) = (Edge::default(), None);
    let mut pending: Vec<Vec<u8>> = Vec::new();
    while edge.size() < said.size {
        let entries = source.entries(edge.size(), place, said.size).await?;
        if entries.bytes.is_empty() {
            return Err(not_verified(format!("entry {} is missing", edge.size())));
        }
        place = entries.place;
        for entry in entries.bytes {
            let mut full = Vec::new();
            edge.append(leaf_hash(&entry), &mut full);
            pending.push(entry);
            if pending.len() == Tile::WIDTH || edge.size() == said.size {
                let n = (edge.size() - 1) / 256;
                bundle(folder, n, said.size, &pending)?;
                pending.clear();
            }
            for tile in &full {
                put(folder, &tile_path(tile.at, said.size), &tile.bytes())?;
            }
        }
        progress.set_position(edge.size());
    }
    for tile in edge.partial() {
        put(folder, &tile_path(tile.at, said.size), &tile.bytes())?;
    }
    if edge.root() != said.root {
        return Err(not_verified(
            "the log does not fit its checkpoint; `clerkwork audit verify` says where",
        ));
    }
    let keys = ledger.log_keys().await?;
    let keys: String = keys.iter().map(|key| format!("{}\n", key.vkey)).collect();
    put(folder, "keys", keys.as_bytes())?;
    let manifest = json!({
        "format": "c2sp.org/tlog-tiles",
        "origin": said.origin,
        "size": said.size,
        "root": said.root.to_string(),
        "signed_at": head.at.0,
    });
    put(
        folder,
        "manifest.json",
        format!("{manifest:#}\n").as_bytes(),
    )?;
    put(folder, "checkpoint", head.note.as_bytes())?;
    Ok(said)
}

fn bundle(folder: &Path, n: u64, size: u64, entries: &[Vec<u8>]) -> Result<(), Failure> {
    let bytes = write_entries(entries.iter().map(Vec::as_slice));
    let bytes = bytes.map_err(|error| not_verified(error.to_string()))?;
    put(folder, &entries_path(n, size), &bytes)
}

/// A file of the bundle, for its owner alone.
fn put(folder: &Path, path: &str, bytes: &[u8]) -> Result<(), Failure> {
    let file = folder.join(path);
    let failed = |error: std::io::Error| unwritten(&file, &error);
    if let Some(parent) = file.parent() {
        let mut builder = fs::DirBuilder::new();
        let made = builder.recursive(true).mode(0o700).create(parent);
        made.map_err(failed)?;
    }
    let mut options = OpenOptions::new();
    let opened = options.write(true).create_new(true).mode(0o600).open(&file);
    opened
        .and_then(|mut file| file.write_all(bytes))
        .map_err(failed)
}
