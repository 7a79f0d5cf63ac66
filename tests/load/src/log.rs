//! Events a second that are durable and numbered in the Merkle log, and how fast it is verified and searched.

use std::{
    pin::pin,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use clerkwork_audit::{
    EventDraft, EventType, Term,
    log::{Edge, hash_entries},
    schema::Outcome,
};
use clerkwork_core::{Actor, Digest, Office};
use clerkwork_ledger::{EventFilter, Ledger, LogKeeper, Order, Page};
use clerkwork_rig::{Rig, RigOptions};
use futures::{StreamExt, future::join_all, stream};
use serde_json::json;
use tokio::time::{Instant, sleep};

/// How often the keeper passes, as by default.
const EVERY: Duration = Duration::from_secs(1);

pub(crate) async fn measure(options: RigOptions, events: usize, writers: usize, at_once: usize) {
    let rig = Rig::start(options).await;
    let services = rig.services().await;
    let ledger = services.ledger.clone();
    let mut keeper = LogKeeper::open(&ledger, "load.example/log")
        .await
        .expect("a log");
    keeper.pass().await.expect("a pass");

    let done = Arc::new(AtomicBool::new(false));
    let passes = tokio::spawn({
        let done = done.clone();
        async move {
            let mut lags = Vec::new();
            loop {
                let last = done.load(Ordering::SeqCst);
                lags.push(keeper.pass().await.expect("a pass").lag);
                if last {
                    return lags;
                }
                sleep(EVERY).await;
            }
        }
    });
    let numbered = Arc::new(AtomicBool::new(false));
    let terms = tokio::spawn({
        let (ledger, numbered) = (ledger.clone(), numbered.clone());
        async move {
            loop {
                let last = numbered.load(Ordering::SeqCst);
                while ledger.keep_terms().await.expect("terms") > 0 {}
                if last {
                    return;
                }
                sleep(EVERY).await;
            }
        }
    });
    let left = Arc::new(AtomicUsize::new(events));
    let start = Instant::now();
    let writers: Vec<_> = (0..writers)
        .map(|_| {
            let (ledger, left) = (ledger.clone(), left.clone());
            tokio::spawn(async move { write(&ledger, &left, at_once).await })
        })
        .collect();
    for writer in writers {
        writer.await.expect("a writer");
    }
    let durable = start.elapsed();
    done.store(true, Ordering::SeqCst);
    let mut lags = passes.await.expect("the keeper");
    let entered = start.elapsed();
    numbered.store(true, Ordering::SeqCst);
    terms.await.expect("terms");
    let searchable = start.elapsed();
    lags.sort_unstable();
    let lag = lags[(lags.len() - 1) * 99 / 100];
    println!("{events} events:");
    let spans = [
        ("durable", durable),
        ("numbered and signed", entered),
        ("searchable", searchable),
    ];
    for (what, after) in spans {
        let after = after.as_secs_f64();
        println!(
            "  {what} after {after:.2} s ({:.0}/s)",
            events as f64 / after
        );
    }
    println!(
        "  lag of a pass: p99 {:.2} s over {} passes",
        lag.as_secs_f64(),
        lags.len()
    );

    let state = ledger.log_state().await.expect("a state").expect("a log");
    let head = ledger
        .checkpoint(None)
        .await
        .expect("a head")
        .expect("a head");
    let start = Instant::now();
    let root = hashed(&ledger, state.size).await;
    assert_eq!(root, head.root, "the log verifies");
    let taken = start.elapsed().as_secs_f64();
    println!(
        "  verified {} entries in {taken:.2} s ({:.0}/s)",
        state.size,
        state.size as f64 / taken
    );
    search(&ledger).await;
}

/// Entries that are read and hashed as one.
const STRETCH: u64 = 32 * 256;

/// The root over all entries, read and hashed anew as `clerkwork audit verify` does.
async fn hashed(ledger: &Ledger, size: u64) -> Digest {
    let stretch = |from: u64| {
        let ledger = ledger.clone();
        async move {
            let read = tokio::spawn(async move {
                let (mut entries, mut place) = (Vec::new(), None);
                let wanted = STRETCH.min(size - from);
                while (entries.len() as u64) < wanted {
                    let index = from + entries.len() as u64;
                    let limit = 2_048.min(wanted - entries.len() as u64) as u32;
                    let (some, last) = ledger
                        .entry_bytes(index, place, limit)
                        .await
                        .expect("entries");
                    entries.extend(some);
                    place = last;
                }
                entries
            });
            let entries = read.await.expect("read");
            let hash = move || {
                let tiles = entries.chunks(256);
                let hash = |tile: &[Vec<u8>]| hash_entries(tile.iter().map(Vec::as_slice));
                tiles.map(hash).collect::<Vec<_>>()
            };
            tokio::task::spawn_blocking(hash).await.expect("hashed")
        }
    };
    let begins = (0..size).step_by(STRETCH as usize);
    let mut read = pin!(stream::iter(begins).map(stretch).buffered(6));
    let (mut edge, mut full) = (Edge::default(), Vec::new());
    while let Some(tiles) = read.next().await {
        for (leaves, root) in tiles {
            match root {
                Some(root) => assert!(edge.append_tile(leaves, root, &mut full)),
                None => leaves
                    .into_iter()
                    .for_each(|leaf| edge.append(leaf, &mut full)),
            }
            full.clear();
        }
    }
    edge.root()
}

/// Searches of each sort.
const SEARCHES: usize = 100;

/// How long a page of 50 events takes to find, by what is asked for.
async fn search(ledger: &Ledger) {
    let rule = |i: usize| Term::Rule(rule(i));
    let word = |text: &str| Term::Word(text.into());
    let of = |terms: Vec<Term>| EventFilter {
        terms,
        ..EventFilter::default()
    };
    type Ask<'a> = (&'a str, Box<dyn Fn(usize) -> EventFilter + 'a>);
    let sorts: [Ask<'_>; 7] = [
        ("a rule", Box::new(|i| of(vec![rule(i)]))),
        (
            "a rule, a policy and a verdict",
            Box::new(|i| of(vec![rule(i), policy(i), Term::Verdict("hold".into())])),
        ),
        (
            "a rule of an actor and an office that have none",
            Box::new(|i| EventFilter {
                actor: Some("nobody".into()),
                office: Office::new("west").ok(),
                ..of(vec![rule(i)])
            }),
        ),
        (
            "a connector and an operation",
            Box::new(|i| {
                let operation = OPERATIONS[i % OPERATIONS.len()];
                of(vec![
                    Term::Connector("etax".into()),
                    Term::Operation(operation.into()),
                ])
            }),
        ),
        (
            "an outcome and words",
            Box::new(|i| {
                let number = (i * 7_919 % 100_000).to_string();
                of(vec![
                    Term::Outcome(Outcome::Failure),
                    word("timeout"),
                    word(&number),
                ])
            }),
        ),
        (
            "an invoice number",
            Box::new(|i| of(vec![word(&format!("26{:010}", i * 104_729))])),
        ),
        (
            "two lists that never meet",
            Box::new(|_| of(vec![Term::Verdict("proceed".into()), word("timeout")])),
        ),
    ];
    let mut all = Vec::new();
    for (name, ask) in &sorts {
        let mut times = Vec::new();
        let mut found = 0;
        for i in 0..SEARCHES {
            let filter = ask(i);
            let start = Instant::now();
            let page = ledger.search(&filter, Order::Newest, Page::first(50)).await;
            times.push(start.elapsed());
            found += page.expect("a page").events.len();
        }
        times.sort_unstable();
        let at = |permille: usize| times[(times.len() - 1) * permille / 1_000].as_secs_f64() * 1e3;
        println!(
            "  search by {name}: p50 {:.1} ms, p99 {:.1} ms, {found} events",
            at(500),
            at(990)
        );
        all.extend(times);
    }
    all.sort_unstable();
    let p99 = all[(all.len() - 1) * 99 / 100].as_secs_f64() * 1e3;
    println!("  search, all of them: p99 {p99:.1} ms");
}

const OPERATIONS: [&str; 4] = [
    "dossier",
    "approve_and_issue",
    "return_to_applicant",
    "status",
];

/// Some rules fire much more often than others.
fn rule(i: usize) -> String {
    format!("agent_invoice.rule_{}", i % 170)
}

fn policy(i: usize) -> Term {
    Term::Policy(format!("{:064x}", i % 5))
}

/// What a fleet records: of ten events two decisions, four acts, a failure now and then.
fn event(i: usize) -> EventDraft {
    let robot = Actor::Robot(format!("fleet-{}", i % 8));
    let scattered = i.wrapping_mul(2_654_435_761) >> 7;
    let (kind, data) = match i % 10 {
        0 | 5 => {
            let rules = (0..scattered % 4).map(|n| rule((scattered >> n) % 170 * n.min(1) + n));
            let Term::Policy(policy) = policy(i / 2_000_000) else {
                unreachable!("it is one")
            };
            let verdict = ["proceed", "review", "return", "hold"][scattered % 16 / 5];
            let data = json!({
                "facts": "a".repeat(64), "findings": ["AIR-UPS-003"], "policy": policy,
                "rules": rules.collect::<Vec<_>>(), "verdict": verdict,
            });
            (EventType::JobDecided, data)
        }
        1 | 6 => {
            let effect = OPERATIONS[scattered % 4];
            let data = json!({"connector": "etax", "effect": effect, "key": format!("cw-{i}")});
            (EventType::EffectIntended, data)
        }
        2 | 7 => {
            let effect = OPERATIONS[scattered % 4];
            let data = json!({
                "by": "call", "connector": "etax", "effect": effect, "key": format!("cw-{i}"),
                "result": {"invoice_number": format!("26{:010}", i)},
            });
            (EventType::EffectConfirmed, data)
        }
        3 if i % 50 == 3 => {
            let error = format!("etax.dossier: timeout after {} ms", scattered % 100_000);
            let data = json!({
                "connector": "etax", "error": error, "failures": 1, "operation": "dossier",
                "run_at": 1,
            });
            (EventType::JobRetryScheduled, data)
        }
        _ => {
            let data = json!({"attempt": 1, "worker": "01a218fe-6c12-720c-8000-01b399f28eee"});
            (EventType::JobClaimed, data)
        }
    };
    EventDraft::new(kind, robot, data)
}

/// Records events, so many at once, until none is left.
async fn write(ledger: &Ledger, left: &AtomicUsize, at_once: usize) {
    let take = |n: usize| n.checked_sub(at_once).or((n > 0).then_some(0));
    while let Ok(before) = left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, take) {
        let some = (0..before.min(at_once)).map(|i| {
            let event = event(before - i);
            ledger.record(Office::default(), event)
        });
        for recorded in join_all(some).await {
            recorded.expect("recorded");
        }
    }
}
