//! How many calls a second go out, in the order in which they asked.

use std::time::Duration;

use governor::{DefaultDirectRateLimiter, Quota, RateLimiter, clock::Clock as _};
use tokio::{
    sync::Mutex,
    time::{Instant, sleep, timeout_at},
};

use super::PaceSettings;

/// Gives turns.
#[derive(Debug)]
pub(super) struct Pace {
    limiter: DefaultDirectRateLimiter,
    /// Held by the one that waits for the limiter. It is fair, so the others stand in line behind
    /// it and wake one by one instead of all at once.
    front: Mutex<()>,
    max_wait: Duration,
}

impl Pace {
    pub(super) fn new(settings: PaceSettings) -> Self {
        let quota = Quota::per_second(settings.per_second).allow_burst(settings.burst);
        Self {
            limiter: RateLimiter::direct(quota),
            front: Mutex::new(()),
            max_wait: settings.max_wait,
        }
    }

    /// Waits for a turn, or says how long it would have taken at least.
    pub(super) async fn turn(&self) -> Result<(), Duration> {
        let deadline = Instant::now() + self.max_wait;
        let Ok(_front) = timeout_at(deadline, self.front.lock()).await else {
            return Err(self.max_wait);
        };
        loop {
            let Err(not_until) = self.limiter.check() else {
                return Ok(());
            };
            let wait = not_until.wait_time_from(self.limiter.clock().now());
            if Instant::now() + wait > deadline {
                return Err(wait);
            }
            sleep(wait).await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::num::NonZeroU32;

    fn pace(per_second: u32, burst: u32, max_wait: Duration) -> Pace {
        Pace::new(PaceSettings {
            per_second: NonZeroU32::new(per_second).unwrap(),
            burst: NonZeroU32::new(burst).unwrap(),
            max_wait,
        })
    }

    #[tokio::test]
    async fn a_burst_passes_and_what_would_wait_too_long_is_refused() {
        let pace = pace(1, 3, Duration::ZERO);
        for _ in 0..3 {
            assert_eq!(pace.turn().await, Ok(()));
        }
        let wait = pace.turn().await.unwrap_err();
        assert!(wait <= Duration::from_secs(1), "{wait:?}");
    }

    #[tokio::test]
    async fn sixty_turns_at_a_thousand_a_second_take_their_time() {
        let pace = pace(1000, 10, Duration::from_secs(30));
        let started = std::time::Instant::now();
        for turn in futures::future::join_all((0..60).map(|_| pace.turn())).await {
            assert_eq!(turn, Ok(()));
        }
        assert!(started.elapsed() >= Duration::from_millis(49));
    }
}
