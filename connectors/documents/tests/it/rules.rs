//! Elements that are missing, stand twice, or say something that cannot be.

use clerkwork_documents::DocumentError;

use crate::{file, parse};

/// The file with one change, which must change it.
fn error(name: &str, from: &str, to: &str) -> String {
    let text = file(name);
    assert!(text.contains(from), "{name} does not hold `{from}`");
    let error = parse(&text.replacen(from, to, 1)).unwrap_err();
    assert!(
        !matches!(error, DocumentError::Malformed { .. }),
        "the test breaks the XML: {error}"
    );
    error.to_string()
}

#[test]
fn a_missing_element_is_named_with_its_path() {
    let cases = [
        (
            "<SellerName>北京示例科技有限公司</SellerName>",
            "EInvoice/EInvoiceData/SellerInformation/SellerName",
        ),
        (
            "<LabelCode>N</LabelCode>",
            "EInvoice/Header/InherentLabel/InIssuType/LabelCode",
        ),
        (
            "<InvoiceNumber>26312000000000000009</InvoiceNumber>",
            "EInvoice/TaxSupervisionInfo/InvoiceNumber",
        ),
        (
            "<Amount>-100.00</Amount>",
            "EInvoice/EInvoiceData/IssuItemInformation/Amount",
        ),
        (
            "<OriginalInvoiceCode>26312000000000000001</OriginalInvoiceCode>",
            "EInvoice/EInvoiceData/SpecificInformation/RedEInvoice/OriginalInvoiceCode",
        ),
        (
            "<TotalTaxAm>-6.00</TotalTaxAm>",
            "EInvoice/EInvoiceData/BasicInformation/TotalTaxAm",
        ),
    ];
    for (element, path) in cases {
        assert_eq!(
            error("einvoice_red.xml", element, ""),
            format!("`{path}` is missing")
        );
    }
    let ubl = [
        ("<cbc:ID>CN-2026-17</cbc:ID>", "CreditNote/ID"),
        (
            "<cbc:CreditNoteTypeCode>381</cbc:CreditNoteTypeCode>",
            "CreditNote/CreditNoteTypeCode",
        ),
        (
            "<cbc:PayableAmount currencyID=\"CNY\">219.17</cbc:PayableAmount>",
            "CreditNote/LegalMonetaryTotal/PayableAmount",
        ),
        (
            "<cbc:Name>*食品*茶具</cbc:Name>",
            "CreditNote/CreditNoteLine[2]/Item/Name",
        ),
    ];
    for (element, path) in ubl {
        assert_eq!(
            error("ubl_usual_prefixes.xml", element, ""),
            format!("`{path}` is missing")
        );
    }
}

#[test]
fn a_doubled_element_is_named_with_its_path() {
    let said = error(
        "einvoice_red.xml",
        "<SellerName>",
        "<SellerName>a</SellerName><SellerName>",
    );
    assert!(
        said.starts_with("`EInvoice/EInvoiceData/SellerInformation/SellerName[2]` stands twice"),
        "{said}"
    );
    let said = error(
        "ubl_usual_prefixes.xml",
        "</cac:BillingReference>",
        "</cac:BillingReference><cac:BillingReference><cac:InvoiceDocumentReference>\
         <cbc:ID>2</cbc:ID></cac:InvoiceDocumentReference></cac:BillingReference>",
    );
    assert!(
        said.contains("InvoiceDocumentReference` stands twice"),
        "{said}"
    );
}

#[test]
fn a_wrong_number_is_told_with_its_path_and_value() {
    let said = error("einvoice_blue_bom.xml", ">-200.00<", ">minus 200<");
    assert!(
        said.starts_with(
            "`EInvoice/EInvoiceData/IssuItemInformation[2]/Amount`: `minus 200` is not taken"
        ),
        "{said}"
    );
    for (from, to) in [
        (">-100.00<", ">-100.001<"),
        (">-100.00<", ">1e2<"),
        (">0.06<", ">6<"),
        (">0.06<", ">-0.06<"),
        (">-2<", ">two<"),
        ("<IssueTime>2026-03-09 16:20:00<", "<IssueTime>9 March<"),
        ("<LabelCode>N<", "<LabelCode>X<"),
    ] {
        let said = error("einvoice_red.xml", from, to);
        assert!(said.contains("is not taken; write"), "{said}");
    }
}

#[test]
fn the_sums_agree_or_the_element_is_named() {
    let said = error("einvoice_red.xml", "Tax>-100.00<", "Tax>-100.01<");
    assert!(
        said.starts_with("`EInvoice/EInvoiceData/BasicInformation/TotalAmWithoutTax`: it says -100.01, and its parts make -100.00"),
        "{said}"
    );
    let said = error("einvoice_red.xml", "Amount>-106.00<", "Amount>-106.01<");
    assert!(said.contains("TotalTax-includedAmount"), "{said}");
    for (from, to, path) in [
        (
            "LineExtensionAmount currencyID=\"CNY\">199.70",
            "LineExtensionAmount currencyID=\"CNY\">199.71",
            "LegalMonetaryTotal/LineExtensionAmount",
        ),
        (
            "TaxExclusiveAmount currencyID=\"CNY\">199.70",
            "TaxExclusiveAmount currencyID=\"CNY\">199.71",
            "LegalMonetaryTotal/TaxExclusiveAmount",
        ),
        (
            "TaxInclusiveAmount currencyID=\"CNY\">219.17",
            "TaxInclusiveAmount currencyID=\"CNY\">219.18",
            "LegalMonetaryTotal/TaxInclusiveAmount",
        ),
        (
            "PayableAmount currencyID=\"CNY\">219.17",
            "PayableAmount currencyID=\"CNY\">219.18",
            "LegalMonetaryTotal/PayableAmount",
        ),
        (
            "TaxableAmount currencyID=\"CNY\">149.70",
            "TaxableAmount currencyID=\"CNY\">149.71",
            "TaxSubtotal/TaxableAmount",
        ),
    ] {
        let said = error("ubl_usual_prefixes.xml", from, to);
        assert!(
            said.starts_with(&format!("`CreditNote/{path}`"))
                || said.starts_with(&format!("`CreditNote/TaxTotal/{path}`")),
            "{said}"
        );
    }
}

#[test]
fn a_subtotal_that_is_off_by_more_than_a_cent_a_line_is_named() {
    // Everywhere else the new tax is right.
    let with = |tax: &str, gross: &str| {
        let text = file("ubl_usual_prefixes.xml");
        parse(
            &text
                .replace(">19.47<", &format!(">{tax}<"))
                .replace(">219.17<", &format!(">{gross}<")),
        )
    };
    for (tax, gross) in [
        ("19.44", "219.14"),
        ("19.45", "219.15"),
        ("19.48", "219.18"),
    ] {
        assert!(
            with(tax, gross).is_ok(),
            "{tax} is within a cent a line of 19.46"
        );
    }
    let said = with("19.49", "219.19").unwrap_err().to_string();
    assert!(
        said.starts_with(
            "`CreditNote/TaxTotal/TaxSubtotal/TaxAmount`: it says 19.49, and its parts make 19.46"
        ),
        "{said}"
    );
}

#[test]
fn a_credit_note_names_the_invoice_that_it_credits() {
    let said = error(
        "ubl_usual_prefixes.xml",
        "<cbc:ID>26312000000000000001</cbc:ID>",
        "",
    );
    assert!(
        said.contains("InvoiceDocumentReference/ID` is missing") && said.contains("BR-55"),
        "{said}"
    );
}

#[test]
fn only_credit_notes_under_the_european_norm_are_taken() {
    let said = error("ubl_usual_prefixes.xml", ">381<", ">380<");
    assert!(said.contains("`380` is not taken; write 381"), "{said}");
    let said = error("ubl_usual_prefixes.xml", "urn:cen.eu:en16931:2017", "urn:x");
    assert!(said.contains("CustomizationID"), "{said}");
    let said = error(
        "ubl_usual_prefixes.xml",
        "<cbc:ID>S</cbc:ID>",
        "<cbc:ID>AE</cbc:ID>",
    );
    assert!(said.contains("`AE` is not taken"), "{said}");
    let said = error(
        "ubl_usual_prefixes.xml",
        "<cac:TaxTotal>",
        "<cac:AllowanceCharge/><cac:TaxTotal>",
    );
    assert!(said.contains("put it into the lines"), "{said}");
}
