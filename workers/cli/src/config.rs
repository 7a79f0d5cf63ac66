//! `clerkwork config …`: the settings.

use clap::Subcommand;
use clerkwork_runtime::DEFAULTS;
use serde_json::json;

use crate::{
    context::Context,
    failure::{Exit, Outcome},
};

/// What can be done with the settings.
#[derive(Debug, Subcommand)]
pub enum Verb {
    Show(ShowArgs),
    Check(CheckArgs),
}

/// Prints every setting in force and where it comes from; secrets show as `…`.
///
/// With --defaults: the commented default file, to start your own from.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  clerkwork config show
  clerkwork config show --defaults > clerkwork.toml")]
pub struct ShowArgs {
    /// The commented default file instead
    #[arg(long, conflicts_with = "json")]
    defaults: bool,
}

/// Checks the settings and says what is wrong.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  clerkwork config check --config ./clerkwork.toml")]
pub struct CheckArgs {}

impl Verb {
    /// Does it.
    pub fn run(self, context: &Context) -> Outcome {
        match self {
            Self::Show(args) if args.defaults => {
                context.out.document(DEFAULTS);
                Ok(Exit::Done)
            }
            Self::Show(_) => {
                let settings = context.config()?.settings();
                context.out.line(settings.to_string().trim());
                let items = settings.iter().map(|setting| json!(setting));
                context.out.json_page(items.collect(), None);
                Ok(Exit::Done)
            }
            Self::Check(_) => {
                let config = context.config()?;
                let count = config.settings().iter().count();
                context.out.line(format!("ok: {count} settings"));
                context.out.json(&json!({"ok": true, "settings": count}));
                Ok(Exit::Done)
            }
        }
    }
}
