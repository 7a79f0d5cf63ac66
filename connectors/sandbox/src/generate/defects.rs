//! Puts the planned defect into an application that is right in everything else.

use clerkwork_connectors_api::agent_invoice::{Attachment, Exemption, InvoiceType, SpecialElement};
use clerkwork_core::Cents;

use super::{
    build::{Built, SMALL_TAXPAYER_RELIEF, total},
    case::{Case, Defect},
    draw::Draw,
    identifiers::spoil,
    plan::Plan,
    words::in_words,
};

/// Applies the defect of `plan`, if it has one. Defects that lie in what the platform knows of the
/// buyer change nothing here: see `registry`.
pub(crate) fn apply(draw: &mut Draw, plan: &Plan, built: &mut Built) {
    let Case::Defect(defect) = plan.case else {
        return;
    };
    let application = &mut built.application;
    match defect {
        Defect::SellerCheckCharacter => {
            application.seller.tax_id = spoil(&application.seller.tax_id);
        }
        Defect::BuyerCheckCharacter => {
            application.buyer.tax_id = spoil(&application.buyer.tax_id);
        }
        Defect::AgentCheckCharacter => {
            if let Some(agent) = &mut application.agent {
                agent.identity_number = spoil(&agent.identity_number);
            }
        }
        Defect::HeaderNotSum => {
            // A typing error in the header: figures, words and contract agree with each other.
            let more = Cents(100 * draw.range(1, 90));
            application.total_net = Cents(application.total_net.0 + more.0);
            application.total_gross = Cents(application.total_gross.0 + more.0);
            application.total_in_words = in_words(application.total_gross);
            if let Some(contract) = &mut application.contract {
                contract.amount = application.total_gross;
            }
        }
        Defect::WrongCapitals => {
            let other = Cents(application.total_gross.0 + 1000 * draw.range(1, 9));
            application.total_in_words = in_words(other);
        }
        Defect::TaxPaidShort => {
            // At least a tenth of the tax is missing.
            built.tax_paid = Cents(built.tax_paid.0 * draw.range(300, 900) / 1000);
        }
        Defect::SpecialElementMissing => application.special_element = None,
        Defect::CrossRegionReportMissing => {
            if let Some(SpecialElement::Construction {
                cross_region_report,
                ..
            }) = &mut application.special_element
            {
                *cross_region_report = None;
            }
        }
        Defect::AttachmentMissing => {
            let own = [Attachment::IdentityDocument, Attachment::Licence];
            application
                .attachments
                .retain(|attachment| !own.contains(attachment));
        }
        Defect::ContractAmount => {
            if let Some(contract) = &mut application.contract {
                contract.amount = Cents(contract.amount.0 * draw.range(50, 90) / 100);
            }
        }
        Defect::ContractSeller => {
            if let Some(contract) = &mut application.contract {
                contract.seller_name = super::people::person_name(draw) + "劳务队";
            }
        }
        Defect::RateNotAllowed => {
            // A rate that was lawful for other years or other taxpayers.
            for line in &mut application.lines {
                line.levy_rate = "0.05".into();
                line.tax = Cents((line.net.0 * 5 + 50) / 100);
            }
            total(application);
            built.tax_paid = application.total_tax;
            if let Some(contract) = &mut application.contract {
                contract.amount = application.total_gross;
            }
        }
        Defect::ExemptSpecial => {
            application.invoice_type = InvoiceType::Special;
            application.exemption = Some(Exemption {
                tax: application.total_tax,
                code: SMALL_TAXPAYER_RELIEF.into(),
                reason: "小规模纳税人月销售额未达起征点免征增值税".into(),
            });
        }
        Defect::QuantityTimesPrice => {
            if let Some(line) = application.lines.first_mut() {
                line.quantity = line
                    .quantity
                    .as_ref()
                    .and_then(|quantity| quantity.parse::<i64>().ok())
                    .map(|quantity| (quantity + 1).to_string());
            }
        }
        Defect::LineTax => {
            // Header and receipt follow the line, so that nothing but the line's own sum is wrong.
            if let Some(line) = application.lines.first_mut() {
                line.tax = Cents(line.tax.0 + draw.range(1500, 9000));
            }
            total(application);
            built.tax_paid = application.total_tax;
            if let Some(contract) = &mut application.contract {
                contract.amount = application.total_gross;
            }
        }
        Defect::ItemCodeMalformed => {
            if let Some(line) = application.lines.first_mut() {
                line.item_code.pop();
            }
        }
        Defect::ReceiptMissing => {
            application.tax_receipt_number = None;
            built.tax_paid = Cents::ZERO;
        }
        // In the plan's buyer.
        Defect::SpecialForPerson
        | Defect::BuyerAbnormal
        | Defect::BuyerNonexistent
        | Defect::BuyerDeregistered => {}
    }
}
