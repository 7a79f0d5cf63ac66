//! Reads a digital invoice.

use std::io::BufRead;

use clerkwork_connectors_api::red_letter::{CURRENCY, Trader, rate_word};
use clerkwork_core::Cents;
use jiff::civil::{Date, DateTime, Time};
use rust_decimal::Decimal;

use super::{BLUE, EXEMPT, HIDDEN, NOT_TAXED, RED, is_legacy_code};
use crate::{
    InvoiceDocument, InvoiceKind, InvoiceLine, Limits, Reversed,
    error::DocumentError,
    number,
    remark::Remark,
    reversal::is_rate,
    xml::{Element, XmlReader},
};

const DATA: &str = "EInvoice/EInvoiceData";

/// What was seen so far, as it stands there.
#[derive(Default)]
struct Seen {
    header: Option<()>,
    colour: Option<String>,
    data: Option<()>,
    seller: Option<Party>,
    buyer: Option<Party>,
    basic: Option<()>,
    net: Option<String>,
    tax: Option<String>,
    gross: Option<String>,
    lines: Vec<(InvoiceLine, bool)>,
    red: Option<()>,
    original: Option<String>,
    form: Option<String>,
    additional: Option<()>,
    remark: Option<String>,
    supervision: Option<()>,
    number: Option<String>,
    code: Option<String>,
    issued: Option<String>,
}

#[derive(Default)]
struct Party {
    tax_id: Option<String>,
    name: Option<String>,
}

/// Reads what stands in the root, which was entered, to the end of the document.
pub(crate) fn read<R: BufRead>(
    mut xml: XmlReader<R>,
    limits: Limits,
) -> Result<InvoiceDocument, DocumentError> {
    let mut seen = Seen::default();
    each(&mut xml, |xml, name| {
        match name {
            "Header" => {
                once(xml, &mut seen.header)?;
                header(xml, &mut seen)?;
            }
            "EInvoiceData" => {
                once(xml, &mut seen.data)?;
                data(xml, &mut seen, limits)?;
            }
            "TaxSupervisionInfo" => {
                once(xml, &mut seen.supervision)?;
                supervision(xml, &mut seen)?;
            }
            _ => return Ok(false),
        }
        Ok(true)
    })?;
    xml.finish()?;
    finish(seen)
}

/// Children by name; those in a namespace are of somebody else.
fn each<R: BufRead>(
    xml: &mut XmlReader<R>,
    mut take: impl FnMut(&mut XmlReader<R>, &str) -> Result<bool, DocumentError>,
) -> Result<(), DocumentError> {
    xml.each(|xml, element: &Element| {
        if element.namespace.is_empty() {
            take(xml, &element.name)
        } else {
            Ok(false)
        }
    })
}

fn once<R: BufRead>(xml: &XmlReader<R>, seen: &mut Option<()>) -> Result<(), DocumentError> {
    xml.once(seen)?;
    *seen = Some(());
    Ok(())
}

fn header<R: BufRead>(xml: &mut XmlReader<R>, seen: &mut Seen) -> Result<(), DocumentError> {
    each(xml, |xml, name| {
        if name != "InherentLabel" {
            return Ok(false);
        }
        each(xml, |xml, name| {
            if name != "InIssuType" {
                return Ok(false);
            }
            each(xml, |xml, name| {
                if name != "LabelCode" {
                    return Ok(false);
                }
                xml.text_into(&mut seen.colour)?;
                Ok(true)
            })?;
            Ok(true)
        })?;
        Ok(true)
    })
}

fn data<R: BufRead>(
    xml: &mut XmlReader<R>,
    seen: &mut Seen,
    limits: Limits,
) -> Result<(), DocumentError> {
    each(xml, |xml, name| {
        match name {
            "SellerInformation" => {
                xml.once(&seen.seller)?;
                seen.seller = Some(party(xml, "SellerIdNum", "SellerName")?);
            }
            "BuyerInformation" => {
                xml.once(&seen.buyer)?;
                seen.buyer = Some(party(xml, "BuyerIdNum", "BuyerName")?);
            }
            "BasicInformation" => {
                once(xml, &mut seen.basic)?;
                each(xml, |xml, name| {
                    match name {
                        "TotalAmWithoutTax" => xml.text_into(&mut seen.net)?,
                        "TotalTaxAm" => xml.text_into(&mut seen.tax)?,
                        "TotalTax-includedAmount" => xml.text_into(&mut seen.gross)?,
                        _ => return Ok(false),
                    }
                    Ok(true)
                })?;
            }
            "IssuItemInformation" => {
                if seen.lines.len() == limits.lines {
                    return Err(DocumentError::TooManyLines {
                        path: xml.path(),
                        limit: limits.lines,
                    });
                }
                let number = u32::try_from(seen.lines.len() + 1).unwrap_or(u32::MAX);
                seen.lines.push(line(xml, number)?);
            }
            "SpecificInformation" => each(xml, |xml, name| {
                if name != "RedEInvoice" {
                    return Ok(false);
                }
                once(xml, &mut seen.red)?;
                each(xml, |xml, name| {
                    match name {
                        "OriginalInvoiceCode" => xml.text_into(&mut seen.original)?,
                        "CreditNoteNumber" => xml.text_into(&mut seen.form)?,
                        _ => return Ok(false),
                    }
                    Ok(true)
                })?;
                Ok(true)
            })?,
            "AdditionalInformation" => {
                once(xml, &mut seen.additional)?;
                each(xml, |xml, name| {
                    if name != "Remark" {
                        return Ok(false);
                    }
                    xml.text_into(&mut seen.remark)?;
                    Ok(true)
                })?;
            }
            _ => return Ok(false),
        }
        Ok(true)
    })
}

fn supervision<R: BufRead>(xml: &mut XmlReader<R>, seen: &mut Seen) -> Result<(), DocumentError> {
    each(xml, |xml, name| {
        match name {
            "InvoiceNumber" => xml.text_into(&mut seen.number)?,
            "InvoiceCode" => xml.text_into(&mut seen.code)?,
            "IssueTime" => xml.text_into(&mut seen.issued)?,
            _ => return Ok(false),
        }
        Ok(true)
    })
}

fn party<R: BufRead>(
    xml: &mut XmlReader<R>,
    id: &str,
    named: &str,
) -> Result<Party, DocumentError> {
    let mut party = Party::default();
    each(xml, |xml, name| {
        if name == id {
            xml.text_into(&mut party.tax_id)?;
        } else if name == named {
            xml.text_into(&mut party.name)?;
        } else {
            return Ok(false);
        }
        Ok(true)
    })?;
    Ok(party)
}

/// A line, and whether its rate was hidden while its tax was not.
fn line<R: BufRead>(
    xml: &mut XmlReader<R>,
    number: u32,
) -> Result<(InvoiceLine, bool), DocumentError> {
    let path = xml.path();
    let [mut name, mut code, mut specification, mut unit] = [const { None }; 4];
    let [mut quantity, mut price, mut net, mut rate, mut tax] = [const { None }; 5];
    each(xml, |xml, element| {
        let slot = match element {
            "ItemName" => &mut name,
            "TaxClassificationCode" => &mut code,
            "SpecMod" => &mut specification,
            "MeaUnits" => &mut unit,
            "Quantity" => &mut quantity,
            "UnPrice" => &mut price,
            "Amount" => &mut net,
            "TaxRate" => &mut rate,
            "ComTaxAm" => &mut tax,
            _ => return Ok(false),
        };
        xml.text_into(slot)?;
        Ok(true)
    })?;
    let at = |name: &str| format!("{path}/{name}");
    let (rate_text, tax_text) = (
        required(rate, || at("TaxRate"))?,
        required(tax, || at("ComTaxAm"))?,
    );
    let hidden_tax = tax_text == HIDDEN;
    let (rate, margin) = rate_of(&rate_text, hidden_tax, &at("TaxRate"))?;
    let line = InvoiceLine {
        number,
        item_name: required(name, || at("ItemName"))?,
        item_code: code.unwrap_or_default(),
        specification: specification.unwrap_or_default(),
        unit: unit.unwrap_or_default(),
        quantity: optional_number(quantity, || at("Quantity"))?,
        unit_price: optional_number(price, || at("UnPrice"))?,
        net: amount(&required(net, || at("Amount"))?, &at("Amount"))?,
        rate,
        tax: if hidden_tax {
            Cents::ZERO
        } else {
            amount(&tax_text, &at("ComTaxAm"))?
        },
    };
    Ok((line, margin))
}

fn rate_of(text: &str, hidden_tax: bool, path: &str) -> Result<(String, bool), DocumentError> {
    let wrong = || DocumentError::value(path, text, "a rate such as `0.13`, `13%` or `***`");
    match text {
        HIDDEN if hidden_tax => Ok((rate_word::EXEMPT.into(), false)),
        HIDDEN => Ok((rate_word::MARGIN.into(), true)),
        EXEMPT => Ok((rate_word::EXEMPT.into(), false)),
        NOT_TAXED => Ok((rate_word::NOT_TAXED.into(), false)),
        text => {
            let rate = match text.strip_suffix('%') {
                Some(percent) => number::decimal(percent)
                    .and_then(|percent| percent.checked_div(Decimal::ONE_HUNDRED)),
                None => number::decimal(text),
            };
            let rate = number::normal(rate.ok_or_else(wrong)?);
            if is_rate(&rate) {
                Ok((rate, false))
            } else {
                Err(wrong())
            }
        }
    }
}

fn finish(seen: Seen) -> Result<InvoiceDocument, DocumentError> {
    let below = |name: &str| format!("{DATA}/{name}");
    let remark = Remark::read(&seen.remark.unwrap_or_default());
    let issued = required(seen.issued, || {
        "EInvoice/TaxSupervisionInfo/IssueTime".into()
    })?;
    let (issued_on, issued_at) = moment(&issued)?;
    let number = required(seen.number, || {
        "EInvoice/TaxSupervisionInfo/InvoiceNumber".into()
    })?;
    let colour_path = "EInvoice/Header/InherentLabel/InIssuType/LabelCode";
    let colour = required(seen.colour, || colour_path.into())?;
    let (kind, free) = match colour.as_str() {
        BLUE => {
            // The words of a red invoice mean nothing here.
            let own = Remark {
                deduction: None,
                ..remark.clone()
            };
            (InvoiceKind::Blue, own.write())
        }
        RED => {
            let original = required(seen.original, || {
                below("SpecificInformation/RedEInvoice/OriginalInvoiceCode")
            })?;
            let reversed = reversed(original, seen.form, &remark)?;
            // What names another kind of invoice than the one that is reversed is free text.
            let own = Remark {
                legacy: remark.legacy.clone().filter(|_| reversed.code.is_none()),
                blue: remark.blue.clone().filter(|_| reversed.code.is_some()),
                free: remark.free.clone(),
                ..Remark::default()
            };
            (InvoiceKind::Red(reversed), own.write())
        }
        other => {
            let expected = "`Y` for a blue invoice or `N` for a red one";
            return Err(DocumentError::value(colour_path, other, expected));
        }
    };
    if seen.lines.is_empty() {
        return Err(DocumentError::missing(below("IssuItemInformation")));
    }
    // A tax of nothing is the margin's only where the remark speaks of one.
    let lines = seen.lines.into_iter().map(|(mut line, margin)| {
        if margin && line.tax == Cents::ZERO && remark.deduction.is_none() {
            line.rate = rate_word::EXEMPT.into();
        }
        line
    });
    let paths = [
        below("BasicInformation/TotalAmWithoutTax"),
        below("BasicInformation/TotalTaxAm"),
        below("BasicInformation/TotalTax-includedAmount"),
    ];
    let [net_path, tax_path, gross_path] = &paths;
    let total = |text: Option<String>, path: &String| {
        let text = required(text, || path.clone())?;
        amount(&text, path)
    };
    let tax = match seen.tax.as_deref() {
        Some(HIDDEN) => Some("0".to_owned()),
        _ => seen.tax,
    };
    let document = InvoiceDocument {
        number,
        code: seen.code.filter(|code| !code.is_empty()),
        issued_on,
        issued_at,
        kind,
        seller: trader(seen.seller, DATA, "SellerInformation", "SellerName")?,
        buyer: trader(seen.buyer, DATA, "BuyerInformation", "BuyerName")?,
        currency: CURRENCY.into(),
        lines: lines.collect(),
        total_net: total(seen.net, net_path)?,
        total_tax: total(tax, tax_path)?,
        total_gross: total(seen.gross, gross_path)?,
        margin_deduction: remark.deduction,
        remark: free,
    };
    document.check_sums([net_path, tax_path, gross_path])?;
    Ok(document)
}

/// The blue invoice as a red one names it, in its element and in its remark.
fn reversed(
    original: String,
    form: Option<String>,
    remark: &Remark,
) -> Result<Reversed, DocumentError> {
    const PATH: &str = "EInvoice/EInvoiceData/AdditionalInformation/Remark";
    let differ = |element: &str, said: Option<&String>| said.is_some_and(|said| said != element);
    let form = form.filter(|form| !form.is_empty());
    if let Some(form) = &form
        && differ(form, remark.form.as_ref())
    {
        return Err(DocumentError::unfit(
            PATH,
            "it names another confirmation form than `CreditNoteNumber`; correct it at the issuer",
        ));
    }
    let conflict = || {
        DocumentError::unfit(
            PATH,
            "it names another blue invoice than `OriginalInvoiceCode`; correct it at the issuer",
        )
    };
    let (code, number) = if is_legacy_code(&original) {
        match &remark.legacy {
            Some((code, number)) if *code == original => (Some(original), number.clone()),
            Some(_) => return Err(conflict()),
            None => {
                return Err(DocumentError::unfit(
                    PATH,
                    "it must name a legacy invoice as `对应正数发票代码:…号码:…`; add it",
                ));
            }
        }
    } else if differ(&original, remark.blue.as_ref()) {
        return Err(conflict());
    } else {
        (None, original)
    };
    Ok(Reversed {
        code,
        number,
        issued_on: None,
        form_number: form.or_else(|| remark.form.clone()),
        reason: None,
    })
}

fn trader(
    party: Option<Party>,
    parent: &str,
    group: &str,
    named: &str,
) -> Result<Trader, DocumentError> {
    let party = party.ok_or_else(|| DocumentError::missing(format!("{parent}/{group}")))?;
    Ok(Trader {
        name: required(party.name, || format!("{parent}/{group}/{named}"))?,
        tax_id: party.tax_id.unwrap_or_default(),
    })
}

fn moment(text: &str) -> Result<(Date, Option<Time>), DocumentError> {
    if let Ok(date) = text.parse::<Date>()
        && text.len() == 10
    {
        return Ok((date, None));
    }
    match text.parse::<DateTime>() {
        Ok(moment) => Ok((moment.date(), Some(moment.time()))),
        Err(_) => Err(DocumentError::value(
            "EInvoice/TaxSupervisionInfo/IssueTime",
            text,
            "a time such as `2026-03-01 10:30:00`",
        )),
    }
}

/// An element that must be there and must say something.
fn required(value: Option<String>, path: impl Fn() -> String) -> Result<String, DocumentError> {
    value
        .filter(|value| !value.is_empty())
        .ok_or_else(|| DocumentError::missing(path()))
}

fn optional_number(
    value: Option<String>,
    path: impl Fn() -> String,
) -> Result<Option<String>, DocumentError> {
    let Some(text) = value.filter(|text| !text.is_empty()) else {
        return Ok(None);
    };
    match number::decimal(&text) {
        Some(_) => Ok(Some(text)),
        None => Err(DocumentError::value(
            path(),
            &text,
            "a decimal number such as `1.5`",
        )),
    }
}

fn amount(text: &str, path: &str) -> Result<Cents, DocumentError> {
    let expected = "an amount in yuan with at most two decimals, such as `198.04`";
    number::cents(text).ok_or_else(|| DocumentError::value(path, text, expected))
}
