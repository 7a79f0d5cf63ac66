//! Single reads: traces, settlements, states, pending lists.

use clerkwork_connectors_api::{
    ConnectorError, ErrorKind,
    red_letter::{
        BlueReference, BlueTraces, ConfirmationForm, RedLetterApplication, RedLetterStatus,
        RedLetters,
    },
};
use clerkwork_etax::wire::{
    codes::business,
    method,
    red_letter::{Hzqrd, Hzsqxx, TracesAnswer},
};
use serde_json::{Value, json};

use super::{ok, refused, samples};
use crate::Platform;

#[tokio::test]
async fn the_forms_of_a_blue_invoice_are_read_and_one_may_be_under_way() {
    let traces = BlueTraces {
        forms: vec![samples::form()],
        saving: true,
    };
    let answer = TracesAnswer::from(&traces);
    let platform = Platform::start(move |method, request| {
        assert_eq!(method, method::FORMS_OF_BLUE);
        assert_eq!(
            request,
            &json!({"lzfphm": samples::BLUE, "lzkprq": "2026-02-01"})
        );
        ok(&answer)
    })
    .await;
    let read = platform.etax.traces(&samples::blue_reference()).await;
    assert_eq!(read.unwrap(), traces);
}

#[tokio::test]
async fn a_form_of_another_blue_invoice_and_a_broken_one_are_no_traces() {
    let other = BlueReference {
        number: "26442000000000000002".into(),
        ..samples::blue_reference()
    };
    let platform = Platform::saying(ok(TracesAnswer {
        bczt: "N".into(),
        list: vec![(&samples::form()).into()],
    }))
    .await;
    let error = platform.etax.traces(&other).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Misconfigured);
    assert!(error.message.contains("another blue invoice"), "{error}");

    let broken = Hzqrd {
        hzqrxxzt_dm: "00".into(),
        ..(&samples::form()).into()
    };
    let platform = Platform::saying(ok(TracesAnswer {
        bczt: "N".into(),
        list: vec![broken],
    }))
    .await;
    let error = platform.etax.traces(&samples::blue_reference()).await;
    assert!(error.unwrap_err().message.contains("`hzqrxxztDm`"));
}

/// One call of every single read.
async fn reads(platform: &Platform) -> Vec<ConnectorError> {
    let etax = &platform.etax;
    vec![
        etax.dossier(samples::query()).await.unwrap_err(),
        etax.traces(&samples::blue_reference()).await.unwrap_err(),
        etax.form(samples::FORM).await.unwrap_err(),
        etax.settlement_of(samples::RED).await.unwrap_err(),
        etax.status("HZ1").await.unwrap_err(),
        etax.pending(None, 10).await.unwrap_err(),
    ]
}

#[tokio::test]
async fn a_refused_read_is_a_result_whatever_its_code_and_wording() {
    for (code, msg) in [
        (business::UNKNOWN_BLUE, "蓝字发票不存在"),
        (
            business::NOTHING_TO_REVERSE,
            business::NOTHING_TO_REVERSE_WORDING,
        ),
        (business::SAVING_FORM, business::SAVING_FORM_WORDING),
        (business::FORM_STATE_FORBIDS, "确认单状态不允许"),
        (business::NO_RISK_INFORMATION, "未缓存风险信息"),
        (business::DUPLICATE_REQUEST, "重复的业务请求"),
    ] {
        let platform = Platform::saying(refused(code, msg)).await;
        for error in reads(&platform).await {
            assert_eq!(error.kind, ErrorKind::Rejected, "{error}");
            assert_eq!(error.code.as_deref(), Some(code));
        }
    }
}

#[tokio::test]
async fn a_busy_platform_and_a_broken_answer_are_told_apart() {
    for (answer, kind) in [
        (
            refused(business::BUSY, business::BUSY_WORDING),
            ErrorKind::Transient,
        ),
        (refused("1", "系统异常"), ErrorKind::Transient),
        (ok(Value::Null), ErrorKind::Misconfigured),
        (ok(json!({"list": 5})), ErrorKind::Misconfigured),
    ] {
        let platform = Platform::saying(answer.clone()).await;
        for error in reads(&platform).await {
            assert_eq!(error.kind, kind, "{answer} {error}");
        }
    }
}

#[tokio::test]
async fn a_settlement_is_found_or_there_is_none() {
    for (data, expected) in [
        (json!({"tdkbh": "TD2026030100001"}), Some("TD2026030100001")),
        (json!({"tdkbh": null}), None),
        (json!({"tdkbh": ""}), None),
    ] {
        let platform = Platform::start(move |method, request| {
            assert_eq!(method, method::SETTLEMENT);
            assert_eq!(request, &json!({"hzfphm": samples::RED}));
            ok(&data)
        })
        .await;
        let number = platform.etax.settlement_of(samples::RED).await.unwrap();
        assert_eq!(number.as_deref(), expected);
    }
    for data in [json!({}), json!({"tdkbh": "张三"})] {
        let platform = Platform::saying(ok(data)).await;
        let error = platform.etax.settlement_of(samples::RED).await;
        assert_eq!(error.unwrap_err().kind, ErrorKind::Misconfigured);
    }
}

#[tokio::test]
async fn a_status_is_read_and_an_unknown_application_has_none() {
    let done = RedLetterStatus::Done {
        red_number: samples::RED.into(),
    };
    for (sqzt, expected) in [
        ("00", RedLetterStatus::Pending),
        ("01", done),
        ("02", RedLetterStatus::Returned),
        ("03", RedLetterStatus::Withdrawn),
    ] {
        let platform = Platform::start(move |method, request| {
            assert_eq!(method, method::RED_STATUS);
            assert_eq!(request, &json!({"sqbh": "HZ1"}));
            ok(json!({"sqzt": sqzt, "hzfphm": samples::RED}))
        })
        .await;
        assert_eq!(platform.etax.status("HZ1").await.unwrap(), Some(expected));
    }
    let platform = Platform::saying(refused(business::UNKNOWN_APPLICATION, "申请不存在")).await;
    assert_eq!(platform.etax.status("HZ1").await.unwrap(), None);
    for data in [json!({"sqzt": "09"}), json!({"sqzt": "01"})] {
        let platform = Platform::saying(ok(data)).await;
        let error = platform.etax.status("HZ1").await.unwrap_err();
        assert_eq!(error.kind, ErrorKind::Misconfigured);
    }
}

fn application(number: &str) -> RedLetterApplication {
    RedLetterApplication {
        application_number: number.into(),
        ..samples::application()
    }
}

#[tokio::test]
async fn a_pending_list_is_read_and_one_that_comes_again_is_refused() {
    let list = [application("HZ1"), application("HZ2")];
    let wire: Vec<Hzsqxx> = list.clone().map(Into::into).into();
    let platform = Platform::start(move |method, request| {
        assert_eq!(method, method::RED_PENDING);
        assert_eq!(request["ts"], json!(1000));
        ok(json!({"list": wire}))
    })
    .await;
    let etax = &platform.etax;
    assert_eq!(etax.pending(None, 5000).await.unwrap(), list);
    let error = etax.pending(Some("HZ2"), 5000).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Misconfigured);
    assert!(error.message.contains("`HZ2` comes again"), "{error}");
}

#[tokio::test]
async fn a_pending_application_that_cannot_be_read_is_named() {
    let wire = Hzsqxx {
        chyy_dm: "88".into(),
        ..application("HZ7").into()
    };
    let platform = Platform::saying(ok(json!({"list": [wire]}))).await;
    let error = platform.etax.pending(None, 10).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Misconfigured);
    for named in ["`HZ7`", "`88`", "`chyyDm`"] {
        assert!(error.message.contains(named), "{error}");
    }
}

#[tokio::test]
async fn an_entered_form_is_found_among_the_traces_by_what_it_says() {
    let platform = Platform::saying(ok(TracesAnswer::from(&BlueTraces {
        forms: vec![samples::form()],
        saving: false,
    })))
    .await;
    let traces = platform.etax.traces(&samples::blue_reference()).await;
    let says = |form: &ConfirmationForm| form.draft == samples::draft();
    assert_eq!(traces.unwrap().forms.iter().filter(|f| says(f)).count(), 1);
}
