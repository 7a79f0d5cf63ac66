//! Upstreams with a login page.

use std::{fs, sync::Arc};

use axum::response::Response;
use clerkwork_connectors_api::{ErrorKind, contract::Connector};
use clerkwork_core::IdempotencyKey;
use futures::future::join_all;
use serde_json::json;
use tokio::sync::Notify;

use crate::upstream::{Call, Counter, Upstream, html};

const FILE: &str = r##"
    [auth]
    kind = "form"
    page = "login"
    action = "login/check"
    csrf = { selector = "input[name=_csrf]", field = "_csrf" }
    fields = { user = { env = "USER_NAME" }, password = { env = "PASSWORD" } }
    extra = { remember = "no" }
    success = { location = "/home" }
    expired = { location = "/login", selector = "form#login" }

    [operations.state]
    idempotency = "read"
    input = {}
    output = { n = "integer" }
    request = { method = "GET", path = "state" }
    response = { kind = "html", result = { fields = { n = { path = "#n", as = "integer" } } } }

    [operations.act]
    idempotency = "none"
    input = {}
    output = {}
    request = { method = "POST", path = "act", form = { a = "1" } }
    response = { kind = "html", result = { fields = { } } }
"##;

fn redirect(to: &str) -> Response {
    Response::builder()
        .status(302)
        .header("location", to)
        .body("".into())
        .unwrap()
}

const LOGIN_PAGE: &str =
    "<title>登录</title><form id=login><input name=_csrf value='tok en'></form>";

/// Sessions `s1`, `s2` and so on; only the newest is good, and only from number `from` on.
async fn portal(from: usize) -> (Upstream, Counter) {
    let sessions = Counter::default();
    let counter = sessions.clone();
    let upstream = Upstream::start(move |call: &Call| {
        let newest = counter.now();
        let cookie = call.header("cookie");
        match call.path() {
            "/gate/login" => {
                let mut page = html(LOGIN_PAGE);
                page.headers_mut()
                    .insert("set-cookie", "visit=v; Path=/".parse().unwrap());
                page
            }
            "/gate/login/check" => {
                let right =
                    call.body == "password=geheim%3D1&user=clerk%26co&remember=no&_csrf=tok+en";
                if !right || cookie != "visit=v" {
                    return html(LOGIN_PAGE);
                }
                let mut answer = redirect("/gate/home");
                let session = format!("sid=s{}; HttpOnly", counter.next());
                answer
                    .headers_mut()
                    .insert("set-cookie", session.parse().unwrap());
                answer
            }
            _ if newest < from || !cookie.contains(&format!("sid=s{newest}")) => match newest % 2 {
                // One upstream sends to its login page, another shows it at once.
                0 => redirect("/gate/login?back=1"),
                _ => html(LOGIN_PAGE),
            },
            _ => html(format!("<p id=n> {newest} </p>")),
        }
    })
    .await;
    (upstream, sessions)
}

#[tokio::test]
async fn one_sign_in_serves_all_callers_and_is_renewed_once_when_it_is_over() {
    let (upstream, sessions) = portal(1).await;
    let connector = upstream.connector(FILE);
    let no_input = json!({});
    for round in [1, 3, 5] {
        for answer in join_all((0..20).map(|_| connector.call("state", None, &no_input))).await {
            assert_eq!(answer.unwrap().output, json!({"n": round}));
        }
        // The upstream forgets the session.
        sessions.next();
    }
    assert_eq!(upstream.count("login/check"), 3);
    let key = IdempotencyKey("k".into());
    connector.call("act", Some(&key), &no_input).await.unwrap();
    assert_eq!(
        (upstream.count("login/check"), upstream.count("act")),
        (4, 2)
    );
}

#[tokio::test]
async fn a_session_that_ends_at_once_is_renewed_once_and_no_further() {
    let (upstream, _) = portal(usize::MAX).await;
    let connector = upstream.connector(FILE);
    let error = connector.call("state", None, &json!({})).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Unauthorized, "{error}");
    assert_eq!(
        (upstream.count("login/check"), upstream.count("state")),
        (2, 2)
    );
}

#[tokio::test]
async fn a_sign_in_that_is_refused_is_not_tried_again_with_the_same_credentials() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("password");
    fs::write(&path, "wrong").unwrap();
    let (upstream, _) = portal(1).await;
    let password = format!("password = {{ file = \"{}\" }}", path.display());
    let connector =
        upstream.connector(&FILE.replace("password = { env = \"PASSWORD\" }", &password));
    let no_input = json!({});
    for answer in join_all((0..10).map(|_| connector.call("state", None, &no_input))).await {
        let error = answer.unwrap_err();
        assert_eq!(error.kind, ErrorKind::Unauthorized);
        assert!(error.message.contains("not tried again"), "{error}");
        assert!(!error.to_string().contains("wrong"));
    }
    assert_eq!(upstream.count("login/check"), 1, "no account is locked");
    connector.allow_sign_in().await;
    for _ in 0..2 {
        connector.call("state", None, &no_input).await.unwrap_err();
    }
    assert_eq!(upstream.count("login/check"), 2);
    fs::write(&path, "geheim=1").unwrap();
    connector.call("state", None, &no_input).await.unwrap();
    assert_eq!(upstream.count("login/check"), 3);
}

#[tokio::test]
async fn a_login_page_without_its_token_has_changed_and_no_form_is_sent() {
    let upstream =
        Upstream::start(|_: &Call| html("<form id=login>经办人 13800001234</form>")).await;
    let connector = upstream.connector(FILE);
    let error = connector.call("state", None, &json!({})).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::PageChanged, "{error}");
    assert!(error.message.contains("`input[name=_csrf]`"));
    let page = error.page.unwrap();
    assert!(page.body.contains("138****34") && !page.body.contains("13800001234"));
    assert_eq!(upstream.calls().len(), 1);
}

#[tokio::test]
async fn an_upstream_that_is_down_while_signing_in_is_no_refusal() {
    let checks = Counter::default();
    let counter = checks.clone();
    let upstream = Upstream::start(move |call: &Call| match call.path() {
        "/gate/login" => html(LOGIN_PAGE),
        "/gate/login/check" if counter.next() == 1 => crate::upstream::status(503),
        "/gate/login/check" => redirect("/gate/home"),
        _ => html("<p id=n>7</p>"),
    })
    .await;
    let connector = upstream.connector(FILE);
    let error = connector.call("state", None, &json!({})).await.unwrap_err();
    assert_eq!(
        error.kind,
        ErrorKind::Transient,
        "nothing was done: {error}"
    );
    assert_eq!(checks.now(), 1, "a form is sent once");
    assert_eq!(
        connector
            .call("state", None, &json!({}))
            .await
            .unwrap()
            .output,
        json!({"n": 7})
    );
}

#[tokio::test]
async fn a_sign_in_that_came_off_is_recognised_by_what_the_file_names() {
    for success in [
        "cookie = \"sid\"",
        "status = 302",
        "location = \"home\", selector = \"#nothing\"",
    ] {
        let (upstream, _) = portal(1).await;
        let file = FILE.replace(
            "success = { location = \"/home\" }",
            &format!("success = {{ {success} }}"),
        );
        assert!(file.contains(success));
        let connector = upstream.connector(&file);
        let answer = connector.call("state", None, &json!({})).await;
        assert_eq!(answer.unwrap().output, json!({"n": 1}), "{success}");

        let wrong = upstream.connector(&file.replace("USER_NAME", "PASSWORD"));
        let error = wrong.call("state", None, &json!({})).await.unwrap_err();
        assert_eq!(error.kind, ErrorKind::Unauthorized, "{success}");
    }
}

#[tokio::test]
async fn a_sign_in_goes_on_when_its_caller_goes_away() {
    let arrived = Arc::new(Notify::new());
    let tell = Arc::clone(&arrived);
    let upstream = Upstream::start(move |call: &Call| match call.path() {
        "/gate/login" => html(LOGIN_PAGE),
        "/gate/login/check" => {
            tell.notify_one();
            let mut answer = redirect("/gate/home");
            answer
                .headers_mut()
                .insert("set-cookie", "sid=s1".parse().unwrap());
            answer
        }
        _ => html("<p id=n>1</p>"),
    })
    .await;
    let connector = upstream.connector(FILE);
    let no_input = json!({});
    tokio::select! {
        biased;
        () = arrived.notified() => {}
        _ = connector.call("state", None, &no_input) => panic!("the form was not sent"),
    }
    // The form is on its way and nobody waits for it; the next caller finds what came of it.
    connector.call("state", None, &no_input).await.unwrap();
    assert_eq!(upstream.count("login/check"), 1);
}

/// Many upstreams give a visitor a cookie of the name that the session has later.
#[tokio::test]
async fn a_cookie_of_the_login_page_is_no_sign_of_success_and_a_wrong_password_goes_out_once() {
    let upstream = Upstream::start(|call: &Call| {
        let mut page = html(LOGIN_PAGE);
        if call.method == "GET" {
            page.headers_mut()
                .insert("set-cookie", "sid=visitor; Path=/".parse().unwrap());
        }
        page
    })
    .await;
    let file = FILE.replace(
        "success = { location = \"/home\" }",
        "success = { cookie = \"sid\" }",
    );
    let connector = upstream.connector(&file);
    for _ in 0..3 {
        let error = connector.call("state", None, &json!({})).await.unwrap_err();
        assert_eq!(error.kind, ErrorKind::Unauthorized, "{error}");
    }
    assert_eq!(upstream.count("login/check"), 1);
}
