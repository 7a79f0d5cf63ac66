//! How an invoice file looks in JSON.

use clerkwork_connectors_api::red_letter::ReversalReason;
use clerkwork_documents::{Format, InvoiceDocument, InvoiceKind, InvoiceLine, Reversed};
use serde_json::{Value, json};

/// The whole document.
pub fn document(format: Format, document: &InvoiceDocument) -> Value {
    let (kind, reverses) = match &document.kind {
        InvoiceKind::Blue => ("blue", None),
        InvoiceKind::Red(reversed) => ("red", Some(reverses(reversed))),
    };
    json!({
        "format": format.as_str(),
        "kind": kind,
        "number": document.number,
        "code": document.code,
        "issued_on": document.issued_on,
        "issued_at": document.issued_at,
        "reverses": reverses,
        "seller": document.seller,
        "buyer": document.buyer,
        "currency": document.currency,
        "lines": document.lines.iter().map(line).collect::<Vec<_>>(),
        "total_net": document.total_net,
        "total_tax": document.total_tax,
        "total_gross": document.total_gross,
        "margin_deduction": document.margin_deduction,
        "remark": document.remark,
    })
}

fn reverses(reversed: &Reversed) -> Value {
    json!({
        "number": reversed.number,
        "code": reversed.code,
        "issued_on": reversed.issued_on,
        "form_number": reversed.form_number,
        "reason": reversed.reason.map(ReversalReason::as_str),
    })
}

fn line(line: &InvoiceLine) -> Value {
    json!({
        "line": line.number,
        "item_name": line.item_name,
        "item_code": line.item_code,
        "specification": line.specification,
        "unit": line.unit,
        "quantity": line.quantity,
        "unit_price": line.unit_price,
        "net": line.net,
        "rate": line.rate,
        "tax": line.tax,
    })
}
