//! Tax due at the exact cent of each line.

use clerkwork_connectors_api::agent_invoice::{
    ApplicantKind, Application, Attachment, Dossier, Exemption, InvoiceType, Registration,
    RiskClass, TaxpayerRisk, Warning,
};
use clerkwork_core::{Cents, FactValue};
use clerkwork_kinds::agent_invoice_review::Code;
use jiff::civil::date;

use crate::upstream::{dossier, example, one_line, review};

fn claim(application: &mut Application) {
    application.exemption = Some(Exemption {
        tax: application.total_tax,
        code: "0001045308".into(),
        reason: "未达起征点".into(),
    });
}

/// A natural person's application of this net amount.
fn person(net: i64) -> Application {
    let mut application = example();
    one_line(&mut application, Cents(net));
    application
}

/// A business's application of this net amount, with a seller that the upstream knows.
fn business(net: i64) -> (Application, Dossier) {
    let mut application = person(net);
    application.applicant_kind = ApplicantKind::OtherTaxpayer;
    application.seller.name = "示例服务部".into();
    application.seller.tax_id = "92440300MA5000217F".into();
    application.attachments = vec![Attachment::Licence, Attachment::Contract];
    application.contract.as_mut().unwrap().seller_name = "示例服务部".into();
    claim(&mut application);
    let mut known = dossier(&application);
    known.seller = Some(TaxpayerRisk {
        registration: Registration::Normal,
        name: "示例服务部".into(),
        class: RiskClass::None,
        warning: Warning::None,
        credit_grade: None,
    });
    known.receipt.as_mut().unwrap().tax_paid = Cents::ZERO;
    (application, known)
}

/// Tax due, and the codes of the findings.
async fn due(application: &Application, known: &Dossier) -> (Option<i64>, Vec<String>) {
    let (findings, facts) = review(application, known).await;
    let due = facts.value("tax_due_cents").map(|value| match value {
        FactValue::Long(cents) => *cents,
        other => panic!("{other:?}"),
    });
    let codes = findings.into_iter().map(|finding| finding.code).collect();
    (due, codes)
}

#[tokio::test]
async fn a_day_of_999_99_is_exempt_and_one_of_1000_00_is_taxed_as_a_whole() {
    let exempt = |net| {
        let mut application = person(net);
        claim(&mut application);
        application.tax_receipt_number = None;
        let mut known = dossier(&application);
        known.receipt = None;
        (application, known)
    };
    let (application, known) = exempt(99_999);
    assert_eq!(due(&application, &known).await, (Some(0), vec![]));
    let (_, facts) = review(&application, &known).await;
    assert_eq!(facts.value("tax_paid_cents"), Some(&0.into()));
    assert_eq!(facts.value("receipt_used"), Some(&false.into()));

    let (application, known) = exempt(100_000);
    let (amount, codes) = due(&application, &known).await;
    assert_eq!(amount, Some(1_000));
    assert_eq!(
        codes,
        [Code::ExemptOverLine.as_str(), Code::ReceiptMissing.as_str()]
    );
}

#[tokio::test]
async fn same_day_transactions_are_merged() {
    let mut application = person(50_000);
    claim(&mut application);
    let mut known = dossier(&application);
    known.receipt.as_mut().unwrap().tax_paid = Cents::ZERO;
    known.accumulation.day_count = 2;
    known.accumulation.day_net = Cents(99_999);
    assert_eq!(due(&application, &known).await, (Some(0), vec![]));
    known.accumulation.day_net = Cents(100_000);
    let (amount, codes) = due(&application, &known).await;
    assert_eq!(amount, Some(500));
    let (early, claim) = (Code::EarlierBecameTaxable, Code::ExemptAccumulated);
    assert!(codes.contains(&early.as_str().into()) && codes.contains(&claim.as_str().into()));
    assert!(codes.contains(&Code::TaxShort.as_str().into()));
}

#[tokio::test]
async fn a_business_is_over_at_the_exact_line_since_2026() {
    for (month, quarter, expected) in [
        (9_999_999, 29_999_999, Some(0)),
        (10_000_000, 29_999_999, None),
        (9_999_999, 30_000_000, None),
        (10_000_000, 30_000_000, Some(10_000)),
    ] {
        let (application, mut known) = business(1_000_000);
        known.accumulation.month_net = Cents(month);
        known.accumulation.quarter_net = Cents(quarter);
        known.accumulation.twelve_months_net = Cents(quarter);
        let (amount, codes) = due(&application, &known).await;
        assert_eq!(amount, expected, "{month} {quarter}");
        let unknown = codes.contains(&Code::FilingPeriodUnknown.as_str().into());
        assert_eq!(unknown, expected.is_none());
    }
}

#[tokio::test]
async fn exactly_100_000_00_a_month_was_exempt_under_the_rule_of_2023() {
    for (month, quarter, expected) in [
        (10_000_000, 30_000_000, Some(0)),
        (10_000_001, 30_000_001, Some(10_000)),
    ] {
        let (mut application, mut known) = business(1_000_000);
        application.transaction_date = date(2025, 12, 31);
        known.accumulation.month_net = Cents(month);
        known.accumulation.quarter_net = Cents(quarter);
        known.accumulation.twelve_months_net = Cents(quarter);
        let (amount, codes) = due(&application, &known).await;
        assert_eq!(amount, expected, "{month}");
        assert!(codes.contains(&Code::RatesUnconfirmed.as_str().into()));
    }
}

#[tokio::test]
async fn the_general_taxpayer_line_is_passed_above_it_and_never_by_a_natural_person() {
    for (sum, over) in [(500_000_000, false), (500_000_001, true)] {
        let (application, mut known) = business(1_000_000);
        known.accumulation.twelve_months_net = Cents(sum);
        let (_, facts) = review(&application, &known).await;
        assert_eq!(facts.value("seller_over_general_line"), Some(&over.into()));
        let application = person(1_000_000);
        let mut known = dossier(&application);
        known.accumulation.twelve_months_net = Cents(sum);
        let (_, facts) = review(&application, &known).await;
        assert_eq!(facts.value("seller_over_general_line"), Some(&false.into()));
    }
}

#[tokio::test]
async fn a_special_invoice_is_taxed_below_the_line_too_and_may_show_three_percent() {
    let mut application = person(50_000);
    application.invoice_type = InvoiceType::Special;
    let known = dossier(&application);
    assert_eq!(due(&application, &known).await, (Some(500), vec![]));
    application.lines[0].levy_rate = "0.03".into();
    application.lines[0].tax = Cents(1_500);
    crate::upstream::total(&mut application);
    let known = dossier(&application);
    assert_eq!(due(&application, &known).await, (Some(1_500), vec![]));
}

#[tokio::test]
async fn a_claim_may_show_the_tax_or_a_zero_rate() {
    let mut application = person(50_000);
    claim(&mut application);
    application.lines[0].levy_rate = "0".into();
    application.lines[0].tax = Cents::ZERO;
    crate::upstream::total(&mut application);
    let mut known = dossier(&application);
    known.receipt.as_mut().unwrap().tax_paid = Cents::ZERO;
    assert_eq!(due(&application, &known).await, (Some(0), vec![]));
    // Over the line the tax that is due is that at the applicable rate, not the zero shown.
    known.accumulation.day_net = Cents(200_000);
    assert_eq!(due(&application, &known).await.0, Some(500));
}

#[tokio::test]
async fn with_a_wrong_line_the_tax_due_is_not_known() {
    let mut application = example();
    application.lines[0].tax = Cents(9_000);
    crate::upstream::total(&mut application);
    let known = dossier(&application);
    let (amount, codes) = due(&application, &known).await;
    assert_eq!(
        (amount, codes),
        (None, vec![Code::TaxMismatch.as_str().to_string()])
    );
}

#[tokio::test]
async fn the_gap_below_the_nearest_line_is_told_when_it_is_near() {
    for (month, gap) in [
        (7_989_999, None),
        (8_000_000, Some(200)),
        (9_990_000, Some(1)),
        (10_000_000, None),
    ] {
        let application = person(1_000_000);
        let mut known = dossier(&application);
        known.accumulation.month_net = Cents(month);
        let (_, facts) = review(&application, &known).await;
        let expected = gap.map(FactValue::Long);
        assert_eq!(
            facts.value("line_gap_permille"),
            expected.as_ref(),
            "{month}"
        );
    }
}
