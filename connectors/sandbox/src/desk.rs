//! What was decided, and how that changes sums and relations.
//!
//! All of it lies behind one short lock: a decision or a look takes about a microsecond, and
//! everything dear (names, JSON) is made outside.

use std::collections::{BTreeSet, HashMap};

use clerkwork_connectors_api::agent_invoice::{Accumulation, ApplicationStatus, Counts, Relations};
use clerkwork_core::{Cents, Timestamp};
use jiff::civil::Date;

use crate::generate::{World, sold_by_person};

/// Where an application stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Pending,
    /// Issued with the invoice of this sequence number.
    Issued(u64),
    Returned,
    Withdrawn,
}

/// One act of issuing. The book only grows, so that a second issue would show.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Act {
    pub(crate) application: usize,
    pub(crate) sequence: u64,
    pub(crate) at: Timestamp,
}

/// One act of returning.
#[derive(Debug, Clone)]
pub(crate) struct Refusal {
    pub(crate) application: usize,
    pub(crate) reasons: Vec<String>,
    pub(crate) at: Timestamp,
}

/// An application that was already decided otherwise or before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct AlreadyDecided {
    /// An invoice was issued; otherwise it was returned or withdrawn.
    pub(crate) issued: bool,
    /// How often the desk has refused so far: chooses the wording.
    pub(crate) turn: usize,
}

/// The changing part of the platform.
#[derive(Debug)]
pub(crate) struct Desk {
    places: Vec<Place>,
    pending: BTreeSet<usize>,
    pub(crate) acts: Vec<Act>,
    pub(crate) refusals: Vec<Refusal>,
    pub(crate) turned_away: usize,
    pub(crate) withdrawn: usize,
    /// How many applications tie this entity (buyer, agent or telephone) to this seller.
    ties: HashMap<(u32, u32), u32>,
    /// How many sellers are tied to this entity.
    sellers: HashMap<u32, u32>,
    /// How many applications name this entity on this transaction day.
    days: HashMap<(u32, Date), u32>,
    /// How many name it in the month that begins on this day.
    months: HashMap<(u32, Date), u32>,
}

impl Desk {
    pub(crate) fn new(world: &World) -> Self {
        let mut desk = Self {
            places: vec![Place::Pending; world.len()],
            pending: (0..world.len()).collect(),
            acts: Vec::new(),
            refusals: Vec::new(),
            turned_away: 0,
            withdrawn: 0,
            ties: HashMap::with_capacity(world.len() * 2),
            sellers: HashMap::with_capacity(world.len()),
            days: HashMap::with_capacity(world.len() * 2),
            months: HashMap::with_capacity(world.len() * 2),
        };
        for i in 0..world.len() {
            desk.count(world, i, |count| count.saturating_add(1));
            for entity in tied(world, i) {
                desk.tie(world, i, entity);
            }
        }
        desk
    }

    pub(crate) fn pending(&self) -> usize {
        self.pending.len()
    }

    /// Indexes of undecided applications from `first` on.
    pub(crate) fn pending_from(&self, first: usize, limit: usize) -> Vec<usize> {
        self.pending.range(first..).take(limit).copied().collect()
    }

    pub(crate) fn status(&self, world: &World, i: usize) -> Option<ApplicationStatus> {
        Some(match self.places.get(i)? {
            Place::Pending => ApplicationStatus::Pending,
            Place::Issued(sequence) => ApplicationStatus::Issued {
                invoice_number: invoice_number(world, *sequence),
            },
            Place::Returned => ApplicationStatus::Returned,
            Place::Withdrawn => ApplicationStatus::Withdrawn,
        })
    }

    /// Issues the invoice of a pending application; its sequence number.
    pub(crate) fn issue(&mut self, i: usize, at: Timestamp) -> Result<u64, AlreadyDecided> {
        self.decide(i)?;
        let sequence = self.acts.len() as u64 + 1;
        self.acts.push(Act {
            application: i,
            sequence,
            at,
        });
        self.put(i, Place::Issued(sequence));
        Ok(sequence)
    }

    /// Returns a pending application; from then on it counts in no sum.
    pub(crate) fn give_back(
        &mut self,
        world: &World,
        i: usize,
        reasons: Vec<String>,
        at: Timestamp,
    ) -> Result<(), AlreadyDecided> {
        self.decide(i)?;
        self.refusals.push(Refusal {
            application: i,
            reasons,
            at,
        });
        self.put(i, Place::Returned);
        self.forget(world, i);
        Ok(())
    }

    /// The applicant withdraws a pending application; from then on it counts in no sum.
    pub(crate) fn withdraw(&mut self, world: &World, i: usize) -> Result<(), AlreadyDecided> {
        self.decide(i)?;
        self.withdrawn += 1;
        self.put(i, Place::Withdrawn);
        self.forget(world, i);
        Ok(())
    }

    fn decide(&mut self, i: usize) -> Result<(), AlreadyDecided> {
        let place = self.places.get(i).copied();
        if place == Some(Place::Pending) {
            return Ok(());
        }
        self.turned_away += 1;
        let issued = matches!(place, Some(Place::Issued(_)));
        Err(AlreadyDecided {
            issued,
            turn: self.turned_away - 1,
        })
    }

    fn put(&mut self, i: usize, place: Place) {
        self.pending.remove(&i);
        if let Some(slot) = self.places.get_mut(i) {
            *slot = place;
        }
    }

    /// Whether the application counts in sums and relations.
    fn counts(&self, i: usize) -> bool {
        matches!(self.places.get(i), Some(Place::Pending | Place::Issued(_)))
    }

    fn tie(&mut self, world: &World, i: usize, entity: u32) {
        let Some(plan) = world.plan(i) else { return };
        let tie = self.ties.entry((entity, plan.seller)).or_default();
        *tie += 1;
        if *tie == 1 {
            *self.sellers.entry(entity).or_default() += 1;
        }
    }

    fn forget(&mut self, world: &World, i: usize) {
        let Some(plan) = world.plan(i) else { return };
        self.count(world, i, |count| count.saturating_sub(1));
        for entity in tied(world, i) {
            let Some(tie) = self.ties.get_mut(&(entity, plan.seller)) else {
                continue;
            };
            *tie = tie.saturating_sub(1);
            if *tie == 0
                && let Some(sellers) = self.sellers.get_mut(&entity)
            {
                *sellers = sellers.saturating_sub(1);
            }
        }
    }

    /// Changes the counts of whoever an application names, around its transaction day.
    fn count(&mut self, world: &World, i: usize, change: fn(u32) -> u32) {
        let (Some(plan), Some(key)) = (world.plan(i), world.key(i)) else {
            return;
        };
        let named = [Some(plan.buyer.number), plan.agent, Some(plan.phone)];
        for entity in named.into_iter().flatten() {
            let month = key.day.first_of_month();
            for (counts, from) in [(&mut self.days, key.day), (&mut self.months, month)] {
                let count = counts.entry((entity, from)).or_default();
                *count = change(*count);
            }
        }
    }

    fn sellers_of(&self, entity: u32) -> u32 {
        self.sellers.get(&entity).copied().unwrap_or(0)
    }

    fn counts_of(&self, entity: Option<u32>, day: Date) -> Counts {
        let count = |counts: &HashMap<(u32, Date), u32>, from| {
            Some(entity.map_or(0, |entity| {
                counts.get(&(entity, from)).copied().unwrap_or(0)
            }))
        };
        Counts {
            day: count(&self.days, day),
            month: count(&self.months, day.first_of_month()),
        }
    }

    /// The seller's sums on the transaction day of `i` and around it, `i` included while it counts.
    pub(crate) fn accumulation(&self, world: &World, i: usize) -> Option<Accumulation> {
        let (plan, key) = (world.plan(i)?, world.key(i)?);
        let past = world.history(plan, key.net);
        let mut sums = Accumulation {
            day_count: 0,
            day_net: Cents::ZERO,
            month_count: past.month_count,
            month_net: Cents(past.month_net),
            quarter_net: Cents(past.quarter_net),
            twelve_months_net: Cents(past.year_net),
        };
        let quarter = |month: i8| (month - 1) / 3;
        for other in world
            .applications_of(plan.seller)
            .filter(|other| self.counts(*other))
        {
            let Some(other) = world.key(other) else {
                continue;
            };
            let same_year = other.day.year() == key.day.year();
            if other.day == key.day {
                sums.day_count += 1;
                sums.day_net.0 += other.net;
            }
            if same_year && other.day.month() == key.day.month() {
                sums.month_count += 1;
                sums.month_net.0 += other.net;
            }
            if same_year && quarter(other.day.month()) == quarter(key.day.month()) {
                sums.quarter_net.0 += other.net;
            }
            if other.day <= key.day.last_of_month() {
                sums.twelve_months_net.0 += other.net;
            }
        }
        Some(sums)
    }

    /// How `i` stands among the others of the world's 30 days.
    pub(crate) fn relations(&self, world: &World, i: usize) -> Option<Relations> {
        let (plan, key) = (world.plan(i)?, world.key(i)?);
        let past = world.history(plan, key.net);
        let duplicates = world
            .applications_of(plan.seller)
            .filter(|other| *other != i && self.counts(*other))
            .filter(|other| {
                let (Some(twin), Some(same)) = (world.plan(*other), world.key(*other)) else {
                    return false;
                };
                twin.buyer == plan.buyer && same.item == key.item && same.gross == key.gross
            })
            .count();
        Some(Relations {
            duplicates: duplicates as u32,
            sellers_of_buyer: (past.sellers_of_buyer + self.sellers_of(plan.buyer.number))
                .min(BUSY_BUYER_SELLERS),
            sellers_of_agent: plan
                .agent
                .map_or(0, |agent| past.sellers_of_agent + self.sellers_of(agent))
                .min(BUSY_SELLERS),
            sellers_of_phone: (past.sellers_of_phone + self.sellers_of(plan.phone))
                .min(BUSY_SELLERS),
            buyer_counts: self.counts_of(Some(plan.buyer.number), key.day),
            agent_counts: self.counts_of(plan.agent, key.day),
            phone_counts: self.counts_of(Some(plan.phone), key.day),
        })
    }
}

/// The busy buyer, agent and telephone of a world have no more sellers than these, however large the
/// world is: with more a policy may stop the whole batch, and such a world shows nothing else.
const BUSY_BUYER_SELLERS: u32 = 28;
const BUSY_SELLERS: u32 = 18;

/// The entities to which an application ties its seller. Numbers of buyers, agents and telephones
/// differ, so one table serves all three.
fn tied(world: &World, i: usize) -> impl Iterator<Item = u32> + use<> {
    let plan = world.plan(i);
    // Only natural persons count among a buyer's sellers.
    let buyer = plan
        .filter(|plan| sold_by_person(plan))
        .map(|plan| plan.buyer.number);
    let agent = plan.and_then(|plan| plan.agent);
    let phone = plan.map(|plan| plan.phone);
    [buyer, agent, phone].into_iter().flatten()
}

/// Number of a fully digital invoice, 20 digits: year, region, channel, sequence.
pub(crate) fn invoice_number(world: &World, sequence: u64) -> String {
    format!(
        "{:02}442{sequence:015}",
        world.start().year().rem_euclid(100)
    )
}

/// What is answered for an application that the platform does not know.
pub(crate) const NO_SUMS: Accumulation = Accumulation {
    day_count: 0,
    day_net: Cents::ZERO,
    month_count: 0,
    month_net: Cents::ZERO,
    quarter_net: Cents::ZERO,
    twelve_months_net: Cents::ZERO,
};

/// The same for relations.
const NO_COUNTS: Counts = Counts {
    day: Some(0),
    month: Some(0),
};

pub(crate) const NO_RELATIONS: Relations = Relations {
    duplicates: 0,
    sellers_of_buyer: 0,
    sellers_of_agent: 0,
    sellers_of_phone: 0,
    buyer_counts: NO_COUNTS,
    agent_counts: NO_COUNTS,
    phone_counts: NO_COUNTS,
};
