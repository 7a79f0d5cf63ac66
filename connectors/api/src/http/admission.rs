//! What a call waits for before it goes out: a place among the calls in flight, then its turns.
//!
//! The place comes first: turns that were taken and then waited for a place would go out in a
//! burst. Both waits count into the same patience.

use std::time::Duration;

use tokio::{
    sync::{Semaphore, SemaphorePermit},
    time::{Instant, timeout_at},
};

use super::{HttpSettings, InFlightSettings, fault::Fault, fleet::Fleet, pace::Pace};

/// Lets calls out.
#[derive(Debug)]
pub(super) struct Admission {
    places: Option<Places>,
    fleet: Option<Fleet>,
    pace: Option<Pace>,
}

#[derive(Debug)]
struct Places {
    free: Semaphore,
    settings: InFlightSettings,
}

/// A place among the calls in flight; free again when dropped.
#[derive(Debug)]
pub(super) struct Place<'a>(#[expect(dead_code, reason = "held")] Option<SemaphorePermit<'a>>);

impl Admission {
    pub(super) fn new(settings: &HttpSettings) -> Self {
        let places = settings.in_flight.map(|settings| Places {
            free: Semaphore::new(settings.calls.get().min(Semaphore::MAX_PERMITS)),
            settings,
        });
        Self {
            places,
            fleet: settings
                .fleet
                .clone()
                .map(|fleet| Fleet::new(settings.name, fleet)),
            pace: settings.pace.map(Pace::new),
        }
    }

    /// Waits for a place and for `cost` turns.
    pub(super) async fn enter(&self, cost: u32) -> Result<Place<'_>, Fault> {
        let started = Instant::now();
        let place = match &self.places {
            Some(places) => Some(places.take(started).await?),
            None => None,
        };
        self.turn(cost, started)
            .await
            .map_err(|retry_after| Fault::NoTurn { retry_after })?;
        Ok(Place(place))
    }

    /// From the fleet's pace, or while that is away from our own.
    async fn turn(&self, cost: u32, started: Instant) -> Result<(), Duration> {
        if cost == 0 {
            return Ok(());
        }
        if let Some(fleet) = &self.fleet
            && let Some(given) = fleet.turn(cost, started).await
        {
            return given;
        }
        match &self.pace {
            Some(pace) => pace.turn(cost, started).await,
            None => Ok(()),
        }
    }
}

impl Places {
    /// The semaphore is fair: who asked first is let in first.
    async fn take(&self, started: Instant) -> Result<SemaphorePermit<'_>, Fault> {
        match timeout_at(started + self.settings.max_wait, self.free.acquire()).await {
            Ok(Ok(place)) => Ok(place),
            // The semaphore is never closed, so only the time can have run out.
            Ok(Err(_)) | Err(_) => Err(Fault::NoPlace {
                waited: self.settings.max_wait,
            }),
        }
    }
}
