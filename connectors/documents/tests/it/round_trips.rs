//! Written and read again, nothing is lost but what a format cannot hold.

use std::panic;

use clerkwork_connectors_api::red_letter::{RedLetterApplication, ReversalLine, ReversalReason};
use clerkwork_core::Cents;
use clerkwork_documents::{
    Format, InvoiceDocument, InvoiceKind, InvoiceLine, Limits, Reversal, probe, read, write,
};
use proptest::{collection::vec, option, prelude::*, sample::Index, sample::select};

use crate::{FILES, again, application, document, issue, whole};

/// What it takes to get the application back.
fn the_same(application: &RedLetterApplication) -> Reversal {
    Reversal {
        application_number: application.application_number.clone(),
        applied_on: application.applied_on,
        started_by: application.started_by,
        applicant_tax_id: Some(application.applicant_tax_id.clone()),
        reason: Some(application.reason),
        settlement: application.settlement,
        blue_issued_on: Some(application.blue.issued_on),
        parts: Vec::new(),
    }
}

#[test]
fn every_file_is_the_same_after_writing() {
    for (name, _) in FILES {
        let document = document(name);
        for format in [Format::EInvoice, Format::Ubl] {
            let fits = match format {
                Format::EInvoice => document.currency == "CNY",
                Format::Ubl => document.kind != InvoiceKind::Blue,
            };
            if fits {
                assert_eq!(
                    again(&document, format),
                    document.as_written(format),
                    "{name}"
                );
            }
        }
    }
}

#[test]
fn an_application_comes_back_from_both_formats() {
    let mut application = application();
    let note = again(
        &InvoiceDocument::issued(&application, &issue()),
        Format::Ubl,
    );
    let silent = Reversal {
        reason: None,
        blue_issued_on: None,
        ..the_same(&application)
    };
    assert_eq!(note.apply(&silent).unwrap(), application);
    // A digital red invoice does not name the lines that it reverses.
    application.lines[3].blue_line = 4;
    let red = again(
        &InvoiceDocument::issued(&application, &issue()),
        Format::EInvoice,
    );
    assert_eq!(red.apply(&the_same(&application)).unwrap(), application);
}

#[test]
fn a_blue_file_becomes_the_red_one_in_both_formats() {
    for (name, _) in FILES {
        let blue = document(name);
        if blue.kind != InvoiceKind::Blue {
            continue;
        }
        let application = blue.apply(&whole()).unwrap();
        let red = InvoiceDocument::issued(&application, &issue());
        let note = again(&red, Format::Ubl)
            .apply(&the_same(&application))
            .unwrap();
        assert_eq!(note, application, "{name}");
        let red = again(&red, Format::EInvoice);
        assert_eq!(red.total_gross, application.total_gross, "{name}");
    }
}

fn text() -> impl Strategy<Value = String> {
    "[ -~一-龥<>&\"'（）]{1,20}".prop_map(|text| format!("*{}", text.trim()))
}

prop_compose! {
    fn line()(
        item_name in text(),
        item_code in select(vec!["", "3040203000000000000"]),
        specification in option::of(text()),
        unit in select(vec!["", "台", "千克", "KGM"]),
        quantity in option::of(1_u32..10_000),
        unit_price in option::of(1_u32..1_000_000),
        net in 1_i64..100_000_000,
        rate in select(vec!["0", "0.01", "0.015", "0.06", "0.13", "exempt", "not_taxed", "margin"]),
        off in -6_i64..=6,
    ) -> ReversalLine {
        let tax = match rate {
            "exempt" | "not_taxed" | "0" => 0,
            // Never nothing: without a deduction in the remark that is exempt.
            "margin" => (net / 100 + off).clamp(1, net),
            rate => (net as f64 * rate.parse::<f64>().unwrap()).round() as i64 + off,
        };
        ReversalLine {
            blue_line: 1,
            item_name,
            item_code: item_code.into(),
            specification: specification.unwrap_or_default(),
            unit: unit.into(),
            quantity: quantity.map(|n| format!("-{}.{:02}", n / 100, n % 100)),
            unit_price: unit_price.map(|n| format!("{}.{:04}", n / 10_000, n % 10_000)),
            net: Cents(-net),
            rate: rate.into(),
            tax: Cents(-tax.max(0)),
        }
    }
}

prop_compose! {
    fn any_application()(
        lines in vec(line(), 1..=12),
        legacy in any::<bool>(),
        buyer_id in select(vec!["", "91310000MA1FL0XY2K"]),
        reason in select(ReversalReason::ALL.to_vec()),
        remark in option::of(text()),
        gap in 1_u32..4,
    ) -> RedLetterApplication {
        let mut made = application();
        made.lines = lines;
        for (number, line) in (0..).zip(&mut made.lines) {
            line.blue_line = 1 + number * gap;
        }
        if legacy {
            made.blue.code = Some("031001900104".into());
            made.blue.number = "12345678".into();
        }
        made.buyer.tax_id = buyer_id.into();
        made.reason = reason;
        made.remark = remark.unwrap_or_default();
        made.total_net = Cents::sum(made.lines.iter().map(|line| line.net)).unwrap();
        made.total_tax = Cents::sum(made.lines.iter().map(|line| line.tax)).unwrap();
        made.total_gross = made.total_net.plus(made.total_tax).unwrap();
        made
    }
}

/// The same amounts on a blue invoice.
fn blue(application: &RedLetterApplication) -> InvoiceDocument {
    let mut document = InvoiceDocument::issued(application, &issue());
    document.kind = InvoiceKind::Blue;
    let turn = |amount: &mut Cents| *amount = Cents(-amount.0);
    for (number, line) in (1..).zip(&mut document.lines) {
        let InvoiceLine { net, tax, .. } = line;
        turn(net);
        turn(tax);
        line.number = number;
        line.quantity = line.quantity.take().map(|text| text.replace('-', ""));
    }
    turn(&mut document.total_net);
    turn(&mut document.total_tax);
    turn(&mut document.total_gross);
    document
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn any_application_comes_back_from_a_credit_note(application in any_application()) {
        let note = again(&InvoiceDocument::issued(&application, &issue()), Format::Ubl);
        prop_assert_eq!(note.apply(&the_same(&application)).unwrap(), application);
    }

    #[test]
    fn any_red_invoice_is_the_same_after_writing(application in any_application()) {
        let red = InvoiceDocument::issued(&application, &issue());
        for format in [Format::EInvoice, Format::Ubl] {
            prop_assert_eq!(again(&red, format), red.as_written(format));
        }
    }

    #[test]
    fn any_blue_invoice_is_the_same_after_writing(application in any_application(), deducted in option::of(0_i64..100_000)) {
        let mut blue = blue(&application);
        blue.margin_deduction = deducted.map(Cents);
        prop_assert_eq!(again(&blue, Format::EInvoice), blue.as_written(Format::EInvoice));
    }
}

// As many cases as `PROPTEST_CASES` says.
proptest! {
    /// A small fuzzer over the files, for where the real one is not at hand.
    #[test]
    fn a_damaged_file_is_read_or_refused_and_never_panics(
        which in any::<Index>(),
        cuts in vec((any::<Index>(), any::<Index>(), vec(any::<u8>(), 0..8)), 1..6),
    ) {
        let short: Vec<_> = FILES.iter().filter(|(_, text)| text.len() < 10_000).collect();
        let (name, text) = which.get(&short);
        let mut bytes = text.as_bytes().to_vec();
        for (from, length, with) in cuts {
            let from = from.index(bytes.len() + 1);
            let to = (from + length.index(12)).min(bytes.len());
            bytes.splice(from..to, with);
        }
        let format = if name.starts_with("ubl") { Format::Ubl } else { Format::EInvoice };
        let probed = panic::catch_unwind(|| probe(format, &bytes));
        prop_assert!(probed.is_ok());
    }

    #[test]
    fn any_bytes_are_refused(bytes in vec(any::<u8>(), 0..200)) {
        prop_assert!(read(bytes.as_slice(), Limits::default()).is_err());
    }
}

#[test]
fn what_a_remark_says_in_fixed_words_comes_back() {
    let mut application = application();
    application.remark = "差额征税 一次；对应合同号码:7".into();
    let red = InvoiceDocument::issued(&application, &issue());
    assert_eq!(again(&red, Format::EInvoice).remark, application.remark);
    assert!(write(&red, Format::EInvoice).unwrap().contains(&format!(
        "被红冲蓝字数电票号码:26312000000000000001 红字发票信息确认单编号:11011526030900000001 {}",
        application.remark
    )));
}
