//! Brakes and the policy in force: what an act needs, and who may change it.

use std::collections::BTreeMap;

use clerkwork_core::{Actor, BrakeId, Digest, JobId, KindName, Scope, State, Timestamp, WorkerId};
use clerkwork_ledger::{
    BrakePut, BrakeReleased, BundleState, BundleVerdict, Changed, Gate, LedgerErrorKind, NewBundle,
    OutcomeKind, Page, PolicyRefusal, Refused,
};

use crate::world::{World, change, on_both_engines};

on_both_engines!(
    an_act_is_refused_while_a_brake_stops_it,
    a_brake_stops_only_its_scope,
    what_a_person_released_is_not_stopped_for_what_was_before,
    of_two_who_put_a_brake_at_once_one_puts_it,
    a_brake_is_released_once_and_can_be_put_again,
    a_brake_without_a_reason_is_refused,
    an_act_is_refused_under_a_policy_that_is_not_in_force,
    a_bundle_needs_another_person_than_its_proposer,
    only_an_approved_bundle_comes_into_force,
    of_two_who_activate_at_once_one_does,
    going_back_needs_a_bundle_that_was_in_force,
    every_change_is_one_event,
    whose_rights_changed_a_moment_ago_changes_nothing,
    outcomes_are_read_from_a_time_on,
);

const KIND: &str = "agent_invoice_review";

fn boss() -> Actor {
    Actor::User("bob".into())
}

fn version(n: u8) -> Digest {
    Digest([n; 32])
}

fn gate(policy: u8) -> Gate {
    Gate {
        policy: version(policy),
        scopes: vec![
            Scope::All,
            Scope::Kind(KindName::new(KIND)),
            Scope::Connector("etax".into()),
        ],
    }
}

fn bundle(n: u8) -> NewBundle {
    let files = |n: u8| BTreeMap::from([("rules/a.cedar".to_owned(), format!("// {n}"))]);
    NewBundle {
        version: version(n),
        files: files(n),
        note: "a lower line for large amounts".into(),
        installed: (version(0), files(0)),
    }
}

async fn announce(world: &World, job: JobId, policy: u8) -> Changed {
    let mut change = change(job, State::Running, 1, State::Running);
    change.gate = Some(gate(policy));
    world.change(change).await
}

async fn put(world: &World, scope: Scope) -> BrakeId {
    match world
        .ledger
        .put_brake(scope, "too many refusals", boss())
        .await
    {
        Ok(BrakePut::New(id)) => id,
        other => panic!("{other:?}"),
    }
}

async fn an_act_is_refused_while_a_brake_stops_it(world: World) {
    let job = world.running("a", WorkerId::new()).await;
    assert_eq!(announce(&world, job, 0).await, Changed::Yes);
    let events = world.events(job).await.len();
    // Another process puts it: nothing needs to reach this one first.
    let other = world.another().await;
    let put = other.put_brake(Scope::All, "stop", boss()).await.unwrap();
    let BrakePut::New(id) = put else {
        panic!("{put:?}")
    };
    assert_eq!(
        announce(&world, job, 0).await,
        Changed::No(Refused::Braked(id))
    );
    assert_eq!(world.events(job).await.len(), events, "nothing was written");
    // What is not an act goes on.
    let rest = change(job, State::Running, 1, State::Blocked);
    assert_eq!(world.change(rest).await, Changed::Yes);
}

async fn a_brake_stops_only_its_scope(world: World) {
    let job = world.running("a", WorkerId::new()).await;
    let batch = world.batch("b", 1).await;
    put(&world, Scope::Batch(batch)).await;
    put(&world, Scope::Kind(KindName::new("red_letter_invoice"))).await;
    put(&world, Scope::Connector("portal".into())).await;
    assert_eq!(announce(&world, job, 0).await, Changed::Yes);
    let id = put(&world, Scope::Connector("etax".into())).await;
    assert_eq!(
        announce(&world, job, 0).await,
        Changed::No(Refused::Braked(id))
    );
    let control = world.ledger.control().await.unwrap();
    assert_eq!(control.brakes.len(), 4);
    assert_eq!(control.stops(&gate(0).scopes).unwrap().id, id);
}

async fn what_a_person_released_is_not_stopped_for_what_was_before(world: World) {
    let batch = Scope::Batch(world.batch("b", 1).await);
    let before = world.now();
    let put = async |known: Timestamp| {
        let ledger = &world.ledger;
        let put = ledger.put_brake_unless_released(batch.clone(), "old", boss(), known);
        put.await.unwrap()
    };
    let Some(BrakePut::New(id)) = put(before).await else {
        panic!("nobody released it")
    };
    world.advance(1);
    let by = world.authority("carol").await;
    let released = world.ledger.release_brake(id, "mended", &by).await.unwrap();
    let BrakeReleased::Yes(released) = released else {
        panic!("{released:?}")
    };
    assert_eq!(put(before).await, None);
    assert!(world.ledger.control().await.unwrap().brakes.is_empty());
    // One who knows of the release may have found something new.
    let again = put(released.released_at.unwrap()).await;
    assert!(matches!(again, Some(BrakePut::New(_))), "{again:?}");
}

async fn of_two_who_put_a_brake_at_once_one_puts_it(world: World) {
    let other = world.another().await;
    for round in 0..10 {
        let scope = || Scope::Kind(KindName::new(&format!("kind_{round}")));
        let (a, b) = tokio::join!(
            world.ledger.put_brake(scope(), "one", boss()),
            other.put_brake(scope(), "two", boss()),
        );
        let (a, b) = (a.unwrap(), b.unwrap());
        match (a, b) {
            (BrakePut::New(a), BrakePut::Already(b)) | (BrakePut::Already(b), BrakePut::New(a)) => {
                assert_eq!(a, b)
            }
            other => panic!("{other:?}"),
        }
    }
    let on = world.number("SELECT count(*) FROM brake").await;
    let events = "SELECT count(*) FROM event WHERE type = 'brake.on'";
    assert_eq!((on, world.number(events).await), (10, 10));
}

async fn a_brake_is_released_once_and_can_be_put_again(world: World) {
    let job = world.running("a", WorkerId::new()).await;
    let id = put(&world, Scope::All).await;
    let release = async |by: &str| {
        let by = world.authority(by).await;
        world.ledger.release_brake(id, "seen to", &by).await
    };
    let released = release("carol").await.unwrap();
    let BrakeReleased::Yes(brake) = released else {
        panic!("{released:?}")
    };
    assert_eq!(brake.released_by.as_deref(), Some("carol"));
    assert_eq!(brake.put_by, boss());
    assert!(matches!(
        release("dave").await.unwrap(),
        BrakeReleased::Already(brake) if brake.released_by.as_deref() == Some("carol")
    ));
    assert_eq!(announce(&world, job, 0).await, Changed::Yes);
    put(&world, Scope::All).await;
    let all = world
        .ledger
        .brakes(Page {
            after: None,
            limit: 10,
        })
        .await;
    let all = all.unwrap();
    assert_eq!(all.len(), 2);
    assert!(all[0].released_at.is_none() && all[1].id == id);
    let carol = world.authority("carol").await;
    let unknown = world.ledger.release_brake(BrakeId::new(), "x", &carol);
    assert_eq!(unknown.await.unwrap(), BrakeReleased::NoSuchBrake);
}

async fn a_brake_without_a_reason_is_refused(world: World) {
    for reason in ["", "  ", "a\0b", &"x".repeat(501)] {
        let put = world.ledger.put_brake(Scope::All, reason, boss()).await;
        assert_eq!(put.unwrap_err().kind(), LedgerErrorKind::Rejected);
    }
    assert!(world.ledger.control().await.unwrap().brakes.is_empty());
}

/// Proposed by `erin`, approved by `bob`.
async fn approved(world: &World, n: u8) {
    let (erin, bob) = (world.authority("erin").await, world.authority("bob").await);
    let proposed = world.ledger.propose_policy(bundle(n), &erin).await;
    assert_eq!(proposed.unwrap(), Ok(()));
    let approve = BundleVerdict::Approve;
    let decided = world
        .ledger
        .decide_policy(version(n), approve, "read", &bob);
    assert_eq!(decided.await.unwrap(), Ok(()));
}

async fn activate(world: &World, n: u8, before: Option<u8>) -> Result<(), PolicyRefusal> {
    let before = before.map(version);
    let carol = world.authority("carol").await;
    let done = world
        .ledger
        .activate_policy(version(n), before, false, "as agreed", &carol);
    done.await.unwrap()
}

async fn an_act_is_refused_under_a_policy_that_is_not_in_force(world: World) {
    let job = world.running("a", WorkerId::new()).await;
    assert_eq!(
        announce(&world, job, 9).await,
        Changed::Yes,
        "none is in force"
    );
    approved(&world, 1).await;
    assert_eq!(
        announce(&world, job, 9).await,
        Changed::Yes,
        "not active yet"
    );
    assert_eq!(activate(&world, 1, None).await, Ok(()));
    assert_eq!(
        announce(&world, job, 9).await,
        Changed::No(Refused::PolicyChanged)
    );
    assert_eq!(announce(&world, job, 1).await, Changed::Yes);
    let control = world.ledger.control().await.unwrap();
    assert_eq!(control.policy, Some(version(1)));
}

async fn a_bundle_needs_another_person_than_its_proposer(world: World) {
    let ledger = &world.ledger;
    let (erin, bob) = (world.authority("erin").await, world.authority("bob").await);
    let carol = world.authority("carol").await;
    let proposed = ledger.propose_policy(bundle(1), &erin).await.unwrap();
    assert_eq!(proposed, Ok(()));
    let approve = async |by| {
        let (of, verdict) = (version(1), BundleVerdict::Approve);
        ledger.decide_policy(of, verdict, "read", by).await
    };
    assert_eq!(
        approve(&erin).await.unwrap(),
        Err(PolicyRefusal::OwnProposal("erin".into()))
    );
    assert_eq!(approve(&bob).await.unwrap(), Ok(()));
    assert!(matches!(
        approve(&carol).await.unwrap(),
        Err(PolicyRefusal::State {
            state: BundleState::Approved,
            ..
        })
    ));
    assert_eq!(
        ledger.policy_authors(version(1)).await.unwrap(),
        ["erin", "bob"]
    );
    assert!(ledger.policy_authors(version(0)).await.unwrap().is_empty());
    let again = ledger.propose_policy(bundle(1), &bob).await.unwrap();
    assert!(matches!(again, Err(PolicyRefusal::Known { .. })));
    let files = ledger.policy_files(version(1)).await.unwrap().unwrap();
    assert_eq!(files, bundle(1).files);
    // Taking back what one handed in is no approval.
    ledger
        .propose_policy(bundle(2), &erin)
        .await
        .unwrap()
        .unwrap();
    let reject = ledger.decide_policy(version(2), BundleVerdict::Reject, "a slip", &erin);
    assert_eq!(reject.await.unwrap(), Ok(()));
}

async fn only_an_approved_bundle_comes_into_force(world: World) {
    let erin = world.authority("erin").await;
    let bob = world.authority("bob").await;
    assert_eq!(
        activate(&world, 1, None).await,
        Err(PolicyRefusal::NoSuchBundle)
    );
    let proposed = world.ledger.propose_policy(bundle(1), &erin).await;
    assert_eq!(proposed.unwrap(), Ok(()));
    assert!(matches!(
        activate(&world, 1, None).await,
        Err(PolicyRefusal::State {
            state: BundleState::Proposed,
            ..
        })
    ));
    let reject = BundleVerdict::Reject;
    let rejected = world
        .ledger
        .decide_policy(version(1), reject, "no", &bob)
        .await;
    assert_eq!(rejected.unwrap(), Ok(()));
    assert!(matches!(
        activate(&world, 1, None).await,
        Err(PolicyRefusal::State {
            state: BundleState::Rejected,
            ..
        })
    ));
    assert_eq!(world.ledger.control().await.unwrap().policy, None);
}

async fn of_two_who_activate_at_once_one_does(world: World) {
    let carol = world.authority("carol").await;
    let dave = world.authority("dave").await;
    approved(&world, 1).await;
    approved(&world, 2).await;
    let other = world.another().await;
    let (a, b) = tokio::join!(
        world
            .ledger
            .activate_policy(version(1), None, false, "one", &carol),
        other.activate_policy(version(2), None, false, "two", &dave),
    );
    let refused = |done: &Result<(), PolicyRefusal>| *done == Err(PolicyRefusal::Overtaken);
    let (a, b) = (a.unwrap(), b.unwrap());
    assert!(a.is_ok() != b.is_ok(), "{a:?} {b:?}");
    assert!(refused(&a) || refused(&b), "{a:?} {b:?}");
    assert_eq!(world.ledger.policy_activations().await.unwrap().len(), 1);
}

async fn going_back_needs_a_bundle_that_was_in_force(world: World) {
    let carol = world.authority("carol").await;
    approved(&world, 1).await;
    approved(&world, 2).await;
    let back = |to: u8, from: u8| {
        world
            .ledger
            .activate_policy(version(to), Some(version(from)), true, "worse", &carol)
    };
    assert_eq!(activate(&world, 2, None).await, Ok(()));
    assert_eq!(back(1, 2).await.unwrap(), Err(PolicyRefusal::NeverInForce));
    assert_eq!(back(2, 2).await.unwrap(), Err(PolicyRefusal::InForce));
    assert_eq!(back(0, 1).await.unwrap(), Err(PolicyRefusal::Overtaken));
    assert_eq!(back(0, 2).await.unwrap(), Ok(()), "to what was installed");
    assert_eq!(back(2, 0).await.unwrap(), Ok(()), "and forth again");
    let kept = world.ledger.policy_activations().await.unwrap();
    let steps: Vec<_> = kept.iter().map(|one| (one.n, one.rollback)).collect();
    assert_eq!(steps, [(3, true), (2, true), (1, false)]);
}

async fn every_change_is_one_event(world: World) {
    let carol = world.authority("carol").await;
    let id = put(&world, Scope::All).await;
    world
        .ledger
        .put_brake(Scope::All, "again", boss())
        .await
        .unwrap();
    world
        .ledger
        .release_brake(id, "seen to", &carol)
        .await
        .unwrap();
    world
        .ledger
        .release_brake(id, "seen to", &carol)
        .await
        .unwrap();
    approved(&world, 1).await;
    activate(&world, 1, None).await.unwrap();
    activate(&world, 1, None).await.unwrap_err();
    for kind in [
        "brake.on",
        "brake.off",
        "policy.proposed",
        "policy.approved",
        "policy.activated",
    ] {
        let sql = format!("SELECT count(*) FROM event WHERE type = '{kind}'");
        assert_eq!(world.number(&sql).await, 1, "{kind}");
    }
}

async fn outcomes_are_read_from_a_time_on(world: World) {
    let early = world.running("early", WorkerId::new()).await;
    world
        .change(change(early, State::Running, 1, State::Returned))
        .await;
    world.advance(60);
    let since = world.now();
    for (name, to) in [
        ("a", State::Completed),
        ("b", State::Retryable),
        ("c", State::Blocked),
    ] {
        let job = world.running(name, WorkerId::new()).await;
        world.change(change(job, State::Running, 1, to)).await;
    }
    let outcomes = world.ledger.outcomes(since, 100).await.unwrap();
    assert_eq!(outcomes.complete_to, None);
    let outcomes = outcomes.all;
    let kinds: Vec<_> = outcomes.iter().map(|outcome| outcome.kind).collect();
    assert_eq!(
        kinds,
        [
            OutcomeKind::Completed,
            OutcomeKind::Blocked,
            OutcomeKind::Failed
        ]
    );
    assert!(
        outcomes
            .iter()
            .all(|outcome| outcome.job_kind.as_str() == KIND)
    );
    let one = world.ledger.outcomes(since, 1).await.unwrap();
    assert_eq!(one.complete_to, Some(since), "there may be more of each");
}

async fn whose_rights_changed_a_moment_ago_changes_nothing(world: World) {
    approved(&world, 1).await;
    let id = put(&world, Scope::All).await;
    let carol = world.authority("carol").await;
    world
        .execute("UPDATE account SET revision = revision + 1 WHERE name = 'carol'")
        .await;
    let gone = || PolicyRefusal::AuthorityChanged("carol".into());
    let ledger = &world.ledger;
    let proposed = ledger.propose_policy(bundle(2), &carol).await.unwrap();
    assert_eq!(proposed, Err(gone()));
    let decided = ledger.decide_policy(version(1), BundleVerdict::Reject, "no", &carol);
    assert_eq!(decided.await.unwrap(), Err(gone()));
    let active = ledger.activate_policy(version(1), None, false, "go", &carol);
    assert_eq!(active.await.unwrap(), Err(gone()));
    let released = ledger.release_brake(id, "seen to", &carol).await.unwrap();
    assert_eq!(released, BrakeReleased::AuthorityChanged("carol".into()));
    let control = ledger.control().await.unwrap();
    assert_eq!((control.brakes.len(), control.policy), (1, None));
}
