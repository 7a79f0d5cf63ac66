//! Item code ↔ levy rate ↔ special element, and the dates and numbers beside them.

use clerkwork_connectors_api::agent_invoice::{Application, SpecialElement};
use clerkwork_core::Finding;
use rust_decimal::Decimal;

use crate::{
    decimals,
    identifiers::{is_application_number, is_item_code, is_tax_receipt_number},
    items::Trade,
};

use super::{Code, basis::Basis};

/// An invoice holds at most this many lines.
const MAX_LINES: usize = 100;

pub(super) fn check(application: &Application, basis: &Basis, out: &mut Vec<Finding>) {
    numbers(application, out);
    match basis.rows() {
        None => out.push(Code::RatesUnknown.at("/transaction_date")),
        Some(false) => out.push(Code::RatesUnconfirmed.at("/transaction_date")),
        Some(true) => {}
    }
    if application.lines.is_empty() || application.lines.len() > MAX_LINES {
        out.push(Code::LineCount.at("/lines"));
    }
    for (i, (line, &trade)) in application.lines.iter().zip(&basis.trades).enumerate() {
        if !is_item_code(&line.item_code) {
            out.push(Code::ItemCode.at(format!("/lines/{i}/item_code")));
        }
        let name = line.item_name.trim();
        if name.is_empty() {
            out.push(Code::ItemName.at(format!("/lines/{i}/item_name")));
        } else if !has_short_name(name) {
            out.push(Code::ItemShortName.at(format!("/lines/{i}/item_name")));
        }
        if trade == Trade::NotTaxed {
            out.push(Code::NotTaxedItem.at(format!("/lines/{i}/item_code")));
        }
        if let Some(code) = rate(application, basis, &line.levy_rate, trade) {
            out.push(code.at(format!("/lines/{i}/levy_rate")));
        }
    }
    element(application, basis, out);
}

fn numbers(application: &Application, out: &mut Vec<Finding>) {
    if !is_application_number(&application.application_number) {
        out.push(Code::ApplicationNumber.at("/application_number"));
    }
    if let Some(number) = &application.tax_receipt_number
        && !is_tax_receipt_number(number)
    {
        out.push(Code::ReceiptNumber.at("/tax_receipt_number"));
    }
    if application.transaction_date > application.applied_on {
        out.push(Code::TransactionAfterApplication.at("/transaction_date"));
    }
}

/// `*short name*name`, as the class of an item is printed.
fn has_short_name(name: &str) -> bool {
    name.strip_prefix('*')
        .and_then(|rest| rest.split_once('*'))
        .is_some_and(|(short, long)| !short.is_empty() && !long.is_empty())
}

/// What is wrong with the rate of a line. Nothing when the rates of the day are not known: that is
/// a finding of its own.
fn rate(application: &Application, basis: &Basis, text: &str, trade: Trade) -> Option<Code> {
    let Some(shown) = decimals::rate(text) else {
        return Some(Code::RateForm);
    };
    let statutory = basis.rates.statutory?.value;
    let reduced = basis.rates.reduced?.value;
    if trade == Trade::NotTaxed {
        return (!shown.is_zero()).then_some(Code::RateNotAllowed);
    }
    if shown.is_zero() {
        // An exempt line may show zero; whether the claim holds is judged elsewhere.
        return application
            .exemption
            .is_none()
            .then_some(Code::ZeroRateWithoutClaim);
    }
    if trade.is_real_estate() {
        let is = |rate: Option<Decimal>| rate == Some(shown);
        let housing = trade == Trade::RealEstateLetting
            && basis.seller_is_person
            && is(basis.rates.housing_letting.map(|row| row.value));
        let allowed = housing || is(basis.rates.real_estate.map(|row| row.value));
        return (!allowed).then_some(Code::RateNotAllowed);
    }
    if shown == reduced {
        return None;
    }
    match (shown == statutory, basis.special) {
        // The reduction may be waived, for a special invoice only.
        (true, true) => None,
        (true, false) => Some(Code::ReducedRateNotShown),
        (false, _) => Some(Code::RateNotAllowed),
    }
}

/// The kinds of special element; parallel to [`SpecialElement`].
#[derive(Clone, Copy, PartialEq, Eq)]
enum Element {
    Construction,
    Freight,
    Letting,
    Sale,
}

fn needed_by(trade: Trade) -> Option<Element> {
    match trade {
        Trade::Construction => Some(Element::Construction),
        Trade::Freight => Some(Element::Freight),
        Trade::RealEstateLetting => Some(Element::Letting),
        Trade::RealEstateSale => Some(Element::Sale),
        Trade::Ordinary
        | Trade::FarmProduce
        | Trade::LandUse
        | Trade::CommissionAgent
        | Trade::Parking
        | Trade::NotTaxed => None,
    }
}

fn element(application: &Application, basis: &Basis, out: &mut Vec<Finding>) {
    let mut needed = basis.trades.iter().filter_map(|&trade| needed_by(trade));
    let first = needed.next();
    if needed.any(|other| Some(other) != first) {
        out.push(Code::MixedTrades.at("/lines"));
        return;
    }
    let path = "/special_element";
    let Some(given) = &application.special_element else {
        if first.is_some() {
            out.push(Code::ElementMissing.at(path));
        }
        return;
    };
    let (kind, incomplete) = match given {
        SpecialElement::Construction {
            place,
            project_name,
            cross_city,
            cross_region_report,
        } => {
            let report = cross_region_report.as_deref().unwrap_or_default();
            if *cross_city && report.trim().is_empty() {
                out.push(Code::CrossRegionReport.at("/special_element/cross_region_report"));
            }
            let complete = filled(&[place, project_name]);
            (
                Element::Construction,
                (!complete).then_some(Code::ConstructionIncomplete),
            )
        }
        SpecialElement::Freight {
            from,
            to,
            vehicle_kind,
            plate,
            goods,
        } => {
            let complete = filled(&[from, to, vehicle_kind, plate, goods]);
            (
                Element::Freight,
                (!complete).then_some(Code::FreightIncomplete),
            )
        }
        SpecialElement::RealEstateLetting {
            address,
            title_number,
            from,
            to,
            area_unit,
        } => {
            if to < from {
                out.push(Code::LettingPeriod.at("/special_element/to"));
            }
            let complete = filled(&[address, title_number, area_unit]);
            (
                Element::Letting,
                (!complete).then_some(Code::LettingIncomplete),
            )
        }
        SpecialElement::RealEstateSale {
            address,
            title_number,
            area_unit,
        } => {
            let complete = filled(&[address, title_number, area_unit]);
            (Element::Sale, (!complete).then_some(Code::SaleIncomplete))
        }
    };
    if first != Some(kind) {
        out.push(Code::ElementMismatch.at(path));
    }
    if let Some(code) = incomplete {
        out.push(code.at(path));
    }
}

fn filled(fields: &[&str]) -> bool {
    fields.iter().all(|field| !field.trim().is_empty())
}
