//! Writes: how they end, and how they are looked up.

use std::time::Duration;

use clerkwork_connectors_api::{
    ErrorKind,
    contract::{Connector, Looked},
};
use clerkwork_core::{IdempotencyKey, Text};
use serde_json::{Value, json};

use crate::upstream::{Call, Upstream, html, json, status};

const FILE: &str = r#"
    [envelope]
    code = "code"
    ok = "0"
    message = "msg"

    [errors]
    status = { 409 = "outcome_unknown", 404 = "not_found", 429 = "rate_limited" }
    codes = { 5 = "rejected", 6 = "transient", 7 = "unauthorized", 8 = "misconfigured" }
    words = { "重复" = "outcome_unknown" }

    [operations.order]
    idempotency = "read"
    input = { number = "text" }
    output = "any"
    request = { method = "GET", path = "orders/{number}" }
    response = { result = { fields = { state = "state", sum = "sum", id = "id" } } }

    [operations.pay]
    idempotency = "business_key"
    input = { number = "text", sum = "integer", lines = [{ n = "text" }], kind = "text" }
    output = { id = "text" }

    [operations.pay.request]
    method = "PUT"
    path = "orders/{number}/payment"
    headers = { Idempotency-Key = "{key}" }

    [operations.pay.request.json]
    sum = "{sum}"
    kind = { "$word" = "{kind}", "$map" = { cash = "01" } }
    rows = { "$each" = "{lines}", "$item" = { no = "{item.n}" } }

    [operations.pay.response]
    same = { number = "{number}" }
    result = { fields = { id = "id" } }

    [operations.pay.lookup]
    operation = "order"
    input = { number = "{number}" }
    happened = { when = { state = ["paid", "closed"], sum = "{sum}" }, result = { id = "{found.id}" } }
    did_not_happen = { when = { state = "open" } }
    unclear = [{ when = { "$" = { exists = false } }, text = { zh = "无此订单", en = "there is no such order" } }]
    otherwise = { zh = "状态不明", en = "it is in another state" }
"#;

fn input(number: &str) -> Value {
    json!({"number": number, "sum": 5, "lines": [{"n": "a"}, {"n": "b"}], "kind": "cash"})
}

#[tokio::test]
async fn a_write_ends_as_its_table_says_and_what_is_in_none_is_unclear() {
    let upstream = Upstream::start(|call: &Call| {
        let number = call.path().split('/').nth(3).unwrap().replace("%2F", "/");
        match number.as_str() {
            "s409" => status(409),
            "s404" => status(404),
            "s429" => {
                let mut answer = status(429);
                answer
                    .headers_mut()
                    .insert("retry-after", "7".parse().unwrap());
                answer
            }
            "s302" => status(302),
            "s500" => status(500),
            "page" => html("<title>维护</title>"),
            "text" => json(json!("x")),
            "other" => json(json!({"code": "0", "number": "A-2", "id": "i"})),
            "partly" => json(json!({"code": "0", "number": "partly"})),
            "wrong" => json(json!({"code": "0", "number": "wrong", "id": 5})),
            "again" => json(json!({"code": "5", "msg": "重复的请求"})),
            code => match code.strip_prefix('c') {
                Some(code) => json(json!({"code": code, "msg": "账号 6222020200112233 有误"})),
                None => json(json!({"code": 0, "number": number, "id": "i-1"})),
            },
        }
    })
    .await;
    let connector = upstream.connector(FILE);
    let key = IdempotencyKey("k-1".into());
    let pay = async |number: &str| connector.call("pay", Some(&key), &input(number)).await;
    assert_eq!(pay("A/1").await.unwrap().output, json!({"id": "i-1"}));
    let call = upstream.calls()[0].clone();
    assert_eq!(
        (call.method.as_str(), call.path()),
        ("PUT", "/gate/orders/A%2F1/payment")
    );
    assert_eq!(call.header("idempotency-key"), "k-1");
    let body: Value = serde_json::from_str(&call.body).unwrap();
    assert_eq!(
        body,
        json!({"sum": 5, "kind": "01", "rows": [{"no": "a"}, {"no": "b"}]})
    );

    let limited = ErrorKind::RateLimited {
        retry_after: Some(Duration::from_secs(7)),
    };
    for (number, kind) in [
        ("c5", ErrorKind::Rejected),
        ("c6", ErrorKind::Transient),
        ("c7", ErrorKind::Unauthorized),
        ("c8", ErrorKind::Misconfigured),
        ("c9", ErrorKind::OutcomeUnknown),
        ("again", ErrorKind::OutcomeUnknown),
        ("s404", ErrorKind::Rejected),
        ("s409", ErrorKind::OutcomeUnknown),
        ("s429", limited),
        ("s302", ErrorKind::OutcomeUnknown),
        ("s500", ErrorKind::OutcomeUnknown),
        ("page", ErrorKind::OutcomeUnknown),
        ("text", ErrorKind::OutcomeUnknown),
        ("other", ErrorKind::OutcomeUnknown),
        ("partly", ErrorKind::OutcomeUnknown),
        ("wrong", ErrorKind::OutcomeUnknown),
    ] {
        let before = upstream.calls().len();
        let error = pay(number).await.unwrap_err();
        assert_eq!(error.kind, kind, "{number}: {error}");
        assert_eq!((error.connector, error.operation), ("test", "pay"));
        assert!(!error.message.contains("6222020200112233"), "{error}");
        assert_eq!(upstream.calls().len(), before + 1, "{number} was sent once");
    }
    let error = pay("c5").await.unwrap_err();
    assert_eq!(
        error.message,
        "upstream answered with code `5`: 账号 622****33 有误"
    );
    assert_eq!(error.code.as_deref(), Some("5"));
}

#[tokio::test]
async fn what_does_not_fit_is_told_before_anything_is_sent() {
    let upstream = Upstream::start(|_: &Call| status(500)).await;
    let connector = upstream.connector(FILE);
    let key = IdempotencyKey("k-1".into());
    let mut wrong = input("A");
    wrong["kind"] = json!("geheim");
    for (key, input, why) in [
        (None, input("A"), "a write needs an idempotency key"),
        (
            Some(&key),
            json!({"number": "A"}),
            "the input does not fit: `.kind` is missing",
        ),
        (
            Some(&key),
            input(".."),
            "`{number}`: an empty value, or dots alone",
        ),
        (Some(&key), wrong, "not in its `$map`; there are: cash"),
    ] {
        let error = connector.call("pay", key, &input).await.unwrap_err();
        assert_eq!(error.kind, ErrorKind::Misconfigured);
        assert!(
            error.message.contains(why) && !error.message.contains("geheim"),
            "{error}"
        );
    }
    let error = connector.call("repay", None, &json!({})).await.unwrap_err();
    assert!(error.message.contains("there are: order, pay"), "{error}");
    let error = connector
        .lookup("order", &key, &json!({"number": "A"}))
        .await
        .unwrap_err();
    assert!(error.message.contains("cannot be looked up"), "{error}");
    assert_eq!(upstream.calls().len(), 0);
}

#[tokio::test]
async fn a_lookup_says_whether_it_happened_or_what_is_there_instead() {
    let upstream = Upstream::start(|call: &Call| {
        let order = |state: &str, sum: u64| {
            json(json!({"code": "0", "state": state, "sum": sum, "id": "i-7"}))
        };
        match call.path() {
            "/gate/orders/paid" => order("paid", 5),
            "/gate/orders/other" => order("paid", 6),
            "/gate/orders/open" => order("open", 0),
            "/gate/orders/down" => json(json!({"code": "6", "msg": "稍后"})),
            _ => status(404),
        }
    })
    .await;
    let connector = upstream.connector(FILE);
    let key = IdempotencyKey("k-1".into());
    let look = async |number: &str| connector.lookup("pay", &key, &input(number)).await;
    assert_eq!(
        look("paid").await.unwrap(),
        Looked::Happened(json!({"id": "i-7"}))
    );
    assert_eq!(look("open").await.unwrap(), Looked::DidNotHappen);
    let unclear = |zh: &str, en: &str| Looked::Unclear(Text::owned(zh, en));
    assert_eq!(
        look("other").await.unwrap(),
        unclear("状态不明", "it is in another state")
    );
    assert_eq!(
        look("none").await.unwrap(),
        unclear("无此订单", "there is no such order")
    );
    assert_eq!(look("down").await.unwrap_err().kind, ErrorKind::Transient);
    assert!(
        upstream.calls().iter().all(|call| call.method == "GET"),
        "a lookup only reads"
    );
}
