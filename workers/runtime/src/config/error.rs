//! What can be wrong with settings.

use std::{io, path::PathBuf};

use super::{Origin, layer::Place};

/// Why settings cannot be used. One sentence: where, which setting, what to write instead.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// A file cannot be read.
    #[error("cannot read the settings file `{}`: {source}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// The cause.
        source: io::Error,
    },
    /// A file is not TOML.
    #[error("{origin}, line {line}: {problem}; the file must be TOML")]
    Syntax {
        /// The file.
        origin: Origin,
        /// The line, from 1.
        line: usize,
        /// What the parser says.
        problem: String,
    },
    /// There is no such setting.
    #[error("{place} is not a setting; {hint}")]
    Unknown {
        /// Where it stands.
        place: Place,
        /// What may be meant.
        hint: String,
    },
    /// A value that cannot be.
    #[error("{place}: {problem}")]
    Wrong {
        /// Where it stands.
        place: Place,
        /// What is wrong and what to write.
        problem: String,
    },
    /// There is nothing to derive the data folder from.
    #[error(
        "neither HOME nor XDG_DATA_HOME is set, so there is no default data folder; name one with --data-dir or CLERKWORK__DATA_DIR"
    )]
    NoHome,
    /// The parser failed in a way that has no sentence of its own.
    #[error(transparent)]
    Unforeseen(config::ConfigError),
}
