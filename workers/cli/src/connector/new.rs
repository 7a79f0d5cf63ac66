//! `clerkwork connector new`

mod rust;

use std::{fs, path::PathBuf};

use clap::ValueEnum;
use serde_json::json;

use crate::{
    context::Context,
    failure::{Exit, Failure, Outcome},
    out_file,
};

/// A whole connector that works with the simulated platform, to be changed piece by piece.
const TEMPLATE: &str = include_str!("../../../../connectors/declarative/examples/etax.toml");

/// The line of the template that is replaced.
const NAMED: &str = "name = \"etax-file\"";

/// Writes a new connector, from one that works with the simulated platform: a file, or a crate in Rust.
///
/// A file (declarative) passes `connector check` as it is: change the address, then one operation after the other,
/// and check again. Put it into the folder of connectors when it passes. A crate (rust) goes into a checkout of the
/// source, where it compiles and passes its tests as it is; its README.md says what to change in which order. Take
/// Rust for what a file cannot say. With --json: {"connector", "kind", "file"} or {"connector", "kind", "folder",
/// "files"}.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  clerkwork connector new erp --into .
  clerkwork connector new erp --kind rust")]
pub struct Args {
    /// Its name: lower case letters, digits and single `-` between them
    name: String,
    /// A file, or a crate in a checkout of the source
    #[arg(long, value_enum, default_value_t = Kind::Declarative)]
    kind: Kind,
    /// The folder to write into; default for a file `.`, for a crate `connectors`
    #[arg(long, value_name = "DIR")]
    into: Option<PathBuf>,
    /// Write over files that are there
    #[arg(long)]
    force: bool,
}

/// What is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Kind {
    /// A crate in Rust
    Rust,
    /// A TOML file, without Rust
    Declarative,
}

/// Writes it.
pub fn run(context: &Context, args: &Args) -> Outcome {
    let name = &args.name;
    check(name)?;
    match args.kind {
        Kind::Rust => {
            let into = args.into.clone().unwrap_or_else(|| "connectors".into());
            rust::write(context, name, &into, args.force)
        }
        Kind::Declarative => {
            let into = args.into.clone().unwrap_or_else(|| ".".into());
            write(context, args, &into.join(format!("{name}.toml")))
        }
    }
}

fn check(name: &str) -> Result<(), Failure> {
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    let parts = name
        .split('-')
        .all(|part| !part.is_empty() && part.chars().all(plain));
    if parts && name.starts_with(|c: char| c.is_ascii_lowercase()) {
        return Ok(());
    }
    Err(Failure::usage(format!(
        "`{name}` is no name of a connector; write lower case letters, digits and single `-` between them, with a \
         letter first"
    )))
}

fn write(context: &Context, args: &Args, path: &std::path::Path) -> Outcome {
    out_file::free(path, args.force)?;
    let name = &args.name;
    let text = TEMPLATE.replacen(NAMED, &format!("name = \"{name}\""), 1);
    fs::write(path, text)
        .map_err(|error| Failure::missing("file", format!("`{}`: {error}", path.display())))?;
    let shown = path.display();
    context.out.line(format!(
        "{shown} is written; next: `clerkwork connector check {shown}`"
    ));
    let told = json!({"connector": name, "kind": "declarative", "file": shown.to_string()});
    context.out.json(&told);
    Ok(Exit::Done)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_template_has_the_line_that_is_replaced() {
        assert_eq!(TEMPLATE.matches(NAMED).count(), 1);
    }

    #[test]
    fn a_name_is_one_that_files_crates_and_settings_can_have() {
        for name in ["erp", "e", "erp-2", "sap-s4-hana"] {
            assert!(check(name).is_ok(), "{name}");
        }
        for name in [
            "", "-", "-erp", "erp-", "erp--2", "2erp", "Erp", "e_p", "erp/x", "..", "税",
        ] {
            let failure = check(name).unwrap_err();
            assert_eq!(failure.exit, Exit::Usage, "{name}");
            assert!(failure.message.contains(&format!("`{name}`")), "{failure}");
        }
    }
}
