//! What there is to say about a reversal, in plain terms, as samples of tests.

use clerkwork_connectors_api::{
    agent_invoice::{InvoiceType, Registration, RiskClass, TaxpayerRisk, Warning},
    red_letter::{
        AgentIssued, BlueInvoice, BlueLine, BlueReference, BlueStatus, BlueTraces,
        ConfirmationForm, FormState, IssuerActivity, LineRole, RedLetterApplication,
        RedLetterDossier, RedLetterQuery, RedLetterStatus, ReversalDraft, ReversalLine,
        ReversalReason, SettlementKind, SettlementReceipt, Side, Trader, VatUse,
    },
};
use clerkwork_core::{Cents, Timestamp};
use jiff::civil::date;

pub const BLUE: &str = "26442000000000000001";
pub const RED: &str = "26442000000000000077";
pub const FORM: &str = "44000026030000000001";
pub const UUID: &str = "0123456789abcdef0123456789abcdef";
/// 2026-03-01 16:00:00 in Beijing.
pub const TIME: Timestamp = Timestamp(1_772_352_000_000_000);

pub fn blue_reference() -> BlueReference {
    BlueReference {
        code: None,
        number: BLUE.into(),
        issued_on: date(2026, 2, 1),
    }
}

pub fn seller() -> Trader {
    Trader {
        name: "某公司".into(),
        tax_id: "91350211M000100Y43".into(),
    }
}

pub fn buyer() -> Trader {
    Trader {
        name: "张三".into(),
        tax_id: String::new(),
    }
}

pub fn lines() -> Vec<ReversalLine> {
    vec![
        ReversalLine {
            blue_line: 3,
            item_name: "*电子计算机*平板".into(),
            item_code: "1090511030000000000".into(),
            specification: "大".into(),
            unit: "台".into(),
            quantity: Some("-2".into()),
            unit_price: Some("2202.4752475248".into()),
            net: Cents(-440_495),
            rate: "0.13".into(),
            tax: Cents(-57_264),
        },
        ReversalLine {
            blue_line: 4,
            item_name: "图书".into(),
            item_code: String::new(),
            specification: String::new(),
            unit: String::new(),
            quantity: None,
            unit_price: None,
            net: Cents(-100),
            rate: "exempt".into(),
            tax: Cents(0),
        },
    ]
}

pub fn draft() -> ReversalDraft {
    ReversalDraft {
        started_by: Side::Buyer,
        blue: blue_reference(),
        seller: seller(),
        buyer: buyer(),
        reason: ReversalReason::ReturnOfGoods,
        lines: lines(),
        net: Cents(-440_595),
        tax: Cents(-57_264),
    }
}

pub fn form() -> ConfirmationForm {
    ConfirmationForm {
        number: FORM.into(),
        uuid: UUID.into(),
        draft: draft(),
        state: FormState::Confirmed,
        entered_at: TIME,
        answered_at: Some(Timestamp(TIME.0 + 61_000_000)),
        red_number: Some(RED.into()),
    }
}

pub fn application() -> RedLetterApplication {
    RedLetterApplication {
        application_number: "HZ2026030100001".into(),
        applied_on: date(2026, 3, 1),
        started_by: Side::Seller,
        applicant_tax_id: seller().tax_id,
        blue: blue_reference(),
        seller: seller(),
        buyer: buyer(),
        reason: ReversalReason::SalesAllowance,
        currency: "CNY".into(),
        lines: lines(),
        total_net: Cents(-440_595),
        total_tax: Cents(-57_264),
        total_gross: Cents(-497_859),
        remark: "备注".into(),
        settlement: Some(SettlementKind::Offset),
    }
}

fn blue_line(line: u32, role: LineRole, rate: &str) -> BlueLine {
    let sign = if role == LineRole::Discount { -1 } else { 1 };
    BlueLine {
        line,
        role,
        item_name: "*电子计算机*平板".into(),
        item_code: "1090511030000000000".into(),
        specification: "大".into(),
        unit: "台".into(),
        quantity: (line == 1).then(|| "3".into()),
        unit_price: (line == 1).then(|| "2202.4752475248".into()),
        net: Cents(660_743 * sign),
        rate: rate.into(),
        tax: Cents(85_896 * sign),
        remaining_quantity: (line == 1).then(|| "1".into()),
        remaining_net: Cents(220_248 * sign),
        remaining_tax: Cents(28_632 * sign),
    }
}

pub fn blue() -> BlueInvoice {
    BlueInvoice {
        reference: blue_reference(),
        invoice_type: InvoiceType::Special,
        seller: seller(),
        buyer: buyer(),
        currency: "CNY".into(),
        total_net: Cents(660_743),
        total_tax: Cents(85_896),
        status: BlueStatus::PartlyReversed,
        vat_use: VatUse::Confirmed,
        consumption_use_confirmed: false,
        booked: true,
        margin: false,
        agent_issued: Some(AgentIssued {
            principal: buyer(),
            tax_receipt_number: Some("344035260300000001".into()),
        }),
        lines: vec![
            blue_line(1, LineRole::Discounted, "0.13"),
            blue_line(2, LineRole::Discount, "0.13"),
            blue_line(3, LineRole::Normal, "margin"),
        ],
    }
}

pub fn query() -> RedLetterQuery {
    RedLetterQuery {
        application_number: "HZ2026030100001".into(),
        blue: blue_reference(),
        seller_tax_id: seller().tax_id,
        buyer_tax_id: String::new(),
    }
}

pub fn dossier() -> RedLetterDossier {
    RedLetterDossier {
        as_of: Timestamp(1_772_352_000_123_000),
        status: Some(RedLetterStatus::Done {
            red_number: RED.into(),
        }),
        application: Some(application()),
        blue: Some(blue()),
        traces: BlueTraces {
            forms: vec![form()],
            saving: true,
        },
        seller: Some(TaxpayerRisk {
            registration: Registration::Normal,
            name: "某公司".into(),
            class: RiskClass::Low,
            warning: Warning::Blue,
            credit_grade: Some("B".into()),
        }),
        buyer: None,
        activity: IssuerActivity {
            issued: 1,
            red: 2,
            voided: 3,
            top_of_quota: 4,
            month_end_reds: 5,
            reissued_to_others: 6,
        },
        page: None,
        receipt: Some(SettlementReceipt {
            tax_paid: Cents(85_896),
            settled: Cents(100),
            payer_tax_id: "S".into(),
        }),
    }
}
