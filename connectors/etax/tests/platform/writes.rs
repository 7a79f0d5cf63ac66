//! Writes: done, refused, or to be looked up.

use clerkwork_connectors_api::{ConnectorError, ErrorKind, agent_invoice::AgentInvoices};
use clerkwork_core::IdempotencyKey;
use clerkwork_etax::wire::{codes::business, method};
use serde_json::{Value, json};

use crate::Platform;

const NUMBER: &str = "26442000000000000001";

fn key() -> IdempotencyKey {
    IdempotencyKey("cw-1-issue".into())
}

async fn issue(platform: &Platform) -> Result<String, ConnectorError> {
    let issued = platform.etax.approve_and_issue(&key(), "DK1").await?;
    Ok(issued.invoice_number)
}

async fn send_back(platform: &Platform) -> Result<(), ConnectorError> {
    let reasons = ["缺少合同".to_owned()];
    let etax = &platform.etax;
    etax.return_to_applicant(&key(), "DK1", &reasons).await
}

#[tokio::test]
async fn an_invoice_is_issued_and_a_strange_number_is_unclear() {
    let platform = Platform::start(|method, request| {
        assert_eq!(method, method::ISSUE);
        assert_eq!(request, &json!({"sqbh": "DK1"}));
        json!({"code": "0", "msg": "", "data": {"fphm": NUMBER, "kprq": "2026-03-01"}})
    })
    .await;
    assert_eq!(issue(&platform).await.unwrap(), NUMBER);

    for data in [
        json!({"fphm": "1", "kprq": "2026-03-01"}),
        json!({"kprq": ""}),
        Value::Null,
    ] {
        let platform = Platform::saying(json!({"code": "0", "msg": "", "data": data})).await;
        let error = issue(&platform).await.unwrap_err();
        assert_eq!(error.kind, ErrorKind::OutcomeUnknown, "{data}");
        assert_eq!(platform.calls(), 1);
    }
}

#[tokio::test]
async fn a_return_carries_its_reasons_and_needs_no_content() {
    for data in [json!({}), Value::Null, json!("ok")] {
        let platform = Platform::start(move |method, request| {
            assert_eq!(method, method::RETURN);
            assert_eq!(request, &json!({"sqbh": "DK1", "thyy": ["缺少合同"]}));
            json!({"code": "0", "msg": "", "data": data})
        })
        .await;
        send_back(&platform).await.unwrap();
    }
}

#[tokio::test]
async fn every_wording_of_already_done_is_unclear_for_both_writes() {
    let further = [
        (business::STATE_FORBIDS, "x"),
        ("40001", "该申请已退回，请勿重复提交"),
        ("40002", "申请单状态不允许退回"),
    ];
    for (code, msg) in business::ALREADY_DONE.into_iter().chain(further) {
        let platform = Platform::saying(json!({"code": code, "msg": msg, "data": null})).await;
        for error in [
            issue(&platform).await.unwrap_err(),
            send_back(&platform).await.unwrap_err(),
        ] {
            assert_eq!(error.kind, ErrorKind::OutcomeUnknown, "{msg}");
            assert_eq!(error.code.as_deref(), Some(code));
        }
        assert_eq!(platform.calls(), 2, "no write is repeated");
    }
}

#[tokio::test]
async fn other_refusals_are_results() {
    for (code, msg) in [
        ("31120", "购方为高风险纳税人"),
        (business::UNKNOWN_APPLICATION, "申请单不存在"),
    ] {
        let platform = Platform::saying(json!({"code": code, "msg": msg, "data": {"a": 1}})).await;
        let error = issue(&platform).await.unwrap_err();
        assert_eq!(error.kind, ErrorKind::Rejected);
        assert_eq!(error.code.as_deref(), Some(code));
        assert_eq!(platform.calls(), 1);
    }
}

#[tokio::test]
async fn a_busy_platform_leaves_a_read_to_be_repeated_and_a_write_to_be_looked_up() {
    for (code, msg) in [(business::BUSY, business::BUSY_WORDING), ("1", "系统异常")] {
        let platform = Platform::saying(json!({"code": code, "msg": msg})).await;
        let error = platform.etax.status("DK1").await.unwrap_err();
        assert_eq!(error.kind, ErrorKind::Transient);
        let error = issue(&platform).await.unwrap_err();
        assert_eq!(error.kind, ErrorKind::OutcomeUnknown);
    }
}
