//! An attempt is stopped at every point at which it can be stopped, for every way an item can go.
//!
//! The points are not listed but derived: the attempt is polled 0, 1, 2 … times and then dropped,
//! until so many polls suffice to end it. Every wait for the ledger or the upstream is one such
//! point (a commit that was under way still lands, its answer is never seen), and the double of the
//! upstream adds those just before a call leaves and just after it was answered. Then the process
//! counts as dead, another one takes over, and the end must be the same as without a death.

use std::{collections::BTreeMap, pin::pin, task::Poll};

use clerkwork_core::{EffectState, Job, JobId, ReviewState, State, Verdict};
use clerkwork_fleet::travel;
use clerkwork_rig::{LedgerKind, RigOptions};
use clerkwork_runtime::Services;
use clerkwork_sandbox::{Case, Fault, FaultKind, Risk};

use crate::{
    onlooker::{Pauses, watched},
    review::under_another_policy,
    stage::{ISSUE, REASON, Stage, entry},
};

/// A way that an item can go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    Proceed,
    Return,
    Blocked,
    Approved,
    SentBack,
    /// Approved, and then another policy came into force.
    Lapsed,
    /// Approved by the one who has done it by hand.
    ByHand,
    /// The first answer to the act is lost on its way.
    Unclear,
}

impl Way {
    /// Brings an item that nobody used to where the attempt in question begins.
    async fn begin(self, stage: &Stage, before: &Services, items: &mut Items) -> JobId {
        let item = items.take(self);
        let id = match self {
            Self::ByHand => {
                let kind = before.kinds.get("invoice_quota").unwrap();
                let payload = serde_json::from_str(kind.example().unwrap()).unwrap();
                let reference = format!("quota-{item}");
                stage.submit_item(kind.name(), &reference, payload).await
            }
            _ => stage.submit(item).await,
        };
        match self {
            Self::Approved | Self::SentBack | Self::Lapsed | Self::ByHand => {
                let job = stage.lead(before, id).await;
                assert_eq!(job.state, State::Blocked);
                stage.decide(id, self != Self::SentBack).await;
            }
            Self::Unclear => {
                let lost = Fault::always(FaultKind::LostAnswer).times(1);
                stage.faults([lost.on(ISSUE)]);
            }
            Self::Proceed | Self::Return | Self::Blocked => {}
        }
        id
    }

    fn takes(self, case: Case) -> bool {
        match self {
            Self::Proceed | Self::Unclear => case == Case::Clean,
            Self::Return => case.expected() == Verdict::Return,
            // The risk must be the item's own: one that lies in others goes when they are returned.
            Self::Blocked | Self::Approved | Self::SentBack | Self::Lapsed => matches!(
                case,
                Case::Risk(
                    Risk::LargeAmount
                        | Risk::ImplausibleGoods
                        | Risk::HighRiskBuyer
                        | Risk::HighRiskSeller
                        | Risk::RedWarning
                        | Risk::SpecialByPerson
                )
            ),
            Self::ByHand => true,
        }
    }

    /// The one end that is right, however often a process died.
    async fn assert_end(self, stage: &Stage, job: &Job) {
        use ReviewState as R;
        let (state, acts, reviews): (_, _, &[R]) = match self {
            Self::Proceed | Self::Unclear => (State::Completed, (1, 0), &[]),
            Self::Approved => (State::Completed, (1, 0), &[R::Approved]),
            Self::ByHand => (State::Completed, (0, 0), &[R::Approved]),
            Self::Return => (State::Returned, (0, 1), &[]),
            Self::SentBack => (State::Returned, (0, 1), &[R::Returned]),
            Self::Blocked => (State::Blocked, (0, 0), &[R::Open]),
            Self::Lapsed => (State::Blocked, (0, 0), &[R::Open, R::Lapsed]),
        };
        stage.assert_end(job, state, acts).await;
        let events = stage.events(job.id).await;
        let count = |kind: &str| events.iter().filter(|event| *event == kind).count();
        let acted = acts.0 + acts.1;
        assert_eq!(count("effect.confirmed"), acted, "{events:?}");
        assert_eq!(count("review.opened"), reviews.len(), "{events:?}");
        let ended = ["completed", "returned", "failed", "cancelled"];
        let ended: usize = ended.iter().map(|end| count(&format!("job.{end}"))).sum();
        assert_eq!(ended, usize::from(state.is_terminal()), "{events:?}");
        let effects = stage.effects(job.id).await;
        assert_eq!(effects, vec![EffectState::Confirmed; acted]);
        let left = stage.reviews(job.id).await;
        let left: Vec<_> = left.iter().map(|review| review.state).collect();
        assert_eq!(left, reviews);
        if self == Self::Lapsed {
            let rules = stage.blocked_by(job.id).await;
            let says_why = rules.iter().any(|id| id == "fleet.approval_lapsed");
            assert!(says_why, "{rules:?} in {events:?}");
        }
        for returned in stage.returned(job) {
            let by_person = returned.reasons.iter().any(|reason| reason == REASON);
            assert_eq!(by_person, self == Self::SentBack, "{returned:?}");
        }
    }
}

/// Polls the attempt so often and drops it then; what it answered, if it had ended.
async fn stopped_after<T>(polls: usize, attempt: impl Future<Output = T>) -> Option<T> {
    let mut attempt = pin!(attempt);
    let mut left = polls;
    std::future::poll_fn(|context| {
        if left == 0 {
            return Poll::Ready(None);
        }
        left -= 1;
        match attempt.as_mut().poll(context) {
            Poll::Ready(answer) => Poll::Ready(Some(answer)),
            Poll::Pending if left == 0 => Poll::Ready(None),
            Poll::Pending => Poll::Pending,
        }
    })
    .await
}

/// Leads the job with a process that dies after so many polls. Whether it died.
async fn dies(stage: &Stage, id: JobId, polls: usize) -> bool {
    let doomed = watched(&stage.process().await, Pauses);
    let entry = entry(&stage.job(id).await);
    match stopped_after(polls, travel(&doomed, &entry)).await {
        Some(ended) => {
            ended.unwrap();
            false
        }
        None => {
            // The ledger works in order: what the dead had handed in is done when this is.
            stage.alive(&stage.services).await;
            true
        }
    }
}

/// What the dead left: the last event and what was done upstream.
async fn found(stage: &Stage, id: JobId) -> String {
    let events = stage.events(id).await;
    let acts = match stage.acts(&stage.job(id).await) {
        (0, 0) => "nothing done upstream",
        (1, 0) => "issued",
        (0, 1) => "returned",
        other => panic!("acted on twice: {other:?}"),
    };
    format!("{}, {acts}", events.last().unwrap())
}

/// The applications that were not used yet, with their cases.
struct Items(Vec<(usize, Case)>);

impl Items {
    fn of(stage: &Stage) -> Self {
        let world = stage.rig.sandbox.state().world();
        let case = |i| world.case(i).map(|case| (i, case));
        Self((0..world.len()).filter_map(case).collect())
    }

    fn take(&mut self, way: Way) -> usize {
        let fits = |(_, case): &(usize, Case)| way.takes(*case);
        let at = self.0.iter().position(fits);
        self.0.remove(at.expect("applications for every point")).0
    }
}

/// So many attempts in a row that came to their end before they were to die.
const ENOUGH: usize = 4;

/// How often all points are gone through at the most until each that is needed was met.
const ROUNDS: usize = 5;

/// Stops the attempt at every point; counts the points by what the dead left.
async fn at_every_point(
    stage: &Stage,
    before: &Services,
    items: &mut Items,
    way: Way,
) -> BTreeMap<String, usize> {
    let mut deaths = BTreeMap::new();
    // How often an attempt is polled differs by a few with how answers come in: that one has come
    // to its end does not mean that every other would have.
    let mut ended = 0;
    for polls in 0.. {
        let id = way.begin(stage, before, items).await;
        let died = dies(stage, id, polls).await;
        if died {
            *deaths.entry(found(stage, id).await).or_default() += 1;
        }
        let job = stage.lead(&stage.process().await, id).await;
        way.assert_end(stage, &job).await;
        ended = if died { 0 } else { ended + 1 };
        if ended == ENOUGH {
            break;
        }
    }
    let points: usize = deaths.values().sum();
    println!("{way:?}: {points} points: {deaths:#?}");
    deaths
}

async fn stage(ledger: LedgerKind) -> Stage {
    Stage::with(RigOptions {
        ledger,
        applications: 4_000,
        ..RigOptions::default()
    })
    .await
}

/// Tries these ways; the points of each must include those where the dead leave this.
async fn ways(ledger: LedgerKind, ways: &[(Way, &[&str])]) {
    let mut stage = stage(ledger).await;
    let mut items = Items::of(&stage);
    for (way, needed) in ways {
        let before = stage.services.clone();
        if *way == Way::Lapsed {
            stage.services = under_another_policy(&before);
        }
        // An attempt that is polled once more than the one before it makes a round step over a
        // point: another round finds it.
        let mut deaths: BTreeMap<String, usize> = BTreeMap::new();
        for _ in 0..ROUNDS {
            for (left, times) in at_every_point(&stage, &before, &mut items, *way).await {
                *deaths.entry(left).or_default() += times;
            }
            if needed.iter().all(|left| deaths.contains_key(*left)) {
                break;
            }
        }
        for left in *needed {
            assert!(deaths.contains_key(*left), "no `{left}` in {deaths:?}");
        }
    }
}

const ISSUING: &[&str] = &[
    "job.claimed, nothing done upstream",
    "effect.intended, nothing done upstream",
    "effect.intended, issued",
    "job.completed, issued",
];

const RETURNING: &[&str] = &[
    "job.claimed, nothing done upstream",
    "effect.intended, nothing done upstream",
    "effect.intended, returned",
    "job.returned, returned",
];

const BLOCKING: &[&str] = &[
    "job.claimed, nothing done upstream",
    "job.blocked, nothing done upstream",
];

const LAPSING: &[&str] = &[
    "job.claimed, nothing done upstream",
    "review.lapsed, nothing done upstream",
    "job.blocked, nothing done upstream",
];

const BY_HAND: &[&str] = &[
    "job.claimed, nothing done upstream",
    "job.completed, nothing done upstream",
];

const UNCLEAR: &[&str] = &[
    "effect.intended, issued",
    "effect.unknown, issued",
    "job.completed, issued",
];

#[tokio::test]
async fn a_death_at_any_point_changes_no_end_on_sqlite() {
    let all = [
        (Way::Proceed, ISSUING),
        (Way::Return, RETURNING),
        (Way::Blocked, BLOCKING),
        (Way::Unclear, UNCLEAR),
    ];
    ways(LedgerKind::Sqlite, &all).await;
}

#[tokio::test]
async fn a_death_at_any_point_changes_no_end_that_people_decided_on_sqlite() {
    // The last changes the policy for what comes after it.
    let all = [
        (Way::Approved, ISSUING),
        (Way::SentBack, RETURNING),
        (Way::ByHand, BY_HAND),
        (Way::Lapsed, LAPSING),
    ];
    ways(LedgerKind::Sqlite, &all).await;
}

#[tokio::test]
async fn a_death_at_any_point_changes_no_end_on_postgres() {
    let all = [
        (Way::Proceed, ISSUING),
        (Way::Return, RETURNING),
        (Way::Unclear, UNCLEAR),
        (Way::Approved, ISSUING),
        (Way::Lapsed, LAPSING),
    ];
    ways(LedgerKind::Postgres, &all).await;
}

/// The one who takes over dies as well, at every point of its own way.
#[tokio::test]
async fn a_second_death_at_any_point_after_any_first_changes_no_end() {
    let stage = stage(LedgerKind::Sqlite).await;
    let mut items = Items::of(&stage);
    let (mut pairs, mut first) = (0, 0);
    loop {
        let mut first_died = true;
        for second in 0.. {
            let id = Way::Proceed
                .begin(&stage, &stage.services, &mut items)
                .await;
            first_died = dies(&stage, id, first).await;
            let held_by = stage.job(id).await.worker;
            if let Some(dead) = held_by {
                stage.rescue(dead).await;
            }
            let resting = stage.job(id).await.state != State::Available;
            let second_died = !resting && dies(&stage, id, second).await;
            let job = stage.lead(&stage.process().await, id).await;
            Way::Proceed.assert_end(&stage, &job).await;
            pairs += usize::from(second_died);
            if !second_died {
                break;
            }
        }
        if !first_died {
            break;
        }
        first += 1;
    }
    println!("{pairs} pairs of points");
    assert!(pairs > 50, "{pairs}");
}
