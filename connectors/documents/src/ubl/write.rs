//! Writes a credit note, its elements in the order of the UBL schema.

use clerkwork_connectors_api::red_letter::{ReversalReason, Trader, rate_word};
use clerkwork_core::Cents;
use rust_decimal::{Decimal, RoundingStrategy};

use super::{
    CAC, CBC, CREDIT_NOTE, CUSTOMIZATION, EXEMPT_REASON, FORM, MARGIN, NOT_TAXED_REASON, TYPE,
    attribute,
    tax::{Category, Group, allocate},
};
use crate::{
    InvoiceDocument, InvoiceKind, InvoiceLine, Reversed,
    error::DocumentError,
    invoice::{self, sum},
    number::{self, minus, negated},
    remark::Remark,
    xml::XmlWriter,
};

/// A line with the category it is written in.
struct Written<'a> {
    line: &'a InvoiceLine,
    group: Group,
    /// The tax must be told: it would not be found again.
    tells_tax: bool,
}

/// The document as XML. Refuses a blue invoice.
pub(crate) fn write(document: &InvoiceDocument) -> Result<String, DocumentError> {
    let InvoiceKind::Red(reversed) = &document.kind else {
        return Err(DocumentError::unfit(
            "kind",
            "a blue invoice is no credit note; write it as a digital invoice",
        ));
    };
    invoice::writable(document)?;
    let lines = lines_of(document)?;
    let mut xml = XmlWriter::new();
    xml.open(
        "CreditNote",
        &[
            ("xmlns", CREDIT_NOTE),
            ("xmlns:cac", CAC),
            ("xmlns:cbc", CBC),
        ],
    );
    head(&mut xml, document, reversed)?;
    party(
        &mut xml,
        "cac:AccountingSupplierParty",
        &document.seller,
        true,
    )?;
    party(
        &mut xml,
        "cac:AccountingCustomerParty",
        &document.buyer,
        false,
    )?;
    taxes(&mut xml, document, &lines)?;
    totals(&mut xml, document)?;
    for (position, line) in (1_u32..).zip(&lines) {
        write_line(&mut xml, document, position, line)?;
    }
    Ok(xml.finish())
}

fn head(
    xml: &mut XmlWriter,
    document: &InvoiceDocument,
    reversed: &Reversed,
) -> Result<(), DocumentError> {
    xml.leaf("cbc:CustomizationID", CUSTOMIZATION)?;
    xml.leaf("cbc:ID", &document.number)?;
    xml.leaf("cbc:IssueDate", &document.issued_on.to_string())?;
    xml.leaf("cbc:CreditNoteTypeCode", TYPE)?;
    let remark = Remark {
        deduction: document.margin_deduction,
        free: document.remark.clone(),
        ..Remark::default()
    };
    let note = remark.write();
    if !note.is_empty() {
        xml.leaf("cbc:Note", &note)?;
    }
    xml.leaf("cbc:DocumentCurrencyCode", &document.currency)?;
    let blue = match &reversed.code {
        Some(code) => format!("{code}-{}", reversed.number),
        None => reversed.number.clone(),
    };
    if let Some(reason) = reversed.reason {
        let (code, words) = reason_words(reason);
        xml.open("cac:DiscrepancyResponse", &[]);
        xml.leaf("cbc:ReferenceID", &blue)?;
        xml.leaf("cbc:ResponseCode", code)?;
        xml.leaf("cbc:Description", words)?;
        xml.close();
    }
    xml.open("cac:BillingReference", &[]);
    xml.open("cac:InvoiceDocumentReference", &[]);
    xml.leaf("cbc:ID", &blue)?;
    if let Some(day) = reversed.issued_on {
        xml.leaf("cbc:IssueDate", &day.to_string())?;
    }
    xml.close();
    xml.close();
    if let Some(form) = &reversed.form_number {
        xml.open("cac:AdditionalDocumentReference", &[]);
        xml.leaf("cbc:ID", form)?;
        xml.leaf("cbc:DocumentDescription", FORM)?;
        xml.close();
    }
    Ok(())
}

const fn reason_words(reason: ReversalReason) -> (&'static str, &'static str) {
    match reason {
        ReversalReason::IssuingMistake => ("01", "开票有误"),
        ReversalReason::ReturnOfGoods => ("02", "销货退回"),
        ReversalReason::ServiceStopped => ("03", "服务中止"),
        ReversalReason::SalesAllowance => ("04", "销售折让"),
    }
}

/// A party of China. The seller's tax id is a registration (BT-32): a VAT id would need a country
/// before it.
fn party(
    xml: &mut XmlWriter,
    role: &'static str,
    trader: &Trader,
    seller: bool,
) -> Result<(), DocumentError> {
    xml.open(role, &[]);
    xml.open("cac:Party", &[]);
    xml.open("cac:PostalAddress", &[]);
    xml.open("cac:Country", &[]);
    xml.leaf("cbc:IdentificationCode", "CN")?;
    xml.close();
    xml.close();
    if seller && !trader.tax_id.is_empty() {
        xml.open("cac:PartyTaxScheme", &[]);
        xml.leaf("cbc:CompanyID", &trader.tax_id)?;
        xml.open("cac:TaxScheme", &[]);
        xml.leaf("cbc:ID", "TAX")?;
        xml.close();
        xml.close();
    }
    xml.open("cac:PartyLegalEntity", &[]);
    xml.leaf("cbc:RegistrationName", &trader.name)?;
    if !trader.tax_id.is_empty() {
        xml.leaf("cbc:CompanyID", &trader.tax_id)?;
    }
    xml.close();
    xml.close();
    xml.close();
    Ok(())
}

/// Puts every line into a category, and finds out whose tax must be told.
fn lines_of(document: &InvoiceDocument) -> Result<Vec<Written<'_>>, DocumentError> {
    let margin = margin_group(document)?;
    let mut lines = Vec::with_capacity(document.lines.len());
    for line in &document.lines {
        let group = match line.rate.as_str() {
            rate_word::EXEMPT => group(Category::Exempt, Decimal::ZERO),
            rate_word::NOT_TAXED => group(Category::Outside, Decimal::ZERO),
            rate_word::MARGIN => margin,
            rate => {
                let percent = number::decimal(rate)
                    .and_then(|rate| rate.checked_mul(Decimal::ONE_HUNDRED))
                    .unwrap_or_default()
                    .normalize();
                if percent.is_zero() {
                    group(Category::Zero, Decimal::ZERO)
                } else {
                    group(Category::Standard, percent)
                }
            }
        };
        lines.push(Written {
            line,
            group,
            tells_tax: false,
        });
    }
    for group in groups(&lines) {
        let nets: Vec<_> = of(&lines, group).map(|line| minus(line.net)).collect();
        let taxes: Vec<_> = of(&lines, group).map(|line| minus(line.tax)).collect();
        let total = sum("total_tax", taxes.iter().copied())?;
        if allocate(&nets, group.percent, total).as_ref() != Some(&taxes) {
            for line in lines.iter_mut().filter(|line| line.group == group) {
                line.tells_tax = true;
            }
        }
    }
    Ok(lines)
}

const fn group(category: Category, percent: Decimal) -> Group {
    Group { category, percent }
}

/// The category of the lines that are taxed on the margin: the percentage that their tax makes.
fn margin_group(document: &InvoiceDocument) -> Result<Group, DocumentError> {
    let lines = || {
        let lines = document.lines.iter();
        lines.filter(|line| line.rate == rate_word::MARGIN)
    };
    let net = sum("total_net", lines().map(|line| line.net))?;
    let tax = sum("total_tax", lines().map(|line| line.tax))?;
    if tax == Cents::ZERO {
        return Ok(group(Category::Exempt, Decimal::ZERO));
    }
    let percent = Decimal::from(tax.0)
        .checked_mul(Decimal::ONE_HUNDRED)
        .and_then(|tax| tax.checked_div(Decimal::from(net.0)))
        .map(|percent| {
            percent
                .round_dp_with_strategy(8, RoundingStrategy::MidpointAwayFromZero)
                .normalize()
        })
        .filter(|percent| *percent >= Decimal::ZERO && *percent <= Decimal::ONE_HUNDRED);
    let percent = percent.ok_or_else(|| {
        DocumentError::unfit(
            "lines",
            "the tax on the margin is larger than the net amount; write a digital invoice",
        )
    })?;
    Ok(group(Category::Standard, percent))
}

fn groups(lines: &[Written<'_>]) -> Vec<Group> {
    let mut groups: Vec<_> = lines.iter().map(|line| line.group).collect();
    groups.sort_unstable();
    groups.dedup();
    groups
}

fn of<'a>(lines: &'a [Written<'a>], group: Group) -> impl Iterator<Item = &'a InvoiceLine> {
    let lines = lines.iter().filter(move |line| line.group == group);
    lines.map(|line| line.line)
}

fn amount(
    xml: &mut XmlWriter,
    name: &'static str,
    document: &InvoiceDocument,
    value: Cents,
) -> Result<(), DocumentError> {
    let currency = [("currencyID", document.currency.as_str())];
    xml.leaf_with(name, &currency, &value.to_string())
}

fn taxes(
    xml: &mut XmlWriter,
    document: &InvoiceDocument,
    lines: &[Written<'_>],
) -> Result<(), DocumentError> {
    xml.open("cac:TaxTotal", &[]);
    amount(xml, "cbc:TaxAmount", document, minus(document.total_tax))?;
    for group in groups(lines) {
        let net = sum("total_net", of(lines, group).map(|line| line.net))?;
        let tax = sum("total_tax", of(lines, group).map(|line| line.tax))?;
        xml.open("cac:TaxSubtotal", &[]);
        amount(xml, "cbc:TaxableAmount", document, minus(net))?;
        amount(xml, "cbc:TaxAmount", document, minus(tax))?;
        let all_margin = of(lines, group).all(|line| line.rate == rate_word::MARGIN);
        let reason = match group.category {
            Category::Exempt if all_margin => Some(MARGIN),
            Category::Exempt => Some(EXEMPT_REASON),
            Category::Outside => Some(NOT_TAXED_REASON),
            Category::Standard | Category::Zero => None,
        };
        category(xml, "cac:TaxCategory", group, reason)?;
        xml.close();
    }
    xml.close();
    Ok(())
}

fn category(
    xml: &mut XmlWriter,
    name: &'static str,
    group: Group,
    reason: Option<&str>,
) -> Result<(), DocumentError> {
    xml.open(name, &[]);
    xml.leaf("cbc:ID", group.category.code())?;
    match group.category {
        // What is outside of the tax has no rate (BR-O-5).
        Category::Outside => {}
        Category::Standard | Category::Zero | Category::Exempt => {
            xml.leaf("cbc:Percent", &number::normal(group.percent))?;
        }
    }
    if let Some(reason) = reason {
        xml.leaf("cbc:TaxExemptionReason", reason)?;
    }
    xml.open("cac:TaxScheme", &[]);
    xml.leaf("cbc:ID", "VAT")?;
    xml.close();
    xml.close();
    Ok(())
}

fn totals(xml: &mut XmlWriter, document: &InvoiceDocument) -> Result<(), DocumentError> {
    xml.open("cac:LegalMonetaryTotal", &[]);
    let net = minus(document.total_net);
    let gross = minus(document.total_gross);
    for (name, value) in [
        ("cbc:LineExtensionAmount", net),
        ("cbc:TaxExclusiveAmount", net),
        ("cbc:TaxInclusiveAmount", gross),
        ("cbc:PayableAmount", gross),
    ] {
        amount(xml, name, document, value)?;
    }
    xml.close();
    Ok(())
}

fn write_line(
    xml: &mut XmlWriter,
    document: &InvoiceDocument,
    position: u32,
    written: &Written<'_>,
) -> Result<(), DocumentError> {
    let line = written.line;
    let net = minus(line.net);
    xml.open("cac:CreditNoteLine", &[]);
    xml.leaf("cbc:ID", &position.to_string())?;
    let quantity = match &line.quantity {
        Some(quantity) => negated(quantity),
        // One of it, at its amount.
        None if net < Cents::ZERO => "-1".into(),
        None => "1".into(),
    };
    xml.leaf_with("cbc:CreditedQuantity", &[("unitCode", "C62")], &quantity)?;
    amount(xml, "cbc:LineExtensionAmount", document, net)?;
    xml.open("cac:BillingReference", &[]);
    xml.open("cac:BillingReferenceLine", &[]);
    xml.leaf("cbc:ID", &line.number.to_string())?;
    xml.close();
    xml.close();
    item(xml, written)?;
    let price = match &line.unit_price {
        Some(price) => price.clone(),
        None => {
            let price = number::decimal(&quantity).and_then(|of| number::price(net, of));
            number::normal(price.unwrap_or_default())
        }
    };
    xml.open("cac:Price", &[]);
    let currency = [("currencyID", document.currency.as_str())];
    xml.leaf_with("cbc:PriceAmount", &currency, &price)?;
    xml.close();
    xml.close();
    Ok(())
}

fn item(xml: &mut XmlWriter, written: &Written<'_>) -> Result<(), DocumentError> {
    let line = written.line;
    xml.open("cac:Item", &[]);
    xml.leaf("cbc:Name", &line.item_name)?;
    if !line.item_code.is_empty() {
        xml.open("cac:CommodityClassification", &[]);
        let list = [("listID", "ZZZ")];
        xml.leaf_with("cbc:ItemClassificationCode", &list, &line.item_code)?;
        xml.close();
    }
    category(xml, "cac:ClassifiedTaxCategory", written.group, None)?;
    let tax = minus(line.tax).to_string();
    let shown = |shown: bool, value: &'static str| if shown { value } else { "" };
    let attributes = [
        (attribute::SPECIFICATION, line.specification.as_str()),
        (attribute::UNIT, &line.unit),
        (
            attribute::QUANTITY,
            shown(line.quantity.is_none(), attribute::NONE),
        ),
        (
            attribute::PRICE,
            shown(line.unit_price.is_none(), attribute::NONE),
        ),
        (attribute::TAX, if written.tells_tax { &tax } else { "" }),
        (
            MARGIN,
            shown(line.rate == rate_word::MARGIN, attribute::YES),
        ),
    ];
    for (name, value) in attributes {
        if !value.is_empty() {
            xml.open("cac:AdditionalItemProperty", &[]);
            xml.leaf("cbc:Name", name)?;
            xml.leaf("cbc:Value", value)?;
            xml.close();
        }
    }
    xml.close();
    Ok(())
}
