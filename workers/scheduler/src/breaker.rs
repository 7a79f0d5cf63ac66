//! The breaker: work that goes wrong too often is stopped until a person has looked.
//!
//! It counts how attempts ended within a sliding window, by kind, connector and batch. When the
//! share of technical failures, of returns or of unknown outcomes reaches its limit, a brake is put
//! in the name of the breaker, with the figures as its reason. Only a person releases it; from then
//! on only what ended after the release counts, so that old failures do not stop it again.
//!
//! The window lives in memory and is read again from the trail when another process comes to lead.

use std::collections::{BTreeMap, BTreeSet};

use clerkwork_core::{Actor, EventId, Scope, Timestamp};
use clerkwork_kinds::Registry;
use clerkwork_ledger::{BrakePut, Ledger, LedgerError, Outcome, OutcomeKind, Page};
use clerkwork_runtime::{BreakerConfig, Services};

use crate::{
    lease::{Leading, Term},
    pause,
};

/// Outcomes of one type of event read at a time; more than end within the overlap.
const AT_ONCE: u32 = 20_000;

/// Events are numbered before they are committed: one may be seen after a later one. So far back the
/// trail is read again.
const OVERLAP_MICROS: i64 = 5_000_000;

pub(crate) async fn run(services: &Services, mut leading: Leading) {
    let config = &services.config.breaker;
    let mut window: Option<(Term, Window)> = None;
    while let Some(term) = leading.wait(services).await {
        let mut now = match window.take() {
            Some((of, kept)) if of == term => kept,
            _ => Window::default(),
        };
        match now.look(services, config).await {
            Ok(()) => window = Some((term, now)),
            // What was read and not judged is read again.
            Err(error) => tracing::warn!(%error, "the breaker could not look; trying again"),
        }
        if !pause(services, config.look_every).await {
            return;
        }
    }
}

/// The outcomes that are looked at, in the order of their events.
#[derive(Debug, Default)]
struct Window {
    outcomes: BTreeMap<EventId, Outcome>,
    /// Up to where the trail was read.
    read_to: Option<Timestamp>,
}

/// How often each way to end occurred in a scope.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tally {
    /// All outcomes.
    pub all: u32,
    /// Technical failures.
    pub failed: u32,
    /// Returns to the applicant.
    pub returned: u32,
    /// Acts whose outcome is not known.
    pub unknown: u32,
}

impl Tally {
    fn add(&mut self, kind: OutcomeKind) {
        self.all += 1;
        match kind {
            OutcomeKind::Completed | OutcomeKind::Blocked => {}
            OutcomeKind::Returned => self.returned += 1,
            OutcomeKind::Failed => self.failed += 1,
            OutcomeKind::Unknown => self.unknown += 1,
        }
    }

    /// Why a scope with this tally is to be stopped; nothing: it goes on.
    pub fn trips(&self, config: &BreakerConfig) -> Option<String> {
        if self.all < config.least_outcomes {
            return None;
        }
        let limits = [
            ("technical failures", self.failed, config.failed_permille),
            ("returns", self.returned, config.returned_permille),
            ("unknown outcomes", self.unknown, config.unknown_permille),
        ];
        let over = |(_, n, limit): &(&str, u32, u32)| {
            u64::from(*n) * 1_000 >= u64::from(self.all) * u64::from(*limit)
        };
        let (what, n, limit) = limits.into_iter().find(over)?;
        Some(format!(
            "{what}: {n} of {} outcomes within {} s, the limit is {limit} permille",
            self.all,
            config.window.as_secs()
        ))
    }
}

impl Window {
    async fn look(
        &mut self,
        services: &Services,
        config: &BreakerConfig,
    ) -> Result<(), LedgerError> {
        let now = services.clock.now();
        let window = i64::try_from(config.window.as_micros()).unwrap_or(i64::MAX);
        let oldest = Timestamp(now.0.saturating_sub(window));
        // A clock that was set back reads its window again.
        let from = self.read_to.map_or(oldest, |to| {
            Timestamp(to.0.min(now.0).saturating_sub(OVERLAP_MICROS)).max(oldest)
        });
        let read = services.ledger.outcomes(from, AT_ONCE).await?;
        for outcome in read.all {
            self.outcomes.insert(outcome.event, outcome);
        }
        self.read_to = Some(read.complete_to.unwrap_or(now));
        self.outcomes
            .retain(|_, outcome| outcome.at >= oldest && outcome.at <= now);
        self.judge(services, config).await
    }

    async fn judge(&self, services: &Services, config: &BreakerConfig) -> Result<(), LedgerError> {
        let plain = tally(&services.kinds, self.outcomes.values(), |_| {
            Timestamp(i64::MIN)
        });
        if plain.values().all(|tally| tally.trips(config).is_none()) {
            return Ok(());
        }
        let released = released(&services.ledger).await?;
        let since = |scope: &Scope| released.get(scope).copied().unwrap_or(Timestamp(i64::MIN));
        for (scope, tally) in tally(&services.kinds, self.outcomes.values(), since) {
            let Some(reason) = tally.trips(config) else {
                continue;
            };
            let by = Actor::System("breaker".into());
            let put = services
                .ledger
                .put_brake_unless_released(scope.clone(), &reason, by, since(&scope))
                .await?;
            if let Some(BrakePut::New(_)) = put {
                tracing::warn!(%scope, reason, "the breaker stopped work; a person must look");
            }
        }
        Ok(())
    }
}

/// When the latest brake of each scope was released.
async fn released(ledger: &Ledger) -> Result<BTreeMap<Scope, Timestamp>, LedgerError> {
    let page = Page {
        after: None,
        limit: 1_000,
    };
    let mut latest = BTreeMap::new();
    for brake in ledger.brakes(page).await? {
        if let Some(at) = brake.released_at {
            let kept = latest.entry(brake.scope).or_insert(at);
            *kept = at.max(*kept);
        }
    }
    Ok(latest)
}

/// The tally of each scope, of what ended after `since` of it.
fn tally<'o>(
    kinds: &Registry,
    outcomes: impl Iterator<Item = &'o Outcome>,
    since: impl Fn(&Scope) -> Timestamp,
) -> BTreeMap<Scope, Tally> {
    let mut tallies: BTreeMap<Scope, Tally> = BTreeMap::new();
    for outcome in outcomes {
        let mut scopes = BTreeSet::from([Scope::Kind(outcome.job_kind.clone())]);
        if let Some(kind) = kinds.get(outcome.job_kind.as_str()) {
            let connectors = kind.connectors().iter();
            scopes.extend(connectors.map(|name| Scope::Connector((*name).to_owned())));
        }
        scopes.extend(outcome.batch.map(Scope::Batch));
        for scope in scopes {
            if outcome.at > since(&scope) {
                tallies.entry(scope).or_default().add(outcome.kind);
            }
        }
    }
    tallies
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::time::Duration;

    fn config() -> BreakerConfig {
        BreakerConfig {
            window: Duration::from_secs(300),
            look_every: Duration::from_secs(1),
            least_outcomes: 50,
            failed_permille: 300,
            returned_permille: 1_001,
            unknown_permille: 100,
        }
    }

    #[test]
    fn a_share_trips_at_its_limit_and_not_below() {
        let tally = |all, failed, unknown| Tally {
            all,
            failed,
            returned: all,
            unknown,
        };
        assert!(tally(49, 49, 49).trips(&config()).is_none(), "too few");
        assert!(tally(50, 14, 4).trips(&config()).is_none());
        let reason = tally(50, 15, 0).trips(&config()).unwrap();
        assert!(
            reason.starts_with("technical failures: 15 of 50"),
            "{reason}"
        );
        assert!(tally(50, 0, 5).trips(&config()).is_some());
        assert!(
            tally(500, 0, 0).trips(&config()).is_none(),
            "returns are off"
        );
    }

    proptest! {
        #[test]
        fn more_failures_never_stop_less(all in 0_u32..10_000, failed in 0_u32..10_000) {
            let tally = |failed| Tally { all, failed, returned: 0, unknown: 0 };
            if tally(failed).trips(&config()).is_some() {
                prop_assert!(tally(failed + 1).trips(&config()).is_some());
            }
        }
    }
}
