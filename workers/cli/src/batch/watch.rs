//! `clerkwork batch watch`, and the progress of a batch as a bar or as lines.

use std::{
    io::IsTerminal,
    time::{Duration, Instant},
};

use clerkwork_core::{BatchId, State};
use clerkwork_ledger::{Counts, Ledger};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::{
    context::Context,
    failure::{Exit, Failure, Outcome},
    installation,
    out::Out,
    sign_in::Acting,
    texts, view,
};

/// How often the ledger is asked.
const EVERY: Duration = Duration::from_millis(200);

/// How often a line is written where no bar can be drawn.
const LINE_EVERY: Duration = Duration::from_secs(2);

/// Watches a batch until nothing of it is under way.
///
/// Items that wait for a person or for an outside event are not under way. Exit code 1 when items
/// have failed.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  clerkwork batch watch demo-42")]
pub struct Args {
    /// Reference or id
    batch: String,
    /// Give up after so many seconds (exit code 3)
    #[arg(long, value_name = "SECONDS")]
    timeout: Option<u64>,
    #[command(flatten)]
    acting: Acting,
}

/// Does it.
pub async fn run(context: &Context, args: Args) -> Outcome {
    let opened = installation::open(context).await?;
    let (acting, verb) = (&args.acting, "batch.watch");
    let batch = super::find_for(context, &opened, acting, verb, &args.batch).await?;
    let mut progress = Progress::new(&context.out);
    let watch = progress.watch(&opened.ledger, batch.id);
    let deadline = async {
        match args.timeout {
            Some(seconds) => tokio::time::sleep(Duration::from_secs(seconds)).await,
            None => std::future::pending().await,
        }
    };
    tokio::select! {
        counts = watch => { counts?; }
        () = deadline => {
            return Err(Failure::missing(
                "timeout",
                "the batch is still under way; see that `clerkwork up` or a worker and a scheduler run",
            ));
        }
        _ = tokio::signal::ctrl_c() => return Ok(Exit::Interrupted),
    }
    let batch = super::find(&opened.ledger, &args.batch).await?;
    super::status::show(&context.out, &batch);
    context.out.json(&view::batch(&batch));
    let failed = batch.counts.get(&State::Failed).copied().unwrap_or(0);
    Ok(if failed > 0 {
        Exit::WorkFailed
    } else {
        Exit::Done
    })
}

/// Jobs that the fleet will go on with by itself.
pub fn under_way(counts: &Counts) -> u64 {
    let active = counts
        .iter()
        .filter(|(state, _)| state.is_active() && **state != State::Waiting);
    active.map(|(_, count)| count).sum()
}

/// Jobs on which the fleet does nothing more by itself.
pub fn settled(counts: &Counts) -> u64 {
    counts.values().sum::<u64>() - under_way(counts)
}

/// A bar on a terminal, lines every now and then elsewhere, nothing with `--json`.
#[derive(Debug)]
pub struct Progress {
    out: Out,
    bar: Option<ProgressBar>,
    said: Option<(Instant, String)>,
}

/// A bar in the style of the house; hidden where no bar can be drawn.
pub fn bar(out: &Out, length: u64) -> ProgressBar {
    let target = if out.json || !std::io::stderr().is_terminal() {
        ProgressDrawTarget::hidden()
    } else {
        ProgressDrawTarget::stderr()
    };
    let style = ProgressStyle::with_template("{elapsed_precise} {wide_bar} {pos}/{len}\n{msg}");
    let bar = ProgressBar::with_draw_target(Some(length), target);
    match style {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}

impl Progress {
    /// Nothing shown yet.
    pub fn new(out: &Out) -> Self {
        let drawn = !out.json && std::io::stderr().is_terminal();
        Self {
            out: *out,
            bar: drawn.then(|| bar(out, 0)),
            said: None,
        }
    }

    /// Shows the counts until nothing is under way; hands back the last.
    pub async fn watch(&mut self, ledger: &Ledger, batch: BatchId) -> Result<Counts, Failure> {
        let mut tick = tokio::time::interval(EVERY);
        tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            tick.tick().await;
            let counts = ledger.counts(Some(batch)).await?;
            let done = under_way(&counts) == 0;
            self.show(&counts, done);
            if done {
                if let Some(bar) = &self.bar {
                    bar.finish_and_clear();
                }
                return Ok(counts);
            }
        }
    }

    fn show(&mut self, counts: &Counts, last: bool) {
        if self.out.json {
            return;
        }
        let parts = State::ALL.into_iter().filter_map(|state| {
            let count = counts.get(&state).filter(|count| **count > 0)?;
            Some(format!("{} {count}", self.out.both(&texts::state(state))))
        });
        let text = parts.collect::<Vec<_>>().join(" · ");
        let total: u64 = counts.values().sum();
        if let Some(bar) = &self.bar {
            bar.set_message(text);
            bar.set_length(total);
            bar.set_position(settled(counts));
            return;
        }
        let line = format!("{}/{total}  {text}", settled(counts));
        let due = self
            .said
            .as_ref()
            .is_none_or(|(at, said)| (last || at.elapsed() >= LINE_EVERY) && *said != line);
        if due {
            self.out.note(&line);
            self.said = Some((Instant::now(), line));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_waits_for_others_is_not_under_way() {
        let counts = Counts::from([
            (State::Available, 1),
            (State::Running, 2),
            (State::Retryable, 3),
            (State::Waiting, 4),
            (State::Blocked, 5),
            (State::Completed, 6),
        ]);
        assert_eq!(under_way(&counts), 6);
        assert_eq!(settled(&counts), 15);
    }
}
