//! Finding events: what the index finds is what looking at every event finds.

use std::collections::BTreeSet;

use clerkwork_audit::{EventDraft, EventType, Term, schema::Outcome, schema::schema, terms};
use clerkwork_core::{Actor, EventId, JobId, Office, Timestamp};
use clerkwork_ledger::{EventFilter, LogKeeper, Order, Page, StoredEvent};
use serde_json::{Value, json};

use crate::world::{World, new, on_both_engines};

on_both_engines!(
    what_is_found_is_what_fits,
    a_page_looks_at_so_many_events_and_says_where_to_go_on,
    what_was_numbered_before_terms_were_kept_is_found_as_well,
    two_terms_that_look_alike_in_the_index_are_told_apart,
);

const RULES: [&str; 3] = ["invoice.day_split", "invoice.month_burst", "red.late"];

/// A mix of events: some types, actors, offices, rules and words, each in some order of its own.
async fn mixed(world: &World, events: usize) {
    for i in 0..events {
        world.advance(1);
        let actor = Actor::User(["frank", "grace"][i / 2 % 2].into());
        let office = Office::new(["center", "center/east", "west"][i % 3]).unwrap();
        let of = |two: [&'static str; 2]| two[i / 5 % 2];
        let (kind, data) = match i % 5 {
            0 => (
                EventType::JobDecided,
                json!({"verdict": of(["review", "proceed"]), "policy": "a".repeat(64),
                    "rules": &RULES[i / 5 % 3..], "findings": [], "facts": "b"}),
            ),
            1 => (
                EventType::EffectUnknown,
                json!({"connector": "etax", "effect": of(["issue", "return"]), "key": "k",
                    "by": "call", "result": {"number": format!("26{}", i / 5 % 4)}}),
            ),
            2 => (
                EventType::BrakeOn,
                json!({"reason": of(["发票税率不符", "too many doubts"])}),
            ),
            3 => (
                EventType::AccessRefused,
                json!({"action": "audit.search", "why": ["not yours"]}),
            ),
            _ => (EventType::AuditRead, json!({"rule": RULES[0]})),
        };
        let event = EventDraft::new(kind, actor, data);
        world.ledger.record(office, event).await.unwrap();
    }
}

async fn indexed(world: &World) {
    let mut keeper = LogKeeper::open(&world.ledger, "tax.example/log")
        .await
        .unwrap();
    keeper.pass().await.unwrap();
    while world.ledger.keep_terms().await.unwrap() > 0 {}
    let log = world.ledger.log_lag().await.unwrap().unwrap();
    assert_eq!(log.searchable, log.entries);
}

pub(crate) async fn all(
    world: &World,
    filter: &EventFilter,
    order: Order,
    limit: u32,
) -> Vec<StoredEvent> {
    let (mut found, mut after) = (Vec::new(), None);
    loop {
        let page = world
            .ledger
            .search(filter, order, Page { after, limit })
            .await
            .unwrap();
        assert!(page.events.len() <= limit as usize);
        found.extend(page.events);
        after = page.next;
        if after.is_none() {
            return found;
        }
    }
}

fn fits(filter: &EventFilter, event: &StoredEvent, of_party: &BTreeSet<String>) -> bool {
    let value: Value = serde_json::from_slice(&event.bytes).unwrap();
    let text = |path: &str| {
        value
            .pointer(path)
            .and_then(Value::as_str)
            .map(str::to_owned)
    };
    let (kind, job) = (text("/type").unwrap(), text("/job"));
    let found = terms(&event.bytes);
    let said = String::from_utf8(event.bytes.clone())
        .unwrap()
        .to_lowercase();
    let outcome = schema().unwrap().events[&kind].outcome;
    let at = Timestamp(value["at"].as_i64().unwrap());
    let office = Office::new(text("/office").unwrap()).unwrap();
    filter.office.as_ref().is_none_or(|of| of.contains(&office))
        && filter.kind.as_ref().is_none_or(|of| *of == kind)
        && filter
            .actor
            .as_ref()
            .is_none_or(|of| text("/actor/name").as_ref() == Some(of))
        && filter
            .job
            .is_none_or(|of| job.as_ref() == Some(&of.to_string()))
        && filter
            .party
            .is_none_or(|_| job.as_ref().is_some_and(|job| of_party.contains(job)))
        && filter.since.is_none_or(|since| at >= since)
        && filter.until.is_none_or(|until| at < until)
        && filter.terms.iter().all(|term| found.contains(term))
        && filter.text.iter().all(|part| said.contains(part))
        && (!filter.went_well || outcome == Outcome::Success)
}

fn filters(world: &World, job: JobId) -> Vec<EventFilter> {
    let rule = |id: &str| Term::Rule(id.into());
    let words = |text: &str| {
        let terms = clerkwork_audit::words(text).into_iter().map(Term::Word);
        (vec![text.to_lowercase()], terms.collect::<Vec<_>>())
    };
    let with = |terms: Vec<Term>| EventFilter {
        terms,
        ..EventFilter::default()
    };
    let mut all = vec![
        EventFilter::default(),
        with(vec![rule(RULES[2])]),
        with(vec![rule(RULES[0]), Term::Verdict("review".into())]),
        with(vec![
            rule(RULES[1]),
            Term::Policy("a".repeat(64)),
            Term::Verdict("proceed".into()),
        ]),
        with(vec![rule("invoice.unheard_of")]),
        with(vec![
            Term::Connector("etax".into()),
            Term::Operation("return".into()),
        ]),
        with(vec![Term::Operation("audit.search".into())]),
        with(vec![Term::Outcome(Outcome::Failure)]),
        with(vec![Term::Outcome(Outcome::Unknown)]),
        EventFilter {
            went_well: true,
            ..EventFilter::default()
        },
        EventFilter {
            went_well: true,
            actor: Some("grace".into()),
            ..with(vec![rule(RULES[0])])
        },
        EventFilter {
            job: Some(job),
            ..EventFilter::default()
        },
        EventFilter {
            kind: Some("job.accepted".into()),
            job: Some(job),
            ..EventFilter::default()
        },
        EventFilter {
            party: Some(world.ledger.pseudonym("440301199001011234")),
            ..EventFilter::default()
        },
        EventFilter {
            kind: Some("job.decided".into()),
            actor: Some("frank".into()),
            office: Some(Office::new("center").unwrap()),
            ..EventFilter::default()
        },
        EventFilter {
            since: Some(world.now().before(std::time::Duration::from_secs(40))),
            until: Some(world.now().before(std::time::Duration::from_secs(9))),
            ..with(vec![Term::Connector("etax".into())])
        },
    ];
    for said in ["税率不符", "Doubts", "263"] {
        let (text, terms) = words(said);
        all.push(EventFilter {
            text,
            ..with(terms)
        });
    }
    all
}

async fn what_is_found_is_what_fits(world: World) {
    let jobs = world
        .accept((0..3).map(|i| new(&format!("r{i}"))).collect())
        .await;
    mixed(&world, 90).await;
    indexed(&world).await;
    let every = all(&world, &EventFilter::default(), Order::Oldest, 1_000).await;
    assert_eq!(every.len(), 3 + 90 + 1);
    let party = jobs.iter().map(JobId::to_string).collect();
    let mut found_some = 0;
    for filter in filters(&world, jobs[1]) {
        let mut expected: Vec<_> = every
            .iter()
            .filter(|event| fits(&filter, event, &party))
            .cloned()
            .collect();
        found_some += usize::from(!expected.is_empty());
        for limit in [1, 7, 1_000] {
            let found = all(&world, &filter, Order::Oldest, limit).await;
            assert_eq!(ids(&found), ids(&expected), "{filter:?} by {limit}");
        }
        expected.reverse();
        let found = all(&world, &filter, Order::Newest, 3).await;
        assert_eq!(ids(&found), ids(&expected), "{filter:?}, the newest first");
    }
    assert_eq!(
        found_some,
        filters(&world, jobs[1]).len() - 1,
        "but for the unheard of"
    );
}

fn ids(events: &[StoredEvent]) -> Vec<EventId> {
    events.iter().map(|event| event.id).collect()
}

async fn a_page_looks_at_so_many_events_and_says_where_to_go_on(world: World) {
    let rare = async |name: &str| {
        let actor = Actor::User("rare".into());
        let event = EventDraft::new(EventType::BrakeOff, actor, json!({"reason": name}));
        world
            .ledger
            .record(Office::new("west").unwrap(), event)
            .await
            .unwrap()
    };
    let first = rare("first").await;
    let many = (0..11_000).map(|i| new(&format!("m{i}"))).collect();
    world.advance(1);
    world.accept(many).await;
    world.advance(1);
    let last = rare("last").await;
    let filter = EventFilter {
        office: Some(Office::new("west").unwrap()),
        ..EventFilter::default()
    };
    let page = world
        .ledger
        .search(&filter, Order::Newest, Page::first(10))
        .await
        .unwrap();
    assert_eq!(
        ids(&page.events),
        [last],
        "the other is further back than one page looks"
    );
    let next = page.next.unwrap();
    assert!(first < next && next < last);
    assert_eq!(
        ids(&all(&world, &filter, Order::Newest, 10).await),
        [last, first]
    );
    // The shorter list of two is gone through.
    let filter = EventFilter {
        actor: Some("rare".into()),
        ..filter
    };
    let page = world
        .ledger
        .search(&filter, Order::Newest, Page::first(10))
        .await
        .unwrap();
    assert_eq!((ids(&page.events), page.next), (vec![last, first], None));
}

async fn what_was_numbered_before_terms_were_kept_is_found_as_well(world: World) {
    mixed(&world, 30).await;
    indexed(&world).await;
    world.execute("DELETE FROM event_term").await;
    world.execute("UPDATE log_state SET termed = 0").await;
    let filter = EventFilter {
        terms: vec![Term::Connector("etax".into())],
        ..EventFilter::default()
    };
    assert_eq!(all(&world, &filter, Order::Oldest, 100).await, []);
    mixed(&world, 5).await;
    indexed(&world).await;
    assert_eq!(all(&world, &filter, Order::Oldest, 100).await.len(), 7);
}

async fn two_terms_that_look_alike_in_the_index_are_told_apart(world: World) {
    mixed(&world, 10).await;
    indexed(&world).await;
    let term = Term::Rule("one.that_fired_nowhere".into());
    let key = term.key();
    // As if the rule's key were that of another.
    let other = Term::Rule(RULES[2].into()).key();
    world
        .execute(&format!(
            "INSERT INTO event_term (term, event) SELECT {key}, event FROM event_term WHERE term = {other}"
        ))
        .await;
    let filter = EventFilter {
        terms: vec![term],
        ..EventFilter::default()
    };
    assert_eq!(all(&world, &filter, Order::Newest, 100).await, []);
}
