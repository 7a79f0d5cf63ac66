//! The demo: batches of realistic applications, from the simulated platform to their end.
//!
//! Agent-issued invoices are worked off at once. Red-letter invoices wait for other parties, some
//! for 72 hours: when nothing else is under way, the demo's clock is moved on.

mod clock;
mod people;
mod show;

use std::time::{Duration, Instant};

use clerkwork_core::{Actor, BatchId, State};
use clerkwork_ledger::{Counts, NewBatch};
use serde_json::{Value, json};

pub use clock::DemoClock;

use super::{figures::Figures, process::Running};
use crate::{
    batch::{self, Progress, Pulled},
    context::Context,
    failure::{Exit, Failure, Outcome},
    installation,
    intake::Defaults,
    moment,
};

/// How often it is looked whether something waits, after the demo's own items have ended.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// How long a step of the clock lasts for those who watch.
const STEP_SHOWN: Duration = Duration::from_millis(400);

/// A demo.
#[derive(Debug, Clone, Copy)]
pub struct Demo {
    /// Seed of the world.
    pub seed: u64,
    /// Applications for agent-issued invoices at most.
    pub items: u32,
    /// Applications for red-letter invoices at most.
    pub red_letters: u32,
}

/// One of the demo's batches.
struct Part {
    kind: &'static str,
    reference: String,
    id: BatchId,
    /// Settled before this run.
    before: u64,
    pulled: Pulled,
}

impl Demo {
    /// Submits what is not submitted yet, watches, and shows what came out.
    pub async fn run(self, context: &Context, running: &Running, clock: &DemoClock) -> Outcome {
        let start = Instant::now();
        let services = &running.services;
        people::make(context, &services.config, &services.ledger).await?;
        let mut parts = Vec::new();
        for (kind, most, name) in [
            ("agent_invoice_review", self.items, "demo"),
            ("red_letter_invoice", self.red_letters, "demo-red"),
        ] {
            if most > 0 {
                let reference = format!("{name}-{}", self.seed);
                parts.push(submit(context, running, kind, most, reference).await?);
            }
        }
        let ledger = &running.services.ledger;
        let mut done = Vec::with_capacity(parts.len());
        for part in parts {
            let counts = settle(context, running, clock, part.id).await?;
            let figures = Figures {
                elapsed: start.elapsed(),
                done_now: batch::settled(&counts).saturating_sub(part.before),
                ..Figures::of(ledger, part.id, counts).await?
            };
            done.push((part, figures));
        }
        show::tables(context, running, &done).await?;
        context.out.json(&self.as_json(running, clock, &done));
        let failed = done
            .iter()
            .any(|(_, figures)| figures.count(State::Failed) > 0);
        Ok(if failed { Exit::WorkFailed } else { Exit::Done })
    }

    /// The first batch at the top, as it always was; the red letters beside it.
    fn as_json(self, running: &Running, clock: &DemoClock, done: &[(Part, Figures)]) -> Value {
        let mut value = json!({
            "seed": self.seed,
            "data_dir": running.services.config.data_dir.display().to_string(),
            "clock_ahead_seconds": clock.ahead().as_secs(),
        });
        for (part, figures) in done {
            let shown = show::as_json(part, figures);
            if part.kind == "red_letter_invoice" {
                value["red_letters"] = shown;
            } else if let (Value::Object(all), Value::Object(shown)) = (&mut value, shown) {
                all.extend(shown);
            }
        }
        value
    }
}

async fn submit(
    context: &Context,
    running: &Running,
    kind: &'static str,
    most: u32,
    reference: String,
) -> Result<Part, Failure> {
    let services = &running.services;
    let office = services.config.office.clone();
    let new = NewBatch {
        reference: reference.clone(),
        office: office.clone(),
        submitter: people::OPERATOR.into(),
        weight: 1,
    };
    let actor = Actor::User(people::OPERATOR.into());
    let (id, _) = services.ledger.create_batch(new, actor).await?;
    let before = running.settled_before.get(&id).copied().unwrap_or(0);
    let defaults = Defaults {
        within: office.clone(),
        office,
        lane: clerkwork_core::Lane::Standard,
        deadline: None,
        run_at: None,
        batch: Some(id),
        submitter: people::OPERATOR.into(),
        reference: None,
        now: services.clock.now(),
    };
    let bar = batch::bar(&context.out, u64::from(most));
    bar.set_message("submitting");
    let told = |done| bar.set_position(done);
    let kinds = installation::kinds();
    let (upstreams, ledger) = (&services.upstreams, &services.ledger);
    let kind_of = installation::kind(&kinds, kind)?;
    let pulled = batch::pull(kind_of, upstreams, ledger, &defaults, most, told).await;
    bar.finish_and_clear();
    let pulled = pulled?;
    if pulled.conflict > 0 {
        return Err(Failure::refused(
            "conflict",
            format!(
                "{} applications were submitted here before with other content, as by another \
                 `--seed`; give this demo a folder of its own with `--data-dir`",
                pulled.conflict
            ),
        ));
    }
    context.out.note(format!("batch `{reference}`: {pulled}"));
    Ok(Part {
        kind,
        reference,
        id,
        before,
        pulled,
    })
}

/// Watches a batch until nothing of it is under way and nothing waits, moving the clock when all
/// that is left waits.
async fn settle(
    context: &Context,
    running: &Running,
    clock: &DemoClock,
    batch: BatchId,
) -> Result<Counts, Failure> {
    let ledger = &running.services.ledger;
    let mut progress = Progress::new(&context.out);
    let mut told = 0;
    loop {
        let counts = progress.watch(ledger, batch).await?;
        if waiting(&counts) == 0 {
            return Ok(counts);
        }
        step(context, running, clock, waiting(&counts), &mut told).await?;
    }
}

/// Goes on moving the clock whenever all that is left waits: for what a person approved later, or
/// submitted beside the demo.
pub async fn keep_moving(
    context: &Context,
    running: &Running,
    clock: &DemoClock,
) -> Result<(), Failure> {
    let mut told = 0;
    loop {
        tokio::time::sleep(LOOK_EVERY).await;
        let counts = running.services.ledger.counts(None).await?;
        match waiting(&counts) {
            0 => told = 0,
            _ if batch::under_way(&counts) > 0 => (),
            waiting => step(context, running, clock, waiting, &mut told).await?,
        }
    }
}

fn waiting(counts: &Counts) -> u64 {
    counts.get(&State::Waiting).copied().unwrap_or(0)
}

/// Moves the clock by one step; says so when the number of those who wait is another than `told`.
async fn step(
    context: &Context,
    running: &Running,
    clock: &DemoClock,
    waiting: u64,
    told: &mut u64,
) -> Result<(), Failure> {
    clock.step()?;
    if *told != waiting {
        *told = waiting;
        context.out.note(format!(
            "{waiting} items wait for another party; the demo's clock is moved on, it is {} ahead",
            moment::show_span(clock.ahead())
        ));
    }
    if !context.out.json {
        tokio::time::sleep(STEP_SHOWN).await;
    }
    until_noticed(running).await
}

/// Waits until what has become due by the step is under way, so that a step is taken for every
/// look and not for none.
async fn until_noticed(running: &Running) -> Result<(), Failure> {
    let services = &running.services;
    loop {
        let due = services.ledger.next_due().await?;
        if due.is_none_or(|due| due > services.clock.now()) {
            return Ok(());
        }
        tokio::time::sleep(services.config.scheduler.tick / 4).await;
    }
}
