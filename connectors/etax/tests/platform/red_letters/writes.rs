//! Writes: done, refused, or to be looked up.

use clerkwork_connectors_api::{
    ConnectorError, ErrorKind,
    red_letter::{
        ConfirmationForm, FormAnswer, FormState, RedInvoice, RedLetters, SettlementKind,
        SettlementOrder, Side, WriteBack,
    },
};
use clerkwork_core::{Cents, IdempotencyKey};
use clerkwork_etax::wire::{
    codes::business,
    method,
    red_letter::{Hzqrd, IssueAnswer},
};
use serde_json::{Value, json};

use super::{ok, refused, samples};
use crate::Platform;

fn key() -> IdempotencyKey {
    IdempotencyKey("cw-1-act".into())
}

fn order() -> SettlementOrder {
    SettlementOrder {
        receipt_number: "344035260300000001".into(),
        kind: SettlementKind::Refund,
        amount: Cents(57_264),
        red_number: samples::RED.into(),
    }
}

fn outcome() -> WriteBack {
    WriteBack {
        form_number: samples::FORM.into(),
        red_number: samples::RED.into(),
        transfer_out: Some(Cents(57_264)),
        settlement_number: None,
    }
}

fn entered() -> ConfirmationForm {
    ConfirmationForm {
        state: FormState::NotNeeded,
        answered_at: None,
        red_number: None,
        ..samples::form()
    }
}

async fn create(platform: &Platform) -> Result<ConfirmationForm, ConnectorError> {
    platform.etax.create_form(&key(), &samples::draft()).await
}

async fn agree(platform: &Platform) -> Result<(), ConnectorError> {
    let form = samples::form();
    let etax = &platform.etax;
    etax.answer_form(&key(), &form, Side::Seller, FormAnswer::Agree)
        .await
}

async fn issue(platform: &Platform) -> Result<RedInvoice, ConnectorError> {
    platform.etax.issue_red(&key(), samples::FORM).await
}

async fn settle(platform: &Platform) -> Result<String, ConnectorError> {
    platform.etax.open_settlement(&key(), &order()).await
}

async fn report(platform: &Platform) -> Result<(), ConnectorError> {
    platform.etax.write_back(&key(), "HZ1", &outcome()).await
}

async fn send_back(platform: &Platform) -> Result<(), ConnectorError> {
    let reasons = ["原因不符".to_owned()];
    let etax = &platform.etax;
    etax.return_to_applicant(&key(), "HZ1", &reasons).await
}

/// One call of every write.
async fn writes(platform: &Platform) -> Vec<ConnectorError> {
    vec![
        create(platform).await.unwrap_err(),
        agree(platform).await.unwrap_err(),
        issue(platform).await.unwrap_err(),
        settle(platform).await.unwrap_err(),
        report(platform).await.unwrap_err(),
        send_back(platform).await.unwrap_err(),
    ]
}

#[tokio::test]
async fn a_form_is_entered_and_comes_back_as_it_was_saved() {
    let platform = Platform::start(|method, request| {
        assert_eq!(method, method::ENTER_FORM);
        assert_eq!(request["lzfphm"], json!(samples::BLUE));
        assert_eq!(request["hzqrdmxList"][0]["lzmxxh"], json!(3));
        assert_eq!(request.get("hzfpxxqrdbh"), None);
        ok(Hzqrd::from(&entered()).with_blue(&samples::blue()))
    })
    .await;
    assert_eq!(create(&platform).await.unwrap(), entered());
}

#[tokio::test]
async fn a_form_that_says_something_else_or_cannot_be_read_is_unclear() {
    let with = |field: &str, value: Value| {
        let mut wire = serde_json::to_value(Hzqrd::from(&entered())).unwrap();
        wire[field] = value;
        wire
    };
    for data in [
        with("lzfphm", json!("26442000000000000002")),
        with("lrfsf", json!("0")),
        with("hzcxje", json!("-4405.94")),
        with("hzcxse", json!("0.00")),
        with("chyyDm", json!("01")),
        with("hzqrdmxList", json!([])),
        with("hzfpxxqrdbh", json!("1")),
        with("hzqrxxztDm", json!("99")),
        json!({}),
        Value::Null,
    ] {
        let platform = Platform::saying(ok(&data)).await;
        let error = create(&platform).await.unwrap_err();
        assert_eq!(error.kind, ErrorKind::OutcomeUnknown, "{data}");
        assert_eq!(platform.calls(), 1);
    }
}

#[tokio::test]
async fn a_form_is_answered_for_a_side() {
    for data in [json!({"qrrq": "2026-03-01 16:00:00"}), Value::Null] {
        let platform = Platform::start(move |method, request| {
            assert_eq!(method, method::ANSWER_FORM);
            let expected = json!({
                "xsfnsrsbh": "91350211M000100Y43", "hzqrdbh": samples::FORM,
                "uuid": samples::UUID, "qrlx": "Y", "qrfsf": "0",
            });
            assert_eq!(request, &expected);
            ok(&data)
        })
        .await;
        agree(&platform).await.unwrap();
    }
}

#[tokio::test]
async fn a_red_invoice_is_issued_and_a_strange_one_is_unclear() {
    let red = RedInvoice {
        number: samples::RED.into(),
        form_number: samples::FORM.into(),
        issued_at: samples::TIME,
    };
    let answer = IssueAnswer::from(&red);
    let good = answer.clone();
    let platform = Platform::start(move |method, request| {
        assert_eq!(method, method::ISSUE_RED);
        assert_eq!(request, &json!({"hzqrdbh": samples::FORM}));
        ok(&good)
    })
    .await;
    assert_eq!(issue(&platform).await.unwrap(), red);

    for (hzqrdbh, hzfphm, kprq) in [
        ("44000026030000000002", samples::RED, "2026-03-01 16:00:00"),
        (samples::FORM, "1", "2026-03-01 16:00:00"),
        (samples::FORM, samples::RED, "2026-03-01"),
    ] {
        let answer = json!({"hzqrdbh": hzqrdbh, "hzfphm": hzfphm, "kprq": kprq});
        let platform = Platform::saying(ok(&answer)).await;
        let error = issue(&platform).await.unwrap_err();
        assert_eq!(error.kind, ErrorKind::OutcomeUnknown, "{answer}");
        assert_eq!(platform.calls(), 1);
    }
}

#[tokio::test]
async fn a_settlement_is_opened_and_one_without_a_number_is_unclear() {
    let platform = Platform::start(|method, request| {
        assert_eq!(method, method::SETTLE);
        let expected = json!({
            "wspzhm": "344035260300000001", "tdklx": "01", "tdje": "572.64",
            "hzfphm": samples::RED,
        });
        assert_eq!(request, &expected);
        ok(json!({"tdkbh": "TD1"}))
    })
    .await;
    assert_eq!(settle(&platform).await.unwrap(), "TD1");
    let platform = Platform::saying(ok(json!({"tdkbh": ""}))).await;
    let error = settle(&platform).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::OutcomeUnknown);
}

#[tokio::test]
async fn an_application_is_reported_done_or_returned_and_needs_no_content() {
    for data in [json!({}), Value::Null, json!("ok")] {
        let platform = Platform::start(move |method, request| {
            let expected = match method {
                method::WRITE_BACK => json!({
                    "sqbh": "HZ1", "hzqrdbh": samples::FORM, "hzfphm": samples::RED,
                    "jxsezc": "572.64",
                }),
                method::RED_RETURN => json!({"sqbh": "HZ1", "thyy": ["原因不符"]}),
                other => panic!("`{other}` was called"),
            };
            assert_eq!(request, &expected);
            ok(&data)
        })
        .await;
        report(&platform).await.unwrap();
        send_back(&platform).await.unwrap();
    }
}

#[tokio::test]
async fn what_may_be_our_own_first_try_is_unclear_for_every_write() {
    let codes = [
        (business::NOTHING_TO_REVERSE, "x"),
        (business::SAVING_FORM, "x"),
        (business::FORM_STATE_FORBIDS, "x"),
        (business::ALREADY_SETTLED, "x"),
        (business::STATE_FORBIDS, "x"),
        (business::DUPLICATE_REQUEST, "x"),
    ];
    let wordings = [
        ("40001", "该发票没有可红冲的金额"),
        ("40002", "存在进行中的红字确认单保存操作，请等待"),
        ("40003", "该确认单已开具红字发票，请勿重复开具"),
        ("40004", "申请单状态不允许退回"),
        ("40005", "该发票已红冲"),
        ("40006", "该申请已办结"),
        (business::UNKNOWN_FORM, "重复的业务请求"),
    ];
    for (code, msg) in codes
        .into_iter()
        .chain(wordings)
        .chain(business::ALREADY_DONE)
    {
        let platform = Platform::saying(refused(code, msg)).await;
        for error in writes(&platform).await {
            assert_eq!(error.kind, ErrorKind::OutcomeUnknown, "{error}");
            assert_eq!(error.code.as_deref(), Some(code));
        }
        assert_eq!(platform.calls(), 6, "no write is repeated");
    }
}

#[tokio::test]
async fn a_clear_refusal_is_a_result_for_every_write_and_keeps_its_code() {
    for (code, msg) in [
        (business::HIGH_RISK, "纳税人为高风险，不允许确认"),
        (business::RED_WARNING, "纳税人为红色预警，不允许确认"),
        (business::UNKNOWN_BLUE, "蓝字发票不存在"),
        (business::UNKNOWN_FORM, "红字确认单不存在"),
        (business::NOT_APPLICANTS, "非本纳税人的发票"),
        (business::WRONG_SIDE, "购方不允许发起"),
        (business::NOTHING_TO_SETTLE, "完税凭证不存在或无可退税额"),
        (business::UNKNOWN_APPLICATION, "申请不存在"),
        ("31001", "参数错误"),
    ] {
        let platform = Platform::saying(refused(code, msg)).await;
        for error in writes(&platform).await {
            assert_eq!(error.kind, ErrorKind::Rejected, "{error}");
            assert_eq!(error.code.as_deref(), Some(code));
        }
        assert_eq!(platform.calls(), 6);
    }
}

#[tokio::test]
async fn a_busy_platform_leaves_a_write_to_be_looked_up() {
    for (code, msg) in [
        (business::BUSY, business::BUSY_WORDING),
        ("1", "系统异常"),
        (business::HIGH_RISK, "请求超时"),
    ] {
        let platform = Platform::saying(refused(code, msg)).await;
        for error in writes(&platform).await {
            assert_eq!(error.kind, ErrorKind::OutcomeUnknown, "{error}");
        }
        assert_eq!(platform.calls(), 6, "no write is repeated");
    }
}

#[tokio::test]
async fn risk_information_that_is_not_there_yet_leaves_the_form_unanswered_for_now() {
    let platform = Platform::saying(refused(business::NO_RISK_INFORMATION, "未缓存风险信息")).await;
    let error = agree(&platform).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Transient);
    assert_eq!(error.code.as_deref(), Some(business::NO_RISK_INFORMATION));
    assert_eq!(platform.calls(), 1);
}
