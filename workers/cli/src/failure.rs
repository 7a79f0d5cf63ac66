//! How a command ends: its exit code, and one sentence when it could not do its work.

use serde_json::json;

/// The exit codes of every verb.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// Done.
    Done = 0,
    /// The work ended, and part of it failed.
    WorkFailed = 1,
    /// The command line, an input or the configuration is wrong.
    Usage = 2,
    /// Something that is needed is missing or cannot be reached.
    Missing = 3,
    /// Refused: a conflict, a state that does not allow it, the policy, or a missing token or role.
    Refused = 4,
    /// There is no such thing.
    NotFound = 5,
    /// Interrupted by the user.
    Interrupted = 130,
}

/// The table of exit codes, as `--help` shows it.
pub const EXIT_CODES: &str = "\
Exit codes:
    0  done
    1  the work ended, and part of it failed
    2  the command line, an input or the configuration is wrong
    3  something that is needed is missing or cannot be reached
    4  refused: a conflict, the state, the policy, or a missing token or role
    5  there is no such thing
  130  interrupted";

/// What a verb hands back.
pub type Outcome = Result<Exit, Failure>;

/// Why a command could not do its work.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{message}")]
pub struct Failure {
    /// The exit code.
    pub exit: Exit,
    /// A stable name for scripts, for example `conflict`.
    pub code: &'static str,
    /// One sentence: what is wrong and what to do.
    pub message: String,
}

impl Failure {
    /// Any failure.
    pub fn new(exit: Exit, code: &'static str, message: impl Into<String>) -> Self {
        Self {
            exit,
            code,
            message: message.into(),
        }
    }

    /// The command line or an input is wrong.
    pub fn usage(message: impl Into<String>) -> Self {
        Self::new(Exit::Usage, "usage", message)
    }

    /// An input is wrong.
    pub fn input(message: impl Into<String>) -> Self {
        Self::new(Exit::Usage, "invalid_input", message)
    }

    /// Something that is needed is missing or cannot be reached.
    pub fn missing(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(Exit::Missing, code, message)
    }

    /// Refused.
    pub fn refused(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(Exit::Refused, code, message)
    }

    /// There is no such thing.
    pub fn not_found(message: impl Into<String>) -> Self {
        Self::new(Exit::NotFound, "not_found", message)
    }

    /// A part of the program ended in a way that it should not.
    pub fn internal(message: impl Into<String>) -> Self {
        Self::new(Exit::Missing, "internal", message)
    }

    /// As `--json` shows it on stderr.
    pub fn to_json(&self) -> String {
        json!({"error": {"code": self.code, "message": self.message}}).to_string()
    }
}

/// The message of an error and of all its causes, each once.
pub fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let part = error.to_string();
        if !text.contains(&part) {
            text = format!("{text}: {part}");
        }
        cause = error.source();
    }
    text
}
