//! Where the key comes from that wraps the keys of all persons in the audit trail.
//!
//! Who loses it loses every sealed value, so it is made once, durably, and never replaced in
//! silence: a ledger with data and no key is refused. Another follows it by
//! `clerkwork audit rotate-master-key` alone.

use std::path::{Path, PathBuf};

use clerkwork_audit::MasterKey;

use crate::secret_file::{self, SecretFileError};

/// The environment variable that holds the key itself.
pub const MASTER_KEY: &str = "CLERKWORK_MASTER_KEY";

/// The environment variable that names the key's file.
pub const MASTER_KEY_FILE: &str = "CLERKWORK_MASTER_KEY_FILE";

const FILE_IN_DATA_DIR: &str = "master.key";

/// Why there is no master key.
#[derive(Debug, thiserror::Error)]
pub enum MasterKeyError {
    /// The file cannot be read or written, or others can read it.
    #[error(transparent)]
    File(#[from] SecretFileError),
    /// The file holds something else.
    #[error(
        "`{}` does not hold a master key; it must be 64 hexadecimal digits, as clerkwork wrote them: restore it from its backup",
        .0.display()
    )]
    Broken(PathBuf),
    /// The variable holds something else.
    #[error("CLERKWORK_MASTER_KEY does not hold a master key; it must be 64 hexadecimal digits")]
    BrokenVariable,
    /// There are sealed data and no key.
    #[error(
        "the ledger has data but the master key `{}` that opens its sealed part is missing; restore the file from its backup, or name it in CLERKWORK_MASTER_KEY_FILE",
        .0.display()
    )]
    Missing(PathBuf),
}

/// The file of the master key: the one named by [`MASTER_KEY_FILE`], or the one in the data folder.
pub fn master_key_path(data_dir: &Path, named: Option<&str>) -> PathBuf {
    match named {
        Some(path) if !path.is_empty() => PathBuf::from(path),
        _ => data_dir.join(FILE_IN_DATA_DIR),
    }
}

/// Where the master key is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeySource {
    /// In [`MASTER_KEY`].
    Variable,
    /// In a file: the one named by [`MASTER_KEY_FILE`], or the one in the data folder.
    File(PathBuf),
}

impl KeySource {
    /// Where it is, given these variables.
    pub fn of(data_dir: &Path, variable: Option<&str>, file: Option<&str>) -> Self {
        match variable {
            Some(text) if !text.is_empty() => Self::Variable,
            _ => Self::File(master_key_path(data_dir, file)),
        }
    }
}

/// Reads a key that must be there.
///
/// # Errors
/// The file cannot be read, others can read it, or it holds something else.
pub fn read_master_key(path: &Path) -> Result<MasterKey, MasterKeyError> {
    let text = secret_file::read(path)?;
    MasterKey::from_hex(&text).ok_or_else(|| MasterKeyError::Broken(path.to_owned()))
}

/// Reads the key; makes one, durably and for its owner alone, if there is none and the ledger has
/// no data.
pub fn master_key(path: &Path, ledger_has_data: bool) -> Result<MasterKey, MasterKeyError> {
    if !path.exists() {
        if ledger_has_data {
            return Err(MasterKeyError::Missing(path.to_owned()));
        }
        let made = secret_file::create(path, &(MasterKey::generate().to_hex() + "\n"))?;
        if made {
            tracing::info!(path = %path.display(), "made a new master key; keep a backup of it");
        }
    }
    // Also what was just made: another process may have been first.
    read_master_key(path)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{fs, os::unix::fs::PermissionsExt};

    #[test]
    fn a_key_is_made_once_and_for_its_owner_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = master_key_path(folder.path(), None);
        let made = master_key(&path, false).unwrap();
        let mode = fs::metadata(&path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode, 0o600);
        assert_eq!(made.to_hex(), master_key(&path, true).unwrap().to_hex());
        let left: Vec<_> = fs::read_dir(folder.path()).unwrap().collect();
        assert_eq!(left.len(), 1, "nothing else is left behind");
    }

    #[test]
    fn of_many_that_start_at_once_all_get_the_same_key() {
        let folder = tempfile::tempdir().unwrap();
        let path = master_key_path(folder.path(), Some(""));
        let keys: Vec<_> = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..8)
                .map(|_| scope.spawn(|| master_key(&path, false).unwrap().to_hex()))
                .collect();
            threads.into_iter().map(|t| t.join().unwrap()).collect()
        });
        assert!(keys.iter().all(|key| *key == keys[0]));
    }

    #[test]
    fn a_ledger_with_data_and_no_key_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("elsewhere.key");
        let named = master_key_path(folder.path(), path.to_str());
        let sentence = master_key(&named, true).unwrap_err().to_string();
        assert!(
            sentence.contains("elsewhere.key") && sentence.contains("is missing"),
            "{sentence}"
        );
        assert!(!path.exists(), "and none is made");
    }

    #[test]
    fn an_open_or_broken_key_file_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = master_key_path(folder.path(), None);
        master_key(&path, false).unwrap();
        for mode in [0o640, 0o604] {
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
            let sentence = master_key(&path, false).unwrap_err().to_string();
            assert!(sentence.contains("chmod 600"), "{sentence}");
        }
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        fs::write(&path, "abc").unwrap();
        let error = master_key(&path, false).unwrap_err();
        assert!(matches!(error, MasterKeyError::Broken(_)), "{error}");
    }
}
