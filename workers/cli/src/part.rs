//! `clerkwork worker`, `scheduler` and `sandbox`: one part alone.

use std::{future::Future, net::SocketAddr, path::PathBuf, sync::Arc};

use clerkwork_core::SystemClock;
use clerkwork_runtime::{Config, Secret, Services, StartError, prepare_data_dir};
use clerkwork_sandbox::{Fault, FaultKind, Faults};
use serde_json::json;

use crate::{
    context::Context,
    failure::{Exit, Failure, Outcome},
    installation::part_ended,
    platform, signals,
};

/// Runs the workers alone, on a shared queue and ledger.
///
/// Start as many as you need, on as many machines. Ctrl-C or SIGTERM lets the items in work end.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:
  clerkwork worker --redis-url redis://queue:6379 --ledger-url postgres://clerkwork@db/clerkwork")]
pub struct WorkerArgs {}

/// Runs the scheduler alone, on a shared queue and ledger.
///
/// Start two for safety: one of them leads.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:
  clerkwork scheduler --redis-url redis://queue:6379 --ledger-url postgres://clerkwork@db/clerkwork")]
pub struct SchedulerArgs {}

/// Runs the simulated e-tax platform alone.
///
/// It forgets everything when it ends, unless --memory names a file. Its tokens are random and
/// written to a file that only you can read: the API's on the first line, that of the admin API on
/// the second.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  clerkwork sandbox --bind 127.0.0.1:8471 --seed 42 --applications 500
  clerkwork sandbox --lost-answers 0.05 --latency-ms 40")]
pub struct SandboxArgs {
    /// Where to listen; default as configured, port 0 takes a free one
    #[arg(long)]
    bind: Option<SocketAddr>,
    /// The same seed makes the same taxpayers and applications
    #[arg(long)]
    seed: Option<u64>,
    /// How many applications for agent-issued invoices it has
    #[arg(long, value_name = "N")]
    applications: Option<u32>,
    /// How many applications for red-letter invoices it has
    #[arg(long, value_name = "N")]
    red_letters: Option<u32>,
    /// File in which it keeps what was done, so that another start knows it
    #[arg(long, value_name = "FILE")]
    memory: Option<PathBuf>,
    /// File for its tokens; default: sandbox.tokens in the data folder
    #[arg(long, value_name = "FILE")]
    token_file: Option<PathBuf>,
    /// Every answer comes so much later
    #[arg(long, value_name = "MS")]
    latency_ms: Option<u64>,
    /// Share of acts that are done while the answer is lost, 0 to 1
    #[arg(long, value_name = "SHARE")]
    lost_answers: Option<f64>,
    /// Share of calls that end with HTTP 503, 0 to 1
    #[arg(long, value_name = "SHARE")]
    server_errors: Option<f64>,
    /// Share of calls that end with HTTP 429 and Retry-After, 0 to 1
    #[arg(long, value_name = "SHARE")]
    too_many_requests: Option<f64>,
    /// Share of calls whose connection is reset before anything is done, 0 to 1
    #[arg(long, value_name = "SHARE")]
    resets: Option<f64>,
    /// Share of calls that get a maintenance page in HTML, 0 to 1
    #[arg(long, value_name = "SHARE")]
    maintenance: Option<f64>,
}

/// The settings of a part that stands alone: queue and ledger must be shared ones.
fn shared(context: &Context, verb: &str) -> Result<Config, Failure> {
    let config = context.config()?;
    if config.redis.url.is_none() {
        return Err(Failure::usage(format!(
            "`{verb}` works on a queue that others fill; name it with `--redis-url` or \
             CLERKWORK__REDIS__URL, or use `clerkwork up` for everything in one process"
        )));
    }
    if config.ledger.url.is_none() {
        return Err(Failure::usage(format!(
            "`{verb}` works on a ledger that others share; name it with `--ledger-url` or \
             CLERKWORK__LEDGER__URL, or use `clerkwork up` for everything in one process"
        )));
    }
    Ok(config.clone())
}

/// Runs the workers alone.
pub async fn worker(context: &Context, _: WorkerArgs) -> Outcome {
    let config = shared(context, "worker")?;
    run(context, config, "worker", |services| async {
        clerkwork_fleet::run(services)
            .await
            .map_err(|error| part_ended("worker", error))
    })
    .await
}

/// Runs the scheduler alone.
pub async fn scheduler(context: &Context, _: SchedulerArgs) -> Outcome {
    let mut config = shared(context, "scheduler")?;
    if config.etax.base_url.is_none() {
        // A scheduler never speaks to an upstream; the wiring asks for one all the same.
        config.etax.base_url = Some("http://127.0.0.1:9".into());
        config.etax.token = Some(Secret::new("none"));
    }
    run(context, config, "scheduler", |services| async {
        clerkwork_scheduler::run(services)
            .await
            .map_err(|error| part_ended("scheduler", error))
    })
    .await
}

async fn run<W>(
    context: &Context,
    config: Config,
    name: &str,
    work: impl FnOnce(Services) -> W,
) -> Outcome
where
    W: Future<Output = Result<(), Failure>>,
{
    clerkwork_runtime::init_telemetry(&config.log)?;
    let services = Services::connect(config, Arc::new(SystemClock)).await?;
    services.tell_settings().await?;
    context
        .out
        .note(format!("{name} `{}` runs; Ctrl-C ends it", services.name));
    let listening = signals::listen(context.out, services.draining.clone());
    let ended = work(services.clone()).await;
    listening.abort();
    services.ledger.close().await;
    ended?;
    Ok(Exit::Done)
}

/// Runs the simulated platform alone.
pub async fn sandbox(context: &Context, args: SandboxArgs) -> Outcome {
    let config = context.config()?;
    let bind = args.bind.unwrap_or(config.sandbox.bind);
    let seed = args.seed.unwrap_or(config.sandbox.seed);
    let applications = args.applications.unwrap_or(config.sandbox.applications);
    let tokens = match &args.token_file {
        Some(path) => path.clone(),
        None => {
            prepare_data_dir(&config.data_dir).map_err(StartError::from)?;
            config.in_data_dir("sandbox.tokens")
        }
    };
    clerkwork_runtime::init_telemetry(&config.log)?;
    let red_letters = args.red_letters.unwrap_or(config.sandbox.red_letters);
    let platform = platform::start(platform::Wanted {
        bind,
        seed,
        applications,
        red_letters,
        faults: faults(&args),
        clock: Arc::new(SystemClock),
        memory: args.memory.clone(),
    })
    .await?;
    platform.write_tokens(&tokens).map_err(|error| {
        Failure::missing(
            "token_file",
            format!(
                "cannot write the tokens to `{}`: {error}; choose another file with \
                     `--token-file`",
                tokens.display()
            ),
        )
    })?;
    let out = &context.out;
    out.line(format!("address: {}", platform.url()));
    out.line(format!("tokens:  {}", tokens.display()));
    out.json(&json!({
        "url": platform.url(),
        "token_file": tokens.display().to_string(),
        "seed": seed,
        "applications": applications,
        "red_letters": red_letters,
    }));
    signals::signalled().await;
    platform.stop().await;
    Ok(Exit::Done)
}

fn faults(args: &SandboxArgs) -> Faults {
    let share = |share: Option<f64>, kind: FaultKind| {
        share.map(|share| Fault::always(kind).with_probability(share))
    };
    let latency = args.latency_ms.map(|milliseconds| {
        Fault::always(FaultKind::Latency {
            milliseconds,
            jitter_milliseconds: 0,
        })
    });
    // A question whose answer is lost is no more than a connection that broke.
    let lost = share(args.lost_answers, FaultKind::LostAnswer).map(Fault::on_acts);
    let server_error = FaultKind::ServerError {
        status: 503,
        after_act: false,
    };
    let too_many = FaultKind::TooManyRequests {
        retry_after_seconds: Some(1),
    };
    let faults = [
        latency,
        lost,
        share(args.server_errors, server_error),
        share(args.too_many_requests, too_many),
        share(args.resets, FaultKind::Reset),
        share(args.maintenance, FaultKind::Maintenance { status: 503 }),
    ];
    Faults(faults.into_iter().flatten().collect())
}
