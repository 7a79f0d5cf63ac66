//! The clerkwork binary: one verb a call.
//!
//! [`verb`] is the one place where a verb is added; each group of verbs has a file or folder of
//! its own. A verb gets a [`Context`](context::Context) and hands back an
//! [`Exit`](failure::Exit) or a [`Failure`](failure::Failure); only this file ends the process.
//!
//! Invariants:
//! * stdout holds what was asked for, and with `--json` exactly one JSON document; progress,
//!   remarks and errors go to stderr;
//! * an error is one sentence with what to do, and an exit code of the table in [`failure`];
//! * whoever reads or changes something has signed in and may ([`sign_in`]); nothing is recorded
//!   under a name that was only claimed;
//! * personal data are masked unless asked for, and that asking is itself an event.

mod audit;
mod batch;
mod brake;
mod config;
mod connection;
mod connector;
mod context;
#[cfg(debug_assertions)]
mod coverage;
mod credentials;
mod dead_letters;
mod doctor;
mod document;
mod failure;
mod installation;
mod intake;
mod job;
mod mask;
mod moment;
mod out;
mod out_file;
mod part;
mod people;
mod platform;
mod policy;
mod review;
mod sign_in;
mod signals;
mod texts;
mod up;
mod verb;
mod view;

use std::process::ExitCode;

use clap::{FromArgMatches, error::ErrorKind};

use crate::{
    context::Context,
    failure::{Exit, Failure, Outcome},
    verb::Cli,
};

/// Items are many small texts, made and dropped on other threads: this allocator spends about half
/// of what the C library's does on them.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let json = std::env::args_os().any(|argument| argument == "--json");
    let outcome = parse(json).and_then(|parsed| match parsed {
        Some(cli) => run(cli),
        None => Ok(Exit::Done),
    });
    let exit = outcome.unwrap_or_else(|failure| {
        let text = if json {
            failure.to_json()
        } else {
            format!("error: {failure}")
        };
        eprint_line(&text);
        failure.exit
    });
    ExitCode::from(exit as u8)
}

/// Reads the command line; nothing when help or the version was asked for and shown.
fn parse(json: bool) -> Result<Option<Cli>, Failure> {
    let parsed = verb::command()
        .try_get_matches()
        .and_then(|matches| Cli::from_arg_matches(&matches));
    let error = match parsed {
        Ok(cli) => return Ok(Some(cli)),
        Err(error) => error,
    };
    match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => {
            let _ = error.print();
            Ok(None)
        }
        _ if json => {
            let text = error.render().to_string();
            let first = text.lines().next().unwrap_or_default();
            Err(Failure::usage(first.trim_start_matches("error: ")))
        }
        _ => {
            let text = error.render().to_string();
            Err(Failure::usage(
                text.trim_start_matches("error: ").trim_end(),
            ))
        }
    }
}

fn run(cli: Cli) -> Outcome {
    let context = Context::new(cli.globals);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::internal(format!("cannot start: {error}")))?;
    let outcome = runtime.block_on(cli.verb.run(&context));
    // What still blocks (a read of stdin) must not hold the process up.
    runtime.shutdown_background();
    #[cfg(debug_assertions)]
    let outcome = coverage::check(&context, outcome);
    outcome
}

fn eprint_line(text: &str) {
    use std::io::Write;
    let _ = writeln!(std::io::stderr().lock(), "{}", out::clean(text));
}
