//! A circuit breaker: an upstream that fails most calls is left alone for a while.
//!
//! Closed, every call passes and its outcome is counted over a sliding window. When enough calls
//! were made and too many of them failed, the breaker opens: calls end at once. After a pause it is
//! half open: a few probes pass. All of them well, it closes; one failed, it opens again.
//!
//! Only failures to answer count: refused connections, broken ones, timeouts, 5xx, HTML pages in
//! place of JSON. A refusal, on whatever grounds, is an answer.

use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

/// When the breaker opens and closes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BreakerSettings {
    /// Outcomes older than this are forgotten, a tenth of it at a time.
    pub window: Duration,
    /// Below so many calls within the window it never opens.
    pub min_calls: u32,
    /// Opens at this share of failed calls, in percent.
    pub failure_percent: u32,
    /// How long it stays open.
    pub open_for: Duration,
    /// How many probes must succeed to close it.
    pub probes: u32,
}

impl Default for BreakerSettings {
    fn default() -> Self {
        Self {
            window: Duration::from_secs(30),
            min_calls: 20,
            failure_percent: 50,
            open_for: Duration::from_secs(10),
            probes: 3,
        }
    }
}

/// Whether calls pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BreakerState {
    /// They pass.
    Closed,
    /// They end at once.
    Open,
    /// Probes pass.
    HalfOpen,
}

impl BreakerState {
    /// The name in logs, metrics and pages.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Closed => "closed",
            Self::Open => "open",
            Self::HalfOpen => "half_open",
        }
    }
}

/// What a status page shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BreakerStatus {
    /// Whether calls pass.
    pub state: BreakerState,
    /// Calls within the window.
    pub calls: u32,
    /// Failed ones among them.
    pub failures: u32,
    /// How often it has opened since the start.
    pub opened_count: u64,
    /// When the next probe may pass, while open.
    pub retry_after: Option<Duration>,
}

const SLOTS: usize = 10;

#[derive(Debug, Clone, Copy, Default)]
struct Slot {
    calls: u32,
    failures: u32,
}

#[derive(Debug, Clone, Copy)]
enum Phase {
    Closed,
    Open { until: Instant },
    HalfOpen { under_way: u32, succeeded: u32 },
}

#[derive(Debug)]
struct Core {
    phase: Phase,
    /// Rises with every change of phase, so that a call from an earlier one counts no more.
    generation: u64,
    slots: [Slot; SLOTS],
    /// Number of the newest slot, counted from the start.
    newest: u64,
    opened_count: u64,
}

/// The breaker of one upstream.
#[derive(Debug)]
pub(super) struct Breaker {
    name: &'static str,
    settings: BreakerSettings,
    started: Instant,
    core: Mutex<Core>,
}

/// Leave to make one call. Dropped without [`record`](Permit::record), the call counts for nothing.
#[derive(Debug)]
pub(super) struct Permit<'a> {
    breaker: &'a Breaker,
    generation: u64,
    recorded: bool,
}

impl Breaker {
    pub(super) fn new(name: &'static str, settings: BreakerSettings, now: Instant) -> Self {
        Self {
            name,
            settings,
            started: now,
            core: Mutex::new(Core {
                phase: Phase::Closed,
                generation: 0,
                slots: [Slot::default(); SLOTS],
                newest: 0,
                opened_count: 0,
            }),
        }
    }

    /// Leave for a call, or how long the upstream is left alone.
    pub(super) fn admit(&self, now: Instant) -> Result<Permit<'_>, Duration> {
        let mut core = self.lock();
        match &mut core.phase {
            Phase::Closed => {}
            Phase::Open { until } if now < *until => return Err(*until - now),
            Phase::Open { .. } => self.enter(
                &mut core,
                Phase::HalfOpen {
                    under_way: 1,
                    succeeded: 0,
                },
            ),
            Phase::HalfOpen {
                under_way,
                succeeded,
            } => {
                if *under_way + *succeeded >= self.settings.probes.max(1) {
                    return Err(self.settings.open_for);
                }
                *under_way += 1;
            }
        }
        Ok(Permit {
            breaker: self,
            generation: core.generation,
            recorded: false,
        })
    }

    pub(super) fn status(&self, now: Instant) -> BreakerStatus {
        let mut core = self.lock();
        self.forget(&mut core, now);
        let sum = total(&core);
        let (state, retry_after) = match core.phase {
            Phase::Closed => (BreakerState::Closed, None),
            Phase::Open { until } => (
                BreakerState::Open,
                Some(until.saturating_duration_since(now)),
            ),
            Phase::HalfOpen { .. } => (BreakerState::HalfOpen, None),
        };
        BreakerStatus {
            state,
            calls: sum.calls,
            failures: sum.failures,
            opened_count: core.opened_count,
            retry_after,
        }
    }

    fn record(&self, generation: u64, answered: bool, now: Instant) {
        let mut core = self.lock();
        if generation != core.generation {
            return;
        }
        self.forget(&mut core, now);
        let newest = slot_index(core.newest);
        core.slots[newest].calls += 1;
        core.slots[newest].failures += u32::from(!answered);
        match &mut core.phase {
            Phase::Closed => {
                let sum = total(&core);
                let share = u64::from(sum.failures) * 100;
                let limit = u64::from(sum.calls) * u64::from(self.settings.failure_percent);
                if !answered && sum.calls >= self.settings.min_calls && share >= limit {
                    self.open(&mut core, now);
                }
            }
            Phase::HalfOpen {
                under_way,
                succeeded,
            } => {
                *under_way = under_way.saturating_sub(1);
                if !answered {
                    self.open(&mut core, now);
                    return;
                }
                *succeeded += 1;
                if *succeeded >= self.settings.probes.max(1) {
                    core.slots = [Slot::default(); SLOTS];
                    self.enter(&mut core, Phase::Closed);
                }
            }
            Phase::Open { .. } => {}
        }
    }

    fn release(&self, generation: u64) {
        let mut core = self.lock();
        if generation == core.generation
            && let Phase::HalfOpen { under_way, .. } = &mut core.phase
        {
            *under_way = under_way.saturating_sub(1);
        }
    }

    fn open(&self, core: &mut Core, now: Instant) {
        core.opened_count += 1;
        let until = now + self.settings.open_for;
        self.enter(core, Phase::Open { until });
    }

    fn enter(&self, core: &mut Core, phase: Phase) {
        core.phase = phase;
        core.generation += 1;
        let sum = total(core);
        let state = match phase {
            Phase::Closed => BreakerState::Closed,
            Phase::Open { .. } => BreakerState::Open,
            Phase::HalfOpen { .. } => BreakerState::HalfOpen,
        };
        tracing::warn!(
            connector.name = self.name,
            breaker.state = state.as_str(),
            breaker.calls = sum.calls,
            breaker.failures = sum.failures,
            "circuit breaker changed its state"
        );
    }

    /// Clears the slots that time has passed over.
    fn forget(&self, core: &mut Core, now: Instant) {
        let slot_nanos = (self.settings.window.as_nanos() / SLOTS as u128).max(1);
        let passed = now.saturating_duration_since(self.started).as_nanos() / slot_nanos;
        let current = u64::try_from(passed).unwrap_or(u64::MAX);
        let steps = current.saturating_sub(core.newest).min(SLOTS as u64);
        for step in 0..steps {
            core.slots[slot_index(current - step)] = Slot::default();
        }
        core.newest = core.newest.max(current);
    }

    fn lock(&self) -> MutexGuard<'_, Core> {
        // No code under the lock can leave it half changed.
        self.core.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn slot_index(number: u64) -> usize {
    usize::try_from(number % SLOTS as u64).unwrap_or(0)
}

fn total(core: &Core) -> Slot {
    core.slots.iter().fold(Slot::default(), |sum, slot| Slot {
        calls: sum.calls + slot.calls,
        failures: sum.failures + slot.failures,
    })
}

impl Permit<'_> {
    /// Counts the call; `answered` says whether the upstream answered at all.
    pub(super) fn record(mut self, answered: bool, now: Instant) {
        self.recorded = true;
        self.breaker.record(self.generation, answered, now);
    }
}

impl Drop for Permit<'_> {
    fn drop(&mut self) {
        if !self.recorded {
            self.breaker.release(self.generation);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SETTINGS: BreakerSettings = BreakerSettings {
        window: Duration::from_secs(10),
        min_calls: 4,
        failure_percent: 50,
        open_for: Duration::from_secs(5),
        probes: 2,
    };

    struct Trial {
        breaker: Breaker,
        now: Instant,
    }

    impl Trial {
        fn new() -> Self {
            let now = Instant::now();
            Self {
                breaker: Breaker::new("test", SETTINGS, now),
                now,
            }
        }

        fn wait(&mut self, seconds: u64) {
            self.now += Duration::from_secs(seconds);
        }

        fn calls(&self, outcomes: &[bool]) {
            for &answered in outcomes {
                self.breaker
                    .admit(self.now)
                    .unwrap()
                    .record(answered, self.now);
            }
        }

        fn state(&self) -> BreakerState {
            self.breaker.status(self.now).state
        }
    }

    #[test]
    fn it_opens_at_the_share_of_failures_and_not_below_the_minimum() {
        let trial = Trial::new();
        trial.calls(&[false, false, false]);
        assert_eq!(trial.state(), BreakerState::Closed);
        trial.calls(&[false]);
        assert_eq!(trial.state(), BreakerState::Open);
        assert_eq!(
            trial.breaker.admit(trial.now).unwrap_err(),
            SETTINGS.open_for
        );

        let trial = Trial::new();
        trial.calls(&[true, true, true, false, false]);
        assert_eq!(trial.state(), BreakerState::Closed);
        trial.calls(&[false]);
        assert_eq!(trial.state(), BreakerState::Open);
        assert_eq!(trial.breaker.status(trial.now).opened_count, 1);
    }

    #[test]
    fn old_failures_are_forgotten() {
        let mut trial = Trial::new();
        trial.calls(&[false, false, false]);
        trial.wait(11);
        trial.calls(&[false]);
        assert_eq!(trial.state(), BreakerState::Closed);
        assert_eq!(trial.breaker.status(trial.now).calls, 1);
    }

    #[test]
    fn half_open_passes_its_probes_only_and_closes_when_all_are_well() {
        let mut trial = Trial::new();
        trial.calls(&[false; 4]);
        trial.wait(5);
        let first = trial.breaker.admit(trial.now).unwrap();
        let second = trial.breaker.admit(trial.now).unwrap();
        assert_eq!(trial.state(), BreakerState::HalfOpen);
        assert!(trial.breaker.admit(trial.now).is_err());
        first.record(true, trial.now);
        assert!(
            trial.breaker.admit(trial.now).is_err(),
            "the second still runs"
        );
        second.record(true, trial.now);
        assert_eq!(trial.state(), BreakerState::Closed);
        assert_eq!(trial.breaker.status(trial.now).failures, 0);
    }

    #[test]
    fn a_failed_probe_opens_again_and_a_dropped_one_makes_room() {
        let mut trial = Trial::new();
        trial.calls(&[false; 4]);
        trial.wait(5);
        let first = trial.breaker.admit(trial.now).unwrap();
        drop(trial.breaker.admit(trial.now).unwrap());
        let third = trial.breaker.admit(trial.now).unwrap();
        third.record(false, trial.now);
        assert_eq!(trial.state(), BreakerState::Open);
        first.record(true, trial.now);
        assert_eq!(
            trial.state(),
            BreakerState::Open,
            "a late answer of a probe"
        );
        assert_eq!(trial.breaker.status(trial.now).opened_count, 2);
    }

    #[test]
    fn a_late_answer_from_before_it_opened_counts_for_nothing() {
        let trial = Trial::new();
        let late = trial.breaker.admit(trial.now).unwrap();
        trial.calls(&[false; 4]);
        let now = trial.now + SETTINGS.open_for;
        let probe = trial.breaker.admit(now).unwrap();
        late.record(false, now);
        assert_eq!(trial.breaker.status(now).state, BreakerState::HalfOpen);
        drop(probe);
    }
}
