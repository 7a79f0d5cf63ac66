//! Values that no log and no list may show.

use std::{convert::Infallible, fmt, str::FromStr};

/// The settings that are secrets. Each has a neighbour, `…_file`, that names a file with it.
pub(super) const SECRETS: [&str; 2] = ["etax.token", "etax.callback_secret"];

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
