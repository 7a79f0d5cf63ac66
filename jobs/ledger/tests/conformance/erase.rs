//! Erasing a person: nothing of theirs is left anywhere, everything of others is, and the log is whole.

use std::collections::BTreeSet;

use clerkwork_audit::{
    EventDraft, EventType,
    log::{Edge, leaf_hash},
};
use clerkwork_core::{Digest, EventId, IdempotencyKey, JobId, State, WorkerId};
use clerkwork_ledger::{
    Accepted, EffectWrite, Erased, EventFilter, Holdings, LogKeeper, NewJob, Order, Page,
    PersonNumber,
};
use serde_json::{Value, json};

use crate::world::{World, change, new, on_both_engines, robot, user};

on_both_engines!(
    nothing_of_an_erased_person_is_left,
    what_is_not_finished_is_not_touched,
    what_is_only_named_by_others_goes_as_well,
    of_an_erasure_and_a_new_item_at_once_neither_is_half_done,
);

const NUMBER: &str = "440301198505050055";
const NAME: &str = "欧阳小燕";
const PHONE: &str = "13912345678";
const OTHER: &str = "440301199001011234";

fn number() -> PersonNumber {
    PersonNumber::new(NUMBER).unwrap()
}

/// An item of the person.
fn theirs(reference: &str) -> NewJob {
    NewJob {
        subject_id: NUMBER.into(),
        subject_name: NAME.into(),
        payload: json!({"seller": {"tax_id": NUMBER, "name": NAME}, "phone": PHONE}),
        ..new(reference)
    }
}

/// An item of somebody else that names the person.
fn naming(reference: &str) -> NewJob {
    NewJob {
        payload: json!({"number": reference, "seller": {"tax_id": OTHER, "name": "张三丰"},
            "agent": {"id": NUMBER, "name": NAME, "phone": PHONE}}),
        ..new(reference)
    }
}

/// Leads a job to its end: with an effect, a page that was kept, and a person's word in between.
async fn finished(world: &World, job: NewJob, said: &str) -> JobId {
    let id = world.accept(vec![job]).await[0];
    world.claim(id, 1, WorkerId::new()).await;
    let effect = |event: EventType, write: EffectWrite| {
        let mut step = change(id, State::Running, 1, State::Running);
        step.events = vec![EventDraft::new(event, robot(), json!({}))];
        step.effects = vec![write];
        step
    };
    let key = IdempotencyKey::of(id, "issue");
    let intend = EffectWrite::Intend {
        key: key.clone(),
        name: "issue".into(),
        before: Some(json!({"holder": said})),
    };
    world
        .change(effect(EventType::EffectIntended, intend))
        .await;
    let resolve = EffectWrite::Resolve {
        key,
        state: clerkwork_core::EffectState::Confirmed,
        result: Some(json!({"holder": said})),
    };
    world
        .change(effect(EventType::EffectConfirmed, resolve))
        .await;
    let mut end = change(id, State::Running, 1, State::Completed);
    let kept = EventDraft::new(EventType::EvidenceKept, robot(), json!({}));
    end.events
        .insert(0, kept.with_personal("page", format!("<td>{said}</td>")));
    world.change(end).await;
    id
}

async fn holdings(world: &World) -> Holdings {
    world.ledger.holdings(&number(), |_| ()).await.unwrap()
}

async fn erase(world: &World) -> Erased {
    let by = world.authority("dave").await;
    let found = holdings(world).await;
    world
        .ledger
        .erase(&number(), found, "request 2026-114", &by)
        .await
        .unwrap()
}

/// How many rows of all tables hold a text. On SQLite the file itself is looked through.
async fn rows_with(world: &World, text: &str) -> usize {
    if let Some(path) = world.url.strip_prefix("sqlite:") {
        let files = [path.to_owned(), format!("{path}-wal")]
            .map(|path| std::fs::read(path).unwrap_or_default());
        let count = |bytes: &[u8]| {
            bytes
                .windows(text.len())
                .filter(|part| *part == text.as_bytes())
                .count()
        };
        return files.iter().map(|bytes| count(bytes)).sum();
    }
    let tables = world
        .texts("SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'")
        .await;
    let mut rows = 0;
    for table in tables {
        let sql = format!("SELECT count(*) FROM \"{table}\" t WHERE t::text LIKE '%{text}%'");
        rows += world.number(&sql).await as usize;
    }
    rows
}

async fn sealed(world: &World, job: JobId) -> BTreeSet<EventId> {
    let mut with = BTreeSet::new();
    for event in world.ledger.events_of(job).await.unwrap() {
        if world
            .ledger
            .open_sealed(event.id)
            .await
            .is_ok_and(|values| !values.is_empty())
        {
            with.insert(event.id);
        }
    }
    with
}

async fn nothing_of_an_erased_person_is_left(world: World) {
    let said = format!("{NAME} {NUMBER}");
    let first = finished(&world, theirs("A-1"), &said).await;
    let second = finished(&world, theirs("A-2"), &said).await;
    let other = finished(&world, new("B-1"), "nobody").await;
    let kept = sealed(&world, other).await;
    let before = world.ledger.events_of(first).await.unwrap();
    let mut keeper = LogKeeper::open(&world.ledger, "tax.example/log")
        .await
        .unwrap();
    let head = keeper.pass().await.unwrap().checkpoint.unwrap();
    assert!(rows_with(&world, NUMBER).await > 0 && rows_with(&world, NAME).await > 0);

    let found = holdings(&world).await;
    assert_eq!(found.own, [first, second]);
    assert_eq!(
        (found.sealed, found.mentions.len(), found.values.len()),
        (6, 0, 0)
    );
    let Erased::Yes(subject) = erase(&world).await else {
        panic!("not erased")
    };
    for text in [NUMBER, NAME, PHONE] {
        assert_eq!(rows_with(&world, text).await, 0, "{text} is left");
    }
    let pseudonym = Digest(world.ledger.pseudonym(NUMBER).0).to_string();
    if !world.url.starts_with("sqlite:") {
        assert_eq!(
            rows_with(&world, &pseudonym).await,
            0,
            "nothing leads there"
        );
    }
    let party = EventFilter {
        party: Some(world.ledger.pseudonym(NUMBER)),
        ..EventFilter::default()
    };
    let left = world
        .ledger
        .search(&party, Order::Newest, Page::first(10))
        .await
        .unwrap();
    assert_eq!(left.events, []);
    assert!(sealed(&world, first).await.is_empty() && sealed(&world, second).await.is_empty());
    assert_eq!(sealed(&world, other).await, kept);
    assert!(world.ledger.decisions(first).await.unwrap().is_empty());

    // The events are what they were, and so is the log that grew out of them.
    assert_eq!(world.ledger.events_of(first).await.unwrap(), before);
    let grown = keeper.pass().await.unwrap().checkpoint.unwrap();
    let mut edge = Edge::default();
    for entry in world.ledger.entries(0, None, 1_000).await.unwrap() {
        edge.append(leaf_hash(&entry.bytes), &mut Vec::new());
        if edge.size() == head.size {
            assert_eq!(edge.root(), head.root);
        }
    }
    assert_eq!((edge.size(), edge.root()), (grown.size, grown.root));
    let told = EventFilter {
        kind: Some("person.erased".into()),
        ..EventFilter::default()
    };
    let told = world
        .ledger
        .search(&told, Order::Newest, Page::first(10))
        .await
        .unwrap()
        .events;
    let told: Value = serde_json::from_slice(&told[0].bytes).unwrap();
    let data = json!({"items": 2, "mentions": 0, "values": 6, "reason": "request 2026-114",
        "subject": subject.to_string()});
    assert_eq!(told["data"], data);

    // Once more there is nothing; and a new item of theirs is one of anybody.
    assert_eq!(erase(&world).await, Erased::Nothing);
    let again = finished(&world, theirs("A-3"), &said).await;
    assert_eq!(sealed(&world, again).await.len(), 2);
    assert_eq!(holdings(&world).await.own, [again]);
}

async fn what_is_not_finished_is_not_touched(world: World) {
    let done = finished(&world, theirs("A-1"), NUMBER).await;
    let open = world.accept(vec![theirs("A-2"), naming("B-1")]).await;
    assert_eq!(holdings(&world).await.unfinished, open);
    assert_eq!(erase(&world).await, Erased::Unfinished(open.clone()));
    assert_eq!(sealed(&world, done).await.len(), 2);
    // Also one that came between the look and the act.
    let stale = Holdings {
        unfinished: Vec::new(),
        ..holdings(&world).await
    };
    let by = world.authority("dave").await;
    let refused = world
        .ledger
        .erase(&number(), stale, "x", &by)
        .await
        .unwrap();
    assert_eq!(refused, Erased::Unfinished(vec![open[0]]));
    assert_eq!(sealed(&world, done).await.len(), 2);
    let nobody = world
        .ledger
        .erase(&number(), holdings(&world).await, " ", &by)
        .await;
    assert!(nobody.is_err(), "without a reason");
    for wrong in ["", "12345", "1234 5678", "张三丰张三丰"] {
        assert!(PersonNumber::new(wrong).is_err(), "{wrong}");
    }
}

async fn what_is_only_named_by_others_goes_as_well(world: World) {
    let said = format!("代办人 {NUMBER} {NAME}");
    let named = finished(&world, naming("B-1"), &said).await;
    let longer = finished(&world, new("B-2"), &format!("{NUMBER}7")).await;
    let (kept, untouched) = (sealed(&world, named).await, sealed(&world, longer).await);
    let found = holdings(&world).await;
    assert_eq!(
        (found.own.len(), found.mentions.len(), found.values.len()),
        (0, 1, 1)
    );
    assert!(matches!(erase(&world).await, Erased::Yes(_)));
    let payload = world.job(named).await.payload;
    let payload: Value = serde_json::from_str(&payload).unwrap();
    let left = json!({"number": "B-1", "seller": {"tax_id": OTHER, "name": "张三丰"},
        "agent": {"id": "erased", "name": "erased", "phone": "erased"}});
    assert_eq!(payload, left);
    // The page is gone; that the item is of somebody else is not.
    assert_eq!(sealed(&world, named).await.len(), kept.len() - 1);
    assert_eq!(sealed(&world, longer).await, untouched);
    assert_eq!(rows_with(&world, NAME).await, 0);
    assert_eq!(erase(&world).await, Erased::Nothing);
}

async fn of_an_erasure_and_a_new_item_at_once_neither_is_half_done(world: World) {
    let by = world.authority("dave").await;
    let other = world.another().await;
    let (mut erased, mut refused) = (0, 0);
    for round in 0..20 {
        finished(&world, theirs(&format!("A-{round}")), NUMBER).await;
        let found = holdings(&world).await;
        let number = number();
        let (done, came) = tokio::join!(
            world.ledger.erase(&number, found, "request", &by),
            other.accept(vec![theirs(&format!("N-{round}"))]),
        );
        let Accepted::New(came) = came.unwrap()[0] else {
            panic!("the reference is free")
        };
        // Whichever came first: the new item is whole, and can be read.
        assert_eq!(sealed(&world, came).await.len(), 1, "round {round}");
        match done.unwrap() {
            Erased::Yes(_) => erased += 1,
            Erased::Unfinished(items) => {
                assert_eq!(items, [came]);
                refused += 1;
            }
            other => panic!("{other:?}"),
        }
        world
            .ledger
            .request_cancel(came, user(), "x")
            .await
            .unwrap();
        assert!(matches!(erase(&world).await, Erased::Yes(_)));
    }
    println!("erased first {erased} times, refused {refused} times");
}
