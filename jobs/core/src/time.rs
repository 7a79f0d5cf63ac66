//! Times: integer microseconds UTC inside, an explicit zone only at the edges.

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use serde::{Deserialize, Serialize};

/// Microseconds since 1970-01-01T00:00:00Z.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Timestamp(pub i64);

impl Timestamp {
    /// This time plus `duration`, ending at the far end of the range instead of overflowing.
    pub fn after(self, duration: Duration) -> Self {
        Self(self.0.saturating_add(micros(duration)))
    }

    /// This time minus `duration`.
    pub fn before(self, duration: Duration) -> Self {
        Self(self.0.saturating_sub(micros(duration)))
    }

    /// How long after `earlier` this is; zero when it is not later.
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_micros(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }
}

fn micros(duration: Duration) -> i64 {
    i64::try_from(duration.as_micros()).unwrap_or(i64::MAX)
}

impl fmt::Display for Timestamp {
    /// RFC 3339 in UTC with microseconds, for example `2026-03-01T08:00:00.000000Z`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match jiff::Timestamp::from_microsecond(self.0) {
            Ok(time) => write!(f, "{time:.6}"),
            Err(_) => write!(f, "{}us", self.0),
        }
    }
}

/// Where "now" comes from.
pub trait Clock: Send + Sync + fmt::Debug {
    /// The present time.
    fn now(&self) -> Timestamp;
}

/// The machine's clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        Timestamp(jiff::Timestamp::now().as_microsecond())
    }
}

/// A clock that moves only when told to, for tests and demonstrations.
#[derive(Debug)]
pub struct ManualClock(AtomicI64);

impl ManualClock {
    /// Starts at `start`.
    pub fn new(start: Timestamp) -> Self {
        Self(AtomicI64::new(start.0))
    }

    /// Moves forward.
    pub fn advance(&self, duration: Duration) {
        self.0.fetch_add(micros(duration), Ordering::SeqCst);
    }

    /// Jumps to a time, also an earlier one.
    pub fn set(&self, to: Timestamp) {
        self.0.store(to.0, Ordering::SeqCst);
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        Timestamp(self.0.load(Ordering::SeqCst))
    }
}

/// A clock that runs like another and can be moved forward, so that a wait of days ends while one
/// watches.
#[derive(Debug)]
pub struct ShiftedClock {
    base: Arc<dyn Clock>,
    shift: AtomicI64,
}

impl ShiftedClock {
    /// Runs like `base`, ahead of it by `shift`.
    pub fn new(base: Arc<dyn Clock>, shift: Duration) -> Self {
        Self {
            base,
            shift: AtomicI64::new(micros(shift)),
        }
    }

    /// Moves forward.
    pub fn advance(&self, duration: Duration) {
        self.shift.fetch_add(micros(duration), Ordering::SeqCst);
    }

    /// How far it is ahead of the clock it runs like.
    pub fn shift(&self) -> Duration {
        Duration::from_micros(u64::try_from(self.shift.load(Ordering::SeqCst)).unwrap_or(0))
    }
}

impl Clock for ShiftedClock {
    fn now(&self) -> Timestamp {
        let shift = self.shift.load(Ordering::SeqCst);
        Timestamp(self.base.now().0.saturating_add(shift))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_timestamp_shows_as_rfc_3339() {
        assert_eq!(
            Timestamp(1_772_352_000_000_001).to_string(),
            "2026-03-01T08:00:00.000001Z"
        );
    }

    #[test]
    fn a_shifted_clock_runs_with_its_base_and_ahead_of_it() {
        let base = Arc::new(ManualClock::new(Timestamp(5)));
        let clock = ShiftedClock::new(base.clone(), Duration::from_micros(10));
        base.advance(Duration::from_micros(1));
        clock.advance(Duration::from_micros(100));
        assert_eq!(clock.now(), Timestamp(116));
        assert_eq!(clock.shift(), Duration::from_micros(110));
    }

    #[test]
    fn a_manual_clock_moves_only_when_told() {
        let clock = ManualClock::new(Timestamp(5));
        assert_eq!(clock.now(), Timestamp(5));
        clock.advance(Duration::from_micros(7));
        assert_eq!(clock.now(), Timestamp(12));
        assert_eq!(Timestamp(12).since(Timestamp(5)), Duration::from_micros(7));
        assert_eq!(Timestamp(5).since(Timestamp(12)), Duration::ZERO);
    }
}
