//! Jobs and batches that enter.

use clerkwork_core::{KindName, Office, State, Timestamp};
use clerkwork_ledger::{Accepted, LedgerError, NewJob};
use serde_json::json;

use crate::world::{World, new, new_batch, on_both_engines, user};

on_both_engines!(
    an_accepted_job_reads_back_as_it_was_handed_in,
    the_same_reference_is_the_same_job_or_a_conflict,
    a_reference_twice_in_one_call_is_one_job,
    callers_who_race_for_a_reference_agree_on_one_job,
    a_job_for_later_is_scheduled,
    hundreds_of_jobs_go_in_at_once,
    what_cannot_be_stored_is_refused_alone,
    a_batch_reference_is_one_batch,
    a_job_of_an_unknown_batch_is_refused,
);

async fn an_accepted_job_reads_back_as_it_was_handed_in(world: World) {
    let batch = world.batch("b", 2).await;
    let handed_in = NewJob {
        office: Office::new("shenzhen/nanshan").unwrap(),
        batch: Some(batch),
        deadline: Some(Timestamp(world.now().0 + 5)),
        traceparent: Some("00-aa-bb-01".into()),
        payload: json!({"b": 1, "a": "é"}),
        ..new("r1")
    };
    let id = world.accept(vec![handed_in.clone()]).await[0];
    let job = world.job(id).await;
    assert_eq!(job.payload, r#"{"a":"é","b":1}"#);
    assert_eq!(
        (job.state, job.attempt, job.failures, job.seq),
        (State::Available, 1, 0, 1)
    );
    assert_eq!(
        (job.created_at, job.updated_at, job.run_at),
        (world.now(), world.now(), world.now())
    );
    assert_eq!(
        (&job.reference, &job.submitter),
        (&handed_in.reference, &handed_in.submitter)
    );
    assert_eq!(
        (&job.kind, &job.office),
        (&handed_in.kind, &handed_in.office)
    );
    assert_eq!(
        (job.batch, job.deadline, job.lane),
        (handed_in.batch, handed_in.deadline, handed_in.lane)
    );
    assert_eq!(job.traceparent, handed_in.traceparent);
    assert!(job.worker.is_none() && job.verdict.is_none() && !job.cancel_requested);
    let again = world
        .ledger
        .job_by_reference(&job.kind, "r1")
        .await
        .unwrap();
    assert_eq!(again.as_ref(), Some(&job));
    for text in ["r1".to_owned(), id.to_string(), format!(" {id} ")] {
        assert_eq!(
            world.ledger.find_job(&text).await.unwrap().as_ref(),
            Some(&job),
            "{text}"
        );
    }
    assert_eq!(world.ledger.find_job("nothing").await.unwrap(), None);
    assert_eq!(world.event_types(id).await, ["job.accepted"]);
}

async fn the_same_reference_is_the_same_job_or_a_conflict(world: World) {
    let id = world.one("r").await;
    let other = NewJob {
        payload: json!({"amount": "1.00"}),
        ..new("r")
    };
    let elsewhere = NewJob {
        kind: KindName::new("red_letter"),
        ..new("r")
    };
    let accepted = world
        .ledger
        .accept(vec![new("r"), other, elsewhere])
        .await
        .unwrap();
    assert_eq!(accepted[..2], [Accepted::Same(id), Accepted::Conflict(id)]);
    assert!(
        matches!(accepted[2], Accepted::New(new) if new != id),
        "references are per kind"
    );
    assert_eq!(
        world.job(id).await.seq,
        1,
        "nothing was written about the first"
    );
    let newest = world.ledger.find_job("r").await.unwrap().unwrap();
    assert_eq!(newest.kind.as_str(), "red_letter");
    world.assert_counts().await;
}

async fn a_reference_twice_in_one_call_is_one_job(world: World) {
    let other = NewJob {
        payload: json!({"amount": "1.00"}),
        ..new("r")
    };
    let accepted = world
        .ledger
        .accept(vec![new("r"), new("r"), other])
        .await
        .unwrap();
    let Accepted::New(id) = accepted[0] else {
        panic!("{accepted:?}")
    };
    assert_eq!(accepted[1..], [Accepted::Same(id), Accepted::Conflict(id)]);
    world.assert_counts().await;
}

async fn callers_who_race_for_a_reference_agree_on_one_job(world: World) {
    let other = world.another().await;
    let mut tasks = Vec::new();
    for i in 0..20_usize {
        let ledger = if i % 2 == 0 {
            world.ledger.clone()
        } else {
            other.clone()
        };
        tasks.push(tokio::spawn(async move {
            // In different orders, so that writers would wait for each other in a circle.
            let mut jobs: Vec<_> = (0..10)
                .map(|k| new(&format!("r{}", (k + i) % 10)))
                .collect();
            jobs.rotate_left(i % 10);
            ledger.accept(jobs).await.unwrap()
        }));
    }
    let mut fresh = 0;
    for task in tasks {
        for one in task.await.unwrap() {
            match one {
                Accepted::New(_) => fresh += 1,
                Accepted::Same(_) => {}
                Accepted::Conflict(id) => panic!("{id}"),
            }
        }
    }
    assert_eq!(fresh, 10);
    assert_eq!(world.number("SELECT count(*) FROM job_item").await, 10);
    world.assert_counts().await;
}

async fn a_job_for_later_is_scheduled(world: World) {
    let later = world.now().after(std::time::Duration::from_secs(60));
    let id = world
        .accept(vec![NewJob {
            run_at: Some(later),
            ..new("r")
        }])
        .await[0];
    assert_eq!(world.state(id).await, (State::Scheduled, 1));
    assert_eq!(world.ledger.next_due().await.unwrap(), Some(later));
    assert_eq!(world.ledger.promote_due(world.now(), 10).await.unwrap(), 0);
    world.advance(60);
    assert_eq!(world.ledger.promote_due(world.now(), 10).await.unwrap(), 1);
    assert_eq!(world.state(id).await, (State::Available, 1));
    assert_eq!(world.ledger.next_due().await.unwrap(), None);
    assert_eq!(
        world.event_types(id).await,
        ["job.accepted", "job.available"]
    );
    world.assert_counts().await;
}

async fn hundreds_of_jobs_go_in_at_once(world: World) {
    let jobs: Vec<_> = (0..777)
        .map(|i| NewJob {
            subject_id: format!("person-{}", i % 400),
            ..new(&format!("r{i}"))
        })
        .collect();
    let ids = world.accept(jobs).await;
    assert!(ids.is_sorted(), "ids sort as they were handed in");
    assert_eq!(world.number("SELECT count(*) FROM event").await, 777);
    assert_eq!(world.number("SELECT count(*) FROM person").await, 400);
    assert_eq!(world.ledger.stats().commits, 1);
    world.assert_counts().await;
}

async fn what_cannot_be_stored_is_refused_alone(world: World) {
    let float = NewJob {
        payload: json!({"amount": 1.5}),
        ..new("r")
    };
    for bad in [float, new(""), new("a\0b"), new(&"x".repeat(201))] {
        let refused = world.ledger.accept(vec![new("good"), bad]).await;
        assert!(
            matches!(refused, Err(LedgerError::Invalid(_))),
            "{refused:?}"
        );
    }
    assert_eq!(world.number("SELECT count(*) FROM job").await, 0);
}

async fn a_batch_reference_is_one_batch(world: World) {
    let id = world.batch("b", 3).await;
    let again = world
        .ledger
        .create_batch(new_batch("b", 9), user())
        .await
        .unwrap();
    assert_eq!(again, (id, false));
    let mut other = new_batch("b", 3);
    other.submitter = "wang".into();
    let taken = world.ledger.create_batch(other, user()).await;
    assert!(
        matches!(taken, Err(LedgerError::BatchTaken(_))),
        "{taken:?}"
    );
    let batch = world.ledger.batch(id).await.unwrap().unwrap();
    assert_eq!(
        (batch.weight, batch.reference.as_str(), batch.counts.len()),
        (3, "b", 0)
    );
    let same = world.ledger.batch_by_reference("b").await.unwrap().unwrap();
    assert_eq!(same.id, id);
    assert_eq!(
        world
            .number("SELECT count(*) FROM event WHERE type = 'batch.created'")
            .await,
        1
    );
}

async fn a_job_of_an_unknown_batch_is_refused(world: World) {
    let nowhere = clerkwork_core::BatchId::new();
    let job = NewJob {
        batch: Some(nowhere),
        ..new("r")
    };
    let refused = world.ledger.accept(vec![job]).await;
    assert!(
        matches!(refused, Err(LedgerError::NoSuchBatch(id)) if id == nowhere),
        "{refused:?}"
    );
    let batch = world.batch("b", 1).await;
    let other = world.another().await;
    let job = NewJob {
        batch: Some(batch),
        ..new("r")
    };
    assert!(
        other.accept(vec![job]).await.is_ok(),
        "made by another process"
    );
    let status = world.ledger.batch(batch).await.unwrap().unwrap();
    assert_eq!(status.counts.get(&State::Available), Some(&1));
}
