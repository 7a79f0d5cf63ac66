//! The data folder, and the lock that lets one `clerkwork up` at a time use it.

use std::{
    fs::{self, DirBuilder, File, OpenOptions},
    io::{self, Read, Seek, Write},
    os::unix::fs::DirBuilderExt,
    path::{Path, PathBuf},
};

use rustix::{
    fs::{FlockOperation, flock},
    io::Errno,
};

const LOCK_FILE: &str = "lock";

/// Why the data folder does not serve.
#[derive(Debug, thiserror::Error)]
pub enum DataDirError {
    /// It cannot be made or written.
    #[error(
        "cannot write in the data folder `{}`: {source}; choose another with --data-dir, or give this user the right to write there",
        path.display()
    )]
    Unwritable {
        /// The folder.
        path: PathBuf,
        /// The cause.
        source: io::Error,
    },
    /// Another process uses it.
    #[error(
        "another clerkwork{} already works on the data folder `{}`; stop it, or choose another folder with --data-dir",
        holder.map(|pid| format!(" (process {pid})")).unwrap_or_default(), path.display()
    )]
    InUse {
        /// The folder.
        path: PathBuf,
        /// The other process, if it wrote its id.
        holder: Option<u32>,
    },
}

/// Makes the data folder, for its owner alone, unless it is there, and sees that it can be written.
pub fn prepare_data_dir(path: &Path) -> Result<(), DataDirError> {
    let unwritable = |source| DataDirError::Unwritable {
        path: path.to_owned(),
        source,
    };
    let mut builder = DirBuilder::new();
    builder.recursive(true).mode(0o700);
    builder.create(path).map_err(unwritable)?;
    let probe = path.join(format!(".write-test-{}", std::process::id()));
    fs::write(&probe, b"")
        .and_then(|()| fs::remove_file(&probe))
        .map_err(unwritable)
}

/// Holds the data folder against other processes until it is dropped or the process ends.
#[derive(Debug)]
pub struct DataDirLock {
    path: PathBuf,
    _file: File,
}

impl DataDirLock {
    /// Takes the lock of a prepared folder, without waiting.
    pub fn acquire(path: &Path) -> Result<Self, DataDirError> {
        let unwritable = |source| DataDirError::Unwritable {
            path: path.to_owned(),
            source,
        };
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(path.join(LOCK_FILE))
            .map_err(unwritable)?;
        match flock(&file, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => {}
            Err(Errno::WOULDBLOCK) => {
                let mut text = String::new();
                // Who holds it is only a help for people.
                let _ = file.read_to_string(&mut text);
                return Err(DataDirError::InUse {
                    path: path.to_owned(),
                    holder: text.trim().parse().ok(),
                });
            }
            Err(error) => return Err(unwritable(error.into())),
        }
        file.set_len(0)
            .and_then(|()| file.rewind())
            .and_then(|()| writeln!(file, "{}", std::process::id()))
            .map_err(unwritable)?;
        Ok(Self {
            path: path.to_owned(),
            _file: file,
        })
    }

    /// The folder that is held.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_lock_is_refused_with_the_holder_and_a_released_one_is_free() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("new/data");
        prepare_data_dir(&path).unwrap();
        let held = DataDirLock::acquire(&path).unwrap();
        let sentence = DataDirLock::acquire(&path).unwrap_err().to_string();
        let expected = format!("another clerkwork (process {}) already", std::process::id());
        assert!(sentence.starts_with(&expected), "{sentence}");
        drop(held);
        DataDirLock::acquire(&path).unwrap();
    }

    #[test]
    fn a_folder_that_cannot_be_is_one_sentence() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("file");
        fs::write(&file, "").unwrap();
        let sentence = prepare_data_dir(&file.join("data"))
            .unwrap_err()
            .to_string();
        assert!(
            sentence.starts_with("cannot write in the data folder")
                && sentence.contains("--data-dir"),
            "{sentence}"
        );
    }
}
