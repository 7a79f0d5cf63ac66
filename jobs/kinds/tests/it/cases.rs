//! For every code a change to the example that raises it.

use clerkwork_connectors_api::agent_invoice::{
    Agent, ApplicantKind, Application, ApplicationStatus, Attachment, Dossier, Exemption,
    InvoiceType, Registration, RiskClass, SpecialElement, TaxpayerRisk, Warning,
};
use clerkwork_core::Cents;
use clerkwork_kinds::agent_invoice_review::Code;
use jiff::civil::date;

use crate::upstream::{dossier, example, one_line, total};

/// A valid code of a company, other than the example's buyer.
const COMPANY: &str = "91440300MA50001294";
/// The example number of GB 11643, as the example's seller has it.
const PERSON: &str = "11010519491231002X";

/// An application and a dossier in which `code` is raised at `path`.
pub struct Case {
    pub code: Code,
    pub path: &'static str,
    pub application: Application,
    pub dossier: Dossier,
}

/// A change of the application; the dossier agrees with the changed one.
fn item(code: Code, path: &'static str, change: impl FnOnce(&mut Application)) -> Case {
    let mut application = example();
    change(&mut application);
    let dossier = dossier(&application);
    Case {
        code,
        path,
        application,
        dossier,
    }
}

/// A change of both.
fn both(
    code: Code,
    path: &'static str,
    change: impl FnOnce(&mut Application),
    of_dossier: impl FnOnce(&mut Dossier),
) -> Case {
    let mut case = item(code, path, change);
    of_dossier(&mut case.dossier);
    case
}

/// A change of what the upstream says.
fn known(code: Code, path: &'static str, change: impl FnOnce(&mut Dossier)) -> Case {
    both(code, path, |_| {}, change)
}

fn business(a: &mut Application) {
    a.applicant_kind = ApplicantKind::OtherTaxpayer;
    a.seller.name = "示例服务部".into();
    a.seller.tax_id = COMPANY.into();
    a.attachments = vec![Attachment::Licence, Attachment::Contract];
    if let Some(contract) = &mut a.contract {
        contract.seller_name.clone_from(&a.seller.name);
    }
}

fn registered(name: &str) -> Option<TaxpayerRisk> {
    Some(TaxpayerRisk {
        registration: Registration::Normal,
        name: name.into(),
        class: RiskClass::Low,
        warning: Warning::None,
        credit_grade: None,
    })
}

fn exemption(tax: i64) -> Option<Exemption> {
    Some(Exemption {
        tax: Cents(tax),
        code: "0001045308".into(),
        reason: "未达起征点".into(),
    })
}

/// Below the line of the day, and claimed.
fn exempt(a: &mut Application) {
    one_line(a, Cents(50_000));
    a.exemption = exemption(500);
    a.tax_receipt_number = None;
}

fn construction(cross_region_report: Option<String>, place: &str) -> SpecialElement {
    SpecialElement::Construction {
        place: place.into(),
        project_name: "示例工程".into(),
        cross_city: true,
        cross_region_report,
    }
}

fn letting(from: i8, to: i8, address: &str) -> SpecialElement {
    SpecialElement::RealEstateLetting {
        address: address.into(),
        title_number: "粤房地证第000001号".into(),
        from: date(2026, from, 1),
        to: date(2026, to, 1),
        area_unit: "平方米".into(),
    }
}

fn trade(a: &mut Application, item_code: &str, rate: &str) {
    for line in &mut a.lines {
        line.item_code = item_code.into();
        line.levy_rate = rate.into();
        line.tax = line.net.times(rate.parse().unwrap()).unwrap();
    }
    total(a);
}

const FREIGHT: &str = "3010102020100000000";
const CONSTRUCTION: &str = "3050100000000000000";
const SHOP: &str = "3040502029900000000";
const HOUSE: &str = "5010100000000000000";

pub fn cases() -> Vec<Case> {
    vec![
        item(Code::TaxIdMissing, "/seller/tax_id", |a| {
            a.seller.tax_id.clear()
        }),
        item(Code::TaxIdLength, "/buyer/tax_id", |a| {
            a.buyer.tax_id = "9144030".into()
        }),
        item(Code::TaxIdCharacter, "/buyer/tax_id", |a| {
            a.buyer.tax_id = "91440300MA5O001107".into();
        }),
        item(Code::CreditCodeCheck, "/buyer/tax_id", |a| {
            a.buyer.tax_id = "91440300MA50001108".into();
        }),
        item(Code::OrganisationCheck, "/buyer/tax_id", |a| {
            a.buyer.tax_id = "440300MA5000111".into();
        }),
        item(Code::ResidentCheck, "/seller/tax_id", |a| {
            a.seller.tax_id = "110105194912310021".into();
        }),
        item(Code::BirthDate, "/seller/tax_id", |a| {
            a.seller.tax_id = "110105194913310021".into();
        }),
        item(Code::OldForm, "/buyer/tax_id", |a| {
            a.buyer.tax_id = "440300MA5000110".into()
        }),
        item(Code::NameMissing, "/buyer/name", |a| {
            a.buyer.name = "　".into()
        }),
        item(Code::OrganisationWithoutTaxId, "/buyer/tax_id", |a| {
            a.buyer.tax_id.clear()
        }),
        item(Code::PersonWithOrganisationId, "/applicant_kind", |a| {
            a.seller.tax_id = COMPANY.into();
        }),
        item(Code::KindAndIdDisagree, "/applicant_kind", |a| {
            a.seller.tax_id = format!("{PERSON}01");
        }),
        item(Code::SellerIsBuyer, "/buyer/tax_id", |a| {
            a.buyer.tax_id.clone_from(&a.seller.tax_id);
        }),
        item(Code::IdentityNumberLength, "/agent/identity_number", |a| {
            a.agent = Some(Agent {
                name: "李四".into(),
                identity_number: "110105".into(),
                phone: String::new(),
            });
        }),
        item(Code::IdentityDocumentMissing, "/attachments", |a| {
            a.attachments.retain(|x| *x != Attachment::IdentityDocument);
        }),
        both(
            Code::LicenceMissing,
            "/attachments",
            |a| {
                business(a);
                a.attachments.retain(|x| *x != Attachment::Licence);
            },
            |d| d.seller = registered("示例服务部"),
        ),
        item(Code::ContractNotAttached, "/attachments", |a| {
            a.attachments.retain(|x| *x != Attachment::Contract);
        }),
        item(Code::ApplicantPhone, "/seller/phone", |a| {
            a.seller.phone = "123".into()
        }),
        item(Code::BuyerPhone, "/buyer/phone", |a| {
            a.buyer.phone = "无".into()
        }),
        item(Code::PersonalAccount, "/seller/account", |a| {
            a.seller.account = "49927398717".into();
        }),
        item(Code::ApplicationNumber, "/application_number", |a| {
            a.application_number = "代开1号".into();
        }),
        item(Code::ReceiptNumber, "/tax_receipt_number", |a| {
            a.tax_receipt_number = Some("12".into());
        }),
        known(Code::InvoiceNumber, "/application_number", |d| {
            let invoice_number = "123".into();
            d.status = Some(ApplicationStatus::Issued { invoice_number });
        }),
        item(
            Code::TransactionAfterApplication,
            "/transaction_date",
            |a| {
                a.transaction_date = date(2026, 3, 7);
            },
        ),
        item(Code::LineCount, "/lines", |a| {
            let line = a.lines[1].clone();
            a.lines = vec![line; 101];
            total(a);
        }),
        item(Code::ItemCode, "/lines/1/item_code", |a| {
            a.lines[1].item_code.pop();
        }),
        item(Code::ItemName, "/lines/0/item_name", |a| {
            a.lines[0].item_name.clear()
        }),
        item(Code::ItemShortName, "/lines/0/item_name", |a| {
            a.lines[0].item_name = "开发".into();
        }),
        item(Code::NotTaxedItem, "/lines/0/item_code", |a| {
            trade(a, "6010000000000000000", "0");
            a.exemption = exemption(0);
        }),
        item(Code::MixedTrades, "/lines", |a| {
            a.lines[0].item_code = FREIGHT.into();
            a.lines[1].item_code = CONSTRUCTION.into();
        }),
        item(Code::RateForm, "/lines/0/levy_rate", |a| {
            a.lines[0].levy_rate = "1%".into()
        }),
        item(Code::RateNotAllowed, "/lines/0/levy_rate", |a| {
            trade(a, "3040201010000000000", "0.05");
        }),
        item(Code::ReducedRateNotShown, "/lines/0/levy_rate", |a| {
            trade(a, "3040201010000000000", "0.03");
        }),
        item(Code::RatesUnknown, "/transaction_date", |a| {
            a.transaction_date = date(2028, 1, 1);
            a.applied_on = date(2028, 1, 2);
        }),
        item(Code::ZeroRateWithoutClaim, "/lines/0/levy_rate", |a| {
            trade(a, "3040201010000000000", "0");
        }),
        item(Code::RatesUnconfirmed, "/transaction_date", |a| {
            a.transaction_date = date(2025, 12, 31);
        }),
        item(Code::ElementMissing, "/special_element", |a| {
            trade(a, FREIGHT, "0.01")
        }),
        item(Code::ElementMismatch, "/special_element", |a| {
            a.special_element = Some(letting(1, 2, "示例路3号"));
        }),
        item(Code::ConstructionIncomplete, "/special_element", |a| {
            trade(a, CONSTRUCTION, "0.01");
            a.special_element = Some(construction(Some("跨区0001".into()), " "));
        }),
        item(
            Code::CrossRegionReport,
            "/special_element/cross_region_report",
            |a| {
                trade(a, CONSTRUCTION, "0.01");
                a.special_element = Some(construction(None, "深圳市"));
            },
        ),
        item(Code::FreightIncomplete, "/special_element", |a| {
            trade(a, FREIGHT, "0.01");
            a.special_element = Some(SpecialElement::Freight {
                from: "深圳市".into(),
                to: "广州市".into(),
                vehicle_kind: "公路运输".into(),
                plate: String::new(),
                goods: "家具".into(),
            });
        }),
        item(Code::LettingIncomplete, "/special_element", |a| {
            trade(a, SHOP, "0.03");
            a.special_element = Some(letting(1, 2, ""));
        }),
        item(Code::LettingPeriod, "/special_element/to", |a| {
            trade(a, SHOP, "0.03");
            a.special_element = Some(letting(2, 1, "示例路3号"));
        }),
        item(Code::SaleIncomplete, "/special_element", |a| {
            trade(a, HOUSE, "0.03");
            a.special_element = Some(SpecialElement::RealEstateSale {
                address: "示例路3号".into(),
                title_number: String::new(),
                area_unit: "平方米".into(),
            });
        }),
        item(Code::QuantityOrPriceForm, "/lines/0/quantity", |a| {
            a.lines[0].quantity = Some("-4".into());
        }),
        item(Code::QuantityWithoutPrice, "/lines/0/unit_price", |a| {
            a.lines[0].unit_price = None;
        }),
        item(Code::NetMismatch, "/lines/0/net", |a| {
            a.lines[0].quantity = Some("5".into())
        }),
        item(Code::TaxMismatch, "/lines/0/tax", |a| {
            a.lines[0].tax = Cents(3_962);
            total(a);
        }),
        item(Code::TotalNet, "/total_net", |a| {
            a.total_net = Cents(496_041)
        }),
        item(Code::TotalTax, "/total_tax", |a| a.total_tax = Cents(4_961)),
        item(Code::TotalGross, "/total_gross", |a| {
            a.total_gross = Cents(501_001);
            a.total_in_words = "伍仟零壹拾元零壹分".into();
        }),
        item(Code::AmountSign, "/lines/0/net", |a| {
            a.lines[0].net = Cents(-396_040);
            total(a);
        }),
        item(Code::CapitalsUnreadable, "/total_in_words", |a| {
            a.total_in_words = "5010元".into();
        }),
        item(Code::CapitalsMismatch, "/total_in_words", |a| {
            a.total_in_words = "伍仟零壹元整".into();
        }),
        item(Code::SpecialToPerson, "/invoice_type", |a| {
            a.invoice_type = InvoiceType::Special;
            a.buyer.tax_id = "44011320141005001X".into();
        }),
        item(Code::SpecialExempt, "/invoice_type", |a| {
            exempt(a);
            a.invoice_type = InvoiceType::Special;
        }),
        item(Code::ExemptOverLine, "/exemption", |a| {
            a.exemption = exemption(4_960)
        }),
        both(Code::ExemptAccumulated, "/exemption", exempt, |d| {
            d.accumulation.day_net = Cents(100_000);
        }),
        item(Code::ExemptTax, "/exemption/tax", |a| {
            exempt(a);
            a.exemption = exemption(502);
        }),
        item(Code::ExemptOtherGround, "/exemption", |a| {
            trade(a, "1010101010000000000", "0");
            a.exemption = exemption(4_960);
        }),
        item(Code::ExemptionForm, "/exemption", |a| {
            exempt(a);
            a.exemption.as_mut().unwrap().code = "免税".into();
        }),
        item(Code::ExemptionUnclaimed, "/exemption", |a| {
            one_line(a, Cents(50_000))
        }),
        both(
            Code::FilingPeriodUnknown,
            "/exemption",
            |a| {
                business(a);
                one_line(a, Cents(12_000_000));
                a.exemption = exemption(120_000);
            },
            |d| d.seller = registered("示例服务部"),
        ),
        both(
            Code::EarlierBecameTaxable,
            "/transaction_date",
            |_| {},
            |d| {
                d.accumulation.day_count = 2;
                d.accumulation.day_net = Cents(496_040 + 99_999);
            },
        ),
        both(
            Code::ReceiptMissing,
            "/tax_receipt_number",
            |a| a.tax_receipt_number = None,
            |d| d.receipt = None,
        ),
        known(Code::ReceiptUnknown, "/tax_receipt_number", |d| {
            d.receipt = None
        }),
        known(Code::ReceiptUsed, "/tax_receipt_number", |d| {
            d.receipt.as_mut().unwrap().used = true;
        }),
        known(Code::ReceiptPayer, "/tax_receipt_number", |d| {
            d.receipt.as_mut().unwrap().payer_tax_id = COMPANY.into();
        }),
        known(Code::TaxShort, "/tax_receipt_number", |d| {
            d.receipt.as_mut().unwrap().tax_paid = Cents(4_959);
        }),
        known(Code::TaxOverpaid, "/tax_receipt_number", |d| {
            d.receipt.as_mut().unwrap().tax_paid = Cents(4_961);
        }),
        item(Code::ContractAmount, "/contract/amount", |a| {
            a.contract.as_mut().unwrap().amount = Cents(500_999);
        }),
        item(Code::ContractPartial, "/contract/amount", |a| {
            a.contract.as_mut().unwrap().amount = Cents(501_001);
        }),
        item(Code::ContractSeller, "/contract/seller_name", |a| {
            a.contract.as_mut().unwrap().seller_name = "李四".into();
        }),
        item(Code::ContractBuyer, "/contract/buyer_name", |a| {
            a.contract.as_mut().unwrap().buyer_name = "另一家有限公司".into();
        }),
        known(Code::BuyerUnknown, "/buyer/tax_id", |d| d.buyer = None),
        known(Code::BuyerAbnormal, "/buyer/tax_id", |d| {
            d.buyer.as_mut().unwrap().registration = Registration::Abnormal;
        }),
        known(Code::BuyerDeregistered, "/buyer/tax_id", |d| {
            d.buyer.as_mut().unwrap().registration = Registration::Deregistered;
        }),
        known(Code::BuyerName, "/buyer/name", |d| {
            d.buyer.as_mut().unwrap().name = "另一家有限公司".into();
        }),
        both(Code::SellerUnknown, "/seller/tax_id", business, |d| {
            d.seller = None
        }),
        both(Code::SellerAbnormal, "/seller/tax_id", business, |d| {
            d.seller = registered("示例服务部");
            d.seller.as_mut().unwrap().registration = Registration::Abnormal;
        }),
        both(Code::SellerDeregistered, "/seller/tax_id", business, |d| {
            d.seller = registered("示例服务部");
            d.seller.as_mut().unwrap().registration = Registration::Deregistered;
        }),
        both(Code::SellerName, "/seller/name", business, |d| {
            d.seller = registered("另一家服务部");
        }),
        both(Code::OverGeneralLine, "/seller/tax_id", business, |d| {
            d.seller = registered("示例服务部");
            d.accumulation.twelve_months_net = Cents(500_000_001);
        }),
        known(Code::RiskyBuyer, "/buyer/tax_id", |d| {
            d.buyer.as_mut().unwrap().class = RiskClass::High;
        }),
        both(Code::RiskySeller, "/seller/tax_id", business, |d| {
            d.seller = registered("示例服务部");
            d.seller.as_mut().unwrap().warning = Warning::Red;
        }),
        known(Code::Duplicate, "", |d| d.relations.duplicates = 1),
        known(Code::AlreadyIssued, "/application_number", |d| {
            let invoice_number = "26442000000000000001".into();
            d.status = Some(ApplicationStatus::Issued { invoice_number });
        }),
        known(Code::AlreadyClosed, "/application_number", |d| {
            d.status = Some(ApplicationStatus::Withdrawn);
        }),
        known(Code::UnknownUpstream, "/application_number", |d| {
            d.status = None
        }),
        known(Code::AccumulationInconsistent, "/application_number", |d| {
            d.accumulation.month_net = Cents(496_039);
        }),
    ]
}
