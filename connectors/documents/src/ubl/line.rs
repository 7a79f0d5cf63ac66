//! A line of a credit note, as it stands there.

use std::{collections::BTreeMap, io::BufRead};

use clerkwork_connectors_api::red_letter::rate_word;
use clerkwork_core::Cents;
use rust_decimal::Decimal;

use super::{
    MARGIN, Space, attribute,
    read::Amounts,
    tax::{Category, Group},
};
use crate::{
    InvoiceLine,
    error::DocumentError,
    number::{self, minus, negated},
    xml::XmlReader,
};

/// A line before it has a tax. Amounts and quantity are those of the file.
pub(super) struct Line {
    pub(super) path: String,
    pub(super) group: Group,
    pub(super) net: Cents,
    /// The tax, where an attribute tells it.
    pub(super) tax: Option<Cents>,
    pub(super) margin: bool,
    number: u32,
    item_name: String,
    item_code: String,
    specification: String,
    unit: String,
    quantity: Option<String>,
    unit_price: Option<String>,
}

#[derive(Default)]
struct Seen {
    id: Option<String>,
    blue_line: Option<String>,
    quantity: Option<String>,
    unit_code: String,
    net: Option<String>,
    price: Option<String>,
    base: Option<String>,
    allowance: bool,
    item: Option<()>,
    name: Option<String>,
    classification: Vec<String>,
    standard: Option<String>,
    category: Option<(Option<String>, Option<String>)>,
    attributes: BTreeMap<String, String>,
}

impl Line {
    /// Reads a line; `position` counts from 1.
    pub(super) fn read<R: BufRead>(
        xml: &mut XmlReader<R>,
        amounts: &mut Amounts,
        position: u32,
    ) -> Result<Self, DocumentError> {
        let path = xml.path();
        let mut seen = Seen::default();
        xml.each(|xml, element| {
            match (Space::of(element), element.name.as_str()) {
                (Space::Basic, "ID") => xml.text_into(&mut seen.id)?,
                (Space::Basic, "CreditedQuantity") => {
                    seen.unit_code = element.attribute("unitCode").unwrap_or_default().into();
                    xml.text_into(&mut seen.quantity)?;
                }
                (Space::Basic, "LineExtensionAmount") => {
                    amounts.take(xml, element, &mut seen.net)?;
                }
                (Space::Aggregate, "BillingReference") => {
                    blue_line(xml, &mut seen.blue_line)?;
                }
                // The net amount has it in it; the price does not.
                (Space::Aggregate, "AllowanceCharge") => {
                    seen.allowance = true;
                    return Ok(false);
                }
                (Space::Aggregate, "Item") => {
                    xml.once(&seen.item)?;
                    seen.item = Some(());
                    item(xml, &mut seen)?;
                }
                (Space::Aggregate, "Price") => xml.each(|xml, element| {
                    match (Space::of(element), element.name.as_str()) {
                        (Space::Basic, "PriceAmount") => {
                            amounts.take(xml, element, &mut seen.price)?;
                        }
                        (Space::Basic, "BaseQuantity") => xml.text_into(&mut seen.base)?,
                        _ => return Ok(false),
                    }
                    Ok(true)
                })?,
                _ => return Ok(false),
            }
            Ok(true)
        })?;
        seen.finish(path, position)
    }

    /// The line of the red invoice, with its tax as the file counts it.
    pub(super) fn into_red(self, tax: Cents) -> InvoiceLine {
        InvoiceLine {
            number: self.number,
            item_name: self.item_name,
            item_code: self.item_code,
            specification: self.specification,
            unit: self.unit,
            quantity: self.quantity.as_deref().map(negated),
            unit_price: self.unit_price,
            net: minus(self.net),
            rate: if self.margin {
                rate_word::MARGIN.into()
            } else {
                rate(self.group)
            },
            tax: minus(tax),
        }
    }
}

fn rate(group: Group) -> String {
    match group.category {
        Category::Standard => {
            let rate = group.percent.checked_div(Decimal::ONE_HUNDRED);
            number::normal(rate.unwrap_or_default())
        }
        Category::Zero => "0".into(),
        Category::Exempt => rate_word::EXEMPT.into(),
        Category::Outside => rate_word::NOT_TAXED.into(),
    }
}

fn blue_line<R: BufRead>(
    xml: &mut XmlReader<R>,
    slot: &mut Option<String>,
) -> Result<(), DocumentError> {
    xml.each(|xml, element| {
        if (Space::of(element), element.name.as_str()) != (Space::Aggregate, "BillingReferenceLine")
        {
            return Ok(false);
        }
        xml.each(|xml, element| {
            if (Space::of(element), element.name.as_str()) != (Space::Basic, "ID") {
                return Ok(false);
            }
            xml.text_into(slot)?;
            Ok(true)
        })?;
        Ok(true)
    })
}

fn item<R: BufRead>(xml: &mut XmlReader<R>, seen: &mut Seen) -> Result<(), DocumentError> {
    xml.each(|xml, element| {
        match (Space::of(element), element.name.as_str()) {
            (Space::Basic, "Name") => xml.text_into(&mut seen.name)?,
            (Space::Aggregate, "StandardItemIdentification") => {
                nested(xml, "ID", |xml| xml.text_into(&mut seen.standard))?;
            }
            (Space::Aggregate, "CommodityClassification") => {
                nested(xml, "ItemClassificationCode", |xml| {
                    seen.classification.push(xml.text()?);
                    Ok(())
                })?;
            }
            (Space::Aggregate, "ClassifiedTaxCategory") => {
                xml.once(&seen.category)?;
                let (mut code, mut percent) = (None, None);
                xml.each(|xml, element| {
                    match (Space::of(element), element.name.as_str()) {
                        (Space::Basic, "ID") => xml.text_into(&mut code)?,
                        (Space::Basic, "Percent") => xml.text_into(&mut percent)?,
                        _ => return Ok(false),
                    }
                    Ok(true)
                })?;
                seen.category = Some((code, percent));
            }
            (Space::Aggregate, "AdditionalItemProperty") => {
                let path = xml.path();
                let (mut name, mut value) = (None, None);
                xml.each(|xml, element| {
                    match (Space::of(element), element.name.as_str()) {
                        (Space::Basic, "Name") => xml.text_into(&mut name)?,
                        (Space::Basic, "Value") => xml.text_into(&mut value)?,
                        _ => return Ok(false),
                    }
                    Ok(true)
                })?;
                let name = name.unwrap_or_default();
                if OURS.contains(&name.as_str())
                    && seen
                        .attributes
                        .insert(name, value.unwrap_or_default())
                        .is_some()
                {
                    return Err(DocumentError::Doubled { path });
                }
            }
            _ => return Ok(false),
        }
        Ok(true)
    })
}

/// The item attributes that are read.
const OURS: [&str; 6] = [
    attribute::SPECIFICATION,
    attribute::UNIT,
    attribute::QUANTITY,
    attribute::PRICE,
    attribute::TAX,
    MARGIN,
];

/// Children of that name with a text, inside the open element.
fn nested<R: BufRead>(
    xml: &mut XmlReader<R>,
    name: &str,
    mut take: impl FnMut(&mut XmlReader<R>) -> Result<(), DocumentError>,
) -> Result<(), DocumentError> {
    xml.each(|xml, element| {
        if (Space::of(element), element.name.as_str()) != (Space::Basic, name) {
            return Ok(false);
        }
        take(xml)?;
        Ok(true)
    })
}

/// The category and percentage as lines and subtotals write them.
pub(super) fn group_of(
    path: &str,
    code: Option<&String>,
    percent: Option<&String>,
) -> Result<Group, DocumentError> {
    let code = code.ok_or_else(|| DocumentError::missing(format!("{path}/ID")))?;
    let category = Category::read(&format!("{path}/ID"), code)?;
    let percent_path = format!("{path}/Percent");
    let percent = match percent {
        Some(text) => {
            let fits =
                |percent: &Decimal| *percent >= Decimal::ZERO && *percent <= Decimal::ONE_HUNDRED;
            let percent = number::decimal(text).filter(fits).ok_or_else(|| {
                DocumentError::value(&percent_path, text, "a percentage from 0 to 100")
            })?;
            Some(percent.normalize())
        }
        None => None,
    };
    let percent = match (category, percent) {
        (Category::Standard, Some(percent)) => percent,
        (Category::Standard, None) => return Err(DocumentError::missing(percent_path)),
        (Category::Zero | Category::Exempt | Category::Outside, None) => Decimal::ZERO,
        (Category::Zero | Category::Exempt | Category::Outside, Some(percent)) => {
            if !percent.is_zero() {
                return Err(DocumentError::value(
                    percent_path,
                    &percent.to_string(),
                    "0, or another category than that",
                ));
            }
            Decimal::ZERO
        }
    };
    Ok(Group { category, percent })
}

impl Seen {
    fn finish(mut self, path: String, position: u32) -> Result<Line, DocumentError> {
        let at = |name: &str| format!("{path}/{name}");
        let category_path = at("Item/ClassifiedTaxCategory");
        let (code, percent) = self
            .category
            .take()
            .ok_or_else(|| DocumentError::missing(&category_path))?;
        let group = group_of(&category_path, code.as_ref(), percent.as_ref())?;
        let net_path = at("LineExtensionAmount");
        let net = Amounts::required(self.net.take(), &net_path)?;
        let tax = self.attributes.get(attribute::TAX);
        let tax = tax
            .map(|text| Amounts::read(text, &at("Item/AdditionalItemProperty")))
            .transpose()?;
        let margin = self.attributes.contains_key(MARGIN);
        let number = self.number(&path, position)?;
        let quantity = self.quantity(&at("CreditedQuantity"))?;
        let unit_price = self.unit_price(&path, net, quantity.as_deref())?;
        let item_name = self.name.take().filter(|name| !name.is_empty());
        Ok(Line {
            group,
            net,
            tax,
            margin,
            number,
            item_name: item_name.ok_or_else(|| DocumentError::missing(at("Item/Name")))?,
            item_code: self.item_code(),
            specification: self
                .attributes
                .remove(attribute::SPECIFICATION)
                .unwrap_or_default(),
            unit: self.unit(),
            quantity,
            unit_price,
            path,
        })
    }

    /// The blue invoice's line: as the reference says, else as this line is numbered, else its
    /// place.
    fn number(&self, path: &str, position: u32) -> Result<u32, DocumentError> {
        let number = |text: &String| text.parse::<u32>().ok().filter(|number| *number > 0);
        match &self.blue_line {
            Some(text) => number(text).ok_or_else(|| {
                DocumentError::value(
                    format!("{path}/BillingReference/BillingReferenceLine/ID"),
                    text,
                    "the number of a line of the credited invoice",
                )
            }),
            None => Ok(self.id.as_ref().and_then(number).unwrap_or(position)),
        }
    }

    fn has_none(&self, name: &str) -> bool {
        self.attributes
            .get(name)
            .is_some_and(|value| value == attribute::NONE)
    }

    fn quantity(&self, path: &str) -> Result<Option<String>, DocumentError> {
        let text = self.quantity.as_ref().filter(|text| !text.is_empty());
        let Some(text) = text else {
            return Err(DocumentError::missing(path));
        };
        if number::decimal(text).is_none() {
            let expected = "a decimal number such as `1.5`";
            return Err(DocumentError::value(path, text, expected));
        }
        Ok((!self.has_none(attribute::QUANTITY)).then(|| text.clone()))
    }

    fn unit_price(
        &self,
        path: &str,
        net: Cents,
        quantity: Option<&str>,
    ) -> Result<Option<String>, DocumentError> {
        let price_path = format!("{path}/Price/PriceAmount");
        let text = self.price.as_ref().filter(|text| !text.is_empty());
        let Some(text) = text else {
            return Err(DocumentError::missing(price_path));
        };
        let read = |text: &str, path: String| {
            number::decimal(text)
                .ok_or_else(|| DocumentError::value(path, text, "a decimal number such as `1.5`"))
        };
        let price = read(text, price_path.clone())?;
        let base_path = format!("{path}/Price/BaseQuantity");
        let base = match &self.base {
            Some(text) => read(text, base_path.clone())?,
            None => Decimal::ONE,
        };
        if base <= Decimal::ZERO {
            let text = self.base.as_deref().unwrap_or_default();
            return Err(DocumentError::value(base_path, text, "a number above 0"));
        }
        if self.has_none(attribute::PRICE) {
            return Ok(None);
        }
        if let (true, Some(quantity)) = (self.allowance, quantity.and_then(number::decimal)) {
            return Ok(number::price(net, quantity).map(number::normal));
        }
        if base == Decimal::ONE {
            return Ok(Some(text.clone()));
        }
        let price = price.checked_div(base).map(|price| price.round_dp(10));
        let too_fine = || DocumentError::value(price_path, text, "a price that can be divided");
        price.map(number::normal).map(Some).ok_or_else(too_fine)
    }

    fn item_code(&self) -> String {
        let fits = |code: &&String| code.len() == 19 && code.bytes().all(|b| b.is_ascii_digit());
        let found = self.classification.iter().chain(&self.standard).find(fits);
        found.cloned().unwrap_or_default()
    }

    fn unit(&mut self) -> String {
        match self.attributes.remove(attribute::UNIT) {
            Some(unit) => unit,
            // "One" and "mutually defined" name no unit.
            None if matches!(self.unit_code.as_str(), "C62" | "ZZ") => String::new(),
            None => std::mem::take(&mut self.unit_code),
        }
    }
}
