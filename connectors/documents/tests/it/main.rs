//! Files as they come, hostile ones, and what is written, read again.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "helpers of tests end the test, as the tests themselves do"
)]

mod files;
mod hostile;
mod reversals;
mod round_trips;
mod rules;
mod written;

use clerkwork_connectors_api::red_letter::{
    BlueReference, RedLetterApplication, ReversalLine, ReversalReason, Side, Trader,
};
use clerkwork_core::Cents;
use clerkwork_documents::{
    DocumentError, Format, InvoiceDocument, Issue, Limits, Reversal, read, write,
};
use jiff::civil::date;

/// Every file of the tests.
const FILES: &[(&str, &str)] = &[
    (
        "einvoice_blue_bom.xml",
        include_str!("../files/einvoice_blue_bom.xml"),
    ),
    (
        "einvoice_exempt.xml",
        include_str!("../files/einvoice_exempt.xml"),
    ),
    (
        "einvoice_margin.xml",
        include_str!("../files/einvoice_margin.xml"),
    ),
    (
        "einvoice_100_lines.xml",
        include_str!("../files/einvoice_100_lines.xml"),
    ),
    (
        "einvoice_red.xml",
        include_str!("../files/einvoice_red.xml"),
    ),
    (
        "einvoice_red_legacy.xml",
        include_str!("../files/einvoice_red_legacy.xml"),
    ),
    (
        "ubl_usual_prefixes.xml",
        include_str!("../files/ubl_usual_prefixes.xml"),
    ),
    (
        "ubl_other_prefixes.xml",
        include_str!("../files/ubl_other_prefixes.xml"),
    ),
    ("ubl_euro.xml", include_str!("../files/ubl_euro.xml")),
];

fn file(name: &str) -> &'static str {
    let found = FILES.iter().find(|(known, _)| *known == name);
    found.unwrap_or_else(|| panic!("no file `{name}`")).1
}

fn parse(text: &str) -> Result<InvoiceDocument, DocumentError> {
    read(text.as_bytes(), Limits::default()).map(|(_, document)| document)
}

fn document(name: &str) -> InvoiceDocument {
    parse(file(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// Writes and reads again.
fn again(document: &InvoiceDocument, format: Format) -> InvoiceDocument {
    let text = write(document, format).unwrap();
    let (found, document) =
        read(text.as_bytes(), Limits::default()).unwrap_or_else(|error| panic!("{error}\n{text}"));
    assert_eq!(found, format);
    document
}

/// A whole reversal, started by the seller for a mistake.
fn whole() -> Reversal {
    Reversal {
        application_number: "HZ-2026-1".into(),
        applied_on: date(2026, 3, 9),
        started_by: Side::Seller,
        applicant_tax_id: None,
        reason: Some(ReversalReason::IssuingMistake),
        settlement: None,
        blue_issued_on: None,
        parts: Vec::new(),
    }
}

fn trader(name: &str, tax_id: &str) -> Trader {
    Trader {
        name: name.into(),
        tax_id: tax_id.into(),
    }
}

/// An application with a line of every kind of rate.
fn application() -> RedLetterApplication {
    let line = |blue_line, name: &str, net, rate: &str, tax| ReversalLine {
        blue_line,
        item_name: name.into(),
        item_code: "3040203000000000000".into(),
        specification: String::new(),
        unit: String::new(),
        quantity: None,
        unit_price: None,
        net: Cents(net),
        rate: rate.into(),
        tax: Cents(tax),
    };
    let mut goods = line(1, "*文具*签字笔 <0.5> & 笔芯", -3_330, "0.13", -433);
    goods.item_code = "1060301020000000000".into();
    goods.specification = "0.5mm".into();
    goods.unit = "支".into();
    goods.quantity = Some("-10".into());
    goods.unit_price = Some("3.33".into());
    RedLetterApplication {
        application_number: "HZ-2026-2".into(),
        applied_on: date(2026, 3, 9),
        started_by: Side::Seller,
        applicant_tax_id: "91110000600037341L".into(),
        blue: BlueReference {
            code: None,
            number: "26312000000000000001".into(),
            issued_on: date(2026, 3, 1),
        },
        seller: trader("北京示例科技有限公司", "91110000600037341L"),
        buyer: trader("上海示例贸易有限公司", "91310000MA1FL0XY2K"),
        reason: ReversalReason::SalesAllowance,
        currency: "CNY".into(),
        lines: vec![
            goods,
            line(2, "*信息技术服务*安装", -10_000, "0.06", -605),
            line(3, "*蔬菜*白菜", -5_000, "exempt", 0),
            line(5, "*经纪代理服务*代理费", -19_804, "margin", -196),
        ],
        total_net: Cents(-38_134),
        total_tax: Cents(-1_234),
        total_gross: Cents(-39_368),
        remark: "协商折让".into(),
        settlement: None,
    }
}

fn issue() -> Issue {
    Issue {
        red_number: "26312000000000000009".into(),
        form_number: "11011526030900000001".into(),
        at: date(2026, 3, 9).at(16, 20, 0, 0),
    }
}
