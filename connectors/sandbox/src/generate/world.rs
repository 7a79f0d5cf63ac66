//! A world: the applications and what the platform knows about them.

use std::{collections::HashMap, fmt};

use clerkwork_connectors_api::agent_invoice::{Application, TaxReceipt, TaxpayerRisk};
use clerkwork_core::Cents;
use jiff::civil::{Date, date};

use super::{
    build::{self, Built, Terms, number_prefix, receipt_number},
    case::{Case, Defect, Risk},
    people::Form,
    plan::{Plan, plan},
    registry::{History, Listing, history},
};

/// The first day of a world's transactions unless told otherwise: they end on 2026-03-31.
pub const DEFAULT_START: Date = date(2026, 3, 2);

/// Most applications of a world.
pub const MAX_APPLICATIONS: usize = 1_000_000;

/// What is asked about an application again and again, so that it need not be built.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Key {
    /// Day of the transaction.
    pub(crate) day: Date,
    pub(crate) net: i64,
    pub(crate) gross: i64,
    /// Code of the first item.
    pub(crate) item: u64,
    pub(crate) tax_paid: i64,
}

/// The applications of one seed and what the platform knows about them. It never changes; what is
/// decided about an application is in [`State`](crate::State).
pub struct World {
    terms: Terms,
    prefix: String,
    plans: Vec<Plan>,
    keys: Vec<Key>,
    /// Seller and index of every application, in that order.
    by_seller: Vec<(u32, u32)>,
    registry: HashMap<Box<str>, Listing>,
}

impl fmt::Debug for World {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("World")
            .field("seed", &self.terms.seed)
            .field("start", &self.terms.start)
            .field("applications", &self.plans.len())
            .finish_non_exhaustive()
    }
}

/// The world of `seed` with `n` applications, from [`DEFAULT_START`] on.
pub fn generate(seed: u64, n: usize) -> World {
    generate_from(seed, n, DEFAULT_START)
}

/// The world of `seed` with `n` applications, at most [`MAX_APPLICATIONS`], whose transactions lie
/// in the 30 days from `start` on.
pub fn generate_from(seed: u64, n: usize, start: Date) -> World {
    let terms = Terms { seed, start };
    let n = u32::try_from(n.min(MAX_APPLICATIONS)).unwrap_or_default();
    let plans = plan(seed, n);
    let mut keys = Vec::with_capacity(plans.len());
    let mut registry = HashMap::with_capacity(plans.len());
    let mut by_seller = Vec::with_capacity(plans.len());
    for (i, plan) in (0..).zip(&plans) {
        let Built {
            application,
            tax_paid,
        } = build::build(terms, i, plan);
        keys.push(Key {
            day: application.transaction_date,
            net: application.total_net.0,
            gross: application.total_gross.0,
            item: application
                .lines
                .first()
                .and_then(|l| l.item_code.parse().ok())
                .unwrap_or(0),
            tax_paid: tax_paid.0,
        });
        by_seller.push((plan.seller, i));
        if let Some(listing) = Listing::of_buyer(plan) {
            let buyer = build::buyer(seed, plan.buyer);
            registry.insert(buyer.party.tax_id.into_boxed_str(), listing);
        }
        if let Some(listing) = Listing::of_seller(plan) {
            let seller = build::seller(seed, plan);
            registry.insert(seller.party.tax_id.into_boxed_str(), listing);
        }
    }
    by_seller.sort_unstable();
    World {
        terms,
        prefix: number_prefix(start),
        plans,
        keys,
        by_seller,
        registry,
    }
}

impl World {
    /// How many applications there are.
    pub fn len(&self) -> usize {
        self.plans.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.plans.is_empty()
    }

    /// The application with the index `i`, counted from 0 in the order of the numbers.
    pub fn application(&self, i: usize) -> Option<Application> {
        let plan = self.plans.get(i)?;
        Some(build::build(self.terms, u32::try_from(i).ok()?, plan).application)
    }

    /// What the application with the index `i` was made to be.
    pub fn case(&self, i: usize) -> Option<Case> {
        self.plans.get(i).map(|plan| plan.case)
    }

    /// Number of the application with the index `i`.
    pub fn number(&self, i: usize) -> Option<String> {
        let i = u32::try_from(i).ok().filter(|_| i < self.len())?;
        Some(build::application_number(self.terms.start, i))
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

    /// What the platform says about a taxpayer; nothing when not registered.
    pub fn taxpayer(&self, tax_id: &str) -> Option<TaxpayerRisk> {
        self.registry
            .get(tax_id)
            .map(|listing| listing.risk(self.terms.seed))
    }

    /// The tax receipt with this number.
    pub fn receipt(&self, number: &str) -> Option<TaxReceipt> {
        let i = number.get(8..)?.parse::<u32>().ok()?.checked_sub(1)?;
        let (plan, key) = (self.plans.get(i as usize)?, self.keys.get(i as usize)?);
        if plan.shape.exempt()
            || plan.case == Case::Defect(Defect::ReceiptMissing)
            || number != receipt_number(self.terms.start, i)
        {
            return None;
        }
        Some(TaxReceipt {
            tax_paid: Cents(key.tax_paid),
            payer_tax_id: build::seller(self.terms.seed, plan).party.tax_id,
            used: plan.case == Case::Risk(Risk::ReceiptUsed),
        })
    }

    pub(crate) fn plan(&self, i: usize) -> Option<&Plan> {
        self.plans.get(i)
    }

    pub(crate) fn key(&self, i: usize) -> Option<&Key> {
        self.keys.get(i)
    }

    pub(crate) fn seed(&self) -> u64 {
        self.terms.seed
    }

    pub(crate) fn start(&self) -> Date {
        self.terms.start
    }

    pub(crate) fn history(&self, plan: &Plan, net: i64) -> History {
        history(self.terms, plan, net)
    }

    /// The indexes of all applications of a seller.
    pub(crate) fn applications_of(&self, seller: u32) -> impl Iterator<Item = usize> {
        let from = self.by_seller.partition_point(|(other, _)| *other < seller);
        self.by_seller[from..]
            .iter()
            .take_while(move |(other, _)| *other == seller)
            .map(|(_, i)| *i as usize)
    }
}

/// Whether the seller of a plan is a natural person.
pub(crate) fn sold_by_person(plan: &Plan) -> bool {
    plan.form == Form::Person
}
