//! What is said about reversals and its wire form, both ways.

mod samples;

use clerkwork_connectors_api::red_letter::{
    BlueInvoice, BlueReference, BlueStatus, BlueTraces, ConfirmationForm, FormAnswer, FormState,
    RedInvoice, RedLetterApplication, RedLetterDossier, RedLetterQuery, RedLetterStatus,
    ReversalDraft, ReversalLine, SettlementKind, SettlementOrder, Side, WriteBack,
};
use clerkwork_core::{Cents, Timestamp};
use proptest::prelude::*;
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Value, json};

use super::{super::WireError, *};

/// Through JSON.
fn sent<W: Serialize + DeserializeOwned>(wire: &W) -> W {
    serde_json::from_str(&serde_json::to_string(wire).unwrap()).unwrap()
}

#[test]
fn an_application_reads_back_from_its_wire_form() {
    let bare = RedLetterApplication {
        settlement: None,
        remark: String::new(),
        blue: BlueReference {
            code: Some("044002111301".into()),
            number: "12345678".into(),
            ..samples::blue_reference()
        },
        ..samples::application()
    };
    for application in [samples::application(), bare] {
        let read = sent(&Hzsqxx::from(application.clone())).try_into();
        assert_eq!(read, Ok(application));
    }
}

#[test]
fn an_application_is_passed_on_with_what_its_author_got_wrong() {
    let mut wire = Hzsqxx::from(samples::application());
    wire.lzfphm = "1".into();
    wire.hbdm = None;
    let read = RedLetterApplication::try_from(wire).unwrap();
    assert_eq!(
        (read.blue.number.as_str(), read.currency.as_str()),
        ("1", "CNY")
    );
}

#[test]
fn a_form_reads_back_in_every_state() {
    for state in FormState::ALL {
        for red_number in [None, Some(samples::RED.to_owned())] {
            let form = ConfirmationForm {
                state,
                answered_at: red_number.is_some().then_some(samples::TIME),
                red_number,
                ..samples::form()
            };
            let wire = Hzqrd::from(&form).with_blue(&samples::blue());
            assert_eq!(sent(&wire), wire);
            assert_eq!(sent(&wire).try_into(), Ok(form));
        }
    }
}

#[test]
fn a_draft_reads_back_from_the_request_that_enters_it() {
    let draft = samples::draft();
    let wire = EnterRequest {
        nr: (&draft).into(),
    };
    assert_eq!(ReversalDraft::try_from(sent(&wire).nr), Ok(draft));
}

#[test]
fn a_form_has_the_platforms_own_names() {
    let wire = Hzqrd::from(&samples::form()).with_blue(&samples::blue());
    let mut wire = serde_json::to_value(wire).unwrap();
    let lines = wire.as_object_mut().unwrap().remove("hzqrdmxList").unwrap();
    assert_eq!(
        wire,
        json!({
            "uuid": samples::UUID, "hzfpxxqrdbh": samples::FORM, "lrfsf": "1",
            "xsfnsrsbh": "91350211M000100Y43", "xsfmc": "某公司", "gmfnsrsbh": "", "gmfmc": "张三",
            "lzfphm": samples::BLUE, "sfzzfpbz": "N", "lzkprq": "2026-02-01",
            "hzcxje": "-4405.95", "hzcxse": "-572.64", "chyyDm": "02", "hzqrxxztDm": "04",
            "lrrq": "2026-03-01 16:00:00", "qrrq": "2026-03-01 16:01:01",
            "ykjhzfpbz": "Y", "hzfphm": samples::RED, "yxbz": "Y", "lzfppzDm": "01",
            "lzhjje": "6607.43", "lzhjse": "858.96",
            "zzsytDm": "01", "xfsytDm": "00", "fprzztDm": "01",
        })
    );
    assert_eq!(
        lines[0],
        json!({
            "xh": 1, "lzmxxh": 3, "sphfwssflhbbm": "1090511030000000000",
            "hwhyslwfwmc": "*电子计算机*平板", "xmmc": "平板", "ggxh": "大", "dw": "台",
            "fpspsl": "-2", "fpspdj": "2202.4752475248", "je": "-4404.95", "sl1": "0.13",
            "se": "-572.64", "fphxz": "0", "lslbs": "",
        })
    );
    assert_eq!(
        (&lines[1]["sl1"], &lines[1]["lslbs"]),
        (&json!("0"), &json!("1"))
    );
    assert_eq!(lines[1]["xmmc"], json!("图书"));
}

#[test]
fn a_form_whose_fields_cannot_all_be_right_is_an_error() {
    let read = |field: &str, value: Value| {
        let mut wire = serde_json::to_value(Hzqrd::from(&samples::form())).unwrap();
        wire[field] = value;
        let wire: Hzqrd = serde_json::from_value(wire).unwrap();
        ConfirmationForm::try_from(wire).unwrap_err().to_string()
    };
    for (field, value, expected) in [
        (
            "hzqrxxztDm",
            json!("11"),
            "unknown code `11` in field `hzqrxxztDm`",
        ),
        ("lrfsf", json!("2"), "unknown code `2` in field `lrfsf`"),
        ("chyyDm", json!("00"), "unknown code `00` in field `chyyDm`"),
        (
            "hzqrxxztDm",
            json!("07"),
            "field `yxbz` contradicts `hzqrxxztDm`",
        ),
        ("yxbz", json!("N"), "field `yxbz` contradicts `hzqrxxztDm`"),
        ("yxbz", json!("是"), "unknown code `是` in field `yxbz`"),
        (
            "ykjhzfpbz",
            json!("N"),
            "field `ykjhzfpbz` contradicts `hzfphm`",
        ),
        (
            "hzfphm",
            json!(""),
            "field `hzfphm` is missing although `ykjhzfpbz`",
        ),
        (
            "hzfphm",
            json!("1"),
            "field `hzfphm` holds no invoice number",
        ),
        (
            "lzfphm",
            json!("12345678"),
            "field `lzfphm` holds no invoice number",
        ),
        (
            "hzfpxxqrdbh",
            json!("1"),
            "field `hzfpxxqrdbh` holds no form number",
        ),
        ("uuid", json!(""), "field `uuid` holds no id"),
        ("lrrq", json!("2026-03-01"), "field `lrrq` holds no time"),
        ("qrrq", json!("16:00:00"), "field `qrrq` holds no time"),
    ] {
        let error = read(field, value);
        assert!(error.starts_with(expected), "{error}");
    }
}

#[test]
fn nulls_and_unknown_fields_are_read_as_absent() {
    let form = ConfirmationForm {
        answered_at: None,
        red_number: None,
        ..samples::form()
    };
    let mut wire = serde_json::to_value(Hzqrd::from(&form)).unwrap();
    for field in [
        "qrrq",
        "hzfphm",
        "hzkprq",
        "gmfnsrsbh",
        "lzfpdm",
        "sfzzfpbz",
        "lzhjje",
    ] {
        wire[field] = Value::Null;
    }
    wire["hzqrdmxList"][0]["xmmc"] = Value::Null;
    wire["xzxx"] = json!({"a": 1});
    let read: Hzqrd = serde_json::from_value(wire).unwrap();
    assert_eq!(ConfirmationForm::try_from(read), Ok(form));
}

#[test]
fn a_blue_invoice_reads_back_and_an_agents_mark_needs_its_part() {
    let own = BlueInvoice {
        agent_issued: None,
        status: BlueStatus::Normal,
        margin: true,
        consumption_use_confirmed: true,
        booked: false,
        ..samples::blue()
    };
    for blue in [samples::blue(), own] {
        assert_eq!(sent(&Lzfp::from(&blue)).try_into(), Ok(blue));
    }
    let wire = Lzfp {
        dk: None,
        ..Lzfp::from(&samples::blue())
    };
    assert_eq!(
        BlueInvoice::try_from(wire),
        Err(WireError::Missing {
            field: "dk",
            because: "proxyInvoiceFlag"
        })
    );
    let vehicle = Lzfp {
        lzfppz_dm: "03".into(),
        ..Lzfp::from(&samples::blue())
    };
    let error = BlueInvoice::try_from(vehicle).unwrap_err().to_string();
    assert!(
        error.contains("`03`") && error.contains("`lzfppzDm`"),
        "{error}"
    );
}

#[test]
fn a_dossier_reads_back_full_and_empty() {
    let query = DossierQuery::from(samples::query());
    assert_eq!(RedLetterQuery::from(sent(&query)), samples::query());
    let empty = RedLetterDossier {
        status: None,
        application: None,
        blue: None,
        traces: BlueTraces::default(),
        seller: None,
        page: None,
        receipt: None,
        ..samples::dossier()
    };
    for dossier in [samples::dossier(), empty] {
        let wire = sent(&Dossier::of(&query, &dossier));
        assert_eq!(wire.sqbh, query.sqbh);
        assert_eq!(wire.into_contract(1_772_352_000_123), Ok(dossier));
    }
}

#[test]
fn forms_stand_in_the_order_in_which_they_were_entered() {
    let entered = |number: &str, seconds: i64| ConfirmationForm {
        number: format!("4400002603000000000{number}"),
        entered_at: Timestamp(samples::TIME.0 + seconds * 1_000_000),
        ..samples::form()
    };
    let traces = BlueTraces {
        forms: vec![entered("2", 9), entered("3", 9), entered("1", 0)],
        saving: false,
    };
    let read = BlueTraces::try_from(sent(&TracesAnswer::from(&traces))).unwrap();
    let expected = [entered("1", 0), entered("2", 9), entered("3", 9)];
    assert_eq!(read.forms, expected);
    let request = TracesRequest::from(&samples::blue_reference());
    assert_eq!(
        BlueReference::from(sent(&request)),
        samples::blue_reference()
    );
}

#[test]
fn a_status_reads_back_and_done_needs_a_red_number() {
    for status in [
        RedLetterStatus::Pending,
        RedLetterStatus::Done {
            red_number: samples::RED.into(),
        },
        RedLetterStatus::Returned,
        RedLetterStatus::Withdrawn,
    ] {
        assert_eq!(sent(&StatusAnswer::from(&status)).try_into(), Ok(status));
    }
    let answer = StatusAnswer {
        sqzt: "01".into(),
        hzfphm: Some(String::new()),
    };
    assert!(RedLetterStatus::try_from(answer).is_err());
}

#[test]
fn what_is_to_be_done_reads_back() {
    for (side, answer) in [
        (Side::Seller, FormAnswer::Agree),
        (Side::Buyer, FormAnswer::Refuse),
        (Side::Buyer, FormAnswer::Withdraw),
    ] {
        let wire = sent(&AnswerRequest::of(&samples::form(), side, answer));
        assert_eq!(wire.read(), Ok((side, answer)));
        assert_eq!(
            (wire.hzqrdbh, wire.uuid),
            (samples::FORM.into(), samples::UUID.into())
        );
    }
    let red = RedInvoice {
        number: samples::RED.into(),
        form_number: samples::FORM.into(),
        issued_at: samples::TIME,
    };
    assert_eq!(sent(&IssueAnswer::from(&red)).try_into(), Ok(red));
    let order = SettlementOrder {
        receipt_number: "344035260300000001".into(),
        kind: SettlementKind::Refund,
        amount: Cents(57_264),
        red_number: samples::RED.into(),
    };
    assert_eq!(sent(&SettleRequest::from(&order)).try_into(), Ok(order));
    for (transfer_out, settlement_number) in [(None, None), (Some(Cents(1)), Some("T-1".into()))] {
        let outcome = WriteBack {
            form_number: samples::FORM.into(),
            red_number: samples::RED.into(),
            transfer_out,
            settlement_number,
        };
        let wire = sent(&WriteBackRequest::of("HZ1", &outcome));
        assert_eq!(wire.read(), Ok(outcome));
    }
}

#[test]
fn a_settlement_has_a_number_or_there_is_none() {
    let read = |tdkbh: Option<&str>| {
        let tdkbh = tdkbh.map(Into::into);
        SettlementAnswer { tdkbh }.read()
    };
    assert_eq!(read(Some("TD-1")), Ok(Some("TD-1".into())));
    assert_eq!((read(None), read(Some(""))), (Ok(None), Ok(None)));
    assert!(read(Some("张三")).is_err());
    assert!(read(Some(&"1".repeat(41))).is_err());
    let none = SettleAnswer {
        tdkbh: String::new(),
    };
    assert!(none.read().is_err(), "a settlement that was opened has one");
}

fn rate() -> impl Strategy<Value = String> {
    prop_oneof![
        "0\\.[0-9]{1,3}",
        Just("exempt".into()),
        Just("not_taxed".into()),
        Just("margin".into()),
    ]
}

prop_compose! {
    fn line()(
        blue_line in any::<u32>(),
        texts in prop::array::uniform4(any::<String>()),
        quantity in prop::option::of("-[1-9][0-9]{0,8}(\\.[0-9]{1,13})?"),
        unit_price in prop::option::of("[1-9][0-9]{0,8}(\\.[0-9]{1,10})?"),
        net in -99_999_999_999_999_999_i64..=0,
        tax in -99_999_999_999_999_999_i64..=0,
        rate in rate(),
    ) -> ReversalLine {
        let [item_name, item_code, specification, unit] = texts;
        ReversalLine {
            blue_line, item_name, item_code, specification, unit, quantity, unit_price,
            net: Cents(net), rate, tax: Cents(tax),
        }
    }
}

proptest! {
    #[test]
    fn any_lines_and_amounts_read_back(
        lines in prop::collection::vec(line(), 0..5),
        net in -99_999_999_999_999_999_i64..=99_999_999_999_999_999,
        tax in -99_999_999_999_999_999_i64..=99_999_999_999_999_999,
    ) {
        let draft = ReversalDraft { lines, net: Cents(net), tax: Cents(tax), ..samples::draft() };
        let wire = EnterRequest { nr: (&draft).into() };
        prop_assert_eq!(ReversalDraft::try_from(sent(&wire).nr), Ok(draft));
    }
}
