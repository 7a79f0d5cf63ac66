//! Writes whose form stands on a page.

use axum::response::Response;
use clerkwork_connectors_api::{ErrorKind, contract::Connector};
use clerkwork_core::IdempotencyKey;
use serde_json::{Value, json};

use crate::upstream::{Call, Counter, Upstream, html, status};

const FILE: &str = r##"
    [operations.change]
    idempotency = "none"
    input = { number = "text", note = "text", grade = "text?" }
    output = {}

    [operations.change.request]
    method = "POST"
    path = "issue/{number}"
    query = { v = "1" }
    form = { note = "{note}", grade = "{grade?}", "@action" = "save" }
    page = { path = "issue/{number}", query = { "@template" = "item" }, form = "form#item", keep = "KEEP" }

    [operations.change.response]
    kind = "html"
    statuses = 302
    location = "/gate/issue/"
"##;

const FORM: &str = "<form id=other action=elsewhere><input type=hidden name=x value=0></form>\
    <form id=item method=post action='7?v=2'>\
    <input type=hidden name='@csrf' value='to ken'><input type=hidden name=note value=old>\
    <input name=title value='a &amp; b'><input name=off value=1 disabled><input value=nameless>\
    <input type=checkbox name=tag value=x checked><input type=checkbox name=tag value=y>\
    <input type=radio name=kind value=p><input type=radio name=kind checked>\
    <textarea name=text>one\ntwo</textarea>\
    <select name=grade><option value=A>a<option selected>B b</select>\
    <select name=first><option value=1>1<option value=2>2</select>\
    <select name=many multiple><option value=1>1<option value=2>2</select>\
    <input type=submit name=delete value=yes><button name=press>go</button><input type=file name=f></form>";

fn redirect(to: &str) -> Response {
    let answer = Response::builder().status(302).header("location", to);
    answer.body("".into()).unwrap()
}

fn saved() -> Response {
    redirect("/gate/issue/7")
}

async fn change(upstream: &Upstream, keep: &str, input: Value) -> Result<(), ErrorKind> {
    let connector = upstream.connector(&FILE.replace("KEEP", keep));
    let key = IdempotencyKey("k".into());
    let answer = connector.call("change", Some(&key), &input).await;
    answer.map(|_| ()).map_err(|error| {
        let kind = error.kind;
        let with_page = [ErrorKind::PageChanged, ErrorKind::OutcomeUnknown];
        assert_eq!(error.page.is_some(), with_page.contains(&kind), "{error}");
        kind
    })
}

async fn showing(page: &'static str) -> Upstream {
    Upstream::start(move |call: &Call| match call.method.as_str() {
        "GET" => html(page),
        _ => saved(),
    })
    .await
}

#[tokio::test]
async fn hidden_fields_of_the_page_go_along_and_what_is_declared_wins() {
    let upstream = showing(FORM).await;
    let input = json!({"number": "7", "note": "new"});
    change(&upstream, "hidden", input).await.unwrap();
    let calls = upstream.calls();
    let [page, form] = &calls[..] else {
        panic!("{calls:?}")
    };
    assert_eq!(
        (page.path(), page.query()),
        ("/gate/issue/7", "%40template=item")
    );
    assert_eq!((form.path(), form.query()), ("/gate/issue/7", "v=1"));
    assert_eq!(form.body, "%40csrf=to+ken&%40action=save&note=new");
}

#[tokio::test]
async fn a_form_that_changes_something_keeps_what_was_filled_in() {
    let upstream = showing(FORM).await;
    let input = json!({"number": "7", "note": "两\n行", "grade": "C"});
    change(&upstream, "all", input).await.unwrap();
    assert_eq!(
        upstream.calls()[1].body,
        "%40csrf=to+ken&title=a+%26+b&tag=x&kind=on&text=one%0D%0Atwo&first=1\
         &%40action=save&grade=C&note=%E4%B8%A4%0D%0A%E8%A1%8C"
    );
    // What is left out stays as it was.
    let input = json!({"number": "7", "note": "n"});
    change(&upstream, "all", input).await.unwrap();
    assert!(upstream.calls()[3].body.contains("&grade=B+b&"));
}

#[tokio::test]
async fn a_form_is_sent_in_the_charset_of_its_page_or_not_at_all() {
    let upstream = Upstream::start(|call: &Call| {
        let page = "<meta charset=gbk><form id=item action=7></form>";
        if call.method != "GET" {
            return saved();
        }
        let mut answer = html(page);
        answer
            .headers_mut()
            .insert("content-type", "text/html".parse().unwrap());
        answer
    })
    .await;
    let input = |note: &str| json!({"number": "7", "note": note});
    change(&upstream, "hidden", input("税")).await.unwrap();
    assert_eq!(upstream.calls()[1].body, "%40action=save&note=%CB%B0");
    let refused = change(&upstream, "hidden", input("😀")).await;
    assert_eq!(refused, Err(ErrorKind::Misconfigured));
    assert_eq!(
        upstream.calls().len(),
        3,
        "nothing but the page was asked for"
    );
}

#[tokio::test]
async fn a_form_that_is_gone_or_goes_elsewhere_is_a_changed_page_and_nothing_is_sent() {
    for page in [
        "<p>maintenance",
        "<form action=7></form>",
        "<form id=item action=/gate/issue/8></form>",
        "<form id=item action=http://evil.example/gate/issue/7></form>",
    ] {
        let upstream = showing(page).await;
        let input = json!({"number": "7", "note": "n"});
        let changed = change(&upstream, "hidden", input).await;
        assert_eq!(changed, Err(ErrorKind::PageChanged), "{page}");
        assert_eq!(upstream.calls().len(), 1, "{page}");
    }
}

#[tokio::test]
async fn a_page_that_cannot_be_opened_is_no_write_of_unclear_outcome() {
    let upstream = Upstream::start(|_: &Call| status(503)).await;
    let input = json!({"number": "7", "note": "n"});
    let failed = change(&upstream, "hidden", input).await;
    assert_eq!(failed, Err(ErrorKind::Transient));
    assert!(upstream.calls().iter().all(|call| call.method == "GET"));
}

#[tokio::test]
async fn a_form_that_is_shown_again_or_leads_elsewhere_is_no_success() {
    for answer in [
        || html("<p class=error>title is missing"),
        || redirect("/gate/error"),
    ] {
        let upstream = Upstream::start(move |call: &Call| match call.method.as_str() {
            "GET" => html(FORM),
            _ => answer(),
        })
        .await;
        let input = json!({"number": "7", "note": "n"});
        let unclear = change(&upstream, "hidden", input).await;
        assert_eq!(unclear, Err(ErrorKind::OutcomeUnknown));
    }
}

#[tokio::test]
async fn fields_outside_the_form_and_the_query_of_its_address_go_along() {
    let upstream = showing(
        "<form id=item method=POST action='7?t=1'><fieldset disabled><input name=off value=1></fieldset></form>\
         <input form=item name=far value=1><input form=other name=not value=1>",
    )
    .await;
    let file = FILE
        .replace("KEEP", "all")
        .replace("query = { v = \"1\" }", "");
    let connector = upstream.connector(&file);
    let key = IdempotencyKey("k".into());
    let input = json!({"number": "7", "note": "n"});
    connector.call("change", Some(&key), &input).await.unwrap();
    let sent = upstream.calls()[1].clone();
    assert_eq!(
        (sent.query(), sent.body.as_str()),
        ("t=1", "far=1&%40action=save&note=n")
    );
    let upstream = showing("<form id=item method=get action=7></form>").await;
    let input = json!({"number": "7", "note": "n"});
    let changed = change(&upstream, "all", input).await;
    assert_eq!(changed, Err(ErrorKind::PageChanged));
}

const SIGNED_IN: &str = r##"
    [auth]
    kind = "form"
    action = "login"
    fields = { user = { env = "USER_NAME" } }
    success = { cookie = "sid" }
    expired = { selector = "form#login" }
"##;

/// A session that ends between the page and its form: the token of the old page is worth nothing.
#[tokio::test]
async fn a_session_that_ends_before_the_form_is_sent_opens_the_page_again() {
    let sessions = Counter::default();
    let (counter, lost) = (sessions.clone(), Counter::default());
    let upstream = Upstream::start(move |call: &Call| {
        let session = counter.now();
        match (call.method.as_str(), call.path()) {
            (_, "/gate/login") => Response::builder()
                .header("set-cookie", format!("sid=s{}", counter.next()))
                .body("".into())
                .unwrap(),
            ("GET", _) if call.header("cookie") == format!("sid=s{session}") => html(format!(
                "<form id=item action=7><input type=hidden name=t value=t{session}></form>"
            )),
            ("POST", _)
                if call.header("cookie") == format!("sid=s{session}")
                    && call.body.contains(&format!("t=t{session}&"))
                    && lost.next() > 1 =>
            {
                saved()
            }
            _ => html("<form id=login>"),
        }
    })
    .await;
    let connector = upstream.connector(&format!("{SIGNED_IN}{}", FILE.replace("KEEP", "hidden")));
    let key = IdempotencyKey("k".into());
    let input = json!({"number": "7", "note": "n"});
    connector.call("change", Some(&key), &input).await.unwrap();
    assert_eq!(sessions.now(), 2);
    let methods: Vec<_> = upstream
        .calls()
        .iter()
        .map(|call| {
            format!(
                "{} {}",
                call.method,
                call.path().trim_start_matches("/gate/")
            )
        })
        .collect();
    assert_eq!(
        methods,
        [
            "POST login",
            "GET issue/7",
            "POST issue/7",
            "POST login",
            "GET issue/7",
            "POST issue/7"
        ]
    );
}
