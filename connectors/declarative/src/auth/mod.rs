//! How a connector shows who it is.
//!
//! `basic` and `bearer` are read with every call. `oauth2_client_credentials` and `form` sign in, which is in
//! [`oauth`] and [`form`], and what comes of it is kept by a [`Session`].

mod cookies;
pub(crate) mod form;
pub(crate) mod oauth;
mod session;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use clerkwork_connectors_api::{
    ConnectorError,
    http::{Reply, Secret},
};
use clerkwork_core::Timestamp;
use reqwest::header::{self, HeaderMap, HeaderValue};

use crate::{credential::Credential, settings::Settings};
use cookies::Cookies;
pub(crate) use session::{Grant, Session};

/// How to sign in, as the file says.
#[derive(Debug)]
pub(crate) enum Auth {
    None,
    Basic {
        username: Credential,
        password: Credential,
    },
    Bearer {
        token: Credential,
    },
    OAuth(oauth::OAuth),
    Form(Box<form::Form>),
}

/// What a sign-in gave.
#[derive(Debug, Clone)]
pub(crate) enum Pass {
    /// Goes out as it is.
    Headers(HeaderMap),
    Cookies(Cookies),
}

impl Pass {
    fn headers(&self) -> HeaderMap {
        match self {
            Self::Headers(headers) => headers.clone(),
            Self::Cookies(cookies) => {
                let cookies = cookies.header().map(|value| (header::COOKIE, value));
                cookies.into_iter().collect()
            }
        }
    }
}

/// A sign-in that came off.
#[derive(Debug)]
pub(crate) struct SignedIn {
    pass: Pass,
    /// When it ends by itself, if that is known.
    ends: Option<Timestamp>,
}

/// A sign-in that did not.
#[derive(Debug)]
pub(crate) enum NoSignIn {
    /// The upstream refused these credentials: they are not tried again.
    Refused(ConnectorError),
    /// Something else, which may be over the next time.
    Failed(ConnectorError),
}

impl Auth {
    /// Whether there is something to sign in to.
    pub(crate) fn signs_in(&self) -> bool {
        match self {
            Self::None | Self::Basic { .. } | Self::Bearer { .. } => false,
            Self::OAuth(_) | Self::Form(_) => true,
        }
    }

    /// The credentials as they are now.
    fn credentials(&self, settings: &Settings) -> Result<Vec<Secret>, String> {
        let all: Vec<&Credential> = match self {
            Self::None => vec![],
            Self::Basic { username, password } => vec![username, password],
            Self::Bearer { token } => vec![token],
            Self::OAuth(oauth) => vec![&oauth.client_id, &oauth.client_secret],
            Self::Form(form) => form.fields.values().collect(),
        };
        all.into_iter().map(|one| one.get(settings)).collect()
    }

    /// The headers of credentials that need no sign-in.
    fn at_once(&self, credentials: &[Secret]) -> Result<HeaderMap, String> {
        let value = match (self, credentials) {
            (Self::Basic { .. }, [username, password]) => {
                basic(username.expose(), password.expose())
            }
            (Self::Bearer { .. }, [token]) => format!("Bearer {}", token.expose()),
            _ => return Ok(HeaderMap::new()),
        };
        authorization(&value)
    }

    /// Whether an answer says that a session is over.
    pub(crate) fn is_over(&self, reply: &Reply<'_>) -> bool {
        match self {
            Self::None | Self::Basic { .. } | Self::Bearer { .. } => false,
            Self::OAuth(_) => reply.status() == reqwest::StatusCode::UNAUTHORIZED,
            Self::Form(form) => form.expired.is_shown(reply),
        }
    }
}

fn basic(username: &str, password: &str) -> String {
    format!(
        "Basic {}",
        STANDARD.encode(format!("{username}:{password}"))
    )
}

fn authorization(value: &str) -> Result<HeaderMap, String> {
    let mut value = HeaderValue::try_from(value)
        .map_err(|_| "a credential holds characters that no HTTP header may hold; check it")?;
    value.set_sensitive(true);
    Ok(HeaderMap::from_iter([(header::AUTHORIZATION, value)]))
}
