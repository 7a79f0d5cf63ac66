//! How a call proves who we are.

use base64::{Engine, prelude::BASE64_STANDARD};
use reqwest::header::{self, HeaderMap, HeaderName, HeaderValue};

use super::fault::Fault;
use crate::credential::{Credential, CredentialReader};

/// How a call proves who we are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Auth {
    /// It does not, or the connector does it itself.
    None,
    /// `Authorization: Bearer …` (RFC 6750).
    Bearer(Credential),
    /// `Authorization: Basic …` (RFC 7617).
    Basic {
        /// The user, without `:`.
        user: String,
        /// Their password.
        password: Credential,
    },
    /// A header of the upstream's own.
    Header {
        /// Its name, for example `X-Api-Key`.
        name: String,
        /// What it holds.
        value: Credential,
    },
}

/// Signs the calls of one upstream.
#[derive(Debug)]
pub(super) struct Signer(Option<Form>);

#[derive(Debug)]
struct Form {
    header: HeaderName,
    scheme: Scheme,
    credential: CredentialReader,
}

#[derive(Debug)]
enum Scheme {
    Bearer,
    Basic { user: String },
    Bare,
}

impl Signer {
    /// What is given by value is checked at once; what is elsewhere, when a call needs it.
    pub(super) fn new(auth: Auth) -> Result<Self, String> {
        let (header, scheme, credential) = match auth {
            Auth::None => return Ok(Self(None)),
            Auth::Bearer(token) => (header::AUTHORIZATION, Scheme::Bearer, token),
            Auth::Basic { user, .. } if user.contains(':') => {
                return Err(format!(
                    "user `{user}` holds a `:`, which no user of basic authentication may"
                ));
            }
            Auth::Basic { user, password } => {
                (header::AUTHORIZATION, Scheme::Basic { user }, password)
            }
            Auth::Header { name, value } => {
                let header = HeaderName::try_from(&name)
                    .map_err(|_| format!("`{name}` is no name of a header"))?;
                (header, Scheme::Bare, value)
            }
        };
        let by_value = matches!(credential, Credential::Value(_));
        let form = Form {
            header,
            scheme,
            credential: CredentialReader::new(credential),
        };
        if by_value {
            form.value()?;
        }
        Ok(Self(Some(form)))
    }

    /// Adds the proof to a call.
    pub(super) fn sign(&self, headers: &mut HeaderMap) -> Result<(), Fault> {
        if let Some(form) = &self.0 {
            let value = form.value().map_err(|why| Fault::NotAllowed { why })?;
            headers.insert(form.header.clone(), value);
        }
        Ok(())
    }

    /// The upstream did not believe it.
    pub(super) fn doubt(&self) {
        if let Some(form) = &self.0 {
            form.credential.doubt();
        }
    }
}

impl Form {
    fn value(&self) -> Result<HeaderValue, String> {
        let secret = self.credential.read().map_err(|error| error.to_string())?;
        let text = match &self.scheme {
            Scheme::Bearer => format!("Bearer {}", secret.expose()),
            Scheme::Basic { user } => {
                let pair = format!("{user}:{}", secret.expose());
                format!("Basic {}", BASE64_STANDARD.encode(pair))
            }
            Scheme::Bare => secret.expose().to_owned(),
        };
        let mut value = HeaderValue::try_from(text).map_err(|_| {
            format!(
                "{} holds characters that no HTTP header may hold",
                self.credential.credential()
            )
        })?;
        value.set_sensitive(true);
        Ok(value)
    }
}
