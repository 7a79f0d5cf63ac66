//! Who is given a review, and who never is.

use super::*;

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

/// Whoever approved first is done with it: somebody of a higher tier gets it, with time of their own.
async fn the_second_of_two_is_somebody_of_a_higher_tier(ledger: LedgerKind) {
    let room = Room::new(ledger).await;
    room.person("zoe", BUSINESS, "center", &[]).await;
    room.person("yan", BUSINESS, "center", &[]).await;
    let id = room.blocked_with(job("r1"), Verdict::Review2, None).await;
    room.look_at(at(0, 9, 0)).await;
    let first = room.with(id).await;
    let due = room.review(id).await.due_at;
    room.approve_first(id, &first, Tier::Business).await;
    assert_eq!(room.with(id).await, "", "until the desk looks");
    room.look_at(at(0, 10, 0)).await;
    assert_eq!(room.with(id).await, "group:tier-enforcement", "nobody yet");
    assert!(room.review(id).await.due_at > due);

    room.person("chief", Role::Supervisor(Tier::Integrity), "center", &[])
        .await;
    let id = room.blocked_with(job("r2"), Verdict::Review2, None).await;
    room.look_at(at(0, 10, 1)).await;
    let first = room.with(id).await;
    room.approve_first(id, &first, Tier::Business).await;
    room.look_at(at(0, 10, 2)).await;
    assert_eq!(room.with(id).await, "chief");
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
    the_second_of_two_is_somebody_of_a_higher_tier,
    what_a_person_handed_over_keeps_its_person,
    what_is_decided_with_another_is_one_task,
    the_leader_keeps_the_desk,
);
