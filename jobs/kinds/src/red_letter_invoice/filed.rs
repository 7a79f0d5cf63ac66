//! Whether an item is the application that the upstream holds under its number.
//!
//! What is submitted is only believed where the taxpayer applied for just that. Texts are compared
//! as they stand, an absent one as an empty one; numbers and days as values.

use clerkwork_connectors_api::red_letter::{
    BlueReference, RedLetterApplication, ReversalLine, Trader,
};
use rust_decimal::Decimal;

use super::basis::Rate;

/// Place of the first field of `item` that differs from what was `filed`; nothing when none does.
pub(super) fn first_difference(
    item: &RedLetterApplication,
    filed: &RedLetterApplication,
) -> Option<String> {
    let RedLetterApplication {
        application_number,
        applied_on,
        started_by,
        applicant_tax_id,
        blue,
        seller,
        buyer,
        reason,
        currency,
        lines,
        total_net,
        total_tax,
        total_gross,
        remark,
        settlement,
    } = item;
    let BlueReference {
        code,
        number,
        issued_on,
    } = blue;
    let header = [
        (
            *application_number == filed.application_number,
            "/application_number",
        ),
        (*applied_on == filed.applied_on, "/applied_on"),
        (*started_by == filed.started_by, "/started_by"),
        (
            *applicant_tax_id == filed.applicant_tax_id,
            "/applicant_tax_id",
        ),
        (
            text(code.as_deref()) == text(filed.blue.code.as_deref()),
            "/blue/code",
        ),
        (*number == filed.blue.number, "/blue/number"),
        (*issued_on == filed.blue.issued_on, "/blue/issued_on"),
        (*reason == filed.reason, "/reason"),
        (*currency == filed.currency, "/currency"),
        (lines.len() == filed.lines.len(), "/lines"),
        (*total_net == filed.total_net, "/total_net"),
        (*total_tax == filed.total_tax, "/total_tax"),
        (*total_gross == filed.total_gross, "/total_gross"),
        (*remark == filed.remark, "/remark"),
        (*settlement == filed.settlement, "/settlement"),
    ];
    let differs = |(same, path): &(bool, &'static str)| (!same).then(|| (*path).to_owned());
    header
        .iter()
        .find_map(differs)
        .or_else(|| party("/seller", seller, &filed.seller))
        .or_else(|| party("/buyer", buyer, &filed.buyer))
        .or_else(|| {
            let mut pairs = lines.iter().zip(&filed.lines).enumerate();
            pairs.find_map(|(i, (item, filed))| {
                line(item, filed).map(|field| format!("/lines/{i}/{field}"))
            })
        })
}

fn party(path: &str, item: &Trader, filed: &Trader) -> Option<String> {
    let Trader { name, tax_id } = item;
    let field = if *name != filed.name {
        "name"
    } else if *tax_id != filed.tax_id {
        "tax_id"
    } else {
        return None;
    };
    Some(format!("{path}/{field}"))
}

fn line(item: &ReversalLine, filed: &ReversalLine) -> Option<&'static str> {
    let ReversalLine {
        blue_line,
        item_name,
        item_code,
        specification,
        unit,
        quantity,
        unit_price,
        net,
        rate,
        tax,
    } = item;
    [
        (*blue_line == filed.blue_line, "blue_line"),
        (*item_name == filed.item_name, "item_name"),
        (*item_code == filed.item_code, "item_code"),
        (*specification == filed.specification, "specification"),
        (*unit == filed.unit, "unit"),
        (
            same_number(quantity.as_deref(), filed.quantity.as_deref()),
            "quantity",
        ),
        (
            same_number(unit_price.as_deref(), filed.unit_price.as_deref()),
            "unit_price",
        ),
        (*net == filed.net, "net"),
        (same_rate(rate, &filed.rate), "rate"),
        (*tax == filed.tax, "tax"),
    ]
    .into_iter()
    .find_map(|(same, field)| (!same).then_some(field))
}

fn text(optional: Option<&str>) -> &str {
    optional.unwrap_or_default()
}

/// What is no number is compared as text.
fn same_number(a: Option<&str>, b: Option<&str>) -> bool {
    let (a, b) = (text(a), text(b));
    let number = |text: &str| Decimal::from_str_exact(text).ok();
    a == b || number(a).is_some_and(|a| number(b) == Some(a))
}

fn same_rate(a: &str, b: &str) -> bool {
    a == b || Rate::read(a).is_some_and(|a| Rate::read(b) == Some(a))
}
