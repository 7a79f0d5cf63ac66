//! What a file says of itself that a check needs.

use clerkwork_connectors_api::credential::{Credential, CredentialReader};

/// Parts of the names of fields that hold no name of a user.
const SECRET_FIELDS: [&str; 8] = ["pass", "pwd", "secret", "token", "pin", "key", "mm", "密码"];

/// What a file says of itself that the check needs.
#[derive(Debug, Default)]
pub(super) struct Nature {
    pub(super) text: String,
    /// The credentials that it names, and whether it is a secret rather than the name of a user.
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
        nature.signs_in = matches!(kind, Some("form" | "oauth2_client_credentials"));
        let number = |name| at(&["upstream", "rate", name]).and_then(toml::Value::as_integer);
        let rate = number("per_second").map(|rate| {
            let burst = number("burst").unwrap_or(rate);
            rate.saturating_add(burst).saturating_sub(1)
        });
        nature.rate = rate
            .and_then(|rate| u32::try_from(rate).ok())
            .filter(|rate| *rate <= 60);
        let operations = at(&["operations"]).and_then(toml::Value::as_table);
        let kinds = operations.into_iter().flat_map(|all| all.values());
        nature.reads_pages = kinds
            .filter_map(|one| one.get("response")?.get("kind")?.as_str())
            .any(|kind| kind == "html");
        if let Some(auth) = at(&["auth"]) {
            nature.note("", auth);
        }
        nature
    }

    fn note(&mut self, place: &str, auth: &toml::Value) {
        for (name, value) in auth.as_table().into_iter().flatten() {
            let named = match (name.as_str(), value.as_str()) {
                ("env", Some(variable)) => Credential::Env(variable.into()),
                ("credential", Some(name)) => Credential::Systemd(name.into()),
                ("file", Some(path)) => Credential::File(path.into()),
                _ => {
                    self.note(&name.to_lowercase(), value);
                    continue;
                }
            };
            let is_secret = SECRET_FIELDS.iter().any(|part| place.contains(part));
            self.named.push((named, is_secret));
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
