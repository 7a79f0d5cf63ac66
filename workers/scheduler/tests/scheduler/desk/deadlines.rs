//! What time does to a review, and what it never does.

use super::*;

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

on_both_ledgers!(
    time_reminds_escalates_and_expires_once_and_never_decides,
    a_clock_that_jumps_does_nothing_twice,
    without_a_calendar_a_review_has_somebody_and_no_deadline,
    claims_that_ran_out_are_released,
    what_the_applicant_does_not_answer_comes_back,
    two_desks_at_once_do_each_thing_once,
    no_sequence_of_looks_decides_anything,
);
