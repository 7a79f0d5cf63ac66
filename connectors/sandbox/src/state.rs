//! The platform's memory, as tests and the admin API see it.

use std::{
    collections::BTreeMap,
    fmt,
    sync::{
        Arc, Mutex, MutexGuard, OnceLock, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use clerkwork_connectors_api::agent_invoice::{ApplicationStatus, Dossier, TaxpayerRisk};
use clerkwork_core::{Clock, Timestamp};
use clerkwork_etax::wire::DossierQuery;
use serde::Serialize;
use tokio::sync::Notify;

use crate::{
    World,
    api::METHOD_NAMES,
    clock::MovableClock,
    desk::{AlreadyDecided, Desk, invoice_number},
    faults::{Faults, InvalidFaults, Saboteur},
    memory::{AgentDeed, Journal, Line},
    portal::{Portal, PortalCounts, PortalSettings},
    red::{Numbers, RedDesk, RedWorld},
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
    /// Red-letter applications of the world.
    pub red_letters: u64,
    /// Not decided yet.
    pub red_pending: u64,
    /// Forms that were entered, those of the other side that were found included.
    pub forms: u64,
    /// Acts of issuing a red invoice.
    pub red_issued: u64,
    /// Refunds and offsets that were opened.
    pub settled: u64,
    /// Acts of reporting a red-letter application as done.
    pub written_back: u64,
    /// Acts of returning a red-letter application.
    pub red_returned: u64,
    /// Red-letter applications that the applicant withdrew.
    pub red_withdrawn: u64,
    /// Writes about red-letter invoices that were refused.
    pub red_refused: u64,
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

pub(crate) struct Memory {
    world: World,
    desk: Mutex<Desk>,
    pub(crate) red_world: RedWorld,
    pub(crate) red_desk: Mutex<RedDesk>,
    pub(crate) clock: MovableClock,
    /// Set once what was done before is done again.
    pub(crate) journal: OnceLock<Journal>,
    /// Told that a form may have changed.
    pub(crate) changed: Notify,
    saboteur: Saboteur,
    portal: Portal,
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
    pub(crate) fn new(
        world: World,
        red_world: RedWorld,
        faults: Faults,
        clock: Arc<dyn Clock>,
    ) -> Self {
        let numbers = Numbers::new(red_world.seed(), red_world.start());
        Self(Arc::new(Memory {
            desk: Mutex::new(Desk::new(&world)),
            red_desk: Mutex::new(RedDesk::new(numbers, red_world.len())),
            red_world,
            clock: MovableClock::over(clock),
            journal: OnceLock::new(),
            changed: Notify::new(),
            saboteur: Saboteur::new(world.seed(), faults),
            world,
            portal: Portal::default(),
            calls: Default::default(),
            unauthorized: AtomicU64::new(0),
        }))
    }

    /// Does again what was done before, then goes on writing.
    pub(crate) fn remember(&self, lines: Vec<Line>, journal: Journal) {
        let world = self.world();
        for line in lines {
            match line {
                Line::Red(stamped) => self.red_desk().apply(stamped),
                Line::Clock {
                    advance_seconds,
                    nanoseconds,
                } => self
                    .0
                    .clock
                    .advance(Duration::new(advance_seconds, nanoseconds)),
                // What was allowed once is allowed again, in the same order.
                Line::Agent(AgentDeed::Issued { application, at }) => {
                    self.desk().issue(application, at).ok();
                }
                Line::Agent(AgentDeed::Returned {
                    application,
                    reasons,
                    at,
                }) => {
                    let mut desk = self.desk();
                    desk.give_back(world, application, reasons, at).ok();
                }
                Line::Agent(AgentDeed::Withdrawn { application }) => {
                    self.desk().withdraw(world, application).ok();
                }
            }
        }
        self.red_desk().keep(journal.clone());
        self.0.journal.get_or_init(|| journal);
    }

    pub(crate) fn memory(&self) -> &Memory {
        &self.0
    }

    fn keep(&self, deed: AgentDeed) {
        if let Some(journal) = self.0.journal.get() {
            journal.agent(deed);
        }
    }

    /// What the platform says about a taxpayer of either world.
    pub(crate) fn taxpayer(&self, tax_id: &str) -> Option<TaxpayerRisk> {
        let known = self.world().taxpayer(tax_id);
        known.or_else(|| self.red_world().taxpayer(tax_id))
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
        let Some(application) = self.world().index_of(application_number) else {
            return self.withdraw_red(application_number);
        };
        let mut desk = self.desk();
        let withdrawn = desk.withdraw(self.world(), application).is_ok();
        if withdrawn {
            self.keep(AgentDeed::Withdrawn { application });
        }
        withdrawn
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

    /// Puts these settings of the legacy portal in the place of those in force, and unlocks its account.
    pub fn set_portal(&self, settings: PortalSettings) {
        self.0.portal.set(settings);
    }

    /// The settings of the legacy portal.
    pub fn portal_settings(&self) -> PortalSettings {
        self.0.portal.settings()
    }

    /// Ends all sessions of the legacy portal.
    pub fn expire_portal_sessions(&self) {
        self.0.portal.expire();
    }

    /// What was done at the door of the legacy portal.
    pub fn portal_counts(&self) -> PortalCounts {
        self.0.portal.counts()
    }

    /// Names and contents of the files that were added to an application through the portal.
    pub fn portal_uploads(&self, application_number: &str) -> Vec<(String, Vec<u8>)> {
        self.0.portal.uploaded(application_number)
    }

    pub(crate) fn portal(&self) -> &Portal {
        &self.0.portal
    }

    /// How much was done so far.
    pub fn counts(&self) -> Counts {
        let named = |(name, count): (&str, u64)| (name.to_string(), count);
        let load = |count: &AtomicU64| count.load(Ordering::Relaxed);
        let calls = METHOD_NAMES.into_iter().zip(self.0.calls.iter().map(load));
        let (desk, red) = (self.desk(), self.red_desk());
        let issued = red.forms.iter().filter(|form| form.issued_at.is_some());
        Counts {
            red_letters: self.red_world().len() as u64,
            red_pending: red.pending() as u64,
            forms: red.forms.len() as u64,
            red_issued: issued.count() as u64,
            settled: red.settlements.len() as u64,
            written_back: red.reports.len() as u64,
            red_returned: red.returns.len() as u64,
            red_withdrawn: red.withdrawn as u64,
            red_refused: red.turned_away() as u64,
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
        let first = place_after(self.world().len(), after, |i| self.number(i));
        self.desk().pending_from(first, limit)
    }

    /// The same of red-letter applications.
    pub(crate) fn red_pending_after(&self, after: Option<&str>, limit: usize) -> Vec<usize> {
        let world = self.red_world();
        let first = place_after(world.len(), after, |i| world.number(i).unwrap_or_default());
        self.red_desk().pending_from(first, limit)
    }

    pub(crate) fn issue(&self, i: usize) -> Result<(String, Timestamp), AlreadyDecided> {
        let at = self.now();
        let mut desk = self.desk();
        let sequence = desk.issue(i, at)?;
        self.keep(AgentDeed::Issued { application: i, at });
        drop(desk);
        Ok((invoice_number(self.world(), sequence), at))
    }

    pub(crate) fn give_back(&self, i: usize, reasons: Vec<String>) -> Result<(), AlreadyDecided> {
        let at = self.now();
        let mut desk = self.desk();
        desk.give_back(self.world(), i, reasons.clone(), at)?;
        self.keep(AgentDeed::Returned {
            application: i,
            reasons,
            at,
        });
        Ok(())
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
            seller: self.taxpayer(&query.xfnsrsbh),
            buyer: self.taxpayer(&query.gmfnsrsbh),
            accumulation: accumulation.unwrap_or(crate::desk::NO_SUMS),
            relations: relations.unwrap_or(crate::desk::NO_RELATIONS),
            page: None,
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

/// Index of the first application whose number comes after `after`. Numbers sort as indexes do, so
/// any text has a place among them.
fn place_after(len: usize, after: Option<&str>, number: impl Fn(usize) -> String) -> usize {
    let Some(after) = after else { return 0 };
    let (mut low, mut high) = (0, len);
    while low < high {
        let middle = low.midpoint(high);
        if number(middle).as_str() > after {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    low
}
