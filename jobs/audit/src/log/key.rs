//! Keys that sign the heads of the log: Ed25519, in the form of C2SP `signed-note`.

use base64::prelude::{BASE64_STANDARD, Engine as _};
use ed25519_dalek::SigningKey;
use signed_note::{Signer as _, StandardSigner, StandardVerifier, VerifierList};

/// The kind of a key in `signed-note`.
const ED25519: u8 = 1;

/// Why a key cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// The name has a space or `+` in it, or is empty.
    #[error("`{0}` is no name of a key; it must have no spaces and no `+`")]
    Name(String),
    /// It is no verifier key.
    #[error("`{0}` is no verifier key; one looks like `name+1234abcd+AbC…`")]
    Verifier(String),
}

/// A key that signs. Its name is the origin of the log.
pub struct LogKey {
    seed: [u8; 32],
    vkey: String,
    signer: StandardSigner,
}

impl std::fmt::Debug for LogKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "LogKey({})", self.vkey)
    }
}

impl LogKey {
    /// A new random key.
    ///
    /// # Errors
    /// [`KeyError::Name`].
    pub fn generate(name: &str) -> Result<Self, KeyError> {
        Self::from_seed(name, rand::random())
    }

    /// The key with this seed.
    ///
    /// # Errors
    /// [`KeyError::Name`].
    pub fn from_seed(name: &str, seed: [u8; 32]) -> Result<Self, KeyError> {
        let wrong = || KeyError::Name(name.to_owned());
        let public = SigningKey::from_bytes(&seed).verifying_key();
        let vkey = signed_note::new_ed25519_verifier_key(name, &public);
        let id = vkey.split('+').nth(1).ok_or_else(wrong)?;
        let private = BASE64_STANDARD.encode([&[ED25519][..], &seed].concat());
        let signer = StandardSigner::new(&format!("PRIVATE+KEY+{name}+{id}+{private}"));
        Ok(Self {
            seed,
            signer: signer.map_err(|_| wrong())?,
            vkey,
        })
    }

    /// What is kept of it, secretly.
    pub fn seed(&self) -> &[u8; 32] {
        &self.seed
    }

    /// What others check its signatures with: `name+id+key`.
    pub fn vkey(&self) -> &str {
        &self.vkey
    }

    /// Its name.
    pub fn name(&self) -> &str {
        self.signer.name()
    }

    pub(super) fn signer(&self) -> &StandardSigner {
        &self.signer
    }
}

/// The keys whose signatures count.
pub struct LogVerifiers(pub(super) VerifierList);

impl std::fmt::Debug for LogVerifiers {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("LogVerifiers")
    }
}

impl LogVerifiers {
    /// Reads verifier keys; the same key twice counts once.
    ///
    /// # Errors
    /// [`KeyError::Verifier`] names the first that is none.
    pub fn new<'k>(vkeys: impl IntoIterator<Item = &'k str>) -> Result<Self, KeyError> {
        let mut list: Vec<Box<dyn signed_note::Verifier>> = Vec::new();
        let mut seen = Vec::new();
        for vkey in vkeys.into_iter().map(str::trim) {
            if seen.contains(&vkey) {
                continue;
            }
            seen.push(vkey);
            let shown = || KeyError::Verifier(vkey.chars().take(100).collect());
            list.push(Box::new(StandardVerifier::new(vkey).map_err(|_| shown())?));
        }
        Ok(Self(VerifierList::new(list)))
    }
}
