//! Writes a digital invoice.

use clerkwork_connectors_api::red_letter::{CURRENCY, Trader, rate_word};
use clerkwork_core::Cents;

use super::{BLUE, HIDDEN, NOT_TAXED, RED};
use crate::{
    InvoiceDocument, InvoiceKind, InvoiceLine, error::DocumentError, invoice, number,
    remark::Remark, xml::XmlWriter,
};

/// The document as XML.
pub(crate) fn write(document: &InvoiceDocument) -> Result<String, DocumentError> {
    invoice::writable(document)?;
    if document.currency != CURRENCY {
        return Err(DocumentError::value(
            "currency",
            &document.currency,
            "CNY, the one currency of digital invoices, or write UBL",
        ));
    }
    let mut xml = XmlWriter::new();
    xml.open("EInvoice", &[]);
    header(&mut xml, document)?;
    data(&mut xml, document)?;
    xml.open("TaxSupervisionInfo", &[]);
    if let Some(code) = &document.code {
        xml.leaf("InvoiceCode", code)?;
    }
    xml.leaf("InvoiceNumber", &document.number)?;
    xml.leaf("IssueTime", &moment(document))?;
    Ok(xml.finish())
}

fn moment(document: &InvoiceDocument) -> String {
    match document.issued_at {
        Some(time) => format!("{} {time}", document.issued_on),
        None => document.issued_on.to_string(),
    }
}

fn header(xml: &mut XmlWriter, document: &InvoiceDocument) -> Result<(), DocumentError> {
    let colour = match document.kind {
        InvoiceKind::Blue => BLUE,
        InvoiceKind::Red(_) => RED,
    };
    xml.open("Header", &[]);
    xml.leaf("EIid", &document.number)?;
    xml.open("InherentLabel", &[]);
    xml.open("InIssuType", &[]);
    xml.leaf("LabelCode", colour)?;
    xml.close();
    xml.close();
    xml.close();
    Ok(())
}

fn data(xml: &mut XmlWriter, document: &InvoiceDocument) -> Result<(), DocumentError> {
    xml.open("EInvoiceData", &[]);
    party(
        xml,
        "SellerInformation",
        ["SellerIdNum", "SellerName"],
        &document.seller,
    )?;
    party(
        xml,
        "BuyerInformation",
        ["BuyerIdNum", "BuyerName"],
        &document.buyer,
    )?;
    xml.open("BasicInformation", &[]);
    xml.leaf("TotalAmWithoutTax", &document.total_net.to_string())?;
    let all_hidden = document.lines.iter().all(hides_tax);
    let tax = if all_hidden {
        HIDDEN.to_owned()
    } else {
        document.total_tax.to_string()
    };
    xml.leaf("TotalTaxAm", &tax)?;
    xml.leaf("TotalTax-includedAmount", &document.total_gross.to_string())?;
    xml.leaf("RequestTime", &moment(document))?;
    xml.close();
    for line in &document.lines {
        write_line(xml, line)?;
    }
    let mut remark = Remark {
        deduction: document.margin_deduction,
        free: document.remark.clone(),
        ..Remark::default()
    };
    if let InvoiceKind::Red(reversed) = &document.kind {
        xml.open("SpecificInformation", &[]);
        xml.open("RedEInvoice", &[]);
        let original = reversed.code.as_ref().unwrap_or(&reversed.number);
        xml.leaf("OriginalInvoiceCode", original)?;
        if let Some(form) = &reversed.form_number {
            xml.leaf("CreditNoteNumber", form)?;
        }
        xml.close();
        xml.close();
        match &reversed.code {
            Some(code) => remark.legacy = Some((code.clone(), reversed.number.clone())),
            None => remark.blue = Some(reversed.number.clone()),
        }
        remark.form = reversed.form_number.clone();
    }
    let remark = remark.write();
    if !remark.is_empty() {
        xml.open("AdditionalInformation", &[]);
        xml.leaf("Remark", &remark)?;
        xml.close();
    }
    xml.close();
    Ok(())
}

fn party(
    xml: &mut XmlWriter,
    group: &'static str,
    [id, name]: [&'static str; 2],
    trader: &Trader,
) -> Result<(), DocumentError> {
    xml.open(group, &[]);
    if !trader.tax_id.is_empty() {
        xml.leaf(id, &trader.tax_id)?;
    }
    xml.leaf(name, &trader.name)?;
    xml.close();
    Ok(())
}

/// Whether a line's tax is printed as `***`.
fn hides_tax(line: &InvoiceLine) -> bool {
    let untaxed = line.rate == rate_word::EXEMPT || line.rate == rate_word::NOT_TAXED;
    untaxed && line.tax == Cents::ZERO
}

fn write_line(xml: &mut XmlWriter, line: &InvoiceLine) -> Result<(), DocumentError> {
    xml.open("IssuItemInformation", &[]);
    xml.leaf("ItemName", &line.item_name)?;
    let optional = [
        ("TaxClassificationCode", line.item_code.as_str()),
        ("SpecMod", &line.specification),
        ("MeaUnits", &line.unit),
        ("Quantity", line.quantity.as_deref().unwrap_or_default()),
        ("UnPrice", line.unit_price.as_deref().unwrap_or_default()),
    ];
    for (name, value) in optional {
        if !value.is_empty() {
            xml.leaf(name, value)?;
        }
    }
    xml.leaf("Amount", &line.net.to_string())?;
    let hidden = hides_tax(line);
    let rate = match line.rate.as_str() {
        rate_word::NOT_TAXED => NOT_TAXED.into(),
        // With its tax printed, `***` would be read as the margin.
        rate_word::EXEMPT if !hidden => super::EXEMPT.into(),
        rate_word::EXEMPT | rate_word::MARGIN => HIDDEN.into(),
        rate => number::decimal(rate).map_or_else(|| rate.to_owned(), number::normal),
    };
    xml.leaf("TaxRate", &rate)?;
    let tax = if hidden {
        HIDDEN.to_owned()
    } else {
        line.tax.to_string()
    };
    xml.leaf("ComTaxAm", &tax)?;
    xml.close();
    Ok(())
}
