//! `clerkwork connector check`

mod connect;
mod nature;
mod samples;
mod upstream;

use std::{
    fs,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use clerkwork_conformance::{
    Cassette, Clause, Outcome as Fate, Place, Report, Subject, TIMEOUT, check_and_record,
};
use clerkwork_connectors_api::contract::Connector;
use clerkwork_runtime::is_built_in;
use serde_json::json;

use crate::{
    batch::bar,
    context::Context,
    failure::{Exit, Failure, Outcome},
    out_file, texts,
};
use connect::{Connect, RATE, of_build, of_file};
use nature::Nature;
use upstream::Upstream;

/// Checks that a connector keeps its contract, under the faults of networks and upstreams.
///
/// A file is checked against a simulated platform that is started for it, or against an upstream for tests: writes
/// are carried out there. Connectors that are compiled in (`etax`, `portal`, yours) are checked against the simulated
/// platform. The report says of each clause and operation whether it was kept, and shows the exchange that broke
/// it. With --record the upstream's answers are kept in a file, without credentials and with other numbers in the
/// place of those that name people; with --replay they stand for the upstream, offline. Exit code 1 when a clause is
/// broken. With --json: {"connector", "version", "rulings"}.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  clerkwork connector check etax
  clerkwork connector check erp.toml --upstream https://erp-test.example --samples samples.json --record erp.json
  clerkwork connector check erp.toml --replay erp.json")]
pub struct Args {
    /// A file, or the name of a connector that is compiled in
    connector: String,
    /// An upstream for tests, with the credentials that the file names
    #[arg(long, value_name = "URL")]
    upstream: Option<String>,
    /// What to call the operations with, as JSON: {"operation": [input, …]}; of a write ten or more
    #[arg(long, value_name = "FILE")]
    samples: Option<PathBuf>,
    /// Keeps the upstream's answers, when every clause that was tried is kept
    #[arg(long, value_name = "FILE")]
    record: Option<PathBuf>,
    /// Writes over a recording that is there
    #[arg(long, requires = "record")]
    force: bool,
    /// Answers that were recorded in the place of an upstream
    #[arg(long, value_name = "FILE", conflicts_with_all = ["upstream", "samples", "record"])]
    replay: Option<PathBuf>,
    /// Only what is not kept
    #[arg(long)]
    broken: bool,
}

/// Longest time for each try of an upstream for tests.
const LONGEST_TRY: Duration = Duration::from_secs(5);

/// Checks it.
pub async fn run(context: &Context, args: Args) -> Outcome {
    if let Some(path) = &args.record {
        out_file::free(path, args.force)?;
    }
    if is_built_in(&args.connector) && args.upstream.is_some() {
        return Err(Failure::usage(
            "a connector that is compiled in is checked against the simulated platform; leave --upstream out",
        ));
    }
    let upstream = Upstream::start(&args).await?;
    let (report, cassette) = checked(context, &args, &upstream).await?;
    if let Upstream::Recorded { replay, .. } = &upstream
        && let missing = replay.missing()
        && !missing.is_empty()
    {
        return Err(Failure::input(format!(
            "the recording does not hold what the connector asks now ({}); record it again",
            missing.join(", ")
        )));
    }
    let is_kept = report.broken().next().is_none();
    show(context, &args, &report);
    match (&args.record, is_kept) {
        (Some(path), true) => record(context, &args, path, cassette).await?,
        (Some(_), false) => context
            .out
            .note("nothing is recorded: a clause is broken; mend the connector first"),
        (None, _) => {}
    }
    Ok(match is_kept {
        true => Exit::Done,
        false => Exit::WorkFailed,
    })
}

/// Goes through all clauses.
async fn checked(
    context: &Context,
    args: &Args,
    upstream: &Upstream,
) -> Result<(Report, Option<Cassette>), Failure> {
    let name = args.connector.as_str();
    let base = upstream.base(name)?;
    let credential = upstream.credential(name);
    let mut nature = Nature::default();
    let connect: Connect = match credential.filter(|_| is_built_in(name)) {
        Some(credential) => {
            let is_portal = name == "portal";
            (nature.signs_in, nature.reads_pages) = (is_portal, is_portal);
            nature.rate = Some(RATE);
            of_build(name.to_owned(), credential)
        }
        None => {
            let text = fs::read_to_string(name)
                .map_err(|error| Failure::input(format!("`{name}` cannot be read: {error}")))?;
            nature = Nature::of(text);
            of_file(name.to_owned(), &nature, credential)
        }
    };
    let (secrets, users) = match credential {
        Some(credential) => (vec![credential.to_owned()], Vec::new()),
        None => nature.values(),
    };
    let at = upstream.at();
    let direct = connect(&Place {
        base_url: base.clone(),
        timeout: Duration::from_secs(10),
        wrong_credential: None,
        at,
        log: None,
    });
    let direct = direct.map_err(|error| Failure::input(error.message))?;
    let timeout = match upstream {
        Upstream::Live(_) => measured(&*direct).await?,
        Upstream::Simulated(_) | Upstream::Recorded { .. } => TIMEOUT,
    };
    let subject = Subject {
        connect,
        upstream: base
            .parse()
            .map_err(|error| Failure::usage(format!("`{base}` is no address: {error}")))?,
        samples: samples::of(args, upstream, &*direct).await?,
        secrets,
        users,
        timeout,
        has_session: nature.signs_in,
        reads_pages: nature.reads_pages,
        rate: nature.rate,
        at,
    };
    let progress = bar(&context.out, 0);
    let told = |clause: Clause| {
        progress.set_message(context.out.both(&clause.text()));
        progress.inc(1);
    };
    let checked = check_and_record(&subject, told).await;
    progress.finish_and_clear();
    checked
        .map_err(|error| Failure::missing("proxy", error.to_string()))?
        .map_err(|error| Failure::input(error.message))
}

/// A time for each try that fits an upstream: three times what it takes to sign in and answer once.
async fn measured(direct: &dyn Connector) -> Result<Duration, Failure> {
    let began = Instant::now();
    direct
        .health()
        .await
        .map_err(|error| super::failed(&error))?;
    Ok((3 * began.elapsed()).clamp(TIMEOUT, LONGEST_TRY))
}

/// Writes a recording that was replayed without a difference.
async fn record(
    context: &Context,
    args: &Args,
    path: &Path,
    cassette: Option<Cassette>,
) -> Result<(), Failure> {
    let Some(cassette) = cassette else {
        return Err(Failure::input(
            "nothing is recorded: the upstream answered more than 64 MiB; give fewer samples",
        ));
    };
    let upstream = Upstream::recorded(cassette.clone()).await?;
    let (report, _) = checked(context, args, &upstream).await?;
    let missing = match &upstream {
        Upstream::Recorded { replay, .. } => replay.missing(),
        Upstream::Simulated(_) | Upstream::Live(_) => Vec::new(),
    };
    if report.broken().next().is_some() || !missing.is_empty() {
        return Err(Failure::input(format!(
            "nothing is recorded: replayed, it did not give the same ({}); an answer may have come too late: try again, with fewer samples or on a quieter machine",
            missing.join(", ")
        )));
    }
    let text = cassette
        .write()
        .map_err(|error| Failure::internal(error.to_string()))?;
    out_file::save(path, &text, args.force)?;
    let (count, shown) = (cassette.len(), path.display());
    context
        .out
        .note(format!("{count} exchanges are recorded in {shown}"));
    Ok(())
}

fn show(context: &Context, args: &Args, report: &Report) {
    let out = &context.out;
    let mut rows = Vec::new();
    for ruling in &report.rulings {
        let (fate, why) = match &ruling.outcome {
            Fate::Kept if args.broken => continue,
            Fate::Kept => (texts::KEPT, String::new()),
            Fate::NotTried { why } => (texts::NOT_TRIED, why.clone()),
            Fate::Broken { why, exchanges } => {
                let lines: Vec<_> = exchanges.iter().map(|one| one.line()).collect();
                (texts::BROKEN, format!("{why}\n{}", lines.join("\n")))
            }
        };
        rows.push(vec![
            out.both(&ruling.text),
            ruling.operation.unwrap_or("-").to_owned(),
            out.both(&fate),
            why,
        ]);
    }
    let headers = [texts::CLAUSE, texts::OPERATION, texts::FATE, texts::WHY];
    out.table(&headers, rows, &texts::ALL_KEPT);
    let (kept, broken, not_tried) = report.counts();
    out.line(format!(
        "{} {}: {kept} kept, {broken} broken, {not_tried} not tried",
        report.connector, report.version
    ));
    out.json(&json!(report));
}
