//! The demo's clock: it runs like the machine's and is moved forward, so that waits of days end
//! while one watches. Every command on the demo's folder goes by it.
//!
//! How far it is ahead is kept in the data folder: the next start goes on at the time where this one
//! stopped, never before what the ledger has recorded.

use std::{
    io::ErrorKind::{NotADirectory, NotFound},
    path::PathBuf,
    sync::Arc,
    time::Duration,
};

use clerkwork_core::{Clock, ShiftedClock, SystemClock};
use clerkwork_runtime::Config;

use crate::failure::{Exit, Failure};

/// Name of the file in the data folder; it holds whole seconds.
const FILE: &str = "demo.clock";

/// How far it is moved at a time.
const STEP: Duration = Duration::from_secs(2 * 3_600);

/// A clock with its file.
#[derive(Debug, Clone)]
pub struct DemoClock {
    clock: Arc<ShiftedClock>,
    file: PathBuf,
}

impl DemoClock {
    /// At the time where an earlier demo in this folder stopped; where none ever ran, at the
    /// present.
    pub fn open(config: &Config) -> Result<Self, Failure> {
        let file = config.in_data_dir(FILE);
        let seconds = match std::fs::read_to_string(&file) {
            Ok(text) => text.trim().parse::<u64>().map_err(|_| {
                Failure::new(
                    Exit::Usage,
                    "demo_clock",
                    format!(
                        "`{}` holds no number of seconds; give the demo another folder with \
                         `--data-dir`, or remove this one",
                        file.display()
                    ),
                )
            })?,
            // That the folder is none is told by who needs it.
            Err(error) if matches!(error.kind(), NotFound | NotADirectory) => 0,
            Err(error) => return Err(unusable(&file, &error)),
        };
        let clock = ShiftedClock::new(Arc::new(SystemClock), Duration::from_secs(seconds));
        Ok(Self {
            clock: Arc::new(clock),
            file,
        })
    }

    /// The clock, for everything that is to go by it.
    pub fn shared(&self) -> Arc<dyn Clock> {
        self.clock.clone()
    }

    /// How far it is ahead of the machine's.
    pub fn ahead(&self) -> Duration {
        self.clock.shift()
    }

    /// Moves on by a step. The file first: a clock that went back would be worse than one that is
    /// ahead of its file.
    pub fn step(&self) -> Result<(), Failure> {
        let ahead = self.clock.shift().saturating_add(STEP).as_secs();
        let draft = self.file.with_extension("new");
        std::fs::write(&draft, ahead.to_string())
            .and_then(|()| std::fs::rename(&draft, &self.file))
            .map_err(|error| unusable(&self.file, &error))?;
        self.clock.advance(STEP);
        Ok(())
    }
}

fn unusable(file: &std::path::Path, error: &std::io::Error) -> Failure {
    Failure::missing(
        "demo_clock",
        format!("the demo keeps its time in `{}`: {error}", file.display()),
    )
}
