//! Reads a credit note.

use std::{collections::BTreeSet, io::BufRead};

use clerkwork_connectors_api::red_letter::{ReversalReason, Trader};
use clerkwork_core::Cents;
use jiff::civil::Date;

use super::{
    CUSTOMIZATION, FORM, Space, TYPE,
    line::{Line, group_of},
    totals::{Subtotal, TaxTotal, Totals, check, tax_lines},
};
use crate::{
    InvoiceDocument, InvoiceKind, Limits, Reversed,
    error::{DocumentError, cut},
    number::{self, minus},
    remark::Remark,
    xml::{Element, XmlReader},
};

/// The amounts of a document and the currencies that they are in.
#[derive(Default)]
pub(super) struct Amounts {
    seen: BTreeSet<(String, String)>,
}

impl Amounts {
    /// Takes the text of an amount that stands once, and notes its currency.
    pub(super) fn take<R: BufRead>(
        &mut self,
        xml: &mut XmlReader<R>,
        element: &Element,
        slot: &mut Option<String>,
    ) -> Result<(), DocumentError> {
        if let Some(currency) = element.attribute("currencyID")
            && !self.seen.iter().any(|(known, _)| known == currency)
        {
            self.seen.insert((currency.to_owned(), xml.path()));
        }
        xml.text_into(slot)
    }

    /// An amount that must be there.
    pub(super) fn required(text: Option<String>, path: &str) -> Result<Cents, DocumentError> {
        let text = text
            .filter(|text| !text.is_empty())
            .ok_or_else(|| DocumentError::missing(path))?;
        Self::read(&text, path)
    }

    /// An amount.
    pub(super) fn read(text: &str, path: &str) -> Result<Cents, DocumentError> {
        let expected = "an amount with at most two decimals, such as `198.04`";
        number::cents(text).ok_or_else(|| DocumentError::value(path, text, expected))
    }

    /// Refuses another currency than the document's.
    fn check(&self, currency: &str) -> Result<(), DocumentError> {
        match self.seen.iter().find(|(found, _)| found != currency) {
            None => Ok(()),
            Some((found, path)) => Err(DocumentError::value(
                path,
                found,
                "amounts in `DocumentCurrencyCode`",
            )),
        }
    }
}

#[derive(Default)]
struct Seen {
    amounts: Amounts,
    customization: Option<String>,
    id: Option<String>,
    issued: Option<String>,
    type_code: Option<String>,
    notes: Vec<String>,
    currency: Option<String>,
    response: Option<String>,
    billing: Option<(Option<String>, Option<String>)>,
    form: Option<String>,
    seller: Option<Trader>,
    buyer: Option<Trader>,
    taxes: Vec<(TaxTotal, Option<String>)>,
    totals: Option<Totals>,
    lines: Vec<Line>,
}

/// Reads what stands in the root, which was entered, to the end of the document.
pub(crate) fn read<R: BufRead>(
    mut xml: XmlReader<R>,
    limits: Limits,
) -> Result<InvoiceDocument, DocumentError> {
    let mut seen = Seen::default();
    xml.each(
        |xml, element| match (Space::of(element), element.name.as_str()) {
            (Space::Basic, name) => seen.basic(xml, name),
            (Space::Aggregate, name) => seen.aggregate(xml, name, limits),
            (Space::Other, _) => Ok(false),
        },
    )?;
    seen.finish()
}

impl Seen {
    fn basic<R: BufRead>(
        &mut self,
        xml: &mut XmlReader<R>,
        name: &str,
    ) -> Result<bool, DocumentError> {
        let slot = match name {
            "CustomizationID" => &mut self.customization,
            "ID" => &mut self.id,
            "IssueDate" => &mut self.issued,
            "CreditNoteTypeCode" => &mut self.type_code,
            "DocumentCurrencyCode" => &mut self.currency,
            "Note" => {
                self.notes.push(xml.text()?);
                return Ok(true);
            }
            _ => return Ok(false),
        };
        xml.text_into(slot)?;
        Ok(true)
    }

    fn aggregate<R: BufRead>(
        &mut self,
        xml: &mut XmlReader<R>,
        name: &str,
        limits: Limits,
    ) -> Result<bool, DocumentError> {
        match name {
            "DiscrepancyResponse" => leaves(xml, &mut [("ResponseCode", &mut self.response)])?,
            "BillingReference" => self.billing(xml)?,
            "AdditionalDocumentReference" => {
                let (mut id, mut description) = (None, None);
                leaves(
                    xml,
                    &mut [("ID", &mut id), ("DocumentDescription", &mut description)],
                )?;
                if description.as_deref() == Some(FORM) {
                    self.form = id.filter(|id| !id.is_empty());
                }
            }
            "AccountingSupplierParty" => {
                xml.once(&self.seller)?;
                self.seller = Some(party(xml)?);
            }
            "AccountingCustomerParty" => {
                xml.once(&self.buyer)?;
                self.buyer = Some(party(xml)?);
            }
            "AllowanceCharge" => {
                return Err(DocumentError::unfit(
                    xml.path(),
                    "an allowance or a charge on the whole document has no place in a reversal; \
                     put it into the lines",
                ));
            }
            "TaxTotal" => {
                let total = tax_total(xml, &mut self.amounts)?;
                self.taxes.push(total);
            }
            "LegalMonetaryTotal" => {
                xml.once(&self.totals)?;
                self.totals = Some(totals(xml, &mut self.amounts)?);
            }
            "CreditNoteLine" => {
                if self.lines.len() == limits.lines {
                    return Err(DocumentError::TooManyLines {
                        path: xml.path(),
                        limit: limits.lines,
                    });
                }
                let position = u32::try_from(self.lines.len() + 1).unwrap_or(u32::MAX);
                self.lines
                    .push(Line::read(xml, &mut self.amounts, position)?);
            }
            _ => return Ok(false),
        }
        Ok(true)
    }

    /// The invoice that is credited; a reversal has one.
    fn billing<R: BufRead>(&mut self, xml: &mut XmlReader<R>) -> Result<(), DocumentError> {
        xml.each(|xml, element| {
            if (Space::of(element), element.name.as_str())
                != (Space::Aggregate, "InvoiceDocumentReference")
            {
                return Ok(false);
            }
            xml.once(&self.billing)?;
            let (mut id, mut issued) = (None, None);
            leaves(xml, &mut [("ID", &mut id), ("IssueDate", &mut issued)])?;
            self.billing = Some((id, issued));
            Ok(true)
        })
    }

    fn finish(self) -> Result<InvoiceDocument, DocumentError> {
        let customization = required(self.customization, "CreditNote/CustomizationID")?;
        if !customization.starts_with(CUSTOMIZATION) {
            return Err(DocumentError::value(
                "CreditNote/CustomizationID",
                &customization,
                "`urn:cen.eu:en16931:2017`, alone or with an extension of it",
            ));
        }
        let type_code = required(self.type_code, "CreditNote/CreditNoteTypeCode")?;
        if type_code != TYPE {
            return Err(DocumentError::value(
                "CreditNote/CreditNoteTypeCode",
                &type_code,
                "381, a credit note",
            ));
        }
        let currency = required(self.currency, "CreditNote/DocumentCurrencyCode")?;
        if currency.len() != 3 || !currency.bytes().all(|byte| byte.is_ascii_uppercase()) {
            return Err(DocumentError::value(
                "CreditNote/DocumentCurrencyCode",
                &currency,
                "a currency such as `CNY`",
            ));
        }
        self.amounts.check(&currency)?;
        let reference = "CreditNote/BillingReference/InvoiceDocumentReference";
        let (id, blue_day) = self.billing.unwrap_or_default();
        let id_path = format!("{reference}/ID");
        let id = id
            .filter(|id| !id.is_empty())
            .ok_or(DocumentError::Missing {
                path: id_path,
                note: "; a credit note names the invoice that it credits (BR-55)",
            })?;
        let (code, number) = blue_of(&id);
        let blue_day = blue_day
            .map(|day| date(&day, &format!("{reference}/IssueDate")))
            .transpose()?;
        let issued = required(self.issued, "CreditNote/IssueDate")?;
        if self.lines.is_empty() {
            return Err(DocumentError::missing("CreditNote/CreditNoteLine"));
        }
        let totals = self
            .totals
            .ok_or_else(|| DocumentError::missing("CreditNote/LegalMonetaryTotal"))?;
        let tax = pick_tax(self.taxes, &currency)?;
        check(&totals, &self.lines, &tax)?;
        let remark = Remark::read(&self.notes.join("\n"));
        let own = Remark {
            deduction: None,
            ..remark.clone()
        };
        Ok(InvoiceDocument {
            number: required(self.id, "CreditNote/ID")?,
            code: None,
            issued_on: date(&issued, "CreditNote/IssueDate")?,
            issued_at: None,
            kind: InvoiceKind::Red(Reversed {
                code,
                number,
                issued_on: blue_day,
                form_number: self.form,
                reason: self.response.as_deref().and_then(reason_of),
            }),
            seller: self
                .seller
                .ok_or_else(|| DocumentError::missing("CreditNote/AccountingSupplierParty"))?,
            buyer: self
                .buyer
                .ok_or_else(|| DocumentError::missing("CreditNote/AccountingCustomerParty"))?,
            currency,
            lines: tax_lines(self.lines, &tax)?,
            total_net: minus(totals.net),
            total_tax: minus(tax.tax),
            total_gross: minus(totals.gross),
            margin_deduction: remark.deduction,
            remark: own.write(),
        })
    }
}

/// The total in the document's currency; one in the currency of the accounts may stand beside it.
fn pick_tax(
    taxes: Vec<(TaxTotal, Option<String>)>,
    currency: &str,
) -> Result<TaxTotal, DocumentError> {
    let mut picked = None;
    for (total, of) in taxes {
        if of.is_none_or(|of| of == currency) {
            if picked.is_some() {
                return Err(DocumentError::Doubled { path: total.path });
            }
            picked = Some(total);
        }
    }
    picked.ok_or_else(|| DocumentError::missing("CreditNote/TaxTotal"))
}

/// A number, or code and number of a legacy invoice with a `-` between.
fn blue_of(id: &str) -> (Option<String>, String) {
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    match id.split_once('-') {
        Some((code, number))
            if matches!(code.len(), 10 | 12)
                && number.len() == 8
                && digits(code)
                && digits(number) =>
        {
            (Some(code.to_owned()), number.to_owned())
        }
        Some(_) | None => (None, id.to_owned()),
    }
}

/// The reason behind a code; codes of other lists say nothing here.
fn reason_of(code: &str) -> Option<ReversalReason> {
    ["01", "02", "03", "04"]
        .iter()
        .zip(ReversalReason::ALL)
        .find_map(|(known, reason)| (*known == code).then_some(reason))
}

fn date(text: &str, path: &str) -> Result<Date, DocumentError> {
    // UBL allows a zone behind a day; the day is what counts.
    let day = text.get(..10).unwrap_or(text);
    let zone = text.get(10..).unwrap_or_default();
    let zoned = zone.is_empty() || zone == "Z" || (zone.len() == 6 && zone.starts_with(['+', '-']));
    match day.parse() {
        Ok(day) if zoned => Ok(day),
        Ok(_) | Err(_) => Err(DocumentError::value(
            path,
            text,
            "a day such as `2026-03-01`",
        )),
    }
}

fn required(value: Option<String>, path: &str) -> Result<String, DocumentError> {
    value
        .filter(|value| !value.is_empty())
        .ok_or_else(|| DocumentError::missing(path))
}

/// Takes basic children by name.
fn leaves<R: BufRead>(
    xml: &mut XmlReader<R>,
    slots: &mut [(&str, &mut Option<String>)],
) -> Result<(), DocumentError> {
    xml.each(|xml, element| {
        if Space::of(element) != Space::Basic {
            return Ok(false);
        }
        match slots.iter_mut().find(|(name, _)| *name == element.name) {
            Some((_, slot)) => {
                xml.text_into(slot)?;
                Ok(true)
            }
            None => Ok(false),
        }
    })
}

#[derive(Default)]
struct Party {
    found: Option<()>,
    trade_name: Option<String>,
    legal_name: Option<String>,
    ids: Vec<String>,
    tax_ids: Vec<String>,
    legal_id: Option<String>,
}

/// A party: its registered name, else its trade name; its legal id, else its tax id, else any id.
fn party<R: BufRead>(xml: &mut XmlReader<R>) -> Result<Trader, DocumentError> {
    let path = xml.path();
    let mut party = Party::default();
    xml.each(|xml, element| {
        if (Space::of(element), element.name.as_str()) != (Space::Aggregate, "Party") {
            return Ok(false);
        }
        xml.once(&party.found)?;
        party.found = Some(());
        xml.each(|xml, element| {
            if Space::of(element) != Space::Aggregate {
                return Ok(false);
            }
            let mut id = None;
            match element.name.as_str() {
                "PartyName" => leaves(xml, &mut [("Name", &mut party.trade_name)])?,
                "PartyIdentification" => {
                    leaves(xml, &mut [("ID", &mut id)])?;
                    party.ids.extend(id);
                }
                "PartyTaxScheme" => {
                    leaves(xml, &mut [("CompanyID", &mut id)])?;
                    party.tax_ids.extend(id);
                }
                "PartyLegalEntity" => leaves(
                    xml,
                    &mut [
                        ("RegistrationName", &mut party.legal_name),
                        ("CompanyID", &mut party.legal_id),
                    ],
                )?,
                _ => return Ok(false),
            }
            Ok(true)
        })?;
        Ok(true)
    })?;
    let names = [party.legal_name, party.trade_name];
    let name = names.into_iter().flatten().find(|name| !name.is_empty());
    let ids = party.legal_id.into_iter().chain(party.tax_ids);
    let id = ids.chain(party.ids).find(|id| !id.is_empty());
    let name_path = format!("{path}/Party/PartyLegalEntity/RegistrationName");
    Ok(Trader {
        name: name.ok_or_else(|| DocumentError::missing(name_path))?,
        tax_id: id.unwrap_or_default(),
    })
}

/// A total of the tax, and its currency.
fn tax_total<R: BufRead>(
    xml: &mut XmlReader<R>,
    amounts: &mut Amounts,
) -> Result<(TaxTotal, Option<String>), DocumentError> {
    let path = xml.path();
    let (mut tax, mut currency) = (None, None);
    let mut subtotals = Vec::new();
    xml.each(|xml, element| {
        match (Space::of(element), element.name.as_str()) {
            (Space::Basic, "TaxAmount") => {
                // May be in the currency of the accounts.
                currency = element.attribute("currencyID").map(str::to_owned);
                xml.text_into(&mut tax)?;
            }
            (Space::Aggregate, "TaxSubtotal") => {
                // Each line could have one of its own.
                if subtotals.len() > 100 {
                    return Err(DocumentError::unfit(
                        xml.path(),
                        "there are more subtotals than lines",
                    ));
                }
                subtotals.push(subtotal(xml, amounts)?);
            }
            _ => return Ok(false),
        }
        Ok(true)
    })?;
    let tax = Amounts::required(tax, &format!("{path}/TaxAmount"))?;
    let total = TaxTotal {
        path,
        tax,
        subtotals,
    };
    Ok((total, currency.map(|currency| cut(&currency))))
}

fn subtotal<R: BufRead>(
    xml: &mut XmlReader<R>,
    amounts: &mut Amounts,
) -> Result<Subtotal, DocumentError> {
    let path = xml.path();
    let (mut net, mut tax, mut seen) = (None, None, None);
    let [mut code, mut percent, mut reason, mut reason_code] = [const { None }; 4];
    xml.each(|xml, element| {
        match (Space::of(element), element.name.as_str()) {
            (Space::Basic, "TaxableAmount") => amounts.take(xml, element, &mut net)?,
            (Space::Basic, "TaxAmount") => amounts.take(xml, element, &mut tax)?,
            (Space::Aggregate, "TaxCategory") => {
                xml.once(&seen)?;
                seen = Some(());
                leaves(
                    xml,
                    &mut [
                        ("ID", &mut code),
                        ("Percent", &mut percent),
                        ("TaxExemptionReason", &mut reason),
                        ("TaxExemptionReasonCode", &mut reason_code),
                    ],
                )?;
            }
            _ => return Ok(false),
        }
        Ok(true)
    })?;
    let group = group_of(
        &format!("{path}/TaxCategory"),
        code.as_ref(),
        percent.as_ref(),
    )?;
    Ok(Subtotal {
        net: Amounts::required(net, &format!("{path}/TaxableAmount"))?,
        tax: Amounts::required(tax, &format!("{path}/TaxAmount"))?,
        group,
        reason,
        reason_code,
        path,
    })
}

fn totals<R: BufRead>(
    xml: &mut XmlReader<R>,
    amounts: &mut Amounts,
) -> Result<Totals, DocumentError> {
    let path = xml.path();
    let [mut lines, mut net, mut gross, mut payable] = [const { None }; 4];
    let [mut prepaid, mut rounding, mut allowance, mut charge] = [const { None }; 4];
    xml.each(|xml, element| {
        if Space::of(element) != Space::Basic {
            return Ok(false);
        }
        let slot = match element.name.as_str() {
            "LineExtensionAmount" => &mut lines,
            "TaxExclusiveAmount" => &mut net,
            "TaxInclusiveAmount" => &mut gross,
            "AllowanceTotalAmount" => &mut allowance,
            "ChargeTotalAmount" => &mut charge,
            "PrepaidAmount" => &mut prepaid,
            "PayableRoundingAmount" => &mut rounding,
            "PayableAmount" => &mut payable,
            _ => return Ok(false),
        };
        amounts.take(xml, element, slot)?;
        Ok(true)
    })?;
    let at = |name: &str| format!("{path}/{name}");
    let need = |text, name: &str| Amounts::required(text, &at(name));
    let optional = |text: Option<String>, name: &str| {
        text.map(|text| Amounts::read(&text, &at(name))).transpose()
    };
    for (text, name) in [
        (allowance, "AllowanceTotalAmount"),
        (charge, "ChargeTotalAmount"),
    ] {
        if optional(text, name)?.is_some_and(|amount| amount != Cents::ZERO) {
            return Err(DocumentError::unfit(
                at(name),
                "an allowance or a charge on the whole document has no place in a reversal; put \
                 it into the lines",
            ));
        }
    }
    Ok(Totals {
        lines: need(lines, "LineExtensionAmount")?,
        net: need(net, "TaxExclusiveAmount")?,
        gross: need(gross, "TaxInclusiveAmount")?,
        prepaid: optional(prepaid, "PrepaidAmount")?,
        rounding: optional(rounding, "PayableRoundingAmount")?,
        payable: need(payable, "PayableAmount")?,
    })
}
