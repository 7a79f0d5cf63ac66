//! Tax due, from thresholds, claim and accumulation; and tax paid, from the receipt.

use clerkwork_connectors_api::agent_invoice::{Accumulation, Application, Dossier};
use clerkwork_core::{Cents, Finding};

use crate::{decimals, identifiers::TaxId};

use super::{
    Code, arithmetic,
    basis::Basis,
    claims::{has_other_ground, own_amount_is_over},
};

/// How the accumulated sales stand to the thresholds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Standing {
    Below,
    Over,
    /// The month's and the quarter's threshold disagree: the filing period decides.
    DependsOnPeriod,
}

/// The tax that is due on this application. Nothing when it cannot be told: the rates of the day
/// are not known, a line's tax or their sum is wrong, or a person must judge the claim first.
pub(super) fn assess(
    application: &Application,
    basis: &Basis,
    accumulation: &Accumulation,
    out: &mut Vec<Finding>,
) -> Option<Cents> {
    basis.rows()?;
    let standing = standing(basis, accumulation)?;
    earlier_of_the_day(application, basis, accumulation, out);
    let taxed = taxed(application, basis);
    if basis.special {
        // Exemptions do not reach special invoices.
        return taxed;
    }
    match (application.exemption.is_some(), standing) {
        (false, Standing::Below) => {
            out.push(Code::ExemptionUnclaimed.at("/exemption"));
            taxed
        }
        (false, Standing::Over | Standing::DependsOnPeriod) => taxed,
        (true, Standing::Below) => Some(Cents::ZERO),
        (true, Standing::DependsOnPeriod) => {
            out.push(Code::FilingPeriodUnknown.at("/exemption"));
            None
        }
        (true, Standing::Over) if has_other_ground(basis) => {
            out.push(Code::ExemptOtherGround.at("/exemption"));
            None
        }
        (true, Standing::Over) => {
            if !own_amount_is_over(application, basis) {
                out.push(Code::ExemptAccumulated.at("/exemption"));
            }
            taxed
        }
    }
}

/// Natural persons are taxed by the day, others by month or quarter; which of the two is not in
/// the application.
fn standing(basis: &Basis, accumulation: &Accumulation) -> Option<Standing> {
    if basis.seller_is_person {
        let over = basis.lines.day?.value.is_over(accumulation.day_net);
        return Some(if over {
            Standing::Over
        } else {
            Standing::Below
        });
    }
    let month = basis.lines.month?.value.is_over(accumulation.month_net);
    let quarter = basis.lines.quarter?.value.is_over(accumulation.quarter_net);
    Some(match (month, quarter) {
        (true, true) => Standing::Over,
        (false, false) => Standing::Below,
        (true, false) | (false, true) => Standing::DependsOnPeriod,
    })
}

/// The transaction that takes a day over the line makes the earlier ones of the day taxable too.
fn earlier_of_the_day(
    application: &Application,
    basis: &Basis,
    accumulation: &Accumulation,
    out: &mut Vec<Finding>,
) {
    let (true, Some(line)) = (basis.seller_is_person, basis.lines.day) else {
        return;
    };
    let Some(earlier) = accumulation.day_net.minus(application.total_net) else {
        return;
    };
    if earlier > Cents::ZERO
        && !line.value.is_over(earlier)
        && line.value.is_over(accumulation.day_net)
    {
        out.push(Code::EarlierBecameTaxable.at("/transaction_date"));
    }
}

/// The tax as the lines show it, where they and the header are right; the tax at the applicable
/// rates for lines that show none.
fn taxed(application: &Application, basis: &Basis) -> Option<Cents> {
    let fits = |line| arithmetic::tax_fits(line) == Some(true);
    let sum = Cents::sum(application.lines.iter().map(|line| line.tax))?;
    if !application.lines.iter().all(fits) || sum != application.total_tax {
        return None;
    }
    let shown = |text: &str| decimals::rate(text).is_some_and(|rate| !rate.is_zero());
    if application.lines.iter().all(|line| shown(&line.levy_rate)) {
        Some(sum)
    } else {
        basis.tax(application)
    }
}

/// Holds the receipt against what is due.
pub(super) fn receipt(
    application: &Application,
    dossier: &Dossier,
    due: Option<Cents>,
    out: &mut Vec<Finding>,
) {
    let path = "/tax_receipt_number";
    let Some(receipt) = &dossier.receipt else {
        if application.tax_receipt_number.is_some() {
            out.push(Code::ReceiptUnknown.at(path));
        } else if due.is_some_and(|due| due > Cents::ZERO) {
            out.push(Code::ReceiptMissing.at(path));
        }
        return;
    };
    if receipt.used {
        out.push(Code::ReceiptUsed.at(path));
    }
    // With a wrong id of the seller nothing can be said about the payer.
    let seller = &application.seller.tax_id;
    if TaxId::read(seller, application.applied_on).is_ok() && receipt.payer_tax_id != *seller {
        out.push(Code::ReceiptPayer.at(path));
    }
    if let Some(due) = due {
        if receipt.tax_paid < due {
            out.push(Code::TaxShort.at(path));
        } else if receipt.tax_paid > due {
            out.push(Code::TaxOverpaid.at(path));
        }
    }
}
