//! Random operations against a model in memory.

use std::{collections::BTreeMap, time::Duration};

use clerkwork_core::{Binding, Digest};
use clerkwork_core::{JobId, Lane, ReviewId, State, WorkerId};
use clerkwork_ledger::{Accepted, CancelOutcome, Changed, Claimed, NewJob, Refused, ReviewWrite};
use proptest::prelude::*;

use crate::world::{World, change, new, user};

#[derive(Debug, Clone)]
enum Op {
    Accept {
        reference: u8,
        late: bool,
    },
    Claim {
        job: usize,
        worker: u8,
        stale: bool,
    },
    Change {
        job: usize,
        to: State,
        wrong_attempt: bool,
    },
    Approve {
        job: usize,
    },
    Cancel {
        job: usize,
    },
    Redrive {
        job: usize,
    },
    Rescue {
        worker: u8,
    },
    Retire {
        worker: u8,
    },
    Promote {
        advance: u8,
    },
    Wake {
        job: usize,
    },
    Hold {
        job: usize,
        matter: u8,
    },
    Dispatch {
        room: u8,
    },
    Undispatch,
}

fn op() -> impl Strategy<Value = Op> {
    let job = 0_usize..12;
    prop_oneof![
        3 => (0_u8..12, any::<bool>()).prop_map(|(reference, late)| Op::Accept { reference, late }),
        4 => (job.clone(), 0_u8..3, prop::bool::weighted(0.1))
            .prop_map(|(job, worker, stale)| Op::Claim { job, worker, stale }),
        6 => (job.clone(), prop::sample::select(State::ALL.to_vec()), prop::bool::weighted(0.1))
            .prop_map(|(job, to, wrong_attempt)| Op::Change { job, to, wrong_attempt }),
        2 => job.clone().prop_map(|job| Op::Approve { job }),
        1 => job.clone().prop_map(|job| Op::Cancel { job }),
        1 => job.clone().prop_map(|job| Op::Redrive { job }),
        2 => job.clone().prop_map(|job| Op::Wake { job }),
        3 => (job, 0_u8..3).prop_map(|(job, matter)| Op::Hold { job, matter }),
        1 => (0_u8..3).prop_map(|worker| Op::Rescue { worker }),
        1 => (0_u8..3).prop_map(|worker| Op::Retire { worker }),
        2 => (0_u8..40).prop_map(|advance| Op::Promote { advance }),
        2 => (1_u8..6).prop_map(|room| Op::Dispatch { room }),
        1 => Just(Op::Undispatch),
    ]
}

#[derive(Debug, Clone, PartialEq)]
struct Modelled {
    state: State,
    attempt: u32,
    claimed: u32,
    rescues: u32,
    run_at: i64,
    worker: Option<WorkerId>,
    dispatched: bool,
    cancel_asked: bool,
    events: u64,
    open_review: Option<ReviewId>,
}

impl Modelled {
    fn become_available(&mut self, attempt: u32) {
        self.state = State::Available;
        self.attempt = attempt.max(self.claimed + 1);
        self.worker = None;
        self.dispatched = false;
        self.events += 1;
    }

    fn cancel(&mut self) {
        self.state = State::Cancelled;
        self.worker = None;
        // The review's lapse is an event of its own.
        self.events += 1 + u64::from(self.open_review.take().is_some());
    }

    fn refused(&self) -> Refused {
        Refused::JobIs {
            state: self.state,
            attempt: self.attempt,
        }
    }
}

struct Model {
    world: World,
    jobs: BTreeMap<JobId, Modelled>,
    by_reference: BTreeMap<u8, JobId>,
    /// Who holds which matter.
    holders: BTreeMap<u8, JobId>,
    workers: [WorkerId; 3],
}

const MAX_RESCUES: u32 = 2;

impl Model {
    fn pick(&self, job: usize) -> Option<(JobId, Modelled)> {
        let n = self.jobs.len();
        (n > 0)
            .then(|| {
                self.jobs
                    .iter()
                    .nth(job % n)
                    .map(|(id, m)| (*id, m.clone()))
            })
            .flatten()
    }

    async fn apply(&mut self, op: Op) {
        match op {
            Op::Accept { reference, late } => self.accept(reference, late).await,
            Op::Claim { job, worker, stale } => self.claim(job, worker, stale).await,
            Op::Change {
                job,
                to,
                wrong_attempt,
            } => self.change(job, to, wrong_attempt).await,
            Op::Approve { job } => self.approve(job).await,
            Op::Cancel { job } => self.cancel(job).await,
            Op::Redrive { job } => self.redrive(job).await,
            Op::Rescue { worker } => self.rescue(worker).await,
            Op::Retire { worker } => self.retire(worker).await,
            Op::Promote { advance } => self.promote(advance).await,
            Op::Wake { job } => self.wake(job).await,
            Op::Hold { job, matter } => self.hold(job, matter).await,
            Op::Dispatch { room } => self.dispatch(room).await,
            Op::Undispatch => {
                let n = self.world.ledger.undispatch(None).await.unwrap();
                let mut expected = 0;
                for job in self
                    .jobs
                    .values_mut()
                    .filter(|job| job.state == State::Available)
                {
                    expected += u64::from(std::mem::take(&mut job.dispatched));
                }
                assert_eq!(n, expected);
            }
        }
    }

    async fn accept(&mut self, reference: u8, late: bool) {
        let run_at = late.then(|| self.world.now().after(Duration::from_secs(20)));
        let job = NewJob {
            run_at,
            ..new(&format!("r{reference}"))
        };
        let accepted = self.world.ledger.accept(vec![job]).await.unwrap()[0];
        match (accepted, self.by_reference.get(&reference)) {
            (Accepted::New(id), None) => {
                self.by_reference.insert(reference, id);
                let modelled = Modelled {
                    state: if late {
                        State::Scheduled
                    } else {
                        State::Available
                    },
                    attempt: 1,
                    claimed: 0,
                    rescues: 0,
                    run_at: run_at.unwrap_or(self.world.now()).0,
                    worker: None,
                    dispatched: false,
                    cancel_asked: false,
                    events: 1,
                    open_review: None,
                };
                self.jobs.insert(id, modelled);
            }
            (Accepted::Same(id), Some(known)) => assert_eq!(id, *known),
            other => panic!("{other:?}"),
        }
    }

    async fn claim(&mut self, job: usize, worker: u8, stale: bool) {
        let Some((id, mut job)) = self.pick(job) else {
            return;
        };
        let worker = self.workers[usize::from(worker)];
        let attempt = job.attempt + u32::from(stale);
        let claimed = self.world.try_claim(id, attempt, worker).await;
        let expected = job.state == State::Available && !stale;
        assert_eq!(matches!(claimed, Claimed::Yes(_)), expected);
        if expected {
            job.state = State::Running;
            job.claimed = attempt;
            job.worker = Some(worker);
            job.events += 1;
            self.jobs.insert(id, job);
        }
    }

    async fn change(&mut self, job: usize, to: State, wrong_attempt: bool) {
        let Some((id, mut job)) = self.pick(job) else {
            return;
        };
        if !State::Running.may_become(to) {
            return;
        }
        let attempt = job.attempt + u32::from(wrong_attempt);
        let mut change = change(id, State::Running, attempt, to);
        let review = ReviewId::new();
        if to == State::Blocked {
            let digest = Digest([0; 32]);
            change.review = Some(ReviewWrite::Open {
                concern: None,
                id: review,
                rules: Vec::new(),
                binding: Binding {
                    payload: digest,
                    facts: digest,
                    policy: digest,
                },
            });
        }
        if matches!(to, State::Retryable | State::Waiting) {
            change.next_attempt = attempt + 1;
            change.run_at = Some(self.world.now().after(Duration::from_secs(10)));
        }
        change.release = to.is_terminal() && to != State::Failed;
        let answer = self.world.ledger.change(change.clone()).await.unwrap();
        if job.state != State::Running || wrong_attempt {
            assert_eq!(answer, Changed::No(job.refused()));
            return;
        }
        assert_eq!(answer, Changed::Yes);
        match to {
            State::Available => job.become_available(attempt),
            State::Cancelled => job.cancel(),
            State::Running => job.events += 1,
            _ => {
                job.state = to;
                job.attempt = change.next_attempt;
                job.worker = None;
                job.events += 1;
            }
        }
        if to == State::Blocked {
            job.open_review = Some(review);
        }
        job.run_at = change.run_at.map_or(job.run_at, |at| at.0);
        if change.release {
            self.holders.retain(|_, holder| *holder != id);
        }
        self.jobs.insert(id, job);
    }

    async fn approve(&mut self, job: usize) {
        let Some((id, mut job)) = self.pick(job) else {
            return;
        };
        let Some(review) = job.open_review else {
            return;
        };
        let mut decide = change(id, State::Blocked, job.attempt, State::Available);
        let (by, reason) = ("wang".to_owned(), "ok".to_owned());
        decide.review = Some(ReviewWrite::Decide {
            terms: None,
            id: review,
            approve: true,
            by,
            reason,
        });
        assert_eq!(self.world.change(decide).await, Changed::Yes);
        job.open_review = None;
        job.become_available(job.attempt);
        self.jobs.insert(id, job);
    }

    async fn cancel(&mut self, job: usize) {
        let Some((id, mut job)) = self.pick(job) else {
            return;
        };
        let outcome = self
            .world
            .ledger
            .request_cancel(id, user(), "x")
            .await
            .unwrap();
        if job.state == State::Running {
            assert_eq!(outcome, CancelOutcome::Requested);
            job.events += u64::from(!job.cancel_asked);
            job.cancel_asked = true;
        } else if job.state.may_become(State::Cancelled) {
            assert_eq!(outcome, CancelOutcome::Cancelled);
            job.cancel();
            self.holders.retain(|_, holder| *holder != id);
        } else {
            assert_eq!(outcome, CancelOutcome::No(job.refused()));
        }
        self.jobs.insert(id, job);
    }

    async fn redrive(&mut self, job: usize) {
        let Some((id, mut job)) = self.pick(job) else {
            return;
        };
        let answer = self.world.ledger.redrive(id, user(), "x").await.unwrap();
        if job.state == State::Failed {
            assert_eq!(answer, Changed::Yes);
            job.become_available(job.attempt + 1);
            job.rescues = 0;
            job.cancel_asked = false;
            self.jobs.insert(id, job);
        } else {
            assert_eq!(answer, Changed::No(job.refused()));
        }
    }

    async fn rescue(&mut self, worker: u8) {
        let worker = self.workers[usize::from(worker)];
        let n = self.world.ledger.rescue(worker, MAX_RESCUES).await.unwrap();
        let mut expected = 0;
        for job in self
            .jobs
            .values_mut()
            .filter(|job| job.worker == Some(worker))
        {
            expected += 1;
            if job.rescues >= MAX_RESCUES {
                job.state = State::Failed;
                job.worker = None;
                job.events += 1;
            } else {
                job.rescues += 1;
                job.become_available(job.attempt + 1);
            }
        }
        assert_eq!(n, expected);
    }

    async fn retire(&mut self, worker: u8) {
        let worker = self.workers[usize::from(worker)];
        let n = self.world.ledger.retire(worker).await.unwrap();
        let mut expected = 0;
        for job in self
            .jobs
            .values_mut()
            .filter(|job| job.worker == Some(worker))
        {
            expected += 1;
            job.become_available(job.attempt + 1);
        }
        assert_eq!(n, expected);
    }

    async fn promote(&mut self, advance: u8) {
        self.world.advance(u64::from(advance));
        let now = self.world.now();
        let n = self.world.ledger.promote_due(now, 100).await.unwrap();
        let mut expected = 0;
        for job in self.jobs.values_mut() {
            let waits = matches!(
                job.state,
                State::Scheduled | State::Retryable | State::Waiting
            );
            if waits && job.run_at <= now.0 {
                expected += 1;
                job.become_available(job.attempt);
            }
        }
        assert_eq!(n, expected);
    }

    async fn wake(&mut self, job: usize) {
        let Some((id, mut job)) = self.pick(job) else {
            return;
        };
        let topic = format!("test:{id}");
        let n = self.world.ledger.wake(&topic, user());
        let waits = job.state == State::Waiting;
        assert_eq!(n.await.unwrap(), u64::from(waits));
        if waits {
            job.become_available(job.attempt);
            self.jobs.insert(id, job);
        }
    }

    async fn hold(&mut self, job: usize, matter: u8) {
        let Some((id, job)) = self.pick(job) else {
            return;
        };
        let topic = format!("matter:{matter}");
        let held = self.world.ledger.hold(id, &topic);
        let free = self.holders.get(&matter).is_none_or(|holder| *holder == id);
        let expected = job.state == State::Running && free;
        assert_eq!(held.await.unwrap(), expected);
        if expected {
            self.holders.insert(matter, id);
        }
    }

    async fn dispatch(&mut self, room: u8) {
        let picked = self.world.pick(Lane::Standard, u32::from(room)).await;
        let ready = self
            .jobs
            .values()
            .filter(|j| j.state == State::Available && !j.dispatched);
        assert_eq!(picked.len(), ready.count().min(usize::from(room)));
        for entry in picked {
            let job = self.jobs.get_mut(&entry.job).unwrap();
            assert!(job.state == State::Available && !job.dispatched);
            assert_eq!(entry.attempt, job.attempt);
            job.dispatched = true;
        }
    }

    async fn compare(&self) {
        for (id, modelled) in &self.jobs {
            let job = self.world.job(*id).await;
            assert_eq!(
                (
                    job.state,
                    job.attempt,
                    job.worker,
                    job.cancel_requested,
                    job.seq
                ),
                (
                    modelled.state,
                    modelled.attempt,
                    modelled.worker,
                    modelled.cancel_asked,
                    modelled.events
                )
            );
            let numbers: Vec<_> = self
                .world
                .events(*id)
                .await
                .iter()
                .map(|event| event["job_seq"].as_u64().unwrap())
                .collect();
            assert_eq!(numbers, (1..=modelled.events).collect::<Vec<_>>());
            let review = self.world.ledger.review_of_job(*id).await.unwrap();
            let open = review
                .filter(|r| r.state == clerkwork_core::ReviewState::Open)
                .map(|r| r.id);
            assert_eq!(open, modelled.open_review);
            let wait = self.world.ledger.wait_of(*id).await.unwrap();
            assert_eq!(wait.is_some(), modelled.state == State::Waiting);
        }
        let held = self.world.number("SELECT count(*) FROM matter").await;
        assert_eq!(held, self.holders.len() as i64);
        self.world.assert_counts().await;
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, ..ProptestConfig::default() })]

    #[test]
    fn the_ledger_does_what_the_model_does(ops in prop::collection::vec(op(), 1..120)) {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        runtime.block_on(async {
            let mut model = Model {
                world: World::sqlite().await,
                jobs: BTreeMap::new(),
                by_reference: BTreeMap::new(),
                holders: BTreeMap::new(),
                workers: [WorkerId::new(), WorkerId::new(), WorkerId::new()],
            };
            for op in ops {
                model.apply(op).await;
            }
            model.compare().await;
        });
    }
}
