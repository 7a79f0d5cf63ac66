//! Answers of HTML and XML.

use axum::response::Response;
use clerkwork_connectors_api::{ErrorKind, contract::Connector};
use clerkwork_core::IdempotencyKey;
use serde_json::json;

use crate::upstream::{Call, Upstream, html};

const PORTAL: &str = r##"
    [operations.list]
    idempotency = "read"
    input = { day = "date" }
    output = [{ number = "text", net = "integer", rate = "decimal", on = "date", state = "text", link = "text", note = "text?" }]
    request = { method = "GET", path = "list/{day}", query = { q = "税 {day}" } }

    [operations.list.response]
    kind = "html"
    [operations.list.response.result]
    within = "table#list"
    path = "tr.row"
    [operations.list.response.result.each.fields]
    number = "td.number"
    net = { path = "td.net", as = "cents" }
    rate = { path = "td.rate", as = "decimal" }
    on = { path = "td.on", as = "date" }
    state = { path = "td.state", map = { "待审核" = "pending", "已开票" = "issued" } }
    link = { path = "td a", attribute = "href" }
    note = { path = "td.note", optional = true }

    [operations.approve]
    idempotency = "none"
    input = { number = "text" }
    output = { invoice = "text" }
    request = { method = "POST", path = "approve", form = { bh = "{number}", key = "{key}", at = "{now}" } }
    response = { kind = "html", result = { fields = { invoice = "#invoice" } } }
"##;

const ROWS: &str = "<table id=list><tr class=head><td>x</td></tr>\
    <tr class=row><td class=number> A-1 <td class=net>¥1,234.50<td class=rate>0.03<td class=on>2026年3月1日\
    <td class=state>待审核<td><a href='/d?id=1'>看</a></tr>\
    <tr class=row><td class=number>A-2<td class=net>7<td class=rate>0<td class=on>2026-03-02\
    <td class=state>已开票<td><a href=x>看</a><td class=note>急 件</tr></table>";

#[tokio::test]
async fn a_list_is_read_from_a_page_in_whatever_charset_it_is() {
    let upstream = Upstream::start(|_: &Call| {
        // As GBK, undeclared in the header.
        let page = format!("<meta charset=gbk>{ROWS}");
        let bytes: Vec<u8> = encode_gbk(&page);
        Response::builder()
            .header("content-type", "text/html")
            .body(bytes.into())
            .unwrap()
    })
    .await;
    let connector = upstream.connector(PORTAL);
    let answer = connector
        .call("list", None, &json!({"day": "2026-03-01"}))
        .await
        .unwrap();
    assert_eq!(
        answer.output,
        json!([
            {"number": "A-1", "net": 123_450, "rate": "0.03", "on": "2026-03-01", "state": "pending", "link": "/d?id=1", "note": null},
            {"number": "A-2", "net": 700, "rate": "0", "on": "2026-03-02", "state": "issued", "link": "x", "note": "急 件"},
        ])
    );
    let call = &upstream.calls()[0];
    assert_eq!(
        (call.path(), call.query()),
        ("/gate/list/2026-03-01", "q=%E7%A8%8E+2026-03-01")
    );
}

/// The few characters of the page that are not ASCII, as GBK.
fn encode_gbk(text: &str) -> Vec<u8> {
    let known = [
        ('¥', vec![]),
        ('年', vec![0xC4, 0xEA]),
        ('月', vec![0xD4, 0xC2]),
        ('日', vec![0xC8, 0xD5]),
        ('待', vec![0xB4, 0xFD]),
        ('审', vec![0xC9, 0xF3]),
        ('核', vec![0xBA, 0xCB]),
        ('看', vec![0xBF, 0xB4]),
        ('已', vec![0xD2, 0xD1]),
        ('开', vec![0xBF, 0xAA]),
        ('票', vec![0xC6, 0xB1]),
        ('急', vec![0xBC, 0xB1]),
        ('件', vec![0xBC, 0xFE]),
    ];
    let bytes = |c: char| match c.is_ascii() {
        true => vec![u8::try_from(u32::from(c)).unwrap()],
        false => known
            .iter()
            .find(|(known, _)| *known == c)
            .unwrap()
            .1
            .clone(),
    };
    text.chars().flat_map(bytes).collect()
}

#[tokio::test]
async fn a_page_that_has_changed_is_told_with_the_page_and_a_word_that_is_new_with_the_word() {
    let upstream = Upstream::start(|call: &Call| match call.path() {
        "/gate/list/2026-03-01" => html("<table id=other>身份证 110101199003077774</table>"),
        "/gate/list/2026-03-02" => html(ROWS.replace("已开票", "已作废")),
        "/gate/list/2026-03-03" => html("<table id=list><tr><td>无</table>"),
        _ => html("<p>办理成功 13800001234</p>"),
    })
    .await;
    let connector = upstream.connector(PORTAL);
    let list = async |day: &str| connector.call("list", None, &json!({"day": day})).await;
    let error = list("2026-03-01").await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::PageChanged, "{error}");
    let page = error.page.unwrap();
    assert_eq!(page.source, "test.list");
    assert!(page.body.contains("110****74") && !page.body.contains("110101199003077774"));

    let error = list("2026-03-02").await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Misconfigured);
    assert!(
        error
            .message
            .contains("unknown word `已作废` in field `td.state`"),
        "{error}"
    );
    assert_eq!(
        list("2026-03-03").await.unwrap().output,
        json!([]),
        "an empty list is no change"
    );

    // After a write nobody knows what a page without the number means.
    let key = IdempotencyKey("k-1".into());
    let error = connector
        .call("approve", Some(&key), &json!({"number": "A&1"}))
        .await
        .unwrap_err();
    assert_eq!(error.kind, ErrorKind::OutcomeUnknown, "{error}");
    assert!(error.page.unwrap().body.contains("138****34"));
    let sent = upstream.calls().last().unwrap().clone();
    assert_eq!(sent.body, "at=1772352000000000&bh=A%261&key=k-1");
    assert_eq!(
        sent.header("content-type"),
        "application/x-www-form-urlencoded; charset=utf-8"
    );
}

const SOAP: &str = r##"
    [envelope]
    code = "Envelope.Body.answer.@code"
    ok = ["0", "00"]
    message = "Envelope.Body.answer.msg"
    content = "Envelope.Body.answer"

    [operations.find]
    idempotency = "read"
    input = { name = "text" }
    output = { lines = [{ n = "text", net = "decimal" }] }
    errors = { codes = { 404 = "not_found", 9 = "transient" } }

    [operations.find.request]
    method = "POST"
    path = "soap"
    headers = { SOAPAction = "find" }
    xml = """<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body><find name="{name}"/></s:Body></s:Envelope>"""

    [operations.find.response]
    kind = "xml"
    result = { fields = { lines = { path = "lines.line", each = { fields = { n = "@n", net = { path = "net", as = "decimal" } } } } } }
"##;

#[tokio::test]
async fn an_answer_of_xml_is_read_and_its_envelope_and_hostile_xml_are_minded() {
    let upstream = Upstream::start(|call: &Call| {
        let answer = |inner: &str| {
            let body = format!(
                "<?xml version=\"1.0\"?><s:Envelope xmlns:s=\"x\"><s:Body>{inner}</s:Body></s:Envelope>"
            );
            Response::builder().header("content-type", "text/xml").body(body.into()).unwrap()
        };
        match &call.body {
            body if body.contains("name=\"two\"") => answer(
                "<answer code='00'><lines><line n='1'><net>1.50</net></line><line n='2'><net>2</net></line></lines></answer>",
            ),
            body if body.contains("name=\"&lt;a&gt; &quot;b&quot;\"") => {
                answer("<answer code='31'><msg>证件 110101199003077774 有误</msg></answer>")
            }
            body if body.contains("name=\"busy\"") => answer("<answer code='9'/>"),
            body if body.contains("name=\"bomb\"") => Response::builder()
                .header("content-type", "text/xml")
                .body("<!DOCTYPE a [<!ENTITY b 'x'>]><a>&b;</a>".into())
                .unwrap(),
            _ => answer("<answer code='404'/>"),
        }
    })
    .await;
    let connector = upstream.connector(SOAP);
    let find = async |name: &str| connector.call("find", None, &json!({"name": name})).await;
    assert_eq!(
        find("two").await.unwrap().output,
        json!({"lines": [{"n": "1", "net": "1.50"}, {"n": "2", "net": "2"}]})
    );
    let error = find("<a> \"b\"").await.unwrap_err();
    assert_eq!(
        (error.kind, error.code.as_deref()),
        (ErrorKind::Rejected, Some("31"))
    );
    assert!(error.message.contains("证件 110****74 有误"), "{error}");
    assert_eq!(find("busy").await.unwrap_err().kind, ErrorKind::Transient);
    let error = find("bomb").await.unwrap_err();
    assert!(
        error.kind == ErrorKind::Misconfigured && error.message.contains("no XML"),
        "{error}"
    );
    let error = find("none").await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Rejected);
    assert!(
        error.message.contains("has nothing of that name"),
        "{error}"
    );
}

#[tokio::test]
async fn a_banner_says_what_was_refused_whatever_the_status() {
    let upstream = Upstream::start(|call: &Call| match call.body.as_str() {
        body if body.contains("bh=busy") => html("<p id=invoice>1</p><b class=err> 系统 繁忙 </b>"),
        body if body.contains("bh=odd") => html("<b class=err>不明</b>"),
        body if body.contains("bh=no") => html("<b class=err>号码 13800001234 已存在</b>"),
        _ => html("<b class=err> </b><p id=invoice>7</p>"),
    })
    .await;
    let banner = r#"
    [errors]
    banner = ".err"
    words = { "已存在" = "rejected", "繁忙" = "transient" }
    "#;
    let connector = upstream.connector(&format!("{banner}{PORTAL}"));
    let approve = async |number: &str| {
        let key = IdempotencyKey("k".into());
        let input = json!({ "number": number });
        connector.call("approve", Some(&key), &input).await
    };
    let kind = async |number: &str| approve(number).await.unwrap_err().kind;
    assert_eq!(kind("busy").await, ErrorKind::Transient);
    assert_eq!(kind("odd").await, ErrorKind::OutcomeUnknown);
    let error = approve("no").await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Rejected);
    assert!(error.message.contains("号码 138****34 已存在"), "{error}");
    assert_eq!(
        approve("yes").await.unwrap().output,
        json!({"invoice": "7"})
    );
}
