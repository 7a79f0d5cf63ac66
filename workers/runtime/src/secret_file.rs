//! Files that hold a secret: only their owner may be able to read them.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Read, Write},
    os::unix::fs::{MetadataExt, OpenOptionsExt},
    path::{Path, PathBuf},
};

/// Why a secret file does not serve.
#[derive(Debug, thiserror::Error)]
pub enum SecretFileError {
    /// It cannot be read.
    #[error("cannot read `{}`: {source}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// The cause.
        source: io::Error,
    },
    /// Others can read it.
    #[error(
        "`{}` holds a secret and others can read it (mode {mode:03o}); run `chmod 600 {}`",
        path.display(), path.display()
    )]
    Open {
        /// The file.
        path: PathBuf,
        /// Its mode bits.
        mode: u32,
    },
    /// It cannot be written.
    #[error("cannot write `{}`: {source}", path.display())]
    Unwritable {
        /// The file.
        path: PathBuf,
        /// The cause.
        source: io::Error,
    },
}

/// The text of a secret file, if its group and the world have no rights on it.
pub fn read(path: &Path) -> Result<String, SecretFileError> {
    let unreadable = |source| SecretFileError::Unreadable {
        path: path.to_owned(),
        source,
    };
    let mut file = File::open(path).map_err(unreadable)?;
    let mode = file.metadata().map_err(unreadable)?.mode() & 0o777;
    if mode & 0o077 != 0 {
        return Err(SecretFileError::Open {
            path: path.to_owned(),
            mode,
        });
    }
    let mut text = String::new();
    file.read_to_string(&mut text).map_err(unreadable)?;
    Ok(text)
}

/// Writes a secret file in place of any that is there: the old one is there until the new one is
/// whole.
pub fn replace(path: &Path, text: &str) -> Result<(), SecretFileError> {
    let unwritable = |source| SecretFileError::Unwritable {
        path: path.to_owned(),
        source,
    };
    let draft = draft(path, text).map_err(unwritable)?;
    let renamed = fs::rename(&draft, path);
    if renamed.is_err() {
        let _ = fs::remove_file(&draft);
    }
    renamed.and_then(|()| settle(path)).map_err(unwritable)
}

/// Writes a new secret file so that it is there whole, also after a power failure, or not at all.
/// Answers `false` when there is one already.
pub fn create(path: &Path, text: &str) -> Result<bool, SecretFileError> {
    let unwritable = |source| SecretFileError::Unwritable {
        path: path.to_owned(),
        source,
    };
    let draft = draft(path, text).map_err(unwritable)?;
    // A link, unlike a rename, does not replace what another process has written meanwhile.
    let linked = fs::hard_link(&draft, path);
    let removed = fs::remove_file(&draft);
    match linked {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => return Ok(false),
        other => other.and(removed).map_err(unwritable)?,
    }
    settle(path).map_err(unwritable)?;
    Ok(true)
}

/// The text in a file beside `path`, durable and for its owner alone.
fn draft(path: &Path, text: &str) -> io::Result<PathBuf> {
    let draft = path.with_extension(format!("new-{}", uuid::Uuid::new_v4().simple()));
    let written = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&draft)
        .and_then(|mut file| {
            file.write_all(text.as_bytes())?;
            file.sync_all()
        });
    match written {
        Ok(()) => Ok(draft),
        Err(error) => {
            let _ = fs::remove_file(&draft);
            Err(error)
        }
    }
}

/// Makes the name of a new file durable.
fn settle(path: &Path) -> io::Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    File::open(folder).and_then(|folder| folder.sync_all())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn a_secret_is_replaced_whole_and_stays_its_owners() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("li.na");
        replace(&path, "one").unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
        replace(&path, "two").unwrap();
        assert_eq!(read(&path).unwrap(), "two");
        let left: Vec<_> = fs::read_dir(folder.path()).unwrap().collect();
        assert_eq!(left.len(), 1, "nothing else is left behind");
        assert!(!create(&path, "three").unwrap());
        assert_eq!(read(&path).unwrap(), "two");
        let nowhere = folder.path().join("nowhere/x");
        assert!(replace(&nowhere, "x").is_err());
    }
}
