//! `clerkwork up`: everything in one process tree.

mod demo;
mod drain;
mod figures;
mod process;

use std::path::PathBuf;

use clerkwork_core::Text;
use clerkwork_runtime::Config;

pub use demo::DemoClock;

use crate::{
    context::Context,
    failure::{Exit, Failure, Outcome},
    signals,
};

/// Runs everything in one process: private Redis, ledger, scheduler, fleet, status page.
///
/// Without `etax.base_url` it works with the simulated e-tax platform, on this machine alone.
/// Ctrl-C lets the items in work end first; a second Ctrl-C ends at once. A second start goes on
/// where the first stopped.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  clerkwork up --demo
  clerkwork up --demo --once --json --items 200
  clerkwork up --data-dir /var/lib/clerkwork --ledger-url postgres://clerkwork@db/clerkwork")]
pub struct Args {
    /// Submit realistic applications, show how they are worked off, and say what to try next
    #[arg(long)]
    demo: bool,
    /// End when the demo's items are done or wait for a person
    #[arg(long, requires = "demo")]
    once: bool,
    /// How many applications for agent-issued invoices the demo has
    #[arg(long, value_name = "N", default_value_t = 500, requires = "demo",
          value_parser = clap::value_parser!(u32).range(0..=1_000_000))]
    items: u32,
    /// How many applications for red-letter invoices the demo has; its clock is moved on while they
    /// wait for other parties
    #[arg(long, value_name = "N", default_value_t = 200, requires = "demo",
          value_parser = clap::value_parser!(u32).range(0..=100_000))]
    red_letters: u32,
    /// The same seed makes the same taxpayers and applications
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
}

/// Does it.
pub async fn run(context: &Context, args: Args) -> Outcome {
    let config = settings(context, &args)?;
    clerkwork_runtime::init_telemetry(&config.log)?;
    // Also without `--demo`, a demo's folder is worked on by the demo's clock.
    let clock = DemoClock::open(&config)?;
    let running = process::start(config, clock.shared()).await?;
    let listening = signals::listen(context.out, running.services.draining.clone());
    let outcome = work(context, &args, &running, &clock).await;
    let drained = drain::drain(context, running).await;
    listening.abort();
    let exit = outcome?;
    drained?;
    Ok(exit)
}

async fn work(
    context: &Context,
    args: &Args,
    running: &process::Running,
    clock: &DemoClock,
) -> Outcome {
    context.out.note(format!("status page: {}", running.page));
    if args.demo {
        let demo = demo::Demo {
            seed: running.services.config.sandbox.seed,
            items: args.items,
            red_letters: args.red_letters,
        };
        let exit = tokio::select! {
            exit = demo.run(context, running, clock) => exit?,
            ended = running.ended() => {
                ended?;
                return Ok(Exit::Interrupted);
            }
        };
        if args.once {
            return Ok(exit);
        }
    }
    if !running.services.ledger.is_claimed().await? {
        let init = context.command(&running.services.config, "init --admin NAME");
        let text = Text::owned(
            format!("尚无用户，请先设立首位管理员：{init}"),
            format!("there are no users yet; make the first administrator with `{init}`"),
        );
        context.out.note(context.out.sentence("", &text));
    }
    context.out.note("running; Ctrl-C ends it");
    if args.demo {
        tokio::select! {
            moved = demo::keep_moving(context, running, clock) => moved?,
            ended = running.ended() => ended?,
        }
    } else {
        running.ended().await?;
    }
    Ok(Exit::Done)
}

/// The settings, with the demo's own folder and world.
fn settings(context: &Context, args: &Args) -> Result<Config, Failure> {
    let mut config = if args.demo {
        context.config_in(demo_dir()?)?
    } else {
        context.config()?.clone()
    };
    if let Some(seed) = args.seed {
        config.sandbox.seed = seed;
    }
    if args.demo {
        config.sandbox.applications = args.items;
        config.sandbox.red_letters = args.red_letters;
        if let Some(url) = &config.etax.base_url
            && !on_this_machine(url)
        {
            return Err(Failure::usage(format!(
                "`--demo` would work on `{url}`, which is not on this machine; unset etax.base_url \
                 to use the simulated platform"
            )));
        }
        // Its progress is shown; the log's everyday lines would tear it apart.
        let level = config
            .settings()
            .iter()
            .find(|setting| setting.key == "log.level");
        if level.is_none_or(|level| level.origin == "default") {
            config.log.level = "warn".into();
        }
        context
            .out
            .note(format!("data folder: {}", config.data_dir.display()));
    }
    Ok(config)
}

/// Where a demo lives unless `--data-dir` says otherwise: never in the real installation.
pub fn demo_dir() -> Result<PathBuf, Failure> {
    let absolute = |name: &str| {
        let path = PathBuf::from(std::env::var_os(name)?);
        path.is_absolute().then_some(path)
    };
    let state = absolute("XDG_STATE_HOME")
        .or_else(|| absolute("HOME").map(|home| home.join(".local/state")));
    let state = state.ok_or_else(|| {
        Failure::usage(
            "neither XDG_STATE_HOME nor HOME is set; say where the demo keeps its data with \
             `--data-dir DIR`",
        )
    })?;
    Ok(state.join("clerkwork/demo"))
}

fn on_this_machine(url: &str) -> bool {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let host = rest.split('/').next().unwrap_or_default();
    let host = host.rsplit_once('@').map_or(host, |(_, host)| host);
    let name = match host.strip_prefix('[') {
        Some(v6) => v6.split(']').next().unwrap_or_default(),
        None => host.split(':').next().unwrap_or_default(),
    };
    name == "localhost"
        || name
            .parse()
            .is_ok_and(|ip: std::net::IpAddr| ip.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::on_this_machine;

    #[test]
    fn only_loopback_is_this_machine() {
        for url in [
            "http://127.0.0.1:8471",
            "http://[::1]:1/api",
            "https://localhost/",
        ] {
            assert!(on_this_machine(url), "{url}");
        }
        for url in [
            "https://etax.gov.cn",
            "http://127.0.0.1.evil.cn",
            "http://localhost@evil.cn/",
        ] {
            assert!(!on_this_machine(url), "{url}");
        }
    }
}
