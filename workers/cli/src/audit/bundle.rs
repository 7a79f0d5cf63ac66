//! The whole log as a folder in the layout of C2SP `tlog-tiles`.

use std::{
    collections::BTreeMap,
    fs::{self, OpenOptions},
    io::Write,
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::Path,
};

use clerkwork_audit::log::{
    Checkpoint, Edge, LogVerifiers, Manifest, Tile, entries_path, leaf_hash, tile_path,
    write_entries,
};
use clerkwork_core::Digest;
use clerkwork_ledger::{Ledger, StoredCheckpoint};
use indicatif::ProgressBar;

use super::{broken_head, no_log, not_verified, source::Source};
use crate::failure::Failure;

/// Entries read at a time: some tiles whole.
const STRETCH: u64 = 32 * 256;
/// The file that says what the others are.
const MANIFEST: &str = "manifest";

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

/// A bundle that is being written.
struct Bundle<'f> {
    folder: &'f Path,
    /// What was written.
    files: BTreeMap<String, Digest>,
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
    let source = Source::Ledger(ledger.clone());
    let mut bundle = Bundle {
        folder,
        files: BTreeMap::new(),
    };
    let mut edge = Edge::default();
    while edge.size() < said.size {
        let (from, to) = (edge.size(), said.size.min(edge.size() + STRETCH));
        let entries = source.entries(from, to, said.size).await?;
        if (entries.len() as u64) < to - from {
            return Err(not_verified(format!(
                "entry {} is missing",
                from + entries.len() as u64
            )));
        }
        for tile in entries.chunks(Tile::WIDTH) {
            let n = edge.size() / 256;
            let bytes = write_entries(tile.iter().map(Vec::as_slice));
            let bytes = bytes.map_err(|error| not_verified(error.to_string()))?;
            bundle.put(&entries_path(n, said.size), &bytes)?;
            let mut full = Vec::new();
            for entry in tile {
                edge.append(leaf_hash(entry), &mut full);
            }
            for tile in &full {
                bundle.put(&tile_path(tile.at, said.size), &tile.bytes())?;
            }
        }
        progress.set_position(edge.size());
    }
    for tile in edge.partial() {
        bundle.put(&tile_path(tile.at, said.size), &tile.bytes())?;
    }
    if edge.root() != said.root {
        return Err(not_verified(
            "the log does not fit its checkpoint; `clerkwork audit verify` says where",
        ));
    }
    let keys = ledger.log_keys().await?;
    let keys: String = keys.iter().map(|key| format!("{}\n", key.vkey)).collect();
    bundle.put("keys", keys.as_bytes())?;
    bundle.put("checkpoint", head.note.as_bytes())?;
    let manifest = Manifest {
        origin: said.origin.clone(),
        size: said.size,
        root: said.root,
        files: std::mem::take(&mut bundle.files),
    };
    let manifest = ledger.sign_manifest(&manifest).await?;
    bundle.put(MANIFEST, manifest.as_bytes())?;
    Ok(said)
}

impl Bundle<'_> {
    /// A file of the bundle, for its owner alone.
    fn put(&mut self, path: &str, bytes: &[u8]) -> Result<(), Failure> {
        let file = self.folder.join(path);
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
            .map_err(failed)?;
        self.files.insert(path.to_owned(), Digest::of(&[bytes]));
        Ok(())
    }
}

/// Every file of a bundle is the one that its signed manifest names, and there is no other.
///
/// # Errors
/// One sentence that names the first file that is not.
pub fn check(folder: &Path, head: &Checkpoint, keys: &LogVerifiers) -> Result<(), Failure> {
    let at = |path: &str| folder.join(path).display().to_string();
    let read = |path: &str| {
        let read = fs::read(folder.join(path));
        read.map_err(|error| not_verified(format!("`{}`: {error}", at(path))))
    };
    let manifest = Manifest::open(&read(MANIFEST)?, keys)
        .map_err(|error| not_verified(format!("`{}`: {error}", at(MANIFEST))))?;
    let said = (&manifest.origin, manifest.size, manifest.root);
    if said != (&head.origin, head.size, head.root) {
        return Err(not_verified(format!(
            "`{}` is of another bundle: {} entries of `{}`",
            at(MANIFEST),
            manifest.size,
            manifest.origin
        )));
    }
    for (path, digest) in &manifest.files {
        if Digest::of(&[&read(path)?]) != *digest {
            return Err(not_verified(format!("`{}` was changed", at(path))));
        }
    }
    let known = |path: &str| path == MANIFEST || manifest.files.contains_key(path);
    match strangers(folder, folder, &known)? {
        None => Ok(()),
        Some(path) => Err(not_verified(format!(
            "`{}` does not belong to the bundle",
            at(&path)
        ))),
    }
}

/// A file below a folder that is not known, by its path in the bundle.
fn strangers(
    root: &Path,
    folder: &Path,
    known: &impl Fn(&str) -> bool,
) -> Result<Option<String>, Failure> {
    let failed = |error: std::io::Error| not_verified(format!("`{}`: {error}", folder.display()));
    for entry in fs::read_dir(folder).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        let path = entry.path();
        if entry.file_type().map_err(failed)?.is_dir() {
            if let Some(found) = strangers(root, &path, known)? {
                return Ok(Some(found));
            }
            continue;
        }
        let within = path.strip_prefix(root).unwrap_or(&path);
        let within = within.to_string_lossy().into_owned();
        if !known(&within) {
            return Ok(Some(within));
        }
    }
    Ok(None)
}
