//! Every job ends as its case was made to end, and says why.

use std::collections::BTreeMap;

use clerkwork_core::{ReviewState, State, Verdict};
use clerkwork_ledger::{JobFilter, Page};
use clerkwork_rig::{
    LedgerKind, Process, assert_book_agrees, assert_trail_is_whole, assert_trail_of,
    submit_pending, until_ended,
};

use crate::{LIMIT, stage::Stage};

const APPLICATIONS: usize = 300;

async fn as_expected(ledger: LedgerKind) {
    let stage = Stage::new(ledger, APPLICATIONS).await;
    let services = &stage.services;
    let batch = submit_pending(services, "verdicts").await;
    let process = Process::start(services);
    until_ended(services, batch, APPLICATIONS as u64, LIMIT).await;
    // The desk hands reviews out as long as it runs, and each time is an event.
    process.stop().await;
    let world = stage.rig.sandbox.state().world();
    let page = Page::first(1_000);
    let jobs = services.ledger.jobs(&JobFilter::default(), page).await;
    let jobs = jobs.unwrap();
    assert_eq!(jobs.len(), APPLICATIONS);
    let mut ends = BTreeMap::<_, usize>::new();
    for job in jobs {
        let case = world.case(world.index_of(&job.reference).unwrap()).unwrap();
        *ends.entry(job.state).or_default() += 1;
        let (state, acts) = match case.expected() {
            Verdict::Proceed => (State::Completed, (1, 0)),
            Verdict::Return => (State::Returned, (0, 1)),
            Verdict::Review | Verdict::Review2 | Verdict::Hold => (State::Blocked, (0, 0)),
        };
        assert_eq!((job.state, stage.acts(&job)), (state, acts), "{case:?}");
        assert_eq!(job.verdict, Some(case.expected()), "{case:?}");
        assert_eq!((job.attempt, job.failures), (1, 0), "{case:?}");
        let decisions = services.ledger.decisions(job.id).await.unwrap();
        assert_eq!(decisions.len(), 1, "{case:?}");
        let decided = &decisions[0].decision;
        assert!(!decided.rules.is_empty(), "{case:?}: no rule made it");
        match case.expected() {
            Verdict::Proceed => {}
            Verdict::Return => {
                let told = &stage.returned(&job)[0].reasons;
                let codes = decisions[0].findings.iter().map(|finding| &*finding.code);
                for code in codes {
                    assert!(told.iter().any(|line| line.contains(code)), "{told:?}");
                }
                assert!(!told.is_empty(), "{case:?}");
            }
            Verdict::Review | Verdict::Review2 | Verdict::Hold => {
                let review = stage.open_review(job.id).await;
                assert_eq!(review.rules, decided.rules, "{case:?}");
                assert_eq!(review.state, ReviewState::Open);
                assert_eq!(review.binding.facts, decided.facts_digest);
                assert_eq!(review.binding.policy, services.oversight.policy().version());
                assert_eq!(review.binding.payload, job.payload_digest);
            }
        }
        assert_trail_of(services, job).await;
    }
    assert_book_agrees(&stage.rig, services, batch).await;
    assert_trail_is_whole(services, batch).await;
    println!("{ledger:?}: {ends:?}");
    assert!(ends.values().all(|jobs| *jobs > 10), "{ends:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn three_hundred_applications_end_as_they_were_made_to_on_sqlite() {
    as_expected(LedgerKind::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn three_hundred_applications_end_as_they_were_made_to_on_postgres() {
    as_expected(LedgerKind::Postgres).await;
}
