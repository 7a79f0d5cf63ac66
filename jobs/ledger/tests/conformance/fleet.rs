//! Claims and changes.

use std::sync::Arc;

use clerkwork_audit::EventType;
use clerkwork_core::{
    Decision, Digest, EffectState, Fact, FactValue, Facts, Finding, IdempotencyKey, JobId, RuleHit,
    Severity, State, Text, Tier, Verdict, WorkerId,
};
use clerkwork_ledger::{
    Change, Changed, Claim, Claimed, DecisionRecord, EffectWrite, LedgerError, LedgerErrorKind,
    Refused,
};
use serde_json::json;

use crate::world::{World, change, event, on_both_engines, robot};

on_both_engines!(
    a_claim_hands_over_the_job_and_marks_it_running,
    of_many_claimers_one_wins,
    a_stale_claim_is_told_so,
    a_change_elsewhere_is_refused_and_shows_where_the_job_is,
    transitions_outside_the_table_are_programming_errors,
    a_decision_is_kept_with_all_it_was_made_from,
    effects_are_journaled_and_come_back_with_the_next_claim,
    an_outcome_without_intent_is_refused_alone,
    a_retry_waits_for_its_time_and_takes_the_next_attempt,
    an_attempt_is_never_claimed_twice,
    every_field_of_a_change_is_written,
);

async fn a_claim_hands_over_the_job_and_marks_it_running(world: World) {
    let worker = WorkerId::new();
    let id = world.one("r").await;
    world.advance(1);
    let claimed = world.claim(id, 1, worker).await;
    assert!(claimed.effects.is_empty() && claimed.review.is_none());
    assert_eq!(claimed.job, world.job(id).await);
    assert_eq!(
        (claimed.job.state, claimed.job.worker),
        (State::Running, Some(worker))
    );
    assert_eq!(claimed.job.updated_at, world.now());
    let done = change(id, State::Running, 1, State::Completed);
    assert_eq!(world.change(done).await, Changed::Yes);
    let job = world.job(id).await;
    assert_eq!(
        (job.state, job.worker, job.seq),
        (State::Completed, None, 3)
    );
    assert_eq!(
        world.event_types(id).await,
        ["job.accepted", "job.claimed", "job.completed"]
    );
    world.assert_counts().await;
}

async fn of_many_claimers_one_wins(world: World) {
    let other = world.another().await;
    let id = world.one("r").await;
    let mut tasks = Vec::new();
    for i in 0..40 {
        let ledger = if i % 2 == 0 {
            world.ledger.clone()
        } else {
            other.clone()
        };
        let claim = Claim {
            job: id,
            attempt: 1,
            worker: WorkerId::new(),
            actor: robot(),
        };
        tasks.push(tokio::spawn(
            async move { ledger.claim(claim).await.unwrap() },
        ));
    }
    let mut won = Vec::new();
    for task in tasks {
        if let Claimed::Yes(claimed) = task.await.unwrap() {
            won.push(claimed.job.worker);
        }
    }
    assert_eq!(won.len(), 1);
    assert_eq!(won[0], world.job(id).await.worker);
    assert_eq!(world.event_types(id).await, ["job.accepted", "job.claimed"]);
}

async fn a_stale_claim_is_told_so(world: World) {
    let worker = WorkerId::new();
    let id = world.one("r").await;
    for (job, attempt) in [(id, 2), (id, 0), (JobId::new(), 1)] {
        assert!(matches!(
            world.try_claim(job, attempt, worker).await,
            Claimed::Stale
        ));
    }
    world.claim(id, 1, worker).await;
    assert!(matches!(
        world.try_claim(id, 1, worker).await,
        Claimed::Stale
    ));
}

async fn a_change_elsewhere_is_refused_and_shows_where_the_job_is(world: World) {
    let id = world.running("r", WorkerId::new()).await;
    let before = world.job(id).await;
    let is = Changed::No(Refused::JobIs {
        state: State::Running,
        attempt: 1,
    });
    for (from, attempt, to) in [
        (State::Running, 2, State::Completed),
        (State::Available, 1, State::Cancelled),
        (State::Blocked, 1, State::Available),
    ] {
        assert_eq!(world.change(change(id, from, attempt, to)).await, is);
    }
    let nowhere = change(JobId::new(), State::Running, 1, State::Completed);
    assert_eq!(world.change(nowhere).await, Changed::No(Refused::NoSuchJob));
    assert_eq!(world.job(id).await, before);
}

async fn transitions_outside_the_table_are_programming_errors(world: World) {
    let id = world.running("r", WorkerId::new()).await;
    let commits = world.ledger.stats().commits;
    for from in State::ALL {
        for to in State::ALL.into_iter().filter(|to| !from.may_become(*to)) {
            let refused = world.ledger.change(change(id, from, 1, to)).await;
            assert!(
                matches!(refused, Err(LedgerError::IllegalTransition { .. })),
                "{from} to {to}: {refused:?}"
            );
        }
    }
    let silent = Change::new(id, State::Running, 1, State::Completed);
    let foreign = IdempotencyKey::of(JobId::new(), "issue");
    let mut theft = change(id, State::Running, 1, State::Running);
    theft.effects.push(EffectWrite::Intend {
        key: foreign,
        name: "issue".into(),
        before: None,
    });
    let mut back = change(id, State::Running, 1, State::Retryable);
    back.next_attempt = 0;
    for bad in [silent, theft, back] {
        let error = world.ledger.change(bad).await.unwrap_err();
        assert_eq!(error.kind(), LedgerErrorKind::Rejected);
    }
    assert_eq!(
        world.ledger.stats().commits,
        commits,
        "the database was not asked"
    );
}

fn decision(verdict: Verdict) -> DecisionRecord {
    let mut facts = Facts::default();
    facts.0.insert(
        "buyer_day_count".into(),
        Fact {
            value: FactValue::Long(i64::MIN),
            source: "etax".into(),
            at: crate::world::START,
            progress: false,
        },
    );
    DecisionRecord {
        made_by: clerkwork_core::MadeBy::Policy,
        decision: Decision {
            verdict,
            rules: vec![RuleHit {
                id: "forbid.large".into(),
                tier: Tier::Integrity,
                asks: verdict,
                reason: Text::new("金额较大", "a large amount"),
            }],
            policy_version: Digest([9; 32]),
            facts_digest: facts.digest(),
        },
        facts,
        findings: vec![Finding {
            code: "AIR-ID-002".into(),
            path: "/amount".into(),
            severity: Severity::Review,
            text: Text::new("请核对", "please check"),
        }],
    }
}

async fn a_decision_is_kept_with_all_it_was_made_from(world: World) {
    let id = world.running("r", WorkerId::new()).await;
    let record = decision(Verdict::Review);
    let mut decided = change(id, State::Running, 1, State::Running);
    decided.verdict = Some(Verdict::Review);
    decided.decision = Some(Box::new(record.clone()));
    assert_eq!(world.change(decided).await, Changed::Yes);
    let kept = world.ledger.decisions(id).await.unwrap();
    assert_eq!(kept.len(), 1);
    assert_eq!(
        (kept[0].job, kept[0].attempt, kept[0].at),
        (id, 1, world.now())
    );
    assert_eq!(kept[0].decision, record.decision);
    assert_eq!(
        (&kept[0].facts, &kept[0].findings),
        (&record.facts, &record.findings)
    );
    assert_eq!(world.job(id).await.verdict, Some(Verdict::Review));
}

async fn effects_are_journaled_and_come_back_with_the_next_claim(world: World) {
    let worker = WorkerId::new();
    let id = world.running("r", worker).await;
    let intend = |name: &str| EffectWrite::Intend {
        key: IdempotencyKey::of(id, name),
        name: name.into(),
        before: None,
    };
    let resolve = |name: &str, state| EffectWrite::Resolve {
        key: IdempotencyKey::of(id, name),
        state,
        result: Some(json!({"number": "1"})),
    };
    let mut first = change(id, State::Running, 1, State::Running);
    first.effects = vec![intend("issue"), intend("notify")];
    assert_eq!(world.change(first).await, Changed::Yes);
    world.advance(1);
    let mut second = change(id, State::Running, 1, State::Retryable);
    second.effects = vec![resolve("issue", EffectState::Unknown)];
    second.next_attempt = 2;
    assert_eq!(world.change(second).await, Changed::Yes);
    world.ledger.promote_due(world.now(), 10).await.unwrap();
    let claimed = world.claim(id, 2, worker).await;
    assert_eq!(claimed.effects, world.ledger.effects(id).await.unwrap());
    let states: Vec<_> = claimed
        .effects
        .iter()
        .map(|e| (e.name.as_str(), e.state))
        .collect();
    assert_eq!(
        states,
        [
            ("issue", EffectState::Unknown),
            ("notify", EffectState::Intended)
        ]
    );
    assert_eq!(claimed.effects[0].resolved_at, Some(world.now()));
    // Announced again by this attempt, and the other resolved in the same change.
    let mut third = change(id, State::Running, 2, State::Running);
    third.effects = vec![resolve("notify", EffectState::Refused), intend("issue")];
    assert_eq!(world.change(third).await, Changed::Yes);
    let mut fourth = change(id, State::Running, 2, State::Completed);
    fourth.effects = vec![intend("close"), resolve("close", EffectState::Confirmed)];
    assert_eq!(world.change(fourth).await, Changed::Yes);
    let effects = world.ledger.effects(id).await.unwrap();
    let find = |name: &str| effects.iter().find(|e| e.name == name).unwrap();
    assert_eq!(
        (find("issue").state, find("issue").attempt),
        (EffectState::Intended, 2)
    );
    assert_eq!(
        (find("issue").result.clone(), find("issue").resolved_at),
        (None, None)
    );
    assert_eq!(find("notify").state, EffectState::Refused);
    assert_eq!(find("close").state, EffectState::Confirmed);
    assert_eq!(find("close").result, Some(json!({"number": "1"})));
}

async fn an_outcome_without_intent_is_refused_alone(world: World) {
    let world = Arc::new(world);
    let mut good = Vec::new();
    for i in 0..20 {
        good.push(world.running(&format!("g{i}"), WorkerId::new()).await);
    }
    let bad = world.running("bad", WorkerId::new()).await;
    let mut wrong = change(bad, State::Running, 1, State::Completed);
    wrong.effects.push(EffectWrite::Resolve {
        key: IdempotencyKey::of(bad, "issue"),
        state: EffectState::Confirmed,
        result: None,
    });
    let mut tasks = Vec::new();
    for id in &good {
        let (world, id) = (world.clone(), *id);
        let done = change(id, State::Running, 1, State::Completed);
        tasks.push(tokio::spawn(async move { world.change(done).await }));
    }
    let refused = world.ledger.change(wrong).await;
    assert!(
        matches!(refused, Err(LedgerError::Invalid(_))),
        "{refused:?}"
    );
    for task in tasks {
        assert_eq!(task.await.unwrap(), Changed::Yes);
    }
    assert_eq!(world.state(bad).await, (State::Running, 1));
    assert_eq!(
        world.job(bad).await.seq,
        2,
        "no event of the refused change is there"
    );
    world.assert_counts().await;
}

async fn a_retry_waits_for_its_time_and_takes_the_next_attempt(world: World) {
    let worker = WorkerId::new();
    let id = world.running("r", worker).await;
    let due = world.now().after(std::time::Duration::from_secs(30));
    let mut retry = change(id, State::Running, 1, State::Retryable);
    retry.next_attempt = 2;
    retry.failures = Some(1);
    retry.run_at = Some(due);
    retry.last_error = Some("timeout".into());
    assert_eq!(world.change(retry).await, Changed::Yes);
    let job = world.job(id).await;
    assert_eq!(
        (job.state, job.attempt, job.failures),
        (State::Retryable, 2, 1)
    );
    assert_eq!(
        (job.run_at, job.last_error.as_deref()),
        (due, Some("timeout"))
    );
    assert_eq!(world.ledger.next_due().await.unwrap(), Some(due));
    assert_eq!(world.ledger.promote_due(world.now(), 10).await.unwrap(), 0);
    world.advance(30);
    assert_eq!(world.ledger.promote_due(world.now(), 10).await.unwrap(), 1);
    assert_eq!(world.ledger.promote_due(world.now(), 10).await.unwrap(), 0);
    assert!(matches!(
        world.try_claim(id, 1, worker).await,
        Claimed::Stale
    ));
    let claimed = world.claim(id, 2, worker).await;
    assert_eq!(claimed.job.failures, 1);
    world.assert_counts().await;
}

async fn an_attempt_is_never_claimed_twice(world: World) {
    let worker = WorkerId::new();
    let id = world.running("r", worker).await;
    // The caller forgets to count; the ledger does not.
    let waits = change(id, State::Running, 1, State::Waiting);
    assert_eq!(world.change(waits).await, Changed::Yes);
    world.ledger.promote_due(world.now(), 10).await.unwrap();
    assert_eq!(world.state(id).await, (State::Available, 2));
    world.claim(id, 2, worker).await;
    let blocked = change(id, State::Running, 2, State::Blocked);
    assert_eq!(world.change(blocked).await, Changed::Yes);
    let freed = change(id, State::Blocked, 2, State::Available);
    assert_eq!(world.change(freed).await, Changed::Yes);
    assert_eq!(world.state(id).await, (State::Available, 3));
    let late = change(id, State::Running, 2, State::Completed);
    let is = Changed::No(Refused::JobIs {
        state: State::Available,
        attempt: 3,
    });
    assert_eq!(world.change(late).await, is);
}

async fn every_field_of_a_change_is_written(world: World) {
    let id = world.running("r", WorkerId::new()).await;
    let due = world.now().after(std::time::Duration::from_secs(9));
    let mut full =
        change(id, State::Running, 1, State::Running).event(event(EventType::EffectIntended));
    full.failures = Some(3);
    full.run_at = Some(due);
    full.verdict = Some(Verdict::Return);
    full.last_error = Some("e".into());
    assert_eq!(world.change(full).await, Changed::Yes);
    let job = world.job(id).await;
    assert_eq!((job.failures, job.run_at, job.seq), (3, due, 4));
    assert_eq!(
        (job.verdict, job.last_error.as_deref()),
        (Some(Verdict::Return), Some("e"))
    );
    // What is absent stays as it is.
    assert_eq!(
        world
            .change(change(id, State::Running, 1, State::Returned))
            .await,
        Changed::Yes
    );
    let job = world.job(id).await;
    assert_eq!(
        (job.failures, job.run_at, job.verdict),
        (3, due, Some(Verdict::Return))
    );
    assert_eq!(job.last_error.as_deref(), Some("e"));
}
