//! What an application may ask for: a special invoice, an exemption, and the contract behind it.

use clerkwork_connectors_api::agent_invoice::Application;
use clerkwork_core::{Cents, Finding};

use crate::{identifiers::is_relief_code, items::Trade, names};

use super::{Code, basis::Basis};

pub(super) fn check(application: &Application, basis: &Basis, out: &mut Vec<Finding>) {
    // 增值税法实施条例 art. 37.
    if basis.special && basis.buyer_is_person == Some(true) {
        out.push(Code::SpecialToPerson.at("/invoice_type"));
    }
    if application.exemption.is_some() {
        exemption(application, basis, out);
    }
    contract(application, out);
}

fn exemption(application: &Application, basis: &Basis, out: &mut Vec<Finding>) {
    let Some(exemption) = &application.exemption else {
        return;
    };
    if basis.special {
        out.push(Code::SpecialExempt.at("/invoice_type"));
    }
    if !is_relief_code(&exemption.code) || exemption.reason.trim().is_empty() {
        out.push(Code::ExemptionForm.at("/exemption"));
    }
    // A cent a line, as for the lines themselves.
    let tolerance = application.lines.len() as u64;
    if basis
        .tax(application)
        .is_some_and(|tax| tax.distance(exemption.tax) > tolerance)
    {
        out.push(Code::ExemptTax.at("/exemption/tax"));
    }
    if own_amount_is_over(application, basis) && !has_other_ground(basis) {
        out.push(Code::ExemptOverLine.at("/exemption"));
    }
}

/// Whether this application alone is over its line; together with others is for `due`.
pub(super) fn own_amount_is_over(application: &Application, basis: &Basis) -> bool {
    let line = if basis.seller_is_person {
        basis.lines.day
    } else {
        // Over the quarter's line is over the month's too, whatever the filing period.
        basis.lines.quarter
    };
    line.is_some_and(|line| line.value.is_over(application.total_net))
}

/// Whether more than the threshold may exempt a sale: own farm produce, or the rent of a natural
/// person, which may be spread over the months it is for.
pub(super) fn has_other_ground(basis: &Basis) -> bool {
    basis.any_trade(|trade| trade == Trade::FarmProduce)
        || (basis.seller_is_person && basis.any_trade(|trade| trade == Trade::RealEstateLetting))
}

fn contract(application: &Application, out: &mut Vec<Finding>) {
    let Some(contract) = &application.contract else {
        return;
    };
    if application.total_gross > contract.amount {
        out.push(Code::ContractAmount.at("/contract/amount"));
    } else if application.total_gross < contract.amount && application.total_gross > Cents::ZERO {
        out.push(Code::ContractPartial.at("/contract/amount"));
    }
    if !names::same(&contract.seller_name, &application.seller.name) {
        out.push(Code::ContractSeller.at("/contract/seller_name"));
    }
    if !names::same(&contract.buyer_name, &application.buyer.name) {
        out.push(Code::ContractBuyer.at("/contract/buyer_name"));
    }
}
