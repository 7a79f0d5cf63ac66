//! The pace of the fleet, from the Redis of the queue.

use async_trait::async_trait;
use clerkwork_connectors_api::http::{FleetPace, FleetPaceError, PaceSettings, Turn};
use clerkwork_queue::{FleetPaces, Given, Queue, TurnRate};

/// Turns that all processes with the same Redis and prefix share.
#[derive(Debug)]
pub struct FleetTurns(FleetPaces);

impl FleetTurns {
    /// From the Redis of `queue`.
    pub fn new(queue: &Queue) -> Self {
        Self(queue.paces())
    }
}

#[async_trait]
impl FleetPace for FleetTurns {
    async fn turn(
        &self,
        upstream: &str,
        cost: u32,
        rate: PaceSettings,
    ) -> Result<Turn, FleetPaceError> {
        let rate = TurnRate {
            per_second: rate.per_second.get(),
            burst: rate.burst.get(),
            max_wait: rate.max_wait,
        };
        let given = self.0.take(upstream, cost, rate).await;
        given
            .map(|given| match given {
                Given::After(wait) => Turn::After(wait),
                Given::Nothing(retry_after) => Turn::None { retry_after },
            })
            .map_err(FleetPaceError::new)
    }
}
