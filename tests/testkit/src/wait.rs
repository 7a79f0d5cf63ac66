//! Waiting for a condition instead of for a time.

use std::{
    panic::Location,
    time::{Duration, Instant},
};

/// What a condition may answer.
pub trait Settled {
    /// What is handed back once it holds.
    type Value;

    /// The value, if the condition holds.
    fn settled(self) -> Option<Self::Value>;
}

impl Settled for bool {
    type Value = ();
    fn settled(self) -> Option<()> {
        self.then_some(())
    }
}

impl<T> Settled for Option<T> {
    type Value = T;
    fn settled(self) -> Option<T> {
        self
    }
}

/// Asks `condition` every few milliseconds until it answers `true` or `Some(value)`.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// use std::time::Duration;
/// let mut asked = 0;
/// clerkwork_testkit::eventually(Duration::from_secs(5), async || {
///     asked += 1;
///     asked == 3
/// })
/// .await;
/// # }
/// ```
///
/// # Panics
/// When `deadline` has passed, naming the caller's line.
#[track_caller]
pub fn eventually<A: Settled>(
    deadline: Duration,
    mut condition: impl AsyncFnMut() -> A,
) -> impl Future<Output = A::Value> {
    let caller = Location::caller();
    async move {
        let end = Instant::now() + deadline;
        loop {
            if let Some(value) = condition().await.settled() {
                return value;
            }
            assert!(
                Instant::now() < end,
                "not true within {deadline:?}: the condition at {caller}"
            );
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
}
