//! Sealing of personal data.
//!
//! commitment = SHA-256(salt ‖ value) with a fresh 128-bit salt; ciphertext = AES-256-GCM under
//! the person's key, bound to the event and field; the person's key is itself kept only wrapped
//! under the installation's *ring*, two keys that are kept only sealed under the master key. A pseudonym
//! (HMAC-SHA-256 under the ring's other key) finds a person's records without naming the person. So another
//! master key means that one row is sealed anew, however many persons there are.

use aes_gcm::{
    Aes256Gcm, Key, Nonce,
    aead::{Aead, KeyInit, Payload},
};
use clerkwork_core::{Digest, EventId};
use hmac::{Hmac, Mac};
use sha2::Sha256;

const NONCE: usize = 12;

/// Why sealing or opening failed.
#[derive(Debug, thiserror::Error)]
pub enum SealError {
    /// The event holds personal data and no key of the person was given.
    #[error("the event holds personal data but the person has no key; it may have been erased")]
    NoKey,
    /// The bytes are not what was sealed under this key.
    #[error("the sealed value does not open: wrong master key, or the bytes were changed")]
    Broken,
}

/// The key that wraps all persons' keys: 32 bytes from a file or the environment.
#[derive(Clone)]
pub struct MasterKey(pub [u8; 32]);

impl MasterKey {
    /// A new random key.
    pub fn generate() -> Self {
        Self(rand::random())
    }

    /// Reads 64 hexadecimal digits, as written by [`to_hex`](Self::to_hex).
    pub fn from_hex(hex: &str) -> Option<Self> {
        Digest::parse(hex.trim()).map(|digest| Self(digest.0))
    }

    /// 64 hexadecimal digits.
    pub fn to_hex(&self) -> String {
        Digest(self.0).to_string()
    }
}

impl std::fmt::Debug for MasterKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("MasterKey(…)")
    }
}

/// One person's key.
#[derive(Clone)]
pub struct PersonKey([u8; 32]);

impl std::fmt::Debug for PersonKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("PersonKey(…)")
    }
}

/// Stands for a person in indexes: an HMAC of the person's id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Pseudonym(pub [u8; 32]);

/// A sealed value, stored beside its event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sealed {
    /// The field it stands for.
    pub field: &'static str,
    /// What opens the commitment, together with the value.
    pub salt: [u8; 16],
    /// What stands in the event.
    pub commitment: Digest,
    /// Nonce and ciphertext.
    pub ciphertext: Vec<u8>,
}

/// The commitment to `value`: SHA-256(salt ‖ value).
pub fn commitment(salt: &[u8; 16], value: &str) -> Digest {
    Digest::of(&[salt, value.as_bytes()])
}

/// The keys of an installation; see [`Sealer`].
#[derive(Clone)]
struct Ring {
    wrap: [u8; 32],
    pseudonyms: [u8; 32],
}

/// The ring of an installation, sealed under a master key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SealedRing {
    /// Which master key opens it: derived from it, and tells nothing of it.
    pub master: Digest,
    /// The ring.
    pub sealed: Vec<u8>,
}

/// Seals and opens under the ring of an installation.
#[derive(Clone)]
pub struct Sealer {
    master: MasterKey,
    ring: Ring,
    wrap: Aes256Gcm,
    pseudonyms: Hmac<Sha256>,
}

impl MasterKey {
    fn derive(&self, label: &[u8]) -> Digest {
        Digest::of(&[b"clerkwork-key-v1/", label, &self.0])
    }

    /// Names the key without telling anything of it.
    pub fn id(&self) -> Digest {
        self.derive(b"id")
    }

    fn seals(&self) -> Aes256Gcm {
        Aes256Gcm::new(&Key::<Aes256Gcm>::from(self.derive(b"ring").0))
    }
}

impl std::fmt::Debug for Sealer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Sealer")
    }
}

impl Sealer {
    /// With the ring that an installation begins with, made from its first master key.
    pub fn new(master: &MasterKey) -> Self {
        let ring = Ring {
            wrap: master.derive(b"wrap").0,
            pseudonyms: master.derive(b"pseudonym").0,
        };
        Self::with(master, ring)
    }

    fn with(master: &MasterKey, ring: Ring) -> Self {
        // HMAC pads a key that is shorter than its block with zeros; here the padding is explicit.
        let mut block = [0; 64];
        block[..32].copy_from_slice(&ring.pseudonyms);
        Self {
            master: master.clone(),
            wrap: Aes256Gcm::new(&Key::<Aes256Gcm>::from(ring.wrap)),
            pseudonyms: <Hmac<Sha256> as hmac::KeyInit>::new(&block.into()),
            ring,
        }
    }

    /// The master key's name.
    pub fn master(&self) -> Digest {
        self.master.id()
    }

    /// With the ring that an installation has, opened by the same master key.
    ///
    /// # Errors
    /// [`SealError::Broken`]: it was sealed under another one, or changed.
    pub fn with_ring(&self, ring: &SealedRing) -> Result<Self, SealError> {
        let label = self.master.id().0;
        let plain = decrypt(&self.master.seals(), &ring.sealed, &label)?;
        let (wrap, pseudonyms) = plain.split_first_chunk::<32>().ok_or(SealError::Broken)?;
        let ring = Ring {
            wrap: *wrap,
            pseudonyms: pseudonyms.try_into().map_err(|_| SealError::Broken)?,
        };
        Ok(Self::with(&self.master, ring))
    }

    /// The ring as it is stored: sealed under the master key in use.
    pub fn sealed_ring(&self) -> Result<SealedRing, SealError> {
        self.ring_under(&self.master)
    }

    /// The ring sealed under another master key, which is to open it from now on.
    pub fn ring_under(&self, master: &MasterKey) -> Result<SealedRing, SealError> {
        let plain = [self.ring.wrap, self.ring.pseudonyms].concat();
        let id = master.id();
        Ok(SealedRing {
            master: id,
            sealed: encrypt(&master.seals(), &plain, &id.0)?,
        })
    }

    /// The pseudonym of the person with this id.
    pub fn pseudonym(&self, person_id: &str) -> Pseudonym {
        let mut mac = self.pseudonyms.clone();
        mac.update(person_id.as_bytes());
        Pseudonym(mac.finalize().into_bytes().into())
    }

    /// A new random key for a person.
    pub fn new_person_key(&self) -> PersonKey {
        PersonKey(rand::random())
    }

    /// The key as it is stored: encrypted under the master key and bound to the pseudonym.
    pub fn wrap_key(&self, key: &PersonKey, person: &Pseudonym) -> Result<Vec<u8>, SealError> {
        encrypt(&self.wrap, &key.0, &person.0)
    }

    /// Opens a stored key.
    pub fn unwrap_key(&self, wrapped: &[u8], person: &Pseudonym) -> Result<PersonKey, SealError> {
        let plain = decrypt(&self.wrap, wrapped, &person.0)?;
        plain
            .try_into()
            .map(PersonKey)
            .map_err(|_| SealError::Broken)
    }

    /// Seals a secret of the installation under the master key, bound to what it is.
    pub fn seal_secret(&self, label: &str, secret: &[u8]) -> Result<Vec<u8>, SealError> {
        encrypt(&self.wrap, secret, label.as_bytes())
    }

    /// Opens what [`seal_secret`](Self::seal_secret) sealed.
    pub fn open_secret(&self, label: &str, sealed: &[u8]) -> Result<Vec<u8>, SealError> {
        decrypt(&self.wrap, sealed, label.as_bytes())
    }

    /// Seals one value of one event.
    pub fn seal(
        &self,
        key: &PersonKey,
        event: EventId,
        field: &'static str,
        value: &str,
    ) -> Result<Sealed, SealError> {
        let salt: [u8; 16] = rand::random();
        let cipher = Aes256Gcm::new(&Key::<Aes256Gcm>::from(key.0));
        let ciphertext = encrypt(&cipher, value.as_bytes(), &binding(event, field))?;
        Ok(Sealed {
            field,
            salt,
            commitment: commitment(&salt, value),
            ciphertext,
        })
    }

    /// Opens one value of one event.
    pub fn open(
        &self,
        key: &PersonKey,
        event: EventId,
        field: &str,
        ciphertext: &[u8],
    ) -> Result<String, SealError> {
        let cipher = Aes256Gcm::new(&Key::<Aes256Gcm>::from(key.0));
        let plain = decrypt(&cipher, ciphertext, &binding(event, field))?;
        String::from_utf8(plain).map_err(|_| SealError::Broken)
    }
}

fn binding(event: EventId, field: &str) -> Vec<u8> {
    [event.0.as_bytes(), field.as_bytes()].concat()
}

fn encrypt(cipher: &Aes256Gcm, plain: &[u8], aad: &[u8]) -> Result<Vec<u8>, SealError> {
    let nonce: [u8; NONCE] = rand::random();
    let sealed = cipher
        .encrypt(&Nonce::from(nonce), Payload { msg: plain, aad })
        .map_err(|_| SealError::Broken)?;
    Ok([nonce.as_slice(), &sealed].concat())
}

fn decrypt(cipher: &Aes256Gcm, sealed: &[u8], aad: &[u8]) -> Result<Vec<u8>, SealError> {
    let (nonce, body) = sealed
        .split_first_chunk::<NONCE>()
        .ok_or(SealError::Broken)?;
    cipher
        .decrypt(&Nonce::from(*nonce), Payload { msg: body, aad })
        .map_err(|_| SealError::Broken)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_wrapped_key_opens_only_for_its_person_and_master() {
        let sealer = Sealer::new(&MasterKey([1; 32]));
        let person = sealer.pseudonym("440301199001011234");
        let key = sealer.new_person_key();
        let wrapped = sealer.wrap_key(&key, &person).unwrap();
        assert_eq!(sealer.unwrap_key(&wrapped, &person).unwrap().0, key.0);
        assert!(
            sealer
                .unwrap_key(&wrapped, &sealer.pseudonym("other"))
                .is_err()
        );
        assert!(
            Sealer::new(&MasterKey([2; 32]))
                .unwrap_key(&wrapped, &person)
                .is_err()
        );
        assert!(sealer.unwrap_key(&[], &person).is_err());
    }

    #[test]
    fn another_master_key_opens_the_same_ring() {
        let first = Sealer::new(&MasterKey([1; 32]));
        let second = MasterKey([2; 32]);
        let sealed = first.ring_under(&second).unwrap();
        let opened = Sealer::new(&second).with_ring(&sealed).unwrap();
        assert_eq!(opened.pseudonym("x"), first.pseudonym("x"));
        let key = first.new_person_key();
        let person = first.pseudonym("x");
        let wrapped = first.wrap_key(&key, &person).unwrap();
        assert_eq!(opened.unwrap_key(&wrapped, &person).unwrap().0, key.0);
        assert_eq!((sealed.master, opened.master()), (second.id(), second.id()));
        assert!(first.with_ring(&sealed).is_err(), "sealed for another");
        let again = opened.with_ring(&opened.sealed_ring().unwrap()).unwrap();
        assert_eq!(again.pseudonym("x"), first.pseudonym("x"));
    }

    #[test]
    fn pseudonyms_are_stable_under_one_master_key_only() {
        let a = Sealer::new(&MasterKey([1; 32]));
        assert_eq!(a.pseudonym("x"), a.pseudonym("x"));
        assert_ne!(
            a.pseudonym("x"),
            Sealer::new(&MasterKey([2; 32])).pseudonym("x")
        );
    }

    #[test]
    fn a_master_key_reads_back_from_its_hex_and_hides_in_debug() {
        let key = MasterKey::generate();
        assert_eq!(
            MasterKey::from_hex(&format!("{}\n", key.to_hex()))
                .unwrap()
                .0,
            key.0
        );
        assert!(!format!("{key:?}").contains(&key.to_hex()));
        assert!(MasterKey::from_hex("abc").is_none());
    }

    proptest! {
        #[test]
        fn what_was_sealed_opens_and_no_flipped_bit_passes(value in ".{0,64}", bit in 0_usize..512) {
            let sealer = Sealer::new(&MasterKey([3; 32]));
            let key = sealer.new_person_key();
            let event = EventId::new();
            let sealed = sealer.seal(&key, event, "note", &value).unwrap();
            prop_assert_eq!(sealed.commitment, commitment(&sealed.salt, &value));
            prop_assert_eq!(sealer.open(&key, event, "note", &sealed.ciphertext).unwrap(), value);
            let mut broken = sealed.ciphertext.clone();
            let bit = bit % (broken.len() * 8);
            broken[bit / 8] ^= 1 << (bit % 8);
            prop_assert!(sealer.open(&key, event, "note", &broken).is_err());
            prop_assert!(sealer.open(&key, event, "other", &sealed.ciphertext).is_err());
        }
    }
}
