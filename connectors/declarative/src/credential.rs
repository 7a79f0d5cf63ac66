//! Credentials, which a file only names: an environment variable, a file, a credential of systemd.
//!
//! They are read by the reader of `connectors/api`; here is what an installation says in their place.

use std::sync::OnceLock;

use clerkwork_connectors_api::{
    credential::{self, CredentialReader},
    http::Secret,
};

use crate::settings::Settings;

/// Where a credential is.
pub(crate) use credential::Credential as Reference;

/// A credential of a file, read when it is needed.
#[derive(Debug)]
pub(crate) struct Credential {
    reference: Reference,
    reader: OnceLock<CredentialReader>,
}

impl Credential {
    pub(crate) fn new(reference: Reference) -> Self {
        Self {
            reference,
            reader: OnceLock::new(),
        }
    }

    /// The credential as it is now. `settings` are the connector's, the same each time.
    ///
    /// # Errors
    /// Why there is none.
    pub(crate) fn get(&self, settings: &Settings) -> Result<Secret, String> {
        if let Some(value) = &settings.credential {
            return Ok(value.clone());
        }
        if let Reference::Env(name) = &self.reference
            && let Some(value) = settings.variables.get(name)
        {
            return Ok(value.clone());
        }
        let reader = self.reader.get_or_init(|| {
            let reference = self.reference.clone();
            match &settings.credentials_directory {
                Some(folder) => CredentialReader::within(reference, Some(folder.into())),
                None => CredentialReader::new(reference),
            }
        });
        // What was replaced is used at once: a refused credential is tried again only when it is another.
        reader.doubt();
        reader.read().map_err(|error| error.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_replaced_is_used_at_once_and_never_shown() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("token");
        let settings = Settings {
            credentials_directory: Some(folder.path().into()),
            variables: [("TOKEN".to_owned(), Secret::new("geheim"))].into(),
            ..Settings::default()
        };
        let by_path = Credential::new(Reference::File(path.clone()));
        let by_name = Credential::new(Reference::Systemd("token".into()));
        assert!(by_path.get(&settings).unwrap_err().contains("is not there"));
        for text in ["first\n", "later\r\n"] {
            let next = folder.path().join("next");
            std::fs::write(&next, text).unwrap();
            std::fs::rename(&next, &path).unwrap();
            for credential in [&by_path, &by_name] {
                assert_eq!(credential.get(&settings).unwrap().expose(), text.trim_end());
            }
        }
        let variable = Credential::new(Reference::Env("TOKEN".into()));
        assert_eq!(variable.get(&settings).unwrap().expose(), "geheim");
        assert!(!format!("{settings:?} {variable:?} {by_path:?}").contains("geheim"));
        let error = variable.get(&Settings::default()).unwrap_err();
        assert!(error.contains("`TOKEN` is not there"), "{error}");
    }
}
