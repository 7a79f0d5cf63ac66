//! Builds an application from its plan. A pure function of seed, start, number and plan.

use clerkwork_connectors_api::agent_invoice::{
    Agent, ApplicantKind, Application, Attachment, Contract, Exemption, InvoiceType, Line, Party,
};
use clerkwork_core::Cents;
use jiff::{ToSpan, civil::Date};

use super::{
    case::{Case, Risk},
    defects,
    draw::Draw,
    elements,
    identifiers::mobile,
    people::{Entity, Form, entity},
    plan::{Buyer, DAYS, Plan, Shape},
    trades::{IMPLAUSIBLE, ONE_PERCENT, THREE_PERCENT, Trade},
    words::in_words,
};

/// Code of the relief for small taxpayers under the lines.
pub(crate) const SMALL_TAXPAYER_RELIEF: &str = "0001045308";

/// The world's fixed terms.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Terms {
    pub(crate) seed: u64,
    pub(crate) start: Date,
}

/// An application and the tax that was paid for it.
#[derive(Debug, Clone)]
pub(crate) struct Built {
    pub(crate) application: Application,
    pub(crate) tax_paid: Cents,
}

/// The seller of a plan.
pub(crate) fn seller(seed: u64, plan: &Plan) -> Entity {
    entity(seed, plan.seller, plan.form)
}

/// The buyer of a plan.
pub(crate) fn buyer(seed: u64, buyer: Buyer) -> Entity {
    entity(
        seed,
        buyer.number,
        if buyer.person {
            Form::Person
        } else {
            Form::Company
        },
    )
}

/// Number of the application with the index `i`: sorts as the index does.
pub(crate) fn application_number(start: Date, i: u32) -> String {
    format!("{}{:08}", number_prefix(start), u64::from(i) + 1)
}

/// What the application numbers of a world start with.
pub(crate) fn number_prefix(start: Date) -> String {
    format!("DK{:04}{:02}", start.year(), start.month())
}

/// Number of the tax receipt of the application with the index `i`, 18 digits.
pub(crate) fn receipt_number(start: Date, i: u32) -> String {
    format!(
        "344{:02}{:02}0{:010}",
        start.year() % 100,
        start.month(),
        u64::from(i) + 1
    )
}

/// Builds the application with the index `i`.
pub(crate) fn build(terms: Terms, i: u32, plan: &Plan) -> Built {
    let mut draw = Draw::new(terms.seed ^ 0xA991, u64::from(plan.detail));
    let seller = seller(terms.seed, plan);
    let buyer = buyer(terms.seed, plan.buyer);
    let trade = match plan.case {
        Case::Risk(Risk::ImplausibleGoods) => draw.pick(&IMPLAUSIBLE),
        _ => plan.trade(),
    };
    let lines = lines(&mut draw, plan, trade);
    let transaction_date = day(terms.start, plan.day);
    let late = draw.below(4) as u8;
    let applied_on = day(terms.start, (plan.day + late).min(DAYS - 1));
    let agent = plan.agent.map(|number| {
        let agent = entity(terms.seed, number, Form::Person).party;
        Agent {
            name: agent.name,
            identity_number: agent.tax_id,
            phone: agent.phone,
        }
    });
    let special_element = elements::element(&mut draw, trade, &seller, transaction_date, plan);
    let mut application = Application {
        application_number: application_number(terms.start, i),
        applied_on,
        transaction_date,
        invoice_type: match plan.shape {
            Shape::PersonOrdinary
            | Shape::PersonExempt
            | Shape::OtherOrdinary
            | Shape::OtherExempt => InvoiceType::Ordinary,
            Shape::PersonSpecial | Shape::OtherSpecial => InvoiceType::Special,
        },
        applicant_kind: match plan.form {
            Form::Person => ApplicantKind::NaturalPerson,
            Form::Shop | Form::Company => ApplicantKind::OtherTaxpayer,
        },
        seller: Party {
            phone: mobile(terms.seed, u64::from(plan.phone)),
            ..seller.party
        },
        buyer: buyer_party(&mut draw, plan, buyer.party),
        agent,
        exemption: plan.shape.exempt().then(|| exemption(&lines)),
        lines,
        total_net: Cents::ZERO,
        total_tax: Cents::ZERO,
        total_gross: Cents::ZERO,
        total_in_words: String::new(),
        special_element,
        remark: String::new(),
        tax_receipt_number: (!plan.shape.exempt()).then(|| receipt_number(terms.start, i)),
        contract: None,
        attachments: Vec::new(),
    };
    total(&mut application);
    application.contract = Some(Contract {
        number: format!(
            "HT-{:04}{:02}-{:05}",
            transaction_date.year(),
            transaction_date.month(),
            draw.below(100_000)
        ),
        amount: application.total_gross,
        seller_name: application.seller.name.clone(),
        buyer_name: application.buyer.name.clone(),
    });
    attach(&mut application);
    let mut built = Built {
        tax_paid: application.total_tax,
        application,
    };
    defects::apply(&mut draw, plan, &mut built);
    built
}

fn day(start: Date, offset: u8) -> Date {
    start.saturating_add(i64::from(offset).days())
}

/// A consumer's invoice often carries the name alone.
fn buyer_party(draw: &mut Draw, plan: &Plan, party: Party) -> Party {
    if !plan.buyer.person {
        return party;
    }
    let named = draw.permille(500);
    Party {
        name: party.name,
        tax_id: if named { party.tax_id } else { String::new() },
        address: String::new(),
        phone: party.phone,
        bank: String::new(),
        account: String::new(),
    }
}

fn attach(application: &mut Application) {
    let own = match application.applicant_kind {
        ApplicantKind::NaturalPerson => Attachment::IdentityDocument,
        ApplicantKind::OtherTaxpayer => Attachment::Licence,
    };
    application.attachments = vec![own];
    if application.agent.is_some() && own != Attachment::IdentityDocument {
        application.attachments.push(Attachment::IdentityDocument);
    }
    application.attachments.push(Attachment::Contract);
    application.attachments.push(Attachment::PayerConfirmation);
}

/// Sums the lines up into the header.
pub(crate) fn total(application: &mut Application) {
    let sum =
        |amount: fn(&Line) -> Cents| Cents(application.lines.iter().map(|l| amount(l).0).sum());
    let (net, tax) = (sum(|line| line.net), sum(|line| line.tax));
    application.total_net = net;
    application.total_tax = tax;
    application.total_gross = Cents(net.0 + tax.0);
    application.total_in_words = in_words(application.total_gross);
}

/// What the whole application is to come to, gross, in yuan: from … to.
fn target(plan: &Plan) -> (i64, i64) {
    match (plan.case, plan.shape) {
        // Three of them pass the line of the day together.
        (Case::Risk(Risk::SameDaySplit), _) => (620, 900),
        // With what came before in the month, just under its line; see `history`.
        (Case::Risk(Risk::UnderLine), _) => (40_000, 50_000),
        (Case::Risk(Risk::LargeAmount), _) => (220_000, 400_000),
        // What comes out is at least half of this, so over the line of the day.
        (_, Shape::PersonOrdinary) => (2400, 30_000),
        (_, Shape::PersonExempt) => (160, 700),
        (_, Shape::PersonSpecial) => (3000, 40_000),
        (_, Shape::OtherSpecial) => (2500, 55_000),
        (_, Shape::OtherOrdinary) => (15_000, 60_000),
        (_, Shape::OtherExempt) => (3000, 50_000),
    }
}

fn lines(draw: &mut Draw, plan: &Plan, trade: &Trade) -> Vec<Line> {
    let rate = match plan.shape {
        shape if shape.exempt() => 0,
        // The relief may be waived for a special invoice.
        Shape::OtherSpecial if trade.rate < THREE_PERCENT && draw.permille(250) => THREE_PERCENT,
        _ => trade.rate,
    };
    let (low, high) = target(plan);
    // Squared, since small sales are more common than large ones.
    let share = draw.unit();
    let gross = low * 100 + ((high - low) as f64 * 100.0 * share * share) as i64;
    let lump = plan.case == Case::Risk(Risk::SameDaySplit);
    let count = if draw.permille(200) && trade.items.len() > 1 {
        draw.range(2, 3)
    } else {
        1
    };
    let first = draw.below(trade.items.len() as u64) as usize;
    (0..count)
        .map(|k| {
            let item = trade.items[(first + k as usize) % trade.items.len()];
            line(draw, trade, item, gross / count, rate, lump)
        })
        .collect()
}

/// A line of about `target` cents gross: a whole number of units at a round gross price, as people
/// agree on it; net and tax follow from the gross amount.
fn line(draw: &mut Draw, trade: &Trade, item: &str, target: i64, rate: i64, lump: bool) -> Line {
    let step = if trade.price.1 > 100_000 { 5000 } else { 10 };
    let price = draw.range(trade.price.0, trade.price.1) / step * step;
    let quantity = target / price;
    // One unit may cost more than the target: then it is a lump sum of just that much.
    let (quantity, gross) = match quantity {
        _ if lump => (1, target / 100 * 100),
        0 => (1, target / 100 * 100),
        quantity => (quantity, quantity * price),
    };
    let net = (gross * 20_000 + 10_000 + rate) / (2 * (10_000 + rate));
    Line {
        item_name: format!("*{}*{item}", trade.short),
        item_code: trade.code.into(),
        specification: String::new(),
        unit: trade.unit.into(),
        quantity: Some(quantity.to_string()),
        unit_price: Some(unit_price(net, quantity)),
        net: Cents(net),
        levy_rate: rate_text(rate),
        tax: Cents(gross - net),
    }
}

/// `net / quantity` in yuan, to eight decimals, without trailing zeros.
fn unit_price(net: i64, quantity: i64) -> String {
    let scaled = (i128::from(net) * 2_000_000 + i128::from(quantity)) / (2 * i128::from(quantity));
    let text = format!("{}.{:08}", scaled / 100_000_000, scaled % 100_000_000);
    text.trim_end_matches('0').trim_end_matches('.').to_string()
}

/// Basis points as a decimal string: 100 → `0.01`, 150 → `0.015`, 0 → `0`.
fn rate_text(rate: i64) -> String {
    let text = format!("0.{rate:04}");
    text.trim_end_matches('0').trim_end_matches('.').to_string()
}

/// The exemption under the lines: the tax that the reduced rate would have come to.
fn exemption(lines: &[Line]) -> Exemption {
    let tax = |line: &Line| (line.net.0 * ONE_PERCENT + 5000) / 10_000;
    Exemption {
        tax: Cents(lines.iter().map(tax).sum()),
        code: SMALL_TAXPAYER_RELIEF.into(),
        reason: "销售额未达到起征点，免征增值税".into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_and_prices_are_written_without_trailing_zeros() {
        assert_eq!(rate_text(100), "0.01");
        assert_eq!(rate_text(150), "0.015");
        assert_eq!(rate_text(500), "0.05");
        assert_eq!(rate_text(0), "0");
        assert_eq!(unit_price(10_000, 1), "100");
        assert_eq!(unit_price(10_000, 3), "33.33333333");
        assert_eq!(unit_price(20_000, 3), "66.66666667");
    }
}
