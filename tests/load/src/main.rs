//! Benchmarks of the whole fleet. Each prints its figures beside a baseline taken in the same run,
//! so that a ratio can be compared where absolute times cannot.
//!
//! `cargo run --release -p clerkwork-load -- items`: items a second from the backlog to their end,
//! against the same upstream calls made bare.
//! `… -- latency`: time from acceptance to the end at a steady rate.
//! `… -- memory`: memory of Redis with a small and a large backlog.
//! `… -- red-letters`: red-letter invoices a second on the direct route.
//! `… -- log`: events a second, durable and numbered in the Merkle log.
//! `… -- waiting`: what jobs cost that wait for another party.
//! `… -- pace`: calls a second that an upstream counts under one limit for several processes.
#![expect(
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a program to be read on a terminal; what fails shall stop it"
)]

mod items;
mod latency;
mod log;
mod memory;
mod pace;
mod red_letters;
mod waiting;

use std::time::Duration;

use clap::{Parser, Subcommand, ValueEnum};
use clerkwork_rig::{LedgerKind, RigOptions};
use clerkwork_sandbox::RedCase;

const LIMIT: Duration = Duration::from_secs(600);

/// The one that the product's binary uses.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[derive(Parser)]
#[command(
    about = "Benchmarks of the whole fleet",
    after_help = "Example:\n  cargo run --release -p clerkwork-load -- items --ledger postgres"
)]
struct Cli {
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {
    /// Items a second from the backlog to their end
    Items {
        /// How many items
        #[arg(long, default_value_t = 20_000)]
        items: usize,
        /// Which ledger
        #[arg(long, value_enum, default_value_t = Engine::Sqlite)]
        ledger: Engine,
        /// Items in work at the same time
        #[arg(long, default_value_t = 512)]
        concurrency: usize,
    },
    /// Time from acceptance to the end at a steady rate
    Latency {
        /// Items a second
        #[arg(long, default_value_t = 100)]
        rate: u64,
        /// For so many seconds
        #[arg(long, default_value_t = 20)]
        seconds: u64,
        /// Which ledger
        #[arg(long, value_enum, default_value_t = Engine::Sqlite)]
        ledger: Engine,
    },
    /// Memory of Redis with a small and a large backlog
    Memory {
        /// The small backlog
        #[arg(long, default_value_t = 10_000)]
        small: usize,
        /// The large backlog
        #[arg(long, default_value_t = 1_000_000)]
        large: usize,
    },
    /// Red-letter invoices a second on the direct route
    RedLetters {
        /// How many items
        #[arg(long, default_value_t = 10_000)]
        items: usize,
        /// Which ledger
        #[arg(long, value_enum, default_value_t = Engine::Sqlite)]
        ledger: Engine,
        /// Items in work at the same time
        #[arg(long, default_value_t = 512)]
        concurrency: usize,
    },
    /// Events a second, durable and numbered in the Merkle log
    Log {
        /// How many events
        #[arg(long, default_value_t = 200_000)]
        events: usize,
        /// Tasks that record them
        #[arg(long, default_value_t = 64)]
        writers: usize,
        /// Events that each has under way
        #[arg(long, default_value_t = 16)]
        at_once: usize,
        /// Which ledger
        #[arg(long, value_enum, default_value_t = Engine::Sqlite)]
        ledger: Engine,
    },
    /// What jobs cost that wait for another party
    Waiting {
        /// How many jobs
        #[arg(long, default_value_t = 10_000)]
        items: usize,
        /// How long nothing happens
        #[arg(long, default_value_t = 30)]
        seconds: u64,
        /// Which ledger
        #[arg(long, value_enum, default_value_t = Engine::Sqlite)]
        ledger: Engine,
    },
    /// Calls a second that an upstream counts under one limit for several processes
    Pace(pace::Fleet),
    /// One of these processes
    #[command(hide = true)]
    PaceProcess(pace::Member),
}

#[derive(Clone, Copy, ValueEnum)]
enum Engine {
    Sqlite,
    Postgres,
}

impl From<Engine> for LedgerKind {
    fn from(engine: Engine) -> Self {
        match engine {
            Engine::Sqlite => Self::Sqlite,
            Engine::Postgres => Self::Postgres,
        }
    }
}

/// CPU seconds of this process so far, in user and system.
fn cpu() -> f64 {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
    time.tv_sec as f64 + time.tv_nsec as f64 / 1e9
}

/// A rig with room for a benchmark and the heartbeat of a quiet site.
fn options(ledger: LedgerKind, applications: usize, concurrency: usize) -> RigOptions {
    RigOptions {
        ledger,
        applications,
        settings: vec![
            ("fleet.concurrency", concurrency.to_string()),
            ("redis.prefetch", (2 * concurrency).to_string()),
            ("etax.rate_per_second", "100000".into()),
            ("etax.burst", "10000".into()),
            ("fleet.heartbeat_seconds", "5".into()),
            ("fleet.silent_after_seconds", "60".into()),
            ("redis.lease_seconds", "30".into()),
        ],
        ..RigOptions::default()
    }
}

/// The same rig with red-letter applications of these cases.
fn of_red_letters(options: RigOptions, items: usize, cases: Vec<RedCase>) -> RigOptions {
    RigOptions {
        red_letters: items,
        red_cases: cases,
        ..options
    }
}

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() {
    match Cli::parse().what {
        What::Items {
            items,
            ledger,
            concurrency,
        } => items::measure(options(ledger.into(), items, concurrency)).await,
        What::Latency {
            rate,
            seconds,
            ledger,
        } => {
            let items = usize::try_from(rate * seconds).expect("a countable number of items");
            latency::measure(options(ledger.into(), items, 64), rate).await;
        }
        What::Memory { small, large } => {
            memory::measure(options(LedgerKind::Sqlite, 1, 1), small, large).await
        }
        What::RedLetters {
            items,
            ledger,
            concurrency,
        } => {
            let options = options(ledger.into(), 0, concurrency);
            let direct = vec![RedCase::MistakeInFull, RedCase::ReturnInPart];
            red_letters::measure(of_red_letters(options, items, direct)).await;
        }
        What::Log {
            events,
            writers,
            at_once,
            ledger,
        } => {
            let options = options(ledger.into(), 0, 1);
            log::measure(options, events, writers, at_once.max(1)).await;
        }
        What::Waiting {
            items,
            seconds,
            ledger,
        } => {
            let options = options(ledger.into(), 0, 256);
            let silent = vec![RedCase::Silent];
            waiting::measure(of_red_letters(options, items, silent), seconds).await;
        }
        What::Pace(fleet) => pace::measure(fleet).await,
        What::PaceProcess(member) => pace::member(member).await,
    }
}
