//! Holds the ledger against the sandbox's own book of red-letter invoices.

use std::collections::{BTreeMap, BTreeSet};

use clerkwork_core::{BatchId, Job, State};
use clerkwork_ledger::{JobFilter, Page};
use clerkwork_runtime::Services;
use clerkwork_sandbox::{RedBook, RedCase, RedEnd};

use crate::Rig;

/// How often something was done upstream about one application.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct RedActs {
    /// Forms entered through the API.
    pub forms: usize,
    /// Answers given to the other side's form.
    pub answers: usize,
    /// Red invoices issued.
    pub reds: usize,
    /// Refunds and offsets opened.
    pub settlements: usize,
    /// Reports that it is done.
    pub reports: usize,
    /// Returns to the applicant.
    pub returns: usize,
}

impl RedActs {
    /// From the sandbox's own book. Forms and invoices are those that say what the application
    /// asks for, whoever entered them.
    pub fn of(book: &RedBook, application: &str) -> Self {
        let is_its = |number: &Option<String>| number.as_deref() == Some(application);
        let forms = || {
            book.forms
                .values()
                .flatten()
                .filter(|form| is_its(&form.application_number))
        };
        let reds = || {
            book.issued
                .values()
                .flatten()
                .filter(|red| is_its(&red.application_number))
        };
        let answers = |form: &str| {
            let answers = book.answered.get(form).into_iter().flatten();
            answers.filter(|answer| answer.answer == "agree").count()
        };
        let count = |of: Option<usize>| of.unwrap_or(0);
        Self {
            forms: forms().filter(|form| !form.found).count(),
            answers: forms()
                .filter(|form| form.found)
                .map(|form| answers(&form.form_number))
                .sum(),
            reds: reds().count(),
            settlements: reds()
                .map(|red| count(book.settled.get(&red.red_number).map(Vec::len)))
                .sum(),
            reports: count(book.written_back.get(application).map(Vec::len)),
            returns: count(book.returned.get(application).map(Vec::len)),
        }
    }
}

/// Every job of the batch, with its item.
async fn jobs(services: &Services, batch: BatchId) -> Vec<Job> {
    let filter = JobFilter {
        batch: Some(batch),
        ..JobFilter::default()
    };
    let mut all: Vec<Job> = Vec::new();
    loop {
        let page = Page {
            after: all.last().map(|job| job.id),
            limit: 1_000,
        };
        let jobs = services.ledger.jobs(&filter, page).await.expect("jobs");
        if jobs.is_empty() {
            return all;
        }
        all.extend(jobs);
    }
}

/// Checks that each red-letter job of the batch ended as its application was made to, was acted on
/// once, and that every red invoice and every form of the book stands in one report.
pub async fn assert_red_book_agrees(rig: &Rig, services: &Services, batch: BatchId) {
    let state = rig.sandbox.state();
    let world = state.red_world();
    let book = state.red_book();
    let mut wrong = BTreeMap::<(RedCase, State), Vec<String>>::new();
    let jobs = jobs(services, batch).await;
    assert_eq!(jobs.len(), world.len());
    for job in &jobs {
        let index = world.index_of(&job.reference).expect("an application");
        let case = world.case(index).expect("a case");
        let (expected, reported, returned) = match case.expected() {
            RedEnd::Completed => (State::Completed, 1, 0),
            RedEnd::Returned => (State::Returned, 0, 1),
            RedEnd::Blocked => (State::Blocked, 0, 0),
        };
        let acts = RedActs::of(&book, &job.reference);
        if job.state != expected {
            let review = services
                .ledger
                .review_of_job(job.id)
                .await
                .expect("reviews");
            let rules = review.into_iter().flat_map(|review| review.rules);
            let mut why: Vec<_> = rules.map(|rule| rule.id).collect();
            why.extend(job.last_error.clone());
            let place = wrong.entry((case, job.state)).or_default();
            place.push(format!("{}: {}", job.reference, why.join(" ")));
            continue;
        }
        assert_eq!(
            (acts.reports, acts.returns),
            (reported, returned),
            "{case:?}"
        );
        assert!(
            acts.answers <= 1 && acts.settlements <= 1,
            "{case:?}: {acts:?}"
        );
        // The parts of a series look alike: whose a form is, only the reports tell.
        if !matches!(case, RedCase::SeriesOfTwo | RedCase::SeriesOfThree) {
            let issued = usize::from(expected == State::Completed);
            assert_eq!(
                (acts.reds, acts.forms <= 1),
                (issued, true),
                "{case:?}: {acts:?}"
            );
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    let reports: Vec<_> = book.written_back.values().flatten().collect();
    let reds: BTreeSet<_> = reports.iter().map(|report| &report.red_number).collect();
    let forms: BTreeSet<_> = reports.iter().map(|report| &report.form_number).collect();
    let issued: Vec<_> = book.issued.values().flatten().collect();
    assert_eq!((reds.len(), forms.len()), (reports.len(), reports.len()));
    assert_eq!(issued.len(), reports.len());
    assert!(issued.iter().all(|red| reds.contains(&red.red_number)));
}
