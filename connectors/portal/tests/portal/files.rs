//! Files come down and go up.

use clerkwork_connectors_api::{
    ErrorKind,
    contract::{Connector, Looked},
};
use clerkwork_portal::{DOWNLOAD, Portal, UPLOAD};
use clerkwork_sandbox::{Charset, PortalSettings as Pages, Variant};
use serde_json::{Value, json};

use crate::{Office, key, settings};

/// An application with an identity document, and the name of its file.
fn attached(office: &Office) -> (String, &'static str) {
    use clerkwork_connectors_api::agent_invoice::Attachment::IdentityDocument;
    let world = office.state().world();
    let mut all = (0..world.len()).filter_map(|i| world.application(i));
    let found = all.find(|application| application.attachments.contains(&IdentityDocument));
    (found.unwrap().application_number, "身份证明.pdf")
}

#[tokio::test]
async fn an_attachment_comes_down_in_either_charset() {
    for charset in [Charset::Gbk, Charset::Utf8] {
        let office = Office::open(30).await;
        office.state().set_portal(Pages {
            charset,
            ..Pages::default()
        });
        let (number, name) = attached(&office);
        let input = json!({"application_number": number, "file_name": name});
        let file = office
            .portal
            .call(DOWNLOAD, None, &input)
            .await
            .unwrap()
            .output;
        assert_eq!(file["media_type"], "application/pdf");
        let beginning = "JVBERi0xLjQK"; // `%PDF-1.4`
        assert!(
            file["content_base64"]
                .as_str()
                .unwrap()
                .starts_with(beginning),
            "{file}"
        );
        let input = json!({"application_number": number, "file_name": "没有.pdf"});
        let error = office
            .portal
            .call(DOWNLOAD, None, &input)
            .await
            .unwrap_err();
        assert_eq!(error.kind, ErrorKind::Rejected);
    }
}

#[tokio::test]
async fn a_file_goes_up_once_and_can_be_looked_up() {
    for charset in [Charset::Gbk, Charset::Utf8] {
        let office = Office::open(10).await;
        office.state().set_portal(Pages {
            charset,
            ..Pages::default()
        });
        let number = office.number(0);
        // Markup, so that it is not taken for a page when it comes down.
        let content = "PGh0bWw+DQo8Yj7nqI48L2I+"; // `<html>\r\n<b>税</b>`
        let mut input = json!({
            "application_number": number, "file_name": "审核\"说明\".xml",
            "media_type": "text/xml", "content_base64": content,
        });
        let portal = &office.portal;
        let look = async |input: &Value| portal.lookup(UPLOAD, &key(), input).await.unwrap();
        assert_eq!(look(&input).await, Looked::DidNotHappen);
        portal.call(UPLOAD, Some(&key()), &input).await.unwrap();
        let uploads = office.state().portal_uploads(&number);
        assert_eq!(uploads.len(), 1);
        assert_eq!(uploads[0].0, "审核\"说明\".xml");
        assert_eq!(uploads[0].1, "<html>\r\n<b>税</b>".as_bytes());
        assert_eq!(look(&input).await, Looked::Happened(json!({})));
        let again = portal.call(UPLOAD, Some(&key()), &input).await.unwrap_err();
        assert_eq!(again.kind, ErrorKind::OutcomeUnknown);
        assert_eq!(office.state().portal_uploads(&number).len(), 1);
        let query = json!({"application_number": number, "file_name": input["file_name"]});
        let file = portal.call(DOWNLOAD, None, &query).await.unwrap().output;
        assert_eq!(file["content_base64"], content);
        input["content_base64"] = json!("YQ==");
        assert!(matches!(look(&input).await, Looked::Unclear(_)));
    }
}

#[tokio::test]
async fn limits_and_wrong_input_are_told_before_anything_is_sent() {
    let office = Office::open(30).await;
    let (number, name) = attached(&office);
    let mut small = settings(&office.sandbox, "sandbox");
    small.max_file_bytes = 10;
    let small = Portal::new(small).unwrap();
    let input = json!({"application_number": number, "file_name": name});
    let error = small.call(DOWNLOAD, None, &input).await.unwrap_err();
    assert!(error.message.contains("`max_file_bytes`"), "{error}");
    let requests = office.counts().requests;
    for (name, content) in [
        ("a.txt", "YWJjZGVmZ2hpamtsbW5vcA=="),
        ("a.txt", "no base64!"),
        ("a.txt", ""),
        ("../a.txt", "YQ=="),
        ("a\n.txt", "YQ=="),
    ] {
        let input = json!({
            "application_number": number, "file_name": name,
            "media_type": "text/plain", "content_base64": content,
        });
        let error = small.call(UPLOAD, Some(&key()), &input).await.unwrap_err();
        assert_eq!(error.kind, ErrorKind::Misconfigured, "{error}");
    }
    assert_eq!(office.counts().requests, requests);
}

#[tokio::test]
async fn an_upload_with_a_result_that_nobody_knows_is_looked_up() {
    let office = Office::with(&[Variant::ResultChanged]).await;
    let number = office.number(0);
    let input = json!({
        "application_number": number, "file_name": "a.txt",
        "media_type": "text/plain", "content_base64": "YQ==",
    });
    let error = office
        .portal
        .call(UPLOAD, Some(&key()), &input)
        .await
        .unwrap_err();
    assert_eq!(error.kind, ErrorKind::OutcomeUnknown, "{error}");
    let looked = office.portal.lookup(UPLOAD, &key(), &input).await.unwrap();
    assert_eq!(looked, Looked::Happened(json!({})));
}
