//! What is written, as it stands in the file, and against the sums of EN 16931.

use clerkwork_core::Cents;
use clerkwork_documents::{Format, InvoiceDocument, write};

use crate::{application, document, issue};

#[test]
fn the_issued_red_invoice_as_a_digital_invoice() {
    let red = InvoiceDocument::issued(&application(), &issue());
    insta::assert_snapshot!(write(&red, Format::EInvoice).unwrap());
}

#[test]
fn the_issued_red_invoice_as_a_credit_note() {
    let red = InvoiceDocument::issued(&application(), &issue());
    insta::assert_snapshot!(write(&red, Format::Ubl).unwrap());
}

#[test]
fn a_blue_invoice_taxed_on_the_margin() {
    let invoice = document("einvoice_margin.xml");
    insta::assert_snapshot!(write(&invoice, Format::EInvoice).unwrap());
}

#[test]
fn a_blue_invoice_is_no_credit_note() {
    let error = write(&document("einvoice_margin.xml"), Format::Ubl).unwrap_err();
    assert!(error.to_string().contains("no credit note"), "{error}");
}

#[test]
fn what_could_not_be_read_again_is_not_written() {
    let red = InvoiceDocument::issued(&application(), &issue());
    type Change = fn(&mut InvoiceDocument);
    let changes: [Change; 6] = [
        |red| red.total_net = Cents(-1),
        |red| red.lines.clear(),
        |red| red.lines[0].rate = "13".into(),
        |red| red.lines[0].quantity = Some("ten".into()),
        |red| red.lines[0].item_name = "  ".into(),
        |red| red.remark = "a\u{1}b".into(),
    ];
    for change in changes {
        let mut broken = red.clone();
        change(&mut broken);
        for format in [Format::EInvoice, Format::Ubl] {
            assert!(write(&broken, format).is_err(), "{broken:?}");
        }
    }
    let mut euro = red;
    euro.currency = "EUR".into();
    assert!(
        write(&euro, Format::EInvoice).is_err(),
        "digital invoices are in CNY"
    );
    assert!(write(&euro, Format::Ubl).is_ok());
}

/// The amounts in elements of that name, in cents, by a look at the text alone.
fn amounts(text: &str, name: &str) -> Vec<i64> {
    let open = format!("<cbc:{name} currencyID=\"CNY\">");
    let parts = text.split(open.as_str()).skip(1);
    parts
        .map(|part| {
            part.split('<')
                .next()
                .unwrap()
                .replace('.', "")
                .parse()
                .unwrap()
        })
        .collect()
}

#[test]
fn the_sums_of_a_written_credit_note_are_those_of_the_norm() {
    let red = InvoiceDocument::issued(&application(), &issue());
    let text = write(&red, Format::Ubl).unwrap();
    let net = amounts(&text, "LineExtensionAmount");
    let (total, lines) = net.split_first().unwrap();
    assert_eq!(*total, lines.iter().sum::<i64>(), "BR-CO-10");
    assert_eq!(amounts(&text, "TaxExclusiveAmount"), [*total], "BR-CO-13");
    let taxes = amounts(&text, "TaxAmount");
    let (tax, subtotals) = taxes.split_first().unwrap();
    assert_eq!(*tax, subtotals.iter().sum::<i64>(), "BR-CO-14");
    assert_eq!(
        amounts(&text, "TaxInclusiveAmount"),
        [total + tax],
        "BR-CO-15"
    );
    assert_eq!(amounts(&text, "PayableAmount"), [total + tax], "BR-CO-16");
    let taxable = amounts(&text, "TaxableAmount");
    assert_eq!(
        taxable.iter().sum::<i64>(),
        *total,
        "BR-S-8 over all categories"
    );
    assert!(
        net.iter().chain(&taxes).all(|amount| *amount >= 0),
        "positive"
    );
    // BR-CO-17: the tax of a category is its amount times its rate, within a yuan.
    let percents: Vec<f64> = text
        .split("<cac:TaxCategory>")
        .skip(1)
        .map(|part| {
            let part = part.split("<cbc:Percent>").nth(1).unwrap();
            part.split('<').next().unwrap().parse().unwrap()
        })
        .collect();
    assert_eq!(percents.len(), subtotals.len());
    for ((taxable, tax), percent) in taxable.iter().zip(subtotals).zip(percents) {
        let expected = *taxable as f64 * percent / 100.0;
        assert!(
            (expected - *tax as f64).abs() < 100.0,
            "{taxable} at {percent} %: {tax}"
        );
    }
    assert!(
        text.contains("<cbc:CustomizationID>urn:cen.eu:en16931:2017</"),
        "BR-1"
    );
    assert!(text.contains("<cbc:CreditNoteTypeCode>381</"), "BR-4");
    assert!(
        text.contains("<cac:InvoiceDocumentReference>\n      <cbc:ID>"),
        "BR-55"
    );
}
