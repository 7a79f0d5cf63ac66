//! What only the upstream's answer shows: the blue invoice, the parties, the form, the tax paid.

use clerkwork_connectors_api::red_letter::{
    AgentIssued, BlueInvoice, BlueStatus, CURRENCY, FormState, RedLetterApplication,
    RedLetterDossier, RedLetterQuery, RedLetterStatus, SettlementKind, Side, Trader,
};
use clerkwork_core::{Cents, Finding, Timestamp};

use crate::local_day;

use super::{
    Code,
    basis::{long, same_party, size},
    filed,
    own::Own,
    remainder::Remainder,
};

/// The one question that is asked about an application.
pub(super) fn query(application: &RedLetterApplication) -> RedLetterQuery {
    RedLetterQuery {
        application_number: application.application_number.clone(),
        blue: application.blue.clone(),
        seller_tax_id: application.seller.tax_id.clone(),
        buyer_tax_id: application.buyer.tax_id.clone(),
    }
}

/// Adds the findings that rest on the dossier.
pub(super) fn check(
    application: &RedLetterApplication,
    dossier: &RedLetterDossier,
    own: &Own<'_>,
    remainder: Option<&Remainder<'_>>,
    settlement: &Settlement,
    out: &mut Vec<Finding>,
) {
    status(own.status(dossier.status.as_ref()), out);
    as_filed(application, dossier, out);
    form(own, out);
    let (Some(blue), Some(remainder)) = (&dossier.blue, remainder) else {
        out.push(Code::BlueUnknown.at("/blue/number"));
        return;
    };
    parties(application, blue, out);
    // A form that stands already was begun rightly.
    let begun = own.number.is_some() || own.target.is_some();
    if application.started_by == Side::Buyer && !blue.needs_confirmation() && !begun {
        out.push(Code::BuyerMayNotStart.at("/started_by"));
    }
    match remainder.status {
        BlueStatus::Voided => out.push(Code::BlueVoided.at("/blue/number")),
        BlueStatus::Reversed => out.push(Code::BlueReversed.at("/blue/number")),
        BlueStatus::Normal | BlueStatus::PartlyReversed => {
            let open = own
                .others(&dossier.traces)
                .filter(|form| form.red_number.is_none());
            remainder.check(application, blue.margin, open, out);
        }
    }
    settlement.check(application, out);
}

fn status(status: Option<&RedLetterStatus>, out: &mut Vec<Finding>) {
    let code = match status {
        Some(RedLetterStatus::Pending) => return,
        Some(RedLetterStatus::Done { .. }) => Code::AlreadyDone,
        Some(RedLetterStatus::Returned) => Code::AlreadyReturned,
        Some(RedLetterStatus::Withdrawn) => Code::ApplicationWithdrawn,
        None => Code::UnknownUpstream,
    };
    out.push(code.at("/application_number"));
}

/// An application that the upstream does not know has a finding of its own; one that it knows and
/// does not show cannot be told to be this.
fn as_filed(
    application: &RedLetterApplication,
    dossier: &RedLetterDossier,
    out: &mut Vec<Finding>,
) {
    let difference = match (&dossier.application, &dossier.status) {
        (Some(filed), _) => filed::first_difference(application, filed),
        (None, Some(_)) => Some("/application_number".into()),
        (None, None) => None,
    };
    if let Some(path) = difference {
        out.push(Code::NotAsFiled.at(path));
    }
}

/// Nobody applies tomorrow. What cannot be told as a day is not judged.
pub(super) fn applied(application: &RedLetterApplication, now: Timestamp, out: &mut Vec<Finding>) {
    if local_day(now).is_some_and(|today| application.applied_on > today) {
        out.push(Code::AppliedInFuture.at("/applied_on"));
    }
}

fn form(own: &Own<'_>, out: &mut Vec<Finding>) {
    if own.vanished() {
        out.push(Code::FormVanished.at(""));
    }
    if own.seconds > 0 {
        out.push(Code::SecondForm.at(""));
    }
    let code = match own.form.map(|form| form.state) {
        None
        | Some(
            FormState::NotNeeded
            | FormState::WaitsForBuyer
            | FormState::WaitsForSeller
            | FormState::Confirmed,
        ) => return,
        Some(FormState::RefusedByBuyer) => Code::RefusedByBuyer,
        Some(FormState::RefusedBySeller) => Code::RefusedBySeller,
        Some(FormState::Lapsed) => Code::FormLapsed,
        Some(FormState::Withdrawn) => Code::FormWithdrawn,
        Some(FormState::WithdrawnAfterConfirmation) => Code::FormWithdrawnAfterConfirmation,
        Some(FormState::Abnormal) => Code::FormAbnormal,
    };
    out.push(code.at(""));
}

fn parties(application: &RedLetterApplication, blue: &BlueInvoice, out: &mut Vec<Finding>) {
    // Another currency than the upstream's is a finding of its own.
    if blue.currency != CURRENCY && application.currency == CURRENCY {
        out.push(Code::BlueCurrency.at("/currency"));
    }
    if blue.reference.issued_on != application.blue.issued_on {
        out.push(Code::BlueDate.at("/blue/issued_on"));
    }
    if !same_party(&blue.seller, &application.seller) {
        out.push(Code::BlueSeller.at("/seller"));
    }
    if !same_party(&blue.buyer, &application.buyer) {
        out.push(Code::BlueBuyer.at("/buyer"));
    }
    let id = &application.applicant_tax_id;
    let principal = blue.agent_issued.as_ref().map(|agent| &agent.principal);
    let applicant = match (principal, application.started_by) {
        // The bureau is the issuer on paper; whose invoice it is applies in its place.
        (Some(principal), Side::Seller) => principal,
        (None, Side::Seller) => &blue.seller,
        (_, Side::Buyer) => &blue.buyer,
    };
    if !is_id_of(id, applicant) {
        out.push(Code::NotApplicants.at("/applicant_tax_id"));
    }
}

fn is_id_of(id: &str, party: &Trader) -> bool {
    id.eq_ignore_ascii_case(&party.tax_id)
}

/// What becomes of the tax that was paid through the bureau.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Settlement {
    /// Not an agent-issued invoice, or no tax is reversed.
    pub(super) needed: bool,
    /// The receipt's number, when the upstream holds the receipt.
    pub(super) receipt_number: Option<String>,
    /// What the applicant wishes.
    pub(super) kind: Option<SettlementKind>,
    /// The tax that is reversed, positive.
    pub(super) amount: Cents,
    other_payer: bool,
    short: bool,
}

impl Settlement {
    /// `own`: what the job itself settled, which the receipt counts as settled already.
    pub(super) fn of(
        application: &RedLetterApplication,
        dossier: &RedLetterDossier,
        own: bool,
    ) -> Self {
        let agent = dossier
            .blue
            .as_ref()
            .and_then(|blue| blue.agent_issued.as_ref());
        let reversed = size(application.total_tax);
        let needed = agent.is_some() && reversed != 0;
        let named = agent.and_then(|agent: &AgentIssued| agent.tax_receipt_number.clone());
        let receipt = dossier.receipt.as_ref();
        let left = receipt.map(|receipt| {
            let settled = i128::from(receipt.settled.0) - if own { reversed } else { 0 };
            i128::from(receipt.tax_paid.0) - settled
        });
        let payer = receipt.map(|receipt| receipt.payer_tax_id.as_str());
        let other_payer = match (payer, agent) {
            (Some(payer), Some(agent)) => !is_id_of(payer, &agent.principal),
            (Some(_) | None, _) => false,
        };
        Self {
            needed,
            receipt_number: receipt.and(named),
            kind: application.settlement,
            amount: Cents(long(reversed)),
            other_payer: needed && other_payer,
            short: needed && left.is_some_and(|left| left < reversed),
        }
    }

    /// In the schema's words.
    pub(super) fn word(&self) -> &'static str {
        match (self.needed, &self.receipt_number, self.kind) {
            (false, _, _) => "not_needed",
            (true, None, _) | (true, Some(_), None) => "missing",
            (true, Some(_), Some(_)) if self.other_payer || self.short => "mismatch",
            (true, Some(_), Some(kind)) => kind.as_str(),
        }
    }

    /// Nothing when it is not known what to settle, or how.
    pub(super) fn cents(&self) -> Option<i64> {
        match (self.needed, &self.receipt_number, self.kind) {
            (false, _, _) => Some(0),
            (true, Some(_), Some(_)) => Some(self.amount.0),
            (true, _, _) => None,
        }
    }

    fn check(&self, application: &RedLetterApplication, out: &mut Vec<Finding>) {
        let path = "/settlement";
        if !self.needed {
            if application.settlement.is_some() {
                out.push(Code::SettlementNotNeeded.at(path));
            }
            return;
        }
        if self.kind.is_none() {
            out.push(Code::SettlementMissing.at(path));
        }
        if self.receipt_number.is_none() {
            out.push(Code::ReceiptMissing.at(path));
        }
        if self.other_payer {
            out.push(Code::ReceiptPayer.at(path));
        }
        if self.short {
            out.push(Code::TaxShort.at("/total_tax"));
        }
    }
}
