//! The application of a plan, right in everything, then spoiled as its case says.

use clerkwork_connectors_api::red_letter::{
    RedLetterApplication, ReversalLine, ReversalReason, SettlementKind, Side,
};
use clerkwork_core::Cents;

use super::{
    blue::{Blue, Terms, applied_on, draft},
    case::RedCase,
    plan::Plan,
    rows::{Cut, Rate, cuts, decimal, tax_on},
    shape::{Behalf, Extent},
};
use crate::generate::{
    draw::Draw,
    people::{Form, entity, role},
};

const REMARKS: [&str; 4] = ["", "", "", "客户已确认"];

/// Number of the application with the index `i`: sorts as the index does.
pub(crate) fn number(terms: Terms, i: u32) -> String {
    format!("{}{:08}", prefix(terms), u64::from(i) + 1)
}

/// What the application numbers of a world start with.
pub(crate) fn prefix(terms: Terms) -> String {
    format!("HZ{:04}{:02}", terms.start.year(), terms.start.month())
}

/// What the application reverses.
pub(crate) fn wanted(terms: Terms, blue: &Blue, plan: &Plan) -> Vec<Cut> {
    let mut draw = Draw::new(terms.seed ^ 0xC0_75, u64::from(plan.blue));
    let extent = blue.shape.extent;
    if plan.case == RedCase::AlreadyReversed {
        // What was reversed once is asked for again.
        return cuts(&mut draw, &blue.rows, &[], extent, plan.part);
    }
    cuts(&mut draw, &blue.rows, &blue.earlier, extent, plan.part)
}

/// Builds the application with the index `i`.
pub(crate) fn build(terms: Terms, i: u32, plan: &Plan, blue: &Blue) -> RedLetterApplication {
    let mut draw = Draw::new(terms.seed ^ 0xA9_11, u64::from(i));
    let cuts = wanted(terms, blue, plan);
    let shape = &blue.shape;
    let says = draft(blue, shape.reason, shape.started_by, &cuts);
    let own = match shape.started_by {
        Side::Seller => &says.seller.tax_id,
        Side::Buyer => &says.buyer.tax_id,
    };
    let applicant_tax_id = match &blue.invoice.agent_issued {
        Some(agent) => agent.principal.tax_id.clone(),
        None => own.clone(),
    };
    let mut application = RedLetterApplication {
        application_number: number(terms, i),
        applied_on: applied_on(terms, plan),
        started_by: shape.started_by,
        applicant_tax_id,
        blue: says.blue,
        seller: says.seller,
        buyer: says.buyer,
        reason: shape.reason,
        currency: blue.invoice.currency.clone(),
        lines: says.lines,
        total_net: says.net,
        total_tax: says.tax,
        total_gross: Cents(says.net.0 + says.tax.0),
        remark: (*draw.pick(&REMARKS)).into(),
        settlement: match shape.behalf {
            Behalf::Own | Behalf::Untaxed => None,
            Behalf::Settled(SettlementKind::Refund) => Some(SettlementKind::Refund),
            Behalf::Settled(SettlementKind::Offset) => Some(SettlementKind::Offset),
        },
    };
    spoil(terms, i, plan, blue, &mut application);
    application
}

/// What the other side's form says where it says something else than the application: an
/// allowance on the last line.
pub(crate) fn another(blue: &Blue) -> Vec<Cut> {
    let Some((index, row)) = blue.rows.iter().enumerate().next_back() else {
        return Vec::new();
    };
    let net = (row.net / 20).max(10);
    vec![Cut {
        row: index,
        tenths: None,
        net,
        tax: tax_on(net, row.rate),
    }]
}

/// The reason on such a form.
pub(crate) const ANOTHER_REASON: ReversalReason = ReversalReason::SalesAllowance;

/// Spoils what the case says.
fn spoil(terms: Terms, i: u32, plan: &Plan, blue: &Blue, application: &mut RedLetterApplication) {
    match plan.case {
        RedCase::LineNotOnBlue => {
            if let Some(line) = application.lines.last_mut() {
                line.blue_line = blue.rows.len() as u32 + 3;
            }
        }
        RedCase::OneCentOver => {
            if let Some(line) = application.lines.first_mut() {
                line.net.0 -= 1;
            }
            total(application);
        }
        RedCase::NotTheApplicants => {
            let stranger = entity(terms.seed, role::STRANGER + i, Form::Company);
            application.applicant_tax_id = stranger.party.tax_id;
        }
        RedCase::BlueUnknown => unknown_blue(application),
        RedCase::OtherCurrency => application.currency = "USD".into(),
        RedCase::HeaderNotSum => {
            application.total_net.0 -= 100;
            application.total_gross.0 -= 100;
        }
        RedCase::WrongSign => {
            for line in &mut application.lines {
                line.net.0 = -line.net.0;
                line.tax.0 = -line.tax.0;
                line.quantity = line
                    .quantity
                    .take()
                    .map(|q| q.trim_start_matches('-').into());
            }
            total(application);
        }
        RedCase::ReturnAtAnotherPrice => {
            reprice(terms, plan, blue, application, |line, price, tenths| {
                line.unit_price = Some(decimal(price / 2, 2));
                price / 2 * tenths / 10
            });
        }
        RedCase::QuantityTimesPrice => {
            reprice(terms, plan, blue, application, |_, price, tenths| {
                price * tenths / 10 * 9 / 10
            });
        }
        // What is wrong with these lies in their shape or in what the platform knows.
        _ => debug_assert!(!matches!(blue.shape.extent, Extent::Share(_)) || plan.case.parts() > 1),
    }
}

/// Gives every line another amount, and the tax that goes with it.
fn reprice(
    terms: Terms,
    plan: &Plan,
    blue: &Blue,
    application: &mut RedLetterApplication,
    amount: impl Fn(&mut ReversalLine, i64, i64) -> i64,
) {
    let cuts = wanted(terms, blue, plan);
    for (line, cut) in application.lines.iter_mut().zip(cuts) {
        let row = &blue.rows[cut.row];
        let net = amount(line, row.price, cut.tenths.unwrap_or(row.tenths));
        line.net = Cents(-net);
        line.tax = Cents(-match row.rate {
            Rate::Points(_) | Rate::Exempt => tax_on(net, row.rate),
            Rate::Margin => cut.tax,
        });
    }
    total(application);
}

/// A number of the same form under which there is nothing.
fn unknown_blue(application: &mut RedLetterApplication) {
    let number = &mut application.blue.number;
    let kept = number.len().saturating_sub(7);
    number.truncate(kept);
    number.push_str("9999999");
}

/// Sums the lines up into the header.
fn total(application: &mut RedLetterApplication) {
    let sum = |amount: fn(&ReversalLine) -> i64| application.lines.iter().map(amount).sum();
    let (net, tax): (i64, i64) = (sum(|line| line.net.0), sum(|line| line.tax.0));
    application.total_net = Cents(net);
    application.total_tax = Cents(tax);
    application.total_gross = Cents(net + tax);
}
