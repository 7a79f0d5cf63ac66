//! Heads of the log: origin, size and root (C2SP `tlog-checkpoint`), signed as notes.

use clerkwork_core::Digest;
use signed_note::{Note, NoteError, Signer};
use tlog_tiles::Hash;

use super::{LogKey, LogVerifiers};

/// A head: what the log was when it had so many entries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkpoint {
    /// Which log.
    pub origin: String,
    /// How many entries.
    pub size: u64,
    /// The root of their tree.
    pub root: Digest,
}

/// Why a head does not count.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CheckpointError {
    /// The bytes are no signed head.
    #[error("this is no signed checkpoint")]
    Malformed,
    /// No key that we know has signed it.
    #[error("no key that is known has signed the checkpoint of `{0}`")]
    UnknownKey(String),
    /// A signature is not that of its key.
    #[error("the signature of key `{0}` does not fit: checkpoint or signature was changed")]
    BadSignature(String),
    /// It could not be signed.
    #[error("the checkpoint cannot be signed: `{0}` is no origin of a log")]
    Origin(String),
}

impl Checkpoint {
    /// The note, signed by every key.
    ///
    /// # Errors
    /// [`CheckpointError::Origin`].
    pub fn sign<'k>(
        &self,
        keys: impl IntoIterator<Item = &'k LogKey>,
    ) -> Result<String, CheckpointError> {
        let wrong = || CheckpointError::Origin(self.origin.clone());
        let head = tlog_tiles::Checkpoint::new(&self.origin, self.size, Hash(self.root.0), "");
        let head = head.map_err(|_| wrong())?;
        let mut note = Note::new(&head.to_bytes(), &[]).map_err(|_| wrong())?;
        let signers: Vec<_> = keys.into_iter().map(LogKey::signer).collect();
        let signers: Vec<&dyn Signer> = signers.iter().map(|one| *one as &dyn Signer).collect();
        note.add_sigs(&signers).map_err(|_| wrong())?;
        String::from_utf8(note.to_bytes()).map_err(|_| wrong())
    }

    /// Reads a note that one of the keys has signed.
    ///
    /// # Errors
    /// Every other variant than [`CheckpointError::Origin`].
    pub fn open(note: &[u8], keys: &LogVerifiers) -> Result<Self, CheckpointError> {
        let (head, note) = Self::parse(note)?;
        match note.verify(&keys.0) {
            Ok(_) => Ok(head),
            Err(NoteError::InvalidSignature { name, .. }) => {
                Err(CheckpointError::BadSignature(name))
            }
            Err(NoteError::UnverifiedNote) => Err(CheckpointError::UnknownKey(head.origin)),
            Err(_) => Err(CheckpointError::Malformed),
        }
    }

    /// What a note says, whoever signed it.
    ///
    /// # Errors
    /// [`CheckpointError::Malformed`].
    pub fn peek(note: &[u8]) -> Result<Self, CheckpointError> {
        Self::parse(note).map(|(head, _)| head)
    }

    fn parse(note: &[u8]) -> Result<(Self, Note), CheckpointError> {
        let malformed = |_| CheckpointError::Malformed;
        let note = Note::from_bytes(note).map_err(malformed)?;
        // The text of a note ends where its signatures begin; a head is that text and no more.
        let mut text = note.text();
        let head = tlog_tiles::Checkpoint::from_reader(&mut text, false);
        let head = head.map_err(|_| CheckpointError::Malformed)?;
        if head.to_bytes() != note.text() {
            return Err(CheckpointError::Malformed);
        }
        let head = Self {
            origin: head.origin().to_owned(),
            size: head.size(),
            root: Digest(head.hash().0),
        };
        Ok((head, note))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head(size: u64) -> Checkpoint {
        Checkpoint {
            origin: "tax.example/clerkwork".into(),
            size,
            root: Digest([7; 32]),
        }
    }

    #[test]
    fn a_head_is_read_back_when_a_known_key_has_signed_it() {
        let key = LogKey::from_seed("tax.example/clerkwork", [1; 32]).unwrap();
        let next = LogKey::from_seed("tax.example/clerkwork", [2; 32]).unwrap();
        let note = head(9).sign([&key, &next]).unwrap();
        assert!(note.starts_with("tax.example/clerkwork\n9\n"));
        for known in [&key, &next] {
            let keys = LogVerifiers::new([known.vkey()]).unwrap();
            assert_eq!(Checkpoint::open(note.as_bytes(), &keys), Ok(head(9)));
        }
        let other = LogKey::from_seed("tax.example/clerkwork", [3; 32]).unwrap();
        let keys = LogVerifiers::new([other.vkey()]).unwrap();
        assert_eq!(
            Checkpoint::open(note.as_bytes(), &keys),
            Err(CheckpointError::UnknownKey("tax.example/clerkwork".into()))
        );
    }

    #[test]
    fn a_changed_head_does_not_count() {
        let key = LogKey::from_seed("log", [1; 32]).unwrap();
        let keys = LogVerifiers::new([key.vkey()]).unwrap();
        let note = head(9).sign([&key]).unwrap();
        let forged = note.replacen("\n9\n", "\n8\n", 1);
        assert_eq!(
            Checkpoint::open(forged.as_bytes(), &keys),
            Err(CheckpointError::BadSignature("log".into()))
        );
        for malformed in ["", "log\n9\n", &note[1..9], &note[..note.len() - 1]] {
            let opened = Checkpoint::open(malformed.as_bytes(), &keys);
            assert_eq!(opened, Err(CheckpointError::Malformed), "{malformed}");
        }
    }

    #[test]
    fn a_name_with_a_space_is_no_key() {
        assert!(LogKey::generate("a b").is_err() && LogKey::generate("").is_err());
        assert!(LogVerifiers::new(["log+00000000+AAAA"]).is_err());
    }
}
