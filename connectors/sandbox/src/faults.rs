//! Faults that can be switched on and off while the platform runs.
//!
//! To add one: a variant of [`FaultKind`], its name in [`FaultKind::name`], and its effect either
//! in [`Strike`] (before the act or after it) or, for the answer it gives, in `answer.rs`.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, PoisonError, RwLock,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use clerkwork_etax::wire::method;
use serde::{Deserialize, Serialize};

use crate::generate::draw::Draw;

/// What goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub enum FaultKind {
    /// The answer comes late.
    Latency {
        /// At least so late, in milliseconds.
        milliseconds: u64,
        /// Up to so much later, in milliseconds.
        #[serde(default)]
        jitter_milliseconds: u64,
    },
    /// An HTTP error without an envelope.
    ServerError {
        /// 500 to 599.
        status: u16,
        /// The act was done all the same, as with a gateway that gave up waiting.
        #[serde(default)]
        after_act: bool,
    },
    /// HTTP 429.
    TooManyRequests {
        /// Value of the header `Retry-After`, if it is sent.
        #[serde(default)]
        retry_after_seconds: Option<u32>,
    },
    /// The connection is reset before anything is done.
    Reset,
    /// The act is done, then the connection is reset without an answer.
    LostAnswer,
    /// A maintenance page in HTML, encoded in GBK; nothing is done.
    Maintenance {
        /// 200 or 503, as real platforms use both.
        status: u16,
    },
    /// The act is done, then the answer breaks off in the middle of its JSON.
    MalformedAnswer,
    /// The envelope says that the platform is busy; nothing is done.
    Busy,
    /// A form that is entered (`bchzqrd`) is being saved for a while: the platform says so instead
    /// of showing it, and lists only that. Strikes no other method.
    Saving {
        /// For so long, by the platform's clock.
        milliseconds: u64,
    },
}

impl FaultKind {
    /// Its name, as in the JSON form and in [`Counts::faults`](crate::Counts::faults).
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Latency { .. } => "latency",
            Self::ServerError { .. } => "server_error",
            Self::TooManyRequests { .. } => "too_many_requests",
            Self::Reset => "reset",
            Self::LostAnswer => "lost_answer",
            Self::Maintenance { .. } => "maintenance",
            Self::MalformedAnswer => "malformed_answer",
            Self::Busy => "busy",
            Self::Saving { .. } => "saving",
        }
    }
}

/// One fault, how often, where and how many times.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Fault {
    /// What goes wrong.
    #[serde(flatten)]
    pub kind: FaultKind,
    /// How often, from 0.0 (never) to 1.0 (always).
    #[serde(default = "always")]
    pub probability: f64,
    /// Only in calls of these methods, for example `dkfpspkj`; empty: in all.
    #[serde(default)]
    pub methods: Vec<String>,
    /// Only so many times; absent: without end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub times: Option<u64>,
}

const fn always() -> f64 {
    1.0
}

impl Fault {
    /// The fault at every call, without end.
    pub const fn always(kind: FaultKind) -> Self {
        Self {
            kind,
            probability: 1.0,
            methods: Vec::new(),
            times: None,
        }
    }

    /// The same fault, so often.
    #[must_use]
    pub fn with_probability(mut self, probability: f64) -> Self {
        self.probability = probability;
        self
    }

    /// The same fault, in calls of `method` too (and no longer in all).
    #[must_use]
    pub fn on(mut self, method: impl Into<String>) -> Self {
        self.methods.push(method.into());
        self
    }

    /// The same fault, only in calls that change something.
    #[must_use]
    pub fn on_acts(self) -> Self {
        method::ACTS.into_iter().fold(self, Self::on)
    }

    /// The same fault, only so many times.
    #[must_use]
    pub fn times(mut self, times: u64) -> Self {
        self.times = Some(times);
        self
    }
}

/// All faults that are switched on. Several latencies add up; of the others, the first that
/// strikes is taken.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Faults(pub Vec<Fault>);

/// Why faults were not taken over.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum InvalidFaults {
    /// A probability is outside 0 to 1.
    #[error("probability `{0}` is not one; use a number from 0 to 1")]
    Probability(f64),
    /// A status does not fit its fault.
    #[error(
        "status `{0}` does not fit; use 500 to 599 for server_error, 200 or 503 for maintenance"
    )]
    Status(u16),
    /// No such method.
    #[error("unknown method `{0}`; use one of {known}", known = crate::api::METHOD_NAMES.join(", "))]
    Method(String),
}

impl Faults {
    /// No fault.
    pub const fn none() -> Self {
        Self(Vec::new())
    }

    pub(crate) fn validate(&self) -> Result<(), InvalidFaults> {
        for fault in &self.0 {
            if !(0.0..=1.0).contains(&fault.probability) {
                return Err(InvalidFaults::Probability(fault.probability));
            }
            match fault.kind {
                FaultKind::ServerError { status, .. } if !(500..=599).contains(&status) => {
                    return Err(InvalidFaults::Status(status));
                }
                FaultKind::Maintenance { status } if status != 200 && status != 503 => {
                    return Err(InvalidFaults::Status(status));
                }
                _ => {}
            }
            let unknown = |m: &&String| !crate::api::METHOD_NAMES.contains(&m.as_str());
            if let Some(method) = fault.methods.iter().find(unknown) {
                return Err(InvalidFaults::Method(method.clone()));
            }
        }
        Ok(())
    }
}

impl From<Fault> for Faults {
    fn from(fault: Fault) -> Self {
        Self(vec![fault])
    }
}

/// What befalls one call.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Strike {
    /// Wait so long first.
    pub(crate) delay: Duration,
    /// What goes wrong besides.
    pub(crate) kind: Option<FaultKind>,
}

impl Strike {
    /// Whether the call's work is done in spite of the fault.
    pub(crate) fn acts(&self) -> bool {
        match self.kind {
            None
            | Some(FaultKind::LostAnswer | FaultKind::MalformedAnswer | FaultKind::Saving { .. }) => {
                true
            }
            Some(FaultKind::ServerError { after_act, .. }) => after_act,
            Some(
                FaultKind::Latency { .. }
                | FaultKind::TooManyRequests { .. }
                | FaultKind::Reset
                | FaultKind::Maintenance { .. }
                | FaultKind::Busy,
            ) => false,
        }
    }
}

impl Strike {
    /// For how long a form that is entered is being saved.
    pub(crate) fn saving(&self) -> Option<Duration> {
        match self.kind {
            Some(FaultKind::Saving { milliseconds }) => Some(Duration::from_millis(milliseconds)),
            _ => None,
        }
    }
}

/// A fault with the number of times it has struck.
#[derive(Debug)]
struct Armed {
    fault: Fault,
    struck: AtomicU64,
}

/// The faults in force, and what they did so far.
#[derive(Debug)]
pub(crate) struct Saboteur {
    seed: u64,
    calls: AtomicU64,
    armed: RwLock<Arc<[Armed]>>,
    struck: RwLock<BTreeMap<&'static str, u64>>,
}

impl Saboteur {
    pub(crate) fn new(seed: u64, faults: Faults) -> Self {
        Self {
            seed,
            calls: AtomicU64::new(0),
            armed: RwLock::new(arm(faults)),
            struck: RwLock::default(),
        }
    }

    pub(crate) fn set(&self, faults: Faults) {
        *self.armed.write().unwrap_or_else(PoisonError::into_inner) = arm(faults);
    }

    pub(crate) fn current(&self) -> Faults {
        let armed = self.armed.read().unwrap_or_else(PoisonError::into_inner);
        Faults(armed.iter().map(|armed| armed.fault.clone()).collect())
    }

    pub(crate) fn struck(&self) -> BTreeMap<&'static str, u64> {
        self.struck
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// What befalls the next call, of `method`.
    pub(crate) fn strike(&self, method: &str) -> Strike {
        let armed = self
            .armed
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        let mut strike = Strike::default();
        if armed.is_empty() {
            return strike;
        }
        let mut draw = Draw::new(self.seed, self.calls.fetch_add(1, Ordering::Relaxed));
        for Armed { fault, struck } in armed.iter() {
            // Drawn for every fault, so that a filter does not shift what befalls later calls.
            let (chance, jitter) = (draw.unit(), draw.next());
            let latency = matches!(fault.kind, FaultKind::Latency { .. });
            let saving = matches!(fault.kind, FaultKind::Saving { .. });
            if (saving && method != clerkwork_etax::wire::method::ENTER_FORM)
                || chance >= fault.probability
                || !(fault.methods.is_empty() || fault.methods.iter().any(|m| m == method))
                || (!latency && strike.kind.is_some())
                || !take(struck, fault.times)
            {
                continue;
            }
            let mut tally = self.struck.write().unwrap_or_else(PoisonError::into_inner);
            *tally.entry(fault.kind.name()).or_default() += 1;
            match fault.kind {
                FaultKind::Latency {
                    milliseconds,
                    jitter_milliseconds,
                } => {
                    let late = jitter % jitter_milliseconds.saturating_add(1).max(1);
                    strike.delay += Duration::from_millis(milliseconds.saturating_add(late));
                }
                kind => strike.kind = Some(kind),
            }
        }
        strike
    }
}

fn arm(faults: Faults) -> Arc<[Armed]> {
    let armed = |fault| Armed {
        fault,
        struck: AtomicU64::new(0),
    };
    faults.0.into_iter().map(armed).collect()
}

/// Counts one more time, unless the fault is spent.
fn take(struck: &AtomicU64, times: Option<u64>) -> bool {
    let Some(times) = times else { return true };
    struck
        .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |n| {
            (n < times).then_some(n + 1)
        })
        .is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_of_the_calls_are_struck_and_the_same_seed_strikes_the_same() {
        let faults = Faults::from(Fault::always(FaultKind::Reset).with_probability(0.5));
        let run = |seed| {
            let saboteur = Saboteur::new(seed, faults.clone());
            (0..2000)
                .map(|_| saboteur.strike("x").kind.is_some())
                .collect::<Vec<_>>()
        };
        let first = run(1);
        let hits = first.iter().filter(|hit| **hit).count();
        assert!((900..1100).contains(&hits), "{hits}");
        assert_eq!(run(1), first);
        assert_ne!(run(2), first);
    }

    #[test]
    fn a_filter_and_a_number_of_times_are_kept() {
        let fault = Fault::always(FaultKind::LostAnswer).on("dkfpspkj").times(2);
        let saboteur = Saboteur::new(1, fault.into());
        assert_eq!(saboteur.strike("dkfpth"), Strike::default());
        let hits = (0..5)
            .filter(|_| saboteur.strike("dkfpspkj").kind.is_some())
            .count();
        assert_eq!(hits, 2);
        assert_eq!(saboteur.struck(), BTreeMap::from([("lost_answer", 2)]));
    }

    #[test]
    fn latencies_add_up_and_leave_room_for_another_fault() {
        let late = Fault::always(FaultKind::Latency {
            milliseconds: 10,
            jitter_milliseconds: 5,
        });
        let faults = Faults(vec![late.clone(), late, Fault::always(FaultKind::Reset)]);
        let strike = Saboteur::new(1, faults).strike("x");
        assert!((20..=30).contains(&strike.delay.as_millis()), "{strike:?}");
        assert_eq!(strike.kind, Some(FaultKind::Reset));
    }

    #[test]
    fn faults_read_from_json_and_wrong_ones_are_refused_by_name() {
        let json =
            r#"[{"type":"maintenance","status":503,"probability":0.1,"methods":["dkfpth"]}]"#;
        let faults: Faults = serde_json::from_str(json).unwrap();
        assert_eq!(faults.validate(), Ok(()));
        assert_eq!(faults.0[0].kind, FaultKind::Maintenance { status: 503 });
        let wrong = Faults::from(Fault::always(FaultKind::Maintenance { status: 404 }));
        assert_eq!(wrong.validate(), Err(InvalidFaults::Status(404)));
        let wrong = Faults::from(Fault::always(FaultKind::Reset).with_probability(1.5));
        assert_eq!(wrong.validate(), Err(InvalidFaults::Probability(1.5)));
        let wrong = Faults::from(Fault::always(FaultKind::Reset).on("nothing"));
        assert_eq!(
            wrong.validate(),
            Err(InvalidFaults::Method("nothing".into()))
        );
    }
}
