//! How many calls a second go out, in the order in which they asked.

use std::{num::NonZeroU32, time::Duration};

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
    burst: NonZeroU32,
    max_wait: Duration,
}

impl Pace {
    pub(super) fn new(settings: PaceSettings) -> Self {
        let quota = Quota::per_second(settings.per_second).allow_burst(settings.burst);
        Self {
            limiter: RateLimiter::direct(quota),
            front: Mutex::new(()),
            burst: settings.burst,
            max_wait: settings.max_wait,
        }
    }

    /// Waits for `cost` turns, by `max_wait` after `started`, or says how long it would have taken
    /// at least. More turns than come at once are taken as they come.
    pub(super) async fn turn(&self, cost: u32, started: Instant) -> Result<(), Duration> {
        let deadline = started + self.max_wait;
        let Ok(_front) = timeout_at(deadline, self.front.lock()).await else {
            return Err(self.max_wait);
        };
        let mut left = cost;
        while let Some(turns) = NonZeroU32::new(left.min(self.burst.get())) {
            // Never more than the burst, so the limiter can always give them.
            let Ok(Err(not_until)) = self.limiter.check_n(turns) else {
                left -= turns.get();
                continue;
            };
            let wait = not_until.wait_time_from(self.limiter.clock().now());
            if Instant::now() + wait > deadline {
                return Err(wait);
            }
            sleep(wait).await;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
            assert_eq!(pace.turn(1, Instant::now()).await, Ok(()));
        }
        let wait = pace.turn(1, Instant::now()).await.unwrap_err();
        assert!(wait <= Duration::from_secs(1), "{wait:?}");
    }

    #[tokio::test]
    async fn sixty_turns_at_a_thousand_a_second_take_their_time() {
        let pace = pace(1000, 10, Duration::from_secs(30));
        let started = std::time::Instant::now();
        for turn in futures::future::join_all((0..60).map(|_| pace.turn(1, Instant::now()))).await {
            assert_eq!(turn, Ok(()));
        }
        assert!(started.elapsed() >= Duration::from_millis(49));
    }

    #[tokio::test]
    async fn a_dear_call_takes_several_turns_even_more_than_come_at_once() {
        let pace = pace(1000, 10, Duration::from_secs(30));
        let started = Instant::now();
        assert_eq!(pace.turn(60, started).await, Ok(()));
        assert!(started.elapsed() >= Duration::from_millis(49));
    }

    #[tokio::test]
    async fn what_was_waited_before_counts_into_the_patience() {
        let pace = pace(100, 1, Duration::from_secs(1));
        let long_ago = Instant::now() - Duration::from_secs(1);
        assert_eq!(pace.turn(1, Instant::now()).await, Ok(()));
        assert!(pace.turn(1, long_ago).await.is_err());
        assert_eq!(pace.turn(1, Instant::now()).await, Ok(()));
    }
}
