//! The platform's memory, as tests and the admin API see it.

use std::{
    collections::BTreeMap,
    fmt,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use clerkwork_connectors_api::agent_invoice::{ApplicationStatus, Dossier};
use clerkwork_core::{Clock, SystemClock, Timestamp};
use clerkwork_etax::wire::DossierQuery;
use serde::Serialize;

use crate::{
    World,
    api::METHOD_NAMES,
    desk::{AlreadyDecided, Desk, invoice_number},
    faults::{Faults, InvalidFaults, Saboteur},
};

/// One invoice in the book.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Issue {
    /// Number of the invoice, 20 digits.
    pub invoice_number: String,
    /// When it was issued, in microseconds since 1970 UTC.
    pub at: Timestamp,
}

/// One return to an applicant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Return {
    /// The reasons given.
    pub reasons: Vec<String>,
    /// When, in microseconds since 1970 UTC.
    pub at: Timestamp,
}

/// How much was done.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// Applications of the world.
    pub applications: u64,
    /// Not decided yet.
    pub pending: u64,
    /// Acts of issuing.
    pub issued: u64,
    /// Acts of returning.
    pub returned: u64,
    /// Withdrawn by the applicant.
    pub withdrawn: u64,
    /// Writes that were refused because the application was already decided.
    pub refused: u64,
    /// Calls with a wrong token.
    pub unauthorized: u64,
    /// Calls by method, those that a fault struck included.
    pub calls: BTreeMap<String, u64>,
    /// Faults that struck, by name.
    pub faults: BTreeMap<String, u64>,
}

/// A handle on the platform's memory; clones share it.
#[derive(Clone)]
pub struct State(Arc<Memory>);

struct Memory {
    world: World,
    desk: Mutex<Desk>,
    saboteur: Saboteur,
    calls: [AtomicU64; METHOD_NAMES.len()],
    unauthorized: AtomicU64,
}

impl fmt::Debug for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("State")
            .field("world", &self.0.world)
            .finish_non_exhaustive()
    }
}

impl State {
    pub(crate) fn new(world: World, faults: Faults) -> Self {
        Self(Arc::new(Memory {
            desk: Mutex::new(Desk::new(&world)),
            saboteur: Saboteur::new(world.seed(), faults),
            world,
            calls: Default::default(),
            unauthorized: AtomicU64::new(0),
        }))
    }

    /// The applications.
    pub fn world(&self) -> &World {
        &self.0.world
    }

    /// The invoices that were issued, by application, one entry for each act: an application with
    /// two entries was issued twice.
    pub fn book(&self) -> BTreeMap<String, Vec<Issue>> {
        let acts = self.desk().acts.clone();
        let mut book = BTreeMap::<String, Vec<Issue>>::new();
        for act in acts {
            let invoice_number = invoice_number(self.world(), act.sequence);
            let issue = Issue {
                invoice_number,
                at: act.at,
            };
            book.entry(self.number(act.application))
                .or_default()
                .push(issue);
        }
        book
    }

    /// The applications that were returned, one entry for each act.
    pub fn returned(&self) -> BTreeMap<String, Vec<Return>> {
        let refusals = self.desk().refusals.clone();
        let mut returned = BTreeMap::<String, Vec<Return>>::new();
        for refusal in refusals {
            let entry = Return {
                reasons: refusal.reasons,
                at: refusal.at,
            };
            returned
                .entry(self.number(refusal.application))
                .or_default()
                .push(entry);
        }
        returned
    }

    /// Where an application stands; nothing when there is no such application.
    pub fn status(&self, application_number: &str) -> Option<ApplicationStatus> {
        let i = self.world().index_of(application_number)?;
        self.desk().status(self.world(), i)
    }

    /// Lets the applicant withdraw an application; `false` when it is unknown or already decided.
    pub fn withdraw(&self, application_number: &str) -> bool {
        let index = self.world().index_of(application_number);
        index.is_some_and(|i| self.desk().withdraw(self.world(), i).is_ok())
    }

    /// Puts these faults in the place of those in force.
    ///
    /// # Errors
    /// When a probability, a status or a method is none; then nothing changes.
    pub fn set_faults(&self, faults: Faults) -> Result<(), InvalidFaults> {
        faults.validate()?;
        self.0.saboteur.set(faults);
        Ok(())
    }

    /// The faults in force.
    pub fn faults(&self) -> Faults {
        self.0.saboteur.current()
    }

    /// How much was done so far.
    pub fn counts(&self) -> Counts {
        let named = |(name, count): (&str, u64)| (name.to_string(), count);
        let load = |count: &AtomicU64| count.load(Ordering::Relaxed);
        let calls = METHOD_NAMES.into_iter().zip(self.0.calls.iter().map(load));
        let desk = self.desk();
        Counts {
            applications: self.world().len() as u64,
            pending: desk.pending() as u64,
            issued: desk.acts.len() as u64,
            returned: desk.refusals.len() as u64,
            withdrawn: desk.withdrawn as u64,
            refused: desk.turned_away as u64,
            unauthorized: load(&self.0.unauthorized),
            calls: calls.map(named).collect(),
            faults: self.0.saboteur.struck().into_iter().map(named).collect(),
        }
    }

    pub(crate) fn saboteur(&self) -> &Saboteur {
        &self.0.saboteur
    }

    pub(crate) fn count_call(&self, method: usize) {
        if let Some(calls) = self.0.calls.get(method) {
            calls.fetch_add(1, Ordering::Relaxed);
        }
    }

    pub(crate) fn count_unauthorized(&self) {
        self.0.unauthorized.fetch_add(1, Ordering::Relaxed);
    }

    /// Numbers of the undecided applications after `after`, as indexes.
    pub(crate) fn pending_after(&self, after: Option<&str>, limit: usize) -> Vec<usize> {
        // Numbers sort as indexes do, so any text has a place among them.
        let first = after.map_or(0, |after| {
            let (mut low, mut high) = (0, self.world().len());
            while low < high {
                let middle = low.midpoint(high);
                if self.number(middle).as_str() > after {
                    high = middle;
                } else {
                    low = middle + 1;
                }
            }
            low
        });
        self.desk().pending_from(first, limit)
    }

    pub(crate) fn issue(&self, i: usize) -> Result<(String, Timestamp), AlreadyDecided> {
        let now = SystemClock.now();
        let sequence = self.desk().issue(i, now)?;
        Ok((invoice_number(self.world(), sequence), now))
    }

    pub(crate) fn give_back(&self, i: usize, reasons: Vec<String>) -> Result<(), AlreadyDecided> {
        self.desk()
            .give_back(self.world(), i, reasons, SystemClock.now())
    }

    pub(crate) fn dossier(&self, query: &DossierQuery, as_of: Timestamp) -> Dossier {
        let world = self.world();
        let (status, accumulation, relations) = match world.index_of(&query.sqbh) {
            None => Default::default(),
            Some(i) => {
                let desk = self.desk();
                (
                    desk.status(world, i),
                    desk.accumulation(world, i),
                    desk.relations(world, i),
                )
            }
        };
        Dossier {
            as_of,
            status,
            seller: world.taxpayer(&query.xfnsrsbh),
            buyer: world.taxpayer(&query.gmfnsrsbh),
            accumulation: accumulation.unwrap_or(crate::desk::NO_SUMS),
            relations: relations.unwrap_or(crate::desk::NO_RELATIONS),
            receipt: query
                .wspzhm
                .as_deref()
                .and_then(|number| world.receipt(number)),
        }
    }

    fn number(&self, i: usize) -> String {
        self.world().number(i).unwrap_or_default()
    }

    fn desk(&self) -> MutexGuard<'_, Desk> {
        self.0.desk.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
