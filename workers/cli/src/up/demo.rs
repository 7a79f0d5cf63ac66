//! The demo: a batch of realistic applications, from the simulated platform to the end.

use std::time::Instant;

use clerkwork_core::{Actor, BatchId, State};
use clerkwork_ledger::{Counts, JobFilter, Ledger, NewBatch, Page};
use serde_json::json;

use super::{
    figures::{Figures, Reason},
    process::Running,
};
use crate::{
    batch::{self, Progress, Pulled},
    context::Context,
    failure::{Exit, Failure, Outcome},
    intake::Defaults,
    moment, texts, view,
};

/// Who submits the demo.
const USER: &str = "demo";

/// A demo.
#[derive(Debug, Clone, Copy)]
pub struct Demo {
    /// Seed of the world.
    pub seed: u64,
    /// Applications at most.
    pub items: u32,
}

impl Demo {
    /// Submits what is not submitted yet, watches, and shows what came out.
    pub async fn run(self, context: &Context, running: &Running) -> Outcome {
        let ledger = &running.services.ledger;
        let start = Instant::now();
        let (id, reference) = self.create(running).await?;
        let before = batch::settled(&ledger.counts(Some(id)).await?);
        let pulled = self.submit(context, running, id).await?;
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
        let counts = Progress::new(&context.out).watch(ledger, id).await?;
        let figures = Figures {
            elapsed: start.elapsed(),
            done_now: batch::settled(&counts).saturating_sub(before),
            ..Figures::of(ledger, id, counts).await?
        };
        show(context, running, &reference, &figures).await?;
        context
            .out
            .json(&self.as_json(running, id, &reference, pulled, &figures));
        let failed = figures.count(State::Failed);
        Ok(if failed > 0 {
            Exit::WorkFailed
        } else {
            Exit::Done
        })
    }

    async fn create(self, running: &Running) -> Result<(BatchId, String), Failure> {
        let services = &running.services;
        let reference = format!("demo-{}", self.seed);
        let batch = NewBatch {
            reference: reference.clone(),
            office: services.config.office.clone(),
            submitter: USER.into(),
            weight: 1,
        };
        let actor = Actor::User(USER.into());
        let (id, _) = services.ledger.create_batch(batch, actor).await?;
        Ok((id, reference))
    }

    async fn submit(
        self,
        context: &Context,
        running: &Running,
        batch: BatchId,
    ) -> Result<Pulled, Failure> {
        let services = &running.services;
        let defaults = Defaults {
            office: services.config.office.clone(),
            lane: clerkwork_core::Lane::Standard,
            deadline: None,
            run_at: None,
            batch: Some(batch),
            submitter: USER.into(),
            reference: None,
            now: context.now(),
        };
        let bar = batch::bar(&context.out, u64::from(self.items));
        bar.set_message("submitting");
        let told = |done| bar.set_position(done);
        let pulled = batch::pull(
            &services.upstreams,
            &services.ledger,
            &defaults,
            self.items,
            told,
        )
        .await;
        bar.finish_and_clear();
        pulled
    }

    fn as_json(
        self,
        running: &Running,
        id: BatchId,
        reference: &str,
        pulled: Pulled,
        figures: &Figures,
    ) -> serde_json::Value {
        let reasons = |reasons: &[Reason]| -> Vec<_> {
            let each = reasons.iter().map(|reason| {
                json!({
                    "code": reason.code,
                    "zh": reason.text.zh,
                    "en": reason.text.en,
                    "count": reason.count,
                })
            });
            each.collect()
        };
        json!({
            "batch": {"id": id, "reference": reference},
            "seed": self.seed,
            "data_dir": running.services.config.data_dir.display().to_string(),
            "submitted": {
                "accepted": pulled.new,
                "same": pulled.same,
                "conflict": pulled.conflict,
            },
            "items": figures.total(),
            "completed": figures.count(State::Completed),
            "returned": figures.count(State::Returned),
            "blocked": figures.count(State::Blocked),
            "failed": figures.count(State::Failed),
            "counts": view::counts(&figures.counts),
            "returned_reasons": reasons(&figures.returned),
            "blocked_rules": reasons(&figures.blocked),
            "duration_ms": u64::try_from(figures.elapsed.as_millis()).unwrap_or(u64::MAX),
            "done_now": figures.done_now,
            "items_per_second": figures.rate(),
        })
    }
}

async fn show(
    context: &Context,
    running: &Running,
    reference: &str,
    figures: &Figures,
) -> Result<(), Failure> {
    let out = &context.out;
    if out.json {
        return Ok(());
    }
    let rows = State::ALL.into_iter().filter_map(|state| {
        let count = figures.count(state);
        let always = matches!(
            state,
            State::Completed | State::Returned | State::Blocked | State::Failed
        );
        (always || count > 0).then(|| vec![out.both(&texts::state(state)), count.to_string()])
    });
    out.table(
        &[texts::STATE, texts::COUNT],
        rows.collect(),
        &texts::NO_JOBS,
    );
    for (title, reasons) in [
        (texts::RETURNED_WHY, &figures.returned),
        (texts::BLOCKED_WHY, &figures.blocked),
        (texts::FAILED_WHY, &figures.failed),
    ] {
        if reasons.is_empty() {
            continue;
        }
        out.line(out.both(&title));
        let rows = reasons.iter().map(|reason| {
            let text = match out.lang {
                crate::out::Lang::Zh => format!("{}\n{}", reason.text.zh, reason.text.en),
                crate::out::Lang::En => reason.text.en.to_string(),
            };
            vec![reason.count.to_string(), reason.code.clone(), text]
        });
        let headers = [texts::COUNT, texts::CODE, texts::REASON];
        out.table(&headers, rows.collect(), &texts::NO_JOBS);
    }
    out.line(format!(
        "{} items in {}, {} items/s",
        figures.done_now,
        moment::show_span(figures.elapsed),
        figures.rate()
    ));
    out.line(format!("\n{}", out.both(&texts::NEXT)));
    for command in next(
        context,
        running,
        reference,
        &running.services.ledger,
        &figures.counts,
    )
    .await?
    {
        out.line(format!("  {command}"));
    }
    Ok(())
}

/// Three commands that work as they stand.
async fn next(
    context: &Context,
    running: &Running,
    reference: &str,
    ledger: &Ledger,
    counts: &Counts,
) -> Result<Vec<String>, Failure> {
    let config = &running.services.config;
    let command = |verb: &str| context.command(config, verb);
    let blocked = counts.get(&State::Blocked).is_some_and(|count| *count > 0);
    let filter = JobFilter {
        batch: ledger
            .batch_by_reference(reference)
            .await?
            .map(|batch| batch.id),
        state: blocked.then_some(State::Blocked),
        ..JobFilter::default()
    };
    let job = ledger.jobs(&filter, Page::first(1)).await?.pop();
    let Some(job) = job else {
        return Ok(vec![
            command("batch list"),
            command("job list"),
            command("doctor"),
        ]);
    };
    let show = command(&format!("job show {}", job.reference));
    if blocked {
        let reason = match context.out.lang {
            crate::out::Lang::Zh => "'已核对合同'",
            crate::out::Lang::En => "'contract seen'",
        };
        let approve = format!(
            "review approve {} --as alice --reason {reason}",
            job.reference
        );
        Ok(vec![command("review list"), show, command(&approve)])
    } else {
        Ok(vec![
            command(&format!("batch status {reference}")),
            show,
            command("audit list"),
        ])
    }
}
