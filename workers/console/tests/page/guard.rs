//! Who gets in, and what every answer says to the browser.

use clerkwork_console::paths;
use reqwest::{Method, Response, StatusCode, header};

use crate::visitor::{Served, client, serve};

/// What every answer carries, whatever it is.
fn assert_sealed(answer: &Response, what: &str) {
    for (name, expected) in [
        (header::CONTENT_SECURITY_POLICY, "default-src 'self'"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::CACHE_CONTROL, "no-store"),
    ] {
        let value = answer.headers().get(&name);
        let value = value.unwrap_or_else(|| panic!("{what}: no {name}"));
        assert!(value.to_str().unwrap().contains(expected), "{what}: {name}");
    }
    let policy = answer.headers()[header::CONTENT_SECURITY_POLICY].to_str();
    assert!(!policy.unwrap().contains("unsafe"), "{what}");
}

/// The routes, and one that is none.
fn all_paths() -> impl Iterator<Item = &'static str> {
    paths().chain(["/no/such/page"])
}

#[tokio::test]
async fn no_route_answers_without_the_token() {
    let served = serve(0).await;
    assert!(paths().count() >= 5);
    for path in all_paths() {
        let url = format!("{}{path}", served.origin());
        let port = served.origin().rsplit(':').next().unwrap();
        let wrong = "0".repeat(64);
        let strangers = [
            ("nothing", client().get(&url)),
            ("a wrong bearer", client().get(&url).bearer_auth(&wrong)),
            ("an empty bearer", client().get(&url).bearer_auth("")),
            (
                "a wrong token",
                client().get(&url).query(&[("token", &wrong)]),
            ),
            ("an empty token", client().get(&url).query(&[("token", "")])),
            (
                "a wrong cookie",
                client()
                    .get(&url)
                    .header(header::COOKIE, format!("clerkwork_{port}={wrong}")),
            ),
            (
                "the token in a cookie of another name",
                client()
                    .get(&url)
                    .header(header::COOKIE, format!("other={}", served.token())),
            ),
            ("another method", client().request(Method::POST, &url)),
        ];
        for (what, request) in strangers {
            let answer = request.send().await.unwrap();
            let what = format!("{path} with {what}");
            assert_eq!(answer.status(), StatusCode::UNAUTHORIZED, "{what}");
            assert_sealed(&answer, &what);
            assert!(answer.headers().get(header::SET_COOKIE).is_none(), "{what}");
            assert!(!answer.text().await.unwrap().contains(served.token()));
        }
    }
}

#[tokio::test]
async fn every_route_answers_with_the_token_and_none_is_for_writing() {
    let served = serve(0).await;
    for path in paths() {
        let answer = served.get(path).await;
        assert_eq!(answer.status(), StatusCode::OK, "{path}");
        assert_sealed(&answer, path);
        for method in [Method::POST, Method::PUT, Method::DELETE, Method::PATCH] {
            let url = format!("{}{path}", served.origin());
            let request = client().request(method, url).bearer_auth(served.token());
            let answer = request.send().await.unwrap();
            assert_eq!(answer.status(), StatusCode::METHOD_NOT_ALLOWED, "{path}");
            assert_sealed(&answer, path);
        }
    }
    let answer = served.get("/no/such/page").await;
    assert_eq!(answer.status(), StatusCode::NOT_FOUND);
    assert_sealed(&answer, "no such page");
    assert_eq!(
        answer.headers()[header::CONTENT_TYPE],
        "application/problem+json"
    );
}

#[tokio::test]
async fn the_token_leaves_the_address_for_a_cookie_that_opens_everything() {
    let served = serve(0).await;
    let answer = client().get(served.console.url()).send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::SEE_OTHER);
    assert_eq!(answer.headers()[header::LOCATION], "/");
    assert_sealed(&answer, "the redirect");
    let cookie = answer.headers()[header::SET_COOKIE].to_str().unwrap();
    let (pair, attributes) = cookie.split_once(';').unwrap();
    for attribute in ["HttpOnly", "SameSite=Strict", "Path=/"] {
        assert!(attributes.contains(attribute), "{cookie}");
    }
    for path in paths() {
        let url = format!("{}{path}", served.origin());
        // Other pages of this host have cookies, too.
        let cookies = format!("a=b; {pair}; c=d");
        let request = client().get(url).header(header::COOKIE, cookies);
        assert_eq!(request.send().await.unwrap().status(), StatusCode::OK);
    }
}

#[tokio::test]
async fn a_foreign_name_that_leads_here_is_refused() {
    let served = serve(0).await;
    let port = served.origin().rsplit(':').next().unwrap();
    for path in all_paths() {
        for host in [
            "evil.example".to_owned(),
            format!("evil.example:{port}"),
            format!("127.0.0.1.evil.example:{port}"),
            "127.0.0.1:1".to_owned(),
            "localhost".to_owned(),
        ] {
            let answer = as_host(&served, path, &host).await;
            assert_eq!(answer.status(), StatusCode::MISDIRECTED_REQUEST, "{host}");
            assert_sealed(&answer, &host);
        }
    }
    let answer = as_host(&served, "/", &format!("localhost:{port}")).await;
    assert_eq!(answer.status(), StatusCode::OK);
}

/// Asks with the right token and this name.
async fn as_host(served: &Served, path: &str, host: &str) -> Response {
    let url = format!("{}{path}", served.origin());
    let request = client().get(url).bearer_auth(served.token());
    request.header(header::HOST, host).send().await.unwrap()
}
