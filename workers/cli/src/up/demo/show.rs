//! What came out of the demo: tables for people, figures for scripts, and what to try next.

use clerkwork_core::State;
use clerkwork_ledger::{JobFilter, Page};
use serde_json::{Value, json};

use super::{
    Part,
    people::{OPERATOR, SUPERVISOR},
};
use crate::{
    context::Context,
    failure::Failure,
    installation, moment, texts,
    up::{
        figures::{Figures, Reason},
        process::Running,
    },
    view,
};

/// The figures of one batch.
pub(super) fn as_json(part: &Part, figures: &Figures) -> Value {
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
        "batch": {"id": part.id, "reference": part.reference},
        "submitted": {
            "accepted": part.pulled.new,
            "same": part.pulled.same,
            "conflict": part.pulled.conflict,
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

/// Tables of all batches, and three commands.
pub(super) async fn tables(
    context: &Context,
    running: &Running,
    done: &[(Part, Figures)],
) -> Result<(), Failure> {
    let out = &context.out;
    if out.json {
        return Ok(());
    }
    let kinds = installation::kinds();
    for (part, figures) in done {
        let title = installation::kind(&kinds, part.kind)?.title();
        out.line(format!("\n{} (`{}`)", out.both(&title), part.reference));
        table(context, figures);
        // What was waited for by the demo's clock tells nothing about speed.
        let seconds = moment::show_span(figures.elapsed);
        out.line(format!(
            "{} items in {seconds}, {} items/s",
            figures.done_now,
            figures.rate()
        ));
    }
    out.line(format!("\n{}", out.both(&texts::NEXT)));
    for command in next(context, running, done).await? {
        out.line(format!("  {command}"));
    }
    Ok(())
}

fn table(context: &Context, figures: &Figures) {
    let out = &context.out;
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
}

fn by(user: &str, verb: &str) -> String {
    format!("{verb} --as {user}")
}

/// Three commands that work as they stand.
async fn next(
    context: &Context,
    running: &Running,
    done: &[(Part, Figures)],
) -> Result<Vec<String>, Failure> {
    let config = &running.services.config;
    let command = |verb: &str| context.command(config, verb);
    let blocked = |(_, figures): &&(Part, Figures)| figures.count(State::Blocked) > 0;
    let part = done.iter().find(blocked).or(done.first());
    let filter = JobFilter {
        batch: part.map(|(part, _)| part.id),
        state: part.filter(blocked).map(|_| State::Blocked),
        ..JobFilter::default()
    };
    let jobs = running.services.ledger.jobs(&filter, Page::first(1));
    let Some(job) = jobs.await?.pop() else {
        return Ok(vec![
            command(&by(OPERATOR, "batch list")),
            command(&by(OPERATOR, "job list")),
            command("doctor"),
        ]);
    };
    let show = command(&by(SUPERVISOR, &format!("job show {}", job.reference)));
    if job.state != State::Blocked {
        let status = match part {
            Some((part, _)) => {
                let status = format!("batch status {}", part.reference);
                command(&by(OPERATOR, &status))
            }
            None => command(&by(OPERATOR, "batch list")),
        };
        return Ok(vec![status, show, command(&by(SUPERVISOR, "audit search"))]);
    }
    let list = command(&by(SUPERVISOR, "review list"));
    // A decision names what was shown; that is where it is printed, with the commands that decide.
    let review = command(&by(SUPERVISOR, &format!("review show {}", job.reference)));
    Ok(vec![list, show, review])
}
