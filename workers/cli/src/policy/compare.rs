//! `clerkwork policy diff` and `clerkwork policy backtest`: what another bundle would change.
//!
//! Stored inputs are read some at a time and shown to both bundles, so that memory does not depend
//! on how many there are. Nothing is written to the ledger but that it was done.

use std::{
    fs::File,
    io::{BufWriter, Write},
    path::{Path, PathBuf},
};

use clerkwork_core::{Office, Verdict};
use clerkwork_ledger::{KeptInput, Ledger};
use clerkwork_policy::{Engine, Mover, Replay, ReplayTable, RuleDiff, RuleText, StoredInput};
use serde_json::json;

use super::bundles;
use crate::{
    batch,
    context::Context,
    failure::{Exit, Failure, Outcome},
    installation::{self, Opened},
    moment,
    out::Out,
    sign_in::Acting,
    texts,
};

/// Inputs read at a time.
const AT_ONCE: u32 = 2_000;

/// Movers shown; the file of `--csv` holds all.
const SHOWN: usize = 20;

/// What is compared with what is stored.
#[derive(Debug, clap::Args)]
pub struct StoredArgs {
    /// Stored items decided since then: a span such as 30d, or a time
    #[arg(long, default_value = "30d")]
    since: String,
    /// At most about so many of them, drawn by chance
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    sample: Option<u64>,
    /// Writes every item that moves into this file
    #[arg(long, value_name = "FILE")]
    csv: Option<PathBuf>,
    #[command(flatten)]
    acting: Acting,
}

/// Shows what differs between two bundles: rules, and decisions on the stored items.
///
/// A bundle is a folder, the version of one that was handed in (8 digits or more), `installed` or
/// `in-force`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:
  clerkwork policy diff in-force ./policies --since 7d --as erin")]
pub struct DiffArgs {
    /// The old bundle
    old: String,
    /// The new bundle
    new: String,
    /// Compare the rules alone
    #[arg(long)]
    rules_only: bool,
    #[command(flatten)]
    stored: StoredArgs,
}

/// Shows stored items to a candidate: old against new verdict, and the items that move.
///
/// The candidate is a folder, the version of a bundle that was handed in, or `installed`; it is
/// compared with the one in force. Decisions of people are left out. Items whose stored verdict the
/// policy in force does not give any more are counted as drift.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:
  clerkwork policy backtest ./policies --since 30d --sample 10000 --csv moved.csv --as erin")]
pub struct BacktestArgs {
    /// The candidate
    candidate: String,
    #[command(flatten)]
    stored: StoredArgs,
}

/// Compares two bundles.
pub async fn diff(context: &Context, args: DiffArgs) -> Outcome {
    let opened = installation::open(context).await?;
    let acting = &args.stored.acting;
    let verb = "policy.diff";
    let principal = context.authorise(&opened, acting, verb, None).await?;
    let ledger = &opened.ledger;
    let old = named(context, &opened, &args.old).await?;
    let new = named(context, &opened, &args.new).await?;
    let rules = RuleDiff::between(old.bundle(), new.bundle())
        .map_err(|refused| installation::policy_refused(&refused))?;
    let out = &context.out;
    show_rules(out, &rules);
    let replayed = match args.rules_only {
        true => None,
        false => Some(
            replay(
                context,
                ledger,
                (&old, &new),
                principal.office(),
                &args.stored,
            )
            .await?,
        ),
    };
    if let Some((table, movers)) = &replayed {
        show_table(out, table, movers);
    }
    let decisions = replayed.map(|(table, movers)| json!({"table": table, "moved": movers}));
    out.json(&json!({"rules": rules, "decisions": decisions}));
    Ok(Exit::Done)
}

/// Shows stored items to a candidate.
pub async fn backtest(context: &Context, args: BacktestArgs) -> Outcome {
    let opened = installation::open(context).await?;
    let acting = &args.stored.acting;
    let verb = "policy.backtest";
    let principal = context.authorise(&opened, acting, verb, None).await?;
    let ledger = &opened.ledger;
    let old = named(context, &opened, "in-force").await?;
    let new = named(context, &opened, &args.candidate).await?;
    let (table, movers) = replay(
        context,
        ledger,
        (&old, &new),
        principal.office(),
        &args.stored,
    )
    .await?;
    show_table(&context.out, &table, &movers);
    context.out.json(&json!({"table": table, "moved": movers}));
    Ok(Exit::Done)
}

/// The bundle that a user named.
async fn named(context: &Context, opened: &Opened, text: &str) -> Result<Engine, Failure> {
    if Path::new(text).is_dir() {
        return Engine::load(Path::new(text))
            .map_err(|refused| installation::policy_refused(&refused));
    }
    match text {
        "installed" => installation::engine(context.config()?),
        "in-force" => installation::policy_in_force(opened).await,
        text => {
            let bundle = bundles::find(&opened.ledger, text).await?;
            installation::stored_policy(&opened.ledger, bundle.version).await
        }
    }
}

/// Runs the stored inputs of an office and those below it through both. Answers the table and the first movers.
async fn replay(
    context: &Context,
    ledger: &Ledger,
    (old, new): (&Engine, &Engine),
    office: &Office,
    args: &StoredArgs,
) -> Result<(ReplayTable, Vec<Mover>), Failure> {
    let until = context.now();
    let since = moment::past(&args.since, until)?;
    let total = ledger.count_inputs(since, until).await?;
    let sample = args.sample.filter(|wanted| *wanted < total);
    let kinds = installation::kinds();
    let mut csv = args.csv.as_deref().map(Csv::create).transpose()?;
    let bar = batch::bar(&context.out, total);
    let (mut replay, mut shown, mut after) = (Replay::new(old, new), Vec::new(), None);
    loop {
        let inputs = ledger.inputs(since, until, after, AT_ONCE).await?;
        let Some(last) = inputs.last() else { break };
        after = Some(last.key);
        bar.inc(inputs.len() as u64);
        for input in inputs {
            if !office.contains(&input.office)
                || sample.is_some_and(|wanted| !drawn(&input, wanted, total))
            {
                continue;
            }
            // A kind that this program does not know any more has no facts it could judge.
            let Some(kind) = kinds.get(input.kind.as_str()) else {
                continue;
            };
            let stored = StoredInput {
                item: input.job.to_string(),
                resource_type: kind.resource_type().to_owned(),
                automatable: kind.automatable(),
                office: input.office,
                submitter: input.submitter,
                facts: input.facts,
                old_verdict: input.verdict,
            };
            let mut moved = None;
            replay.feed(&stored, |mover| moved = Some(mover));
            let Some(mover) = moved else { continue };
            if let Some(csv) = &mut csv {
                csv.write(&mover)?;
            }
            if shown.len() < SHOWN {
                shown.push(mover);
            }
        }
    }
    bar.finish_and_clear();
    if let Some(csv) = csv {
        csv.finish()?;
    }
    Ok((replay.table(), shown))
}

/// Whether an input is in the sample: by the random part of its key, so that the same inputs are
/// drawn again and neither time nor content matters.
fn drawn(input: &KeptInput, wanted: u64, total: u64) -> bool {
    let low = input.key.0.as_u128() & u128::from(u32::MAX);
    low * u128::from(total) < u128::from(wanted) << 32
}

fn show_rules(out: &Out, diff: &RuleDiff) {
    if diff.is_empty() {
        out.line(out.both(&texts::SAME_RULES));
    }
    if diff.schema_changed {
        out.line("~ schema.cedarschema");
    }
    let lines = |mark: &str, rule: &RuleText| {
        out.line(format!("{mark} {} ({}:{})", rule.id, rule.file, rule.line));
    };
    for rule in &diff.removed {
        lines("-", rule);
    }
    for rule in &diff.added {
        lines("+", rule);
    }
    for change in diff.changed.iter().filter(|change| !change.layout_only) {
        lines("~", &change.after);
        for (mark, here, there) in [
            ("    -", &change.before.text, &change.after.text),
            ("    +", &change.after.text, &change.before.text),
        ] {
            for line in here
                .lines()
                .filter(|line| !there.lines().any(|l| l == *line))
            {
                out.line(format!("{mark} {line}"));
            }
        }
    }
}

fn show_table(out: &Out, table: &ReplayTable, movers: &[Mover]) {
    let named = |verdict: Verdict| out.both(&texts::verdict(verdict));
    let rows = table.cells.iter().map(|cell| {
        let mark = if cell.old == cell.new { "" } else { "*" };
        vec![
            named(cell.old),
            named(cell.new),
            cell.count.to_string(),
            mark.to_owned(),
        ]
    });
    let headers = [texts::OLD, texts::NEW, texts::ITEMS, texts::MOVES];
    out.table(&headers, rows.collect(), &texts::NO_INPUTS);
    out.line(format!(
        "{} items, {} move, {} keep their verdict for other reasons, drift {}",
        table.inputs, table.moved, table.other_rules, table.drift
    ));
    for mover in movers {
        out.line(format!(
            "  {}  {} -> {}  {}",
            mover.item,
            mover.old,
            mover.new,
            because(mover)
        ));
    }
    let more = table.moved.saturating_sub(movers.len() as u64);
    if more > 0 {
        out.line(format!("  … and {more} more; --csv FILE holds all"));
    }
}

/// The rules that appear and disappear.
fn because(mover: &Mover) -> String {
    let appear = mover.appear.iter().map(|hit| format!("+{}", hit.id));
    let disappear = mover.disappear.iter().map(|hit| format!("-{}", hit.id));
    appear.chain(disappear).collect::<Vec<_>>().join(" ")
}

/// The items that move, as a sheet. Every value is an id or a word of ours, so none needs quotes or
/// could be taken for a formula.
struct Csv {
    path: PathBuf,
    file: BufWriter<File>,
}

impl Csv {
    fn create(path: &Path) -> Result<Self, Failure> {
        let file = File::create(path).map_err(|error| Self::failed(path, &error))?;
        let mut csv = Self {
            path: path.to_owned(),
            file: BufWriter::new(file),
        };
        // The mark by which spreadsheets know UTF-8.
        csv.line("\u{feff}job,kind,stored,old,new,appear,disappear")?;
        Ok(csv)
    }

    fn failed(path: &Path, error: &std::io::Error) -> Failure {
        Failure::missing(
            "file",
            format!(
                "cannot write `{}`: {error}; name another file",
                path.display()
            ),
        )
    }

    fn line(&mut self, line: &str) -> Result<(), Failure> {
        let written = self.file.write_all(line.as_bytes());
        let written = written.and_then(|()| self.file.write_all(b"\r\n"));
        written.map_err(|error| Self::failed(&self.path, &error))
    }

    fn write(&mut self, mover: &Mover) -> Result<(), Failure> {
        let ids = |hits: &[clerkwork_core::RuleHit]| {
            let ids = hits.iter().map(|hit| hit.id.as_str());
            ids.collect::<Vec<_>>().join(" ")
        };
        let line = format!(
            "{},{},{},{},{},{},{}",
            mover.item,
            mover.resource_type,
            mover.stored,
            mover.old,
            mover.new,
            ids(&mover.appear),
            ids(&mover.disappear)
        );
        self.line(&line)
    }

    fn finish(mut self) -> Result<(), Failure> {
        let flushed = self.file.flush();
        flushed.map_err(|error| Self::failed(&self.path, &error))
    }
}
