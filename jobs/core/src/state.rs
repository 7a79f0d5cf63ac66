//! The states of a job and the only ways between them.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// Where a job stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// Not before a time that has been set.
    Scheduled,
    /// Ready for a worker.
    Available,
    /// A worker holds it.
    Running,
    /// A person must decide.
    Blocked,
    /// An outside event or a time is awaited, for example the other party's 72 hours.
    Waiting,
    /// A technical failure; the next attempt waits for its time.
    Retryable,
    /// Done.
    Completed,
    /// Refused on business grounds, with reasons to the applicant.
    Returned,
    /// Called off by a person.
    Cancelled,
    /// Given up after technical failures; may be redriven.
    Failed,
}

impl State {
    /// Every state, in the order in which people read them.
    pub const ALL: [Self; 10] = [
        Self::Scheduled,
        Self::Available,
        Self::Running,
        Self::Blocked,
        Self::Waiting,
        Self::Retryable,
        Self::Completed,
        Self::Returned,
        Self::Cancelled,
        Self::Failed,
    ];

    /// The name in storage and on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Scheduled => "scheduled",
            Self::Available => "available",
            Self::Running => "running",
            Self::Blocked => "blocked",
            Self::Waiting => "waiting",
            Self::Retryable => "retryable",
            Self::Completed => "completed",
            Self::Returned => "returned",
            Self::Cancelled => "cancelled",
            Self::Failed => "failed",
        }
    }

    /// No further work is done unless a person redrives the job.
    pub const fn is_terminal(self) -> bool {
        matches!(
            self,
            Self::Completed | Self::Returned | Self::Cancelled | Self::Failed
        )
    }

    /// The fleet will go on with it by itself, now or at a set time. A blocked job is not active:
    /// it rests until a person decides.
    pub const fn is_active(self) -> bool {
        !self.is_terminal() && !matches!(self, Self::Blocked)
    }

    /// Whether [`TRANSITIONS`] leads from here to `to`.
    pub fn may_become(self, to: Self) -> bool {
        TRANSITIONS.contains(&(self, to))
    }
}

/// Every allowed change of state. `Running → Running` is the journal of effects: the state stays,
/// events and journal rows are added under the same compare-and-set.
pub const TRANSITIONS: &[(State, State)] = {
    use State::*;
    &[
        (Scheduled, Available),
        (Scheduled, Cancelled),
        (Available, Running),
        (Available, Cancelled),
        (Running, Running),
        // A wish to cancel, noted on a job whose act may have happened.
        (Available, Available),
        (Blocked, Blocked),
        (Waiting, Waiting),
        (Retryable, Retryable),
        (Failed, Failed),
        (Running, Completed),
        (Running, Returned),
        (Running, Blocked),
        (Running, Waiting),
        (Running, Retryable),
        (Running, Failed),
        (Running, Cancelled),
        // Rescue of a dead worker's job, and release at shutdown.
        (Running, Available),
        (Blocked, Available),
        (Blocked, Cancelled),
        // A person did by hand what the item asks for.
        (Blocked, Completed),
        (Waiting, Available),
        (Waiting, Cancelled),
        (Retryable, Available),
        (Retryable, Cancelled),
        // Redrive from the exceptions desk.
        (Failed, Available),
        (Failed, Cancelled),
    ]
};

/// The text is not the name of a state.
#[derive(Debug, thiserror::Error)]
#[error(
    "unknown state `{0}`; use one of scheduled, available, running, blocked, waiting, retryable, completed, returned, cancelled, failed"
)]
pub struct UnknownState(String);

impl FromStr for State {
    type Err = UnknownState;
    fn from_str(text: &str) -> Result<Self, UnknownState> {
        Self::ALL
            .into_iter()
            .find(|state| state.as_str() == text)
            .ok_or_else(|| UnknownState(text.into()))
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn completed_returned_and_cancelled_are_final() {
        for state in State::ALL {
            for done in [State::Completed, State::Returned, State::Cancelled] {
                assert!(!done.may_become(state), "{done} must not become {state}");
            }
        }
    }

    #[test]
    fn every_state_reads_back_from_its_name_and_can_be_left_unless_terminal() {
        for state in State::ALL {
            assert_eq!(state.as_str().parse::<State>().unwrap(), state);
            assert_eq!(
                State::ALL.into_iter().any(|to| state.may_become(to)),
                !state.is_terminal() || state == State::Failed
            );
        }
        assert!("Done".parse::<State>().is_err());
    }
}
