//! Writes `policies/manifest.toml` anew, after a change of the rules that is meant:
//! `cargo run -p clerkwork-policy --example manifest [DIRECTORY]`.

use std::{env, path::PathBuf, process::ExitCode};

use clerkwork_policy::Bundle;

fn main() -> ExitCode {
    let own = concat!(env!("CARGO_MANIFEST_DIR"), "/..");
    let dir = PathBuf::from(env::args().nth(1).unwrap_or_else(|| own.into()));
    match Bundle::write_manifest(&dir) {
        Ok(()) => ExitCode::SUCCESS,
        Err(refused) => {
            eprintln!("{refused}");
            ExitCode::FAILURE
        }
    }
}
