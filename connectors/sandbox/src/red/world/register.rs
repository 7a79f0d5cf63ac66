//! The world itself: applications, the register of blue invoices behind them, and taxpayers.

use std::{collections::HashMap, fmt};

use clerkwork_connectors_api::{
    agent_invoice::{Registration, RiskClass, TaxpayerRisk, Warning},
    red_letter::{
        BlueInvoice, BlueReference, ConfirmationForm, IssuerActivity, RedLetterApplication,
        ReversalDraft, SettlementReceipt, Side,
    },
};
use jiff::civil::Date;

use super::{
    application::{self, ANOTHER_REASON},
    blue::{self, Blue, Terms},
    case::RedCase,
    plan::{Plan, plan},
    shape::{Behalf, Preset},
};
use crate::generate::{
    DEFAULT_START, MAX_APPLICATIONS,
    draw::Draw,
    people::{bureau, entity},
    registry::Listing,
};

/// A registered taxpayer.
#[derive(Debug, Clone, Copy)]
enum Registered {
    /// With the case that makes its habits, if one does.
    Taxpayer(Listing, Option<RedCase>),
    /// Issues on behalf of others.
    Bureau(usize),
}

/// The red-letter applications of one seed and what the platform knew when they were made. It
/// never changes; what is done since then is in [`State`](crate::State).
pub struct RedWorld {
    terms: Terms,
    prefix: String,
    plans: Vec<Plan>,
    /// The later applications on a blue invoice that has several.
    later: HashMap<u32, Vec<u32>>,
    registry: HashMap<Box<str>, Registered>,
}

impl fmt::Debug for RedWorld {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedWorld")
            .field("seed", &self.terms.seed)
            .field("start", &self.terms.start)
            .field("applications", &self.plans.len())
            .finish_non_exhaustive()
    }
}

/// The world of `seed` with `n` red-letter applications, from [`DEFAULT_START`] on.
pub fn generate_red(seed: u64, n: usize) -> RedWorld {
    generate_red_from(seed, n, DEFAULT_START, &[])
}

/// The world of `seed` with `n` red-letter applications, at most [`MAX_APPLICATIONS`], made in the
/// 30 days from `start` on, about blue invoices of the weeks before.
pub fn generate_red_from(seed: u64, n: usize, start: Date, only: &[RedCase]) -> RedWorld {
    let terms = Terms { seed, start };
    let n = u32::try_from(n.min(MAX_APPLICATIONS)).unwrap_or_default();
    let plans = plan(seed, n, only);
    let mut later = HashMap::<u32, Vec<u32>>::new();
    let mut registry = HashMap::with_capacity(plans.len() * 2);
    for (i, plan) in (0..).zip(&plans) {
        if plan.blue != i {
            later.entry(plan.blue).or_default().push(i);
            continue;
        }
        let (shape, _) = blue::shape(terms, i, plan);
        if shape.behalf == Behalf::Own {
            let seller = entity(seed, plan.seller, plan.seller_form()).party;
            let listing = Registered::Taxpayer(plan.seller_listing(), Some(plan.case));
            registry.insert(seller.tax_id.into_boxed_str(), listing);
        } else {
            let index = blue::bureau_of(i);
            let (_, tax_id) = bureau(seed, index);
            registry.insert(tax_id.into_boxed_str(), Registered::Bureau(index));
        }
        if let Some(listing) = plan.buyer_listing() {
            let buyer = entity(seed, plan.buyer, plan.buyer_form()).party;
            let buyer_entry = Registered::Taxpayer(listing, None);
            registry.insert(buyer.tax_id.into_boxed_str(), buyer_entry);
        }
    }
    RedWorld {
        terms,
        prefix: application::prefix(terms),
        plans,
        later,
        registry,
    }
}

impl RedWorld {
    /// How many applications there are.
    pub fn len(&self) -> usize {
        self.plans.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.plans.is_empty()
    }

    /// The application with the index `i`, counted from 0 in the order of the numbers.
    pub fn application(&self, i: usize) -> Option<RedLetterApplication> {
        let plan = self.plans.get(i)?;
        let blue = self.blue(plan.blue)?;
        let i = u32::try_from(i).ok()?;
        Some(application::build(self.terms, i, plan, &blue))
    }

    /// What the application with the index `i` was made to be.
    pub fn case(&self, i: usize) -> Option<RedCase> {
        self.plans.get(i).map(|plan| plan.case)
    }

    /// Number of the application with the index `i`.
    pub fn number(&self, i: usize) -> Option<String> {
        let i = u32::try_from(i).ok().filter(|_| i < self.len())?;
        Some(application::number(self.terms, i))
    }

    /// Index of the application with this number.
    pub fn index_of(&self, application_number: &str) -> Option<usize> {
        let digits = application_number.strip_prefix(&self.prefix)?;
        if digits.len() != 8 || !digits.bytes().all(|b| b.is_ascii_digit()) {
            return None;
        }
        let i = digits.parse::<usize>().ok()?.checked_sub(1)?;
        (i < self.len()).then_some(i)
    }

    /// The blue invoice that the application with the index `i` is about, as it stood when the
    /// world began. An application that names an unknown one is about the one it means.
    pub fn blue_of(&self, i: usize) -> Option<BlueInvoice> {
        let plan = self.plans.get(i)?;
        self.blue(plan.blue).map(|blue| blue.invoice)
    }

    /// What the platform says about a taxpayer; nothing when not registered.
    pub fn taxpayer(&self, tax_id: &str) -> Option<TaxpayerRisk> {
        Some(match self.registry.get(tax_id)? {
            Registered::Taxpayer(listing, _) => listing.risk(self.terms.seed),
            Registered::Bureau(index) => TaxpayerRisk {
                registration: Registration::Normal,
                name: bureau(self.terms.seed, *index).0,
                class: RiskClass::None,
                warning: Warning::None,
                credit_grade: None,
            },
        })
    }

    /// How the seller with this tax id was issuing; far from every limit unless the case is one.
    pub fn activity(&self, tax_id: &str) -> IssuerActivity {
        let (number, case) = match self.registry.get(tax_id) {
            None => return IssuerActivity::default(),
            Some(Registered::Taxpayer(listing, case)) => (u64::from(listing.number()), *case),
            Some(Registered::Bureau(index)) => (*index as u64, None),
        };
        let mut draw = Draw::new(self.terms.seed ^ 0xAC_71, number);
        let issued = draw.range(60, 400) as u32;
        let share = |draw: &mut Draw, permille: i64| {
            (i64::from(issued) * draw.range(0, permille) / 1000) as u32
        };
        let usual = IssuerActivity {
            issued,
            red: share(&mut draw, 30),
            voided: share(&mut draw, 20),
            top_of_quota: share(&mut draw, 60),
            month_end_reds: draw.below(2) as u32,
            reissued_to_others: 0,
        };
        match case {
            Some(RedCase::HighRedRatio) => IssuerActivity {
                red: issued * 24 / 100 + 1,
                ..usual
            },
            Some(RedCase::MonthEndRepeats) => IssuerActivity {
                month_end_reds: 9 + draw.below(6) as u32,
                ..usual
            },
            Some(RedCase::ReissuedToOthers) => IssuerActivity {
                reissued_to_others: 2 + draw.below(3) as u32,
                ..usual
            },
            _ => usual,
        }
    }

    pub(crate) fn seed(&self) -> u64 {
        self.terms.seed
    }

    pub(crate) fn start(&self) -> Date {
        self.terms.start
    }

    /// The blue invoice with this index, as it stood when the world began.
    pub(crate) fn blue(&self, index: u32) -> Option<Blue> {
        let plan = self.first_on(index)?;
        Some(blue::blue(self.terms, index, plan))
    }

    /// Index of the blue invoice with this code and number.
    pub(crate) fn blue_index(&self, code: Option<&str>, number: &str) -> Option<u32> {
        let index = blue::index_in(code, number)?;
        let plan = self.first_on(index)?;
        let reference: BlueReference = blue::reference(self.terms, index, plan);
        (reference.code.as_deref() == code && reference.number == number).then_some(index)
    }

    /// Plan of the first application on a blue invoice.
    fn first_on(&self, index: u32) -> Option<&Plan> {
        let plan = self.plans.get(index as usize)?;
        (plan.blue == index).then_some(plan)
    }

    /// The case of the blue invoice: that of its first application.
    pub(crate) fn case_of_blue(&self, index: u32) -> Option<RedCase> {
        self.first_on(index).map(|plan| plan.case)
    }

    /// All applications on a blue invoice.
    pub(crate) fn applications_on(&self, index: u32) -> impl Iterator<Item = usize> {
        let first = self.first_on(index).map(|_| index as usize);
        let later = self.later.get(&index).into_iter().flatten();
        first.into_iter().chain(later.map(|i| *i as usize))
    }

    /// The application on this blue invoice that asks for just this reversal.
    pub(crate) fn asking_for(&self, index: u32, draft: &ReversalDraft) -> Option<usize> {
        let blue = self.blue(index)?;
        self.applications_on(index).find(|i| {
            let Some(plan) = self.plans.get(*i) else {
                return false;
            };
            let asked = application::build(self.terms, *i as u32, plan, &blue);
            asked.lines == draft.lines && asked.reason == draft.reason
        })
    }

    /// Index of the blue invoice that the application with the index `i` is about.
    pub(crate) fn blue_index_of(&self, i: usize) -> Option<u32> {
        self.plans.get(i).map(|plan| plan.blue)
    }

    /// The blue invoice with this name, as it stood when the world began.
    pub(crate) fn blue_named(&self, name: &BlueReference) -> Option<BlueInvoice> {
        let index = self.blue_index(name.code.as_deref(), &name.number)?;
        self.blue(index).map(|blue| blue.invoice)
    }

    /// A form from before the world began.
    pub(crate) fn old_form(&self, number: &str) -> Option<ConfirmationForm> {
        let digits = number.strip_prefix(&blue::form_prefix(self.terms.start))?;
        let index = digits.strip_prefix('9')?.parse().ok()?;
        let old = self.blue(index)?.history;
        old.into_iter().find(|form| form.number == number)
    }

    /// Whether the other side has a form there when somebody first looks.
    pub(crate) fn has_preset(&self, index: u32) -> bool {
        self.first_on(index)
            .is_some_and(|plan| blue::shape(self.terms, index, plan).0.preset != Preset::None)
    }

    /// The form of the other side that waits when somebody first looks at the blue invoice.
    pub(crate) fn preset(&self, index: u32) -> Option<ReversalDraft> {
        let plan = self.first_on(index)?;
        let (shape, _) = blue::shape(self.terms, index, plan);
        let other: Side = shape.started_by.other();
        match shape.preset {
            Preset::None => None,
            Preset::Matching => {
                let blue = self.blue(index)?;
                let cuts = application::wanted(self.terms, &blue, plan);
                Some(blue::draft(&blue, shape.reason, other, &cuts))
            }
            Preset::Another => {
                let blue = self.blue(index)?;
                let cuts = application::another(&blue);
                Some(blue::draft(&blue, ANOTHER_REASON, other, &cuts))
            }
        }
    }

    /// The receipt with this number and the blue invoice behind it.
    pub(crate) fn receipt(&self, number: &str) -> Option<(u32, SettlementReceipt)> {
        let index = blue::index_of_receipt(number)?;
        let blue = self.blue(index)?;
        let agent = blue.invoice.agent_issued.as_ref()?;
        (agent.tax_receipt_number.as_deref() == Some(number))
            .then_some(())
            .and(blue.receipt)
            .map(|receipt| (index, receipt))
    }
}
