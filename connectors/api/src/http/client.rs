//! The connections of one upstream: TLS, client certificate, proxy.
//!
//! Servers are checked against the system's roots and those of `ca_files`. Files and a proxy's
//! credentials are read once, when the client is built.

use std::{fs, path::Path};

use reqwest::{Certificate, Client, Identity, Proxy, Url};

use super::HttpSettings;
use crate::credential::{Credential, CredentialReader};

/// A proxy between us and the upstream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProxySettings {
    /// Where it listens, `http` or `https`.
    pub url: String,
    /// User and password, if it wants them.
    pub login: Option<(String, Credential)>,
}

/// Builds the client.
pub(super) fn client(settings: &HttpSettings) -> Result<Client, String> {
    // An error only says that the process has chosen a provider before.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let mut client = Client::builder()
        .user_agent(concat!("clerkwork/", env!("CARGO_PKG_VERSION")))
        .http1_only()
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        .retry(reqwest::retry::never())
        .connect_timeout(settings.connect_timeout)
        .timeout(settings.request_timeout)
        .pool_max_idle_per_host(settings.idle_connections)
        .pool_idle_timeout(settings.idle_timeout);
    for file in &settings.ca_files {
        client = client.tls_certs_merge(authorities(file)?);
    }
    if let Some(file) = &settings.identity_file {
        client = client.identity(identity(file)?);
    }
    if let Some(settings) = &settings.proxy {
        client = client.proxy(proxy(settings)?);
    }
    client
        .build()
        .map_err(|error| format!("cannot set up TLS: {}", cause(&error)))
}

fn authorities(file: &Path) -> Result<Vec<Certificate>, String> {
    let wrong = |why: String| format!("`{}` in `ca_files` {why}", file.display());
    let pem = fs::read(file).map_err(|error| wrong(format!("cannot be read: {error}")))?;
    match Certificate::from_pem_bundle(&pem) {
        Ok(found) if !found.is_empty() => Ok(found),
        Ok(_) | Err(_) => Err(wrong("holds no certificates in PEM".into())),
    }
}

/// The message never says more than the file: a key is in it.
fn identity(file: &Path) -> Result<Identity, String> {
    let wrong = |why: String| format!("`identity_file` `{}` {why}", file.display());
    let pem = fs::read(file).map_err(|error| wrong(format!("cannot be read: {error}")))?;
    Identity::from_pem(&pem)
        .map_err(|_| wrong("must hold a private key and its certificate in PEM".into()))
}

fn proxy(settings: &ProxySettings) -> Result<Proxy, String> {
    let wrong = |why: &str| format!("`proxy` {why}; give `http://host:port`");
    let url = Url::parse(&settings.url).map_err(|_| wrong("is no address"))?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(wrong("must begin with `http://` or `https://`"));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(wrong("holds credentials, which belong apart from it"));
    }
    let proxy = Proxy::all(url).map_err(|_| wrong("is no address of a proxy"))?;
    let Some((user, password)) = &settings.login else {
        return Ok(proxy);
    };
    let password = CredentialReader::new(password.clone()).read();
    let password = password.map_err(|error| format!("`proxy`: {error}"))?;
    Ok(proxy.basic_auth(user, password.expose()))
}

fn cause(error: &reqwest::Error) -> String {
    let mut cause: &dyn std::error::Error = error;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    cause.to_string()
}
