//! A blue invoice as the platform holds it when the world begins.

use clerkwork_connectors_api::{
    agent_invoice::InvoiceType,
    red_letter::{
        AgentIssued, BlueInvoice, BlueReference, BlueStatus, CURRENCY, ConfirmationForm, FormState,
        ReversalDraft, ReversalReason, SettlementReceipt, Side, Trader, VatUse,
    },
};
use clerkwork_core::{Cents, Timestamp};
use jiff::{ToSpan, civil::Date};

use super::{
    case::RedCase,
    plan::Plan,
    rows::{Cut, Row, cuts, decimal, rows},
    shape::{Behalf, Class, Earlier, Extent, Shape},
};
use crate::generate::{
    draw::Draw,
    people::{Entity, Form, bureau, entity, role},
    places::PLACES,
};

/// The world's fixed terms.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Terms {
    pub(crate) seed: u64,
    pub(crate) start: Date,
}

/// A blue invoice, in numbers and as the platform shows it.
#[derive(Debug, Clone)]
pub(crate) struct Blue {
    pub(crate) shape: Shape,
    pub(crate) rows: Vec<Row>,
    /// What was reversed before the world began.
    pub(crate) earlier: Vec<Cut>,
    /// As the platform shows it, less what was reversed before.
    pub(crate) invoice: BlueInvoice,
    /// The forms of what was reversed before.
    pub(crate) history: Vec<ConfirmationForm>,
    /// The receipt behind an agent-issued invoice.
    pub(crate) receipt: Option<SettlementReceipt>,
}

/// Who asked a bureau to issue the blue invoice `index`.
pub(crate) fn principal(seed: u64, index: u32) -> Entity {
    let form = if index.is_multiple_of(3) {
        Form::Shop
    } else {
        Form::Person
    };
    entity(seed, role::PRINCIPAL + index, form)
}

/// Which bureau issued it.
pub(crate) const fn bureau_of(index: u32) -> usize {
    index as usize % PLACES.len()
}

/// The shape of the blue invoice `index`, and the draws that come after it.
pub(crate) fn shape(terms: Terms, index: u32, plan: &Plan) -> (Shape, Draw) {
    let mut draw = Draw::new(terms.seed ^ 0xB1_0E, u64::from(index));
    let mut shape = Shape::of(plan.case, &mut draw);
    if plan.consumer && shape.class == Class::Labour {
        shape.class = Class::Goods;
    }
    (shape, draw)
}

/// Day of the application.
pub(crate) fn applied_on(terms: Terms, plan: &Plan) -> Date {
    terms.start.saturating_add(i64::from(plan.day).days())
}

/// The name of the blue invoice `index`, whose first application has this plan.
pub(crate) fn reference(terms: Terms, index: u32, plan: &Plan) -> BlueReference {
    let (shape, _) = shape(terms, index, plan);
    let mut draw = Draw::new(terms.seed ^ 0xB1_4F, u64::from(index));
    let applied = applied_on(terms, plan);
    let age = draw.range(4, 48);
    let issued_on = if shape.cross_year {
        // November and December of the year before.
        let last = jiff::civil::date(applied.year() - 1, 12, 31);
        last.saturating_sub((age % 58).days())
    } else {
        let new_year = jiff::civil::date(applied.year(), 1, 1);
        applied.saturating_sub(age.days()).max(new_year)
    };
    let place = &PLACES[draw.below(PLACES.len() as u64) as usize];
    let year = issued_on.year().rem_euclid(100);
    let region = place.code.get(..2).unwrap_or("44");
    let (code, number) = match draw.below(100) {
        // Legacy invoices on paper: a code of 12 or 10 digits and a number of 8.
        0..8 => (
            Some(format!("0{}00{year:02}00{}11", region, draw.range(1, 9))),
            format!("{:08}", 10_000_001 + index),
        ),
        8..16 => (
            Some(format!("{region}03{year:02}1{}30", draw.range(1, 9))),
            format!("{:08}", 10_000_001 + index),
        ),
        _ => (
            None,
            format!("{year:02}{region}2{:08}{index:07}", draw.below(100_000_000)),
        ),
    };
    BlueReference {
        code,
        number,
        issued_on,
    }
}

/// Index of the blue invoice that this code and number would name.
pub(crate) fn index_in(code: Option<&str>, number: &str) -> Option<u32> {
    if !number.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    match (code, number.len()) {
        (None, 20) => number.get(13..)?.parse().ok(),
        (Some(_), 8) => number.parse::<u32>().ok()?.checked_sub(10_000_001),
        _ => None,
    }
}

/// Builds the blue invoice `index`, whose first application has this plan.
pub(crate) fn blue(terms: Terms, index: u32, plan: &Plan) -> Blue {
    let (shape, mut draw) = shape(terms, index, plan);
    let seller = entity(terms.seed, plan.seller, plan.seller_form()).party;
    let buyer = entity(terms.seed, plan.buyer, plan.buyer_form()).party;
    let small = plan.seller_form() == Form::Shop || shape.behalf != Behalf::Own;
    let rows = rows(&mut draw, &shape, small);
    let reference = reference(terms, index, plan);
    let special = !shape.exempt
        && !plan.consumer
        && shape.class != Class::Margin
        && (shape.needs_special() || draw.permille(600));
    let principal = principal(terms.seed, index).party;
    let (seller, agent_issued) = match shape.behalf {
        Behalf::Own => (trader(seller.name, seller.tax_id), None),
        Behalf::Settled(_) | Behalf::Untaxed => {
            let (name, tax_id) = bureau(terms.seed, bureau_of(index));
            let taxed = shape.behalf != Behalf::Untaxed;
            let agent = AgentIssued {
                principal: trader(principal.name, principal.tax_id.clone()),
                tax_receipt_number: taxed.then(|| receipt_number(reference.issued_on, index)),
            };
            (trader(name, tax_id), Some(agent))
        }
    };
    let buyer_id = if plan.consumer && draw.permille(500) {
        String::new()
    } else {
        buyer.tax_id
    };
    let sum = |amount: fn(&Row) -> i64| Cents(rows.iter().map(amount).sum());
    let (total_net, total_tax) = (sum(|row| row.net), sum(|row| row.tax));
    let vat_use = match (shape.used && shape.deducted, special) {
        (true, _) => VatUse::Confirmed,
        (false, true) if draw.permille(300) => VatUse::Ticked,
        (false, _) => VatUse::Unticked,
    };
    let booked = shape.used && !(shape.deducted && draw.permille(500));
    let receipt = (shape.behalf != Behalf::Own && shape.behalf != Behalf::Untaxed).then(|| {
        let payer = if plan.case == RedCase::ReceiptOfAnotherPayer {
            entity(terms.seed, role::STRANGER + index, Form::Company).party
        } else {
            self::principal(terms.seed, index).party
        };
        SettlementReceipt {
            tax_paid: total_tax,
            settled: Cents::ZERO,
            payer_tax_id: payer.tax_id,
        }
    });
    let mut blue = Blue {
        invoice: BlueInvoice {
            reference,
            invoice_type: if special {
                InvoiceType::Special
            } else {
                InvoiceType::Ordinary
            },
            seller,
            buyer: trader(buyer.name, buyer_id),
            currency: CURRENCY.into(),
            total_net,
            total_tax,
            status: BlueStatus::Normal,
            vat_use,
            consumption_use_confirmed: false,
            booked,
            margin: shape.class == Class::Margin,
            agent_issued,
            lines: rows
                .iter()
                .enumerate()
                .map(|(i, row)| row.blue_line(i))
                .collect(),
        },
        shape,
        rows,
        earlier: Vec::new(),
        history: Vec::new(),
        receipt,
    };
    reverse_before(terms, index, &mut draw, &mut blue);
    blue
}

/// What was reversed before the world began.
fn reverse_before(terms: Terms, index: u32, draw: &mut Draw, blue: &mut Blue) {
    let extent = match blue.shape.earlier {
        Earlier::Nothing => return,
        Earlier::Part => Extent::Part,
        Earlier::All => Extent::Full,
    };
    blue.earlier = cuts(draw, &blue.rows, &[], extent, 0);
    let draft = draft(
        blue,
        ReversalReason::ReturnOfGoods,
        Side::Seller,
        &blue.earlier,
    );
    for cut in &blue.earlier {
        let row = &blue.rows[cut.row];
        let line = &mut blue.invoice.lines[cut.row];
        line.remaining_net.0 -= cut.net;
        line.remaining_tax.0 -= cut.tax;
        line.remaining_quantity = cut.tenths.map(|tenths| decimal(row.tenths - tenths, 1));
    }
    blue.invoice.status = match extent {
        Extent::Full => BlueStatus::Reversed,
        Extent::Part | Extent::Amount | Extent::AmountFull | Extent::Share(_) => {
            BlueStatus::PartlyReversed
        }
    };
    let entered_on = blue.invoice.reference.issued_on.saturating_add(2.days());
    blue.history = vec![ConfirmationForm {
        number: format!("{}9{index:011}", form_prefix(terms.start)),
        uuid: uuid(terms.seed ^ 0x0D, u64::from(index)),
        draft,
        state: FormState::NotNeeded,
        entered_at: morning(entered_on),
        answered_at: None,
        red_number: Some(format!(
            "{:02}448{index:015}",
            entered_on.year().rem_euclid(100)
        )),
    }];
}

/// The reversal of `cuts` as a form says it.
pub(crate) fn draft(blue: &Blue, reason: ReversalReason, by: Side, cuts: &[Cut]) -> ReversalDraft {
    ReversalDraft {
        started_by: by,
        blue: blue.invoice.reference.clone(),
        seller: blue.invoice.seller.clone(),
        buyer: blue.invoice.buyer.clone(),
        reason,
        lines: cuts
            .iter()
            .map(|cut| blue.rows[cut.row].reversal(cut))
            .collect(),
        net: Cents(-cuts.iter().map(|cut| cut.net).sum::<i64>()),
        tax: Cents(-cuts.iter().map(|cut| cut.tax).sum::<i64>()),
    }
}

fn trader(name: String, tax_id: String) -> Trader {
    Trader { name, tax_id }
}

/// Number of the tax receipt behind the blue invoice `index`, 18 digits.
fn receipt_number(issued_on: Date, index: u32) -> String {
    let (year, month) = (issued_on.year() % 100, issued_on.month());
    format!("344{year:02}{month:02}1{:010}", u64::from(index) + 1)
}

/// Index of the blue invoice behind the receipt with this number.
pub(crate) fn index_of_receipt(number: &str) -> Option<u32> {
    number.get(8..)?.parse::<u32>().ok()?.checked_sub(1)
}

/// What the numbers of a world's forms start with: region, year, month.
pub(crate) fn form_prefix(start: Date) -> String {
    format!(
        "4403{:02}{:02}",
        start.year().rem_euclid(100),
        start.month()
    )
}

/// 32 hexadecimal digits.
pub(crate) fn uuid(seed: u64, index: u64) -> String {
    let mut draw = Draw::new(seed ^ 0x1D_1D, index);
    format!("{:016x}{:016x}", draw.next(), draw.next())
}

/// Ten o'clock in Beijing.
fn morning(day: Date) -> Timestamp {
    let time = jiff::tz::offset(8).to_timestamp(day.at(10, 0, 0, 0));
    Timestamp(time.map_or(0, |time| time.as_microsecond()))
}
