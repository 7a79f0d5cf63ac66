//! Single reads: states, taxpayers, pending lists.

use clerkwork_connectors_api::{
    ErrorKind,
    agent_invoice::{AgentInvoices, ApplicationStatus, RiskClass, Warning},
};
use clerkwork_etax::wire::method;
use serde_json::json;

use crate::Platform;

#[tokio::test]
async fn what_does_not_exist_is_nothing_and_no_error() {
    let platform = Platform::start(|method, _| match method {
        method::STATUS => json!({"code": "31301", "msg": "申请单不存在"}),
        _ => json!({"code": "31021", "msg": "未登记", "data": {}}),
    })
    .await;
    assert_eq!(platform.etax.status("DK1").await.unwrap(), None);
    assert_eq!(platform.etax.taxpayer_risk("S").await.unwrap(), None);
}

#[tokio::test]
async fn a_taxpayer_is_read() {
    let platform = Platform::saying(json!({"code": "0", "msg": "", "data": {
        "nsrsbh": "S", "nsrmc": "某公司", "nsrzt": "01", "fxnsrlx": "01", "nsryjjb": "01",
        "nsrxydj": null, "fxnsrbz": "Y",
    }}))
    .await;
    let risk = platform.etax.taxpayer_risk("S").await.unwrap().unwrap();
    assert_eq!((risk.class, risk.warning), (RiskClass::High, Warning::Red));
    assert_eq!(risk.credit_grade, None);
}

#[tokio::test]
async fn a_status_is_read_and_an_unknown_one_is_no_status() {
    let number = "26442000000000000001";
    let status = |sqzt: &'static str| {
        Platform::saying(json!({"code": "0", "msg": "", "data": {"sqzt": sqzt, "fphm": number}}))
    };
    let issued = ApplicationStatus::Issued {
        invoice_number: number.into(),
    };
    for (word, expected) in [
        ("00", ApplicationStatus::Pending),
        ("01", issued),
        ("02", ApplicationStatus::Returned),
        ("03", ApplicationStatus::Withdrawn),
    ] {
        let platform = status(word).await;
        assert_eq!(platform.etax.status("DK1").await.unwrap(), Some(expected));
    }
    let error = status("99").await.etax.status("DK1").await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Misconfigured);
    assert!(error.message.contains("`99`") && error.message.contains("`sqzt`"));
}

#[tokio::test]
async fn a_pending_list_that_comes_again_is_refused() {
    let application = |number: &str| {
        json!({
            "sqbh": number, "sqrq": "2026-03-01", "jyrq": "2026-03-01", "fppzDm": "02",
            "sqrlxDm": "01", "xsfmc": "张三", "gmfmc": "某公司", "mxlist": [],
            "hjje": "1.00", "hjse": "0.01", "jshj": "1.01",
        })
    };
    let list = json!([application("DK1"), application("DK2")]);
    let platform = Platform::start(move |method, request| {
        assert_eq!(method, method::PENDING);
        assert_eq!(request["ts"], json!(1000));
        json!({"code": "0", "msg": "", "data": {"list": list}})
    })
    .await;
    let first = platform.etax.pending(None, 5000).await.unwrap();
    assert_eq!(first[1].application_number, "DK2");
    let error = platform.etax.pending(Some("DK2"), 5000).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Misconfigured);
    assert!(error.message.contains("`DK2` comes again"), "{error}");
}

#[tokio::test]
async fn a_pending_application_that_cannot_be_read_is_named() {
    let platform = Platform::saying(json!({"code": "0", "msg": "", "data": {"list": [{
        "sqbh": "DK7", "sqrq": "2026-03-01", "jyrq": "2026-03-01", "fppzDm": "88",
        "sqrlxDm": "01", "xsfmc": "张三", "gmfmc": "某公司", "mxlist": [],
        "hjje": "1.00", "hjse": "0.01", "jshj": "1.01",
    }]}}))
    .await;
    let error = platform.etax.pending(None, 10).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Misconfigured);
    for named in ["`DK7`", "`88`", "`fppzDm`"] {
        assert!(error.message.contains(named), "{error}");
    }
}

#[tokio::test]
async fn a_refused_read_is_a_result_and_its_words_are_masked() {
    let platform = Platform::saying(json!({
        "code": "31120", "msg": "纳税人110101199003077774为高风险", "data": {"a": 1},
    }))
    .await;
    let error = platform.etax.status("DK1").await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Rejected);
    assert_eq!(error.code.as_deref(), Some("31120"));
    assert_eq!(
        error.to_string(),
        "etax.status: upstream answered with code `31120`: 纳税人110****74为高风险"
    );
}
