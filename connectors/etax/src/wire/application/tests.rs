//! Applications and their wire form, both ways.

use super::*;
use clerkwork_connectors_api::agent_invoice::{ApplicantKind, Attachment, InvoiceType};
use jiff::civil::date;

fn full() -> Application {
    Application {
        application_number: "DK2026030100001".into(),
        applied_on: date(2026, 3, 2),
        transaction_date: date(2026, 3, 1),
        invoice_type: InvoiceType::Ordinary,
        applicant_kind: ApplicantKind::NaturalPerson,
        seller: Party {
            name: "张三".into(),
            tax_id: "110101199003077774".into(),
            address: "北京".into(),
            phone: "13800000000".into(),
            bank: "银行".into(),
            account: "6222".into(),
        },
        buyer: Party {
            name: "某公司".into(),
            tax_id: "91350211M000100Y43".into(),
            address: String::new(),
            phone: String::new(),
            bank: String::new(),
            account: String::new(),
        },
        agent: Some(Agent {
            name: "李四".into(),
            identity_number: "11010119900307002X".into(),
            phone: "13900000000".into(),
        }),
        exemption: Some(Exemption {
            tax: Cents(4450),
            code: "0001011814".into(),
            reason: "小规模".into(),
        }),
        lines: vec![
            Line {
                item_name: "*劳务*装卸".into(),
                item_code: "3040502029900000000".into(),
                specification: "大".into(),
                unit: "次".into(),
                quantity: Some("2".into()),
                unit_price: Some("2202.4752475248".into()),
                net: Cents(440_495),
                levy_rate: "0.01".into(),
                tax: Cents(4405),
            },
            Line {
                item_name: "*劳务*其他".into(),
                item_code: "3040502029900000000".into(),
                specification: String::new(),
                unit: String::new(),
                quantity: None,
                unit_price: None,
                net: Cents(100),
                levy_rate: "0.01".into(),
                tax: Cents(1),
            },
        ],
        total_net: Cents(440_595),
        total_tax: Cents(4406),
        total_gross: Cents(445_001),
        total_in_words: "肆仟肆佰伍拾元零壹分".into(),
        special_element: None,
        remark: "备注".into(),
        tax_receipt_number: Some("344035260300000001".into()),
        contract: Some(Contract {
            number: "HT-1".into(),
            amount: Cents(445_001),
            seller_name: "张三".into(),
            buyer_name: "某公司".into(),
        }),
        attachments: vec![
            Attachment::IdentityDocument,
            Attachment::Licence,
            Attachment::Contract,
            Attachment::PayerConfirmation,
        ],
    }
}

fn elements() -> Vec<SpecialElement> {
    let text = String::from;
    vec![
        SpecialElement::Construction {
            place: text("深圳"),
            project_name: text("项目"),
            cross_city: true,
            cross_region_report: Some(text("K1")),
        },
        SpecialElement::Construction {
            place: text("深圳"),
            project_name: text("项目"),
            cross_city: false,
            cross_region_report: None,
        },
        SpecialElement::Freight {
            from: text("深圳"),
            to: text("广州"),
            vehicle_kind: text("公路运输"),
            plate: text("粤B00000"),
            goods: text("设备"),
        },
        SpecialElement::RealEstateSale {
            address: text("路1号"),
            title_number: text("T1"),
            area_unit: text("平方米"),
        },
        SpecialElement::RealEstateLetting {
            address: text("路1号"),
            title_number: text("T1"),
            from: date(2026, 1, 1),
            to: date(2026, 12, 31),
            area_unit: text("平方米"),
        },
    ]
}

fn there_and_back(application: Application) -> Application {
    let text = serde_json::to_string(&Sqxx::from(application)).unwrap();
    serde_json::from_str::<Sqxx>(&text)
        .unwrap()
        .try_into()
        .unwrap()
}

#[test]
fn an_application_reads_back_from_its_wire_form_with_every_special_element() {
    assert_eq!(there_and_back(full()), full());
    for element in elements() {
        let application = Application {
            special_element: Some(element),
            ..full()
        };
        assert_eq!(there_and_back(application.clone()), application);
    }
}

#[test]
fn a_bare_application_reads_back_and_nulls_are_absent() {
    let bare = Application {
        agent: None,
        exemption: None,
        tax_receipt_number: None,
        contract: None,
        attachments: vec![],
        remark: String::new(),
        invoice_type: InvoiceType::Special,
        applicant_kind: ApplicantKind::OtherTaxpayer,
        ..full()
    };
    assert_eq!(there_and_back(bare.clone()), bare);

    let mut wire = serde_json::to_value(Sqxx::from(bare.clone())).unwrap();
    for field in ["bz", "jbr", "wspzhm", "fjlxDm", "gmfdz"] {
        wire[field] = serde_json::Value::Null;
    }
    let read: Sqxx = serde_json::from_value(wire).unwrap();
    assert_eq!(Application::try_from(read).unwrap(), bare);
}

#[test]
fn an_unknown_kind_and_a_missing_part_are_errors() {
    let mut wire = Sqxx::from(full());
    wire.tdys = Some(Tdys {
        tdyslx_dm: "09".into(),
        ..Tdys::default()
    });
    assert_eq!(
        Application::try_from(wire.clone()),
        Err(WireError::UnknownCode {
            field: "tdyslxDm",
            value: "09".into()
        })
    );
    wire.tdys = Some(Tdys {
        tdyslx_dm: "04".into(),
        ..Tdys::default()
    });
    assert_eq!(
        Application::try_from(wire),
        Err(WireError::Missing {
            field: "hwys",
            because: "tdyslxDm"
        })
    );
}
