//! The plan of a world: for every application what case it is, who sells to whom, what and when.
//!
//! A plan is small (about 40 bytes an application); the application itself is built from it on
//! demand, so that a world of 100,000 does not hold 100,000 applications in memory.

use super::{
    case::{Case, Defect, Risk},
    draw::{Draw, scatter},
    people::{Form, role},
    trades::{Element, Sellers, TRADES, Trade},
};

/// Days over which a world's transactions are spread.
pub(crate) const DAYS: u8 = 30;

/// Which invoice is applied for by whom: the ways of being taxed that the law tells apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shape {
    /// A natural person's ordinary invoice, over the line per transaction.
    PersonOrdinary,
    /// A natural person's ordinary invoice, exempt under the line per transaction.
    PersonExempt,
    /// A natural person's special invoice; lawful unattended for real estate only.
    PersonSpecial,
    /// A small taxpayer's special invoice, taxed whatever the amount.
    OtherSpecial,
    /// A small taxpayer's ordinary invoice, taxed because of what was sold before: the lines of
    /// the month and of the quarter are passed.
    OtherOrdinary,
    /// A small taxpayer's ordinary invoice, exempt under the lines of the month and the quarter.
    OtherExempt,
}

impl Shape {
    /// Whether no tax is due because of an exemption.
    pub(crate) const fn exempt(self) -> bool {
        matches!(self, Self::PersonExempt | Self::OtherExempt)
    }
}

/// Who buys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Buyer {
    pub(crate) number: u32,
    pub(crate) person: bool,
}

/// What one application is to be.
#[derive(Debug, Clone)]
pub(crate) struct Plan {
    pub(crate) case: Case,
    pub(crate) form: Form,
    pub(crate) seller: u32,
    pub(crate) buyer: Buyer,
    /// Index into [`TRADES`].
    pub(crate) trade: u8,
    pub(crate) shape: Shape,
    /// Day of the transaction, from the world's start.
    pub(crate) day: u8,
    /// The person who acts.
    pub(crate) agent: Option<u32>,
    /// The entity whose telephone the seller gives.
    pub(crate) phone: u32,
    /// Stream of the application's details; a duplicate has that of its original.
    pub(crate) detail: u32,
}

impl Plan {
    pub(crate) fn trade(&self) -> &'static Trade {
        &TRADES[usize::from(self.trade)]
    }
}

/// The buyer to whom many persons sell.
const BUSY_BUYER: u32 = role::BUYER + 3_000_000;
/// Buyers with something the matter: one for each such application.
const ODD_BUYER: u32 = role::BUYER + 2_000_000;
/// Buyers who are natural persons.
const CONSUMER: u32 = role::BUYER + 1_000_000;
/// The person who acts for many sellers.
const BUSY_AGENT: u32 = role::AGENT + 3_000_000;
/// The telephone that many sellers give.
const BUSY_PHONE: u32 = role::AGENT + 3_000_001;

/// Index of construction among the trades.
const CONSTRUCTION: u8 = 2;

/// Plans `n` applications.
pub(crate) fn plan(seed: u64, n: u32) -> Vec<Plan> {
    let mut planner = Planner {
        seed,
        draw: Draw::new(seed, 0),
        companies: u64::from(n / 3 + 1),
        assigned: 0,
        spare: None,
    };
    let cases = cases(&mut planner.draw, n);
    let mut plans: Vec<Plan> = Vec::with_capacity(cases.len());
    let mut leader = [None::<(u32, u32)>; 2];
    for (i, case) in (0..n).zip(cases) {
        let plan = match group_slot(case) {
            None => planner.single(i, case),
            Some((slot, size)) => {
                let (first, members) = leader[slot].unwrap_or((i, 0));
                leader[slot] = (members + 1 < size).then_some((first, members + 1));
                match plans.get(first as usize) {
                    Some(original) => planner.follower(i, original.clone()),
                    None => planner.single(i, case),
                }
            }
        };
        plans.push(plan);
    }
    plans
}

fn group_slot(case: Case) -> Option<(usize, u32)> {
    match case {
        Case::Risk(risk @ Risk::SameDaySplit) => Some((0, risk.group())),
        Case::Risk(risk @ Risk::Duplicate) => Some((1, risk.group())),
        _ => None,
    }
}

/// The case of each application: of every 25, 18 are clean, 4 have a defect and 3 are risky.
fn cases(draw: &mut Draw, n: u32) -> Vec<Case> {
    let mut defects = Defect::ALL.iter().copied().cycle();
    let mut risks = Risk::ALL
        .iter()
        .flat_map(|risk| std::iter::repeat_n(*risk, risk.group() as usize))
        .cycle();
    let mut all = Vec::with_capacity(n as usize + 25);
    while all.len() < n as usize {
        let mut deck = [0_u8; 25];
        deck[18..22].fill(1);
        deck[22..].fill(2);
        for last in (1..deck.len()).rev() {
            deck.swap(last, draw.below(last as u64 + 1) as usize);
        }
        all.extend(deck.iter().filter_map(|kind| match kind {
            0 => Some(Case::Clean),
            1 => defects.next().map(Case::Defect),
            _ => risks.next().map(Case::Risk),
        }));
    }
    all.truncate(n as usize);
    complete_groups(&mut all);
    all
}

/// A group that the end of the world cuts off would be no such case: its members become another.
fn complete_groups(all: &mut [Case]) {
    for risk in [Risk::SameDaySplit, Risk::Duplicate] {
        let members = all.iter().filter(|case| **case == Case::Risk(risk)).count();
        let odd = members % risk.group() as usize;
        let last = all
            .iter_mut()
            .rev()
            .filter(|case| **case == Case::Risk(risk));
        last.take(odd)
            .for_each(|case| *case = Case::Risk(Risk::RedWarning));
    }
}

struct Planner {
    seed: u64,
    draw: Draw,
    companies: u64,
    assigned: u64,
    /// A natural person with one clean application, who may apply once more.
    spare: Option<Plan>,
}

impl Planner {
    fn single(&mut self, i: u32, case: Case) -> Plan {
        let (form, shape) = self.shape(case);
        let trade = self.trade(case, form, shape);
        let person = case == Case::Defect(Defect::SpecialForPerson)
            || (case == Case::Clean
                && matches!(shape, Shape::PersonOrdinary | Shape::PersonExempt)
                && TRADES[usize::from(trade)].consumers
                && self.draw.permille(200));
        let buyer = self.buyer(i, case, person);
        let agent = match case {
            Case::Risk(Risk::OneAgent) => Some(BUSY_AGENT),
            Case::Defect(Defect::AgentCheckCharacter) => Some(role::AGENT + i),
            _ if form != Form::Person || self.draw.permille(80) => Some(role::AGENT + i),
            _ => None,
        };
        let phone = match case {
            Case::Risk(Risk::OnePhone) => BUSY_PHONE,
            _ => role::SELLER + i,
        };
        let plan = Plan {
            case,
            form,
            seller: role::SELLER + i,
            buyer,
            trade,
            shape,
            day: self.draw.below(u64::from(DAYS)) as u8,
            agent,
            phone,
            detail: i,
        };
        self.again(plan)
    }

    /// Some clean natural persons apply a second time, on another day and for another buyer.
    fn again(&mut self, mut plan: Plan) -> Plan {
        if plan.case != Case::Clean || plan.shape != Shape::PersonOrdinary {
            return plan;
        }
        match self.spare.take() {
            Some(first) if self.draw.permille(120) => {
                plan.seller = first.seller;
                plan.phone = first.phone;
                // At least five days apart, in either direction.
                plan.day = (first.day + 5 + self.draw.below(20) as u8) % DAYS;
            }
            _ => self.spare = Some(plan.clone()),
        }
        plan
    }

    /// Another application of the same case by the same seller.
    fn follower(&mut self, i: u32, original: Plan) -> Plan {
        if original.case == Case::Risk(Risk::Duplicate) {
            return Plan {
                day: (original.day + 1) % DAYS,
                ..original
            };
        }
        Plan {
            buyer: self.buyer(i, original.case, false),
            detail: i,
            ..original
        }
    }

    fn shape(&mut self, case: Case) -> (Form, Shape) {
        let other = if self.draw.permille(600) {
            Form::Shop
        } else {
            Form::Company
        };
        match case {
            Case::Defect(Defect::CrossRegionReportMissing) => (other, Shape::OtherSpecial),
            Case::Defect(Defect::ExemptSpecial | Defect::SpecialForPerson)
            | Case::Risk(Risk::OverGeneralLine | Risk::HighRiskSeller | Risk::LargeAmount) => {
                (other, Shape::OtherSpecial)
            }
            Case::Risk(Risk::UnderLine) => (other, Shape::OtherExempt),
            Case::Risk(Risk::SpecialByPerson) => (Form::Person, Shape::PersonSpecial),
            Case::Risk(Risk::SameDaySplit) => (Form::Person, Shape::PersonExempt),
            // The platform knows no seller under a wrong id, which is usual for persons only.
            Case::Defect(Defect::SellerCheckCharacter)
            | Case::Risk(Risk::ManySellers | Risk::OneAgent | Risk::ImplausibleGoods) => {
                (Form::Person, Shape::PersonOrdinary)
            }
            // With a wrong id nobody can tell whether the buyer may have a special invoice.
            Case::Defect(Defect::BuyerCheckCharacter) => match self.draw.below(2) {
                0 => (Form::Person, Shape::PersonOrdinary),
                _ => (other, Shape::OtherOrdinary),
            },
            // What is wrong is the tax, so there must be some.
            Case::Defect(
                Defect::TaxPaidShort
                | Defect::ReceiptMissing
                | Defect::LineTax
                | Defect::RateNotAllowed,
            )
            | Case::Risk(Risk::ReceiptUsed) => match self.draw.below(2) {
                0 => (Form::Person, Shape::PersonOrdinary),
                _ => (other, Shape::OtherSpecial),
            },
            Case::Clean | Case::Defect(_) | Case::Risk(_) => match self.draw.below(100) {
                0..40 => (Form::Person, Shape::PersonOrdinary),
                40..52 => (Form::Person, Shape::PersonExempt),
                52..62 => (Form::Person, Shape::PersonSpecial),
                62..84 => (other, Shape::OtherSpecial),
                84..94 => (other, Shape::OtherExempt),
                _ => (other, Shape::OtherOrdinary),
            },
        }
    }

    fn trade(&mut self, case: Case, form: Form, shape: Shape) -> u8 {
        let fits = |trade: &Trade| {
            let sells = match trade.sellers {
                Sellers::Both => true,
                Sellers::Persons => form == Form::Person,
                Sellers::Others => form != Form::Person,
            };
            let letting = trade.element == Element::Letting;
            let lawful = match shape {
                Shape::PersonSpecial => letting != (case == Case::Risk(Risk::SpecialByPerson)),
                // Exempt rent would be spread over months, which is a person's judgement.
                Shape::PersonExempt => !letting,
                Shape::PersonOrdinary
                | Shape::OtherSpecial
                | Shape::OtherOrdinary
                | Shape::OtherExempt => true,
            };
            let asked = match case {
                Case::Defect(Defect::SpecialElementMissing) => trade.element != Element::None,
                Case::Defect(Defect::CrossRegionReportMissing) => {
                    trade.element == Element::Construction
                }
                _ => true,
            };
            sells && lawful && asked
        };
        let fitting: Vec<u8> = (0..)
            .zip(&TRADES)
            .filter(|(_, t)| fits(t))
            .map(|(i, _)| i)
            .collect();
        if fitting.is_empty() {
            CONSTRUCTION
        } else {
            *self.draw.pick(&fitting)
        }
    }

    fn buyer(&mut self, i: u32, case: Case, person: bool) -> Buyer {
        if person {
            return Buyer {
                number: CONSUMER + i,
                person,
            };
        }
        let number = match case {
            Case::Risk(Risk::ManySellers) => BUSY_BUYER,
            Case::Risk(Risk::HighRiskBuyer | Risk::RedWarning)
            | Case::Defect(
                Defect::BuyerAbnormal | Defect::BuyerNonexistent | Defect::BuyerDeregistered,
            ) => ODD_BUYER + i,
            Case::Clean | Case::Defect(_) | Case::Risk(_) => {
                self.assigned += 1;
                // Every company gets three sellers at most, and not one after the other.
                role::BUYER + scatter(self.seed ^ 0xB0, self.assigned, self.companies) as u32
            }
        };
        Buyer { number, person }
    }
}
