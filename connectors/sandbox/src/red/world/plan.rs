//! The plan of a red-letter world: for every application what case it is, who sold to whom, and
//! which blue invoice it is about.

use super::case::{RedCase, RedGroup};
use crate::generate::{
    draw::{Draw, scatter},
    people::{Form, role},
    registry::{Listing, Standing},
};

/// Days over which a world's applications are spread.
const DAYS: u8 = 30;

/// What one application is to be.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Plan {
    pub(crate) case: RedCase,
    /// Index of the first application on the same blue invoice; it names the invoice.
    pub(crate) blue: u32,
    /// Which part of a series, from 0.
    pub(crate) part: u8,
    /// Day of the application, from the world's start.
    pub(crate) day: u8,
    pub(crate) seller: u32,
    pub(crate) buyer: u32,
    /// The buyer is a natural person.
    pub(crate) consumer: bool,
}

/// Plans `n` applications: of all cases in their shares, or of `only` these in turns.
pub(crate) fn plan(seed: u64, n: u32, only: &[RedCase]) -> Vec<Plan> {
    let mut draw = Draw::new(seed ^ 0x4ED, 0);
    let companies = u64::from(n / 2 + 1);
    let mut plans: Vec<Plan> = Vec::with_capacity(n as usize);
    // Leader and members so far of the two kinds of series.
    let mut series = [None::<(u32, u8)>; 2];
    for (i, case) in (0..n).zip(cases(&mut draw, n, only)) {
        let slot = usize::from(case.parts() == 3);
        if case.parts() > 1
            && let Some((leader, members)) = series[slot]
            && let Some(first) = plans.get(leader as usize).copied()
        {
            series[slot] = (members + 1 < case.parts()).then_some((leader, members + 1));
            plans.push(Plan {
                part: members,
                day: (first.day + members).min(DAYS - 1),
                ..first
            });
            continue;
        }
        if case.parts() > 1 {
            series[slot] = Some((i, 1));
        }
        let consumer = may_be_consumer(case) && draw.permille(150);
        plans.push(Plan {
            case,
            blue: i,
            part: 0,
            day: draw.below(u64::from(DAYS)) as u8,
            seller: if odd_seller(case) {
                role::ODD_RED_SELLER + i
            } else {
                role::RED_SELLER + scatter(seed ^ 0x5E, u64::from(i), companies) as u32
            },
            buyer: match case {
                RedCase::BuyerDeregistered | RedCase::RedWarnedBuyer => role::ODD_RED_BUYER + i,
                _ if consumer => role::RED_CONSUMER + i,
                _ => role::RED_BUYER + scatter(seed ^ 0xB5, u64::from(i), companies) as u32,
            },
            consumer,
        });
    }
    plans
}

/// The case of each application: of every 25 so many of each group as its share says.
fn cases(draw: &mut Draw, n: u32, only: &[RedCase]) -> Vec<RedCase> {
    if !only.is_empty() {
        let turns = only.iter().copied().cycle();
        let parts = turns.flat_map(|case| std::iter::repeat_n(case, usize::from(case.parts())));
        let mut all: Vec<_> = parts.take(n as usize).collect();
        complete_series(&mut all);
        return all;
    }
    let mut decks = RedGroup::SHARES.map(|(group, _)| {
        RedCase::ALL
            .iter()
            .filter(move |case| case.group() == group)
            .flat_map(|case| std::iter::repeat_n(*case, usize::from(case.parts())))
            .cycle()
    });
    let mut all = Vec::with_capacity(n as usize + 25);
    while all.len() < n as usize {
        let mut order: Vec<usize> = (0..decks.len())
            .flat_map(|deck| std::iter::repeat_n(deck, RedGroup::SHARES[deck].1))
            .collect();
        for last in (1..order.len()).rev() {
            order.swap(last, draw.below(last as u64 + 1) as usize);
        }
        all.extend(order.into_iter().filter_map(|deck| decks[deck].next()));
    }
    all.truncate(n as usize);
    complete_series(&mut all);
    all
}

/// A series that the end of the world cuts off would leave something: its members become another.
fn complete_series(all: &mut [RedCase]) {
    for case in [RedCase::SeriesOfTwo, RedCase::SeriesOfThree] {
        let members = all.iter().filter(|other| **other == case).count();
        let odd = members % usize::from(case.parts());
        let last = all.iter_mut().rev().filter(|other| **other == case);
        last.take(odd)
            .for_each(|other| *other = RedCase::ReturnInPart);
    }
}

/// Consumers' invoices are ordinary and nobody confirms their use.
const fn may_be_consumer(case: RedCase) -> bool {
    matches!(
        case,
        RedCase::MistakeInFull
            | RedCase::ReturnInFull
            | RedCase::ReturnInPart
            | RedCase::StoppedInFull
            | RedCase::StoppedInPart
            | RedCase::AllowanceInPart
    )
}

const fn odd_seller(case: RedCase) -> bool {
    matches!(
        case,
        RedCase::HighRedRatio
            | RedCase::SellerDeregistered
            | RedCase::MonthEndRepeats
            | RedCase::ReissuedToOthers
            | RedCase::HighRiskSeller
    )
}

impl Plan {
    /// What kind of entity a seller is: every fifth is an individual business.
    pub(crate) const fn seller_form(&self) -> Form {
        if self.seller.is_multiple_of(5) {
            Form::Shop
        } else {
            Form::Company
        }
    }

    pub(crate) const fn buyer_form(&self) -> Form {
        if self.consumer {
            Form::Person
        } else {
            Form::Company
        }
    }

    /// How the seller is registered.
    pub(crate) fn seller_listing(&self) -> Listing {
        let standing = match self.case {
            RedCase::SellerDeregistered => Standing::Deregistered,
            RedCase::HighRiskSeller => Standing::HighRisk,
            _ => Standing::Usual,
        };
        Listing::new(self.seller, self.seller_form(), standing)
    }

    /// How the buyer is registered; a natural person is not.
    pub(crate) fn buyer_listing(&self) -> Option<Listing> {
        let standing = match self.case {
            RedCase::BuyerDeregistered => Standing::Deregistered,
            RedCase::RedWarnedBuyer => Standing::RedWarning,
            _ => Standing::Usual,
        };
        (!self.consumer).then(|| Listing::new(self.buyer, Form::Company, standing))
    }
}
