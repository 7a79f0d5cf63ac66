//! Items that wait for somebody outside: what is shown of them, and what calling one off leaves.

use std::{sync::Arc, time::Duration};

use clerkwork_audit::{EventDraft, EventType};
use clerkwork_core::{
    Actor, Clock, EffectState, IdempotencyKey, JobId, KindName, Lane, Office, State, SystemClock,
    Text, WorkerId,
};
use clerkwork_ledger::{
    Accepted, Change, Changed, Claim, Claimed, EffectWrite, Ledger, NewJob, WaitWrite,
};
use clerkwork_runtime::{Config, Sources};
use serde_json::json;

use crate::harness::Home;

const TOPIC: &str = "etax.form:26440000000000000001";

/// A job that has entered a form, as a worker leaves it: waiting for the other side, or to be tried
/// again.
async fn leave(ledger: &Ledger, reference: &str, to: State) -> JobId {
    let payload = crate::harness::example("agent_invoice_review", |_| ());
    let job = NewJob {
        kind: KindName::new("agent_invoice_review"),
        reference: reference.into(),
        office: Office::default(),
        batch: None,
        lane: Lane::Standard,
        deadline: None,
        run_at: None,
        submitter: "alice".into(),
        payload: serde_json::from_str(&payload).unwrap(),
        subject_id: "1".into(),
        subject_name: "甲".into(),
        traceparent: None,
    };
    let Accepted::New(id) = ledger.accept(vec![job]).await.unwrap()[0] else {
        panic!("it is new");
    };
    let actor = Actor::Robot("w".into());
    let claim = Claim {
        job: id,
        attempt: 1,
        worker: WorkerId::new(),
        actor: actor.clone(),
    };
    assert!(matches!(ledger.claim(claim).await, Ok(Claimed::Yes(_))));
    let now = SystemClock.now();
    let (until, deadline) = (
        now.after(Duration::from_secs(3_600)),
        now.after(Duration::from_secs(72 * 3_600)),
    );
    let why = Text::new("等待购买方确认", "the buyer is to confirm");
    let data = json!({"topic": TOPIC, "until": until.0, "deadline": deadline.0, "why": why});
    let event = match to {
        State::Waiting => EventDraft::new(EventType::JobWaiting, actor, data),
        _ => EventDraft::new(
            EventType::JobRetryScheduled,
            actor,
            json!({"error": "etax.issue: transient", "failures": 1, "run_at": 0}),
        ),
    };
    let mut rest = Change::new(id, State::Running, 1, to).event(event);
    rest.run_at = Some(until);
    rest.wait = (to == State::Waiting).then(|| WaitWrite {
        topic: TOPIC.into(),
        deadline: Some(deadline),
        why,
    });
    let key = IdempotencyKey::of(id, "create_form");
    rest.effects = vec![
        EffectWrite::Intend {
            key: key.clone(),
            name: "create_form".into(),
            before: None,
        },
        EffectWrite::Resolve {
            key,
            state: EffectState::Confirmed,
            result: Some(json!({"form": "26440000000000000001"})),
        },
    ];
    assert_eq!(ledger.change(rest).await.unwrap(), Changed::Yes);
    id
}

/// An installation with the job and nothing that works on it.
fn with_a_job(to: State) -> (Home, JobId) {
    let home = Home::with_people();
    let dir = home.data_dir().display().to_string();
    let sources = Sources::default().with_override("--data-dir", "data_dir", Some(dir));
    let config = Config::load(&sources).unwrap();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let id = runtime.block_on(async {
        let clock = Arc::new(SystemClock);
        let ledger = clerkwork_runtime::open_ledger(&config, clock)
            .await
            .unwrap();
        let id = leave(&ledger, "HZ-1", to).await;
        ledger.close().await;
        id
    });
    (home, id)
}

fn cancel(home: &Home) -> String {
    let args = ["job", "cancel", "HZ-1", "--reason", "withdrawn"];
    home.run(&[&args[..], &["--as", "alice"]].concat())
        .ok()
        .stdout
}

#[test]
fn a_waiting_item_says_for_what_and_calling_it_off_says_what_stays() {
    let (home, id) = with_a_job(State::Waiting);
    let shown = home.json(&["job", "show", "HZ-1"]);
    let wait = &shown["wait"];
    assert_eq!(wait["topic"], TOPIC, "{shown:#}");
    assert_eq!(wait["why"]["zh"], "等待购买方确认");
    for time in ["since", "deadline", "next_look"] {
        assert!(wait[time].is_string(), "{time}: {wait:#}");
    }
    let told = home.run(&["job", "show", "HZ-1"]).ok().stdout;
    for part in ["等待事项", TOPIC, "the buyer is to confirm", "下次查询"] {
        assert!(told.contains(part), "no `{part}` in {told}");
    }

    let said = cancel(&home);
    assert!(said.contains("not taken back"), "{said}");
    let shown = home.json(&["job", "show", &id.to_string()]);
    assert_eq!(shown["state"], "cancelled");
    assert!(shown["wait"].is_null());
}

#[test]
fn calling_off_an_item_that_is_to_be_tried_again_says_what_stays_too() {
    let (home, _) = with_a_job(State::Retryable);
    let said = cancel(&home);
    assert!(said.contains("not taken back"), "{said}");
    assert_eq!(home.state_of("HZ-1"), "cancelled");
}

#[test]
fn the_timeline_tells_a_wait_in_words_and_every_time_in_one_form() {
    let (home, _) = with_a_job(State::Waiting);
    let told = home.run(&["job", "show", "HZ-1"]).ok().stdout;
    let timeline = told.split_once("办理过程").unwrap().1;
    let wait = format!("等待事项 waits for: 等待购买方确认 ({TOPIC})");
    for part in [
        &wait,
        "下次查询 looks again: 20",
        "等待期限 at the latest until: 20",
    ] {
        assert!(timeline.contains(part), "no `{part}` in {timeline}");
    }
    assert!(!timeline.contains("topic:") && !timeline.contains("until: 1"));
    // Times are `2026-11-26 07:26:09+08:00`, the events' own and those they name.
    let is_time = |line: &&str| line.contains("+08:00");
    let times = timeline.lines().filter(is_time).count();
    let events = timeline.lines().filter(|line| line.starts_with("  20"));
    assert!(events.clone().all(|event| is_time(&event)), "{timeline}");
    assert_eq!(times, events.count() + 2, "{timeline}");
    // Also when it is over.
    cancel(&home);
    let told = home.run(&["job", "show", "HZ-1"]).ok().stdout;
    assert!(told.contains(&wait), "no `{wait}` in {told}");
}
