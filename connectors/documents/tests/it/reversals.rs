//! From invoices to applications.

use clerkwork_connectors_api::red_letter::{ReversalReason, Side};
use clerkwork_core::Cents;
use clerkwork_documents::{DocumentError, Part, Reversal, Share};
use jiff::civil::date;

use crate::{document, whole};

fn part(line: u32, share: Share) -> Reversal {
    Reversal {
        reason: Some(ReversalReason::ReturnOfGoods),
        parts: vec![Part { line, share }],
        ..whole()
    }
}

#[test]
fn a_whole_reversal_negates_every_amount_and_merges_the_discount() {
    let application = document("einvoice_blue_bom.xml").apply(&whole()).unwrap();
    assert_eq!(application.applicant_tax_id, "91110000600037341L");
    assert_eq!(application.blue.issued_on, date(2026, 3, 1));
    assert_eq!(application.total_net, Cents(-395_000));
    assert_eq!(application.total_tax, Cents(-50_300));
    assert_eq!(application.total_gross, Cents(-445_300));
    let [screen, service] = application.lines.as_slice() else {
        panic!("two lines");
    };
    assert_eq!((screen.blue_line, service.blue_line), (1, 3));
    assert_eq!((screen.net, screen.tax), (Cents(-380_000), Cents(-49_400)));
    assert_eq!(screen.quantity.as_deref(), Some("-4"));
    assert_eq!(
        screen.unit_price.as_deref(),
        Some("950"),
        "what was paid for one"
    );
    assert_eq!(application.remark, "");
}

#[test]
fn the_applicant_is_the_side_that_applies_unless_named() {
    let invoice = document("einvoice_margin.xml");
    let by_buyer = Reversal {
        started_by: Side::Buyer,
        ..whole()
    };
    let application = invoice.apply(&by_buyer).unwrap();
    assert_eq!(application.applicant_tax_id, "91310000MA1FL0XY2K");
    let named = Reversal {
        applicant_tax_id: Some("11010519491231002X".into()),
        ..by_buyer
    };
    let application = invoice.apply(&named).unwrap();
    assert_eq!(application.applicant_tax_id, "11010519491231002X");
    assert_eq!(application.total_gross, Cents(-20_000));
    assert_eq!(application.lines[0].rate, "margin");
}

#[test]
fn an_allowance_has_neither_quantity_nor_price() {
    let allowance = Reversal {
        reason: Some(ReversalReason::SalesAllowance),
        ..whole()
    };
    let application = document("einvoice_blue_bom.xml").apply(&allowance).unwrap();
    for line in &application.lines {
        assert_eq!((&line.quantity, &line.unit_price), (&None, &None));
    }
}

#[test]
fn a_part_is_a_quantity_or_an_amount() {
    let invoice = document("einvoice_blue_bom.xml");
    let one = invoice
        .apply(&part(1, Share::Quantity("1".into())))
        .unwrap();
    assert_eq!(one.lines.len(), 1);
    assert_eq!(
        (one.total_net, one.total_tax),
        (Cents(-95_000), Cents(-12_350))
    );
    assert_eq!(one.lines[0].quantity.as_deref(), Some("-1"));
    let all = invoice
        .apply(&part(1, Share::Quantity("4.0".into())))
        .unwrap();
    assert_eq!(
        (all.total_net, all.total_tax),
        (Cents(-380_000), Cents(-49_400))
    );
    let amount = invoice
        .apply(&part(3, Share::Amount(Cents(1_234))))
        .unwrap();
    assert_eq!(
        (amount.total_net, amount.total_tax),
        (Cents(-1_234), Cents(-74))
    );
    assert_eq!(amount.lines[0].quantity, None);
    let exempt = document("einvoice_exempt.xml");
    let half = exempt
        .apply(&part(1, Share::Quantity("100".into())))
        .unwrap();
    assert_eq!(
        (half.total_net, half.total_tax),
        (Cents(-25_000), Cents::ZERO)
    );
}

#[test]
fn a_part_that_the_invoice_does_not_have_is_refused() {
    let invoice = document("einvoice_blue_bom.xml");
    for (line, share) in [
        (2, Share::Amount(Cents(1))),
        (9, Share::Amount(Cents(1))),
        (1, Share::Quantity("4.01".into())),
        (1, Share::Quantity("0".into())),
        (1, Share::Quantity("-1".into())),
        (1, Share::Quantity("one".into())),
        (3, Share::Amount(Cents(15_001))),
        (3, Share::Amount(Cents(0))),
    ] {
        let error = invoice.apply(&part(line, share.clone()));
        assert!(error.is_err(), "line {line}: {share:?}");
    }
    let mut twice = part(1, Share::Quantity("1".into()));
    twice.parts.push(twice.parts[0].clone());
    assert!(matches!(
        invoice.apply(&twice),
        Err(DocumentError::Doubled { .. })
    ));
    let margin = document("einvoice_margin.xml").apply(&part(1, Share::Amount(Cents(100))));
    assert!(margin.unwrap_err().to_string().contains("in full only"));
}

#[test]
fn a_credit_note_states_its_reversal_itself() {
    let told = Reversal {
        reason: None,
        ..whole()
    };
    let application = document("ubl_usual_prefixes.xml").apply(&told).unwrap();
    assert_eq!(application.reason, ReversalReason::ReturnOfGoods);
    assert_eq!(application.blue.number, "26312000000000000001");
    assert_eq!(application.blue.issued_on, date(2026, 3, 1));
    assert_eq!(application.total_gross, Cents(-21_917));
    assert_eq!(application.lines[2].blue_line, 4);
    assert_eq!(application.remark, "第二批退货");
    let euro = document("ubl_euro.xml").apply(&told).unwrap();
    assert_eq!(euro.currency, "EUR", "kept for the kind's finding");
}

#[test]
fn what_a_red_invoice_does_not_tell_must_be_said() {
    let invoice = document("einvoice_red_legacy.xml");
    let error = invoice.apply(&whole()).unwrap_err().to_string();
    assert!(
        error.starts_with("`blue.issued_on` is missing; "),
        "{error}"
    );
    let said = Reversal {
        blue_issued_on: Some(date(2019, 11, 5)),
        ..whole()
    };
    let application = invoice.apply(&said).unwrap();
    assert_eq!(application.blue.code.as_deref(), Some("031001900104"));
    assert_eq!(application.blue.number, "12345678");
    let silent = Reversal {
        reason: None,
        ..said
    };
    assert!(
        invoice
            .apply(&silent)
            .unwrap_err()
            .to_string()
            .starts_with("`reason` is missing")
    );
    let blue = document("einvoice_blue_bom.xml");
    assert!(blue.application(&whole()).is_err() && blue.apply(&silent).is_err());
    assert!(invoice.reversal(&whole()).is_err());
}

#[test]
fn an_application_can_be_read_back_as_a_payload() {
    for name in [
        "einvoice_blue_bom.xml",
        "einvoice_100_lines.xml",
        "ubl_euro.xml",
    ] {
        let application = document(name).apply(&whole()).unwrap();
        let json = serde_json::to_string(&application).unwrap();
        let again: clerkwork_connectors_api::red_letter::RedLetterApplication =
            serde_json::from_str(&json).unwrap();
        assert_eq!(again, application);
    }
}
