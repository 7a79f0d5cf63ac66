//! Credentials on the wire.

use std::fs;

use axum::http::StatusCode;
use clerkwork_connectors_api::{
    ErrorKind,
    credential::{Credential, Secret},
    http::{Auth, HttpSettings, HttpStack},
};

use crate::upstream::{Upstream, get, json};

fn stack(upstream: &Upstream, auth: Auth) -> HttpStack {
    let settings = HttpSettings {
        auth,
        ..upstream.settings()
    };
    HttpStack::new(settings).unwrap()
}

#[tokio::test]
async fn each_way_to_prove_who_we_are_has_its_header() {
    let upstream = Upstream::start(|_, _| json("{}")).await;
    let secret = || Credential::Value(Secret::new("open sesame"));
    for auth in [
        Auth::None,
        Auth::Bearer(secret()),
        Auth::Basic {
            user: "Aladdin".into(),
            password: secret(),
        },
        Auth::Header {
            name: "X-Api-Key".into(),
            value: secret(),
        },
    ] {
        let stack = stack(&upstream, auth);
        get(&stack, "x").await.unwrap();
        assert!(!format!("{stack:?}").contains("sesame"));
    }
    let proofs: Vec<_> = upstream
        .asked()
        .iter()
        .map(|asked| {
            let header = |name| asked.header(name).to_owned();
            (header("authorization"), header("x-api-key"))
        })
        .collect();
    let proof = |authorization: &str, key: &str| (authorization.to_owned(), key.to_owned());
    assert_eq!(
        proofs,
        [
            proof("", ""),
            proof("Bearer open sesame", ""),
            // The example of RFC 7617.
            proof("Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==", ""),
            proof("", "open sesame"),
        ]
    );
}

#[tokio::test]
async fn a_token_that_was_replaced_serves_after_the_old_one_was_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("token");
    fs::write(&path, "old\n").unwrap();
    let upstream = Upstream::start(|call, asked| {
        let valid = if call == 0 {
            "Bearer old"
        } else {
            "Bearer new"
        };
        match asked.header("authorization") == valid {
            true => json("{}"),
            false => axum::response::IntoResponse::into_response(StatusCode::UNAUTHORIZED),
        }
    })
    .await;
    let stack = stack(&upstream, Auth::Bearer(Credential::File(path.clone())));
    get(&stack, "x").await.unwrap();
    fs::write(folder.path().join("next"), "new\n").unwrap();
    fs::rename(folder.path().join("next"), &path).unwrap();
    // Within the second in which the file is not looked at: the refusal has it looked at.
    if let Err(error) = get(&stack, "x").await {
        assert_eq!(error.kind, ErrorKind::Unauthorized);
    }
    get(&stack, "x").await.unwrap();
}

#[tokio::test]
async fn without_its_credential_nothing_is_sent_and_the_reference_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let empty = folder.path().join("empty");
    fs::write(&empty, "\n").unwrap();
    let broken = folder.path().join("broken");
    fs::write(&broken, "geheim\u{7f}").unwrap();
    let upstream = Upstream::start(|_, _| json("{}")).await;
    for (credential, named) in [
        (
            Credential::Env("CLERKWORK_NO_SUCH".into()),
            "`CLERKWORK_NO_SUCH`",
        ),
        (
            Credential::File("/nowhere/token".into()),
            "`/nowhere/token`",
        ),
        (Credential::File(empty), "empty"),
        (Credential::File(broken), "characters"),
        (Credential::Systemd("etax".into()), "`etax`"),
    ] {
        let stack = stack(&upstream, Auth::Bearer(credential));
        let error = get(&stack, "x").await.unwrap_err();
        assert_eq!(error.kind, ErrorKind::Misconfigured);
        assert!(error.message.contains(named), "{error}");
        assert!(!error.message.contains("geheim"), "{error}");
        assert_eq!(stack.breaker().calls, 0, "the upstream is not to blame");
    }
    assert_eq!(upstream.asked().len(), 0);
}
