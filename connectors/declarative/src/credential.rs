//! Credentials, which a file only names: an environment variable, a file, a credential of systemd.
//!
//! A file is read again when it has changed, so that a credential is rotated without a restart. What was read is a
//! [`Secret`] and in no message.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
    time::SystemTime,
};

use clerkwork_connectors_api::http::Secret;

use crate::settings::Settings;

/// Where a credential is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Reference {
    Env(String),
    File(PathBuf),
    /// A file of `$CREDENTIALS_DIRECTORY`.
    Credential(String),
}

/// A credential of a file, read when it is needed.
#[derive(Debug)]
pub(crate) struct Credential {
    reference: Reference,
    read: Mutex<Option<Read>>,
}

/// What a file held, and when.
#[derive(Debug)]
struct Read {
    changed: SystemTime,
    bytes: u64,
    value: Secret,
}

/// Longest credential.
const MAX_BYTES: u64 = 64 * 1024;

impl Credential {
    pub(crate) fn new(reference: Reference) -> Self {
        Self {
            reference,
            read: Mutex::default(),
        }
    }

    /// The credential as it is now.
    ///
    /// # Errors
    /// Why there is none.
    pub(crate) fn get(&self, settings: &Settings) -> Result<Secret, String> {
        match &self.reference {
            Reference::Env(name) => {
                let value = match settings.variables.get(name) {
                    Some(value) => value.clone(),
                    None => Secret::new(std::env::var(name).map_err(|_| {
                        format!("the environment variable `{name}` is not set or no text; set it")
                    })?),
                };
                filled(value, &format!("the environment variable `{name}`"))
            }
            Reference::File(path) => self.of_file(path),
            Reference::Credential(name) => {
                let of_process = || std::env::var_os("CREDENTIALS_DIRECTORY").map(PathBuf::from);
                let folder = settings.credentials_directory.clone().or_else(of_process);
                let folder = folder.ok_or_else(|| {
                    format!("there is no `$CREDENTIALS_DIRECTORY` for the credential `{name}`; give it with `LoadCredential=` of the unit")
                })?;
                self.of_file(&folder.join(name))
            }
        }
    }

    fn of_file(&self, path: &Path) -> Result<Secret, String> {
        let shown = path.display();
        let failed = |error: std::io::Error| {
            format!(
                "the credential file `{shown}` cannot be read: {}; check path and rights",
                error.kind()
            )
        };
        let about = fs::metadata(path).map_err(failed)?;
        let (changed, bytes) = (about.modified().map_err(failed)?, about.len());
        let mut read = self.read.lock().unwrap_or_else(PoisonError::into_inner);
        let same = |read: &&Read| read.changed == changed && read.bytes == bytes;
        if let Some(read) = read.as_ref().filter(same) {
            return Ok(read.value.clone());
        }
        if bytes > MAX_BYTES {
            return Err(format!(
                "the credential file `{shown}` is longer than {MAX_BYTES} bytes; check the path"
            ));
        }
        let text = fs::read_to_string(path).map_err(failed)?;
        let value = filled(
            Secret::new(text.trim_end_matches(['\r', '\n'])),
            &format!("the credential file `{shown}`"),
        )?;
        *read = Some(Read {
            changed,
            bytes,
            value: value.clone(),
        });
        Ok(value)
    }
}

fn filled(value: Secret, what: &str) -> Result<Secret, String> {
    match value.expose() {
        "" => Err(format!("{what} is empty; write the credential into it")),
        _ => Ok(value),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn a_file_is_read_again_when_it_has_changed() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("token");
        let settings = Settings {
            credentials_directory: Some(folder.path().into()),
            ..Settings::default()
        };
        let by_path = Credential::new(Reference::File(path.clone()));
        let by_name = Credential::new(Reference::Credential("token".into()));
        assert!(
            by_path
                .get(&settings)
                .unwrap_err()
                .contains("cannot be read")
        );
        let write = |text: &str, at: u64| {
            fs::write(&path, text).unwrap();
            let file = fs::File::options().write(true).open(&path).unwrap();
            file.set_modified(SystemTime::UNIX_EPOCH + Duration::from_secs(at))
                .unwrap();
        };
        for (text, at) in [("first\n", 1), ("later\r\n", 2)] {
            write(text, at);
            for credential in [&by_path, &by_name] {
                assert_eq!(credential.get(&settings).unwrap().expose(), text.trim_end());
            }
        }
        write("\n", 3);
        assert!(by_path.get(&settings).unwrap_err().contains("is empty"));
    }

    #[test]
    fn a_variable_is_read_and_never_shown() {
        let settings = Settings {
            variables: [("CLERKWORK_TEST_TOKEN".to_owned(), Secret::new("geheim"))].into(),
            ..Settings::default()
        };
        let credential = Credential::new(Reference::Env("CLERKWORK_TEST_TOKEN".into()));
        let secret = credential.get(&settings).unwrap();
        assert_eq!(secret.expose(), "geheim");
        assert!(!format!("{secret:?} {settings:?} {credential:?}").contains("geheim"));
        let error = credential.get(&Settings::default()).unwrap_err();
        assert!(
            error.contains("`CLERKWORK_TEST_TOKEN` is not set"),
            "{error}"
        );
    }
}
