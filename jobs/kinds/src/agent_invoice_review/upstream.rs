//! What only the upstream's answer shows: status, taxpayers, relations, tax due and paid.

use clerkwork_connectors_api::agent_invoice::{
    Application, ApplicationStatus, Dossier, DossierQuery, Registration, RiskClass, TaxpayerRisk,
    Warning,
};
use clerkwork_core::{Cents, Finding};

use crate::{
    identifiers::{TaxId, is_digital_invoice_number},
    names,
};

use super::{Code, basis::Basis, due};

/// The one question that is asked about an application.
pub(super) fn query(application: &Application) -> DossierQuery {
    DossierQuery {
        application_number: application.application_number.clone(),
        seller_tax_id: application.seller.tax_id.clone(),
        buyer_tax_id: application.buyer.tax_id.clone(),
        tax_receipt_number: application.tax_receipt_number.clone(),
        transaction_date: application.transaction_date,
    }
}

/// Adds the findings that rest on the dossier; returns the tax due, if it can be told.
pub(super) fn check(
    application: &Application,
    basis: &Basis,
    dossier: &Dossier,
    out: &mut Vec<Finding>,
) -> Option<Cents> {
    status(dossier, out);
    buyer(application, basis, dossier.buyer.as_ref(), out);
    seller(application, basis, dossier.seller.as_ref(), out);
    if over_general_line(basis, dossier) == Some(true) {
        out.push(Code::OverGeneralLine.at("/seller/tax_id"));
    }
    if dossier.relations.duplicates > 0 {
        out.push(Code::Duplicate.at(""));
    }
    accumulation(application, dossier, out);
    let due = due::assess(application, basis, &dossier.accumulation, out);
    due::receipt(application, dossier, due, out);
    due
}

/// Whether the seller is over the general-taxpayer line of 12 months; natural persons never are.
pub(super) fn over_general_line(basis: &Basis, dossier: &Dossier) -> Option<bool> {
    let line = basis.lines.general_taxpayer?.value;
    Some(!basis.seller_is_person && line.is_over(dossier.accumulation.twelve_months_net))
}

fn status(dossier: &Dossier, out: &mut Vec<Finding>) {
    let path = "/application_number";
    match &dossier.status {
        None => out.push(Code::UnknownUpstream.at(path)),
        Some(ApplicationStatus::Pending) => {}
        Some(ApplicationStatus::Issued { invoice_number }) => {
            out.push(Code::AlreadyIssued.at(path));
            if !is_digital_invoice_number(invoice_number) {
                out.push(Code::InvoiceNumber.at(path));
            }
        }
        Some(ApplicationStatus::Returned | ApplicationStatus::Withdrawn) => {
            out.push(Code::AlreadyClosed.at(path));
        }
    }
}

fn is_risky(taxpayer: &TaxpayerRisk) -> bool {
    taxpayer.class == RiskClass::High || taxpayer.warning == Warning::Red
}

fn buyer(
    application: &Application,
    basis: &Basis,
    known: Option<&TaxpayerRisk>,
    out: &mut Vec<Finding>,
) {
    let id = &application.buyer.tax_id;
    let Some(taxpayer) = known else {
        // Natural persons need no registration; a wrong id is a finding of its own.
        if !id.is_empty() && basis.buyer_is_person == Some(false) {
            out.push(Code::BuyerUnknown.at("/buyer/tax_id"));
        }
        return;
    };
    match taxpayer.registration {
        Registration::Normal => {}
        Registration::Abnormal => out.push(Code::BuyerAbnormal.at("/buyer/tax_id")),
        Registration::Deregistered => out.push(Code::BuyerDeregistered.at("/buyer/tax_id")),
    }
    if !names::same(&taxpayer.name, &application.buyer.name) {
        out.push(Code::BuyerName.at("/buyer/name"));
    }
    if is_risky(taxpayer) {
        out.push(Code::RiskyBuyer.at("/buyer/tax_id"));
    }
}

fn seller(
    application: &Application,
    basis: &Basis,
    known: Option<&TaxpayerRisk>,
    out: &mut Vec<Finding>,
) {
    let id = &application.seller.tax_id;
    let Some(taxpayer) = known else {
        if !basis.seller_is_person && TaxId::read(id, application.applied_on).is_ok() {
            out.push(Code::SellerUnknown.at("/seller/tax_id"));
        }
        return;
    };
    match taxpayer.registration {
        Registration::Normal => {}
        Registration::Abnormal => out.push(Code::SellerAbnormal.at("/seller/tax_id")),
        Registration::Deregistered => out.push(Code::SellerDeregistered.at("/seller/tax_id")),
    }
    if !names::same(&taxpayer.name, &application.seller.name) {
        out.push(Code::SellerName.at("/seller/name"));
    }
    if is_risky(taxpayer) {
        out.push(Code::RiskySeller.at("/seller/tax_id"));
    }
}

/// The upstream counts this application in; sums that cannot hold it decide nothing.
fn accumulation(application: &Application, dossier: &Dossier, out: &mut Vec<Finding>) {
    let counted = matches!(
        dossier.status,
        Some(ApplicationStatus::Pending | ApplicationStatus::Issued { .. })
    );
    // Under a wrong id the upstream cannot have counted anything.
    let id_holds = TaxId::read(&application.seller.tax_id, application.applied_on).is_ok();
    if !counted || !id_holds {
        return;
    }
    // What the lines come to: the header may be wrong, and is then a finding of its own.
    let Some(own) = Cents::sum(application.lines.iter().map(|line| line.net)) else {
        return;
    };
    let sums = &dossier.accumulation;
    let smallest = sums
        .day_net
        .min(sums.month_net)
        .min(sums.quarter_net)
        .min(sums.twelve_months_net);
    if sums.day_count == 0 || sums.month_count == 0 || smallest < own.min(application.total_net) {
        out.push(Code::AccumulationInconsistent.at("/application_number"));
    }
}
