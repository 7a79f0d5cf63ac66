//! Every blocked item has somebody and a deadline, and no deadline ever decides.
//!
//! The clock is set by hand, forward and back; one look at a time is made, as the leader makes it.

mod deadlines;
mod placing;

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
    PeopleChange, ReviewPatch, ReviewWrite, Terms, Token,
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
            json!({"review": id.to_string(), "rules": ["a.large"]}),
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
        let data = json!({"review": id.to_string(), "until": 0});
        let event = EventDraft::new(EventType::ReviewClaimed, Actor::User("b".into()), data);
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

    /// Somebody gives the first of two approvals.
    async fn approve_first(&self, id: ReviewId, by: &str, tier: Tier) {
        let review = self.review(id).await;
        let attempt = self.job_of(review.job).await.1;
        let digest = |digest: Digest| digest.to_string();
        let binding = &review.binding;
        let data = json!({
            "review": id.to_string(), "payload": digest(binding.payload),
            "facts": digest(binding.facts), "policy": digest(binding.policy),
        });
        let event = EventDraft::new(EventType::ReviewSeconded, Actor::User(by.into()), data);
        let mut change =
            Change::new(review.job, State::Blocked, attempt, State::Blocked).event(event);
        change.review = Some(ReviewWrite::Decide {
            id,
            approve: true,
            by: by.into(),
            reason: "seen".into(),
            terms: Some(Box::new(Terms {
                shown: review.shown(&[]),
                policy: review.binding.policy,
                on_behalf_of: None,
                tier,
                code: "checked".into(),
                authority: Vec::new(),
            })),
        });
        let changed = self.services.ledger.change(change).await.unwrap();
        assert_eq!(changed, Changed::Yes);
        assert_eq!(self.review(id).await.state, ReviewState::Open);
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
