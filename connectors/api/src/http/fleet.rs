//! The pace of the whole fleet, kept in one place that all processes reach.
//!
//! What an upstream allows, it allows to all of us together. The processes take their turns from
//! one [`FleetPace`]. When that is away or slow, each process goes by its own share, the setting
//! `pace`, and asks again once a second; so a call never waits long for it. Turns that were given
//! before it went away are still used: for as long as they are waited for, they and the shares add
//! up.

use std::{
    fmt,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use async_trait::async_trait;
use tokio::time::{Instant, sleep, timeout};

use super::PaceSettings;

/// An answer that takes longer is none: a call must not wait for it.
const ANSWER_WITHIN: Duration = Duration::from_millis(50);

/// While it is away, it is asked again so often.
const ASK_AGAIN: Duration = Duration::from_secs(1);

/// A pace that all processes of a fleet share.
#[async_trait]
pub trait FleetPace: Send + Sync + fmt::Debug {
    /// Takes `cost` turns of `rate` at `upstream`. The call may be dropped before it has answered.
    ///
    /// # Errors
    /// It cannot be asked.
    async fn turn(
        &self,
        upstream: &str,
        cost: u32,
        rate: PaceSettings,
    ) -> Result<Turn, FleetPaceError>;
}

/// What came of asking for turns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Turn {
    /// They are ours after so long, and nobody else's.
    After(Duration),
    /// They would come later than `max_wait`, so none was taken.
    None {
        /// How long they would have taken.
        retry_after: Duration,
    },
}

/// A pace cannot be asked.
#[derive(Debug, thiserror::Error)]
#[error("the fleet's pace cannot be asked: {0}")]
pub struct FleetPaceError(#[source] Box<dyn std::error::Error + Send + Sync>);

impl FleetPaceError {
    /// With its cause.
    pub fn new(cause: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self(cause.into())
    }
}

/// The share in a pace of the fleet.
#[derive(Debug, Clone)]
pub struct FleetSettings {
    /// Where turns are taken.
    pub pace: Arc<dyn FleetPace>,
    /// What the upstream allows to the whole fleet; the same in every process.
    pub rate: PaceSettings,
}

/// Takes turns of one upstream.
#[derive(Debug)]
pub(super) struct Fleet {
    upstream: &'static str,
    settings: FleetSettings,
    /// While it is away: when to ask again.
    away: Mutex<Option<Instant>>,
}

impl Fleet {
    pub(super) fn new(upstream: &'static str, settings: FleetSettings) -> Self {
        Self {
            upstream,
            settings,
            away: Mutex::new(None),
        }
    }

    /// Waits for `cost` turns, by `max_wait` after `started`; nothing when the pace is away.
    pub(super) async fn turn(&self, cost: u32, started: Instant) -> Option<Result<(), Duration>> {
        if !self.is_to_be_asked(Instant::now()) {
            return None;
        }
        let mut rate = self.settings.rate;
        rate.max_wait = rate.max_wait.saturating_sub(started.elapsed());
        let asked = self.settings.pace.turn(self.upstream, cost, rate);
        let given = match timeout(ANSWER_WITHIN, asked).await {
            Ok(Ok(turn)) => turn,
            Ok(Err(error)) => {
                self.failed(&error);
                return None;
            }
            Err(late) => {
                self.failed(&FleetPaceError::new(late));
                return None;
            }
        };
        self.answered();
        match given {
            Turn::After(wait) => {
                sleep(wait).await;
                Some(Ok(()))
            }
            Turn::None { retry_after } => Some(Err(retry_after)),
        }
    }

    /// While it is away, one call in a second asks.
    fn is_to_be_asked(&self, now: Instant) -> bool {
        let mut away = self.away.lock().unwrap_or_else(PoisonError::into_inner);
        match *away {
            Some(again) if now < again => false,
            Some(_) => {
                *away = Some(now + ASK_AGAIN);
                true
            }
            None => true,
        }
    }

    fn failed(&self, error: &FleetPaceError) {
        let mut away = self.away.lock().unwrap_or_else(PoisonError::into_inner);
        if away.replace(Instant::now() + ASK_AGAIN).is_none() {
            tracing::warn!(connector.name = self.upstream, %error, "going by this process's own share until the fleet's pace is back");
        }
    }

    fn answered(&self) {
        let mut away = self.away.lock().unwrap_or_else(PoisonError::into_inner);
        if away.take().is_some() {
            tracing::info!(connector.name = self.upstream, "the fleet's pace is back");
        }
    }
}
