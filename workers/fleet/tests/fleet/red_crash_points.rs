//! A red-letter job is stopped at every point at which it can be stopped, over all its attempts and
//! waits, with every write upstream lost in turn on its way there and on its way back.
//!
//! Nothing is listed: the writes are those that a run without a death makes, the points are all
//! moments at which its attempts wait. Of each request to the ledger that is the moment between
//! handing it in and its answer (it still lands, its answer is never seen); of each call upstream the
//! moment before it leaves, while it is under way, and when its answer is there unseen. The process
//! dies there, another takes over, and the end must be the one that comes without a death: one form,
//! one red invoice, one report.

use std::{collections::BTreeMap, pin::pin, task::Poll};

use clerkwork_core::{EffectState, Job, JobId, State};
use clerkwork_fleet::travel;
use clerkwork_rig::{LedgerKind, RedActs as Acts, assert_trail_of};
use clerkwork_sandbox::RedCase;

use crate::{
    red_onlooker::{Loss, Record, Seen, watched_red},
    stage::{Stage, entry},
};

/// The one end that is right for a case.
fn end(case: RedCase) -> (State, Acts) {
    let done = Acts {
        forms: 1,
        reds: 1,
        reports: 1,
        ..Acts::default()
    };
    let returned = Acts {
        forms: 1,
        returns: 1,
        ..Acts::default()
    };
    match case {
        RedCase::ReturnInPart | RedCase::BuyerConfirms | RedCase::SellerConfirms => {
            (State::Completed, done)
        }
        RedCase::AgentRefund => {
            let settlements = 1;
            (
                State::Completed,
                Acts {
                    settlements,
                    ..done
                },
            )
        }
        RedCase::BuyersFormWaits => {
            let (forms, answers) = (0, 1);
            (
                State::Completed,
                Acts {
                    forms,
                    answers,
                    ..done
                },
            )
        }
        RedCase::BuyerRefuses | RedCase::Silent => (State::Returned, returned),
        RedCase::OneCentOver => (
            State::Returned,
            Acts {
                forms: 0,
                ..returned
            },
        ),
        RedCase::Abnormal => (
            State::Blocked,
            Acts {
                returns: 0,
                ..returned
            },
        ),
        other => panic!("{other:?} is not tried here"),
    }
}

/// Drives the attempt until it ends or has come to so many points; what is left of them. A point is
/// a wait that `place` tells from the one before it; to be polled in vain makes none.
async fn driven<T>(
    points: usize,
    attempt: impl Future<Output = T>,
    place: impl Fn() -> (u64, u64),
) -> (Option<T>, usize) {
    let mut attempt = pin!(attempt);
    let (mut left, mut at) = (points, None);
    let ended = std::future::poll_fn(|context| {
        if let Poll::Ready(answer) = attempt.as_mut().poll(context) {
            return Poll::Ready(Some(answer));
        }
        if at.replace(place()) != Some(place()) {
            if left == 0 {
                return Poll::Ready(None);
            }
            left -= 1;
        }
        Poll::Pending
    })
    .await;
    (ended, left)
}

/// Leads the job with a process that dies when it has passed so many points. Whether it died.
async fn dies(stage: &Stage, id: JobId, points: usize, record: &Record) -> bool {
    let doomed = watched_red(&stage.process().await, record);
    let place = || {
        let asked = doomed.ledger.stats().asked;
        (asked, record.lock().unwrap().moments)
    };
    let mut left = points;
    loop {
        let job = stage.job(id).await;
        match job.state {
            State::Available => {
                let (ended, rest) = driven(left, travel(&doomed, &entry(&job)), place).await;
                let Some(ended) = ended else {
                    // The ledger works in order: what the dead had handed in is done when this is.
                    stage.alive(&stage.services).await;
                    return true;
                };
                ended.unwrap();
                left = rest;
            }
            State::Waiting | State::Retryable => stage.let_time_pass(&job).await,
            _ => return false,
        }
    }
}

/// What the dead left: the last event and what was done upstream.
async fn found(stage: &Stage, id: JobId) -> String {
    let events = stage.events(id).await;
    let acts = stage.red_acts(&stage.job(id).await);
    let Acts {
        forms,
        answers,
        reds,
        settlements,
        reports,
        returns,
    } = acts;
    assert!(
        [forms, answers, reds, settlements, reports, returns]
            .iter()
            .all(|n| *n <= 1),
        "acted on twice: {acts:?}"
    );
    let done = [
        (forms, "form"),
        (answers, "answer"),
        (reds, "red"),
        (settlements, "settlement"),
        (reports, "report"),
        (returns, "return"),
    ];
    let done: Vec<_> = done
        .iter()
        .filter(|(n, _)| *n > 0)
        .map(|(_, name)| *name)
        .collect();
    format!("{} | {}", events.last().unwrap(), done.join("+"))
}

async fn assert_end(stage: &Stage, case: RedCase, job: &Job, context: &str) {
    let (state, acts) = end(case);
    let events = stage.events(job.id).await;
    assert_eq!(
        job.state, state,
        "{context}: {:?} {events:?}",
        job.last_error
    );
    assert_eq!(stage.red_acts(job), acts, "{context}: {events:?}");
    let count = |kind: &str| events.iter().filter(|event| *event == kind).count();
    let effects = stage.effects(job.id).await;
    let expected =
        acts.forms + acts.answers + acts.reds + acts.settlements + acts.reports + acts.returns;
    assert_eq!(
        effects,
        vec![EffectState::Confirmed; expected],
        "{context}: {events:?}"
    );
    assert_eq!(count("effect.confirmed"), expected, "{context}: {events:?}");
    let ended = ["completed", "returned", "failed", "cancelled"];
    let ended: usize = ended.iter().map(|end| count(&format!("job.{end}"))).sum();
    assert_eq!(
        ended,
        usize::from(state.is_terminal()),
        "{context}: {events:?}"
    );
    assert_trail_of(&stage.services, job.clone()).await;
}

/// The writes of a run in which nothing is lost and nobody dies.
async fn writes(stage: &Stage, case: RedCase, item: usize) -> Vec<&'static str> {
    let record = Record::default();
    let id = stage.submit_red(item).await;
    let services = watched_red(&stage.process().await, &record);
    let job = stage.lead_red(&services, id).await;
    assert_end(stage, case, &job, "undisturbed").await;
    let writes = record.lock().unwrap().writes.clone();
    assert!(!writes.is_empty() || job.state == State::Blocked);
    writes
}

/// Stops the job at every point, with each of its writes lost in each way; counts the points by what
/// the dead left.
async fn at_every_point(ledger: LedgerKind, case: RedCase, lossy: bool) -> BTreeMap<String, usize> {
    let stage = Stage::red(ledger, 900, &[case]).await;
    let mut items = 0..;
    let mut next = || items.next().unwrap();
    let writes = writes(&stage, case, next()).await;
    let mut losses = vec![None];
    if lossy {
        let both = |name| [Loss::Request, Loss::Answer].map(|loss| Some((name, loss)));
        losses.extend(writes.iter().copied().flat_map(both));
    }
    let mut deaths = BTreeMap::new();
    for loses in losses {
        for points in 0.. {
            let context = format!("{case:?}, {loses:?} lost, died after {points} points");
            let id = stage.submit_red(next()).await;
            let record = Record::default();
            *record.lock().unwrap() = Seen {
                loses,
                ..Seen::default()
            };
            let died = dies(&stage, id, points, &record).await;
            if died {
                *deaths.entry(found(&stage, id).await).or_default() += 1;
            }
            let job = stage.lead_red(&stage.process().await, id).await;
            assert_end(&stage, case, &job, &context).await;
            if !died {
                break;
            }
        }
    }
    let all: usize = deaths.values().sum();
    println!("{case:?}: {all} points, writes {writes:?}: {deaths:#?}");
    deaths
}

/// The points must include those where the dead leave this.
async fn way(ledger: LedgerKind, case: RedCase, lossy: bool, needed: &[&str]) {
    let deaths = at_every_point(ledger, case, lossy).await;
    for left in needed {
        assert!(deaths.contains_key(*left), "no `{left}` in {deaths:?}");
    }
}

const DIRECT: &[&str] = &[
    "job.claimed | ",
    "effect.intended | ",
    "effect.intended | form",
    "effect.intended | form+red",
    "effect.intended | form+red+report",
    "job.completed | form+red+report",
];

const WAITING: &[&str] = &[
    "job.claimed | ",
    "effect.intended | form",
    "job.waiting | form",
    "effect.intended | form+red",
    "job.completed | form+red+report",
];

const AGENT: &[&str] = &[
    "effect.intended | form+red",
    "effect.intended | form+red+settlement",
    "job.completed | form+red+settlement+report",
];

const ANSWERING: &[&str] = &[
    "effect.intended | ",
    "effect.intended | answer",
    "job.completed | answer+red+report",
];

const RETURNING: &[&str] = &[
    "job.waiting | form",
    "effect.intended | form",
    "effect.intended | form+return",
    "job.returned | form+return",
];

const LOST: &[&str] = &["effect.unknown | form", "effect.unknown | form+red"];

macro_rules! ways {
    ($($name:ident: $ledger:ident, $case:ident, $lossy:literal, $needed:expr;)+) => {$(
        #[tokio::test]
        async fn $name() {
            way(LedgerKind::$ledger, RedCase::$case, $lossy, $needed).await;
        }
    )+};
}

ways! {
    a_death_or_loss_anywhere_on_the_direct_route_changes_no_end_on_sqlite: Sqlite, ReturnInPart, true, &[DIRECT, LOST].concat();
    a_death_anywhere_on_the_direct_route_changes_no_end_on_postgres: Postgres, ReturnInPart, false, DIRECT;
    a_death_or_loss_anywhere_changes_no_end_when_the_buyer_confirms_on_sqlite: Sqlite, BuyerConfirms, true, &[WAITING, LOST].concat();
    a_death_anywhere_changes_no_end_when_the_seller_confirms_on_postgres: Postgres, SellerConfirms, false, WAITING;
    a_death_or_loss_anywhere_changes_no_end_when_tax_is_paid_back: Sqlite, AgentRefund, true, &[AGENT, LOST].concat();
    a_death_or_loss_anywhere_changes_no_end_when_the_other_sides_form_is_answered: Sqlite, BuyersFormWaits, true, ANSWERING;
    a_death_or_loss_anywhere_changes_no_end_when_the_buyer_refuses: Sqlite, BuyerRefuses, true, RETURNING;
    a_death_anywhere_changes_no_end_when_nobody_answers_for_72_hours: Sqlite, Silent, false, RETURNING;
    a_death_anywhere_changes_no_end_of_an_application_that_is_wrong: Sqlite, OneCentOver, true, &["job.returned | return"];
    a_death_anywhere_leaves_an_abnormal_voucher_to_a_person: Sqlite, Abnormal, false, &["job.blocked | form"];
}
