//! Files as they come.

use clerkwork_connectors_api::red_letter::{ReversalReason, rate_word};
use clerkwork_core::Cents;
use clerkwork_documents::{DocumentError, DocumentErrorKind, InvoiceKind, Reversed};
use jiff::civil::{date, time};

use crate::{document, file, parse};

fn red(name: &str) -> Reversed {
    match document(name).kind {
        InvoiceKind::Red(reversed) => reversed,
        InvoiceKind::Blue => panic!("{name} is blue"),
    }
}

#[test]
fn a_blue_invoice_with_a_byte_order_mark_is_read() {
    assert!(file("einvoice_blue_bom.xml").starts_with('\u{feff}'));
    let invoice = document("einvoice_blue_bom.xml");
    assert_eq!(invoice.kind, InvoiceKind::Blue);
    assert_eq!(invoice.number, "26312000000000000001");
    assert_eq!(invoice.issued_on, date(2026, 3, 1));
    assert_eq!(invoice.issued_at, Some(time(10, 30, 0, 0)));
    assert_eq!(invoice.seller.tax_id, "91110000600037341L");
    assert_eq!(invoice.total_gross, Cents(445_300));
    assert_eq!(invoice.remark, "合同号：2026-7");
    let [screen, discount, service] = invoice.lines.as_slice() else {
        panic!("three lines");
    };
    assert_eq!(screen.item_name, "*计算机外部设备*显示器 & 支架");
    assert_eq!(screen.quantity.as_deref(), Some("4"));
    assert_eq!(discount.net, Cents(-20_000));
    assert_eq!((service.number, service.rate.as_str()), (3, "0.06"));
    assert_eq!(service.item_code, "3040203000000000000");
}

#[test]
fn stars_for_rate_and_tax_are_exempt() {
    let invoice = document("einvoice_exempt.xml");
    assert_eq!(invoice.lines[0].rate, rate_word::EXEMPT);
    assert_eq!(invoice.lines[0].tax, Cents::ZERO);
    assert_eq!(invoice.total_tax, Cents::ZERO);
    assert_eq!(invoice.issued_at, None);
    assert_eq!(invoice.buyer.tax_id, "", "a natural person has none");
}

#[test]
fn stars_for_the_rate_with_a_tax_are_the_margin() {
    let invoice = document("einvoice_margin.xml");
    assert_eq!(invoice.lines[0].rate, rate_word::MARGIN);
    assert_eq!(invoice.lines[0].tax, Cents(196));
    assert_eq!(invoice.total_gross, Cents(20_000));
    assert_eq!(invoice.margin_deduction, Some(Cents(200)));
    assert_eq!(invoice.remark, "。代订机票");
}

#[test]
fn a_hundred_lines_are_read_and_one_more_is_refused_by_name() {
    let text = file("einvoice_100_lines.xml");
    let invoice = document("einvoice_100_lines.xml");
    assert_eq!(invoice.lines.len(), 100);
    assert_eq!(invoice.lines[99].item_name, "*文具*签字笔100号");
    let more = doubled_line(text);
    let error = parse(&more).unwrap_err();
    assert_eq!(
        error,
        DocumentError::TooManyLines {
            path: "EInvoice/EInvoiceData/IssuItemInformation[101]".into(),
            limit: 100
        }
    );
    assert_eq!(error.kind(), DocumentErrorKind::Limit);
}

#[test]
fn a_red_invoice_names_its_blue_one() {
    let reversed = red("einvoice_red.xml");
    assert_eq!(reversed.number, "26312000000000000001");
    assert_eq!(
        reversed.form_number.as_deref(),
        Some("11011526030900000001")
    );
    assert_eq!((reversed.code, reversed.issued_on), (None, None));
    assert_eq!(document("einvoice_red.xml").remark, "服务未完成");
    assert_eq!(document("einvoice_red.xml").total_net, Cents(-10_000));
}

#[test]
fn a_legacy_invoice_is_named_by_code_and_number() {
    let reversed = red("einvoice_red_legacy.xml");
    assert_eq!(reversed.code.as_deref(), Some("031001900104"));
    assert_eq!(reversed.number, "12345678");
    let other = file("einvoice_red_legacy.xml").replace("对应正数发票代码:0", "对应正数发票代码:9");
    let error = parse(&other).unwrap_err().to_string();
    assert!(error.contains("names another blue invoice"), "{error}");
    let none = file("einvoice_red_legacy.xml").replace("对应正数发票代码", "发票代码");
    let error = parse(&none).unwrap_err().to_string();
    assert!(error.contains("对应正数发票代码"), "{error}");
}

#[test]
fn a_credit_note_is_known_by_its_namespaces_whatever_the_prefixes() {
    let usual = document("ubl_usual_prefixes.xml");
    assert_eq!(usual, document("ubl_other_prefixes.xml"));
    assert_eq!(usual.number, "CN-2026-17");
    assert_eq!(usual.seller.name, "北京示例科技有限公司");
    assert_eq!(usual.seller.tax_id, "91110000600037341L");
    assert_eq!(usual.buyer.tax_id, "91310000MA1FL0XY2K");
    assert_eq!(usual.remark, "第二批退货");
    let reversed = red("ubl_usual_prefixes.xml");
    assert_eq!(reversed.issued_on, Some(date(2026, 3, 1)));
    assert_eq!(reversed.reason, Some(ReversalReason::ReturnOfGoods));
    // The same prefixes, bound to something else, are something else.
    let stranger = file("ubl_usual_prefixes.xml").replace("CommonBasicComponents-2", "Other-2");
    assert!(matches!(
        parse(&stranger).unwrap_err(),
        DocumentError::Missing { .. }
    ));
}

#[test]
fn the_positive_amounts_of_a_credit_note_become_negative() {
    let note = document("ubl_usual_prefixes.xml");
    assert_eq!(note.total_net, Cents(-19_970));
    assert_eq!(note.total_tax, Cents(-1_947));
    let [tea, pot, greens] = note.lines.as_slice() else {
        panic!("three lines");
    };
    assert_eq!(tea.quantity.as_deref(), Some("-3"));
    assert_eq!(tea.unit_price.as_deref(), Some("33.3"));
    assert_eq!(tea.item_code, "1030302010000000000");
    assert_eq!(tea.unit, "KGM");
    assert_eq!((pot.item_code.as_str(), pot.unit.as_str()), ("", ""));
    assert_eq!(greens.item_code, "1010115010100000000");
    assert_eq!(greens.rate, rate_word::EXEMPT);
    assert_eq!(greens.number, 4, "as the line is numbered");
    // 99.90 and 49.80 at 13 % are 12.99 and 6.47, one cent less than the subtotal.
    assert_eq!((tea.tax, pot.tax), (Cents(-1_300), Cents(-647)));
}

#[test]
fn another_currency_is_kept() {
    assert_eq!(document("ubl_euro.xml").currency, "EUR");
    let mixed =
        file("ubl_euro.xml").replacen("currencyID=\"EUR\">50.00", "currencyID=\"CNY\">50.00", 1);
    let error = parse(&mixed).unwrap_err().to_string();
    assert!(error.contains("DocumentCurrencyCode"), "{error}");
}

/// The text with its last line twice.
fn doubled_line(text: &str) -> String {
    let start = text.rfind("    <IssuItemInformation>").unwrap();
    let end = text.rfind("</IssuItemInformation>\n").unwrap() + "</IssuItemInformation>\n".len();
    format!("{}{}{}", &text[..end], &text[start..end], &text[end..])
}
