//! Who applies, sells and buys: ids, names, attachments, telephone, account.

use clerkwork_connectors_api::agent_invoice::{ApplicantKind, Application, Attachment};
use clerkwork_core::Finding;

use crate::identifiers::{self, Fault, TaxId, is_phone, resident};

use super::{Code, basis::Basis};

pub(super) fn check(application: &Application, basis: &Basis, out: &mut Vec<Finding>) {
    seller(application, basis, out);
    buyer(application, basis, out);
    agent(application, out);
    attachments(application, basis, out);
    if !application.seller.tax_id.is_empty()
        && application.seller.tax_id == application.buyer.tax_id
    {
        out.push(Code::SellerIsBuyer.at("/buyer/tax_id"));
    }
}

fn seller(application: &Application, basis: &Basis, out: &mut Vec<Finding>) {
    let seller = &application.seller;
    if seller.name.trim().is_empty() {
        out.push(Code::NameMissing.at("/seller/name"));
    }
    if !seller.phone.is_empty() && !is_phone(&seller.phone) {
        out.push(Code::ApplicantPhone.at("/seller/phone"));
    }
    // Corporate accounts do not follow the formula.
    if basis.seller_is_person
        && !seller.account.is_empty()
        && !identifiers::luhn_holds(&seller.account)
    {
        out.push(Code::PersonalAccount.at("/seller/account"));
    }
    let path = "/seller/tax_id";
    if seller.tax_id.is_empty() {
        out.push(Code::TaxIdMissing.at(path));
        return;
    }
    let Some(form) = tax_id(application, &seller.tax_id, path, out) else {
        return;
    };
    match (application.applicant_kind, form) {
        (ApplicantKind::NaturalPerson, TaxId::CreditCode | TaxId::OldOrganisation) => {
            out.push(Code::PersonWithOrganisationId.at("/applicant_kind"));
        }
        (ApplicantKind::NaturalPerson, TaxId::OldPerson | TaxId::Household)
        | (ApplicantKind::OtherTaxpayer, TaxId::Resident) => {
            out.push(Code::KindAndIdDisagree.at("/applicant_kind"));
        }
        (ApplicantKind::NaturalPerson, TaxId::Resident)
        | (
            ApplicantKind::OtherTaxpayer,
            TaxId::CreditCode | TaxId::OldOrganisation | TaxId::OldPerson | TaxId::Household,
        ) => {}
    }
}

fn buyer(application: &Application, basis: &Basis, out: &mut Vec<Finding>) {
    let buyer = &application.buyer;
    if buyer.name.trim().is_empty() {
        out.push(Code::NameMissing.at("/buyer/name"));
    }
    if !buyer.phone.is_empty() && !is_phone(&buyer.phone) {
        out.push(Code::BuyerPhone.at("/buyer/phone"));
    }
    if !buyer.tax_id.is_empty() {
        tax_id(application, &buyer.tax_id, "/buyer/tax_id", out);
    } else if basis.buyer_is_person == Some(false) {
        out.push(Code::OrganisationWithoutTaxId.at("/buyer/tax_id"));
    }
}

fn agent(application: &Application, out: &mut Vec<Finding>) {
    let Some(agent) = &application.agent else {
        return;
    };
    if agent.name.trim().is_empty() {
        out.push(Code::NameMissing.at("/agent/name"));
    }
    if !agent.phone.is_empty() && !is_phone(&agent.phone) {
        out.push(Code::ApplicantPhone.at("/agent/phone"));
    }
    if let Err(fault) = resident::check(&agent.identity_number, application.applied_on) {
        let code = match fault {
            Fault::Length => Code::IdentityNumberLength,
            other => code_of(other),
        };
        out.push(code.at("/agent/identity_number"));
    }
}

fn attachments(application: &Application, basis: &Basis, out: &mut Vec<Finding>) {
    let has = |attachment| application.attachments.contains(&attachment);
    if basis.seller_is_person && !has(Attachment::IdentityDocument) {
        out.push(Code::IdentityDocumentMissing.at("/attachments"));
    }
    if !basis.seller_is_person && !has(Attachment::Licence) {
        out.push(Code::LicenceMissing.at("/attachments"));
    }
    if application.contract.is_some() && !has(Attachment::Contract) {
        out.push(Code::ContractNotAttached.at("/attachments"));
    }
}

/// Reads a tax id; what is wrong with it becomes a finding.
fn tax_id(
    application: &Application,
    id: &str,
    path: &str,
    out: &mut Vec<Finding>,
) -> Option<TaxId> {
    match TaxId::read(id, application.applied_on) {
        Ok(form) => {
            if form.is_old() {
                out.push(Code::OldForm.at(path));
            }
            Some(form)
        }
        Err(fault) => {
            out.push(code_of(fault).at(path));
            None
        }
    }
}

fn code_of(fault: Fault) -> Code {
    match fault {
        Fault::Length => Code::TaxIdLength,
        Fault::Character => Code::TaxIdCharacter,
        Fault::BirthDate => Code::BirthDate,
        Fault::CreditCodeCheck => Code::CreditCodeCheck,
        Fault::OrganisationCheck => Code::OrganisationCheck,
        Fault::ResidentCheck => Code::ResidentCheck,
    }
}
