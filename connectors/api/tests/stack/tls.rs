//! Certificates of both sides, and proxies.

use std::{fs, path::PathBuf, sync::Arc};

use clerkwork_connectors_api::{
    ConnectorError, ErrorKind,
    credential::Secret,
    http::{HttpSettings, HttpStack, ProxySettings},
};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair, date_time_ymd};
use rustls::{
    RootCertStore, ServerConfig,
    pki_types::{CertificateDer, PrivatePkcs8KeyDer},
    server::WebPkiClientVerifier,
};
use tempfile::TempDir;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};
use tokio_rustls::TlsAcceptor;

use crate::upstream::{Upstream, get, json, settings};

/// An authority, and a folder for what it signs.
struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
    folder: TempDir,
}

/// A certificate and its key.
struct Signed {
    certificate: CertificateDer<'static>,
    key: PrivatePkcs8KeyDer<'static>,
    pem: String,
}

impl Authority {
    fn new() -> Self {
        let mut params = CertificateParams::new(vec![]).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().unwrap();
        Self {
            issuer: CertifiedIssuer::self_signed(params, key).unwrap(),
            folder: tempfile::tempdir().unwrap(),
        }
    }

    fn sign(&self, last_year: i32) -> Signed {
        let mut params = CertificateParams::new(vec!["localhost".into()]).unwrap();
        params.not_before = date_time_ymd(2020, 1, 1);
        params.not_after = date_time_ymd(last_year, 1, 1);
        let key = KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        Signed {
            pem: format!("{}{}", key.serialize_pem(), certificate.pem()),
            key: PrivatePkcs8KeyDer::from(key.serialize_der()),
            certificate: certificate.der().clone(),
        }
    }

    /// Its own certificate in a file.
    fn file(&self) -> PathBuf {
        self.write("ca.pem", &self.issuer.pem())
    }

    fn write(&self, name: &str, pem: &str) -> PathBuf {
        let path = self.folder.path().join(name);
        fs::write(&path, pem).unwrap();
        path
    }
}

/// A server with `signed`; with `clients`, one that lets in only whom they have signed. Answers every
/// request with `{}`.
async fn server(signed: Signed, clients: Option<&Authority>) -> String {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider.clone())
        .with_safe_default_protocol_versions()
        .unwrap();
    let config = match clients {
        None => config.with_no_client_auth(),
        Some(authority) => {
            let mut roots = RootCertStore::empty();
            roots.add(authority.issuer.der().clone()).unwrap();
            let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider);
            config.with_client_cert_verifier(verifier.build().unwrap())
        }
    };
    let config = config
        .with_single_cert(vec![signed.certificate], signed.key.into())
        .unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!(
        "https://localhost:{}",
        listener.local_addr().unwrap().port()
    );
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let accepting = acceptor.accept(stream).into_fallible();
            tokio::spawn(async move {
                let mut request = [0; 4096];
                match accepting.await {
                    Ok(mut stream) => {
                        let _ = stream.read(&mut request).await;
                        let answer =
                            b"HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 2\r\n\r\n{}";
                        let _ = stream.write_all(answer).await;
                        let _ = stream.shutdown().await;
                    }
                    // Reads on, so that the client gets to see the alert.
                    Err((_, mut stream)) => while let Ok(1..) = stream.read(&mut request).await {},
                }
            });
        }
    });
    base
}

fn stack(base: &str, ca_files: Vec<PathBuf>, identity_file: Option<PathBuf>) -> HttpStack {
    let settings = HttpSettings {
        ca_files,
        identity_file,
        ..settings(base)
    };
    HttpStack::new(settings).unwrap()
}

async fn write(stack: &HttpStack) -> ConnectorError {
    let endpoint = stack.write("act", "x").unwrap();
    stack.call(&endpoint, None, &()).await.unwrap_err()
}

#[tokio::test]
async fn an_authority_of_our_own_is_trusted_when_it_is_named_and_only_then() {
    let authority = Authority::new();
    let base = server(authority.sign(2090), None).await;
    let trusting = stack(&base, vec![authority.file()], None);
    assert_eq!(get(&trusting, "x").await.unwrap(), "{}");

    let wary = stack(&base, vec![], None);
    for error in [get(&wary, "x").await.unwrap_err(), write(&wary).await] {
        assert_eq!(error.kind, ErrorKind::Misconfigured);
        assert_eq!(
            error.message,
            "the certificate of `localhost` is not trusted: its issuer is unknown; if it is right, name the issuer's certificate in `ca_files`"
        );
    }
}

#[tokio::test]
async fn an_expired_certificate_is_told_as_such_and_not_tried_again() {
    let authority = Authority::new();
    let base = server(authority.sign(2021), None).await;
    let stack = stack(&base, vec![authority.file()], None);
    let error = get(&stack, "x").await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Misconfigured);
    assert_eq!(
        error.message,
        "the certificate of `localhost` is not trusted: it has expired; have it renewed"
    );
}

#[tokio::test]
async fn a_server_that_wants_to_know_its_clients_gets_our_certificate() {
    let (servers, clients) = (Authority::new(), Authority::new());
    let base = server(servers.sign(2090), Some(&clients)).await;
    let own = clients.write("own.pem", &clients.sign(2090).pem);
    let known = stack(&base, vec![servers.file()], Some(own));
    assert_eq!(get(&known, "x").await.unwrap(), "{}");

    let unknown = stack(&base, vec![servers.file()], None);
    let expired = clients.write("expired.pem", &clients.sign(2021).pem);
    let expired = stack(&base, vec![servers.file()], Some(expired));
    for (stack, why) in [
        (unknown, "wants a certificate from us"),
        (expired, "says that our certificate has expired"),
    ] {
        for error in [get(&stack, "x").await.unwrap_err(), write(&stack).await] {
            assert_eq!(error.kind, ErrorKind::Misconfigured, "{error}");
            assert_eq!(
                error.message,
                format!("`localhost` {why}; check `identity_file`")
            );
        }
    }
}

#[test]
fn files_that_hold_something_else_are_named() {
    let authority = Authority::new();
    let wrong = authority.write("wrong.pem", "geheim");
    let refused = |change: &dyn Fn(&mut HttpSettings)| {
        let mut settings = settings("https://localhost");
        change(&mut settings);
        HttpStack::new(settings).unwrap_err()
    };
    for error in [
        refused(&|settings| settings.ca_files = vec![wrong.clone()]),
        refused(&|settings| settings.identity_file = Some(wrong.clone())),
        refused(&|settings| settings.identity_file = Some(authority.file())),
        refused(&|settings| settings.ca_files = vec!["/nowhere.pem".into()]),
        refused(&|settings| settings.proxy = Some(proxy("socks5://localhost"))),
        refused(&|settings| settings.proxy = Some(proxy("http://u:geheim@localhost"))),
    ] {
        assert_eq!(error.kind, ErrorKind::Misconfigured);
        assert!(error.message.contains('`'), "{error}");
        assert!(!error.message.contains("geheim"), "{error}");
    }
}

fn proxy(url: &str) -> ProxySettings {
    ProxySettings {
        url: url.into(),
        login: None,
    }
}

#[tokio::test]
async fn a_call_goes_through_the_proxy_that_is_named() {
    let between = Upstream::start(|_, _| json("{}")).await;
    let settings = HttpSettings {
        proxy: Some(ProxySettings {
            login: Some(("Aladdin".into(), Secret::new("open sesame").into())),
            ..proxy(&between.base)
        }),
        ..settings("http://tax.example/gate")
    };
    let stack = HttpStack::new(settings).unwrap();
    get(&stack, "x").await.unwrap();
    let asked = &between.asked()[0];
    assert_eq!(asked.uri.to_string(), "http://tax.example/gate/x");
    assert_eq!(
        asked.header("proxy-authorization"),
        "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="
    );
    assert_eq!(asked.header("authorization"), "Bearer geheim");
}
