//! Memory that survives: every act and every move of the clock is a line of JSON in a file, and
//! is done again at the next start.
//!
//! The first line names the world; a file of another one is refused. A last line that was torn by
//! a crash is dropped: its act was never answered. Lines are handed to the system one by one and
//! not forced to the disk, since what is lost with a power cut is a simulation.

use std::{
    fs::{File, OpenOptions},
    io::{self, Write},
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use clerkwork_core::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::red::{RedCase, Stamped};

/// Which world a file belongs to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Header {
    pub(crate) seed: u64,
    pub(crate) start: Date,
    pub(crate) applications: usize,
    pub(crate) red_letters: usize,
    /// Only of these cases; none: of all.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) red_cases: Vec<RedCase>,
}

/// One line after the first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Line {
    /// About red-letter invoices.
    Red(Stamped),
    /// About agent-issued invoices.
    Agent(AgentDeed),
    /// The clock was moved.
    Clock {
        advance_seconds: u64,
        nanoseconds: u32,
    },
}

/// An act about an agent-issued invoice; applications by their index.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum AgentDeed {
    Issued {
        application: usize,
        at: Timestamp,
    },
    Returned {
        application: usize,
        reasons: Vec<String>,
        at: Timestamp,
    },
    Withdrawn {
        application: usize,
    },
}

/// Why a memory cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum MemoryError {
    /// The file cannot be read or written.
    #[error("cannot use the memory `{path}`; choose a file that can be read and written")]
    File {
        /// The file.
        path: PathBuf,
        /// The cause.
        #[source]
        source: io::Error,
    },
    /// It belongs to another world.
    #[error(
        "the memory `{path}` belongs to another world ({found}, not {wanted}); start with its seed and sizes, or name another file"
    )]
    AnotherWorld {
        /// The file.
        path: PathBuf,
        /// The world it belongs to.
        found: String,
        /// The world that is to start.
        wanted: String,
    },
    /// A line is none.
    #[error("line {line} of the memory `{path}` cannot be read; restore the file or name another")]
    Line {
        /// The file.
        path: PathBuf,
        /// Number of the line, from 1.
        line: usize,
        /// The cause.
        #[source]
        source: serde_json::Error,
    },
}

/// Writes lines. Clones write to the same file.
#[derive(Debug, Clone)]
pub(crate) struct Journal(Arc<Mutex<File>>);

impl Journal {
    pub(crate) fn red(&self, stamped: &Stamped) {
        self.write(&Line::Red(stamped.clone()));
    }

    pub(crate) fn agent(&self, deed: AgentDeed) {
        self.write(&Line::Agent(deed));
    }

    pub(crate) fn clock(&self, moved: Duration) {
        self.write(&Line::Clock {
            advance_seconds: moved.as_secs(),
            nanoseconds: moved.subsec_nanos(),
        });
    }

    fn write(&self, line: &Line) {
        let written = json(line).and_then(|bytes| {
            let mut file = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            // One write a line, so that a crash tears the last one at most.
            file.write_all(&bytes)
        });
        if let Err(error) = written {
            tracing::error!(%error, "an act is not in the memory; a restart will not know it");
        }
    }
}

fn json(line: &impl Serialize) -> io::Result<Vec<u8>> {
    let mut bytes = serde_json::to_vec(line)?;
    bytes.push(b'\n');
    Ok(bytes)
}

/// Opens the memory of a world, or begins one: what was done so far, and where to go on writing.
pub(crate) fn open(path: &Path, header: &Header) -> Result<(Vec<Line>, Journal), MemoryError> {
    let failed = |source| MemoryError::File {
        path: path.into(),
        source,
    };
    let mut text = match std::fs::read(path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
        Err(error) => return Err(failed(error)),
    };
    let whole = text
        .iter()
        .rposition(|b| *b == b'\n')
        .map_or(0, |at| at + 1);
    let torn = whole < text.len();
    text.truncate(whole);
    let mut file = OpenOptions::new()
        .create(true)
        .append(true)
        .open(path)
        .map_err(failed)?;
    if torn {
        file.set_len(whole as u64).map_err(failed)?;
        tracing::warn!(path = %path.display(), "dropped a torn last line of the memory");
    }
    let mut lines = Vec::new();
    for (i, bytes) in text.split(|b| *b == b'\n').enumerate() {
        let unreadable = |source| MemoryError::Line {
            path: path.into(),
            line: i + 1,
            source,
        };
        if bytes.is_empty() {
            continue;
        }
        if i == 0 {
            let found: Header = serde_json::from_slice(bytes).map_err(unreadable)?;
            if found != *header {
                return Err(MemoryError::AnotherWorld {
                    path: path.into(),
                    found: found.describe(),
                    wanted: header.describe(),
                });
            }
        } else {
            lines.push(serde_json::from_slice(bytes).map_err(unreadable)?);
        }
    }
    if whole == 0 {
        let first = json(header).map_err(failed)?;
        file.write_all(&first).map_err(failed)?;
    }
    Ok((lines, Journal(Arc::new(Mutex::new(file)))))
}

impl Header {
    fn describe(&self) -> String {
        format!(
            "seed {} from {} with {} applications and {} red letters",
            self.seed, self.start, self.applications, self.red_letters
        )
    }
}
