//! How fast the ledger is on this machine: `cargo run --release --example rate -- [URL] [ITEMS] [WRITERS]`.
//!
//! Without a URL it measures SQLite in a temporary folder and a private PostgreSQL. One caller
//! shows what a single commit costs, 256 callers what a group of commits gives, and the last line of
//! each engine is the way of a whole item: accept → dispatch → claim → decide and intend → confirm
//! and finish.
#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a program to be read on a terminal; what fails shall stop it"
)]

use std::{
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use clerkwork_audit::{EventDraft, EventType, MasterKey, Sealer};
use clerkwork_core::{
    Actor, Decision, Digest, EffectState, Entry, Facts, IdempotencyKey, JobId, KindName, Lane,
    Office, RuleHit, State, SystemClock, Text, Tier, Timestamp, Verdict, WorkerId,
};
use clerkwork_ledger::{
    Accepted, Change, Changed, Claim, Claimed, DecisionRecord, EffectWrite, Ledger, LedgerOptions,
    NewJob,
};
use serde_json::json;

const CALLERS: usize = 256;

#[tokio::main]
async fn main() {
    let mut args = std::env::args().skip(1);
    let url = args.next();
    let items: usize = args.next().map_or(20_000, |n| n.parse().unwrap());
    let writers = args.next().map_or(2, |n| n.parse().unwrap());
    if let Some(url) = url.filter(|url| url.contains(':')) {
        return measure(&url, items, writers).await;
    }
    let folder = tempfile::tempdir().unwrap();
    let file = format!("sqlite:{}", folder.path().join("ledger.db").display());
    measure(&file, items, writers).await;
    let database = clerkwork_testkit::Postgres::database().await;
    measure(&database.url(), items, writers).await;
}

async fn measure(url: &str, items: usize, writers: u32) {
    let sealer = Sealer::new(&MasterKey::generate());
    let options = LedgerOptions {
        writers,
        ..Default::default()
    };
    let ledger = Ledger::open(url, sealer, Arc::new(SystemClock), options)
        .await
        .unwrap();
    println!("{}", ledger.info().await.unwrap().engine);
    for callers in [1, CALLERS] {
        let n = if callers == 1 { 300 } else { items };
        let jobs = each("accept 1", &ledger, callers, n, |ledger, i| async move {
            accept(&ledger, i, 1).await.pop().unwrap()
        })
        .await;
        let entries = drain(&ledger, jobs.len()).await;
        let held = over("claim", &ledger, callers, entries, claim).await;
        over("change", &ledger, callers, held, finish).await;
    }
    let started = Instant::now();
    for i in 0..items / 500 {
        accept(&ledger, i, 500).await;
    }
    report("accept 500, one caller", items, started, &ledger, None);
    let started = Instant::now();
    let cpu = cpu();
    let entries = drain(&ledger, items).await;
    report("dispatch", items, started, &ledger, Some(cpu));
    let held = over("claim", &ledger, CALLERS, entries, claim).await;
    over("change", &ledger, CALLERS, held, finish).await;
    whole_way(&ledger, items).await;
    ledger.close().await;
}

/// Accepts, dispatches and works at the same time, as a fleet does.
async fn whole_way(ledger: &Ledger, items: usize) {
    let (before, started, cpu) = (ledger.stats().commits, Instant::now(), cpu());
    let intake = tokio::spawn({
        let ledger = ledger.clone();
        async move {
            for i in 0..items / 100 {
                accept(&ledger, i, 100).await;
            }
        }
    });
    let (send, receive) = tokio::sync::mpsc::channel::<Entry>(5_000);
    let receive = Arc::new(tokio::sync::Mutex::new(receive));
    let workers: Vec<_> = (0..CALLERS)
        .map(|_| {
            let (ledger, receive) = (ledger.clone(), receive.clone());
            tokio::spawn(async move {
                loop {
                    let next = receive.lock().await.recv().await;
                    let Some(entry) = next else { return };
                    let job = claim(ledger.clone(), entry).await;
                    decide(&ledger, job).await;
                    finish(ledger.clone(), job).await;
                }
            })
        })
        .collect();
    let mut sent = 0;
    while sent < items {
        let room = u32::try_from(send.capacity()).unwrap();
        let entries = pick(ledger, room).await;
        sent += entries.len();
        if entries.is_empty() {
            ledger.wait_for_work(Duration::from_millis(100)).await;
        }
        for entry in entries {
            send.send(entry).await.unwrap();
        }
    }
    drop(send);
    intake.await.unwrap();
    for worker in workers {
        worker.await.unwrap();
    }
    let commits = ledger.stats().commits - before;
    report("whole way", items, started, ledger, Some(cpu));
    println!(
        "  {:>34} {:.1} items a commit",
        "",
        items as f64 / commits as f64
    );
}

fn report(what: &str, n: usize, started: Instant, ledger: &Ledger, cpu_before: Option<f64>) {
    let seconds = started.elapsed().as_secs_f64();
    let cores = cpu_before.map_or(String::new(), |before| {
        format!("  {:.2} cores", (cpu() - before) / seconds)
    });
    let commits = ledger.stats().commits;
    println!(
        "  {what:>34} {:>8.0}/s{cores}  ({commits} commits so far)",
        n as f64 / seconds
    );
}

/// Processor seconds of this process so far.
fn cpu() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let ticks = stat.rsplit(") ").next().map_or(0.0, |tail| {
        tail.split(' ')
            .skip(11)
            .take(2)
            .filter_map(|n| n.parse::<f64>().ok())
            .sum()
    });
    ticks / 100.0
}

async fn each<F: Future<Output = T> + Send + 'static, T: Send + 'static>(
    what: &str,
    ledger: &Ledger,
    callers: usize,
    n: usize,
    act: fn(Ledger, usize) -> F,
) -> Vec<T> {
    over(what, ledger, callers, (0..n).collect(), act).await
}

/// Does `act` on each of `what` with so many callers at once.
async fn over<A, F, T>(
    what: &str,
    ledger: &Ledger,
    callers: usize,
    all: Vec<A>,
    act: fn(Ledger, A) -> F,
) -> Vec<T>
where
    A: Send + 'static,
    F: Future<Output = T> + Send + 'static,
    T: Send + 'static,
{
    let n = all.len();
    let all = Arc::new(Mutex::new(all.into_iter()));
    let (started, cpu) = (Instant::now(), cpu());
    let tasks: Vec<_> = (0..callers)
        .map(|_| {
            let (ledger, all) = (ledger.clone(), all.clone());
            tokio::spawn(async move {
                let mut done = Vec::new();
                loop {
                    let next = all.lock().unwrap().next();
                    let Some(one) = next else { return done };
                    done.push(act(ledger.clone(), one).await);
                }
            })
        })
        .collect();
    let mut done = Vec::with_capacity(n);
    for task in tasks {
        done.extend(task.await.unwrap());
    }
    report(
        &format!("{what}, {callers} callers"),
        n,
        started,
        ledger,
        Some(cpu),
    );
    done
}

async fn accept(ledger: &Ledger, i: usize, n: usize) -> Vec<JobId> {
    let one = |k: usize| NewJob {
        kind: KindName::new("agent_invoice_review"),
        reference: format!("{}", uuid::Uuid::now_v7()),
        office: Office::default(),
        batch: None,
        lane: Lane::Standard,
        deadline: None,
        run_at: None,
        submitter: "rate".into(),
        payload: json!({
            "applicant": {"id": format!("44030119900101{:04}", (i + k) % 10_000), "name": "张三"},
            "lines": [{"amount": "4449.00", "goods": "咨询服务", "levy_rate": "0.01", "n": k}],
            "purchaser": {"name": "深圳市某某有限公司", "tax_number": "91440300MA5EXAMPLE"},
            "remark": "x".repeat(600),
        }),
        subject_id: format!("{}", (i * 7 + k) % 5_000),
        subject_name: "张三".into(),
        traceparent: Some("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01".into()),
    };
    let jobs = (0..n).map(one).collect();
    let accepted = ledger.accept(jobs).await.unwrap();
    accepted
        .into_iter()
        .map(|one| match one {
            Accepted::New(id) => id,
            other => unreachable!("{other:?}"),
        })
        .collect()
}

async fn pick(ledger: &Ledger, room: u32) -> Vec<Entry> {
    let now = ledger.clock().now();
    ledger
        .dispatch(Lane::Standard, room, now, Timestamp(0))
        .await
        .unwrap()
}

async fn drain(ledger: &Ledger, n: usize) -> Vec<Entry> {
    let mut entries = Vec::new();
    while entries.len() < n {
        entries.extend(pick(ledger, 500).await);
    }
    entries
}

async fn claim(ledger: Ledger, entry: Entry) -> JobId {
    let claim = Claim {
        job: entry.job,
        attempt: entry.attempt,
        worker: WorkerId(uuid::Uuid::nil()),
        actor: Actor::Robot("rate".into()),
    };
    match ledger.claim(claim).await.unwrap() {
        Claimed::Yes(claimed) => claimed.job.id,
        Claimed::Stale => unreachable!("nobody else claims"),
    }
}

fn robot(kind: EventType, data: serde_json::Value) -> EventDraft {
    EventDraft::new(kind, Actor::Robot("rate".into()), data)
}

async fn decide(ledger: &Ledger, job: JobId) {
    let rule = RuleHit {
        id: "permit.routine".into(),
        tier: Tier::Business,
        asks: Verdict::Proceed,
        reason: Text::new("常规事项", "a routine item"),
    };
    let mut facts = Facts::default();
    for name in [
        "seller_day_cents",
        "seller_month_cents",
        "buyer_day_count",
        "age_seconds",
    ] {
        facts.put(name, 12_345_i64, "etax", Timestamp(1));
    }
    let decision = Decision {
        verdict: Verdict::Proceed,
        rules: vec![rule],
        policy_version: Digest([1; 32]),
        facts_digest: facts.digest(),
    };
    let mut change = Change::new(job, State::Running, 1, State::Running)
        .event(robot(
            EventType::JobDecided,
            json!({"facts": decision.facts_digest.to_string(), "policy": decision.policy_version.to_string(),
                "rules": ["permit.routine"], "verdict": "proceed"}),
        ))
        .event(robot(EventType::EffectIntended, json!({"effect": "issue"})));
    change.verdict = Some(Verdict::Proceed);
    change.decision = Some(Box::new(DecisionRecord {
        made_by: clerkwork_core::MadeBy::Policy,
        decision,
        facts,
        findings: Vec::new(),
    }));
    change.effects.push(EffectWrite::Intend {
        key: IdempotencyKey::of(job, "issue"),
        name: "issue".into(),
        before: None,
    });
    assert_eq!(ledger.change(change).await.unwrap(), Changed::Yes);
}

async fn finish(ledger: Ledger, job: JobId) {
    let mut change = Change::new(job, State::Running, 1, State::Completed)
        .event(robot(
            EventType::EffectConfirmed,
            json!({"effect": "issue", "number": "25442000000123456789"}),
        ))
        .event(robot(EventType::JobCompleted, json!({"attempt": 1})));
    let key = IdempotencyKey::of(job, "issue");
    // Without a decision before, the effect is announced and confirmed at once.
    change.effects.push(EffectWrite::Intend {
        key: key.clone(),
        name: "issue".into(),
        before: None,
    });
    change.effects.push(EffectWrite::Resolve {
        key,
        state: EffectState::Confirmed,
        result: Some(json!({"number": "25442000000123456789"})),
    });
    assert_eq!(ledger.change(change).await.unwrap(), Changed::Yes);
}
