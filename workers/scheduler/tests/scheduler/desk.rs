//! Every blocked item has somebody and a deadline, and no deadline ever decides.
//!
//! The clock is set by hand, forward and back; one look at a time is made, as the leader makes it.

use std::sync::{
    Arc,
    atomic::{AtomicI64, Ordering},
};

use clerkwork_audit::{EventDraft, EventType};
use clerkwork_core::{
    Actor, Binding, Clock, Digest, JobId, KindName, Office, Review, ReviewId, ReviewState, Role,
    RuleHit, State, Text, Tier, Timestamp, Verdict, WorkerId,
};
use clerkwork_ledger::{
    Authority, BundleVerdict, Change, Changed, Claim, Claimed, NewBundle, NewJob, NewUser,
    PeopleChange, ReviewPatch, ReviewWrite, Token,
};
use clerkwork_rig::{LedgerKind, Process, Rig};
use clerkwork_runtime::Services;
use clerkwork_scheduler::Desk;
use clerkwork_testkit::eventually;
use serde_json::{Value, json};

use crate::{
    LIMIT, on_both_ledgers,
    stage::{self, accept, events, job},
};

const MINUTE: i64 = 60_000_000;
/// Midnight in China before Monday, 2 March 2026.
const MONDAY: i64 = 1_772_380_800_000_000;
const POLICY: Digest = Digest([3; 32]);

/// A time in China, on a day after that Monday.
fn at(day: i64, hour: i64, minute: i64) -> Timestamp {
    Timestamp(MONDAY + ((day * 24 + hour) * 60 + minute) * MINUTE)
}

#[derive(Debug)]
struct Hand(AtomicI64);

impl Hand {
    fn set(&self, to: Timestamp) {
        self.0.store(to.0, Ordering::SeqCst);
    }
}

impl Clock for Hand {
    fn now(&self) -> Timestamp {
        Timestamp(self.0.load(Ordering::SeqCst))
    }
}

/// A desk on Monday at nine, with an administrator and no supervisors.
struct Room {
    rig: Rig,
    services: Services,
    clock: Arc<Hand>,
}

impl Room {
    async fn new(ledger: LedgerKind) -> Self {
        let rig = stage::rig(ledger, &[("desk.look_every_seconds", "0.05")]).await;
        let clock = Arc::new(Hand(AtomicI64::new(at(0, 9, 0).0)));
        let services = rig.services_at(clock.clone()).await;
        services
            .ledger
            .claim_installation("root", Office::default(), "first", &Token::generate())
            .await
            .unwrap()
            .unwrap();
        Self {
            rig,
            services,
            clock,
        }
    }

    async fn people(&self, change: PeopleChange) {
        let root = self.services.ledger.user("root").await.unwrap().unwrap();
        let authority = Authority::of(&root);
        let changed = self.services.ledger.change_people(&authority, change);
        changed.await.unwrap().unwrap();
    }

    async fn person(&self, name: &str, role: Role, office: &str, groups: &[&str]) {
        self.people(PeopleChange::Create(NewUser {
            name: name.into(),
            office: Office::new(office).unwrap(),
            roles: vec![role],
            groups: groups.iter().map(|group| (*group).to_owned()).collect(),
        }))
        .await;
    }

    /// One person of each tier: `b`, `e`, `i`.
    async fn a_ladder(&self) {
        for (name, tier) in ["b", "e", "i"].into_iter().zip(Tier::ALL) {
            self.person(name, Role::Supervisor(tier), "center", &[])
                .await;
        }
    }

    async fn blocked(&self, name: &str) -> ReviewId {
        self.blocked_with(job(name), Verdict::Review, None).await
    }

    async fn blocked_with(&self, job: NewJob, asks: Verdict, concern: Option<&str>) -> ReviewId {
        let job = accept(&self.services.ledger, vec![job]).await[0];
        let attempt = self.job_of(job).await.1;
        let claim = Claim {
            job,
            attempt,
            worker: WorkerId::new(),
            actor: Actor::Robot("stage".into()),
        };
        let claimed = self.services.ledger.claim(claim).await.unwrap();
        assert!(matches!(claimed, Claimed::Yes(_)));
        let id = ReviewId::new();
        let event = EventDraft::new(
            EventType::JobBlocked,
            Actor::Robot("stage".into()),
            json!({}),
        );
        let mut block = Change::new(job, State::Running, attempt, State::Blocked).event(event);
        block.review = Some(ReviewWrite::Open {
            id,
            rules: vec![RuleHit {
                id: "a.large".into(),
                tier: Tier::Business,
                asks,
                reason: Text::new("原因", "reason"),
            }],
            binding: Binding {
                payload: Digest([1; 32]),
                facts: Digest([2; 32]),
                policy: POLICY,
            },
            concern: concern.map(str::to_owned),
        });
        assert_eq!(
            self.services.ledger.change(block).await.unwrap(),
            Changed::Yes
        );
        id
    }

    async fn job_of(&self, job: JobId) -> (State, u32) {
        stage::state(&self.services, job).await
    }

    async fn review(&self, id: ReviewId) -> Review {
        self.services.ledger.review(id).await.unwrap().unwrap()
    }

    async fn with(&self, id: ReviewId) -> String {
        self.review(id).await.assigned_to.unwrap_or_default()
    }

    async fn look(&self) -> u64 {
        Desk::new(&self.services).look().await.unwrap()
    }

    async fn look_at(&self, time: Timestamp) -> u64 {
        self.clock.set(time);
        self.look().await
    }

    /// By a person, past the desk.
    async fn patch(&self, id: ReviewId, patch: ReviewPatch) {
        let review = self.review(id).await;
        let attempt = self.job_of(review.job).await.1;
        let event = EventDraft::new(EventType::ReviewClaimed, Actor::User("b".into()), json!({}));
        let mut change =
            Change::new(review.job, State::Blocked, attempt, State::Blocked).event(event);
        change.review = Some(ReviewWrite::Patch {
            id,
            revision: review.revision,
            patch: Box::new(patch),
        });
        assert_eq!(
            self.services.ledger.change(change).await.unwrap(),
            Changed::Yes
        );
    }

    /// The types of what the desk did to a review, the oldest first.
    async fn done(&self, id: ReviewId) -> Vec<String> {
        let job = self.review(id).await.job;
        let all = self.services.ledger.events_of(job).await.unwrap();
        all.iter()
            .map(|event| serde_json::from_slice::<Value>(&event.bytes).unwrap())
            .filter(|event| event["actor"].to_string().contains("desk"))
            .map(|event| event["type"].as_str().unwrap().to_owned())
            .collect()
    }

    /// Undecided, whatever the desk did.
    async fn waits(&self, id: ReviewId) {
        let review = self.review(id).await;
        assert_eq!(review.state, ReviewState::Open);
        assert!(review.approvals.is_empty() && review.decided_by.is_none());
        assert_eq!(self.job_of(review.job).await.0, State::Blocked);
    }
}

const BUSINESS: Role = Role::Supervisor(Tier::Business);

async fn a_review_goes_to_the_least_loaded_of_those_who_may(ledger: LedgerKind) {
    let room = Room::new(ledger).await;
    // `stage` submits, and its items are about the taxpayer `stage`.
    for name in [
        "stage", "related", "away", "alice", "bob", "proposer", "approver",
    ] {
        room.person(name, BUSINESS, "center", &[]).await;
    }
    room.person("elsewhere", BUSINESS, "center/east", &[]).await;
    room.person("operator", Role::Operator, "center", &[]).await;
    room.people(PeopleChange::Relate {
        user: "related".into(),
        subject_id: "stage".into(),
    })
    .await;
    room.people(PeopleChange::Enable {
        user: "away".into(),
        enabled: false,
    })
    .await;
    let bundle = NewBundle {
        version: POLICY,
        files: Default::default(),
        note: "stricter".into(),
        installed: (Digest([4; 32]), Default::default()),
    };
    let ledger = &room.services.ledger;
    let by = async |name: &str| Authority::of(&ledger.user(name).await.unwrap().unwrap());
    let (proposer, approver) = (by("proposer").await, by("approver").await);
    let proposed = ledger.propose_policy(bundle, &proposer).await.unwrap();
    assert!(proposed.is_ok());
    let approve = ledger.decide_policy(POLICY, BundleVerdict::Approve, "good", &approver);
    assert!(approve.await.unwrap().is_ok());
    let mut reviews = Vec::new();
    for name in ["r1", "r2", "r3"] {
        reviews.push(room.blocked(name).await);
    }
    assert_eq!(room.look().await, 3);
    let mut with = Vec::new();
    for id in &reviews {
        with.push(room.with(*id).await);
        assert_eq!(room.done(*id).await, ["review.assigned"]);
        assert_eq!(room.review(*id).await.due_at, Some(at(0, 14, 30)));
        room.waits(*id).await;
    }
    assert_eq!(with, ["alice", "bob", "alice"]);
    assert_eq!(room.look().await, 0, "nothing is done twice");
}

async fn who_submitted_the_batch_never_gets_its_items(ledger: LedgerKind) {
    let room = Room::new(ledger).await;
    room.person("stage", BUSINESS, "center", &[]).await;
    let batch = stage::batch(&room.services.ledger, "batch", 1).await;
    let one = NewJob {
        batch: Some(batch),
        submitter: "li".into(),
        subject_id: "other".into(),
        ..job("r1")
    };
    let id = room.blocked_with(one, Verdict::Review, None).await;
    room.look().await;
    assert_eq!(room.with(id).await, "group:tier-business");
}

async fn an_office_is_served_by_itself_and_those_above(ledger: LedgerKind) {
    let room = Room::new(ledger).await;
    room.person("above", BUSINESS, "center", &[]).await;
    room.person("namesake", BUSINESS, "center/ea", &[]).await;
    let of = |name: &str, office: &str| NewJob {
        office: Office::new(office).unwrap(),
        ..job(name)
    };
    let east = room
        .blocked_with(of("r1", "center/east"), Verdict::Review, None)
        .await;
    let foreign = room
        .blocked_with(of("r2", "center2"), Verdict::Review, None)
        .await;
    room.look().await;
    assert_eq!(room.with(east).await, "above");
    assert_eq!(
        room.with(foreign).await,
        "group:tier-business",
        "never lost"
    );
}

async fn specialists_come_first_and_alone(ledger: LedgerKind) {
    let room = Room::new(ledger).await;
    room.person("alice", BUSINESS, "center", &[]).await;
    room.person("zoe", BUSINESS, "center", &["agent_invoice_review"])
        .await;
    let first = room.blocked("r1").await;
    let second = room.blocked("r2").await;
    let other = NewJob {
        kind: KindName::new("red_letter_invoice"),
        ..job("r3")
    };
    let other = room.blocked_with(other, Verdict::Review, None).await;
    room.look().await;
    assert_eq!(
        [room.with(first).await, room.with(second).await],
        ["zoe", "zoe"]
    );
    assert_eq!(room.with(other).await, "alice");
}

async fn the_first_of_two_leaves_the_highest_tier_for_the_second(ledger: LedgerKind) {
    let room = Room::new(ledger).await;
    room.person("chief", Role::Supervisor(Tier::Integrity), "center", &[])
        .await;
    let alone = room.blocked_with(job("r1"), Verdict::Review2, None).await;
    room.look().await;
    assert_eq!(room.with(alone).await, "chief");
    room.person("zoe", BUSINESS, "center", &[]).await;
    for name in ["r2", "r3"] {
        let id = room.blocked_with(job(name), Verdict::Review2, None).await;
        room.look().await;
        assert_eq!(room.with(id).await, "zoe", "however many she has");
    }
}

async fn time_reminds_escalates_and_expires_once_and_never_decides(ledger: LedgerKind) {
    let room = Room::new(ledger).await;
    room.a_ladder().await;
    let id = room.blocked("r1").await;
    assert_eq!(room.look().await, 1);
    // A quarter of the 240 minutes is left from noon on: the lunch does not count.
    assert_eq!(room.look_at(at(0, 11, 59)).await, 0);
    assert_eq!(room.look_at(at(0, 12, 0)).await, 1);
    assert_eq!(room.look_at(at(0, 14, 29)).await, 0, "one reminder a level");
    assert_eq!(room.look_at(at(0, 14, 30)).await, 1);
    let joint = room.review(id).await;
    assert_eq!((joint.level, joint.due_at), (2, Some(at(1, 15, 0))));
    assert_eq!(
        (joint.assigned_to.as_deref(), joint.reminded_at),
        (Some("e"), None)
    );
    assert_eq!(room.look().await, 0);
    assert_eq!(room.look_at(at(1, 14, 59)).await, 1, "of the second level");
    assert_eq!(room.look_at(at(1, 15, 0)).await, 1);
    let special = room.review(id).await;
    // 180 minutes of Tuesday, 450 of Wednesday, 330 of Thursday.
    assert_eq!((special.level, special.due_at), (3, Some(at(3, 16, 0))));
    assert_eq!(special.assigned_to.as_deref(), Some("i"));
    assert_eq!(room.look_at(at(3, 16, 0)).await, 1);
    assert!(room.review(id).await.expired_at.is_some());
    assert_eq!(room.look_at(at(200, 9, 0)).await, 0, "for ever");
    let did = room.done(id).await;
    assert_eq!(
        did,
        [
            "review.assigned",
            "review.reminded",
            "review.escalated",
            "review.reminded",
            "review.escalated",
            "review.expired",
        ]
    );
    room.waits(id).await;
}

async fn a_clock_that_jumps_does_nothing_twice(ledger: LedgerKind) {
    let room = Room::new(ledger).await;
    room.a_ladder().await;
    let id = room.blocked("r1").await;
    room.look().await;
    assert_eq!(room.look_at(at(0, 13, 0)).await, 1, "reminded");
    assert_eq!(room.look_at(at(-3, 13, 0)).await, 0);
    assert_eq!(room.look_at(at(0, 13, 0)).await, 0, "still once");
    // A jump of weeks is one level, not all of them.
    assert_eq!(room.look_at(at(60, 10, 0)).await, 1);
    assert_eq!(room.look().await, 0);
    for back in [at(0, 14, 30), at(0, 9, 0), at(-200, 9, 0)] {
        assert_eq!(room.look_at(back).await, 0);
    }
    assert_eq!(room.review(id).await.level, 2);
    room.waits(id).await;
}

async fn without_a_calendar_a_review_has_somebody_and_no_deadline(ledger: LedgerKind) {
    let room = Room::new(ledger).await;
    room.a_ladder().await;
    // In February 2027.
    let unknown = at(350, 10, 0);
    room.clock.set(unknown);
    let id = room.blocked("r1").await;
    assert_eq!(room.look().await, 1);
    assert_eq!(room.look().await, 0, "said once");
    let review = room.review(id).await;
    assert_eq!(
        (review.assigned_to.as_deref(), review.due_at),
        (Some("b"), None)
    );
    let said = events(&room.services, "review.assigned").await;
    assert_eq!(said.len(), 1);
    assert!(
        said[0]
            .to_string()
            .contains("the working days of `2027` are not known")
    );
    // Known again: the deadline comes, and whoever has it keeps it.
    assert_eq!(room.look_at(at(1, 9, 0)).await, 1);
    let review = room.review(id).await;
    assert_eq!(
        (review.assigned_to.as_deref(), review.due_at),
        (Some("b"), Some(at(1, 14, 30)))
    );
    // What is overdue goes up also where the next deadline cannot be counted.
    assert_eq!(room.look_at(unknown).await, 1);
    assert_eq!(room.look().await, 0);
    let review = room.review(id).await;
    assert_eq!((review.level, review.due_at), (2, None));
    room.waits(id).await;
}

async fn claims_that_ran_out_are_released(ledger: LedgerKind) {
    let room = Room::new(ledger).await;
    room.a_ladder().await;
    let id = room.blocked("r1").await;
    room.look().await;
    let claim = Some(Some(("b".to_owned(), at(0, 9, 30))));
    room.patch(
        id,
        ReviewPatch {
            claim,
            ..ReviewPatch::default()
        },
    )
    .await;
    assert_eq!(room.look_at(at(0, 9, 29)).await, 0);
    assert_eq!(room.look_at(at(0, 9, 30)).await, 1);
    assert_eq!(room.look().await, 0);
    let review = room.review(id).await;
    assert_eq!((review.claimed_by, review.claim_until), (None, None));
    assert_eq!(room.done(id).await, ["review.assigned", "review.released"]);
    room.waits(id).await;
}

async fn what_the_applicant_does_not_answer_comes_back(ledger: LedgerKind) {
    let room = Room::new(ledger).await;
    room.a_ladder().await;
    let id = room.blocked("r1").await;
    room.look().await;
    let asked_until = Some(Some(at(2, 9, 0)));
    room.patch(
        id,
        ReviewPatch {
            asked_until,
            ..ReviewPatch::default()
        },
    )
    .await;
    assert_eq!(
        room.look_at(at(1, 18, 0)).await,
        0,
        "nobody can go on meanwhile"
    );
    assert_eq!(room.look_at(at(2, 9, 0)).await, 1);
    assert_eq!(room.look().await, 0);
    let review = room.review(id).await;
    assert_eq!((review.asked_until, review.level), (None, 1));
    assert_eq!(review.due_at, Some(at(2, 14, 30)), "its level begins anew");
    let answered = events(&room.services, "review.answered").await;
    assert_eq!(answered.len(), 1);
    assert!(answered[0].to_string().contains("\"by\":\"deadline\""));
    room.waits(id).await;
}

async fn what_a_person_handed_over_keeps_its_person(ledger: LedgerKind) {
    let room = Room::new(ledger).await;
    room.a_ladder().await;
    let id = room.blocked("r1").await;
    let assigned_to = Some(Some("group:auditors".to_owned()));
    room.patch(
        id,
        ReviewPatch {
            assigned_to,
            ..ReviewPatch::default()
        },
    )
    .await;
    assert_eq!(room.look().await, 1);
    let review = room.review(id).await;
    assert_eq!(review.assigned_to.as_deref(), Some("group:auditors"));
    assert_eq!(review.due_at, Some(at(0, 14, 30)));
}

async fn what_is_decided_with_another_is_one_task(ledger: LedgerKind) {
    let room = Room::new(ledger).await;
    room.a_ladder().await;
    let first = room
        .blocked_with(job("r1"), Verdict::Review, Some("sale:1"))
        .await;
    let joined = room
        .blocked_with(job("r2"), Verdict::Review, Some("sale:1"))
        .await;
    assert_eq!(room.review(joined).await.joined_to, Some(first));
    assert_eq!(room.look().await, 1);
    assert_eq!(room.with(joined).await, "");
    // The first one ends without it: it is on its own, and on somebody's list.
    let of = room.review(first).await.job;
    let cancelled = room
        .services
        .ledger
        .request_cancel(of, Actor::User("b".into()), "not needed");
    cancelled.await.unwrap();
    assert_eq!(room.look().await, 1);
    assert_eq!(room.with(joined).await, "b");
}

async fn two_desks_at_once_do_each_thing_once(ledger: LedgerKind) {
    let room = Room::new(ledger).await;
    room.a_ladder().await;
    let mut reviews = Vec::new();
    for i in 0..8 {
        reviews.push(room.blocked(&format!("r{i}")).await);
    }
    let other = room.rig.services_at(room.clock.clone()).await;
    let (one, two) = (Desk::new(&room.services), Desk::new(&other));
    for time in [
        at(0, 9, 0),
        at(0, 13, 0),
        at(0, 15, 0),
        at(20, 9, 0),
        at(40, 9, 0),
    ] {
        room.clock.set(time);
        let (a, b) = tokio::join!(one.look(), two.look());
        assert_eq!(a.unwrap() + b.unwrap(), 8);
    }
    for id in reviews {
        assert_eq!(
            room.done(id).await,
            [
                "review.assigned",
                "review.reminded",
                "review.escalated",
                "review.escalated",
                "review.expired",
            ]
        );
        room.waits(id).await;
    }
}

async fn no_sequence_of_looks_decides_anything(ledger: LedgerKind) {
    let room = Room::new(ledger).await;
    room.a_ladder().await;
    let mut reviews = vec![room.blocked_with(job("two"), Verdict::Review2, None).await];
    for i in 0..3 {
        reviews.push(room.blocked(&format!("r{i}")).await);
    }
    // Any jumps at all, the same in every run; some leave the known years.
    let mut seed = 0x2026_u64;
    let mut next = |below: u64| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (seed >> 33) % below
    };
    for _ in 0..60 {
        let time = at(next(900) as i64 - 450, next(24) as i64, next(60) as i64);
        let chosen = reviews[next(4) as usize];
        let until = Timestamp(time.0 + MINUTE);
        match next(3) {
            0 => {
                room.patch(
                    chosen,
                    ReviewPatch {
                        claim: Some(Some(("b".into(), until))),
                        ..ReviewPatch::default()
                    },
                )
                .await
            }
            1 => {
                room.patch(
                    chosen,
                    ReviewPatch {
                        asked_until: Some(Some(until)),
                        ..ReviewPatch::default()
                    },
                )
                .await
            }
            _ => {}
        }
        room.look_at(time).await;
        assert_eq!(room.look().await, 0, "a second look at once finds nothing");
        for id in &reviews {
            room.waits(*id).await;
            assert!((1..=3).contains(&room.review(*id).await.level));
            assert!(!room.with(*id).await.is_empty(), "never lost");
        }
    }
    for kind in [
        "review.approved",
        "review.seconded",
        "review.returned",
        "job.available",
    ] {
        let all = events(&room.services, kind).await;
        assert!(
            all.iter()
                .all(|event| !event["actor"].to_string().contains("desk")),
            "{kind}"
        );
    }
}

async fn the_leader_keeps_the_desk(ledger: LedgerKind) {
    let room = Room::new(ledger).await;
    room.a_ladder().await;
    let id = room.blocked("r1").await;
    let process = Process::scheduler_only(&room.services);
    eventually(LIMIT, async || room.with(id).await == "b").await;
    process.stop().await;
}

on_both_ledgers!(
    a_review_goes_to_the_least_loaded_of_those_who_may,
    who_submitted_the_batch_never_gets_its_items,
    an_office_is_served_by_itself_and_those_above,
    specialists_come_first_and_alone,
    the_first_of_two_leaves_the_highest_tier_for_the_second,
    time_reminds_escalates_and_expires_once_and_never_decides,
    a_clock_that_jumps_does_nothing_twice,
    without_a_calendar_a_review_has_somebody_and_no_deadline,
    claims_that_ran_out_are_released,
    what_the_applicant_does_not_answer_comes_back,
    what_a_person_handed_over_keeps_its_person,
    what_is_decided_with_another_is_one_task,
    two_desks_at_once_do_each_thing_once,
    no_sequence_of_looks_decides_anything,
    the_leader_keeps_the_desk,
);
