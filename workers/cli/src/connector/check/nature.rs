//! What a file says of itself that a check needs.

use clerkwork_connectors_api::credential::{Credential, CredentialReader};

/// Parts of the names of fields that hold no name of a user.
const SECRET_FIELDS: [&str; 8] = ["pass", "pwd", "secret", "token", "pin", "key", "mm", "密码"];

/// What a file says of itself that the check needs.
#[derive(Debug, Default)]
pub(super) struct Nature {
    pub(super) text: String,
    /// Variables and credentials that it names.
    pub(super) variables: Vec<String>,
    pub(super) credentials: Vec<String>,
    /// All that it names, and whether it is a secret rather than the name of a user.
    named: Vec<(Credential, bool)>,
    pub(super) signs_in: bool,
    pub(super) reads_pages: bool,
    /// Calls in a second, where a check of it does not take too long.
    pub(super) rate: Option<u32>,
}

impl Nature {
    pub(super) fn of(text: String) -> Self {
        let mut nature = Self {
            text,
            ..Self::default()
        };
        // What is wrong with it is told when it is loaded.
        let Ok(table) = nature.text.parse::<toml::Table>() else {
            return nature;
        };
        let at = |path: &[&str]| {
            let (first, rest) = path.split_first()?;
            rest.iter()
                .try_fold(table.get(*first)?, |value, name| value.get(name))
        };
        let kind = at(&["auth", "kind"]).and_then(toml::Value::as_str);
        nature.signs_in = kind == Some("form");
        let number = |name| at(&["upstream", "rate", name]).and_then(toml::Value::as_integer);
        let rate = number("per_second").map(|rate| rate + number("burst").unwrap_or(rate) - 1);
        nature.rate = rate
            .and_then(|rate| u32::try_from(rate).ok())
            .filter(|rate| *rate <= 60);
        nature.note("", &toml::Value::Table(table.clone()));
        nature
    }

    fn note(&mut self, place: &str, value: &toml::Value) {
        let is_secret = || SECRET_FIELDS.iter().any(|part| place.contains(part));
        match value {
            toml::Value::Array(all) => all.iter().for_each(|value| self.note(place, value)),
            toml::Value::Table(table) => {
                for (name, value) in table {
                    match (name.as_str(), value.as_str()) {
                        ("env", Some(variable)) => {
                            self.variables.push(variable.into());
                            let named = Credential::Env(variable.into());
                            self.named.push((named, is_secret()));
                        }
                        ("credential", Some(name)) => {
                            self.credentials.push(name.into());
                            let named = Credential::Systemd(name.into());
                            self.named.push((named, is_secret()));
                        }
                        ("file", Some(path)) => {
                            let named = Credential::File(path.into());
                            self.named.push((named, is_secret()));
                        }
                        ("kind", Some("html")) => self.reads_pages = true,
                        _ => self.note(&name.to_lowercase(), value),
                    }
                }
            }
            _ => {}
        }
    }

    /// The credentials of an upstream for tests as they are now: secrets, and names of users.
    pub(super) fn values(&self) -> (Vec<String>, Vec<String>) {
        let (mut secrets, mut users) = (Vec::new(), Vec::new());
        for (named, is_secret) in &self.named {
            // What is not there is told when it is needed.
            let Ok(value) = CredentialReader::new(named.clone()).read() else {
                continue;
            };
            match is_secret {
                true => secrets.push(value.expose().to_owned()),
                false => users.push(value.expose().to_owned()),
            }
        }
        (secrets, users)
    }
}
