//! Values that no log and no list may show.

use std::{convert::Infallible, fmt, str::FromStr};

use base64::{Engine as _, engine::general_purpose::STANDARD};

/// The settings that are secrets. Each has a neighbour, `…_file`, that names a file with it.
pub(super) const SECRETS: [&str; 3] = ["etax.token", "etax.callback_secret", "portal.password"];

/// Fewer bytes of a signing key can be guessed.
const LEAST_KEY_BYTES: usize = 16;

/// A secret text. It shows as `…`.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Takes a text.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text itself, for the one who needs it.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// The signing key that it stands for, as Standard Webhooks writes it: base64 after `whsec_`,
    /// or else the text itself.
    ///
    /// # Errors
    /// What is wrong and what to write: it is no base64, or it has fewer than 16 bytes.
    pub fn signing_key(&self) -> Result<Vec<u8>, String> {
        let key = match self.0.strip_prefix("whsec_") {
            Some(text) => STANDARD.decode(text).map_err(|_| {
                "begins with `whsec_` and what follows is no base64; write it as the platform gave it"
            })?,
            None => self.0.as_bytes().to_vec(),
        };
        if key.len() < LEAST_KEY_BYTES {
            return Err(format!(
                "stands for a key of {} bytes, which can be guessed; agree on a secret of at least \
                 {LEAST_KEY_BYTES} random bytes",
                key.len()
            ));
        }
        Ok(key)
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("…")
    }
}

impl FromStr for Secret {
    type Err = Infallible;
    fn from_str(text: &str) -> Result<Self, Infallible> {
        Ok(Self::new(text))
    }
}

/// An address that may hold a password. It shows with `…` in the password's place.
#[derive(Clone, PartialEq, Eq)]
pub struct SecretUrl(String);

impl SecretUrl {
    /// Takes an address.
    pub fn new(url: impl Into<String>) -> Self {
        Self(url.into())
    }

    /// The whole address, for the one who connects.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for SecretUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (before, query) = match self.0.split_once('?') {
            Some((before, query)) => (before, Some(query)),
            None => (self.0.as_str(), None),
        };
        let start = before.find("://").map_or(0, |at| at + 3);
        let end = before[start..]
            .find('/')
            .map_or(before.len(), |at| start + at);
        match before[start..end].rsplit_once('@') {
            Some((account, _)) => {
                let user = account.split(':').next().unwrap_or_default();
                let rest = &before[start + account.len()..];
                let hidden = if account.contains(':') { ":…" } else { "" };
                write!(f, "{}{user}{hidden}{rest}", &before[..start])?;
            }
            None => f.write_str(before)?,
        }
        let Some(query) = query else { return Ok(()) };
        // sqlx and libpq take a password here, too.
        let shown = query.split('&').map(|part| match part.split_once('=') {
            Some((name, _)) if name.contains("pass") => format!("{name}=…"),
            _ => part.to_owned(),
        });
        write!(f, "?{}", shown.collect::<Vec<_>>().join("&"))
    }
}

impl fmt::Debug for SecretUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for SecretUrl {
    type Err = Infallible;
    fn from_str(text: &str) -> Result<Self, Infallible> {
        Ok(Self::new(text))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signing_key_is_a_text_or_base64_and_not_short() {
        let key = |text: &str| Secret::new(text).signing_key();
        let sixteen = "0123456789abcdef";
        assert_eq!(key(sixteen).unwrap(), sixteen.as_bytes());
        assert_eq!(key("whsec_AAECAwQFBgcICQoLDA0ODw==").unwrap().len(), 16);
        for short in ["", "whsec_", "whsec_AAECAwQFBgcICQoLDA0O", &sixteen[1..]] {
            assert!(key(short).unwrap_err().contains("at least 16"), "{short}");
        }
        let broken = key("whsec_0123456789 no base64").unwrap_err();
        assert!(broken.contains("no base64"), "{broken}");
    }

    #[test]
    fn a_password_is_never_shown() {
        for (url, shown) in [
            ("redis://:pw@h:1/0", "redis://:…@h:1/0"),
            ("postgres://u:p@w@h/db", "postgres://u:…@h/db"),
            (
                "postgres://u@h/db?password=pw&host=/x",
                "postgres://u@h/db?password=…&host=/x",
            ),
            ("sqlite:/a/b@c:d.db", "sqlite:/a/b@c:d.db"),
            ("redis+unix:///a/b.sock", "redis+unix:///a/b.sock"),
        ] {
            assert_eq!(SecretUrl::new(url).to_string(), shown);
        }
        assert_eq!(format!("{:?}", Secret::new("pw")), "…");
    }
}
