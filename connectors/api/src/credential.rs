//! Credentials: what proves to an upstream who we are.
//!
//! A [`Credential`] is mostly a reference: to a variable, a file, or a credential that systemd hands to the
//! service. What it refers to is read by a [`CredentialReader`], when a call needs it. In files of settings only
//! references can be written: `{ env = "X" }`, `{ file = "/p" }`, `{ credential = "name" }`.
//!
//! Invariants:
//! * a value is never printed: a [`Secret`] shows as `***`, and errors name the reference;
//! * a file that changed is read again, so a credential is replaced without a restart: write the new one beside
//!   it and rename it over the old one, so that it is never seen half written;
//! * what was taken away is used no more: a file that is gone or empty is an error, whatever it held before.

use std::{
    env,
    ffi::OsString,
    fmt, fs,
    io::{self, ErrorKind, Read},
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant, SystemTime},
};

use serde::Deserialize;

/// Where systemd puts the credentials of a service (`LoadCredential=`).
const CREDENTIALS_DIRECTORY: &str = "CREDENTIALS_DIRECTORY";

/// Longest credential in a file, in bytes.
const LONGEST: u64 = 64 * 1024;

/// A file is looked at again after so long: cheap, and soon enough for credentials that overlap by minutes.
const LOOK_AGAIN: Duration = Duration::from_secs(1);

/// The value of a credential. Shown as `***` wherever it is printed.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct Secret(String);

impl Secret {
    /// Takes a credential.
    pub fn new(value: impl Into<String>) -> Self {
        Self(value.into())
    }

    /// The credential itself, to be put on the wire and nowhere else.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(***)")
    }
}

/// A credential, or where it is.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub enum Credential {
    /// The value itself; never in files of settings.
    #[serde(skip)]
    Value(Secret),
    /// In a variable of the environment.
    #[serde(rename = "env")]
    Env(String),
    /// In a file; space at its end is no part of it.
    #[serde(rename = "file")]
    File(PathBuf),
    /// In the file of this name that systemd hands to the service.
    #[serde(rename = "credential")]
    Systemd(String),
}

impl From<Secret> for Credential {
    fn from(value: Secret) -> Self {
        Self::Value(value)
    }
}

/// The reference, never the value.
impl fmt::Display for Credential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Value(_) => f.write_str("the credential given by value"),
            Self::Env(name) => write!(f, "the credential in the variable `{name}`"),
            Self::File(path) => write!(f, "the credential in the file `{}`", path.display()),
            Self::Systemd(name) => write!(f, "the credential `{name}` of the service"),
        }
    }
}

/// Why there is no credential. Names the reference, never a value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CredentialError {
    /// There is none where the reference points.
    #[error("{0} is not there; set it, or correct the reference")]
    Missing(Credential),
    /// There is one without content.
    #[error("{0} is empty; put the value into it")]
    Empty(Credential),
    /// The process cannot read it.
    #[error("{0} cannot be read: {1}; see who may read it")]
    Unreadable(Credential, ErrorKind),
    /// It is in no directory of systemd's.
    #[error(
        "{0} was not handed over: `CREDENTIALS_DIRECTORY` is not set; use `LoadCredential=` in the service's unit"
    )]
    NotHandedOver(Credential),
    /// A name that would lead out of systemd's directory.
    #[error("{0} has a name that is none; give the name without a path")]
    NoName(Credential),
}

/// Reads a credential when it is needed, and a file again when it changed.
#[derive(Debug)]
pub struct CredentialReader {
    credential: Credential,
    directory: Option<OsString>,
    held: Mutex<Option<Held>>,
}

/// What was read last, and how its file looked then.
#[derive(Debug)]
struct Held {
    value: Secret,
    looks: Looks,
    looked_at: Instant,
    /// Somebody refused it: look before it is used again.
    doubted: bool,
}

/// By what a file that changed is told: one that was renamed over another has another inode.
#[derive(Debug, PartialEq, Eq)]
struct Looks {
    modified: Option<SystemTime>,
    bytes: u64,
    inode: u64,
}

impl CredentialReader {
    /// Nothing is read yet.
    pub fn new(credential: Credential) -> Self {
        Self::within(credential, env::var_os(CREDENTIALS_DIRECTORY))
    }

    /// The same, with another directory than the one that systemd names.
    pub fn within(credential: Credential, directory: Option<OsString>) -> Self {
        Self {
            credential,
            directory,
            held: Mutex::new(None),
        }
    }

    /// The reference.
    pub fn credential(&self) -> &Credential {
        &self.credential
    }

    /// The value as it is now; a change of its file is seen within a second.
    ///
    /// # Errors
    /// There is none to be read.
    pub fn read(&self) -> Result<Secret, CredentialError> {
        self.read_at(Instant::now())
    }

    /// An upstream refused the value: its file is looked at before the next use.
    pub fn doubt(&self) {
        if let Some(held) = self.lock().as_mut() {
            held.doubted = true;
        }
    }

    fn read_at(&self, now: Instant) -> Result<Secret, CredentialError> {
        let path = match &self.credential {
            Credential::Value(value) => return Ok(value.clone()),
            Credential::Env(name) => {
                let value = env::var_os(name).ok_or_else(|| self.missing())?;
                let value = value.into_string().map_err(|_| self.garbled())?;
                return self.filled(&value);
            }
            Credential::File(path) => path.clone(),
            Credential::Systemd(name) => self.handed_over(name)?,
        };
        let mut held = self.lock();
        if let Some(held) = held.as_ref()
            && !held.doubted
            && now.saturating_duration_since(held.looked_at) < LOOK_AGAIN
        {
            return Ok(held.value.clone());
        }
        // What is wrong with the file is wrong with what was read of it before.
        let before = held.take();
        let looks = self.looks(&path)?;
        let value = match before {
            Some(before) if before.looks == looks => before.value,
            _ => {
                let text = short(&path).map_err(|error| self.failed(error.kind()))?;
                self.filled(&text)?
            }
        };
        *held = Some(Held {
            value: value.clone(),
            looks,
            looked_at: now,
            doubted: false,
        });
        Ok(value)
    }

    fn handed_over(&self, name: &str) -> Result<PathBuf, CredentialError> {
        let directory = self.directory.as_ref();
        let directory =
            directory.ok_or_else(|| CredentialError::NotHandedOver(self.credential.clone()))?;
        if name.is_empty() || name.contains('/') || name == "." || name == ".." {
            return Err(CredentialError::NoName(self.credential.clone()));
        }
        Ok(Path::new(directory).join(name))
    }

    fn looks(&self, path: &Path) -> Result<Looks, CredentialError> {
        let data = fs::metadata(path).map_err(|error| self.failed(error.kind()))?;
        Ok(Looks {
            modified: data.modified().ok(),
            bytes: data.len(),
            inode: data.ino(),
        })
    }

    fn filled(&self, text: &str) -> Result<Secret, CredentialError> {
        match text.trim_end() {
            "" => Err(CredentialError::Empty(self.credential.clone())),
            value => Ok(Secret::new(value)),
        }
    }

    fn missing(&self) -> CredentialError {
        CredentialError::Missing(self.credential.clone())
    }

    fn garbled(&self) -> CredentialError {
        CredentialError::Unreadable(self.credential.clone(), ErrorKind::InvalidData)
    }

    fn failed(&self, kind: ErrorKind) -> CredentialError {
        match kind {
            ErrorKind::NotFound => self.missing(),
            kind => CredentialError::Unreadable(self.credential.clone(), kind),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Option<Held>> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The text of a file that is no longer than a credential may be.
fn short(path: &Path) -> io::Result<String> {
    let mut text = String::new();
    let read = fs::File::open(path)?
        .take(LONGEST + 1)
        .read_to_string(&mut text)?;
    match read as u64 > LONGEST {
        true => Err(ErrorKind::FileTooLarge.into()),
        false => Ok(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_too_long_for_a_credential_is_not_read() {
        for path in ["/dev/zero", "/dev/full"] {
            let reader = CredentialReader::new(Credential::File(path.into()));
            let error = reader.read().unwrap_err();
            assert!(matches!(error, CredentialError::Unreadable(..)), "{error}");
        }
    }

    #[test]
    fn references_are_read_from_settings_and_values_are_not() {
        let read = |text| serde_json::from_str::<Credential>(text);
        assert_eq!(read(r#"{"env":"X"}"#).unwrap(), Credential::Env("X".into()));
        assert_eq!(
            read(r#"{"file":"/p"}"#).unwrap(),
            Credential::File("/p".into())
        );
        assert_eq!(
            read(r#"{"credential":"name"}"#).unwrap(),
            Credential::Systemd("name".into())
        );
        for wrong in [r#"{"Value":"x"}"#, r#""x""#, r#"{"env":"X","file":"/p"}"#] {
            assert!(read(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_value_never_shows() {
        let credential = Credential::from(Secret::new("geheim"));
        assert!(!format!("{credential:?} {credential}").contains("geheim"));
        assert_eq!(
            CredentialReader::new(credential).read().unwrap().expose(),
            "geheim"
        );
    }

    #[test]
    fn a_file_is_looked_at_once_a_second_or_when_its_value_was_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("token");
        let replace = |value: &str| {
            fs::write(folder.path().join("new"), value).unwrap();
            fs::rename(folder.path().join("new"), &path).unwrap();
        };
        replace("one\n");
        let reader = CredentialReader::new(Credential::File(path.clone()));
        let start = Instant::now();
        let at = |millis| {
            let value = reader.read_at(start + Duration::from_millis(millis));
            value.map(|value| value.expose().to_owned())
        };
        assert_eq!(at(0).unwrap(), "one");
        replace("two\n");
        assert_eq!(at(999).unwrap(), "one");
        assert_eq!(at(1_000).unwrap(), "two");
        replace("six");
        reader.doubt();
        assert_eq!(at(1_001).unwrap(), "six");
        replace(" \n");
        assert!(matches!(at(3_000), Err(CredentialError::Empty(_))));
        fs::remove_file(&path).unwrap();
        let error = at(3_001).unwrap_err();
        assert!(matches!(error, CredentialError::Missing(_)));
        assert!(error.to_string().contains(&path.display().to_string()));
        replace("back");
        assert_eq!(at(3_002).unwrap(), "back");
    }

    #[test]
    fn systemd_hands_over_by_name_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("etax"), "geheim").unwrap();
        let read = |name: &str, directory| {
            CredentialReader::within(Credential::Systemd(name.into()), directory).read()
        };
        let given = || Some(folder.path().as_os_str().to_owned());
        assert_eq!(read("etax", given()).unwrap().expose(), "geheim");
        assert!(matches!(
            read("other", given()),
            Err(CredentialError::Missing(_))
        ));
        assert!(matches!(
            read("etax", None),
            Err(CredentialError::NotHandedOver(_))
        ));
        for name in ["", "..", "../etax", "/etc/passwd"] {
            let error = read(name, given()).unwrap_err();
            assert!(matches!(error, CredentialError::NoName(_)), "{name}");
        }
    }

    #[test]
    fn a_variable_is_named_when_it_is_not_set() {
        let read = |name: &str| CredentialReader::new(Credential::Env(name.into())).read();
        assert_eq!(
            read("CARGO_PKG_NAME").unwrap().expose(),
            "clerkwork-connectors-api"
        );
        assert_eq!(
            read("CLERKWORK_NO_SUCH_VARIABLE").unwrap_err().to_string(),
            "the credential in the variable `CLERKWORK_NO_SUCH_VARIABLE` is not there; set it, or correct the reference"
        );
    }
}
