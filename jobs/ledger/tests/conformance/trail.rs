//! The events themselves.

use clerkwork_audit::{EventDraft, EventType, MasterKey, Sealer, commitment};
use clerkwork_core::{Office, State, WorkerId, canonical};
use clerkwork_ledger::{
    Changed, EventFilter, Ledger, LedgerError, LedgerErrorKind, LedgerOptions, MasterKeyChanged,
    NewJob, Order, Page,
};
use serde_json::{Value, json};

use crate::world::{World, change, new, on_both_engines, robot, user};

on_both_engines!(
    events_are_canonical_numbered_without_gaps_and_complete,
    personal_data_open_and_are_in_no_bytes,
    a_person_has_one_key,
    another_master_key_opens_nothing,
    one_master_key_follows_another,
    a_change_may_hold_personal_data_too,
    an_event_without_a_job_is_recorded,
    an_erased_person_is_written_about_no_more,
);

async fn events_are_canonical_numbered_without_gaps_and_complete(world: World) {
    let office = Office::new("shenzhen/nanshan").unwrap();
    let batch = world.batch("b", 1).await;
    let job = NewJob {
        office: office.clone(),
        batch: Some(batch),
        ..new("r")
    };
    let id = world.accept(vec![job]).await[0];
    world.claim(id, 1, WorkerId::new()).await;
    for _ in 0..3 {
        world.advance(1);
        assert_eq!(
            world
                .change(change(id, State::Running, 1, State::Running))
                .await,
            Changed::Yes
        );
    }
    let stored = world.ledger.events_of(id).await.unwrap();
    for (i, event) in stored.iter().enumerate() {
        let value: Value = serde_json::from_slice(&event.bytes).unwrap();
        assert_eq!(canonical::to_bytes(&value).unwrap(), event.bytes);
        assert_eq!(value["id"], event.id.to_string());
        assert_eq!(value["job"], id.to_string());
        assert_eq!(value["job_seq"], i + 1);
        assert_eq!(value["office"], office.as_str());
        assert_eq!(value["batch"], batch.to_string());
        let seconds = [0, 0, 1, 2, 3][i];
        assert_eq!(value["at"], crate::world::START.0 + seconds * 1_000_000);
    }
    let job = world.job(id).await;
    assert_eq!(job.seq, stored.len() as u64);
    let claimed: Value = serde_json::from_slice(&stored[1].bytes).unwrap();
    assert_eq!(claimed["actor"], json!({"kind": "robot", "name": "w1"}));
    assert_eq!(claimed["data"]["attempt"], 1);
    let accepted: Value = serde_json::from_slice(&stored[0].bytes).unwrap();
    assert_eq!(accepted["data"]["payload"], job.payload_digest.to_string());
    assert_eq!(accepted["actor"], json!({"kind": "user", "name": "li"}));
}

async fn personal_data_open_and_are_in_no_bytes(world: World) {
    let id = world.one("r").await;
    world.claim(id, 1, WorkerId::new()).await;
    world
        .change(change(id, State::Running, 1, State::Completed))
        .await;
    let events = world.ledger.events_of(id).await.unwrap();
    for event in &events {
        let text = String::from_utf8(event.bytes.clone()).unwrap();
        for secret in ["张三丰", "440301199001011234", "4403011990"] {
            assert!(!text.contains(secret), "{text}");
        }
    }
    let opened = world.ledger.open_sealed(events[0].id).await.unwrap();
    assert_eq!(opened["subject_id"], "440301199001011234");
    assert_eq!(opened["subject_name"], "张三丰");
    assert!(
        world
            .ledger
            .open_sealed(events[1].id)
            .await
            .unwrap()
            .is_empty()
    );
    // Salt and value open what stands in the event.
    let value: Value = serde_json::from_slice(&events[0].bytes).unwrap();
    let salt = world
        .bytes("SELECT salt FROM event_sealed WHERE field = 'subject_name'")
        .await;
    let expected = commitment(&salt.try_into().unwrap(), "张三丰").to_string();
    assert_eq!(value["sealed"]["subject_name"], expected);
}

async fn a_person_has_one_key(world: World) {
    let other = world.another().await;
    let mut ids = world.accept(vec![new("a"), new("b")]).await;
    let job = NewJob {
        subject_name: "张三".into(),
        ..new("c")
    };
    let clerkwork_ledger::Accepted::New(id) = other.accept(vec![job]).await.unwrap()[0] else {
        panic!("the reference is free");
    };
    ids.push(id);
    assert_eq!(world.number("SELECT count(*) FROM person").await, 1);
    for (id, name) in ids.into_iter().zip(["张三丰", "张三丰", "张三"]) {
        let event = world.ledger.events_of(id).await.unwrap()[0].id;
        assert_eq!(
            world.ledger.open_sealed(event).await.unwrap()["subject_name"],
            name
        );
    }
}

async fn another_master_key_opens_nothing(world: World) {
    let id = world.one("r").await;
    let event = world.ledger.events_of(id).await.unwrap()[0].id;
    let sealer = Sealer::new(&MasterKey([8; 32]));
    let options = LedgerOptions::default();
    let wrong = Ledger::open(&world.url, sealer, world.clock.clone(), options).await;
    let refused = wrong.map(drop).unwrap_err();
    assert_eq!(refused.kind(), LedgerErrorKind::Misconfigured, "{refused}");
    // And after it was refused the right one still does.
    let right = world.another().await;
    assert!(right.open_sealed(event).await.is_ok());
    // So it is with a ledger that is older than its ring.
    world.execute("DELETE FROM keyring").await;
    let sealer = Sealer::new(&MasterKey([8; 32]));
    let wrong = Ledger::open(&world.url, sealer, world.clock.clone(), options).await;
    assert!(wrong.is_err());
    assert!(world.another().await.open_sealed(event).await.is_ok());
}

async fn one_master_key_follows_another(world: World) {
    let id = world.one("r").await;
    let event = world.ledger.events_of(id).await.unwrap()[0].id;
    let by = world.authority("dave").await;
    let new = MasterKey([9; 32]);
    let open = async |key: &MasterKey| {
        let options = LedgerOptions::default();
        Ledger::open(&world.url, Sealer::new(key), world.clock.clone(), options).await
    };
    assert!(open(&new).await.is_err());
    // Once more after a start that was killed in between.
    for _ in 0..2 {
        let added = world.ledger.add_master_key(&new, &by).await.unwrap();
        assert_eq!(added, MasterKeyChanged::Yes(Vec::new()));
    }
    // For a while both open it, and find the same person.
    let other = open(&new).await.unwrap();
    assert_eq!(other.pseudonym("x"), world.ledger.pseudonym("x"));
    assert_eq!(
        other.open_sealed(event).await.unwrap(),
        world.another().await.open_sealed(event).await.unwrap()
    );
    let keys = other.master_keys().await.unwrap();
    assert_eq!(keys.len(), 2);
    assert!(keys.iter().all(|key| key.in_use == (key.id == new.id())));
    let unknown = MasterKey([7; 32].map(|byte: u8| byte + 40)).id();
    assert!(other.retire_master_keys(unknown, &by).await.is_err());
    let retired = other.retire_master_keys(new.id(), &by).await.unwrap();
    let old = keys.iter().find(|key| !key.in_use).unwrap().id;
    assert_eq!(retired, MasterKeyChanged::Yes(vec![old]));
    assert!(other.open_sealed(event).await.is_ok());
    // What runs goes on; what starts needs the new one.
    assert!(world.ledger.open_sealed(event).await.is_ok());
    assert!(open(&crate::world::MASTER).await.is_err());
    let events =
        "SELECT count(*) FROM event WHERE type IN ('master_key.added', 'master_key.retired')";
    assert_eq!(world.number(events).await, 2);
}

async fn a_change_may_hold_personal_data_too(world: World) {
    let id = world.running("r", WorkerId::new()).await;
    let draft = EventDraft::new(EventType::JobReturned, robot(), json!({}))
        .with_personal("reason", "张三丰的号码有误");
    let mut returned = change(id, State::Running, 1, State::Returned);
    returned.events = vec![draft];
    assert_eq!(world.change(returned).await, Changed::Yes);
    let last = world.ledger.events_of(id).await.unwrap().pop().unwrap();
    assert!(!String::from_utf8(last.bytes).unwrap().contains("张三丰"));
    assert_eq!(
        world.ledger.open_sealed(last.id).await.unwrap()["reason"],
        "张三丰的号码有误"
    );
}

async fn an_event_without_a_job_is_recorded(world: World) {
    let draft = EventDraft::new(EventType::AuditRead, user(), json!({"job": "x"}));
    let office = Office::new("shenzhen").unwrap();
    let id = world
        .ledger
        .record(office.clone(), draft.clone())
        .await
        .unwrap();
    let filter = EventFilter {
        office: Some(office),
        ..Default::default()
    };
    let found = world.ledger.search(&filter, Order::Newest, Page::first(10));
    let found = found.await.unwrap().events;
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].id, id);
    let value: Value = serde_json::from_slice(&found[0].bytes).unwrap();
    assert_eq!(
        (&value["type"], value.get("job_seq")),
        (&json!("audit.read"), None)
    );
    let office = Office::default();
    let personal = world
        .ledger
        .record(office, draft.with_personal("name", "张三"))
        .await;
    assert!(
        matches!(personal, Err(LedgerError::Seal(_))),
        "{personal:?}"
    );
}

async fn an_erased_person_is_written_about_no_more(world: World) {
    let id = world.running("r", WorkerId::new()).await;
    world.execute("DELETE FROM person").await;
    let event = world.ledger.events_of(id).await.unwrap()[0].id;
    let refused = world.ledger.open_sealed(event).await;
    assert!(matches!(refused, Err(LedgerError::Seal(_))), "{refused:?}");
    let draft =
        EventDraft::new(EventType::JobReturned, robot(), json!({})).with_personal("reason", "x");
    let mut returned = change(id, State::Running, 1, State::Returned);
    returned.events = vec![draft];
    let refused = world.ledger.change(returned).await;
    assert!(matches!(refused, Err(LedgerError::Seal(_))), "{refused:?}");
    assert_eq!(world.state(id).await, (State::Running, 1));
}
