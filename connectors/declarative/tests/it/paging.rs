//! Lists that are read page by page, and those that turn in a circle.

use axum::response::Response;
use clerkwork_connectors_api::{ErrorKind, contract::Connector};
use clerkwork_declarative::Declarative;
use serde_json::{Value, json};

use crate::upstream::{Call, Upstream, html, json};

fn file(query: &str, pagination: &str) -> String {
    format!(
        r#"
        [operations.waiting]
        idempotency = "read"
        output = {{ n = "integer" }}
        request = {{ method = "GET", path = "list", query = {{ {query} }} }}
        pagination = {{ {pagination} }}
        response = {{ result = {{ path = "items", each = {{ fields = {{ n = "n" }} }} }} }}
        "#
    )
}

fn numbers(numbers: impl IntoIterator<Item = u64>) -> Value {
    numbers.into_iter().map(|n| json!({ "n": n })).collect()
}

/// The value of a parameter of the query.
fn asked(call: &Call, name: &str) -> Option<String> {
    let found = call
        .query()
        .split('&')
        .find_map(|pair| pair.strip_prefix(&format!("{name}=")));
    found.map(str::to_owned)
}

/// Every item, and how many pages.
async fn all(connector: &Declarative) -> Result<(Vec<u64>, usize), String> {
    let (mut items, mut after, mut pages) = (Vec::new(), None, 0);
    loop {
        let polled = connector.poll("waiting", after.as_deref(), 3).await;
        let polled = polled.map_err(|error| {
            assert_eq!(error.kind, ErrorKind::Misconfigured);
            error.message
        })?;
        pages += 1;
        assert!(pages < 1000, "no end was found");
        items.extend(polled.items.iter().map(|item| item["n"].as_u64().unwrap()));
        after = polled.next;
        if after.is_none() {
            return Ok((items, pages));
        }
    }
}

#[tokio::test]
async fn a_list_goes_on_by_a_cursor_the_last_item_or_the_number_of_a_page() {
    let upstream = Upstream::start(|call: &Call| {
        assert_eq!(
            asked(call, "limit").unwrap(),
            "2",
            "as much as the upstream allows"
        );
        let start = match (asked(call, "c"), asked(call, "after"), asked(call, "page")) {
            (Some(cursor), _, _) => cursor.strip_prefix("at-").unwrap().parse().unwrap(),
            (_, Some(last), _) => last.parse::<u64>().unwrap() + 1,
            (_, _, Some(page)) => (page.parse::<u64>().unwrap() - 1) * 2 + 1,
            _ => 1,
        };
        let end = (start + 2).min(6);
        let next = (end < 6).then(|| format!("at-{end}"));
        json(json!({"items": numbers(start..end), "next": next, "pages": 3}))
    })
    .await;
    for (query, pagination, pages) in [
        (
            "c = '{cursor?}', limit = '{limit}'",
            "cursor = 'next', max_limit = 2",
            3,
        ),
        (
            "after = '{cursor?}', limit = '{limit}'",
            "last_item = 'n', max_limit = 2",
            4,
        ),
        (
            "page = '{cursor}', limit = '{limit}'",
            "page_number = {}, max_limit = 2",
            4,
        ),
        (
            "page = '{cursor}', limit = '{limit}'",
            "page_number = { total_pages = 'pages' }, max_limit = 2",
            3,
        ),
    ] {
        let connector = upstream.connector(&file(query, pagination));
        assert_eq!(
            all(&connector).await.unwrap(),
            (vec![1, 2, 3, 4, 5], pages),
            "{pagination}"
        );
    }
    let connector = upstream.connector(&file(
        "c = '{cursor?}', limit = '{limit}'",
        "cursor = 'next', max_limit = 2",
    ));
    let error = connector
        .poll("waiting", Some("at-3"), 2)
        .await
        .unwrap_err();
    assert!(error.message.contains("not from here"), "{error}");
    let error = connector
        .call("waiting", None, &json!({}))
        .await
        .unwrap_err();
    assert!(error.message.contains("poll it"), "{error}");
}

#[tokio::test]
async fn a_list_goes_on_by_links_of_header_or_page_that_stay_with_the_upstream() {
    let upstream = Upstream::start(|call: &Call| {
        let at = asked(call, "from").map_or(1, |from| from.parse::<u64>().unwrap());
        if call.path() == "/gate/pages" {
            let next = match at {
                1 => "<a class=next href='pages?from=2'>",
                2 => "<a class=next href='http://elsewhere.example/'>",
                _ => "",
            };
            return html(format!("<ul id=l><li>{at}</ul>{next}"));
        }
        let mut answer: Response = json(json!({"items": numbers([at])}));
        if at < 3 {
            let link = format!("</gate/list?from={}>; rel=\"next\"", at + 1);
            answer.headers_mut().insert("link", link.parse().unwrap());
        }
        answer
    })
    .await;
    let connector = upstream.connector(&file("", "link = 'header'"));
    assert_eq!(all(&connector).await.unwrap(), (vec![1, 2, 3], 3));
    let connector = upstream.connector(
        r##"
        [operations.waiting]
        idempotency = "read"
        output = { n = "integer" }
        request = { method = "GET", path = "pages" }
        pagination = { link = { selector = "a.next" } }
        response = { kind = "html", result = { within = "#l", path = "li", each = { fields = { n = { as = "integer" } } } } }
        "##,
    );
    let first = connector.poll("waiting", None, 1).await.unwrap();
    assert_eq!(first.items, [json!({"n": 1})]);
    let error = connector
        .poll("waiting", first.next.as_deref(), 1)
        .await
        .unwrap_err();
    assert!(
        error.message.contains("leads away from the upstream"),
        "{error}"
    );
    // A cursor is checked too: it comes from outside.
    let forged = first
        .next
        .unwrap()
        .replace(&upstream.base, "http://elsewhere.example/gate");
    let error = connector
        .poll("waiting", Some(&forged), 1)
        .await
        .unwrap_err();
    assert!(error.message.contains("would leave `base_url`"), "{error}");
}

#[tokio::test]
async fn a_list_that_turns_in_a_circle_is_told() {
    // Cursors 1 → 2 → … → 9 → 4 → 5 …, with items of their own each time.
    let count = crate::upstream::Counter::default();
    let upstream = Upstream::start(move |call: &Call| {
        let at = asked(call, "c").map_or(1, |c| c.parse::<u64>().unwrap());
        let next = if at == 9 { 4 } else { at + 1 };
        json(json!({"items": numbers([count.next() as u64]), "next": next}))
    })
    .await;
    let connector = upstream.connector(&file("c = '{cursor?}'", "cursor = 'next'"));
    let why = all(&connector).await.unwrap_err();
    assert!(why.contains("turns in a circle"), "{why}");
    let connector = upstream.connector(&file("c = '{cursor?}'", "cursor = 'next', max_pages = 5"));
    let why = all(&connector).await.unwrap_err();
    assert!(why.contains("more than 5 pages"), "{why}");

    // An upstream that does not mind the number of the page.
    let upstream = Upstream::start(|_: &Call| json(json!({"items": numbers([1, 2])}))).await;
    let connector = upstream.connector(&file("page = '{cursor}'", "page_number = {}"));
    let why = all(&connector).await.unwrap_err();
    assert!(
        why.contains("page 2 begins with the same item as page 1"),
        "{why}"
    );
    let connector = upstream.connector(&file("after = '{cursor?}'", "last_item = 'n'"));
    assert!(
        all(&connector)
            .await
            .unwrap_err()
            .contains("turns in a circle")
    );

    let upstream = Upstream::start(|_: &Call| json(json!({"items": numbers([1, 2, 1])}))).await;
    let connector = upstream.connector(&file("page = '{cursor}'", "page_number = {}"));
    assert!(
        all(&connector)
            .await
            .unwrap_err()
            .contains("comes again on the same page")
    );
}
