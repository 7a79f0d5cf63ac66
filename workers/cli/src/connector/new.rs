//! `clerkwork connector new`

use std::path::PathBuf;

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

/// Writes a file for a new connector, from one that works with the simulated platform.
///
/// It passes `connector check` as it is: change the address, then one operation after the other, and check again.
/// Put it into the folder of connectors when it passes.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  clerkwork connector new erp --into .")]
pub struct Args {
    /// Its name: lower case letters, digits and `-`
    name: String,
    /// The folder to write into
    #[arg(long, default_value = ".")]
    into: PathBuf,
    /// Write over a file that is there
    #[arg(long)]
    force: bool,
}

/// Writes it.
pub fn run(context: &Context, args: &Args) -> Outcome {
    let name = &args.name;
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    if name.is_empty()
        || !name.starts_with(|c: char| c.is_ascii_lowercase())
        || !name.chars().all(plain)
    {
        return Err(Failure::usage(format!(
            "`{name}` is no name of a connector; write lower case letters, digits and `-`"
        )));
    }
    let path = args.into.join(format!("{name}.toml"));
    out_file::free(&path, args.force)?;
    let text = TEMPLATE.replacen(NAMED, &format!("name = \"{name}\""), 1);
    std::fs::write(&path, text)
        .map_err(|error| Failure::missing("file", format!("`{}`: {error}", path.display())))?;
    let shown = path.display();
    context.out.line(format!(
        "{shown} is written; next: `clerkwork connector check {shown}`"
    ));
    context
        .out
        .json(&json!({"file": shown.to_string(), "connector": name}));
    Ok(Exit::Done)
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_template_has_the_line_that_is_replaced() {
        assert_eq!(super::TEMPLATE.matches(super::NAMED).count(), 1);
    }
}
