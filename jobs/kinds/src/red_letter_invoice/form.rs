//! The pure rules: who, which invoice, which lines, sums to the cent, and which fields a reason
//! leaves blank. What an item is, and so whether the reason fits it, the blue invoice tells
//! ([`remainder`](super::remainder)), not the application.
//!
//! What a line may be off by comes from the dated rows of the day of application. Before the
//! upstream is asked nobody knows whether all is reversed, so the wider tolerance of a partial
//! reversal holds here; the narrow one is for [`remainder`](super::remainder).

use std::collections::BTreeSet;

use clerkwork_connectors_api::red_letter::{
    CURRENCY, RedLetterApplication, ReversalLine, ReversalReason,
};
use clerkwork_core::{Cents, Finding};

use crate::{
    dated::RedLetterRules,
    identifiers::{Fault, TaxId, is_application_number, is_digital_invoice_number, is_item_code},
    names,
};

use super::{
    Code,
    basis::{Rate, near, price, reversed_quantity, rules, tax_fits},
};

/// An invoice holds at most this many lines.
const MAX_LINES: usize = 100;
/// A remark holds at most this many characters.
const MAX_REMARK: usize = 200;

pub(super) fn check(application: &RedLetterApplication, out: &mut Vec<Finding>) {
    parties(application, out);
    numbers(application, out);
    let rules = rules(application);
    if rules.rows() != Some(true) {
        out.push(Code::RulesUnknown.at("/applied_on"));
    }
    let lines = &application.lines;
    if lines.is_empty() || lines.len() > MAX_LINES {
        out.push(Code::LineCount.at("/lines"));
    }
    let mut seen = BTreeSet::new();
    for (i, line) in lines.iter().enumerate() {
        if !seen.insert(line.blue_line) {
            out.push(Code::LineTwice.at(format!("/lines/{i}/blue_line")));
        }
        item(i, line, out);
        amounts(i, line, &rules, out);
        quantity(i, line, application.reason, &rules, out);
    }
    totals(application, out);
    remark(&application.remark, out);
}

fn parties(application: &RedLetterApplication, out: &mut Vec<Finding>) {
    let (seller, buyer) = (&application.seller, &application.buyer);
    for (party, path) in [(seller, "/seller/name"), (buyer, "/buyer/name")] {
        if party.name.trim().is_empty() {
            out.push(Code::NameMissing.at(path));
        }
    }
    for (id, needed, path) in [
        (&seller.tax_id, true, "/seller/tax_id"),
        (&buyer.tax_id, false, "/buyer/tax_id"),
        (&application.applicant_tax_id, true, "/applicant_tax_id"),
    ] {
        if !id.is_empty() {
            // An applicant who is one of the parties is judged once.
            let again =
                path == "/applicant_tax_id" && (*id == seller.tax_id || *id == buyer.tax_id);
            if !again {
                tax_id(application, id, path, out);
            }
        } else if needed {
            out.push(Code::TaxIdMissing.at(path));
        }
    }
    if buyer.tax_id.is_empty() && names::is_organisation(&buyer.name) {
        out.push(Code::OrganisationWithoutTaxId.at("/buyer/tax_id"));
    }
    if !seller.tax_id.is_empty() && seller.tax_id == buyer.tax_id {
        out.push(Code::SellerIsBuyer.at("/buyer/tax_id"));
    }
}

fn tax_id(application: &RedLetterApplication, id: &str, path: &str, out: &mut Vec<Finding>) {
    let code = match TaxId::read(id, application.applied_on) {
        Ok(form) if form.is_old() => Code::OldForm,
        Ok(_) => return,
        Err(Fault::Length) => Code::TaxIdLength,
        Err(Fault::Character) => Code::TaxIdCharacter,
        Err(Fault::BirthDate) => Code::BirthDate,
        Err(Fault::CreditCodeCheck) => Code::CreditCodeCheck,
        Err(Fault::OrganisationCheck) => Code::OrganisationCheck,
        Err(Fault::ResidentCheck) => Code::ResidentCheck,
    };
    out.push(code.at(path));
}

fn numbers(application: &RedLetterApplication, out: &mut Vec<Finding>) {
    if !is_application_number(&application.application_number) {
        out.push(Code::ApplicationNumber.at("/application_number"));
    }
    let digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
    let blue = &application.blue;
    let number = &blue.number;
    let number_fits = match &blue.code {
        None => is_digital_invoice_number(number),
        Some(code) => {
            if !matches!(code.len(), 10 | 12) || !digits(code) {
                out.push(Code::BlueCode.at("/blue/code"));
            }
            number.len() == 8 && digits(number)
        }
    };
    if !number_fits {
        out.push(Code::BlueNumber.at("/blue/number"));
    }
    if blue.issued_on > application.applied_on {
        out.push(Code::BlueAfterApplication.at("/blue/issued_on"));
    }
    if application.currency != CURRENCY {
        out.push(Code::Currency.at("/currency"));
    }
}

fn item(i: usize, line: &ReversalLine, out: &mut Vec<Finding>) {
    if line.item_name.trim().is_empty() {
        out.push(Code::ItemName.at(format!("/lines/{i}/item_name")));
    }
    if !line.item_code.is_empty() && !is_item_code(&line.item_code) {
        out.push(Code::ItemCode.at(format!("/lines/{i}/item_code")));
    }
}

fn amounts(i: usize, line: &ReversalLine, rules: &RedLetterRules, out: &mut Vec<Finding>) {
    if line.net >= Cents::ZERO {
        out.push(Code::NetSign.at(format!("/lines/{i}/net")));
    }
    if line.tax > Cents::ZERO {
        out.push(Code::TaxSign.at(format!("/lines/{i}/tax")));
    }
    match Rate::read(&line.rate) {
        None => out.push(Code::RateForm.at(format!("/lines/{i}/rate"))),
        Some(Rate::Exempt | Rate::NotTaxed) => {
            if line.tax != Cents::ZERO {
                out.push(Code::TaxOnExempt.at(format!("/lines/{i}/tax")));
            }
        }
        Some(Rate::Margin) => {}
        Some(Rate::Number(_)) => {
            if let Some(tolerance) = rules.partial_tax_tolerance
                && tax_fits(line, tolerance.value) == Some(false)
            {
                out.push(Code::TaxMismatch.at(format!("/lines/{i}/tax")));
            }
        }
    }
}

fn quantity(
    i: usize,
    line: &ReversalLine,
    reason: ReversalReason,
    rules: &RedLetterRules,
    out: &mut Vec<Finding>,
) {
    let (quantity_path, price_path) = (
        format!("/lines/{i}/quantity"),
        format!("/lines/{i}/unit_price"),
    );
    if reason == ReversalReason::SalesAllowance {
        if line.quantity.is_some() || line.unit_price.is_some() {
            out.push(Code::AllowanceWithQuantity.at(quantity_path));
        }
        return;
    }
    match (&line.quantity, &line.unit_price) {
        (None, None) => {}
        (Some(_), None) => out.push(Code::QuantityWithoutPrice.at(price_path)),
        (None, Some(_)) => out.push(Code::QuantityWithoutPrice.at(quantity_path)),
        (Some(quantity), Some(unit_price)) => {
            match (reversed_quantity(quantity), price(unit_price)) {
                (None, Some(_)) => out.push(Code::QuantityForm.at(quantity_path)),
                (Some(_), None) => out.push(Code::PriceForm.at(price_path)),
                (None, None) => {
                    out.push(Code::QuantityForm.at(quantity_path));
                    out.push(Code::PriceForm.at(price_path));
                }
                (Some(quantity), Some(price)) => {
                    if let Some(tolerance) = rules.price_tolerance
                        && !near(
                            quantity.checked_mul(-price),
                            line.net.yuan(),
                            tolerance.value,
                        )
                    {
                        out.push(Code::NetMismatch.at(format!("/lines/{i}/net")));
                    }
                }
            }
        }
    }
}

fn totals(application: &RedLetterApplication, out: &mut Vec<Finding>) {
    let sum = |amount: fn(&ReversalLine) -> Cents| Cents::sum(application.lines.iter().map(amount));
    if sum(|line| line.net) != Some(application.total_net) {
        out.push(Code::TotalNet.at("/total_net"));
    }
    if sum(|line| line.tax) != Some(application.total_tax) {
        out.push(Code::TotalTax.at("/total_tax"));
    }
    if application.total_net.plus(application.total_tax) != Some(application.total_gross) {
        out.push(Code::TotalGross.at("/total_gross"));
    }
}

fn remark(remark: &str, out: &mut Vec<Finding>) {
    if remark.chars().count() > MAX_REMARK {
        out.push(Code::RemarkLength.at("/remark"));
    }
    if remark.chars().any(char::is_control) {
        out.push(Code::RemarkCharacter.at("/remark"));
    }
}
