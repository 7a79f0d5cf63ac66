//! What a bundle holds, signed: every file with its digest, so that none is changed, missing or added.
//!
//! The text of a note whose first line is the log's name and `/manifest`: no head of a log can be taken for
//! one, nor the other way round.

use std::{collections::BTreeMap, fmt::Write as _};

use clerkwork_core::Digest;
use signed_note::{Note, NoteError, Signer};

use super::{LogKey, LogVerifiers};

/// The files of a bundle.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Manifest {
    /// Which log.
    pub origin: String,
    /// How many entries the bundle has.
    pub size: u64,
    /// The root of their tree.
    pub root: Digest,
    /// SHA-256 of each file, by its path in the bundle.
    pub files: BTreeMap<String, Digest>,
}

/// Why a manifest does not count.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ManifestError {
    /// The bytes are no signed manifest.
    #[error("this is no signed manifest")]
    Malformed,
    /// No key that we know has signed it.
    #[error("no key that is known has signed it")]
    UnknownKey,
    /// A signature is not that of its key.
    #[error("the signature of key `{0}` does not fit: it was changed")]
    BadSignature(String),
    /// It could not be signed.
    #[error("it cannot be signed")]
    Unsigned,
}

const SUFFIX: &str = "/manifest";

impl Manifest {
    /// The note, signed by every key.
    ///
    /// # Errors
    /// [`ManifestError::Unsigned`]: the name of the log or of a file is none.
    pub fn sign<'k>(
        &self,
        keys: impl IntoIterator<Item = &'k LogKey>,
    ) -> Result<String, ManifestError> {
        let unsigned = |_| ManifestError::Unsigned;
        let mut text = format!(
            "{}{SUFFIX}\nsize {}\nroot {}\n",
            self.origin, self.size, self.root
        );
        for (path, digest) in &self.files {
            // Writing to a string does not fail.
            let _ = writeln!(text, "{digest} {path}");
        }
        let mut note = Note::new(text.as_bytes(), &[]).map_err(unsigned)?;
        let signers: Vec<_> = keys.into_iter().map(LogKey::signer).collect();
        let signers: Vec<&dyn Signer> = signers.iter().map(|one| *one as &dyn Signer).collect();
        note.add_sigs(&signers).map_err(unsigned)?;
        String::from_utf8(note.to_bytes()).map_err(|_| ManifestError::Unsigned)
    }

    /// Reads a note that one of the keys has signed.
    ///
    /// # Errors
    /// Every other variant than [`ManifestError::Unsigned`].
    pub fn open(note: &[u8], keys: &LogVerifiers) -> Result<Self, ManifestError> {
        let note = Note::from_bytes(note).map_err(|_| ManifestError::Malformed)?;
        match note.verify(&keys.0) {
            Ok(_) => {}
            Err(NoteError::InvalidSignature { name, .. }) => {
                return Err(ManifestError::BadSignature(name));
            }
            Err(NoteError::UnverifiedNote) => return Err(ManifestError::UnknownKey),
            Err(_) => return Err(ManifestError::Malformed),
        }
        let text = str::from_utf8(note.text()).map_err(|_| ManifestError::Malformed)?;
        Self::parse(text).ok_or(ManifestError::Malformed)
    }

    fn parse(text: &str) -> Option<Self> {
        let mut lines = text.lines();
        let origin = lines.next()?.strip_suffix(SUFFIX)?.to_owned();
        let size = lines.next()?.strip_prefix("size ")?.parse().ok()?;
        let root = Digest::parse(lines.next()?.strip_prefix("root ")?)?;
        let mut files = BTreeMap::new();
        for line in lines {
            let (digest, path) = line.split_once(' ')?;
            let before = files.insert(path.to_owned(), Digest::parse(digest)?);
            if before.is_some() {
                return None;
            }
        }
        Some(Self {
            origin,
            size,
            root,
            files,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::log::Checkpoint;

    #[test]
    fn a_manifest_counts_when_a_known_key_has_signed_it_and_is_no_head() {
        let key = LogKey::from_seed("tax.example/log", [1; 32]).unwrap();
        let keys = LogVerifiers::new([key.vkey()]).unwrap();
        let manifest = Manifest {
            origin: "tax.example/log".into(),
            size: 9,
            root: Digest([7; 32]),
            files: BTreeMap::from([
                ("checkpoint".into(), Digest([1; 32])),
                ("tile/0/000.p/9".into(), Digest([2; 32])),
            ]),
        };
        let note = manifest.sign([&key]).unwrap();
        assert_eq!(Manifest::open(note.as_bytes(), &keys), Ok(manifest.clone()));
        assert!(Checkpoint::open(note.as_bytes(), &keys).is_err());
        let head = Checkpoint {
            origin: manifest.origin.clone(),
            size: 9,
            root: manifest.root,
        };
        let head = head.sign([&key]).unwrap();
        let opened = Manifest::open(head.as_bytes(), &keys);
        assert_eq!(opened, Err(ManifestError::Malformed));
        let forged = note.replacen("000.p/9", "000.p/8", 1);
        let opened = Manifest::open(forged.as_bytes(), &keys);
        assert_eq!(
            opened,
            Err(ManifestError::BadSignature("tax.example/log".into()))
        );
        let other = LogKey::from_seed("tax.example/log", [2; 32]).unwrap();
        let keys = LogVerifiers::new([other.vkey()]).unwrap();
        let opened = Manifest::open(note.as_bytes(), &keys);
        assert_eq!(opened, Err(ManifestError::UnknownKey));
        for malformed in ["", "x", &note[..note.len() - 1]] {
            let opened = Manifest::open(malformed.as_bytes(), &keys);
            assert_eq!(opened, Err(ManifestError::Malformed), "{malformed}");
        }
    }
}
